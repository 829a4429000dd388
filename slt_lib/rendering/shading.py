"""A picture of a coloured mesh under studio light."""

from dataclasses import dataclass

import numpy as np
from numba import njit, prange

from slt_lib.rendering.camera import Camera
from slt_lib.rendering.mesh import nearest_triangles, vertex_frames, vertex_normals

GAMMA = 2.0  # colours are linear light until the last step, a square root
WRAP = 0.35  # how far light reaches around an edge, as skin and cloth let it


@dataclass(frozen=True)
class Light:
    """A studio: soft light from everywhere, a key light and a fill light opposite to it.

    Attributes:
        key: Where the key light comes from, in the world.
        strength: Of the key light.
        fill: Of the fill light, which comes from the other side.
        ambient: From everywhere; less from below.
        colour: Of all three, linear red, green, blue.
    """

    key: tuple[float, float, float] = (0.5, 0.7, 0.8)
    strength: float = 0.45
    fill: float = 0.15
    ambient: float = 0.55
    colour: tuple[float, float, float] = (1.0, 0.98, 0.95)


@dataclass(frozen=True, eq=False)
class Surface:
    """A mesh's colours, which stick to its triangles.

    Attributes:
        texels: Linear colours, float32 [F, (n+1)(n+2)/2, 3]: at the nodes of a grid of n rows on
            each triangle (see `texel_weights`), linear between them.
        labels: The region of each triangle, 1 or more, uint8 [F].
        occlusion: How much ambient light reaches each vertex, 0 to 1, float32 [V].
        offsets: Where hair and cloth are off the body, metres in `vertex_frames`, float32 [V, 3].
    """

    texels: np.ndarray
    labels: np.ndarray
    occlusion: np.ndarray
    offsets: np.ndarray


@dataclass(frozen=True, eq=False)
class View:
    """A picture and what is known of its pixels.

    Attributes:
        picture: Red, green, blue from 0 to 1 as shown (not linear), float32 [H, W, 3].
        alpha: The share of a pixel that the mesh covers, float32 [H, W].
        regions: The triangles' label that most of it has, 0 for the background, uint8 [H, W].
    """

    picture: np.ndarray
    alpha: np.ndarray
    regions: np.ndarray


def texel_weights(rows: int) -> np.ndarray:
    """The corners' weights at each texel of a triangle, float [(rows+1)(rows+2)/2, 3]."""
    nodes = [(rows - i - j, i, j) for i in range(rows + 1) for j in range(rows + 1 - i)]
    return np.array(nodes) / rows


