"""Long preparations in lots: whatever process is free takes the next one that nobody has."""

from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock, Timeout

OWN, OTHERS = 0, -1  # seconds to wait for a lot that another process has: not at all, or for ever


def share(makers: Mapping[Path, Callable[[], None]]) -> None:
    """Make every file that isn't there yet; several processes may do so at once.

    A process that was killed leaves its lot to the others: its lock ends with it.

    Args:
        makers: By file, what makes it. The file must appear only once it is complete.

    Chapter: 11_video_to_text
    """
    for wait in (OWN, OTHERS):
        for file, make in makers.items():
            if file.exists():
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(file.with_name(f".{file.name}.lock"))
            try:
                lock.acquire(timeout=wait)
            except Timeout:
                continue
            try:
                if not file.exists():
                    make()
            finally:
                lock.release()
