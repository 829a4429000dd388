"""How far a signer's joints turn, and the pose that they rest in.

Shoulders, spine, neck and head are boxes of axis times angle; elbows, wrists and fingers turn
about axes of their own, flexion after spread after twist, as SignSplat limits the hands
(Ivashechkin et al., ICCV Workshops 2025, section 3.2). Legs stand still: signing is seen from the
waist up. All for the left side; the right one mirrors it.
"""

import warnings
from functools import cache

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from slt_lib.body.joints import FINGERS, INDEX, NAMES
from slt_lib.body.kinematics import euler_matrices, rotation_matrices
from slt_lib.body.motion import BodyMotion
from slt_lib.pose.errors import PoseError

_SPINE = ((-0.25, 0.3), (-0.2, 0.2), (-0.15, 0.15))
_ONE = {  # radians: (lowest, highest) about x, y, z
    "pelvis": ((-0.5, 0.5), (-0.8, 0.8), (-0.35, 0.35)),
    "spine1": _SPINE, "spine2": _SPINE, "spine3": _SPINE,
    "neck": ((-0.5, 0.6), (-0.6, 0.6), (-0.4, 0.4)),
    "head": ((-0.5, 0.6), (-0.6, 0.6), (-0.4, 0.4)),
    "jaw": ((0.0, 0.45), (-0.05, 0.05), (-0.02, 0.02)),
}  # fmt: skip
_LEFT = {
    "collar": ((-0.15, 0.15), (-0.35, 0.25), (-0.25, 0.45)),
    "shoulder": ((-1.6, 1.6), (-2.3, 0.9), (-1.7, 1.6)),
    "elbow": ((-1.7, 1.7), (-2.65, 0.05), (-0.1, 0.1)),
    "wrist": ((-0.6, 0.6), (-0.75, 0.65), (-1.4, 1.3)),
    "thumb1": ((-0.8, 1.0), (-0.9, 0.7), (-0.8, 0.8)),
    "thumb2": ((-0.5, 0.65), (-0.4, 1.1), (-0.7, 0.7)),
    "thumb3": ((-0.3, 0.85), (-0.5, 1.3), (-0.8, 0.8)),
}
_KNUCKLE = ((-0.25, 0.25), (-0.45, 0.45), (-1.75, 0.6))
_MIDDLE = ((-0.16, 0.16), (-0.17, 0.17), (-2.0, 0.15))
_LAST = ((-0.16, 0.16), (-0.17, 0.17), (-1.6, 0.25))
for _finger in FINGERS[:4]:
    _LEFT |= {f"{_finger}1": _KNUCKLE, f"{_finger}2": _MIDDLE, f"{_finger}3": _LAST}
_LEFT["pinky1"] = ((-0.5, 0.5), (-0.7, 0.7), (-1.75, 0.6))  # the palm bends along the little finger
_REST_LEFT = {"shoulder": (0.0, -0.35, -1.15), "elbow": (0.0, -0.9, 0.0)}
_REST_LEFT |= {f"{f}{n}": (0.0, 0.0, -0.2) for f in FINGERS[:4] for n in (1, 2, 3)}
MIRROR = np.array([1, -1, -1], np.float32)  # of a turn, across the body's middle

HINGES = [  # joints that turn about axes of their own
    j for j, name in enumerate(NAMES)
    if name.endswith(("elbow", "wrist")) or (name[-1] in "123" and not name.startswith("spine"))
]  # fmt: skip
FREE = [j for j in range(len(NAMES)) if j not in HINGES]
TOLERANCE = 0.02  # radians
LOCKED = 0.02  # cosine of the middle angle below which the other two can't be told apart


