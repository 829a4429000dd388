"""A signer's movement as SMPL-X parameters: joint rotations over time, one shape."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from slt_lib.body.joints import INDEX, NAMES
from slt_lib.body.model import EXPRESSIONS, SHAPES, Body
from slt_lib.pose.errors import PoseError

_LEFT, _RIGHT = INDEX["left_index1"], INDEX["right_index1"]


@dataclass(frozen=True, eq=False)
class BodyMotion:
    """SMPL-X parameters frame by frame, and which joints they were seen for.

    Args:
        rotations: Each joint's turn against its parent's, axis times angle in radians,
            float32 [frames, 55, 3]; joint 0 is the whole body's.
        fps: Frames per second, above 0.
        betas: Shape, float32 [10]; zeros (the mean body) by default.
        expression: float32 [frames, 10]; zeros by default.
        transl: Where the body stands, metres, float32 [frames, 3]; zeros by default.
        seen: Which turns rest on something seen, bool [frames, 55]; all by default. The others are
            a guess to look natural with: pictures may use them, losses and distances may not.

    Raises:
        PoseError: If shapes, values or the frame rate make no sense.

    Chapter: 05_body
    """

    rotations: np.ndarray
    fps: float
    betas: np.ndarray | None = None
    expression: np.ndarray | None = None
    transl: np.ndarray | None = None
    seen: np.ndarray | None = None

    def __post_init__(self) -> None:
        rotations = np.asarray(self.rotations, np.float32)
        frames = len(rotations) if rotations.ndim else 0
        shapes = {
            "rotations": (frames, len(NAMES), 3), "betas": (SHAPES,),
            "expression": (frames, EXPRESSIONS), "transl": (frames, 3),
        }  # fmt: skip
        for name, shape in shapes.items():
            given = getattr(self, name)
            array = np.zeros(shape, np.float32) if given is None else np.asarray(given, np.float32)
            if array.shape != shape:
                raise PoseError(f"A body's {name} must be {shape}, not {array.shape}.")
            if not np.isfinite(array).all():
                raise PoseError(f"A body's {name} must be finite.",
                                fix="Leave out the frames that aren't.")  # fmt: skip
            object.__setattr__(self, name, array)
        seen = np.ones((frames, len(NAMES)), bool) if self.seen is None else self.seen
        if np.shape(seen) != (frames, len(NAMES)):
            raise PoseError(f"A body's seen must be {(frames, len(NAMES))}, not {np.shape(seen)}.")
        if not (np.isfinite(self.fps) and 0 < self.fps <= 1000):
            raise PoseError(f"A frame rate of {self.fps} frames per second makes no sense.",
                            fix="Give the recording's, such as 25.")  # fmt: skip
        object.__setattr__(self, "seen", np.asarray(seen, bool))
        object.__setattr__(self, "fps", float(self.fps))

    def __len__(self) -> int:
        return len(self.rotations)

    def __getitem__(self, frames: slice | np.ndarray) -> "BodyMotion":
        """Some frames; a slice with a step has that much fewer per second."""
        if isinstance(frames, int | np.integer):
            frames = slice(int(frames), int(frames) + 1 or None)
        step = abs(frames.step or 1) if isinstance(frames, slice) else 1
        return BodyMotion(
            self.rotations[frames], self.fps / step, self.betas,
            self.expression[frames], self.transl[frames], self.seen[frames],
        )  # fmt: skip

    def parameters(self) -> dict[str, Tensor]:
        """What `Body.smplx` takes, by its names; every one has as many rows as there are frames."""
        turns, frames = torch.from_numpy(self.rotations), len(self)
        return {
            "betas": torch.from_numpy(self.betas).expand(frames, -1),
            "expression": torch.from_numpy(self.expression),
            "transl": torch.from_numpy(self.transl),
            "global_orient": turns[:, 0],
            "body_pose": turns[:, 1:22].flatten(1),
            "jaw_pose": turns[:, 22],
            "leye_pose": turns[:, 23],
            "reye_pose": turns[:, 24],
            "left_hand_pose": turns[:, _LEFT : _LEFT + 15].flatten(1),
            "right_hand_pose": turns[:, _RIGHT : _RIGHT + 15].flatten(1),
        }


def posed_vertices(body: Body, motion: BodyMotion, *, batch: int = 32) -> Tensor:
    """The mesh in every frame.

    Args:
        body: With V vertices.
        motion: F frames.
        batch: Frames posed at once.

    Returns:
        Metres, float32 [F, V, 3].

    Chapter: 05_body
    """
    given = motion.parameters()
    with torch.no_grad():
        parts = [
            body.smplx(**{name: value[k : k + batch] for name, value in given.items()}).vertices
            for k in range(0, len(motion), batch)
        ]
    return torch.cat(parts) if parts else torch.zeros(0, body.vertices, 3)
