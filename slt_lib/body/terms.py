"""What a fitted body is asked for: one function per term, each a mean cost per frame.

All lengths are in shoulder widths, all angles in radians. A joint that wasn't seen costs nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from slt_lib.body.evidence import BONES, HAND_STARTS, Evidence
from slt_lib.body.joints import INDEX, NAMES

_A, _B = (list(ends) for ends in np.transpose(BONES))
HANDS_AT = 25  # the first joint of a finger
ROBUST = 0.1  # shoulder widths: errors above count as their size, not its square
TRUSTED = [1.0] * 6 + [0.1] * 2  # hips are mostly guessed: they are out of the picture
STANDARD_RATE = 25.0  # frames per second at which smoothness is measured


@dataclass(frozen=True)
class State:
    """A body of every frame, and where its keypoints come to lie.

    Attributes:
        angles: float [F, 55, 3], in the limits' terms.
        rest: The resting pose, float [55, 3].
        betas: float [S, 10].
        expression: float [F, 10].
        hands: First 50 keypoints in the picture, shoulder widths, float [F, 50, 3].
        face: Face points around their centre, float [F, 128, 3].
        place: Where the body stands, shoulder widths, float [F, 3].
        offsets: What each signer's face has of its own, float [S, 128, 3].
    """

    angles: Tensor
    rest: Tensor
    betas: Tensor
    expression: Tensor
    hands: Tensor
    face: Tensor
    place: Tensor
    offsets: Tensor


def _robust(squared: Tensor) -> Tensor:
    """Charbonnier's cost: the square's for small errors, their size for large ones."""
    return 2 * ROBUST * ((squared + ROBUST**2).sqrt() - ROBUST)


def body_points(state: State, seen: Evidence) -> Tensor:
    """Shoulders, elbows, wrists and hips in the picture's plane; in depth too where measured."""
    off = (state.hands[:, :8] - seen.points[:, :8]) ** 2
    deep = seen.deep[seen.sequence, None]
    squared = off[..., 0] + off[..., 1] + deep * off[..., 2]
    return (seen.sure[:, :8] * _robust(squared) * squared.new_tensor(TRUSTED)).sum(1)


def hand_bones(state: State, seen: Evidence) -> Tensor:
    """Directions of hand bones in space: 1 - cosine."""
    cost = torch.zeros(len(seen))
    for side, start in enumerate(HAND_STARTS):
        hand = state.hands[:, start : start + 21]
        bones = hand[:, _B] - hand[:, _A]
        cosine = (bones * seen.bones[:, side]).sum(-1) / bones.norm(dim=-1).clamp_min(1e-6)
        cost = cost + ((1 - cosine) * seen.bone_seen[:, side]).sum(1)
    return cost


def hand_points(state: State, seen: Evidence) -> Tensor:
    """Hand keypoints where they are in the picture (and in space where measured)."""
    off = (state.hands[:, 8:50] - seen.points[:, 8:50]) ** 2
    deep = seen.deep[seen.sequence, None]
    squared = off[..., 0] + off[..., 1] + deep * off[..., 2]
    return (seen.sure[:, 8:50] * _robust(squared)).sum(1)


def depth(state: State, seen: Evidence) -> Tensor:
    """Elbows and wrists in depth, against the shoulders: a guess, so it counts little."""
    cost = torch.zeros(len(seen))
    for first in (0, 3):
        for joint in (first + 1, first + 2):
            ours = state.hands[:, joint, 2] - state.hands[:, first, 2]
            theirs = seen.points[:, joint, 2] - seen.points[:, first, 2]
            both = (seen.sure[:, joint] > 0) & (seen.sure[:, first] > 0)
            cost = cost + both * _robust((ours - theirs) ** 2)
    return cost * (1 - seen.deep[seen.sequence])


def face_points(state: State, seen: Evidence) -> Tensor:
    """The face around its own centre; its depth, which is a guess, counts a third."""
    off = (state.face - seen.face) ** 2
    return (off * off.new_tensor([1, 1, 1 / 3])).sum((1, 2)) * seen.face_seen


def pose_prior(state: State, seen: Evidence) -> Tensor:
    """Close to the resting pose: what isn't seen looks natural, what is seen may differ."""
    return (((state.angles - state.rest) ** 2).sum(-1) * state.angles.new_tensor(STIFF)).sum(1)


def smoothness(state: State, seen: Evidence) -> Tensor:
    """Turns, place and face change steadily: squared changes and changes of change, per 1/25 s."""
    moving = torch.cat([state.angles.flatten(1), state.place, 0.1 * state.expression], 1)
    rate = (seen.rate[seen.pairs] / STANDARD_RATE)[:, None]
    step = (moving[seen.pairs + 1] - moving[seen.pairs]) * rate
    cost = torch.zeros(len(seen)).index_add(0, seen.pairs, 0.05 * (step**2).sum(1))
    if len(seen.pairs) > 1:
        on = seen.pairs[1:] == seen.pairs[:-1] + 1
        bend = (step[1:] - step[:-1]) * rate[1:]
        cost = cost.index_add(0, seen.pairs[1:], (bend**2).sum(1) * on)
    return cost


def shape_prior(state: State, seen: Evidence) -> Tensor:
    """Close to the mean body, the neutral expression and the mean face."""
    own = (state.offsets**2).sum((1, 2))
    return ((state.betas**2).sum(1) + 30 * own)[seen.sequence] + (state.expression**2).sum(1)


TERMS: dict[str, Callable[[State, Evidence], Tensor]] = {
    function.__name__: function
    for function in (body_points, hand_bones, hand_points, depth, face_points, pose_prior,
                     smoothness, shape_prior)
}  # fmt: skip


def _stiffness() -> list[float]:
    """How much each joint is drawn to rest: arms little, spine and pelvis much."""
    stiff = {"pelvis": 80, "spine1": 80, "spine2": 80, "spine3": 80, "neck": 2, "head": 2, "jaw": 1}
    stiff |= {f"{side}_collar": 3 for side in ("left", "right")}
    stiff |= {f"{side}_{part}": 0.3 for side in ("left", "right") for part in ("shoulder", "elbow")}
    return [stiff.get(name, 0.5) for name in NAMES]


STIFF = _stiffness()
assert INDEX["left_index1"] == HANDS_AT
