"""Opening other people's files: sizes bounded, writes atomic, one kind of error."""

import gzip
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from slt_lib.pose.errors import PoseError, PoseFileError, SLTError

LARGEST_FILE = 2 << 30  # bytes that a reader is ready to hold in memory at once
FPS_RANGE = (0.1, 1000.0)  # frame rates outside it are slips, not recordings


@contextmanager
def refusing(path: Path, kind: str, fix: str) -> Iterator[None]:
    """Turns what goes wrong inside into one PoseFileError that names the file.

    Parsers of damaged files raise whatever their authors happened to; to whoever reads a file
    it is one thing: the file can't be read.

    Args:
        path: The file being read.
        kind: What it should have been ("a .pose file"), for the message.
        fix: What the reader can do.
    """
    try:
        yield
    except PoseFileError:
        raise
    except FileNotFoundError as error:
        raise PoseFileError(
            "There is no such file.", file=path, fix="Check the path and its spelling."
        ) from error
    except SLTError as error:
        raise PoseFileError(error.what, file=path, fix=error.fix or fix) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise PoseFileError(f"Not readable as {kind}: {reason}.", file=path, fix=fix) from error
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:200]
        raise PoseFileError(f"Not readable as {kind} ({reason}).", file=path, fix=fix) from error


def read_bytes(path: Path, limit: int = LARGEST_FILE) -> bytes:
    """A file's bytes, refused when there are more than `limit`.

    Raises:
        PoseFileError: If the file is larger than `limit`.
        OSError: If it can't be opened.
    """
    size = Path(path).stat().st_size
    if size > limit:
        raise PoseFileError(
            f"{size / 2**20:.0f} MB are more than the {limit / 2**20:.0f} MB that are read.",
            file=path,
            fix="Split the file.",
        )
    return Path(path).read_bytes()


def gunzip(path: Path, limit: int) -> bytes:
    """A gzip file's content, refused when it unpacks to more than `limit` bytes.

    Raises:
        PoseFileError: If it is no gzip file, is cut short or unpacks to too much.
    """
    fix = "Download the file again."
    with refusing(path, "a gzip file", fix), gzip.open(path) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise PoseFileError(
            f"It unpacks to more than {limit >> 20} MB.",
            file=path,
            fix="This is not what such a file looks like; get it from its publisher.",
        )
    return data


def checked_fps(fps: float) -> float:
    """The frame rate as a float.

    Raises:
        PoseError: If it is not a number between 0.1 and 1000.
    """
    if not FPS_RANGE[0] <= fps <= FPS_RANGE[1]:
        raise PoseError(f"A frame rate of {fps:g} frames per second makes no sense.")
    return float(fps)


@contextmanager
def atomic_write(path: str | Path) -> Iterator[BinaryIO]:
    """A binary file that takes its name only once it is wholly written.

    Args:
        path: Where the file shall stand; its folder is made if need be.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as stream:
            yield stream
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
