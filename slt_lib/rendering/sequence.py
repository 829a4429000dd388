"""A signer's movement as pictures, one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from slt_lib.body.fit import FitSettings, fit_bodies
from slt_lib.body.limits import check_limits
from slt_lib.body.model import Body
from slt_lib.body.motion import BodyMotion, posed_vertices
from slt_lib.pose.errors import SLTError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.rendering.avatar import Avatar
from slt_lib.rendering.camera import Camera, orbit
from slt_lib.rendering.captures import chest
from slt_lib.rendering.rasterise import rasterise
from slt_lib.rendering.video import write_pictures, write_video
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
    """Render an avatar frame by frame, on its device; memory doesn't grow with the sequence.

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


def render_skeleton(
    avatar: Avatar,
    body: Body,
    pose: PoseSequence,
    path: str | Path,
    camera: Camera | None = None,
    background: np.ndarray | tuple[float, float, float] = (0.8, 0.8, 0.8),
    *,
    betas: np.ndarray | None = None,
    settings: FitSettings | None = None,
    progress: bool = True,
) -> BodyMotion:
    """Let an avatar sign what a skeleton signs: into a video, or into pictures for a training.

    Args:
        avatar: Who signs.
        body: The model that the avatar was made on.
        pose: Of one signer, F frames, as `fit_bodies` takes it.
        path: An .mp4 file, or a folder for numbered PNG pictures. They are written as they come.
        camera: By default straight before the chest, 256 by 256 pixels.
        background: 0 to 1: a colour [3] or a picture [H, W, 3].
        betas: The avatar's build, float [10]; by default the one that fits the skeleton.
        settings: Of the fit.
        progress: Whether to show it.

    Returns:
        What the body does, F frames.

    Raises:
        SLTError: If no body fits the skeleton or it leaves its limits, or as `pictures` and
            `write_video` do.

    Chapter: 06_signsplat
    """
    motion = fit_bodies(body, [pose], settings)[0].motion
    if betas is not None:
        motion = replace(motion, betas=betas)
    check_limits(motion)
    camera = camera or orbit(target=chest(body, motion.betas))
    made = pictures(avatar, body, motion, camera, background)
    shown = tqdm(made, "signing", len(motion), unit="frame", disable=not progress)
    if Path(path).suffix.lower() == ".mp4":
        write_video(shown, path, motion.fps)
    else:
        write_pictures(shown, path)
    return motion
