"""Skin, hair and clothes: colours that are computed from a point's place on the body at rest."""

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import spsolve
from scipy.spatial import cKDTree

from slt_lib.body.model import Body
from slt_lib.rendering.mesh import vertex_frames
from slt_lib.rendering.regions import Anatomy, face_labels, on_texels, on_vertices
from slt_lib.rendering.shading import GAMMA, Surface
from slt_lib.rendering.signers import COLLARS, SLEEVES, Garment, Signer, rgb

ROWS = 8  # of texels along a triangle's side: 3 to 5 mm on the trunk
HEM = -0.36  # metres: where tops end
ANKLE = -1.22
ARM = 0.2  # metres from the middle: where the sleeves' seam is
SPAN = 0.02  # metres that cloth spans
EDGE = 0.003  # metres: half of how wide a garment's edge is painted
VOLUME = {  # how far hair stands out, metres
    "shaved": 0.001, "short": 0.012, "cropped": 0.006, "curly": 0.032, "bob": 0.022, "bun": 0.010,
    "scarf": 0.014,
}  # fmt: skip


def paint(body: Body, signer: Signer, *, rows: int = ROWS) -> Surface:
    """Everything a renderer needs to know of a signer's looks.

    Lengths are made for the book's own body; another of adult size is dressed roughly as well.

    Args:
        body: Which mesh.
        signer: Whose looks.
        rows: Of texels per triangle.

    Returns:
        Colours that stick to the mesh however it is posed, the triangles' regions, where ambient
        light doesn't reach, and how far hair and cloth stand out.

    Chapter: 06_signsplat
    """
    sites, vertices = on_texels(body, rows), on_vertices(body)
    noise = _Noise(signer.seed)
    colour = _skin(sites, signer, noise)
    _hair(colour, sites, signer, noise)
    _clothe(colour, sites, signer, noise)
    _eyes(colour, sites, signer)
    return Surface(
        texels=colour.reshape(len(body.faces), -1, 3).astype(np.float32),
        labels=face_labels(body),
        occlusion=_occlusion(vertices),
        offsets=_offsets(body, vertices, signer),
    )


class _Noise:
    """Smooth random values in space, about 0 with deviation 1."""

    def __init__(self, seed: int) -> None:
        self.lattice = np.random.default_rng([seed, 21]).normal(0, 1, (32, 32, 32))

    def __call__(self, points: np.ndarray, size) -> np.ndarray:
        """At points [N, 3], with grains of a size in metres (a number, or one per axis)."""
        return map_coordinates(self.lattice, (points / size).T, order=1, mode="grid-wrap")


def _linear(colour: str) -> np.ndarray:
    return rgb(colour) ** GAMMA


def _mix(colour: np.ndarray, other: np.ndarray, share: np.ndarray) -> None:
    """Blend another colour in, in place, where the share [N] says so."""
    where = np.flatnonzero(share > 0)
    part = share[where, None]
    others = np.broadcast_to(other, colour.shape)[where]
    colour[where] += part * (others - colour[where])


def _skin(sites: Anatomy, signer: Signer, noise: _Noise) -> np.ndarray:
    base = _linear(signer.skin)
    redder = base * [1.0, 0.72, 0.68]
    colour = np.tile(base, (len(sites.points), 1))
    grain = 0.035 * noise(sites.points, 0.012) + 0.02 * noise(sites.points, 0.05)
    colour *= 1 + grain[:, None].clip(-0.12, 0.12)
    pale = base**0.72 * [1.0, 0.88, 0.82]  # palms have less pigment
    _mix(colour, pale, 0.85 * sites.palms)
    _mix(colour, redder, 0.45 * sites.blush)
    _mix(colour, redder * 0.8, 0.45 * sites.knuckles)
    _mix(colour, redder * 0.55, 0.4 * sites.creases)
    _mix(colour, base**0.8 * [1.05, 0.86, 0.84], 0.8 * sites.nails)
    _mix(colour, base * [0.85, 0.42, 0.42], 0.75 * sites.lips)
    _mix(colour, np.array([0.25, 0.06, 0.05]), sites.mouth)
    return colour


