"""Where a body's joints and keypoints are, given its turns: for many frames at once, no mesh."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from slt_lib.body.joints import FINGERS, INDEX, NAMES, PARENTS, TIPS
from slt_lib.body.model import Body
from slt_lib.pose.errors import SLTError

MEDIAPIPE_FINGERS = ("thumb", "index", "middle", "ring", "pinky")  # SMPL-X's order is another
_ARMS = ("shoulder", "elbow", "wrist")


def _levels() -> list[list[int]]:
    """The joints by their distance from the pelvis: each level hangs on the one before."""
    depth = [0] * len(NAMES)
    for joint, parent in enumerate(PARENTS):
        depth[joint] = depth[parent] + 1 if parent >= 0 else 0
    return [[j for j, d in enumerate(depth) if d == level] for level in range(max(depth) + 1)]


LEVELS = _levels()


def rotation_matrices(turns: Tensor) -> Tensor:
    """Rodrigues' formula: axis times angle [..., 3], radians, to matrices [..., 3, 3]."""
    squared = (turns * turns).sum(-1)
    small = squared < 1e-8
    angle = torch.where(small, torch.ones_like(squared), squared).sqrt()
    sine = torch.where(small, 1 - squared / 6, torch.sin(angle) / angle)
    cosine = torch.where(small, 0.5 - squared / 24, (1 - torch.cos(angle)) / angle**2)
    x, y, z = turns.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    eye = torch.eye(3, dtype=turns.dtype)
    return eye + sine[..., None, None] * cross + cosine[..., None, None] * (cross @ cross)


def chain(rest: Tensor, turns: Tensor) -> tuple[Tensor, Tensor]:
    """Forward kinematics, one level of the tree at a time.

    Args:
        rest: Joints at rest, metres, float [frames, 55, 3].
        turns: Of each joint against its parent, float [frames, 55, 3, 3].

    Returns:
        Joints [frames, 55, 3] in metres, and their turns against the world [frames, 55, 3, 3].
    """
    order = [j for level in LEVELS for j in level]
    at = {joint: row for row, joint in enumerate(order)}
    world, places = turns[:, LEVELS[0]], rest[:, LEVELS[0]]
    worlds, joints, before = [world], [places], LEVELS[0]
    for level in LEVELS[1:]:
        above = [before.index(PARENTS[j]) for j in level]
        bones = rest[:, level] - rest[:, [PARENTS[j] for j in level]]
        places = places[:, above] + (world[:, above] @ bones[..., None])[..., 0]
        world = world[:, above] @ turns[:, level]
        worlds.append(world)
        joints.append(places)
        before = level
    rows = [at[j] for j in range(len(NAMES))]
    return torch.cat(joints, 1)[:, rows], torch.cat(worlds, 1)[:, rows]


@dataclass(frozen=True, eq=False)
class Rig:
    """What a body's joints and keypoints depend on: a few points of its mesh instead of all.

    Attributes:
        joints: Joints of the mean body, metres, float [55, 3].
        joint_shapes: What a unit of each shape adds, float [55, 3, 10].
        tips: Finger tips at rest, left then right, MediaPipe's order, float [10, 3].
        tip_shapes: float [10, 3, 10].
        face: The 128 face points at rest, float [128, 3].
        face_shapes: What a unit of shape, then of expression, adds, float [128, 3, 20].
        face_weights: Skinning weights of the joints that move the face, float [128, joints].
        face_joints: Those joints.

    Chapter: 05_body
    """

    joints: Tensor
    joint_shapes: Tensor
    tips: Tensor
    tip_shapes: Tensor
    face: Tensor
    face_shapes: Tensor
    face_weights: Tensor
    face_joints: tuple[int, ...]

    @classmethod
    def of(cls, body: Body) -> "Rig":
        """The rig of a body."""
        model = body.smplx
        template, shapes = model.v_template.double(), model.shapedirs.double()
        regressor = model.J_regressor.double()
        tips = [TIPS[side][finger] for side in ("left", "right") for finger in MEDIAPIPE_FINGERS]
        corners = body.faces[torch.as_tensor(body.face_points.faces)]
        mix = torch.as_tensor(body.face_points.weights)
        every = torch.cat([shapes, model.expr_dirs.double()], -1)
        weights = torch.einsum("pk,pkj->pj", mix, model.lbs_weights.double()[corners])
        moving = torch.nonzero(weights.max(0).values > 1e-3)[:, 0].tolist()
        few = weights[:, moving]
        return cls(
            (regressor @ template).float(),
            torch.einsum("jv,vcs->jcs", regressor, shapes).float(),
            template[tips].float(), shapes[tips].float(),
            torch.einsum("pk,pkc->pc", mix, template[corners]).float(),
            torch.einsum("pk,pkcs->pcs", mix, every[corners]).float(),
            (few / few.sum(1, keepdim=True)).float(), tuple(moving),
        )  # fmt: skip

    def rest(self, betas: Tensor) -> tuple[Tensor, Tensor]:
        """Joints [B, 55, 3] and finger tips [B, 10, 3] at rest for shapes [B, 10], metres."""
        joints = self.joints + torch.einsum("jcs,bs->bjc", self.joint_shapes, betas)
        return joints, self.tips + torch.einsum("jcs,bs->bjc", self.tip_shapes, betas)

    def rest_face(self, betas: Tensor, expression: Tensor) -> Tensor:
        """Face points at rest for shapes [B, 10] and expressions [B, 10], metres [B, 128, 3]."""
        return self.face + torch.einsum(
            "pcs,bs->bpc", self.face_shapes, torch.cat([betas, expression], -1)
        )

    def posed_face(self, face: Tensor, rest: Tensor, joints: Tensor, world: Tensor) -> Tensor:
        """Face points [B, 128, 3] of a posed head; the arguments as `rest_face` and `chain` give.

        The skinning of a point inside a triangle is taken as its corners' mean.
        """
        few = list(self.face_joints)
        shift = joints[:, few] - (world[:, few] @ rest[:, few, :, None])[..., 0]
        turn = torch.einsum("pj,bjrc->bprc", self.face_weights, world[:, few])
        moved = (turn @ face[..., None])[..., 0]
        return moved + torch.einsum("pj,bjc->bpc", self.face_weights, shift)

    def hands_and_arms(self, rest: tuple[Tensor, Tensor], joints: Tensor, world: Tensor) -> Tensor:
        """The first 50 of the 178 keypoints of posed joints, metres [B, 50, 3]."""
        last = list(LAST)
        arms = world[:, last] @ (rest[1] - rest[0][:, last])[..., None]
        tips = joints[:, last] + arms[..., 0]
        return torch.cat([joints, tips], 1)[:, list(KEYPOINTS)]