def dressed(vertices: np.ndarray, faces: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Posed vertices [V, 3] moved to where a surface's hair and cloth are, float32 [V, 3]."""
    return vertices + np.einsum("vk,vkc->vc", offsets, vertex_frames(vertices, faces))


def render(
    vertices: np.ndarray, faces: np.ndarray, surface: Surface, camera: Camera, light: Light,
    background: np.ndarray, *, supersampling: int = 2,
) -> View:  # fmt: skip
    """Take a picture of a mesh.

    Args:
        vertices: Dressed, metres, float [V, 3].
        faces: int [F, 3].
        surface: Its colours.
        camera: From where.
        light: Under which.
        background: As shown, 0 to 1: float [3] or [H, W, 3].
        supersampling: Rays per pixel along each side.

    Chapter: 06_signsplat
    """
    height, width, s = camera.height, camera.width, supersampling
    hits = nearest_triangles(vertices, faces, camera.resized(s * width, s * height))
    view = View(
        np.empty((height, width, 3), np.float32), np.empty((height, width), np.float32),
        np.empty((height, width), np.uint8),
    )  # fmt: skip
    behind = np.broadcast_to(np.asarray(background, np.float32), (height, width, 3))
    _average(
        hits.triangles, hits.weights, np.ascontiguousarray(faces, np.int64),
        vertex_normals(vertices, faces), surface.occlusion, surface.texels, surface.labels,
        _lamps(light), behind, s, view.picture, view.alpha, view.regions,
    )  # fmt: skip
    return view


def _lamps(light: Light) -> np.ndarray:
    """Rows of key, fill and ambient light: direction and colour, float32 [3, 6]."""
    key = np.array(light.key) / np.linalg.norm(light.key)
    fill = key * [-1, 0.3, 1]
    fill /= np.linalg.norm(fill)
    colour = np.array(light.colour)
    return np.array(
        [[*key, *light.strength * colour], [*fill, *light.fill * colour],
         [0, 1, 0, *light.ambient * colour]], np.float32,
    )  # fmt: skip


@njit(parallel=True, cache=True)
def _average(triangles, weights, faces, normals, occlusion, texels, labels, lamps,
             background, s, picture, alpha, regions):  # fmt: skip
    """Shade every ray that met something, and average a pixel's."""
    kinds = labels.max() + 1
    for y in prange(len(alpha)):
        votes = np.zeros(kinds, np.int64)
        for x in range(alpha.shape[1]):
            votes[:] = 0
            red, green, blue = 0.0, 0.0, 0.0
            for k in range(s * s):
                i, j = s * y + k // s, s * x + k % s
                t = triangles[i, j]
                if t < 0:
                    votes[0] += 1
                    continue
                votes[labels[t]] += 1
                u, v, w = weights[i, j, 0], weights[i, j, 1], weights[i, j, 2]
                light = _light(t, u, v, w, faces, normals, occlusion, lamps)
                colour = _colour(t, v, w, texels)
                red += min(1.0, light[0] * colour[0]) ** 0.5
                green += min(1.0, light[1] * colour[1]) ** 0.5
                blue += min(1.0, light[2] * colour[2]) ** 0.5
            gone = votes[0] / (s * s)
            alpha[y, x] = 1 - gone
            regions[y, x] = 0 if gone > 0.5 else votes[1:].argmax() + 1
            for c, value in enumerate((red, green, blue)):
                picture[y, x, c] = value / (s * s) + gone * background[y, x, c]


@njit(cache=True)
def _light(t, u, v, w, faces, normals, occlusion, lamps):
    """Red, green and blue light that a point on a triangle gets from all lamps."""
    x, y, z, free = 0.0, 0.0, 0.0, 0.0
    for k, weight in enumerate((u, v, w)):
        corner = faces[t, k]
        x += weight * normals[corner, 0]
        y += weight * normals[corner, 1]
        z += weight * normals[corner, 2]
        free += weight * occlusion[corner]
    length = max((x * x + y * y + z * z) ** 0.5, 1e-9)
    key = (x * lamps[0, 0] + y * lamps[0, 1] + z * lamps[0, 2]) / length
    fill = (x * lamps[1, 0] + y * lamps[1, 1] + z * lamps[1, 2]) / length
    key = max(0.0, (key + WRAP) / (1 + WRAP)) * (0.5 + 0.5 * free)
    fill = max(0.0, (fill + WRAP) / (1 + WRAP)) * (0.5 + 0.5 * free)
    ambient = (0.75 + 0.25 * y / length) * free
    return (
        key * lamps[0, 3] + fill * lamps[1, 3] + ambient * lamps[2, 3],
        key * lamps[0, 4] + fill * lamps[1, 4] + ambient * lamps[2, 4],
        key * lamps[0, 5] + fill * lamps[1, 5] + ambient * lamps[2, 5],
    )


@njit(cache=True)
def _colour(t, second, third, texels):
    """Linear between the three nearest nodes of a triangle's grid."""
    rows = int((2 * texels.shape[1]) ** 0.5) - 1
    down, across = rows * second, rows * third
    i = min(int(down), rows - 1)
    j = min(int(across), rows - 1 - i)
    u, v = down - i, across - j
    first = i * (2 * rows + 3 - i) // 2 + j  # the number of node (i, j)
    below = first + rows + 1 - i  # of (i + 1, j)
    beside = first + 1
    a, b, c = 1 - u - v, u, v
    if a < 0 and i + j < rows - 1:  # in the other half of the cell
        first, a, b, c = below + 1, -a, 1 - v, 1 - u
    return (
        a * texels[t, first, 0] + b * texels[t, below, 0] + c * texels[t, beside, 0],
        a * texels[t, first, 1] + b * texels[t, below, 1] + c * texels[t, beside, 1],
        a * texels[t, first, 2] + b * texels[t, below, 2] + c * texels[t, beside, 2],
    )
