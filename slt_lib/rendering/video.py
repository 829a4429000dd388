"""Pictures into video files and out of them, one at a time."""

import base64
from collections.abc import Iterable, Iterator
from fractions import Fraction
from io import BytesIO
from itertools import chain
from pathlib import Path

import av
import numpy as np
from PIL import Image
from tqdm import tqdm

from slt_lib.pose.errors import SLTError
from slt_lib.pose.io.guard import atomic_write, checked_fps

CODECS = ("libx264", "libopenh264", "mpeg4")  # the first that this PyAV can write
QUALITY = {"libx264": {"crf": "18"}, "mpeg4": {"q": "3"}}


def write_video(
    frames: Iterable[np.ndarray], path: str | Path, fps: float, *, total: int | None = None,
    progress: bool = False,
) -> int:  # fmt: skip
    """Write pictures to an mp4 file as they come; it takes its name once it is complete.

    Args:
        frames: Each uint8 [H, W, 3] or float 0 to 1, all of one size. Where a side is odd, its
            last row or column is written twice: video compression needs even sides.
        path: Ending in .mp4.
        fps: Frames per second.
        total: How many there will be, for the progress bar.
        progress: Whether to show one on standard error.

    Returns:
        How many frames were written.

    Raises:
        SLTError: If there is no frame, or one has no pixels, another size, is no picture or isn't
            finite.

    Chapter: 06_signsplat
    """
    rate = Fraction(checked_fps(fps)).limit_denominator(30_000)
    shown = _pictures(tqdm(frames, total=total, disable=not progress, unit=" frames"))
    first = next(shown, None)
    if first is None:
        raise SLTError("There is no frame to write.", file=path, fix="Give at least one picture.")
    height, width = first.shape[:2]
    with atomic_write(path) as file, av.open(file, "w", format="mp4") as container:
        codec = _codec()
        stream = container.add_stream(codec, rate, options=QUALITY.get(codec, {}))
        stream.height, stream.width = height + height % 2, width + width % 2
        stream.pix_fmt = "yuv420p"
        count = 0
        for picture in chain([first], shown):
            even = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
            count += 1
        container.mux(stream.encode(None))
    return count


def read_video(path: str | Path) -> Iterator[np.ndarray]:
    """The frames of a video file, one at a time, uint8 [H, W, 3].

    Raises:
        SLTError: If there is no such file, or it has no video.

    Chapter: 06_signsplat
    """
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                yield frame.to_ndarray(format="rgb24")
    except (OSError, av.error.FFmpegError, IndexError) as error:
        raise SLTError(
            f"It can't be read as a video ({error}).",
            file=path,
            fix="Convert it to H.264 in .mp4, for example with ffmpeg.",
        ) from error


def write_pictures(frames: Iterable[np.ndarray], folder: str | Path) -> int:
    """Write pictures as numbered PNG files, such as 00000.png.

    What is there is overwritten, and numbered pictures beyond the last are removed: a folder never
    mixes two sequences.

    Args:
        frames: Each uint8 [H, W, 3] or float 0 to 1, all of one size.
        folder: It is made if need be.

    Returns:
        How many were written.

    Raises:
        SLTError: If one has no pixels, another size, is no picture or isn't finite.

    Chapter: 06_signsplat
    """
    count = 0
    for count, picture in enumerate(_pictures(frames), start=1):
        with atomic_write(Path(folder) / f"{count - 1:05d}.png") as file:
            Image.fromarray(picture).save(file, format="png")
    for old in Path(folder).glob("*.png"):
        if len(old.stem) >= 5 and old.stem.isdecimal() and int(old.stem) >= count:
            old.unlink()
    return count


def jpeg(picture: np.ndarray, quality: int) -> bytes:
    """A picture, uint8 [H, W, 3] or [H, W], as a JPEG file with colours at full resolution."""
    file = BytesIO()
    image = Image.fromarray(np.ascontiguousarray(picture)).convert("RGB")
    image.save(file, format="jpeg", quality=quality, subsampling=0)
    return file.getvalue()


def as_text(picture: np.ndarray, quality: int = 90) -> str:
    """A picture as JSON can keep it: a JPEG file in base 64.

    Chapter: 06_signsplat
    """
    return base64.b64encode(jpeg(picture, quality)).decode()


def as_bytes(picture: np.ndarray) -> np.ndarray:
    """A picture as uint8 [H, W, 3], whether it is that already or float from 0 to 1.

    Raises:
        SLTError: If it has no pixels, is no picture or isn't finite.
    """
    picture = np.asarray(picture)
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype.kind not in "uf":
        raise SLTError(f"A picture is uint8 or float [H, W, 3], not {picture.dtype} "
                       f"{list(picture.shape)}.")  # fmt: skip
    if 0 in picture.shape:
        raise SLTError(f"A picture of {picture.shape[1]}×{picture.shape[0]} pixels shows nothing.",
                       fix="Give the camera a width and height above 0.")  # fmt: skip
    if picture.dtype == np.uint8:
        return picture
    if not np.isfinite(picture).all():
        raise SLTError("A picture has values that aren't finite.",
                       fix="Look where they come from: a pose or Gaussians with NaN.")  # fmt: skip
    return np.round(picture.clip(0, 1) * 255).astype(np.uint8)


def _pictures(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Frames as bytes, checked to be of one size."""
    size = None
    for number, frame in enumerate(frames):
        picture = as_bytes(frame)
        size = size or picture.shape
        if picture.shape != size:
            raise SLTError(
                f"Frame {number} is {picture.shape[1]}×{picture.shape[0]} pixels, the first was "
                f"{size[1]}×{size[0]}.",
                fix="Render all in one size.",
            )
        yield picture


def _codec() -> str:
    for name in CODECS:
        try:
            return av.codec.Codec(name, "w").name
        except av.codec.codec.UnknownCodecError:
            continue
    raise SLTError("This PyAV can write none of the known video formats.",
                   fix="Install PyAV from PyPI: pip install av.")  # fmt: skip
