"""One set of body proportions for everybody, and how it was measured."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from slt_lib.pose.bones import ARMS, bone_vectors, join_wrists
from slt_lib.pose.errors import PoseError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178

SHOULDER = 0.5  # each shoulder stands half a shoulder width from the origin


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