@cache
def limits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lowest and highest angle about each axis and the resting one, radians, float32 [55, 3].

    Chapter: 05_body
    """
    low, high, rest = (np.zeros((len(NAMES), 3), np.float32) for _ in range(3))
    for name, box in _ONE.items():
        low[INDEX[name]], high[INDEX[name]] = np.transpose(box)
    for name, box in _LEFT.items():
        low[INDEX[f"left_{name}"]], high[INDEX[f"left_{name}"]] = np.transpose(box)
        rest[INDEX[f"left_{name}"]] = _REST_LEFT.get(name, (0, 0, 0))
    for name in _LEFT:
        left, right = INDEX[f"left_{name}"], INDEX[f"right_{name}"]
        a, b = low[left] * MIRROR, high[left] * MIRROR
        low[right], high[right] = np.minimum(a, b), np.maximum(a, b)
        rest[right] = rest[left] * MIRROR
    return low, high, rest


def matrices(angles: Tensor) -> Tensor:
    """Rotation matrices [..., 55, 3, 3] of angles in the limits' own terms, [..., 55, 3]."""
    order = torch.as_tensor(HINGES + FREE).argsort()
    turns = [euler_matrices(angles[..., HINGES, :]), rotation_matrices(angles[..., FREE, :])]
    return torch.cat(turns, -3)[..., order, :, :]


def to_rotations(angles: np.ndarray) -> np.ndarray:
    """Axis times angle, as SMPL-X has it, float32 [F, 55, 3], of angles in the limits' terms.

    Chapter: 05_body
    """
    out = np.array(angles, np.float32)
    hinges = np.asarray(angles)[:, HINGES]
    if hinges.size:
        turns = Rotation.from_euler("ZYX", hinges[..., ::-1].reshape(-1, 3))
        out[:, HINGES] = turns.as_rotvec().reshape(hinges.shape)
    return out


def to_angles(rotations: np.ndarray) -> np.ndarray:
    """The inverse of `to_rotations`.

    Every turn is reached by two sets of angles; a joint's are those closer to its limits.

    Chapter: 05_body
    """
    out = np.array(rotations, np.float32)
    hinges = np.asarray(rotations)[:, HINGES]
    if hinges.size:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of gimbal lock, which is seen to below
            turns = Rotation.from_rotvec(hinges.reshape(-1, 3)).as_euler("ZYX")[:, ::-1]
        one = turns.reshape(hinges.shape)
        other = np.stack([one[..., 0] + np.pi, np.pi - one[..., 1], one[..., 2] + np.pi], -1)
        other = (other + np.pi) % (2 * np.pi) - np.pi
        low, high, _ = (limit[HINGES] for limit in limits())
        over = [np.maximum(a - high, low - a).clip(0).sum(-1) for a in (one, other)]
        chosen = np.where((over[0] <= over[1])[..., None], one, other)
        out[:, HINGES] = _unlocked(chosen, low, high)
    return out


def _unlocked(angles: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """At a right angle about y only the sum (or difference) of x and z is known: share it out.

    About z goes what its limits allow, the rest about x.
    """
    locked = np.abs(np.cos(angles[..., 1])) < LOCKED
    about_z = np.clip(angles[..., 2], low[:, 2], high[:, 2])
    moved = (about_z - angles[..., 2]) * np.sign(angles[..., 1])
    shared = np.stack([angles[..., 0] + moved, angles[..., 1], about_z], -1)
    return np.where(locked[..., None], shared, angles)


def check_limits(motion: BodyMotion) -> None:
    """Refuse a pose that no signer can take.

    Raises:
        PoseError: If a joint turns further than its limits, naming the worst joint and frame.

    Chapter: 05_body
    """
    if not len(motion):
        return
    low, high, _ = limits()
    angles = to_angles(motion.rotations)
    over = np.maximum(angles - high, low - angles)
    free = [INDEX[f"{side}_{part}"] for side in ("left", "right")
            for part in ("hip", "knee", "ankle", "foot", "eye")]  # fmt: skip
    over[:, [INDEX["pelvis"], *free]] = 0  # which way one faces, stands, sits and looks
    frame, joint, axis = np.unravel_index(over.argmax(), over.shape)
    if over[frame, joint, axis] > TOLERANCE:
        raise PoseError(
            f"In frame {frame}, {NAMES[joint]} turns {np.degrees(angles[frame, joint, axis]):.0f}° "
            f"about {'xyz'[axis]}; its limits are {np.degrees(low[joint, axis]):.0f}° to "
            f"{np.degrees(high[joint, axis]):.0f}°.",
            fix="Fit the body again, or clip the pose to the limits.",
        )
