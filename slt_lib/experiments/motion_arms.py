"""New motion, new appearance, both: arm by arm, and what the records of them say. Chapter 14."""

from collections.abc import Mapping
from itertools import product

import numpy as np

from slt_lib.experiments.back_translation import run_back_translation
from slt_lib.experiments.protocols import MOTION, MOTION_SETS
from slt_lib.experiments.tables import Records, significance
from slt_lib.experiments.video_arms import (
    MEASURES,
    measured,
    run_video,
    sets_of,
    unseen,
    video_world,
)
from slt_lib.experiments.videos import VideoWorld
from slt_lib.pose.errors import SLTError

BACK_TRANSLATION = "back_translation"
MOTION_ARMS = (*MOTION, BACK_TRANSLATION)
CONTROLS = ("equal_compute", "real_only")
RENDERERS = ("signsplat", "signgan")
READ = ("seen_signsplat", "seen_signgan", "stitched_signsplat", "stitched_signgan")
MOVED = ("duration_ratio", "duration_off", "travel_ratio")
PAIRS = [
    ("equal_compute", "real_only"),
    *product([arm for arm in MOTION if arm not in CONTROLS], CONTROLS),
    *((f"{one}_both", f"{one}_{part}") for one in RENDERERS for part in ("looks", "motion")),
]


def run_motion_arm(
    arm: str, seed: int, *, size: str = "full", work: str = "build/experiments", clips: str = "",
    processes: int = 1,
) -> dict:  # fmt: skip
    """Train and test one arm with one seed.

    Args:
        arm: A key of `protocols.MOTION`, or "back_translation": what frozen translators read in
            signing that was made.
        seed: Of the translator's weights, batches, variation and dropout; clips stay the same.
        size: A key of `video_scale.VIDEO_SCALES`.
        work: Folder for clips, renderers and trainings, shared with chapter 11.
        clips: As for `VideoWorld`.
        processes: To make clips with.

    Returns:
        As of `run_video_arm`, or as of `run_back_translation`.

    Raises:
        SLTError: If there is no such arm or size.

    Chapter: 14_novel_motion_and_appearance
    """
    world = video_world(size, str(work), clips)
    if processes > 1:
        world.prepare(needed(arm), processes)
    return run_motion(arm, seed, world)


def run_motion(arm: str, seed: int, world: VideoWorld) -> dict:
    """As `run_motion_arm`, on a world that is there.

    Chapter: 14_novel_motion_and_appearance
    """
    if arm == BACK_TRANSLATION:
        return run_back_translation(seed, world)
    needed(arm)
    return run_video(arm, seed, world)


def needed(arm: str) -> list[str]:
    """What must be there before an arm can run.

    Raises:
        SLTError: If there is no such arm.
    """
    if arm == BACK_TRANSLATION:
        return [*sets_of("equal_compute"), *READ]
    if arm not in MOTION:
        raise SLTError(f"There is no arm {arm!r}.", fix=f"Known: {', '.join(MOTION_ARMS)}.")
    return sets_of(arm)


def trained(records: Records) -> dict[str, dict[int, dict]]:
    """The records of arms that train, in the protocols' order.

    Chapter: 14_novel_motion_and_appearance
    """
    return {arm: dict(records[arm]) for arm in MOTION if arm in records}


def motion_rows(records: Records) -> list[dict]:
    """One row per arm for a table: mean and spread on known signers and on others.

    Chapter: 14_novel_motion_and_appearance
    """
    rows = []
    for arm, runs in trained(records).items():
        both = [[r["bleu4"] for r in some.values()] for some in (runs, unseen({arm: runs})[arm])]
        rows.append({
            "arm": arm, "trained on": MOTION[arm].says,
            "known signers": _mean_sd(both[0]), "other signers": _mean_sd(both[1]),
            "seeds": len(runs),
        })  # fmt: skip
    return rows


def _mean_sd(values: list[float], digits: int = 2) -> str:
    spread = f" ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{np.mean(values):.{digits}f}{spread}"


