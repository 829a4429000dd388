"""A picture of a coloured mesh under studio light."""

from dataclasses import dataclass

import numpy as np
from numba import njit, prange

from slt_lib.rendering.camera import Camera
from slt_lib.rendering.mesh import rasterise, vertex_frames, vertex_normals

GAMMA = 2.2  # colours are linear light until the last step
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
        depth: Of the nearest point, metres, float32 [H, W]; infinite in the background.
    """

    picture: np.ndarray
    alpha: np.ndarray
    regions: np.ndarray
    depth: np.ndarray


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
    """
    height, width, s = camera.height, camera.width, supersampling
    hits = rasterise(vertices, faces, camera.resized(s * width, s * height))
    view = View(
        np.empty((height, width, 3), np.float32), np.empty((height, width), np.float32),
        np.empty((height, width), np.uint8), np.empty((height, width), np.float32),
    )  # fmt: skip
    behind = np.broadcast_to(np.asarray(background, np.float32), (height, width, 3))
    _average(
        hits.triangles, hits.weights, hits.depth, np.ascontiguousarray(faces, np.int64),
        vertex_normals(vertices, faces), surface.occlusion, surface.texels, surface.labels,
        _lamps(light), behind, s, view.picture, view.alpha, view.regions, view.depth,
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
def _average(triangles, weights, depths, faces, normals, occlusion, texels, labels, lamps,
             background, s, picture, alpha, regions, depth):  # fmt: skip
    """Shade every ray that met something, and average a pixel's."""
    kinds = labels.max() + 1
    rows = int(np.sqrt(2 * texels.shape[1])) - 1
    for y in prange(len(alpha)):
        votes, total, one = np.zeros(kinds, np.int64), np.zeros(3), np.zeros(3)
        for x in range(alpha.shape[1]):
            votes[:], total[:], nearest = 0, 0.0, np.float32(np.inf)
            for k in range(s * s):
                i, j = s * y + k // s, s * x + k % s
                t = triangles[i, j]
                if t < 0:
                    votes[0] += 1
                    continue
                votes[labels[t]] += 1
                nearest = min(nearest, depths[i, j])
                _shade(t, weights[i, j], faces, normals, occlusion, texels, rows, lamps, one)
                total += one
            alpha[y, x] = 1 - votes[0] / (s * s)
            picture[y, x] = total / (s * s) + (1 - alpha[y, x]) * background[y, x]
            regions[y, x] = 0 if 2 * votes[0] > s * s else votes[1:].argmax() + 1
            depth[y, x] = nearest


@njit(cache=True)
def _shade(t, weight, faces, normals, occlusion, texels, rows, lamps, out):
    """The shown colour of a point on a triangle."""
    n = np.zeros(3)
    open_ = 0.0
    for k in range(3):
        n += weight[k] * normals[faces[t, k]]
        open_ += weight[k] * occlusion[faces[t, k]]
    n /= max(np.sqrt((n * n).sum()), 1e-9)
    texel = _between(texels[t], rows * weight[1], rows * weight[2], rows)
    facing = np.empty(3)
    for k in range(2):
        cosine = n[0] * lamps[k, 0] + n[1] * lamps[k, 1] + n[2] * lamps[k, 2]
        facing[k] = max(0.0, (cosine + WRAP) / (1 + WRAP)) * (0.5 + 0.5 * open_)
    facing[2] = (0.75 + 0.25 * n[1]) * open_
    for c in range(3):
        light = facing[0] * lamps[0, 3 + c] + facing[1] * lamps[1, 3 + c]
        linear = texel[c] * (light + facing[2] * lamps[2, 3 + c])
        out[c] = min(1.0, linear) ** (1 / GAMMA)


@njit(cache=True)
def _between(nodes, down, across, rows):
    """Linear between the three nearest nodes of a triangle's grid."""
    i = min(int(down), rows - 1)
    j = min(int(across), rows - 1 - i)
    u, v = down - i, across - j
    here = i * (2 * rows + 3 - i) // 2 + j  # the number of node (i, j)
    below = here + rows + 1 - i  # of (i + 1, j)
    if u + v <= 1 or i + j == rows - 1:
        return (1 - u - v) * nodes[here] + u * nodes[below] + v * nodes[here + 1]
    return (u + v - 1) * nodes[below + 1] + (1 - v) * nodes[below] + (1 - u) * nodes[here + 1]
