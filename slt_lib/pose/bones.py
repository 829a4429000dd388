"""Bones: their lengths, how steady they are, and how to give each the length it should have.

All positions are in the shoulder frame (`normalise`): shoulder widths, origin between the
shoulders.
"""

import numpy as np

from slt_lib.pose.errors import PoseError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import BODY_HANDS_50, SLRTP_178, Skeleton

ARMS = ("RIGHT_ELBOW", "RIGHT_WRIST", "LEFT_ELBOW", "LEFT_WRIST")
LIFTED = (*ARMS, "RIGHT_HIP", "LEFT_HIP")


def bone_vectors(positions: np.ndarray, mask: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """From each joint's parent to the joint, NaN where one of the two wasn't seen.

    Args:
        positions: float [frames, joints, 3].
        mask: bool [frames, joints].

    Returns:
        float [frames, joints, 3]; roots (shoulders, face) are measured from the origin.
    """
    parents = skeleton.parents
    rooted = parents >= 0
    vectors = np.where(mask[..., None], positions, np.nan).astype(np.float64)
    vectors[:, rooted] -= np.where(mask[..., None], positions, np.nan)[:, parents[rooted]]
    return vectors


def bone_length_variation(pose: PoseSequence) -> float:
    """Mean coefficient of variation over time of the 4 arm and 40 hand bones.

    A bone counts if at least two frames saw both its ends; NaN if none does.

    Chapter: 01_signing_poses
    """
    vectors = bone_vectors(pose.positions, pose.mask, pose.skeleton)[:, pose.skeleton.bones[:, 1]]
    lengths = np.linalg.norm(vectors, axis=-1)
    lengths = lengths[:, np.isfinite(lengths).sum(0) >= 2]
    mean, sd = np.nanmean(lengths, 0), np.nanstd(lengths, 0)
    return float((sd / np.maximum(mean, 1e-9)).mean()) if lengths.size else float("nan")


def set_bone_lengths(
    positions: np.ndarray, mask: np.ndarray, lengths: np.ndarray, skeleton: Skeleton = SLRTP_178
) -> np.ndarray:
    """Give every bone of arms and hands its length, keeping its direction.

    Walks the kinematic tree from the shoulders outwards, for all frames at once: each
    joint's place is the sum of the bones on its way. A joint whose
    parent wasn't seen keeps its offset from the nearest ancestor that was: the bone can't
    be measured, so it isn't changed.

    Args:
        positions: float32 [frames, joints, 3] in the shoulder frame, 0 where masked.
        mask: bool [frames, joints], which joints were seen.
        lengths: float [joints], as `CanonicalBody.bones`.
        skeleton: Whose joints these are; arms and hands first, the face is left alone.

    Returns:
        float32 [frames, joints, 3]; masked joints hold 0.

    Raises:
        PoseError: If the skeleton starts with other joints.

    Chapter: 01_signing_poses
    """
    if skeleton.joints[:50] != BODY_HANDS_50.joints:
        raise PoseError(
            f"Skeleton {skeleton.name!r} doesn't start with arms and hands in SLRTP order.",
            fix="Convert with .to(SLRTP_178) first.",
        )
    # Frames last, [3, 50, frames]: each joint's track is one stretch of memory.
    seen = np.ascontiguousarray(mask[:, :50].T)
    places = np.ascontiguousarray(positions[:, :50].T)
    anchor, known = _anchors(places, seen, BODY_HANDS_50.parents)
    bones = places - anchor
    whole = seen.all()
    if not whole:
        bones *= seen
    # Each bone is stretched to its length; one that wasn't seen as a whole stays as long as it is.
    norm = np.sqrt(bones[0] ** 2 + bones[1] ** 2 + bones[2] ** 2)
    wanted = np.broadcast_to(lengths[:50, None].astype(np.float32), norm.shape)
    bones *= np.divide(wanted, norm, out=np.ones_like(norm), where=known & (norm > 1e-8))
    _walk(bones)
    if not whole:
        bones *= seen
        bones += 0  # -0 becomes 0
    out = positions.copy()
    for axis in range(3):  # x, y and z apart: a table is turned faster than a cube
        out[:, :50, axis] = bones[axis].T
    return out


def _walk(bones: np.ndarray) -> None:
    """From bones [3, 50, frames] to places, in place: each is the sum of the bones on its way.

    Arms and fingers are stored from base to tip, so a walk along them is a running sum.
    """
    frames = bones.shape[-1]
    arms = bones[:, :6].reshape(3, 2, 3, frames)
    _add_up(arms)
    bones[:, 6:8] += arms[:, :, 0]  # hips hang on the shoulders
    for side, wrist in enumerate((8, 29)):
        bones[:, wrist] += arms[:, side, 2]
        fingers = bones[:, wrist + 1 : wrist + 21]
        _add_up(fingers.reshape(3, 5, 4, frames))
        fingers += bones[:, wrist, None]


def _add_up(chains: np.ndarray) -> None:
    """`cumsum(2)` of [3, chains, bones, frames] in place, quicker for so few bones."""
    for bone in range(1, chains.shape[2]):
        chains[:, :, bone] += chains[:, :, bone - 1]


def _anchors(places, seen, parents):
    """Where each seen joint's bone starts [3, n, frames], and whether its parent was seen."""
    rooted = parents >= 0
    known = seen[parents] | ~rooted[:, None]
    anchor = places.take(np.where(rooted, parents, 0), 1)
    anchor[:, ~rooted] = 0
    if not (known | ~seen).all():
        for i in np.flatnonzero(rooted):  # parents stand before their children
            lost = ~known[i]
            if lost.any():
                anchor[:, i, lost] = anchor[:, parents[i], lost]
    return anchor, known


def join_wrists(pose: PoseSequence) -> np.ndarray:
    """Positions [frames, joints, 3] in which each hand starts exactly at its arm's wrist.

    The hand's own wrist is the more exact of the two in the image plane; a hand's depth
    counts from its wrist, so the wrist's depth comes from the body.
    """
    positions, mask = pose.positions.copy(), pose.mask
    for side in ("right", "left"):
        hand = pose.skeleton.span(f"{side}_hand")
        arm, wrist = pose.skeleton.index[f"{side.upper()}_WRIST"], hand.start
        both = mask[:, arm] & mask[:, wrist]
        positions[both, arm, :2] = positions[both, wrist, :2]
        shift = positions[both, arm] - positions[both, wrist]
        positions[both, hand] += shift[:, None]
    return positions


def lift_arms(positions: np.ndarray, mask: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Give arms and torso the depth that their length asks for.

    Estimators guess depth badly: they overstate how far a forearm points at the camera, by a
    factor of three and more in the bundled recordings. In the image plane they are right. So
    the image plane is kept, and what a bone lacks in length there it has in depth:
    z² = length² - x² - y². Forearms point to the camera; for the others the estimate's own
    median says which way. Hands move along with their wrist.

    Args:
        positions: float32 [frames, joints, 3], normalised, first 50 joints in SLRTP order.
        mask: bool [frames, joints].
        lengths: float [joints], bone lengths in shoulder widths.

    Returns:
        float32 [frames, joints, 3], a new array.
    """
    out, z = positions.copy(), positions[..., 2]
    for name in LIFTED:
        child = SLRTP_178.index[name]
        parent = SLRTP_178.parents[child]
        both = mask[:, child] & mask[:, parent]
        if not both.any():
            continue
        bone = positions[both, child] - positions[both, parent]
        missing = np.sqrt(np.maximum(lengths[child] ** 2 - (bone[:, :2] ** 2).sum(-1), 0))
        forward = name.endswith("WRIST") or np.median(bone[:, 2]) <= 0
        depth = out[both, parent, 2] + (-missing if forward else missing).astype(np.float32)
        out[both, child, 2] = depth
        if name.endswith("WRIST"):
            hand = SLRTP_178.span(name.split("_")[0].lower() + "_hand")
            out[both, hand, 2] += (depth - z[both, child])[:, None]
    return out
