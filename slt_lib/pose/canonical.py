"""The canonical skeleton: everybody's movements on one body.

Two signers' coordinates differ because their arms do. The canonical skeleton keeps the
*directions* of all bones, frame by frame, and replaces their *lengths* by one fixed set
(Walsh et al., BMVC 2024, step 2). The face, which has no bones, is refitted: its turn and
its expression are kept, its shape and place become canonical.

All positions here are in the shoulder frame (`normalise`): shoulder widths, origin between
the shoulders.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from slt_lib.pose.errors import PoseError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178, Skeleton

SHOULDER = 0.5  # each shoulder stands half a shoulder width from the origin
FACE_DEPTH = -0.2  # the face mesh has a depth origin of its own; its centre is put here
ARMS = ("RIGHT_ELBOW", "RIGHT_WRIST", "LEFT_ELBOW", "LEFT_WRIST")


@dataclass(frozen=True, eq=False)
class CanonicalBody:
    """One set of body proportions, in shoulder widths.

    Attributes:
        bones: Length of the bone that ends in each joint, float [178]; 0.5 for shoulders,
            0 for the link from the body's wrist to the hand's, NaN for the face.
        face: The neutral face around its own centre, float [128, 3].
        face_distance: From between the shoulders to the face's centre, in the image plane.

    Chapter: 01_signing_poses
    """

    bones: np.ndarray
    face: np.ndarray
    face_distance: float


@lru_cache
def canonical_body() -> CanonicalBody:
    """The proportions used by default: medians over the bundled recordings.

    Chapter: 01_signing_poses
    """
    data = json.loads((files("slt_lib.pose") / "data" / "canonical_body.json").read_text())
    bones = np.full(len(SLRTP_178), np.nan)
    bones[: len(data["bones"])] = data["bones"]
    return CanonicalBody(bones, np.array(data["face"]), data["face_distance"])


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


@lru_cache
def _paths(skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """Joints with bones, and which bones lie on each one's way from the root, float [n, n]."""
    parents = skeleton.parents
    face = set(skeleton.groups["face"])
    joints = np.array([j for j in range(len(skeleton)) if j not in face and _has_bone(skeleton, j)])
    place = {j: i for i, j in enumerate(joints)}
    on_path = np.zeros((len(joints), len(joints)), np.float32)
    for j in joints:
        k = j
        while k >= 0:
            on_path[place[j], place[k]] = 1
            k = parents[k]
    return joints, on_path


def _has_bone(skeleton: Skeleton, joint: int) -> bool:
    return skeleton.parents[joint] >= 0 or skeleton.joints[joint].endswith("_SHOULDER")


def set_bone_lengths(
    positions: np.ndarray, mask: np.ndarray, lengths: np.ndarray, skeleton: Skeleton = SLRTP_178
) -> np.ndarray:
    """Give every bone of arms and hands its length, keeping its direction.

    Walks the kinematic tree from the shoulders outwards, for all frames at once: each
    joint's place is the sum of the bones on its way (one matrix product). A joint whose
    parent wasn't seen keeps its offset from the nearest ancestor that was: the bone can't
    be measured, so it isn't changed.

    Args:
        positions: float32 [frames, joints, 3] in the shoulder frame.
        mask: bool [frames, joints], which joints were seen.
        lengths: float [joints], as `CanonicalBody.bones`.
        skeleton: Whose joints these are; the face is left alone.

    Returns:
        float32 [frames, joints, 3]; masked joints hold 0.

    Chapter: 01_signing_poses
    """
    joints, on_path = _paths(skeleton)
    parents = skeleton.parents[joints]
    anchor, known = _anchors(positions, mask, skeleton, joints, parents)
    seen = mask[:, joints]
    bones = np.where(seen[..., None], positions[:, joints] - anchor, np.float32(0))
    norm = np.sqrt(np.einsum("tjc,tjc->tj", bones, bones))
    scale = np.divide(
        lengths[joints].astype(np.float32), norm, out=np.ones_like(norm), where=norm > 1e-8
    )
    bones *= np.where(known, scale, np.float32(1))[..., None]
    out = positions * mask[..., None]
    out[:, joints] = np.matmul(on_path, bones) * seen[..., None]
    return out


