"""From video to pose: MediaPipe Holistic, run in an environment of its own.

MediaPipe 0.10.21 is the last release that carries the Holistic models in its wheel, and it
needs packages older than this library's. `make video-env` therefore puts it, with pose-format,
into `.venv-video`, and pose-format's own `video_to_pose` command is called there.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import threading
from collections import deque
from pathlib import Path

from slt_lib.pose.errors import MissingPartError, PoseFileError
from slt_lib.pose.io.pose_file import read_pose, write_pose
from slt_lib.pose.sequence import PoseSequence

ESTIMATOR = "mediapipe-0.10.21-complexity-1"


def video_command() -> Path:
    """The `video_to_pose` command of the video environment.

    It is looked for in the folder that the environment variable `SLT_VIDEO_ENV` names, else
    in `.venv-video` of the working directory and of this library's checkout.

    Raises:
        MissingPartError: If it isn't there.
    """
    named = os.environ.get("SLT_VIDEO_ENV")
    checkout = Path(__file__).resolve().parents[2]
    folders = [Path(named)] if named else [Path(".venv-video"), checkout / ".venv-video"]
    for folder in folders:
        command = folder / "bin" / "video_to_pose"
        if command.is_file():
            return command.absolute()
    raise MissingPartError(
        "Estimating poses from video needs the video environment, which isn't there.",
        file=folders[0],
        fix="Run `make video-env` once (about 1 GB), or set SLT_VIDEO_ENV to its folder.",
    )


def video_to_pose(
    path: str | Path,
    cache: str | Path | None = "build/video_poses",
    timeout: float = 3600.0,
    progress: bool = False,
) -> PoseSequence:
    """Estimates the poses of a video, or takes them from the cache if they are known.

    Args:
        path: A video file; its own frame rate is kept.
        cache: Folder of poses by content hash of their video; None to keep nothing.
        timeout: Seconds after which the estimate is given up (about 24 frames take one).
        progress: Whether to show MediaPipe's progress on standard error.

    Returns:
        A sequence on MediaPipe's 576 landmarks, a frame for each of the video's; x and y in
        pixels, z in shares of the image width, which `meta["z_scale"]` gives to `fix_depth`.

    Raises:
        MissingPartError: If the video environment isn't there.
        PoseFileError: If the video can't be read, or takes longer than `timeout`.

    Chapter: 01_signing_poses
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            key = hashlib.file_digest(stream, "sha256").hexdigest()[:24]
    except OSError as error:
        raise PoseFileError(
            f"The video can't be opened: {error.strerror}.", file=path, fix="Check the path."
        ) from error
    kept = Path(cache) / f"{key}-{ESTIMATOR}.pose" if cache is not None else None
    if kept is not None and kept.is_file():
        pose = read_pose(kept)
    else:
        pose = _estimate(path, timeout, progress)
        if kept is not None:
            write_pose(pose, kept)
    known = {"file": str(path), "estimator": ESTIMATOR, "z_scale": pose.meta["width"]}
    return pose.replace(meta={**pose.meta, **known})


def _estimate(path: Path, timeout: float, progress: bool) -> PoseSequence:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "video.pose"
        command = [video_command(), "-i", path.absolute(), "-o", out, "--format", "mediapipe"]
        command += ["--additional-config", "model_complexity=1"]
        code, said = _run([str(part) for part in command], folder, timeout, progress)
        if code is None:
            raise PoseFileError(
                f"Estimating its poses took longer than {timeout:g} s.",
                file=path,
                fix="Cut the video into shorter ones, or allow more time.",
            )
        if code or not out.is_file():
            raise PoseFileError(
                f"MediaPipe could not read it ({said or f'exit code {code}'}).",
                file=path,
                fix="Convert it to H.264 in .mp4, for example with ffmpeg.",
            )
        return read_pose(out)


def _run(command: list[str], folder: str, timeout: float, progress: bool) -> tuple[int | None, str]:
    """Runs a command; its exit code (None when time ran out) and its last words."""
    late = threading.Event()
    said: deque[str] = deque(maxlen=1)
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, errors="replace",
    ) as process:  # fmt: skip
        timer = threading.Timer(timeout, lambda: (late.set(), process.kill()))
        timer.start()
        try:
            for line in process.stderr:
                if progress and "it/s" in line:
                    print(f"\r{line.strip()}", end="", file=sys.stderr, flush=True)
                elif line.strip():
                    said.append(line.strip()[:300])
        finally:
            timer.cancel()
            if progress:
                print(file=sys.stderr)
    return (None if late.is_set() else process.returncode), "".join(said)
