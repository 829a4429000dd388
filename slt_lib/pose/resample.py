"""Resampling in time: other lengths, other frame rates, the mask kept."""

import numpy as np

from slt_lib.pose.errors import PoseError
from slt_lib.pose.sequence import PoseSequence


def sample(pose: PoseSequence, times: np.ndarray) -> PoseSequence:
    """The pose at fractional frame numbers, by linear interpolation.

    A joint is seen at a time between two frames only if both frames saw it.

    Args:
        pose: The sequence, at least one frame.
        times: float [new frames], in frames of `pose`, within [0, len(pose) - 1].

    Chapter: 01_signing_poses
    """
    low = np.minimum((times + 1e-4).astype(int), len(pose) - 1)
    return blend(pose, low, np.minimum(low + 1, len(pose) - 1), times - low)


def blend(pose: PoseSequence, low: np.ndarray, high: np.ndarray, share: np.ndarray) -> PoseSequence:
    """New frames, each between two frames of a sequence.

    A joint is seen between two frames only if both saw it. A share of less than a
    ten-thousandth is none: the frame is taken as it is.

    Args:
        pose: The sequence.
        low, high: int [new frames], the two frames.
        share: float [new frames] in [0, 1), how far from `low` to `high`.

    Chapter: 03_stitching
    """
    share = shares(share)
    high = np.where(share == 0, low, high)
    ends = ((pose.positions[at], pose.confidence[at]) for at in (low, high))
    return mix(pose, *ends, share)


def shares(share: np.ndarray) -> np.ndarray:
    """Shares as `blend` takes them: less than a ten-thousandth is none; float32."""
    return np.where(share < 1e-4, 0, share).astype(np.float32)


def mix(
    pose: PoseSequence,
    low: tuple[np.ndarray, np.ndarray],
    high: tuple[np.ndarray, np.ndarray],
    share: np.ndarray,
) -> PoseSequence:
    """The inner part of `blend`, with the frames at hand.

    Args:
        pose: What the result is like.
        low, high: Positions float32 [frames, joints, 3] and confidence float32 [frames, joints]
            at the two ends; `high` is written over.
        share: float32 [frames], by `shares`; where it is 0, both ends are the same frame.
    """
    share = share[:, None]
    positions = _between(low[0], high[0], share[..., None])
    torn = (low[1] > 0) != (high[1] > 0)
    confidence = _between(low[1], high[1], share)
    if torn.any():
        positions[torn], confidence[torn] = 0, 0
    return pose.moved(positions, confidence)


def _between(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """a + share * (b - a), written into b."""
    b -= a
    b *= share
    b += a
    return b


def resample(pose: PoseSequence, frames: int) -> PoseSequence:
    """The same movement in exactly `frames` frames at the same frame rate: faster or slower.

    First and last frame stay what they are (a single frame asked for is the middle one).

    Args:
        pose: The sequence, at least one frame.
        frames: Number of frames wanted, at least 1.

    Raises:
        PoseError: If the sequence is empty or `frames` is below 1.

    Chapter: 01_signing_poses
    """
    if frames < 1:
        raise PoseError(f"Can't make a sequence of {frames} frames.", fix="Ask for at least one.")
    _need_frames(pose)
    if frames == len(pose):
        return pose
    last = len(pose) - 1
    return sample(pose, np.linspace(0, last, frames) if frames > 1 else np.array([last / 2]))


def to_fps(pose: PoseSequence, fps: float) -> PoseSequence:
    """The same movement at the same speed, sampled at another frame rate.

    Frame k of the result shows time k / fps; the number of frames is the one whose
    duration is nearest to the original's.

    Args:
        pose: The sequence; an empty one only changes its frame rate.
        fps: Frames per second wanted.

    Chapter: 01_signing_poses
    """
    if len(pose) == 0 or np.isclose(fps, pose.fps, rtol=1e-9):
        return pose.replace(fps=fps)
    frames = max(1, round(len(pose) * fps / pose.fps))
    times = np.minimum(np.arange(frames) * (pose.fps / fps), len(pose) - 1)
    return sample(pose, times).replace(fps=fps)


def _need_frames(pose: PoseSequence) -> None:
    if len(pose) == 0:
        raise PoseError("The sequence is empty: it has no frame to resample.")
