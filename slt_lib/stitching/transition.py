"""Step 5, smart stitching: how many frames lie between two signs, and what is in them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import FINGERS, SLRTP_178

LONGEST = 9 / 25  # seconds: at most 9 frames at 25 fps (Walsh et al., BMVC 2024)
# Shoulder widths per second of wrists and fingertips on 58 ways between the signs of real DGS
# Corpus sentences: median and 90 %. (Within the signs the median is 1.6.) A test measures them.
TYPICAL_SPEED, FASTEST = 2.7, 5.6
LOOKED_AT = 4  # frames on either side of a join, by which it is measured
Kind = Literal["linear", "minimum-jerk", "none"]

_FINGERTIPS = tuple(f"{finger}_TIP" for finger in FINGERS)
PROBES = {
    side: SLRTP_178.ids(*(f"{side.upper()}_HAND.{p}" for p in ("WRIST", *_FINGERTIPS)))
    for side in ("right", "left")
}
BESIDE = np.array([[0, 1, 2], [4, 5, 6]])  # of the seven steps around a join, those within signs
HAND_PROBES = np.concatenate([PROBES["right"], PROBES["left"]])


@dataclass(frozen=True)
class Join:
    """What the stitcher measured at one join.

    Attributes:
        distance: How far the further hand has to go, shoulder widths; NaN if no hand was
            seen on both sides.
        speed: How fast the hands move at the two ends, shoulder widths per second.
        frames: Frames put between.
    """

    distance: float
    speed: float
    frames: int


def measure_join(before: PoseSequence, after: PoseSequence) -> Join:
    """How far and how fast: decides the number of frames between two signs.

    The way is that of the hand with further to go (wrist and fingertips, mean over those
    both sides saw). The time is that way at the speed the hands already have, no slower
    and no faster than real signing is, and at most `LONGEST`.

    Args:
        before: The sign that ends; at least one frame.
        after: The sign that begins, same frame rate.

    Chapter: 03_stitching
    """
    a, b, seen_a, seen_b = before.positions[-1], after.positions[0], before.mask[-1], after.mask[0]
    ways, speeds = [], []
    for probes in PROBES.values():
        both = probes[seen_a[probes] & seen_b[probes]]
        if len(both):
            ways.append(_mean_length(a[both] - b[both]))
        speeds += [_speed(before, probes, slice(-4, None)), _speed(after, probes, slice(0, 4))]
    speed = max((s for s in speeds if s is not None), default=0.0)
    distance = max(ways, default=float("nan"))
    return _join(distance, speed, before.fps)


def _join(distance: float, speed: float, fps: float) -> Join:
    """How many frames a way takes; a third of the most where no hand shows the way."""
    longest = max(1, round(LONGEST * fps))
    if distance != distance:  # NaN
        return Join(distance, speed, max(1, longest // 3))
    seconds = distance / min(max(speed, TYPICAL_SPEED), FASTEST)
    frames = round(seconds * fps) - 1
    return Join(distance, speed, min(max(frames, 1), longest))


def _mean_length(vectors: np.ndarray) -> float:
    return float(np.sqrt(np.einsum("jc,jc->j", vectors, vectors)).mean())


def _speed(pose: PoseSequence, joints: np.ndarray, frames: slice) -> float | None:
    """Mean speed of some joints over a few frames, None where they weren't seen."""
    seen = pose.confidence[frames][:, joints] > 0
    both = seen[1:] & seen[:-1]
    if not both.any():
        return None
    steps = np.diff(pose.positions[frames][:, joints], axis=0)[both]
    return _mean_length(steps) * pose.fps


