"""Faces taken apart into place, turn and expression, and put together again."""

from dataclasses import dataclass, replace

import numpy as np

from slt_lib.pose.proportions import CanonicalBody
from slt_lib.pose.skeleton import SLRTP_178

FACE_DEPTH = -0.2  # the face mesh has a depth origin of its own; its centre is put here
FACE = SLRTP_178.span("face")


@dataclass(frozen=True, eq=False)
class Faces:
    """The faces of some frames, taken apart.

    Attributes:
        frames: Which frames saw the whole face, int [n].
        turn: How the head is turned in each, rotations [n, 3, 3].
        shape: The face turned upright around its centre, in units of its size, [n, 128, 3].
        centre: Where it is, [n, 1, 3].
    """

    frames: np.ndarray
    turn: np.ndarray
    shape: np.ndarray
    centre: np.ndarray


def read_faces(positions: np.ndarray, mask: np.ndarray, body: CanonicalBody) -> Faces:
    """Take faces apart into place, turn and upright shape (Kabsch alignment to the neutral face).

    Args:
        positions: float32 [frames, 178, 3].
        mask: bool [frames, 178]; frames that miss a face point are left out.
        body: Whose neutral face is upright.
    """
    whole = np.flatnonzero(mask[:, FACE].all(1))
    points = positions[whole, FACE].astype(np.float64)
    centre = points.transpose(1, 0, 2).copy().mean(0)[:, None]  # points.mean(1), and quicker
    local = points - centre
    size = np.sqrt((local**2).sum((1, 2)).mean()) if len(whole) else 1.0
    unit = local / max(size, 1e-9)
    turn = _rotations(np.broadcast_to(neutral_face(body), unit.shape), unit)
    return Faces(whole, turn, unit @ turn, centre)


def write_faces(
    positions: np.ndarray, faces: Faces, shape: np.ndarray, body: CanonicalBody
) -> None:
    """Put faces of a given upright shape where `faces` were, at canonical size, in place.

    Args:
        positions: float32 [frames, 178, 3], changed.
        faces: Where and how turned.
        shape: Upright shapes in units of their size, [n, 128, 3].
    """
    size = np.sqrt((body.face**2).sum())
    turned = shape @ faces.turn.transpose(0, 2, 1) * size
    positions[faces.frames, FACE] = turned + faces.centre


def neutral_face(body: CanonicalBody) -> np.ndarray:
    """The canonical neutral face in units of its size, [128, 3]."""
    return body.face / np.sqrt((body.face**2).sum())


def refit_face(positions: np.ndarray, mask: np.ndarray, body: CanonicalBody) -> None:
    """Give the face its canonical shape and place, in place; turn and expression are kept.

    What differs between a frame's upright face and the signer's mean one is expression; it
    is added to the canonical neutral face.

    Args:
        positions: float32 [frames, 178, 3], changed where the whole face was seen.
        mask: bool [frames, 178].
    """
    faces = read_faces(positions, mask, body)
    if len(faces.frames) == 0:
        return
    flat = faces.centre * [1, 1, 0]
    distance = np.linalg.norm(flat, axis=-1, keepdims=True)
    centre = flat / np.maximum(distance, 1e-9) * body.face_distance + [0, 0, FACE_DEPTH]
    shape = neutral_face(body) + faces.shape - faces.shape.mean(0)
    write_faces(positions, replace(faces, centre=centre), shape, body)


def _rotations(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Rotations R [n, 3, 3] with source @ R.T closest to target, both [n, points, 3] (Kabsch)."""
    u, _, vt = np.linalg.svd(np.einsum("npi,npj->nij", target, source))
    flip = np.linalg.det(u @ vt)
    u[:, :, -1] *= flip[:, None]
    return u @ vt