def regressor_errors(body: Body) -> np.ndarray:
    """How far joints are from where they were in bodies that the joint regressor never saw.

    Args:
        body: The book's own; its file carries the joints of held-out builds.

    Returns:
        Metres, float [builds, 55].

    Raises:
        SLTError: If the body's file has no such joints, as SMPL-X's own has none.

    Chapter: 05_body
    """
    with np.load(body.source, allow_pickle=False) as file:
        if "held_out_joints" not in file:
            raise SLTError("It carries no joints of held-out builds.", file=body.source,
                           fix="Use the book's own body.")  # fmt: skip
        betas, joints = file["held_out_betas"], file["held_out_joints"]
    return np.linalg.norm(Rig.of(body).rest(torch.from_numpy(betas))[0].numpy() - joints, axis=-1)


LAST = tuple(INDEX[f"{side}_{f}3"] for side in ("left", "right") for f in MEDIAPIPE_FINGERS)


def _keypoints() -> tuple[int, ...]:
    """Where each of the first 50 keypoints stands among 55 joints and 10 finger tips."""
    found = [INDEX[f"{side}_{part}"] for side in ("right", "left") for part in _ARMS]
    found += [INDEX["right_hip"], INDEX["left_hip"]]
    for side in ("right", "left"):
        found.append(INDEX[f"{side}_wrist"])
        first = len(NAMES) + (len(FINGERS) if side == "right" else 0)
        for k, finger in enumerate(MEDIAPIPE_FINGERS):
            found += [INDEX[f"{side}_{finger}{n}"] for n in (1, 2, 3)] + [first + k]
    return tuple(found)


KEYPOINTS = _keypoints()


def keypoints(rig: Rig, betas: Tensor, turns: Tensor, expression: Tensor) -> Tensor:
    """The 178 keypoints of bodies.

    Args:
        rig: Of the body.
        betas: Shapes, float [B, 10].
        turns: Rotation matrices, float [B, 55, 3, 3].
        expression: float [B, 10].

    Returns:
        Metres, in SMPL-X's axes, float [B, 178, 3]; the pelvis of the shape stays where it is.
    """
    rest = rig.rest(betas)
    joints, world = chain(rest[0], turns)
    face = rig.posed_face(rig.rest_face(betas, expression), rest[0], joints, world)
    return torch.cat([rig.hands_and_arms(rest, joints, world), face], 1)


def euler_matrices(angles: Tensor) -> Tensor:
    """Rz(flexion) Ry(spread) Rx(twist): angles [..., 3] about x, y, z, radians, to [..., 3, 3]."""
    c, s = torch.cos(angles), torch.sin(angles)
    (cx, cy, cz), (sx, sy, sz) = c.unbind(-1), s.unbind(-1)
    rows = [
        cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx,
        sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx,
        -sy, cy * sx, cy * cx,
    ]  # fmt: skip
    return torch.stack(rows, -1).unflatten(-1, (3, 3))
