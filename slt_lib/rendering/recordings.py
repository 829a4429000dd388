"""A real signer's recordings in place of simulated ones: videos, their poses and masks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from slt_lib.body import Body, FitVerdict, fit_bodies, residuals, verdict, worth_fitting
from slt_lib.body.fit import Fit
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import read_pose
from slt_lib.pose.sequence import PoseSequence
from slt_lib.rendering.camera import Camera, recorded_camera
from slt_lib.rendering.captures import Captures, captures_from_files, joined

FEWEST_FRAMES = 4  # one of them is held out


def recording_paths(given: Mapping[str, str]) -> list[list[str]]:
    """Paths of videos, poses and masks from lists with commas, checked to belong together.

    Args:
        given: Such as {"video": "a.mp4,b.mp4", "video_pose": "a.pose,b.pose", ...}, by parameter.

    Returns:
        A list of paths per parameter, equally long; empty ones if nothing was given.

    Raises:
        SLTError: If one parameter names fewer files than another, or a file isn't there.

    Chapter: 06_signsplat
    """
    paths = {
        name: [p.strip() for p in said.split(",") if p.strip()] for name, said in given.items()
    }
    most = max(map(len, paths.values()))
    for name, some in paths.items():
        if len(some) != most:
            raise SLTError(
                ", ".join(f"{n} names {len(p)} files" for n, p in paths.items()) + ".",
                fix=f"Give all of them, equally many, or none: {name} is short of some.",
            )
        for path in some:
            if not Path(path).is_file():
                raise SLTError(f"There is no such file ({name}).", file=path, fix="Check the path.")
    return list(paths.values())


def captures_of_recordings(
    body: Body, videos: Sequence[str], poses: Sequence[str], masks: Sequence[str], height: int
) -> tuple[Captures, Captures]:
    """Captures of one signer's recordings; the last quarter of each one's frames is held out.

    Args:
        body: Fitted to the poses; one build for all of them.
        videos, poses, masks: Paths, equally many: a video, its `.pose` file, and a video that is
            white where the signer is.
        height: Of the captures, pixels.

    Returns:
        Those to train on, and those to judge by.

    Raises:
        SLTError: If a recording shows no body well enough, its fit can't be believed, its
            picture's size isn't known, or it has too few frames.

    Chapter: 06_signsplat
    """
    read = [read_pose(path) for path in poses]
    for pose, path in zip(read, poses, strict=True):
        _checked(pose, path)
    fits = fit_bodies(body, read, signers=["the signer"] * len(read))
    taken: list[Captures] = []
    for pose, fit, *files in zip(read, fits, videos, poses, masks, strict=True):
        _believed(verdict(residuals(body, pose, fit)), files[1])
        behind = taken[0].background if taken else None
        camera = _camera(pose, fit, height)
        taken.append(captures_from_files(body, files[0], fit.motion, [camera], files[2],
                                         background=behind))  # fmt: skip
    ends = [len(one) * 3 // 4 for one in taken]
    return (
        joined([one[:end] for one, end in zip(taken, ends, strict=True)]),
        joined([one[end:] for one, end in zip(taken, ends, strict=True)]),
    )


def squared(captures: Captures) -> Captures:
    """The middle of captures that are wider than high, as square pictures.

    Raises:
        SLTError: If they are higher than wide.

    Chapter: 08_rendering_comparison
    """
    height, width = captures.pictures.shape[1:3]
    if height > width:
        raise SLTError(f"Pictures of {width}×{height} pixels are higher than wide.",
                       fix="Cut the video to a square around the signer.")  # fmt: skip
    left = (width - height) // 2
    part = np.s_[:, :, left : left + height]
    cameras = []
    for camera in captures.cameras:
        K = camera.K.clone()
        K[0, 2] -= left
        cameras.append(replace(camera, K=K, width=height))
    behind = captures.background
    behind = behind[:, left : left + height] if np.ndim(behind) == 3 else behind
    return Captures(captures.pictures[part], captures.masks[part], captures.regions[part],
                    cameras, captures.motion, behind)  # fmt: skip


def _checked(pose: PoseSequence, path: str) -> None:
    _believed(worth_fitting(pose), path)
    if len(pose) < FEWEST_FRAMES:
        raise SLTError(f"{len(pose)} frames are too few.", file=path, fix="Record more.")
    if not (pose.meta.get("width") and pose.meta.get("height")):
        raise SLTError("Its picture's width and height aren't known.", file=path,
                       fix="Write them into the .pose file's header.")  # fmt: skip


def _believed(found: FitVerdict, path: str) -> None:
    if not found.fitted:
        raise SLTError(" ".join(found.why), file=path,
                       fix="Record the signer from the front, head to waist.")  # fmt: skip


def _camera(pose: PoseSequence, fit: Fit, height: int) -> Camera:
    """The recording's camera with smaller pictures."""
    wide, high = int(pose.meta["width"]), int(pose.meta["height"])
    return recorded_camera(fit, wide, high).resized(round(height * wide / high), height)