def _hair(colour: np.ndarray, sites: Anatomy, signer: Signer, noise: _Noise) -> None:
    tone = _linear(signer.hair)
    brow = tone if signer.hairstyle != "scarf" else np.array([0.02, 0.013, 0.01])
    _mix(colour, brow, 0.75 * sites.brows)
    cover = _cover(sites, signer)
    if signer.hairstyle == "scarf":
        folds = 0.08 * noise(sites.points, (0.06, 0.02, 0.06)) + 0.04 * noise(sites.points, 0.003)
        _mix(colour, tone * (1 + folds[:, None]), (cover > 0) * 1.0)
        return
    size = 0.007 if signer.hairstyle == "curly" else (0.004, 0.03, 0.004)
    strands = (0.22 * noise(sites.points, size)).clip(-0.5, 0.6)
    ragged = cover + 0.004 * noise(sites.points, 0.006)
    dense = 0.55 if signer.hairstyle == "shaved" else 1.0
    _mix(colour, tone * (1 + strands[:, None]), dense * np.clip(ragged / 0.006, 0, 1))
    if signer.beard:
        _, y, z = sites.points.T
        chin = np.clip((0.335 - y) / 0.03, 0, 1) * (sites.head > 0.5) * (sites.lips == 0)
        chin = chin * np.clip((z - 0.12) / 0.03, 0, 1) * (sites.hair > -0.3)
        stubble = np.clip(0.8 + 0.3 * noise(sites.points, 0.003), 0, 1)
        _mix(colour, tone, signer.beard * chin * stubble)


def _cover(sites: Anatomy, signer: Signer) -> np.ndarray:
    """How far inside the hair or scarf a point is, metres; below 0 outside."""
    x, y, z = sites.points.T
    on_head = sites.hair > -0.5
    if signer.hairstyle == "scarf":  # leaves the face free
        oval = 1 - np.hypot(x / 0.066, (y - 0.362) / 0.092)
        free = np.where((z > 0.13) & (sites.head > 0.3), oval, -1)
        return np.where((on_head | (sites.neck > 0.0)) & (np.abs(x) < 0.12), -0.05 * free, -1.0)
    if signer.hairstyle == "bob":
        sides = np.where(
            (z < 0.135) | (np.abs(x) > 0.075), y - 0.285, -1
        )  # over the ears, down to the jaw
        return np.where(on_head, np.maximum(sites.hair, sides), -1)
    return sites.hair


def _clothe(colour: np.ndarray, sites: Anatomy, signer: Signer, noise: _Noise) -> None:
    y = sites.points[:, 1]
    skin = (sites.head > 0.5) | (sites.hand > 0.5)
    legs = np.where(skin | (y < ANKLE), -1.0, HEM + 0.01 - y)
    for depth, garment in ((legs, signer.bottom), (_in_top(sites, signer.top), signer.top)):
        where = np.flatnonzero(depth > -EDGE)
        cloth = np.zeros_like(colour)
        cloth[where] = _cloth(sites.points[where], garment, noise)
        _mix(colour, cloth, np.clip(0.5 + 0.5 * depth / EDGE, 0, 1))
    _mix(colour, np.array([0.02, 0.02, 0.022]), ((y <= ANKLE) & ~skin) * 1.0)


def _in_top(sites: Anatomy, top: Garment) -> np.ndarray:
    """How far inside the top's edges a point is, metres; below 0 outside, float [N]."""
    x, y = np.abs(sites.points[:, 0]), sites.points[:, 1]
    notch = np.clip(0.075 - 1.6 * x, 0, None) if top.collar == "v" else 0.0
    front = np.clip(0.5 + 2 * sites.normals[:, 2], 0, 1)
    collar = COLLARS[top.collar] - notch * front - sites.neck
    edges = np.minimum.reduce([y - HEM, collar, SLEEVES[top.sleeves] - x])
    return np.where((sites.head < 0.5) & (sites.hand < 0.6), edges, -1.0)


def _cloth(points: np.ndarray, garment: Garment, noise: _Noise) -> np.ndarray:
    """The colours of a garment at points [N, 3], float [N, 3]."""
    x, y, z = points.T
    arm = np.abs(x) > ARM
    down = np.where(arm, 0.17 - np.abs(x), y)  # along a sleeve as down the trunk
    across = np.where(arm, 0.06 * np.arctan2(z - 0.095, y - 0.152), x)
    first, second = _linear(garment.colour), _linear(garment.second)
    share = _pattern(garment, down, across, noise(points, 0.006))
    out = first + share[:, None] * (second - first)
    weave = 0.03 * noise(points, 0.004) + 0.04 * noise(points, 0.05)
    seam = 0.25 * np.exp(-0.5 * ((np.abs(x) - ARM) / 0.002) ** 2) * (y > HEM)
    return out * (1 + weave - seam)[:, None]


