"""Where a signer's joints are in a picture: what a generator draws and a detector should find."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from slt_lib.body.evidence import TO_BODY
from slt_lib.body.model import Body
from slt_lib.body.motion import BodyMotion
from slt_lib.body.skeleton import to_skeleton
from slt_lib.pose.errors import SLTError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.rendering.camera import Camera

SHOULDERS = (0, 3)


@dataclass(frozen=True, eq=False)
class PictureKeypoints:
    """The 178 joints of SLRTP order in N pictures of one size.

    Attributes:
        places: Pixels to the right and down, float32 [N, 178, 2]; 0 where not seen.
        depths: Away from the camera, from the middle of the shoulders, in shoulder widths,
            float32 [N, 178]; 0 where not seen.
        seen: bool [N, 178].
        height, width: Of the pictures, pixels.

    Raises:
        SLTError: If shapes differ, or a joint that was seen is nowhere (not finite).

    Chapter: 07_signgan
    """

    places: np.ndarray
    depths: np.ndarray
    seen: np.ndarray
    height: int
    width: int

    def __post_init__(self) -> None:
        shape = (len(self.places), len(SLRTP_178))
        given = self.places.shape, self.depths.shape, self.seen.shape
        if given != ((*shape, 2), shape, shape) or min(self.height, self.width) < 1:
            raise SLTError(f"Keypoints of shapes {given} in {self.width}×{self.height} pixels "
                           "don't belong together.")  # fmt: skip
        seen = np.asarray(self.seen, bool)
        for name in ("places", "depths"):
            values = np.asarray(getattr(self, name), np.float32)
            where = seen[..., None] if name == "places" else seen
            values = np.where(where, values, 0)
            if not np.isfinite(values).all():
                raise SLTError("A keypoint that was seen is nowhere.",
                               fix="Mask what isn't finite.")  # fmt: skip
            object.__setattr__(self, name, values)
        object.__setattr__(self, "seen", seen)

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, chosen) -> "PictureKeypoints":
        """Some of the pictures, by a slice, numbers or a mask."""
        numbers = np.atleast_1d(np.arange(len(self))[chosen])
        return PictureKeypoints(self.places[numbers], self.depths[numbers], self.seen[numbers],
                                self.height, self.width)  # fmt: skip

    def resized(self, height: int, width: int) -> "PictureKeypoints":
        """The same in pictures of another size."""
        factor = np.array([width / self.width, height / self.height], np.float32)
        return PictureKeypoints(self.places * factor, self.depths, self.seen, height, width)


def body_keypoints(
    body: Body, motion: BodyMotion, cameras: Camera | Sequence[Camera]
) -> PictureKeypoints:
    """Where cameras see a body's joints.

    Args:
        body: The signer's body model.
        motion: N poses; a joint whose turns weren't seen isn't seen.
        cameras: One, or N of one size.

    Raises:
        SLTError: If there are neither one nor N cameras, or their sizes differ.

    Chapter: 07_signgan
    """
    cameras = [cameras] if isinstance(cameras, Camera) else list(cameras)
    cameras = cameras * (len(motion) if len(cameras) == 1 else 1)
    if len(cameras) != len(motion) or len({(c.height, c.width) for c in cameras}) > 1:
        raise SLTError(f"{len(motion)} poses, {len(cameras)} cameras, or cameras of several sizes.",
                       fix="Give one camera, or one per pose, of one size.")  # fmt: skip
    skeleton = to_skeleton(body, motion)
    points = torch.from_numpy(skeleton.positions * TO_BODY)
    places, depths = (np.zeros((*points.shape[:2], *more), np.float32) for more in ((2,), ()))
    for i, camera in enumerate(cameras):
        where, depth = camera.project(points[i])
        places[i], depths[i] = where.numpy(), depth.numpy()
    height, width = (cameras[0].height, cameras[0].width) if cameras else (1, 1)
    metres = np.linalg.norm(np.diff(skeleton.positions[:, SHOULDERS], axis=1)[:, 0], axis=-1)
    depths = _from_shoulders(depths, metres, skeleton.mask)
    return PictureKeypoints(places, depths, skeleton.mask, height, width)


def pose_keypoints(pose: PoseSequence, height: int, width: int) -> PictureKeypoints:
    """The keypoints of a recording in the pixels of its own pictures, as it was read.

    Args:
        pose: With `meta` "width" and "height", N frames, not normalised.
        height, width: The size that its pictures are made.

    Raises:
        SLTError: If the recording's size isn't known.

    Chapter: 07_signgan
    """
    high, wide = pose.meta.get("height"), pose.meta.get("width")
    if not (high and wide):
        raise SLTError("The recording's width and height aren't known.",
                       fix="Write them into the .pose file's header.")  # fmt: skip
    pose = pose.to(SLRTP_178)
    positions = np.where(pose.mask[..., None], pose.positions, 0).astype(np.float32)
    span = np.linalg.norm(np.diff(positions[:, SHOULDERS, :2], axis=1)[:, 0], axis=-1)
    seen = pose.mask[:, SHOULDERS].all(1) & (span > 0)
    usual = float(np.median(span[seen])) if seen.any() else float(wide) / 4
    depths = _from_shoulders(positions[..., 2], np.full(len(pose), usual), pose.mask)
    places = positions[..., :2] * np.array([width / wide, height / high], np.float32)
    return PictureKeypoints(places, depths, pose.mask, height, width)


def together(several: Sequence[PictureKeypoints]) -> PictureKeypoints:
    """Keypoints of several pictures of one size as one.

    Raises:
        SLTError: If there are none, or the pictures' sizes differ.

    Chapter: 07_signgan
    """
    if len({(one.height, one.width) for one in several}) != 1:
        raise SLTError("Keypoints in pictures of several sizes, or of none, can't be put together.",
                       fix="Make them equal by `resized`.")  # fmt: skip
    parts = (np.concatenate([getattr(one, name) for one in several])
             for name in ("places", "depths", "seen"))  # fmt: skip
    return PictureKeypoints(*parts, several[0].height, several[0].width)


def shoulder_width(keypoints: PictureKeypoints) -> float:
    """The signer's shoulder width in the pictures, pixels: the widest that most of them show.

    Raises:
        SLTError: If no picture shows both shoulders.

    Chapter: 08_rendering_comparison
    """
    ends = list(SHOULDERS)
    seen = keypoints.seen[:, ends].all(1)
    if not seen.any():
        raise SLTError("No picture shows both shoulders.", fix="Leave such clips out.")
    widths = np.linalg.norm(np.diff(keypoints.places[seen][:, ends], axis=1)[:, 0], axis=-1)
    return max(float(np.quantile(widths, 0.9)), 1.0)


def _from_shoulders(depths: np.ndarray, widths: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Depths [N, 178] from the shoulders that were seen, in shoulder widths [N].

    Where none was, those of the other pictures count; without any, the joints that were seen do.
    """
    known = np.where(seen, depths, np.nan)
    ends = list(SHOULDERS)
    shown = seen[:, ends].any(1)
    middle = np.zeros(len(depths))
    middle[shown] = np.nanmean(known[shown][:, ends], 1)
    if shown.any():
        middle[~shown] = np.median(middle[shown])
    elif seen.any():
        middle[:] = np.nanmedian(known)
    return (depths - middle[:, None]) / np.maximum(widths, 1e-6)[:, None]