def _anchors(positions, mask, skeleton, joints, parents):
    """Where each joint's bone starts [frames, n, 3], and whether its true parent was seen there."""
    rooted = parents >= 0
    known = np.ones((len(mask), len(joints)), bool)
    known[:, rooted] = mask[:, parents[rooted]]
    anchor = np.zeros((len(mask), len(joints), 3), np.float32)
    anchor[:, rooted] = positions[:, parents[rooted]]
    if not known.all():
        place = {j: i for i, j in enumerate(joints)}
        for i in range(len(joints)):  # parents stand before children in every skeleton of ours
            lost = ~known[:, i]
            if lost.any():
                anchor[lost, i] = anchor[lost, place[parents[i]]]
    return anchor, known


def canonicalise(pose: PoseSequence, body: CanonicalBody | None = None) -> PoseSequence:
    """The same movements on the canonical body; the mask is kept.

    Depths first (`join_wrists`, `settle_arm_depth`): a pose estimator guesses body, hand and
    face depth apart from each other. Then the bones, then the face.

    Args:
        pose: A normalised sequence on the 178- or the 50-joint skeleton.
        body: Proportions; by default those of the bundled recordings.

    Raises:
        PoseError: If the skeleton is another one.

    Chapter: 01_signing_poses
    """
    if pose.skeleton.joints[:50] != SLRTP_178.joints[:50]:
        raise PoseError(
            f"Skeleton {pose.skeleton.name!r} can't be made canonical.",
            fix="Convert with .to(SLRTP_178) first.",
        )
    body = body or canonical_body()
    mask, lengths = pose.mask, body.bones[: len(pose.skeleton)]
    positions = settle_arm_depth(join_wrists(pose), mask, lengths)
    positions = set_bone_lengths(positions, mask, lengths, pose.skeleton)
    if pose.skeleton is SLRTP_178:
        refit_face(positions, mask, body)
    return pose.replace(positions=positions)


def join_wrists(pose: PoseSequence) -> np.ndarray:
    """Positions [frames, joints, 3] in which each hand starts exactly at its arm's wrist.

    The hand's own wrist is the more exact of the two in the image plane; a hand's depth
    counts from its wrist, so the wrist's depth comes from the body.
    """
    positions, mask = pose.positions.copy(), pose.mask
    for side in ("right", "left"):
        hand = pose.group(f"{side}_hand")
        arm, wrist = pose.skeleton.index[f"{side.upper()}_WRIST"], hand[0]
        both = mask[:, arm] & mask[:, wrist]
        positions[both, arm, :2] = positions[both, wrist, :2]
        shift = positions[both, arm] - positions[both, wrist]
        positions[np.ix_(both, hand)] += shift[:, None]
    return positions


