"""The sets of clips: who signs which sentences, and what makes their pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from slt_lib.body.motion import BodyMotion
from slt_lib.experiments.video_looks import filmed, known_keypoints
from slt_lib.experiments.video_scale import DONORS, SEEN, UNSEEN
from slt_lib.rendering.damage import damaged

if TYPE_CHECKING:
    from slt_lib.experiments.videos import VideoWorld

DAMAGE = ("hand_blur", "limb_break")  # kinds of damage done on purpose
STRENGTHS = (0.25, 0.5, 0.75, 1.0)  # and how much of it
YAW = 8.0  # degrees: how far to a side a sentence's camera stands, at most


@dataclass(frozen=True)
class Take:
    """How a sentence of a set is shown.

    Attributes:
        who: Seeds of the signers: one, or two whose looks are mixed.
        shares: How much of each.
        yaw: Of the camera, degrees.
        looks: Seeds whatever else is drawn of the appearance.
    """

    who: tuple[int, ...]
    shares: tuple[float, ...]
    yaw: float
    looks: tuple[int, ...]


@dataclass(frozen=True)
class VideoSet:
    """One set of clips.

    Attributes:
        split: Of the world, whose sentences are signed; or one of `video_stitched.STITCHED`.
        cast: Seeds of the signers who may sign them.
        show: Makes a motion's pictures, given the world, the motion and the take.
        number: Seeds the takes; sets of one number have the same ones.
        mixed: Whether two signers' looks may be mixed.
    """

    split: str
    cast: tuple[int, ...]
    show: Callable[[VideoWorld, BodyMotion, Take], np.ndarray]
    number: int
    mixed: bool = False

    def take(self, item: int, cast: Sequence[int]) -> Take:
        """How the sentence of a number is shown; a pure function of set and number."""
        looks = (self.number, item)
        rng = np.random.default_rng([62, *looks])
        yaw, first = float(rng.uniform(-YAW, YAW)), int(rng.choice(cast))
        others = [who for who in cast if who != first]
        if not self.mixed or not others or rng.random() < 0.5:
            return Take((first,), (1.0,), yaw, looks)
        share_of_first = float(rng.uniform(0.3, 0.7))
        who = (first, int(rng.choice(others)))
        return Take(who, (share_of_first, 1 - share_of_first), yaw, looks)


def _filmed(world: VideoWorld, motion: BodyMotion, take: Take) -> np.ndarray:
    return filmed(motion, take.who[0], take.yaw, world.video)


def _drawn(world: VideoWorld, motion: BodyMotion, take: Take) -> np.ndarray:
    return world.gan.drawn(motion, take.who, take.shares, take.yaw)


def _splatted(world: VideoWorld, motion: BodyMotion, take: Take) -> np.ndarray:
    return world.splats.rendered(motion, take.who[0], take.yaw)


def _recoloured(world: VideoWorld, motion: BodyMotion, take: Take) -> np.ndarray:
    rng = np.random.default_rng([63, *take.looks])
    return world.splats.rendered(motion, take.who[0], take.yaw, rng)


def damaged_set(kind: str, strength: float) -> str:
    """The name of the set of seen signers' test clips with damage done on purpose."""
    return f"{kind}_{round(100 * strength)}"


def _damaged(kind: str, strength: float):
    def show(world: VideoWorld, motion: BodyMotion, take: Take) -> np.ndarray:
        plain, item = world["test_seen"], take.looks[1]
        folder, clip = plain.places[item]
        found = known_keypoints(motion, take.who[0], take.yaw, world.video)
        return damaged(plain.clips[folder].frames(clip), found, kind, strength, seed=item)

    return show


SETS: dict[str, VideoSet] = {
    "real": VideoSet("train", SEEN, _filmed, 0),
    "dev": VideoSet("dev", SEEN, _filmed, 1),
    "test_seen": VideoSet("test", SEEN, _filmed, 2),
    "test_unseen": VideoSet("test", UNSEEN, _filmed, 3),
    "signgan": VideoSet("train", DONORS, _drawn, 4, mixed=True),
    "signsplat": VideoSet("train", DONORS, _recoloured, 5),
    "seen_signgan": VideoSet("test", SEEN, _drawn, 2),  # as test_seen, by renderers: for artifacts
    "seen_signsplat": VideoSet("test", SEEN, _splatted, 2),
    # chapter 14: stitched motion, in the looks and viewpoints that "real", "signgan", "signsplat"
    # and "test_seen" show the same sentences in
    "motion_signgan": VideoSet("stitched", SEEN, _drawn, 0),
    "motion_signsplat": VideoSet("stitched", SEEN, _splatted, 0),
    "both_signgan": VideoSet("stitched", DONORS, _drawn, 4, mixed=True),
    "both_signsplat": VideoSet("stitched", DONORS, _recoloured, 5),
    "stitched_signgan": VideoSet("stitched_test", SEEN, _drawn, 2),
    "stitched_signsplat": VideoSet("stitched_test", SEEN, _splatted, 2),
    **{
        damaged_set(kind, strength): VideoSet("test", SEEN, _damaged(kind, strength), 2)
        for kind in DAMAGE
        for strength in STRENGTHS
    },
}
ORIGIN = {  # synthetic training sets' domain; 0 is real
    name: 1 for name, of in SETS.items() if of.split in ("train", "stitched") and name != "real"
}
