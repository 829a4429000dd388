"""A signer's movement as pictures, one after the other."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from slt_lib.body.model import Body
from slt_lib.body.motion import BodyMotion, posed_vertices
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.avatar import Avatar
from slt_lib.rendering.camera import Camera
from slt_lib.rendering.rasterise import rasterise
from slt_lib.stitching.regression import one_thread

BATCH = 32  # frames that are posed at once


def pictures(
    avatar: Avatar,
    body: Body,
    motion: BodyMotion,
    cameras: Camera | Sequence[Camera],
    background: np.ndarray | tuple[float, float, float] = (0.8, 0.8, 0.8),
    *,
    backend: str = "auto",
) -> Iterator[np.ndarray]:
    """Render an avatar frame by frame; memory doesn't grow with the sequence.

    Args:
        avatar: Who signs; the build is the motion's.
        body: The model that the avatar was made on.
        motion: F frames.
        cameras: One, or one per frame.
        background: 0 to 1: a colour [3] or a picture [H, W, 3].
        backend: See `rasterise`.

    Yields:
        F pictures, uint8 [H, W, 3], RGB.

    Raises:
        SLTError: If there are neither one nor F cameras, or as `rasterise` does.

    Chapter: 06_signsplat
    """
    places = [cameras] * len(motion) if isinstance(cameras, Camera) else list(cameras)
    if len(places) != len(motion):
        raise SLTError(f"{len(places)} cameras can't see {len(motion)} frames.",
                       fix="Give one camera, or one per frame.")  # fmt: skip
    behind = torch.as_tensor(background, dtype=torch.float32)
    for start in range(0, len(motion), BATCH):
        vertices = posed_vertices(body, motion[start : start + BATCH])
        for posed, camera in zip(vertices, places[start : start + BATCH], strict=True):
            with torch.no_grad(), one_thread():
                picture, _ = rasterise(avatar.posed(posed), camera, behind, backend)
                done = (picture.clamp(0, 1) * 255).round().byte().cpu().numpy()
            yield done
