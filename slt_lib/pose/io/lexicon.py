"""Lexicon folders: recordings of isolated signs beside an `index.csv`.

Source: https://github.com/sign-language-processing/spoken-to-signed-translation.
"""

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath

from slt_lib.pose.errors import MissingPartError, PoseFileError
from slt_lib.pose.io.guard import atomic_write, read_bytes, refusing
from slt_lib.pose.io.pose_file import write_pose
from slt_lib.pose.io.single import read
from slt_lib.pose.sequence import PoseSequence

COLUMNS = (
    "path", "spoken_language", "signed_language", "start", "end", "words", "glosses", "priority",
)  # fmt: skip
LARGEST_INDEX = 256 << 20


@dataclass(frozen=True)
class LexiconEntry:
    """One row of an `index.csv`: a recording and what it means.

    Attributes:
        folder: The lexicon's folder.
        path: The recording's path within the folder.
        spoken_language: ISO 639-1 code ("de").
        signed_language: ISO 639-3 code ("gsg" is DGS).
        start: Where the sign begins in the recording, milliseconds.
        end: Where it ends, milliseconds; 0 means at the recording's end.
        words: Spoken-language words, as written in the row.
        glosses: Glosses, as written in the row.
        priority: Lower comes first.

    Chapter: 02_dictionary
    """

    folder: Path
    path: str
    spoken_language: str
    signed_language: str
    start: int
    end: int
    words: str
    glosses: str
    priority: int

    @property
    def file(self) -> Path:
        """Where the recording stands."""
        return self.folder / self.path

    def read(self) -> PoseSequence:
        """The sign's part of the recording.

        An `end` behind the recording's end (as in the bundled lexicon, whose recordings were
        shortened after the index had been written) means the recording's end.

        Raises:
            PoseFileError: If the recording is missing or damaged, or ends before `start`.
        """
        pose = read(self.file)
        first = math.floor(self.start * pose.fps / 1000)
        last = math.ceil(self.end * pose.fps / 1000) if self.end else len(pose)
        if self.start and first >= len(pose):
            raise PoseFileError(
                f"The sign starts at {self.start} ms, the recording ends at "
                f"{pose.seconds * 1000:.0f} ms.",
                file=self.file,
                fix="Correct the row in index.csv.",
            )
        return pose[first:last] if (first, last) != (0, len(pose)) else pose


def bundled_lexicon() -> Path:
    """The folder of real finger-spelled letters that the `spoken-to-signed` package carries.

    626 rows over 600 recordings in 20 signed languages.

    Raises:
        MissingPartError: If the package is not installed.

    Chapter: 01_signing_poses
    """
    try:
        return Path(str(files("spoken_to_signed") / "assets" / "fingerspelling_lexicon"))
    except ModuleNotFoundError as error:
        raise MissingPartError(
            "The bundled recordings come with the package spoken-to-signed, which is missing.",
            fix="pip install spoken-to-signed",
        ) from error


def read_lexicon(folder: str | Path) -> list[LexiconEntry]:
    """The rows of a lexicon folder's `index.csv`; recordings are read later, by `entry.read()`.

    Args:
        folder: A folder with an `index.csv`; columns beyond the eight known ones are ignored.

    Raises:
        PoseFileError: If the index is missing or damaged; bad rows are named by row number.

    Chapter: 02_dictionary
    """
    folder = Path(folder)
    index = folder / "index.csv"
    fix = f"An index.csv has the columns {','.join(COLUMNS)}."
    with refusing(index, "a lexicon index", fix):
        text = read_bytes(index, LARGEST_INDEX).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise PoseFileError(f"Columns {missing} are missing.", file=index, fix=fix)
        entries, bad = [], []
        for row in reader:
            try:
                entries.append(lexicon_entry(folder, row))
            except ValueError as error:
                bad.append(f"row {reader.line_num}: {error}")
    if bad:
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise PoseFileError(
            "; ".join(bad[:5]) + more + ".", file=index, fix="Correct or remove these rows."
        )
    return entries


def lexicon_entry(folder: Path, row: dict) -> LexiconEntry:
    """A row of an `index.csv` as an entry.

    Args:
        folder: The lexicon's folder.
        row: Its fields by column.

    Raises:
        ValueError: If it can't be one; the message says why.

    Chapter: 15_your_own_data
    """
    if None in row or None in row.values():
        raise ValueError("not as many fields as the header has")
    where = PurePosixPath(row["path"].replace("\\", "/"))
    if not row["path"] or "\0" in row["path"] or where.is_absolute() or ".." in where.parts:
        raise ValueError(f"path {row['path'][:80]!r} is not inside the folder")
    numbers = {}
    for name in ("start", "end", "priority"):
        try:
            numbers[name] = int(row[name])
        except ValueError:
            raise ValueError(f"{name} {row[name][:20]!r} is not a whole number") from None
    if numbers["start"] < 0 or (numbers["end"] and numbers["end"] <= numbers["start"]):
        raise ValueError(f"start {numbers['start']} and end {numbers['end']} are no time span")
    known = {name: row[name] for name in COLUMNS}
    return LexiconEntry(folder, **known | {"path": where.as_posix()} | numbers)


def write_lexicon(signs: Iterable[tuple[LexiconEntry, PoseSequence]], folder: str | Path) -> None:
    """Writes a lexicon folder: the recordings as `.pose` files, then its `index.csv`.

    Args:
        signs: Rows, each with its whole recording (rows may share one, by path).
        folder: The folder to fill.

    Raises:
        PoseFileError: If a row's path leaves the folder or is no `.pose` file.

    Chapter: 02_dictionary
    """
    folder, rows, written = Path(folder), [], set()
    for entry, pose in signs:
        row = {name: getattr(entry, name) for name in COLUMNS}
        with refusing(folder, "a lexicon", "Correct the entry."):
            entry = lexicon_entry(folder, {name: str(value) for name, value in row.items()})
            if not entry.path.endswith(".pose"):
                raise ValueError(f"{entry.path} does not end in .pose")
        if entry.path not in written:
            write_pose(pose, entry.file)
            written.add(entry.path)
        rows.append(row)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with atomic_write(folder / "index.csv") as stream:
        stream.write(text.getvalue().encode())