def _pattern(garment: Garment, down, across, grain) -> np.ndarray:
    """The share of the second colour, float [N]."""

    def bands(place):
        return np.clip(0.5 + 2 * np.sin(2 * np.pi * place / garment.period), 0, 1)

    match garment.pattern:
        case "stripes":
            return bands(down)
        case "checks":
            return 0.5 * (bands(down) + bands(across))
        case "dots":
            cell = garment.period * 0.6
            apart = np.hypot(*((v / cell) % 1 - 0.5 for v in (down, across)))
            return np.clip((0.28 - apart) * 12, 0, 1)
        case "gradient":
            return np.clip(0.5 - (down + 0.08) / 0.5, 0, 1)
        case "melange":
            return np.clip(0.1 + 0.07 * grain, 0, 0.4)
    return np.zeros(len(down))


def _eyes(colour: np.ndarray, sites: Anatomy, signer: Signer) -> None:
    ball = np.isfinite(sites.eye)
    iris = _linear(signer.eyes)
    for rim, tone in ((np.inf, (0.55, 0.51, 0.5)), (0.0068, iris * 0.6), (0.006, iris * 1.8),
                      (0.0026, (0.004,) * 3)):  # fmt: skip
        colour[ball & (sites.eye < rim) & (sites.normals[:, 2] > -0.2)] = tone


def _occlusion(rest: Anatomy, reach: float = 0.014) -> np.ndarray:
    """How open the surroundings of each vertex are, 0.35 to 1, float32 [V]: folds are darker."""
    pairs = cKDTree(rest.points).query_pairs(reach, output_type="ndarray")
    here, there = np.concatenate([pairs, pairs[:, ::-1]]).T
    way = rest.points[there] - rest.points[here]
    length = np.linalg.norm(way, axis=1)
    above = np.clip((way * rest.normals[here]).sum(1) / np.maximum(length, 1e-9), 0, 1)
    count = len(rest.points)
    mean = np.bincount(here, above, count) / np.maximum(np.bincount(here, minlength=count), 1)
    return np.clip(1.08 - 1.3 * mean, 0.35, 1).astype(np.float32)


def _offsets(body: Body, rest: Anatomy, signer: Signer) -> np.ndarray:
    """Where hair and cloth are off the body, metres in its vertices' frames, float32 [V, 3]."""
    y = rest.points[:, 1]
    cover = _cover(rest, signer)
    full = np.clip(cover / 0.03, 0, 1)
    out = VOLUME[signer.hairstyle] * full * (2 - full)
    if signer.hairstyle == "bun":
        knot = np.linalg.norm(rest.points - [0, 0.475, 0.035], axis=1)
        out += 0.05 * np.exp(-0.5 * (knot / 0.02) ** 2)
    if signer.hairstyle == "bob":
        out += (cover > 0) * 0.016 * np.clip((0.40 - y) / 0.08, 0, 1) * full
    top = _in_top(rest, signer.top) > 0
    legs = (y < HEM) & (y > ANKLE) & (rest.hand < 0.5)
    out = np.where(top, 0.008, np.where(legs, 0.004, out))
    hung = top | legs | ((cover > 0) & (signer.hairstyle in ("scarf", "bob")))
    shift = _spanned(body, rest.points, hung) + out[:, None] * rest.normals
    frames = vertex_frames(rest.points, body.faces.numpy())
    return np.einsum("vkc,vc->vk", frames, shift).astype(np.float32)


def _spanned(body: Body, points: np.ndarray, cloth: np.ndarray) -> np.ndarray:
    """How cloth that spans the body's hollows lies off it, metres, float [V, 3].

    Implicit smoothing with the reach `SPAN`: each vertex is drawn to its neighbours, the nearer
    the more, and held by the bare skin at the cloth's edges.
    """
    edges = np.sort(body.faces.numpy()[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), 1)
    one, other = np.unique(edges, axis=0).T
    pull = (SPAN / np.maximum(np.linalg.norm(points[one] - points[other], axis=1), 1e-3)) ** 2
    both = (np.concatenate([one, other]), np.concatenate([other, one]))
    near = coo_array((np.tile(pull, 2), both), shape=(len(points),) * 2).tocsr()
    inside = np.flatnonzero(cloth)
    system = diags_array(1 + near.sum(1)) - near
    held = near[inside][:, ~cloth] @ points[~cloth]
    smooth = points.copy()
    smooth[inside] = spsolve(system[inside][:, inside].tocsc(), points[inside] + held)
    return smooth - points
