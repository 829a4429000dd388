"""How do the hands of a corpus move, and how often aren't they seen?

Measured in the image plane, since depth is what the sources differ in most; in shoulder widths
and seconds; on joints that were seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from slt_lib.pose.errors import SLTError
from slt_lib.pose.normalise import normalise
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.stitching.transition import PROBES

SPEEDS = np.arange(0, 12.5, 0.5)  # edges of the histogram of wrist speeds, widths per second
WINDOW = 0.4  # seconds over which a hand is called still
STILL = 0.25  # of the other hand's way
WRISTS = SLRTP_178.ids("RIGHT_WRIST", "LEFT_WRIST")


@dataclass(frozen=True)
class Movement:
    """What the hands of a corpus do.

    Attributes:
        seconds: How much signing was measured.
        travel: Way of wrists and fingertips, shoulder widths per second and point.
        speeds: Share of the frames in which the faster wrist has each speed of `SPEEDS`.
        one_handed: Share of the time in which one wrist goes less than a quarter of the
            other's way.
        unseen: Share of the frames without a body part: "right_hand", "left_hand", "face" as a
            whole, and "joints" of any kind.
    """

    seconds: float
    travel: float
    speeds: tuple[float, ...]
    one_handed: float
    unseen: dict[str, float]


def movement(poses: Iterable[PoseSequence]) -> Movement:
    """Measure the hands of many sequences.

    Args:
        poses: In any skeleton with wrists and hands; they are normalised first.

    Raises:
        SLTError: If there is no frame.

    Chapter: 04_synthetic_corpus
    """
    ways, fast, alone, unseen, seconds = [], [], [], [], 0.0
    for pose in poses:
        pose = normalise(pose.to(SLRTP_178))
        seconds += pose.seconds
        speed = plane_speed(pose, np.concatenate([PROBES["right"], PROBES["left"]]))
        ways.append(speed[np.isfinite(speed)])
        wrists = plane_speed(pose, WRISTS)
        seen = np.isfinite(wrists).all(1)
        fast.append(wrists[seen].max(1))
        alone.append(_one_handed(wrists, pose.fps))
        unseen.append(_unseen(pose))
    if not unseen:
        raise SLTError("There is no signing to measure.", fix="Give sequences with frames.")
    counts, _ = np.histogram(np.clip(np.concatenate(fast), 0, SPEEDS[-1] - 1e-6), SPEEDS)
    ways, alone = np.concatenate(ways), np.concatenate(alone)
    hidden = {part: np.concatenate([u[part] for u in unseen]) for part in unseen[0]}
    return Movement(
        seconds=seconds,
        travel=float(ways.mean()) if len(ways) else float("nan"),
        speeds=tuple((counts / max(counts.sum(), 1)).tolist()),
        one_handed=float(alone.mean()) if len(alone) else float("nan"),
        unseen={part: float(values.mean()) for part, values in hidden.items()},
    )


def plane_speed(pose: PoseSequence, joints: np.ndarray) -> np.ndarray:
    """Speed in the image plane, NaN unless both frames saw the joint.

    Args:
        pose: The sequence.
        joints: Joint numbers.

    Returns:
        float [frames - 1, joints], units per second.

    Chapter: 04_synthetic_corpus
    """
    seen = pose.mask[:, joints, None]
    at = np.where(seen, pose.positions[:, joints, :2], np.nan)
    return np.linalg.norm(np.diff(at, axis=0), axis=-1) * pose.fps


def _one_handed(wrists: np.ndarray, fps: float) -> np.ndarray:
    """Per window with both wrists, one of them moving: does the other rest? bool [windows]."""
    size = max(1, round(WINDOW * fps))
    count = len(wrists) // size
    ways = wrists[: count * size].reshape(count, size, 2).sum(1) / fps
    moving = ways.max(1) > 0.1  # false for windows with an unseen wrist, whose way is NaN
    return ways.min(1)[moving] < STILL * ways.max(1)[moving]


def _unseen(pose: PoseSequence) -> dict[str, np.ndarray]:
    parts = {p: pose.group(p) for p in ("right_hand", "left_hand", "face")}
    missing = {part: ~pose.mask[:, joints].any(1) for part, joints in parts.items()}
    return missing | {"joints": (~pose.mask).mean(1)}
