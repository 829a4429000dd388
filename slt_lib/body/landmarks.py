"""Where the points of a face detector lie on a body's mesh."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

# MediaPipe's number: (x, y) in centimetres from the mid-point of the eyes, x to the body's left, y
# up. Read off a frontal picture of the mean body's head, which is symmetric; the left half follows.
ANCHORS = {
    33: (-4.48, -0.1), 133: (-1.9, -0.1), 159: (-3.1, 0.32), 145: (-3.05, -0.64),
    61: (-2.37, -7.3), 0: (0.0, -6.4), 17: (0.0, -8.75), 13: (0.0, -7.18), 14: (0.0, -7.4),
    70: (-5.4, 0.8), 105: (-3.4, 1.55), 107: (-1.15, 1.45), 52: (-3.3, 1.2), 152: (0.0, -11.6),
}  # fmt: skip
NOSE = [(0.0, -0.2), (0.0, -1.5), (0.0, -2.7), (0.0, -3.9),
        (-1.3, -4.85), (-0.65, -5.0), (0.0, -5.1), (0.65, -5.0), (1.3, -4.85)]  # fmt: skip
# The 51 landmarks of SMPL-X (68 of iBUG without the contour), as MediaPipe's points; the nose apart
BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
EYES = (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)
MOUTH = (61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87)


@dataclass(frozen=True, eq=False)
class OnMesh:
    """Points on a mesh.

    Attributes:
        faces: The triangle of each, int [points].
        weights: Barycentric, float [points, 3].
    """

    faces: np.ndarray
    weights: np.ndarray

    def on(self, vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
        """The points of a posed mesh [..., V, 3], float [..., points, 3]."""
        return np.einsum("...pkc,pk->...pc", vertices[..., faces[self.faces], :], self.weights)


def place(
    vertices: np.ndarray, faces: np.ndarray, eyes: np.ndarray, face: np.ndarray,
    kept: list[int], mirror: list[int],
) -> tuple[OnMesh, OnMesh]:  # fmt: skip
    """Put MediaPipe's 128 points and SMPL-X's 51 landmarks on a body's face.

    A detector's mean face is bent onto the body's by a thin-plate spline through the anchors, and
    each point moved to the nearest place on the skin.

    Args:
        vertices: Of the mean body, metres, float [V, 3].
        faces: int [F, 3].
        eyes: The mid-point of its eyes, float [3].
        face: The detector's mean face, y down and z away, float [128, 3].
        kept: MediaPipe's number of each of the 128.
        mirror: For each of MediaPipe's numbers, that on the other side.
    """
    skin = _outside(vertices, faces, eyes)
    row = {number: i for i, number in enumerate(kept)}
    half = np.array(list(ANCHORS.values())) / 100
    numbers = [row[n] for n in ANCHORS]
    both = {i: p for i, p in zip(numbers, half, strict=True)}
    both |= {row[mirror[n]]: p * [-1, 1] for n, p in zip(ANCHORS, half, strict=True)}
    places = _front(vertices, faces, skin, np.array(list(both.values())) + eyes[:2])
    bend = RBFInterpolator(face[list(both)], places, kernel="thin_plate_spline")
    points = nearest(vertices, faces, bend(face), skin)
    bridge = _front(vertices, faces, skin, np.array(NOSE) / 100 + eyes[:2])
    nose = nearest(vertices, faces, bridge, skin)
    brows, others = ([row[n] for n in some] for some in (BROWS, EYES + MOUTH))
    return points, OnMesh(
        np.concatenate([points.faces[brows], nose.faces, points.faces[others]]),
        np.concatenate([points.weights[brows], nose.weights, points.weights[others]]),
    )


def transfer(
    known: tuple[np.ndarray, np.ndarray], marks: np.ndarray, vertices: np.ndarray,
    faces: np.ndarray,
) -> OnMesh:  # fmt: skip
    """Face points of one body on another one: bent by the landmarks that both have.

    Args:
        known: The first body's face points and landmarks, float [128, 3] and float [51, 3].
        marks: The other's landmarks, float [51, 3].
        vertices: The other's, float [V, 3].
        faces: The other's, int [F, 3].
    """
    points, own = known
    bend = RBFInterpolator(own, marks, kernel="thin_plate_spline", smoothing=1e-6)
    middle = marks.mean(0)
    near = np.linalg.norm(vertices[faces].mean(1) - middle, axis=1) < 0.2
    return nearest(vertices, faces, bend(points), np.flatnonzero(near))


def _outside(vertices: np.ndarray, faces: np.ndarray, eyes: np.ndarray) -> np.ndarray:
    """Triangles of the head's outer skin: not of eyeballs, tongue or the inside of the mouth."""
    edges = faces[:, [0, 1, 1, 2]].reshape(-1, 2)
    graph = coo_array((np.ones(len(edges)), edges.T), shape=(len(vertices),) * 2)
    _, part = connected_components(graph, directed=False)
    skin = part[faces[:, 0]] == np.bincount(part).argmax()
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    middle, normal = (a + b + c) / 3, np.cross(b - a, c - a)
    centre = eyes - [0, 0.03, 0.09]
    near = np.linalg.norm(middle - centre, axis=1) < 0.2
    return np.flatnonzero(skin & near & ((normal * (middle - centre)).sum(1) > 0))


