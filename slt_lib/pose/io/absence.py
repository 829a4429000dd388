"""Formats without a mask: how they say that a joint was not seen."""

import numpy as np

from slt_lib.pose.skeleton import Skeleton

NOT_NUMBERS = "points that are not numbers are masked"


def seen_joints(positions: np.ndarray, skeleton: Skeleton) -> tuple[np.ndarray, tuple[str, ...]]:
    """Which joints were seen, told from the coordinates alone, and how absence was coded.

    Absent is a joint at exactly (0, 0, 0) (whole hands in the published files); and a hand, or
    a whole frame, that repeats the one before to the last digit: an estimator never does, so
    it was filled in. The neck is the origin of the files that have one, so a neck at zero is
    absent only with the whole body.

    Args:
        positions: float [frames, joints, 3] as in the file.

    Returns:
        (bool [frames, joints], notes such as "right hand: 3 of 80 frames are zeros").
    """
    zero = (positions == 0).all(-1)
    if "NECK" in skeleton.index:
        zero[:, skeleton.index["NECK"]] = zero[:, skeleton.groups["body"]].all(-1)
    same = np.zeros_like(zero)
    same[1:] = (positions[1:] == positions[:-1]).all(-1)
    frozen = np.zeros_like(zero)
    for part in ("right_hand", "left_hand"):
        ids = skeleton.groups[part]
        frozen[:, ids] = same[:, ids].all(-1, keepdims=True)
    frozen |= same.all(-1, keepdims=True)
    frozen &= ~zero
    notes = [] if np.isfinite(positions).all() else [NOT_NUMBERS]
    for part, ids in skeleton.groups.items():
        for what, absent in (("are zeros", zero), ("repeat the frame before", frozen)):
            count = int(absent[:, ids].all(-1).sum()) if len(ids) else 0
            if count:
                notes.append(f"{part.replace('_', ' ')}: {count} of {len(zero)} frames {what}")
    return ~(zero | frozen), tuple(notes)
