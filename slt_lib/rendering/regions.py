"""What is where on a body: hands, face, lips, brows, nails, where hair grows and cloth ends."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from slt_lib.body.joints import FINGERS, INDEX, NAMES, TIPS
from slt_lib.body.model import Body
from slt_lib.pose.skeleton import face_mesh
from slt_lib.rendering.mesh import vertex_normals
from slt_lib.rendering.shading import texel_weights

BACKGROUND, BODY, HANDS, FACE = 0, 1, 2, 3
REGIONS = {"body": BODY, "hands": HANDS, "face": FACE}
_HEAD = ("head", "jaw", "left_eye", "right_eye")
_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
_BROWS = (  # upper and lower edge
    ((70, 63, 105, 66, 107), (46, 53, 52, 65, 55)),
    ((300, 293, 334, 296, 336), (276, 283, 282, 295, 285)),
)
# The hairline, metres from the eyes: how high (second) it is how far to the front (first)
_HAIRLINE = ((-0.108, -0.098, -0.062, -0.02, 0.005, 0.03), (-0.085, 0.01, 0.012, 0.05, 0.07, 0.09))


@dataclass(frozen=True, eq=False)
class Anatomy:
    """Points on the body at rest, and what lies there; the masks run from 0 to 1.

    Attributes:
        points: Metres, float [N, 3].
        normals: float [N, 3].
        hand, head: Masks of these parts, with wrist and neck between, float [N].
        eye: Distance from an eye's optical axis, metres; infinite off the eyeballs, float [N].
        mouth: Teeth, tongue and the mouth's inside, float [N].
        lips, brows, nails, palms, knuckles, creases, blush: Masks, float [N].
        hair: Height above the hairline, metres; far below 0 off the head, float [N].
        neck: Height above a shirt's collar, metres; below 0 on the trunk, float [N].
    """

    points: np.ndarray
    normals: np.ndarray
    hand: np.ndarray
    head: np.ndarray
    eye: np.ndarray
    mouth: np.ndarray
    lips: np.ndarray
    brows: np.ndarray
    nails: np.ndarray
    palms: np.ndarray
    knuckles: np.ndarray
    creases: np.ndarray
    blush: np.ndarray
    hair: np.ndarray
    neck: np.ndarray


def face_labels(body: Body) -> np.ndarray:
    """Body, hands or face: the region of each triangle, uint8 [F].

    Args:
        body: The hands begin where the wrists' weights prevail; the face ends at hairline, ears
            and chin.
    """
    anatomy = on_vertices(body)
    faces = body.faces.numpy()
    hand = anatomy.hand[faces].mean(1) > 0.5
    front = anatomy.points[:, 2] - _eyes(body)[2] > -0.07
    face = ((anatomy.head > 0.5) & front & (anatomy.hair < 0.002))[faces].all(1)
    return np.where(hand, HANDS, np.where(face, FACE, BODY)).astype(np.uint8)


@lru_cache(maxsize=2)
def on_vertices(body: Body) -> Anatomy:
    """What lies at each vertex of a body."""
    vertices = body.smplx.v_template.numpy()
    return _anatomy(body, vertices, vertex_normals(vertices, body.faces.numpy()), _parts(body))


@lru_cache(maxsize=2)
def on_texels(body: Body, rows: int) -> Anatomy:
    """What lies at each texel (see `Surface`): triangle after triangle."""
    vertices, faces = body.smplx.v_template.numpy(), body.faces.numpy()
    mix = texel_weights(rows).astype(np.float32)

    def spread(values):
        return np.einsum("tk,fkc->ftc", mix, values[faces]).reshape(-1, values.shape[1])

    normals = spread(vertex_normals(vertices, faces))
    return _anatomy(body, spread(vertices), normals, spread(_parts(body)))


def _eyes(body: Body) -> np.ndarray:
    """The point between the eyes, float [3]."""
    return _joints(body)[[INDEX["left_eye"], INDEX["right_eye"]]].mean(0)


def _joints(body: Body) -> np.ndarray:
    return body.smplx.J_regressor.numpy() @ body.smplx.v_template.numpy()


def _parts(body: Body) -> np.ndarray:
    """How much each vertex moves with hands, head and eyes, float32 [V, 3]."""
    hands = [n for n in NAMES if n.partition("_")[2].rstrip("123") in ("wrist", *FINGERS)]
    weights = body.smplx.lbs_weights.numpy()
    names = (hands, _HEAD, ("left_eye", "right_eye"))
    return np.stack([weights[:, [INDEX[n] for n in some]].sum(1) for some in names], 1)


def _anatomy(body: Body, points, normals, parts) -> Anatomy:
    hand, head, eyes = parts.T
    joints = _joints(body)
    balls = joints[[INDEX["left_eye"], INDEX["right_eye"]]]
    off_axis = np.minimum(*(np.hypot(*(points[:, :2] - ball[:2]).T) for ball in balls))
    from_eyes = points - balls.mean(0)
    hairline = np.interp(from_eyes[:, 2], *_HAIRLINE)
    inside = (head > 0.5) & (from_eyes[:, 2] < 0.01) & (from_eyes[:, 2] > -0.07)
    inside &= (np.abs(points[:, 0]) < 0.024) & (np.abs(from_eyes[:, 1] + 0.072) < 0.014)
    near = np.flatnonzero(hand > 0.3)
    marks = _hand_marks(body, points[near], normals[near])
    marks = {key: values * np.clip(2 * hand[near] - 0.6, 0, 1) for key, values in marks.items()}
    front = np.flatnonzero((head > 0.5) & (from_eyes[:, 2] > -0.05) & (normals[:, 2] > -0.3))
    face = _face_marks(body, points[front], from_eyes[front])
    found = {
        "eye": np.where(eyes > 0.5, off_axis, np.inf), "mouth": inside,
        "hair": np.where(head > 0.5, from_eyes[:, 1] - hairline, _nape(from_eyes)),
        "neck": _above_collar(points - joints[INDEX["neck"]]),
        **{key: _scattered(values, near, len(points)) for key, values in marks.items()},
        **{key: _scattered(values, front, len(points)) for key, values in face.items()},
    }  # fmt: skip
    found = {key: values.astype(np.float32) for key, values in found.items()}
    return Anatomy(points=points, normals=normals, hand=hand, head=head, **found)


def _scattered(values: np.ndarray, where: np.ndarray, count: int) -> np.ndarray:
    out = np.zeros(count)
    out[where] = values
    return out


def _nape(from_eyes: np.ndarray) -> np.ndarray:
    """Height above the hairline off the head: only the back of the neck is near it."""
    back = (from_eyes[:, 2] < -0.09) & (np.abs(from_eyes[:, 0]) < 0.07)
    return np.where(back, from_eyes[:, 1] + 0.085, -1.0)


def _above_collar(from_neck: np.ndarray) -> np.ndarray:
    """Height above a plane around the neck that is lower in front."""
    x, y, z = from_neck.T
    return y + 0.02 + 0.45 * z - 3.5 * x**2


def _bump(distance: np.ndarray, width: float) -> np.ndarray:
    """1 at no distance, falling off as a bell."""
    return np.exp(-0.5 * (distance / width) ** 2)


def _hand_marks(body: Body, points, normals) -> dict[str, np.ndarray]:
    """At rest, palms face down: fingers lie along x, side by side along z; the thumb is turned."""
    joints, vertices = _joints(body), body.smplx.v_template.numpy()
    back = np.clip(0.5 + 1.4 * normals[:, 1], 0, 1)
    out = {key: np.zeros(len(points)) for key in ("nails", "knuckles", "creases")}
    for side, tips in TIPS.items():
        for finger, tip in tips.items():
            chain = np.stack([joints[INDEX[f"{side}_{finger}{n}"]] for n in (1, 2, 3)])
            end = vertices[tip]
            along = (end - chain[2]) / np.linalg.norm(end - chain[2])
            thumb = finger == "thumb"
            up = np.array([0.6 * np.sign(end[0]), 0.35, 0.7]) if thumb else np.array([0, 1.0, 0])
            up = up - (up @ along) * along
            facing = normals @ (up / np.linalg.norm(up))
            reach = (points - end) @ along
            aside = points - end - reach[:, None] * along
            nail = (np.abs(reach + 0.007) < 0.0065) & (np.linalg.norm(aside, axis=1) < 0.014)
            out["nails"] = np.maximum(out["nails"], nail * (facing > 0.62))
            for joint in chain[1:] if thumb else chain:
                bend = _bump((points - joint) @ along, 0.0045)
                close = np.linalg.norm(points - joint, axis=1) < 0.016
                out["knuckles"] = np.maximum(out["knuckles"], bend * close * (facing > 0) * facing)
                crease = _bump((points - joint) @ along, 0.0012) * close * (facing < -0.2)
                out["creases"] = np.maximum(out["creases"], crease)
    return {**out, "palms": 1 - back}


def _face_marks(body: Body, points, from_eyes) -> dict[str, np.ndarray]:
    """Lips, brows and what is redder than the rest, from the face points' places."""
    rest = body.face_points.on(body.smplx.v_template.numpy().astype(float), body.faces.numpy())
    row = {number: i for i, number in enumerate(face_mesh()["kept"])}
    outline = rest[[row[n] for n in _LIPS]][:, :2]
    lines = [np.mean([rest[[row[n] for n in edge]] for edge in both], 0) for both in _BROWS]
    x, y, _ = from_eyes.T
    cheeks = _bump(np.hypot(np.abs(x) - 0.042, y + 0.042), 0.016)
    nose = _bump(np.hypot(x, y + 0.042), 0.01)
    brow = np.minimum(*(_from_line(points[:, :2], line[:, :2]) for line in lines))
    return {
        "lips": _inside(points[:, :2], outline) * (from_eyes[:, 2] > 0.005),
        "brows": np.clip(1.5 - brow / 0.0035, 0, 1),
        "blush": np.maximum(cheeks, 0.8 * nose),
    }


def _from_line(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Distance from a polyline [n, 2], float [N]."""
    best = np.full(len(points), np.inf)
    for a, b in pairwise(line):
        share = np.clip((points - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
        best = np.minimum(best, np.linalg.norm(points - a - share[:, None] * (b - a), axis=1))
    return best


def _inside(points: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Whether points are inside a polygon [n, 2], by the crossings of a ray to the right."""
    x, y = points.T
    inside = np.zeros(len(points), bool)
    for (ax, ay), (bx, by) in zip(outline, np.roll(outline, -1, 0), strict=True):
        between = (ay > y) != (by > y)
        inside ^= between & (x < ax + (y - ay) / (by - ay or 1e-12) * (bx - ax))
    return inside
