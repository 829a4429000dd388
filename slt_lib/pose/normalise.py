"""Normalising: from pixels to a frame that sits between the signer's shoulders."""

import numpy as np

from slt_lib.pose.errors import PoseError
from slt_lib.pose.sequence import PoseSequence

STRIDE_SECONDS = 0.2  # what moves for less than this is noise, when hands are compared


def shoulder_frame(pose: PoseSequence) -> tuple[np.ndarray, float]:
    """Where the shoulders' mid-point is in every frame, and how wide the shoulders are.

    Frames that did not see both shoulders take the mid-point between the nearest frames
    that did. The width is the median over the frames that saw both, in the image plane:
    a depth estimate is too noisy to measure with.

    Returns:
        (origin float32 [frames, 3], width in the pose's own unit).

    Raises:
        PoseError: If no frame saw both shoulders, or they fall together.
    """
    right, left = pose.skeleton.ids("RIGHT_SHOULDER", "LEFT_SHOULDER")
    seen = pose.mask[:, right] & pose.mask[:, left]
    if not seen.any():
        raise PoseError(
            "No frame saw both shoulders, so the pose can't be normalised.",
            fix="Leave the recording out, or crop the video so that both shoulders show.",
        )
    right, left = pose.positions[seen, right], pose.positions[seen, left]
    width = float(np.median(np.linalg.norm((right - left)[:, :2], axis=-1)))
    if width < 1e-6:
        raise PoseError("The two shoulders fall on one point.", fix="Leave the recording out.")
    at, frames = np.flatnonzero(seen), np.arange(len(pose))
    middle = (right + left) / 2
    origin = np.stack([np.interp(frames, at, middle[:, axis]) for axis in range(3)], -1)
    return origin.astype(np.float32), width


def normalise(pose: PoseSequence) -> PoseSequence:
    """The pose with its origin between the shoulders and the shoulder width as its unit.

    Args:
        pose: Any skeleton that has shoulders; at least one frame with both seen.

    Raises:
        PoseError: If no frame saw both shoulders.

    Chapter: 01_signing_poses
    """
    origin, width = shoulder_frame(pose)
    meta = {**pose.meta, "unit": "shoulder width"}
    return pose.replace(positions=(pose.positions - origin[:, None]) / np.float32(width), meta=meta)


def dominant_hand(pose: PoseSequence) -> str:
    """Which hand does the signing: the one whose seen wrist travels further.

    The hands' own wrists decide, and the arms' only where no hand was seen: an arm's wrist is
    guessed even while its hand is out of the picture.

    Returns:
        "right" or "left" (the signer's); "right" if neither moves.

    Chapter: 01_signing_poses
    """
    for wrist in ("HAND.WRIST", "WRIST"):
        joints = {side: pose.skeleton.index.get(f"{side}_{wrist}") for side in ("RIGHT", "LEFT")}
        travel = {
            side: path_length(pose, f"{side}_{wrist}")
            for side, j in joints.items()
            if j is not None and pose.mask[:, j].any()
        }
        if travel:
            return max(travel, key=travel.get).lower()
    return "right"


def path_length(pose: PoseSequence, joint: str) -> float:
    """How far one joint moves in all, in strides of 0.2 s (a quarter of a shorter sequence).

    A stride goes from the mean of one 0.2 s to the mean of the next, over the frames that saw the
    joint: from frame to frame, the noise of a joint at rest would add up to as much as signing.
    """
    j = pose.skeleton.index[joint]
    at = np.flatnonzero(pose.mask[:, j])
    stride = at // max(1, min(round(STRIDE_SECONDS * pose.fps), len(pose) // 4))
    seen = np.unique(stride)
    means = np.stack([pose.positions[at[stride == s], j].mean(0) for s in seen])
    steps = np.linalg.norm(np.diff(means, axis=0), axis=-1)
    return float(steps[np.diff(seen) == 1].sum())
