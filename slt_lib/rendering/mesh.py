"""Which triangle of a mesh does each pixel see? A z-buffer on the CPU."""

from dataclasses import dataclass

import numpy as np
from numba import njit, prange

from slt_lib.rendering.camera import Camera

NEAR = 0.05  # metres; triangles that come closer to the camera are left out
BANDS = 8  # of rows, each filled by one thread


@dataclass(frozen=True, eq=False)
class Hits:
    """What the rays through the pixels' centres meet first.

    Attributes:
        triangles: Their numbers, -1 where there is none, int32 [H, W].
        weights: Where on the triangle, as weights of its corners (perspective taken into
            account), float32 [H, W, 3]; 0 where there is none.
        depth: Along the camera's z, metres, float32 [H, W]; infinite where there is none.
    """

    triangles: np.ndarray
    weights: np.ndarray
    depth: np.ndarray


def nearest_triangles(vertices: np.ndarray, faces: np.ndarray, camera: Camera) -> Hits:
    """Find the nearest triangle of every pixel.

    Args:
        vertices: Metres, float [V, 3].
        faces: int [F, 3]; both sides are seen, the lower number wins a tie.
        camera: From where.
    """
    height, width = camera.height, camera.width
    triangles = np.full((height, width), -1, np.int32)
    weights = np.zeros((height, width, 3), np.float32)
    depth = np.full((height, width), np.inf, np.float32)
    _fill(
        screen(vertices, camera), np.ascontiguousarray(faces, np.int64), triangles, weights, depth
    )
    return Hits(triangles, weights, depth)


def screen(vertices: np.ndarray, camera: Camera) -> np.ndarray:
    """Where vertices fall: pixel x, pixel y and one over the depth (0 if too near), [V, 3]."""
    view, lens = camera.viewmat.numpy().astype(float), camera.K.numpy().astype(float)
    seen = np.asarray(vertices, float) @ view[:3, :3].T + view[:3, 3]
    inverse = np.where(seen[:, 2] > NEAR, 1 / np.maximum(seen[:, 2], NEAR), 0.0)
    flat = (seen @ lens.T)[:, :2] * inverse[:, None]
    return np.column_stack([flat, inverse])


@njit(parallel=True, cache=True)
def _fill(points, faces, triangles, weights, depth):
    height = len(depth)
    for band in prange(BANDS):  # rows of a band belong to one thread: no races
        top, bottom = band * height // BANDS, (band + 1) * height // BANDS
        for t in range(len(faces)):
            i, j, k = faces[t]
            low = min(points[i, 1], points[j, 1], points[k, 1])
            high = max(points[i, 1], points[j, 1], points[k, 1])
            near = points[i, 2] == 0 or points[j, 2] == 0 or points[k, 2] == 0
            if high >= top and low <= bottom and not near:
                first = max(top, int(np.ceil(low - 0.5)))
                last = min(bottom, int(np.floor(high - 0.5)) + 1)
                _fill_one(t, points[i], points[j], points[k], first, last, triangles, weights,
                          depth)  # fmt: skip


@njit(cache=True)
def _fill_one(t, a, b, c, first, last, triangles, weights, depth):
    """Write one triangle into some rows where it is nearer than what is there."""
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    if area == 0:
        return
    left = max(0, int(np.ceil(min(a[0], b[0], c[0]) - 0.5)))
    right = min(depth.shape[1], int(np.floor(max(a[0], b[0], c[0]) - 0.5)) + 1)
    u_step, v_step = (b[1] - c[1]) / area, (c[1] - a[1]) / area  # from a pixel to the next
    for row in range(first, last):
        x, y = left + 0.5, row + 0.5
        u_left = ((b[0] - x) * (c[1] - y) - (b[1] - y) * (c[0] - x)) / area
        v_left = ((c[0] - x) * (a[1] - y) - (c[1] - y) * (a[0] - x)) / area
        for column in range(left, right):
            u, v = u_left + (column - left) * u_step, v_left + (column - left) * v_step
            w = 1 - u - v
            if u < 0 or v < 0 or w < 0:
                continue
            inverse = u * a[2] + v * b[2] + w * c[2]  # linear on the screen, as depth is not
            z = np.float32(1 / inverse)
            if z < depth[row, column]:
                depth[row, column] = z
                triangles[row, column] = t
                weights[row, column, 0] = u * a[2] * z
                weights[row, column, 1] = v * b[2] * z
                weights[row, column, 2] = w * c[2] * z


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Outward unit normals, averaged over a vertex's triangles by their areas, float32 [V, 3]."""
    points, corners = np.ascontiguousarray(vertices, np.float32), np.ascontiguousarray(faces, int)
    summed = _sum_normals(points, corners)
    length = np.linalg.norm(summed, axis=1, keepdims=True)
    return (summed / np.maximum(length, 1e-12)).astype(np.float32)


@njit(cache=True)
def _sum_normals(vertices, faces):
    out = np.zeros((len(vertices), 3))
    for t in range(len(faces)):
        a, b, c = vertices[faces[t, 0]], vertices[faces[t, 1]], vertices[faces[t, 2]]
        for k in range(3):
            i, j = (k + 1) % 3, (k + 2) % 3
            area = (b[i] - a[i]) * (c[j] - a[j]) - (b[j] - a[j]) * (c[i] - a[i])
            for corner in faces[t]:
                out[corner, k] += area
    return out


def vertex_frames(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """An orthonormal frame that turns with the surface at each vertex, float32 [V, 3, 3].

    Its rows are the normal, the direction to a neighbour within the surface, and a third one.
    """
    normals = vertex_normals(vertices, faces)
    neighbour = np.arange(len(vertices))
    neighbour[faces] = np.roll(faces, -1, axis=1)
    way = vertices[neighbour] - vertices
    way = way - (way * normals).sum(1, keepdims=True) * normals
    way = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-12)
    return np.stack([normals, way, np.cross(normals, way)], 1).astype(np.float32)
