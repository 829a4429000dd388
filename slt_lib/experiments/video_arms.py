"""Video to text, arm by arm: each is tested on signers it knows and on others. Chapter 11."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache

import numpy as np

from slt_lib.experiments.protocols import MOTION, VIDEO, arm_of
from slt_lib.experiments.run import run, tested, train_arm
from slt_lib.experiments.tables import Records, rows, significance
from slt_lib.experiments.video_scale import VideoScale, video_scale
from slt_lib.experiments.videos import VideoWorld
from slt_lib.pose.errors import SLTError
from slt_lib.translation.checkpoint import load_translator

ARTIFACTS = "artifacts"
VIDEO_ARMS = (*VIDEO, ARTIFACTS)
MEASURES = ("bleu1", "bleu2", "bleu3", "bleu4", "chrf", "wer")
AGAINST = ("equal_compute", "real_only")
CAPTURED = ("real", "dev", "test_seen", "test_unseen", "frame_encoder")
RENDERED = ("signgan", "signsplat")


@cache
def video_world(size: str, work: str, clips: str = "") -> VideoWorld:
    """The video world of a size, opened once per process."""
    return VideoWorld(video_scale(size), work, clips=clips)


def run_video_arm(
    arm: str, seed: int, *, size: str = "full", work: str = "build/experiments", clips: str = "",
    processes: int = 1,
) -> dict:  # fmt: skip
    """Train and test one arm with one seed.

    Args:
        arm: A key of `protocols.VIDEO`, or "artifacts": what errors of renderers and damage done
            on purpose do to the arm real_only.
        seed: Of the translator's weights, batches, variation and dropout; clips stay the same.
        size: A key of `video_scale.VIDEO_SCALES`.
        work: Folder for clips, renderers and trainings, shared by all arms and seeds.
        clips: As for `VideoWorld`.
        processes: To make clips with.

    Returns:
        The arm's scores on the seen signers' test, its translations and references; under "unseen"
        the same on the others'; and what it was run with.

    Raises:
        SLTError: If there is no such arm or size.

    Chapter: 11_video_to_text
    """
    world = video_world(size, str(work), clips)
    if processes > 1:
        world.prepare(sets_of(arm), processes)
    return run_video(arm, seed, world)


def run_video(arm: str, seed: int, world: VideoWorld) -> dict:
    """As `run_video_arm`, on a world that is there.

    Chapter: 11_video_to_text
    """
    if arm == ARTIFACTS:
        from slt_lib.experiments.artifact_impact import run_artifacts

        found = run_artifacts(seed, world)
    else:
        found = run(arm, seed, world)
        model = load_translator(train_arm(arm_of(arm), seed, world)[-1].folder)
        found["unseen"] = tested(model, world["test_unseen"], world.scale.search)
    return found | {"config": config_of("real_only" if arm == ARTIFACTS else arm, world.video)}


def sets_of(arm: str) -> list[str]:
    """What must be there before an arm can run, of chapter 11 or of chapter 14.

    Raises:
        SLTError: If there is no such arm.
    """
    if arm == ARTIFACTS:
        return [*CAPTURED, "seen_signgan", "seen_signsplat"]
    known = VIDEO | MOTION
    if arm not in known:
        raise SLTError(f"There is no arm {arm!r}.", fix=f"Known: {', '.join(known)}.")
    named = dict.fromkeys("+".join(phase.data for phase in known[arm].phases).split("+"))
    return [*CAPTURED, *(name for name in named if name not in CAPTURED)]


def config_of(arm: str, video: VideoScale) -> dict:
    """What a record says of its sizes: no path of this machine is in it."""
    phases = asdict((VIDEO | MOTION)[arm])
    sizes = {k: v for k, v in asdict(video).items() if k != "training"}
    return {"arm": phases, "scale": asdict(video.training), "video": sizes}


def unseen(records: Records) -> dict[str, dict[int, dict]]:
    """The same records as tested on unseen signers: BLEU, translations and the rest.

    Chapter: 11_video_to_text
    """
    return {
        arm: {seed: one | one["unseen"] for seed, one in runs.items()}
        for arm, runs in records.items()
        if arm != ARTIFACTS
    }


def translated(records: Records) -> dict[str, dict[int, dict]]:
    """The records of arms that train, in the protocols' order.

    Chapter: 11_video_to_text
    """
    return {arm: dict(records[arm]) for arm in VIDEO if arm in records}


def video_rows(records: Records) -> list[dict]:
    """One row per arm for a table: mean and spread on known signers and on others.

    Chapter: 11_video_to_text
    """
    known, others = rows(translated(records)), rows(unseen(translated(records)))
    return [
        {
            "arm": VIDEO[one["arm"]].says,
            "BLEU-4, known signers": one["BLEU-4"],
            "BLEU-4, other signers": other["BLEU-4"],
            "chrF": one["chrF"],
            "chrF, others": other["chrF"],
            "seeds": one["seeds"],
            "updates": one["updates"],
        }
        for one, other in zip(known, others, strict=True)
    ]


def video_p_values(records: Records, *, trials: int = 10_000) -> dict[str, float]:
    """p of every arm against the controls, for seen and for unseen signers.

    Returns:
        By names such as "signsplat_joint_vs_equal_compute" and
        "signsplat_joint_vs_equal_compute_unseen".

    Chapter: 11_video_to_text
    """
    found = {}
    for tested_on, some in (("", translated(records)), ("_unseen", unseen(translated(records)))):
        for control in AGAINST:
            for arm in some:
                if arm in AGAINST[: AGAINST.index(control) + 1] or control not in some:
                    continue
                if set(some[arm]) & set(some[control]):
                    p = significance(some, control, arm, trials=trials).p
                    found[f"{arm}_vs_{control}{tested_on}"] = p
    return found


def video_summary(records: Records, *, trials: int = 10_000) -> dict:
    """What chapter 11's results file holds, live and recorded.

    Returns:
        `arms.<name>.<measure>` and `arms.<name>.unseen_<measure>`, lists over seeds; `seeds`,
        `p_values`, `corpus_hash`; and `artifact` if that arm was run.

    Raises:
        SLTError: If the records are of different corpora.

    Chapter: 11_video_to_text
    """
    hashes = {one["corpus_hash"] for runs in records.values() for one in runs.values()}
    if len(hashes) > 1:
        raise SLTError("The records are of different corpora.", fix="Record all arms again.")
    arms = {arm: measured(runs) for arm, runs in translated(records).items()}
    found = {
        "arms": arms,
        "seeds": sorted({s for runs in records.values() for s in runs}),
        "p_values": video_p_values(records, trials=trials),
        "corpus_hash": next(iter(hashes), None),
    }
    if ARTIFACTS in records:
        from slt_lib.experiments.artifact_impact import TRIALS, artifact_summary

        found["artifact"] = artifact_summary(records[ARTIFACTS], trials=min(trials, TRIALS))
    return found


def measured(runs: Mapping[int, dict]) -> dict:
    """Every measure, a value per seed, and of BLEU-4 mean and spread; likewise on unseen signers.

    Args:
        runs: An arm's records by seed.

    Chapter: 11_video_to_text
    """
    ordered = [runs[seed] for seed in sorted(runs)]
    found: dict = {}
    for prefix, some in (("", ordered), ("unseen_", [one["unseen"] for one in ordered])):
        found |= {prefix + key: [one[key] for one in some] for key in MEASURES}
        bleu = np.array(found[f"{prefix}bleu4"])
        found[f"{prefix}bleu4_mean"] = float(bleu.mean())
        found[f"{prefix}bleu4_sd"] = float(bleu.std(ddof=1)) if len(bleu) > 1 else None
    return found
