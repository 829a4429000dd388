"""In what may a synthetic sentence differ from the plainest one? What is drawn, and done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from slt_lib.corpus.synthetic.matching import Dropouts
from slt_lib.pose.errors import SLTError
from slt_lib.pose.resample import sample
from slt_lib.pose.sequence import PoseSequence

WINDOW = 2  # how far a gloss may wander in local re-ordering


@dataclass(frozen=True)
class Variation:
    """What is drawn anew for every synthetic sentence.

    Attributes:
        takes: Choose at random among a gloss's recordings; otherwise the best one.
        durations: Draw each sign's duration; otherwise the model's median.
        reorder: Of the glosses: "none", "local" (a gloss moves by at most two), "full".
        speed: The whole sentence faster by a factor between these.
        curve: How much the tempo swings within a sentence, as a share.
        size: Standard deviation of the signer's size.
        mirror: Probability of a left-handed rendering.
        camera: Standard deviation of the camera's angles, degrees.
        dropouts: How hands get lost.

    Raises:
        SLTError: If values make no sense.

    Chapter: 04_synthetic_corpus
    """

    takes: bool = True
    durations: bool = True
    reorder: Literal["none", "local", "full"] = "none"
    speed: tuple[float, float] = (0.85, 1.2)
    curve: float = 0.15
    size: float = 0.05
    mirror: float = 0.1
    camera: float = 4.0
    dropouts: Dropouts = field(default_factory=Dropouts)

    def __post_init__(self) -> None:
        low, high = self.speed
        if self.reorder not in ("none", "local", "full"):
            raise SLTError(f"reorder can't be {self.reorder!r}.", fix="none, local or full.")
        if not (0.1 <= low <= high <= 10 and 0 <= self.curve < 1 and 0 <= self.mirror <= 1):
            raise SLTError(
                f"speed {self.speed}, curve {self.curve} or mirror {self.mirror}: no sense."
            )
        if self.size < 0 or self.camera < 0:
            raise SLTError("Standard deviations aren't negative.")

    @classmethod
    def off(cls) -> "Variation":
        """Every sentence in the plainest way."""
        return cls(
            takes=False, durations=False, speed=(1.0, 1.0), curve=0, size=0, mirror=0, camera=0
        )

    def order(self, glosses: int, rng: np.random.Generator) -> list[int]:
        """The order in which the glosses are signed."""
        if self.reorder == "none":
            return list(range(glosses))
        if self.reorder == "full":
            return rng.permutation(glosses).tolist()
        return np.argsort(np.arange(glosses) + rng.uniform(0, WINDOW + 0.5, glosses)).tolist()

    def draw(self, rng: np.random.Generator) -> dict:
        """What is done to a finished sentence, in plain numbers."""
        return {
            "curve": [self.curve * rng.uniform(-1, 1), rng.random()],
            "size": 1 + self.size * rng.standard_normal(),
            "mirror": bool(rng.random() < self.mirror),
            "camera": (self.camera * rng.standard_normal(2)).tolist(),
            "dropouts": [self.dropouts.lost, self.dropouts.found, int(rng.integers(2**32))],
        }


def vary(
    pose: PoseSequence, spans: Sequence[tuple[int, int]], drawn: dict
) -> tuple[PoseSequence, list[tuple[int, int]]]:
    """Do to a finished sentence what was drawn for it.

    Args:
        pose: Stitched, in the shoulder frame.
        spans: Frames of its signs.
        drawn: By `Variation.draw`.

    Returns:
        The sentence and its signs' frames.

    Chapter: 04_synthetic_corpus
    """
    bend, phase = drawn["curve"]
    if bend and len(pose) > 2:
        pose, spans = _bend(pose, spans, bend, phase)
    if drawn["mirror"]:
        pose = pose.mirrored()
    pitch, yaw = np.radians(drawn["camera"])
    positions = _turned(pose.positions, _rotation(pitch, yaw) * drawn["size"])
    confidence = pose.confidence.copy()
    lost, found, seed = drawn["dropouts"]
    rng = np.random.default_rng(seed)
    for side in ("right_hand", "left_hand"):
        gone = Dropouts(lost, found).draw(len(pose), rng)
        confidence[np.ix_(gone, pose.group(side))] = 0
    return pose.replace(positions=positions, confidence=confidence), list(spans)


def _bend(pose: PoseSequence, spans, bend: float, phase: float):
    """A smooth tempo curve: the sentence's length stays, its inside shifts."""
    share = np.linspace(0, 1, len(pose))
    bent = share + bend / (2 * np.pi) * (
        np.sin(2 * np.pi * (share + phase)) - np.sin(2 * np.pi * phase)
    )
    times = np.clip(bent, 0, 1) * (len(pose) - 1)
    edges = np.interp(np.ravel(spans), times, np.arange(len(pose)), right=len(pose))
    edges = np.where(np.ravel(spans) >= len(pose), len(pose), np.round(edges)).astype(int)
    return sample(pose, times), [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _turned(positions: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """`einsum("ij,tkj->tki", turn, positions)` in float64, as float32: ten times as fast.

    It adds in the order that numpy's einsum does, from 0, and so gives the same bits.
    """
    x, y, z = (positions[..., axis].astype(np.float64) for axis in range(3))
    out = np.empty_like(positions)
    for axis, (a, b, c) in enumerate(turn):
        out[..., axis] = a * x + c * z + b * y + 0.0
    return out


def _rotation(pitch: float, yaw: float) -> np.ndarray:
    (sp, cp), (sy, cy) = ((np.sin(a), np.cos(a)) for a in (pitch, yaw))
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    return about_x @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