def settle_arm_depth(positions: np.ndarray, mask: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Scale the depth of each arm bone so that its median length over time is the wanted one.

    Estimators overstate how far a forearm points at the camera, by a factor of three and
    more in the bundled recordings. What they see in the image plane is right, so one factor
    per bone and sequence, between 0 and 3, is put on the depth alone; hands move along.

    Args:
        positions: float32 [frames, joints, 3], normalised, first 50 joints in SLRTP order.
        mask: bool [frames, joints].
        lengths: float [joints], wanted bone lengths in shoulder widths.

    Returns:
        float32 [frames, joints, 3], a new array.
    """
    out, z = positions.copy(), positions[..., 2]
    for name in ARMS:
        child = SLRTP_178.index[name]
        parent = SLRTP_178.parents[child]
        both = mask[:, child] & mask[:, parent]
        if not both.any():
            continue
        bone = positions[both, child] - positions[both, parent]
        flat, deep = np.median((bone[:, :2] ** 2).sum(-1)), np.median(bone[:, 2] ** 2)
        factor = np.sqrt(max(lengths[child] ** 2 - flat, 0) / max(deep, 1e-9))
        depth = out[both, parent, 2] + np.float32(min(factor, 3)) * bone[:, 2]
        out[both, child, 2] = depth
        if name.endswith("WRIST"):
            hand = SLRTP_178.groups[name.split("_")[0].lower() + "_hand"]
            out[np.ix_(both, hand, [2])] += (depth - z[both, child])[:, None, None]
    return out


def refit_face(positions: np.ndarray, mask: np.ndarray, body: CanonicalBody) -> None:
    """Give the face its canonical shape and place, in place; turn and expression are kept.

    Each frame's face is turned onto the signer's mean face (Kabsch), what is left is the
    expression; it is added to the canonical neutral face and turned back.

    Args:
        positions: float32 [frames, 178, 3], changed where the whole face was seen.
        mask: bool [frames, 178].
    """
    face = SLRTP_178.groups["face"]
    whole = np.flatnonzero(mask[:, face].all(1))
    if len(whole) == 0:
        return
    points = positions[np.ix_(whole, face)].astype(np.float64)
    centre = points.mean(1, keepdims=True)
    local, size = points - centre, 0.0
    size = np.sqrt((local**2).sum((1, 2), keepdims=True).mean(0, keepdims=True))
    unit = local / np.maximum(size, 1e-9)
    canonical_size = np.sqrt((body.face**2).sum())
    turn = _rotations(np.broadcast_to(body.face / canonical_size, unit.shape), unit)
    upright = unit @ turn  # turned to face the camera
    expression = upright - upright.mean(0)
    shaped = (body.face / canonical_size + expression) @ turn.transpose(0, 2, 1)
    flat = centre * [1, 1, 0]
    distance = np.linalg.norm(flat, axis=-1, keepdims=True)
    place = flat / np.maximum(distance, 1e-9) * body.face_distance + [0, 0, FACE_DEPTH]
    positions[np.ix_(whole, face)] = shaped * canonical_size + place


def _rotations(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Rotations R [n, 3, 3] with source @ R.T closest to target, both [n, points, 3] (Kabsch)."""
    u, _, vt = np.linalg.svd(np.einsum("npi,npj->nij", target, source))
    flip = np.linalg.det(u @ vt)
    u[:, :, -1] *= flip[:, None]
    return u @ vt


def estimate_body(poses: Sequence[PoseSequence]) -> CanonicalBody:
    """Median proportions of several signers, left and right made alike.

    Arms are mostly foreshortened and their depth is a poor guess, so an arm bone's length is
    the 95th percentile of what it measures in the image plane; the torso's is the median there.

    Args:
        poses: Normalised 178-joint sequences of recordings worth measuring.

    Raises:
        PoseError: If no recording shows some bone, or none a whole face.

    Chapter: 01_signing_poses
    """
    lengths, faces, distances = [], [], []
    for pose in poses:
        joined = pose.replace(positions=join_wrists(pose))
        vectors = bone_vectors(joined.positions, joined.mask, SLRTP_178)[:, :50]
        measured = _median(np.linalg.norm(vectors, axis=-1))
        measured[:8] = _quantiles(np.linalg.norm(vectors[:, :8, :2], axis=-1))
        lengths.append(measured)
        points = joined.positions[:, 50:][joined.mask[:, 50:].all(1)].astype(np.float64)
        if len(points):
            centre = points.mean(1, keepdims=True)
            faces.append(np.median(points - centre, 0))
            distances.append(np.median(np.linalg.norm(centre[..., :2], axis=-1)))
    bones = _median(np.array(lengths))
    if not faces or np.isnan(bones).any():
        raise PoseError(
            "These recordings don't show every bone and the face.", fix="Add some that do."
        )
    mirror = SLRTP_178.mirror
    bones = (bones + bones[mirror[:50]]) / 2
    bones[SLRTP_178.ids("RIGHT_SHOULDER", "LEFT_SHOULDER")] = SHOULDER
    bones[SLRTP_178.ids("RIGHT_HAND.WRIST", "LEFT_HAND.WRIST")] = 0
    face = np.median(faces, 0)
    face = (face + face[mirror[50:] - 50] * [-1, 1, 1]) / 2
    return CanonicalBody(
        np.append(bones, np.full(128, np.nan)), face - face.mean(0), float(np.median(distances))
    )


def _quantiles(flat: np.ndarray) -> np.ndarray:
    """The body's lengths [8] from in-plane lengths [frames, 8]: arms 95 %, hips 50 %."""
    arms = SLRTP_178.ids(*ARMS)
    out = _median(flat)
    for j in arms[np.isfinite(out[arms])]:
        out[j] = np.nanquantile(flat[:, j], 0.95)
    return out


def _median(values: np.ndarray) -> np.ndarray:
    """Median over the first axis, NaN (without a warning) where nothing was seen."""
    seen = np.isfinite(values).any(0)
    out = np.full(values.shape[1:], np.nan)
    out[seen] = np.nanmedian(values[:, seen], 0)
    return out