def motion_p_values(records: Records, *, trials: int = 10_000) -> dict[str, float]:
    """p of every arm against the controls, and of both together against either alone.

    Returns:
        By names such as "signsplat_both_vs_signsplat_looks", and the same with "_unseen".

    Chapter: 14_novel_motion_and_appearance
    """
    found = {}
    for tested_on, some in (("", trained(records)), ("_unseen", unseen(trained(records)))):
        for arm, control in PAIRS:
            if arm in some and control in some and set(some[arm]) & set(some[control]):
                p = significance(some, control, arm, trials=trials).p
                found[f"{arm}_vs_{control}{tested_on}"] = p
    return found


def combined(records: Records, renderer: str, *, of_unseen: bool = True) -> dict | None:
    """Do new motion and new looks add up? A two-by-two table of BLEU-4, means over common seeds.

    Args:
        records: By arm and seed.
        renderer: Whose arms.
        of_unseen: On the signers that no training shows, or on the known ones.

    Returns:
        `neither` (as many updates on real alone), `looks`, `motion`, `both`; `more`, how much more
        both give than the sum of either's gains, as a list over seeds; None if an arm is missing.

    Chapter: 14_novel_motion_and_appearance
    """
    some = unseen(trained(records)) if of_unseen else trained(records)
    arms = {"neither": "equal_compute"} | {new: f"{renderer}_{new}" for new in MOTION_SETS}
    if not all(arm in some for arm in arms.values()):
        return None
    seeds = sorted(set.intersection(*(set(some[arm]) for arm in arms.values())))
    if not seeds:
        return None
    bleu = {new: np.array([some[arm][s]["bleu4"] for s in seeds]) for new, arm in arms.items()}
    more = bleu["both"] - bleu["looks"] - bleu["motion"] + bleu["neither"]
    return {new: float(values.mean()) for new, values in bleu.items()} | {"more": more.tolist()}


def motion_summary(records: Records, *, trials: int = 10_000) -> dict:
    """What chapter 14's results file holds, live and recorded.

    Returns:
        `arms.<name>.<measure>` and `arms.<name>.unseen_<measure>`, lists over seeds; `seeds`,
        `p_values`, `corpus_hash`, `combined.<renderer>`; and `back_translation` if it was run.

    Raises:
        SLTError: If the records are of different corpora.

    Chapter: 14_novel_motion_and_appearance
    """
    hashes = {one["corpus_hash"] for runs in records.values() for one in runs.values()}
    if len(hashes) > 1:
        raise SLTError("The records are of different corpora.", fix="Record all arms again.")
    found = {
        "arms": {arm: measured(runs) for arm, runs in trained(records).items()},
        "seeds": sorted({s for runs in records.values() for s in runs}),
        "p_values": motion_p_values(records, trials=trials),
        "combined": {one: combined(records, one) for one in RENDERERS},
        "corpus_hash": next(iter(hashes), None),
    }
    if BACK_TRANSLATION in records:
        found[BACK_TRANSLATION] = back_translated(records[BACK_TRANSLATION])
    return found


def back_translated(runs: Mapping[int, Mapping]) -> dict:
    """The records of "back_translation" without words: every measure, a list over seeds.

    Chapter: 14_novel_motion_and_appearance
    """
    every = [runs[seed] for seed in sorted(runs)]
    return {
        part: {
            name: {key: [one[part][name][key] for one in every] for key in (*MEASURES, *MOVED)}
            for name in every[0][part]
        }
        for part in ("poses", "every_second", "video")
    }


def back_rows(runs: Mapping[int, Mapping], part: str, says: Mapping[str, str]) -> list[dict]:
    """One row per production: what was read in it, and how it moves.

    Args:
        runs: Records of "back_translation", by seed.
        part: "poses", "every_second" or "video".
        says: What to call the productions; others are left out.

    Chapter: 14_novel_motion_and_appearance
    """
    found = back_translated(runs)[part]
    return [
        {
            "signing": label,
            "BLEU-1": f"{np.mean(found[name]['bleu1']):.1f}",
            "BLEU-4": _mean_sd(found[name]["bleu4"], 1),
            "gloss errors": f"{np.mean(found[name]['wer']):.0f} %",
            "duration": f"{np.mean(found[name]['duration_ratio']):.2f}",
            "off": f"{100 * np.mean(found[name]['duration_off']):.0f} %",
            "travel": f"{np.mean(found[name]['travel_ratio']):.2f}",
        }
        for name, label in says.items() if name in found
    ]  # fmt: skip