def measure_joins(timed: PoseSequence, ends: np.ndarray) -> list[Join]:
    """`measure_join` for every join of a sentence at once.

    Args:
        timed: The signs one after the other, nothing between.
        ends: int [signs], where each sign ends (exclusive).
    """
    if len(ends) < 2:
        return []
    last, first = ends[:-1] - 1, ends[:-1]
    starts = np.concatenate([[0], ends[:-1]])
    # The frames around every join, three steps each way, not beyond the two signs.
    around = np.clip(last[:, None] + np.arange(-3, 5), starts[:-1, None], ends[1:, None] - 1)
    around[:, :4] = np.minimum(around[:, :4], last[:, None])
    around[:, 4:] = np.maximum(around[:, 4:], first[:, None])
    at = around[..., None] * len(timed.skeleton) + HAND_PROBES  # rows of [frames * joints]
    points = timed.positions.reshape(-1, 3).take(at, 0)  # [joins, 8, 12, 3]
    seen = timed.confidence.take(at) > 0
    steps = points[:, 1:] - points[:, :-1]
    lengths = np.sqrt(np.einsum("ntjc,ntjc->ntj", steps, steps))
    both = seen[:, 1:] & seen[:, :-1]
    both &= (around[:, 1:] > around[:, :-1])[..., None]
    sides = (len(last), -1, 2, len(HAND_PROBES) // 2)
    lengths, both = lengths.reshape(sides), both.reshape(sides)
    ways = _means(lengths[:, 3], both[:, 3])
    speeds = np.fmax.reduce(_means(_beside(lengths), _beside(both)), axis=(1, 2)) * timed.fps
    distances = np.fmax.reduce(ways, axis=1).tolist()
    return [
        _join(way, speed if speed == speed else 0.0, timed.fps)
        for way, speed in zip(distances, speeds.tolist(), strict=True)
    ]


def _beside(steps: np.ndarray) -> np.ndarray:
    """The three steps on either side of a join, hand by hand: [joins, 2 sides, 2 hands, 18]."""
    return steps[:, BESIDE].swapaxes(2, 3).reshape(len(steps), 2, 2, -1)


def _means(values: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Means over the last axis of what was seen, NaN where nothing was."""
    count = seen.sum(-1)
    return np.where(count, (values * seen).sum(-1) / np.maximum(count, 1), np.nan)


def bridge(
    before: PoseSequence, after: PoseSequence, frames: int, kind: Kind = "linear"
) -> PoseSequence:
    """The frames between two signs; a joint is seen there only if both ends saw it.

    Args:
        before, after: The two signs, same skeleton and frame rate, at least one frame each.
        frames: How many frames.
        kind: `linear` (the seed paper's), or `minimum-jerk`: the smoothest path that leaves
            with the one sign's speed and arrives with the other's (Flash & Hogan 1985). `none`
            puts no frames there, so it is never asked for any.

    Chapter: 03_stitching
    """
    seen = before.mask[-1] & after.mask[0]
    a, b = before.positions[-1], after.positions[0]
    s = np.arange(1, frames + 1, dtype=np.float32)[:, None, None] / (frames + 1)
    if kind == "linear":
        positions = a + s * (b - a)
    else:
        leave, arrive = _end_step(before, -1), _end_step(after, 0)
        positions = _quintic(a, b, leave * (frames + 1), arrive * (frames + 1), s)
    confidence = before.confidence[-1] + s[..., 0] * (after.confidence[0] - before.confidence[-1])
    return before.replace(positions=positions, confidence=confidence * seen)


def _end_step(pose: PoseSequence, end: int) -> np.ndarray:
    """Movement per frame at a sign's first (0) or last (-1) frame, 0 where not seen twice."""
    if len(pose) < 2:
        return np.zeros_like(pose.positions[0])
    one, two = (0, 1) if end == 0 else (-2, -1)
    both = pose.mask[one] & pose.mask[two]
    return (pose.positions[two] - pose.positions[one]) * both[:, None]


def _quintic(a, b, leave, arrive, s):
    """Minimum-jerk path from a to b over s in (0, 1), end velocities given, end accelerations 0."""
    way = b - a
    c3 = 10 * way - 6 * leave - 4 * arrive
    c4 = -15 * way + 8 * leave + 7 * arrive
    c5 = 6 * way - 3 * leave - 3 * arrive
    return a + s * (leave + s**2 * (c3 + s * (c4 + s * c5)))
