"""The pose sequence: what a signer's joints did, frame by frame, and which were seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from slt_lib.pose.errors import PoseError
from slt_lib.pose.skeleton import SLRTP_178, Skeleton


@dataclass(frozen=True, eq=False)
class PoseSequence:
    """Joint positions over time, with a confidence for each joint in each frame.

    A joint with confidence 0 was not seen. It is *masked*: its stored position is 0
    and nothing may read it. Positions that are not finite are masked on the way in.

    Args:
        positions: float32 [frames, joints, 3]; x to the image's right, y down, z away from
            the camera; pixels as read, shoulder widths after `normalise`.
        confidence: float32 [frames, joints] in [0, 1]; values above 1 are clamped.
        fps: Frames per second, above 0.
        skeleton: The joints' names and order.
        meta: Anything known of where the numbers come from (file, units, reader's notes).

    Raises:
        PoseError: If shapes, frame rate or confidences make no sense.

    Chapter: 01_signing_poses
    """

    positions: np.ndarray
    confidence: np.ndarray
    fps: float
    skeleton: Skeleton = SLRTP_178
    meta: Mapping = field(default_factory=dict)

    def __post_init__(self) -> None:
        positions = np.asarray(self.positions, dtype=np.float32)
        confidence = np.asarray(self.confidence, dtype=np.float32)
        shape = (len(positions) if positions.ndim else 0, len(self.skeleton))
        if positions.shape != (*shape, 3) or confidence.shape != shape:
            raise PoseError(
                f"Skeleton {self.skeleton.name!r} needs positions [frames, {shape[1]}, 3] and "
                f"confidence [frames, {shape[1]}], not {positions.shape} and {confidence.shape}."
            )
        if not (np.isfinite(self.fps) and 0 < self.fps <= 1000):
            raise PoseError(f"A frame rate of {self.fps} frames per second makes no sense.")
        finite = np.isfinite(positions.sum()) and np.isfinite(confidence.sum())  # one cheap look
        if not finite:
            broken = ~np.isfinite(positions).all(-1)
            confidence = np.where(broken, 0, np.nan_to_num(confidence, nan=0.0))
            positions = np.where(broken[..., None], np.float32(0), positions)
        confidence = np.clip(confidence, 0, 1)
        unseen = confidence == 0
        if unseen.any():
            positions = positions * (~unseen).astype(np.float32)[..., None]
        object.__setattr__(self, "positions", positions)
        object.__setattr__(self, "confidence", confidence)
        object.__setattr__(self, "fps", float(self.fps))
        object.__setattr__(self, "meta", MappingProxyType(dict(self.meta)))

    def __reduce__(self):
        return PoseSequence, (
            self.positions,
            self.confidence,
            self.fps,
            self.skeleton,
            dict(self.meta),
        )

    def __repr__(self) -> str:
        return f"PoseSequence({len(self)} frames at {self.fps:g} fps, {self.skeleton.name})"

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, frames: slice) -> "PoseSequence":
        if not isinstance(frames, slice):
            raise PoseError("Take a slice of frames (pose[3:4]), so that the result is a sequence.")
        fps = self.fps / abs(frames.step or 1)
        return self.replace(
            positions=self.positions[frames], confidence=self.confidence[frames], fps=fps
        )

    @property
    def mask(self) -> np.ndarray:
        """Which joints were seen, bool [frames, joints]."""
        return self.confidence > 0

    @property
    def seconds(self) -> float:
        """How long the sequence lasts: every frame is shown for 1 / fps."""
        return len(self) / self.fps

    def replace(self, **changes) -> "PoseSequence":
        """A copy with some fields changed."""
        return replace(self, **changes)

    def moved(self, positions: np.ndarray, confidence: np.ndarray | None = None) -> "PoseSequence":
        """A copy with other numbers that are known to be sound, unchecked: for inner loops.

        Args:
            positions: float32 [frames, joints, 3], finite, 0 where masked.
            confidence: float32 [frames, joints] in [0, 1]; None keeps this sequence's.
        """
        new = object.__new__(PoseSequence)
        new.__dict__.update(self.__dict__, positions=positions)
        if confidence is not None:
            new.__dict__["confidence"] = confidence
        return new

    def group(self, name: str) -> np.ndarray:
        """Joint numbers of a body part (`body`, `right_hand`, `left_hand`, `face`), int array."""
        return self.skeleton.groups[name]

    def hide(
        self, joints: Sequence[int] | np.ndarray, frames: slice = slice(None)
    ) -> "PoseSequence":
        """The sequence with some joints masked in some frames.

        Chapter: 01_signing_poses
        """
        confidence = self.confidence.copy()
        confidence[frames, joints] = 0
        return self.replace(confidence=confidence)

    def to(self, skeleton: Skeleton) -> "PoseSequence":
        """The same signing on another skeleton: joints matched by name, missing ones masked.

        Args:
            skeleton: The skeleton wanted.

        Raises:
            PoseError: If the two skeletons share no joint.

        Chapter: 01_signing_poses
        """
        if skeleton is self.skeleton:
            return self
        pairs = [
            (new, self.skeleton.index[j])
            for j, new in skeleton.index.items()
            if j in self.skeleton.index
        ]
        if not pairs:
            raise PoseError(
                f"Skeletons {self.skeleton.name!r} and {skeleton.name!r} share no joint."
            )
        new, old = np.array(pairs).T
        positions = np.zeros((len(self), len(skeleton), 3), np.float32)
        confidence = np.zeros((len(self), len(skeleton)), np.float32)
        positions[:, new], confidence[:, new] = self.positions[:, old], self.confidence[:, old]
        return self.replace(positions=positions, confidence=confidence, skeleton=skeleton)

    def mirrored(self, width: float = 0.0) -> "PoseSequence":
        """The sequence seen in a mirror: a left-handed signer becomes a right-handed one.

        Face points whose place on the face isn't known (SLRTP files) are masked.

        Args:
            width: The x that 0 is mapped to: 0 for normalised poses, the image's width for pixels.

        Chapter: 01_signing_poses
        """
        positions = self.positions[:, self.skeleton.mirror] * np.float32([-1, 1, 1])
        shift = np.full(len(self.skeleton), width, np.float32)
        shift[self.skeleton.groups.get("world", [])] = 0  # metres about their own origin
        positions[..., 0] += shift
        confidence = self.confidence[:, self.skeleton.mirror]
        confidence[:, self.skeleton.unplaced] = 0
        return self.replace(positions=positions, confidence=confidence)


def concatenate(poses: Sequence[PoseSequence]) -> PoseSequence:
    """Pose sequences one after the other.

    Args:
        poses: At least one; all of one skeleton and one frame rate.

    Raises:
        PoseError: If there is none, or skeletons or frame rates differ.

    Chapter: 01_signing_poses
    """
    if not poses:
        raise PoseError("There is nothing to concatenate.")
    first = poses[0]
    for pose in poses[1:]:
        if pose.skeleton is not first.skeleton:
            raise PoseError(
                f"Can't join skeletons {first.skeleton.name!r} and {pose.skeleton.name!r}.",
                fix="Convert one with .to(skeleton) first.",
            )
        if not np.isclose(pose.fps, first.fps, rtol=1e-4):
            raise PoseError(
                f"Can't join {first.fps:g} and {pose.fps:g} frames per second.",
                fix="Convert with to_fps(pose, fps) first.",
            )
    return first.replace(
        positions=np.concatenate([pose.positions for pose in poses]),
        confidence=np.concatenate([pose.confidence for pose in poses]),
    )
