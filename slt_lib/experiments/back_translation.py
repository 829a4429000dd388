"""Back-translation: what a frozen translator reads in signing that was made, and how it can err."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from slt_lib.body.motion import BodyMotion
from slt_lib.body.skeleton import to_skeleton
from slt_lib.experiments.fooling import commonest, nearest, read_best, slowed, twice
from slt_lib.experiments.protocols import arm_of
from slt_lib.experiments.run import tested, train_arm
from slt_lib.experiments.video_motions import the_body
from slt_lib.experiments.video_start import teacher
from slt_lib.experiments.video_stitched import stitched_sentences
from slt_lib.pose.canonical import canonicalise
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.normalise import normalise
from slt_lib.pose.resample import to_fps
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching.measures import hand_travel
from slt_lib.translation.checkpoint import load_translator
from slt_lib.translation.data import TranslationData
from slt_lib.translation.model import Translator
from slt_lib.translation.search import SearchSettings

if TYPE_CHECKING:
    from slt_lib.experiments.videos import VideoWorld

MEASURED_AT = 12.5  # frames per second at which movement is measured, as the SLRTP evaluator does
OFF = 0.25  # a sentence that is longer or shorter by a larger share is counted
WRISTS = ("RIGHT_WRIST", "LEFT_WRIST")
VIDEOS = {  # what the translator of video reads, and which bodies are seen in it
    "real_captured": ("test_seen", "real"),
    "real_signsplat": ("seen_signsplat", "real"),
    "real_signgan": ("seen_signgan", "real"),
    "stitched_signsplat": ("stitched_signsplat", "stitched"),
    "stitched_signgan": ("stitched_signgan", "stitched"),
}


def back_translate(
    model: Translator, made: Sequence[Utterance], real: Sequence[Utterance],
    search: SearchSettings | None = None, *, every: int = 1,
) -> dict:  # fmt: skip
    """Translate signing that was made for sentences, and compare words and movement with the real.

    Args:
        model: A frozen translator of poses.
        made: Signing of the sentences.
        real: Real signing of the same sentences, in the same order.
        search: How to translate.
        every: Keep every so-many-th frame; 2 is the SLRTP evaluator's protocol. A translator that
            was trained at the whole rate gets the frames between interpolated.

    Returns:
        The measures of `tested` with translations and references, and those of `movement`.

    Raises:
        SLTError: If there aren't as many of one as of the other, or a sentence has another text.

    Source: Walsh et al., SLRTP 2025 challenge, https://github.com/walsharry/SLRTP-Sign-Production-Evaluation
    Chapter: 14_novel_motion_and_appearance
    """
    if [" ".join(u.text.split()) for u in made] != [" ".join(u.text.split()) for u in real]:
        raise SLTError("What was made and what is real are different sentences.",
                       fix="Give the same sentences in the same order.")  # fmt: skip
    shown = [replace(u, pose=u.pose[::every]) for u in made]
    found = tested(model, TranslationData.from_corpus(shown), search or SearchSettings())
    return found | movement([u.pose for u in made], [u.pose for u in real])


def movement(made: Sequence[PoseSequence], real: Sequence[PoseSequence]) -> dict[str, float]:
    """How long, and how far, hands move against the real signing of the same sentences.

    Args:
        made, real: As many of each, in any frame rate.

    Returns:
        `duration_ratio`, the mean of the sentences' ratios; `duration_off`, the share of sentences
        longer or shorter by more than a quarter; `travel_ratio`, how far the wrists travel in all,
        the mean of both, on bodies of one size at 12.5 frames per second.

    Source: pose_length and pose_distance of the SLRTP 2025 evaluator.
    Chapter: 14_novel_motion_and_appearance
    """
    ratios = np.array([m.seconds / r.seconds for m, r in zip(made, real, strict=True)])
    ours, theirs = (np.array([_travel(pose) for pose in poses]).sum(0) for poses in (made, real))
    moved = theirs > 0
    travel = float((ours[moved] / theirs[moved]).mean()) if moved.any() else float("nan")
    off = (ratios > 1 + OFF) | (ratios < 1 / (1 + OFF))
    return {
        "duration_ratio": float(ratios.mean()),
        "duration_off": float(off.mean()),
        "travel_ratio": travel,
    }


def _travel(pose: PoseSequence) -> list[float]:
    plain = canonicalise(to_fps(pose, MEASURED_AT))
    return [hand_travel(plain, joints=plain.skeleton.ids(wrist)) for wrist in WRISTS]


def of_body(motion: BodyMotion) -> PoseSequence:
    """The keypoints of a fitted body as translators read them, in the shoulder frame."""
    return normalise(to_skeleton(the_body(), motion))


def productions(world: "VideoWorld", model: Translator) -> dict[str, list[Utterance]]:
    """The filmed test sentences, signed in honest and in dishonest ways.

    Args:
        world: Whose sentences.
        model: The translator that "chosen" is to please.

    Returns:
        By name, signing of the same sentences: "real"; "stitched"; either as keypoints of the body
        that was fitted ("real_body", "stitched_body"); and the tricks of `fooling`.

    Raises:
        SLTError: If the clips are the user's own, of which no poses are known.

    Chapter: 14_novel_motion_and_appearance
    """
    if world.clips is not None:
        raise SLTError("Back-translation here reads poses, and of your own clips none are known.",
                       fix="Call back_translate with your own signing.")  # fmt: skip
    corpus, items, bodies = world.split("test")
    made, numbers, made_bodies = stitched_sentences(world, "stitched_test")
    real = [corpus[items[n]] for n in numbers]
    stitched = [replace(u, text=r.text) for u, r in zip(made, real, strict=True)]
    train = world.world.train
    return {
        "real": real,
        "real_body": _signed(real, [of_body(bodies[n]) for n in numbers]),
        "stitched": stitched,
        "stitched_body": _signed(real, [of_body(made_bodies[i]) for i in range(len(made))]),
        "retrieved": _signed(real, [train[n].pose for n in nearest(real, train)]),
        "chosen": _signed(real, read_best(real, train, model)),
        "twice": _signed(stitched, [twice(u.pose) for u in stitched]),
        "slowed": _signed(stitched, [slowed(u.pose) for u in stitched]),
        "commonest": _signed(real, [commonest(world.world)] * len(real)),
    }


def _signed(of: Sequence[Utterance], poses: Sequence[PoseSequence]) -> list[Utterance]:
    return [replace(u, pose=p, frames=len(p)) for u, p in zip(of, poses, strict=True)]


def run_back_translation(seed: int, world: "VideoWorld") -> dict:
    """One seed's frozen translators read all productions, as poses and as video.

    The translator of poses is chapter 11's teacher, chapter 10's "real only"; that of video is the
    arm "equal_compute".

    Args:
        seed: Of both.
        world: Whose sentences.

    Returns:
        `poses.<production>` and `video.<production>`, each as of `back_translate`; and
        `every_second.<production>` for the SLRTP evaluator's protocol.

    Chapter: 14_novel_motion_and_appearance
    """
    model, search = load_translator(teacher(world, seed)), world.scale.search
    made = productions(world, model)
    real = made["real"]
    poses = {name: back_translate(model, some, real, search) for name, some in made.items()}
    half = {name: back_translate(model, made[name], real, search, every=2)
            for name in ("real", "stitched")}  # fmt: skip
    reader = load_translator(train_arm(arm_of("equal_compute"), seed, world)[-1].folder)
    numbers = stitched_sentences(world, "stitched_test")[1]
    video = {}
    for name, (clips, body) in VIDEOS.items():
        shown = world[clips] if body == "stitched" else world[clips].select(numbers)
        moved = {k: poses[body][k] for k in ("duration_ratio", "duration_off", "travel_ratio")}
        video[name] = tested(reader, shown, search) | moved
    parts = {"poses": poses, "every_second": half, "video": video}
    for part in parts.values():
        for one in part.values():
            one.pop("references")
    return {
        "bleu4": poses["real"]["bleu4"], **parts, "references": [u.text for u in real],
        "corpus_hash": world.hash,
    }  # fmt: skip
