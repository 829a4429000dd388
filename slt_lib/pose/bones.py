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
    seen = mask[:, :50]
    anchor, known = _anchors(positions, seen, BODY_HANDS_50.parents)
    bones = positions[:, :50] - anchor
    unseen = None if seen.all() else ~seen
    if unseen is not None:
        bones[unseen] = 0
    norm = np.sqrt(np.einsum("tjc,tjc->tj", bones, bones))
    wanted = np.broadcast_to(lengths[:50].astype(np.float32), norm.shape)
    scale = np.divide(wanted, norm, out=np.ones_like(norm), where=known & (norm > 1e-8))
    out = positions.copy()
    _walk(bones * scale[..., None], out)
    if unseen is not None:
        out[:, :50][unseen] = 0
    return out


def _walk(bones: np.ndarray, out: np.ndarray) -> None:
    """Places of the first 50 joints from their bones [frames, 50, 3], written into `out`.

    Arms and fingers are stored from base to tip, so a walk along them is a running sum.
    """
    frames = len(bones)
    arms = _add_up(bones[:, :6].reshape(frames, 2, 3, 3))
    out[:, :6] = arms.reshape(frames, 6, 3)
    out[:, 6:8] = arms[:, :, 0] + bones[:, 6:8]  # hips hang on the shoulders
    for side, wrist in enumerate((8, 29)):
        root = arms[:, side, 2] + bones[:, wrist]
        fingers = _add_up(bones[:, wrist + 1 : wrist + 21].reshape(frames, 5, 4, 3))
        out[:, wrist] = root
        out[:, wrist + 1 : wrist + 21] = (fingers + root[:, None, None]).reshape(frames, 20, 3)


def _add_up(chains: np.ndarray) -> np.ndarray:
    """`cumsum(2)` of [frames, chains, bones, 3], quicker for so few bones."""
    out = chains.copy()
    for bone in range(1, out.shape[2]):
        out[:, :, bone] += out[:, :, bone - 1]
    return out


def _anchors(positions, seen, parents):
    """Where each seen joint's bone starts [frames, n, 3], and whether its parent was seen."""
    rooted = parents >= 0
    known = seen[:, parents] | ~rooted
    anchor = positions[:, np.where(rooted, parents, 0)]
    anchor[:, ~rooted] = 0
    if not (known | ~seen).all():
        for i in np.flatnonzero(rooted):  # parents stand before their children
            lost = ~known[:, i]
            if lost.any():
                anchor[lost, i] = anchor[lost, parents[i]]
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
