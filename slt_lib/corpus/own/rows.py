"""The two sides of somebody's data: what was written down, and what was recorded."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from slt_lib.pose.errors import PoseFileError
from slt_lib.pose.io import Utterance
from slt_lib.pose.sequence import PoseSequence

SPLITS = ("train", "dev", "test")
SPLIT_OF = {
    **{split: split for split in SPLITS},
    **{"training": "train", "valid": "dev", "val": "dev", "validation": "dev"},
    **{"development": "dev", "testing": "test"},
}


@dataclass(frozen=True, eq=False)
class Row:
    """A sentence as somebody wrote it down.

    Attributes:
        said: Name, glosses, text, signer; no pose.
        split: "train", "dev", "test", or "" where nobody said.
        file: The table it stands in.
        place: Where in it.
        span: Where it begins and ends in its recording, milliseconds; (0, 0) is all of it.
        recording: What its recording is called, if not as the sentence.

    Chapter: 15_your_own_data
    """

    said: Utterance
    split: str
    file: Path
    place: str
    span: tuple[int, int] = (0, 0)
    recording: str = ""


@dataclass(frozen=True, eq=False)
class Recording:
    """A recording that isn't read yet.

    Attributes:
        name: What it is called.
        file: Where it stands.
        place: Where in that file.
        read: Gives its pose, as it is in the file.
        video: Its video, where there is one.
        posed: Whether there are poses; if not, `read` estimates them from the video.

    Chapter: 15_your_own_data
    """

    name: str
    file: Path
    place: str
    read: Callable[[], PoseSequence]
    video: Path | None = None
    posed: bool = True


@dataclass(frozen=True, eq=False)
class Item:
    """A row with its recording, None if it has none.

    Chapter: 15_your_own_data
    """

    row: Row
    recording: Recording | None

    @property
    def said(self) -> Utterance:
        """What was written down."""
        return self.row.said

    def read(self) -> Utterance:
        """The sentence with its pose, as it is in the file, cut to its span.

        Raises:
            PoseFileError: If there is no recording, it can't be read, or the span isn't in it.
        """
        if self.recording is None:
            raise PoseFileError(f"{self.said.name!r} has no recording.", file=self.row.file)
        pose = cut(self.recording.read(), self.row.span, self.recording.file)
        return replace(self.said, pose=pose, frames=len(pose))


def cut(pose: PoseSequence, span: tuple[int, int], file: Path) -> PoseSequence:
    """The part of a recording from one time to another, in milliseconds; (0, 0) is all of it.

    Raises:
        PoseFileError: If the span reaches more than a frame out of the recording.
    """
    start, end = span
    if not start and not end:
        return pose
    first, last = math.floor(start * pose.fps / 1000), math.ceil(end * pose.fps / 1000)
    if first >= len(pose) or last > len(pose) + 1:
        raise PoseFileError(
            f"The sentence is said to last from {start} to {end} ms, the recording "
            f"ends at {1000 * pose.seconds:.0f} ms.",
            file=file,
            fix="Correct start and end (milliseconds) in the table.",
        )
    return pose[first : last if end else len(pose)]
