"""Stitching in rotation space: joints turn from one sign to the next, instead of points moving."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from slt_lib.body.evidence import TO_BODY
from slt_lib.body.fit import FitSettings, fit_bodies
from slt_lib.body.joints import INDEX
from slt_lib.body.kinematics import KEYPOINTS, Rig, chain, rotation_matrices
from slt_lib.body.model import Body
from slt_lib.body.motion import BodyMotion
from slt_lib.pose.bones import bone_vectors
from slt_lib.pose.errors import PoseError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import BODY_HANDS_50
from slt_lib.stitching.transition import LOOKED_AT, bridge


def slerp(a: np.ndarray, b: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The shortest way from some turns to others, at constant speed.

    Args:
        a, b: Axis times angle, radians, float [..., 3].
        shares: Of the way, in 0 to 1, shape [frames] or any that goes with [..., 1].

    Returns:
        Axis times angle, float32, shares' shape before that of a.

    Source: Shoemake, Animating rotation with quaternion curves, SIGGRAPH 1985.
    Chapter: 05_body
    """
    flat_a, flat_b = Rotation.from_rotvec(np.reshape(a, (-1, 3))), np.reshape(b, (-1, 3))
    way = (flat_a.inv() * Rotation.from_rotvec(flat_b)).as_rotvec()
    steps = [(flat_a * Rotation.from_rotvec(way * s)).as_rotvec() for s in np.ravel(shares)]
    return np.asarray(steps, np.float32).reshape(*np.shape(shares), *np.shape(a))


def turn_between(before: BodyMotion, after: BodyMotion, frames: int) -> BodyMotion:
    """The frames between two movements of one body.

    Args:
        before, after: Each at least one frame, same frame rate; the first one's shape is kept.
        frames: How many.

    Raises:
        PoseError: If one is empty or the frame rates differ.
    """
    if not (len(before) and len(after)) or not np.isclose(before.fps, after.fps):
        raise PoseError("Two movements of one frame rate are needed, each with a frame.",
                        fix="Leave out empty ones; convert with to_fps first.")  # fmt: skip
    s = np.arange(1, frames + 1, dtype=np.float32) / (frames + 1)
    ends = (before.expression[-1], after.expression[0]), (before.transl[-1], after.transl[0])
    between = [a + s[:, None] * (b - a) for a, b in ends]
    turns = slerp(before.rotations[-1], after.rotations[0], s)
    seen = np.repeat((before.seen[-1] & after.seen[0])[None], frames, 0)
    return BodyMotion(turns, before.fps, before.betas, *between, seen)


class TurningBridge:
    """What the stitcher puts between signs when a body does the moving (`Stitcher(bridge=...)`).

    A body is fitted to the ends of the two signs, and its joints turn from the one pose to the
    other. Each bone of the skeleton rides on the joint that carries it, so it keeps its length,
    and the way starts and ends exactly where the signs do. A bone without a seen parent, the face,
    and everything where an end shows no pair of shoulders, move in a line.

    Args:
        body: Any.
        settings: Of the fits; by default depth counts, as canonical signs have it.

    Chapter: 05_body
    """

    def __init__(self, body: Body, settings: FitSettings | None = None) -> None:
        self.body, self.settings = body, settings or FitSettings(deep=True)
        self.rig = Rig.of(body)

    def __call__(
        self, ends: Sequence[tuple[PoseSequence, PoseSequence]], frames: Sequence[int]
    ) -> list[np.ndarray]:
        """Positions of the frames between some pairs of signs.

        Args:
            ends: Canonical 178-joint signs, before and after, each at least one frame.
            frames: How many are wanted between each.

        Returns:
            Per pair, float32 [frames, 50, 3]: arms and hands.
        """
        looked = [(a[-LOOKED_AT:], b[:LOOKED_AT]) for a, b in ends]
        fit = [all(map(_has_shoulders, pair)) for pair in looked]
        chosen = [end for pair, good in zip(looked, fit, strict=True) if good for end in pair]
        motions = iter(fit.motion for fit in fit_bodies(self.body, chosen, self.settings))
        return [
            self._between(a, b, next(motions), next(motions), count) if good
            else bridge(a, b, count).positions[:, :50]
            for (a, b), good, count in zip(ends, fit, frames, strict=True)
        ]  # fmt: skip

    def _between(
        self, before: PoseSequence, after: PoseSequence, first: BodyMotion, last: BodyMotion,
        count: int,
    ) -> np.ndarray:  # fmt: skip
        s = np.arange(1, count + 1, dtype=np.float32)[:, None, None] / (count + 1)
        straight = bridge(before, after, count).positions[:, :50]
        worlds = [self._world(m) for m in (first[-1:], turn_between(first, last, count), last[:1])]
        ends = (before.positions[-1:], before.mask[-1:]), (after.positions[:1], after.mask[:1])
        ridden = [
            np.einsum("fjrc,fjr->fjc", world, bone_vectors(*end, before.skeleton)[:, :50])
            for world, end in zip(worlds[::2], ends, strict=True)
        ]  # each bone as the joint that carries it sees it
        between = (1 - s) * ridden[0] + s * ridden[1]
        length = [np.linalg.norm(bones, axis=-1, keepdims=True) for bones in (*ridden, between)]
        wanted = (1 - s) * length[0] + s * length[1]
        between = between * wanted / np.maximum(length[2], 1e-8)
        return _joined(np.einsum("fjrc,fjc->fjr", worlds[1], between), straight)

    def _world(self, motion: BodyMotion) -> np.ndarray:
        """How the joint that carries each bone is turned, in our axes, float [F, 50, 3, 3]."""
        turns = rotation_matrices(torch.from_numpy(motion.rotations))
        rest = self.rig.rest(torch.from_numpy(motion.betas)[None])[0].expand(len(motion), -1, -1)
        world = chain(rest, turns)[1][:, list(CARRIERS)].numpy()
        return world * TO_BODY[:, None] * TO_BODY


def _has_shoulders(pose: PoseSequence) -> bool:
    return bool(pose.mask[:, pose.skeleton.ids("RIGHT_SHOULDER", "LEFT_SHOULDER")].all(1).any())


def _joined(bones: np.ndarray, straight: np.ndarray) -> np.ndarray:
    """Bones [F, 50, 3] put end to end; where one is unknown (NaN), the straight way instead."""
    out = straight.copy()
    for joint, parent in enumerate(BODY_HANDS_50.parents):
        at = bones[:, joint] + (out[:, parent] if parent >= 0 else 0)
        out[:, joint] = np.where(np.isfinite(at), at, straight[:, joint])
    return out


def _carriers() -> tuple[int, ...]:
    """The joint that each of the 50 keypoints' bones rides on."""
    found = []
    for joint, parent in enumerate(BODY_HANDS_50.parents):
        name = BODY_HANDS_50.joints[joint]
        trunk = parent < 0 or name.endswith("HIP")
        at = KEYPOINTS[parent]
        found.append(INDEX["spine3"] if trunk else at)
    return tuple(found)


CARRIERS = _carriers()