def _front(
    vertices: np.ndarray, faces: np.ndarray, skin: np.ndarray, places: np.ndarray
) -> np.ndarray:
    """Where straight lines from the front meet the skin, float [points, 3].

    Args:
        places: (x, y) of the lines, float [points, 2].
    """
    a, b, c = np.moveaxis(vertices[faces[skin]], 1, 0)
    e, f = b - a, c - a
    area = e[:, 0] * f[:, 1] - e[:, 1] * f[:, 0]
    d = places[:, None] - a[:, :2]
    with np.errstate(divide="ignore", invalid="ignore"):
        v = (d[..., 0] * f[:, 1] - d[..., 1] * f[:, 0]) / area
        w = (e[:, 0] * d[..., 1] - e[:, 1] * d[..., 0]) / area
    hit = (v >= 0) & (w >= 0) & (v + w <= 1) & (area > 0)
    depth = np.where(hit, a[:, 2] + np.nan_to_num(v * e[:, 2] + w * f[:, 2]), -np.inf)
    return np.concatenate([places, depth.max(1, keepdims=True)], 1)


def nearest(
    vertices: np.ndarray, faces: np.ndarray, points: np.ndarray, among: np.ndarray, tries: int = 24
) -> OnMesh:
    """The nearest places on some of a mesh's triangles.

    Args:
        vertices: float [V, 3].
        faces: int [F, 3].
        points: float [points, 3].
        among: Which triangles, int [some].
        tries: How many of the triangles with the nearest middles are tried.
    """
    middles = vertices[faces[among]].mean(1)
    _, found = cKDTree(middles).query(points, k=min(tries, len(among)))
    chosen = among[found]  # [points, tries]
    weights = _closest(vertices[faces[chosen]], points[:, None])
    there = np.einsum("ptkc,ptk->ptc", vertices[faces[chosen]], weights)
    best = np.linalg.norm(there - points[:, None], axis=-1).argmin(1)
    rows = np.arange(len(points))
    return OnMesh(chosen[rows, best], weights[rows, best])


def _closest(triangles: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Barycentric weights of the point of each triangle that is nearest, float [..., 3]."""
    a, b, c = np.moveaxis(triangles, -2, 0)
    candidates = []
    e, f, d = b - a, c - a, points - a
    ee, ef, ff = (e * e).sum(-1), (e * f).sum(-1), (f * f).sum(-1)
    de, df = (d * e).sum(-1), (d * f).sum(-1)
    area = np.maximum(ee * ff - ef**2, 1e-18)
    v, w = (ff * de - ef * df) / area, (ee * df - ef * de) / area
    inside = np.stack([1 - v - w, v, w], -1)
    candidates.append(np.where((inside >= 0).all(-1, keepdims=True), inside, np.nan))
    for i, j in ((0, 1), (1, 2), (2, 0)):
        p, q = triangles[..., i, :], triangles[..., j, :]
        along = ((points - p) * (q - p)).sum(-1) / np.maximum(((q - p) ** 2).sum(-1), 1e-18)
        along = along.clip(0, 1)
        edge = np.zeros_like(inside)
        edge[..., i], edge[..., j] = 1 - along, along
        candidates.append(edge)
    weights = np.stack(candidates, -2)  # [..., 4, 3]
    gap = np.einsum("...kc,...nk->...nc", triangles, weights) - points[..., None, :]
    best = np.nan_to_num(np.linalg.norm(gap, axis=-1), nan=np.inf).argmin(-1)
    return np.take_along_axis(weights, best[..., None, None], -2)[..., 0, :]
