"""A video file looked through to its end: when its frames are shown, and how large they are."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slt_lib.pose.errors import PoseFileError

CONVERT = "Convert or export it again, for example with ffmpeg to H.264 in .mp4."


@dataclass(frozen=True, eq=False)
class VideoFile:
    """What a video file holds.

    Attributes:
        path: Where it is.
        times: When each frame is shown, seconds from the first, rising, float [frames].
        width, height: Of its pictures as they are stored, pixels.

    Chapter: 15_your_own_data
    """

    path: Path
    times: np.ndarray
    width: int
    height: int

    @property
    def fps(self) -> float:
        """Frames per second, by the median time from frame to frame; NaN for a single frame."""
        return 1 / float(np.median(np.diff(self.times))) if len(self.times) > 1 else float("nan")

    @property
    def steady(self) -> bool:
        """Whether frames follow each other in equal times, a tenth of them left out."""
        steps = np.diff(self.times)
        if not len(steps):
            return True
        off = np.abs(steps / np.median(steps) - 1)
        return bool(np.quantile(off, 0.9) < 0.25)


def look_through(path: str | Path) -> VideoFile:
    """Decode a video to its end: a damaged one otherwise shows hours later.

    Raises:
        PoseFileError: If it can't be read, has no or damaged frames, or doesn't say when they
            are shown.

    Chapter: 15_your_own_data
    """
    import av

    path, times, corrupt, size = Path(path), [], 0, (0, 0)
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                times.append(frame.time)
                corrupt += frame.is_corrupt
                size = frame.width, frame.height
    except (OSError, av.error.FFmpegError, IndexError) as error:
        raise PoseFileError(f"It can't be read as a video: {error}, after {len(times)} frames.",
                            file=path, fix=CONVERT) from error  # fmt: skip
    if not times or corrupt:
        raise PoseFileError(f"{corrupt} of its {len(times)} frames are damaged." if times else
                            "It has no frames.", file=path, fix=CONVERT)  # fmt: skip
    if None in times or (np.diff(times) <= 0).any():
        raise PoseFileError("It doesn't say when its frames are shown.", file=path, fix=CONVERT)
    return VideoFile(path, np.array(times, float) - times[0], *size)
