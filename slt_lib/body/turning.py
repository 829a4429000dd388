"""Stitching in rotation space: joints turn from one sign to the next, instead of points moving."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from slt_lib.body.evidence import TO_BODY
from slt_lib.body.fit import FitSettings, fit_bodies
from slt_lib.body.model import Body
from slt_lib.body.motion import BodyMotion
from slt_lib.body.residuals import placed
from slt_lib.pose.errors import PoseError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching.transition import LOOKED_AT


def slerp(a: np.ndarray, b: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The shortest way from some turns to others, at constant speed.

    Args:
        a, b: Axis times angle, radians, float [..., 3].
        shares: Of the way, in 0 to 1, shape [frames] or any that goes with [..., 1].

    Returns:
        Axis times angle, float32, shares' shape before that of a.

    Source: Shoemake, Animating rotation with quaternion curves, SIGGRAPH 1985.
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
        raise PoseError("Two movements of one frame rate are needed, each with a frame.")
    s = np.arange(1, frames + 1, dtype=np.float32) / (frames + 1)
    ends = (before.expression[-1], after.expression[0]), (before.transl[-1], after.transl[0])
    between = [a + s[:, None] * (b - a) for a, b in ends]
    turns = slerp(before.rotations[-1], after.rotations[0], s)
    seen = np.repeat((before.seen[-1] & after.seen[0])[None], frames, 0)
    return BodyMotion(turns, before.fps, before.betas, *between, seen)


class TurningBridge:
    """What the stitcher puts between signs when a body does the moving (`Stitcher(bridge=...)`).

    A body is fitted to the ends of the two signs. Its joints turn from the one pose to the other,
    which keeps bones as long as they are; what the body can't explain of the two ends is blended
    in, so that the way starts and ends exactly where the signs do. The face moves in a line.

    Args:
        body: Any.
        settings: Of the fits; by default depth counts, as canonical signs have it.
    """

    def __init__(self, body: Body, settings: FitSettings | None = None) -> None:
        self.body, self.settings = body, settings or FitSettings(deep=True)

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
        looked = [part for a, b in ends for part in (a[-LOOKED_AT:], b[:LOOKED_AT])]
        fits = fit_bodies(self.body, looked, self.settings)
        return [
            self._between(looked[k : k + 2], fits[k : k + 2], count)
            for k, count in zip(range(0, len(looked), 2), frames, strict=True)
        ]

    def _between(self, signs: Sequence[PoseSequence], fits, count: int) -> np.ndarray:
        first, last = fits
        s = np.arange(1, count + 1, dtype=np.float32)[:, None, None] / (count + 1)
        way = turn_between(first.motion, last.motion, count)
        betas = first.motion.betas + s[:, :, 0] * (last.motion.betas - first.motion.betas)
        place = first.place[-1] + s[:, 0] * (last.place[0] - first.place[-1])
        scale = first.scale + s[:, 0, 0] * (last.scale - first.scale)
        ours = np.concatenate([
            placed(self.body, replace(first, motion=replace(way[k : k + 1], betas=betas[k]),
                                      place=place[k : k + 1], scale=float(scale[k])))
            for k in range(count)
        ])  # fmt: skip
        rest = [sign.positions[at] - (placed(self.body, fit)[at] * TO_BODY)
                for sign, fit, at in zip(signs, fits, (-1, 0), strict=True)]  # fmt: skip
        return (ours * TO_BODY + (1 - s) * rest[0] + s * rest[1])[:, :50]
