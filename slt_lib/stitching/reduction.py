"""Smaller movements: in fluent signing, hands don't get all the way (undershoot).

A dictionary shows signs in full; at speed, the hands turn before they are there, the more so the
less time they have (Tyrone & Mauk 2010, https://doi.org/10.1016/j.wocn.2010.02.003). A blur of the
arms' paths over a fixed time does that: what is quick gets smaller, a hold stays where it is.
Fingers keep their shape.
"""

import scipy

from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching.filters import runs

ARMS = {"right": ("RIGHT_ELBOW", "RIGHT_WRIST"), "left": ("LEFT_ELBOW", "LEFT_WRIST")}


def reduce_articulation(pose: PoseSequence, seconds: float) -> PoseSequence:
    """Blur the paths of elbows and wrists in time; hands ride on their wrists.

    Args:
        pose: A stitched sentence. A joint's path is blurred within each stretch that saw it.
        seconds: Standard deviation of the Gaussian blur; 0 changes nothing.

    Returns:
        The same with bent bones (`restore_bones` comes last).

    Chapter: 03_stitching
    """
    if not seconds:
        return pose
    positions = pose.positions.copy()
    for side, joints in ARMS.items():
        for joint in pose.skeleton.ids(*joints):
            for start, end in runs(pose.mask[:, joint]):
                positions[start:end, joint] = scipy.ndimage.gaussian_filter1d(
                    positions[start:end, joint], seconds * pose.fps, axis=0, mode="nearest"
                )
        wrist, hand = pose.skeleton.index[joints[1]], pose.group(f"{side}_hand")
        moved = positions[:, wrist] - pose.positions[:, wrist]
        positions[:, hand] += moved[:, None] * pose.mask[:, hand, None]
    return pose.moved(positions)
