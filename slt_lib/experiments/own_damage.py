"""A copy of a whole folder of data, to be damaged on purpose."""

import csv
import io
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from slt_lib.corpus.own import Finding
from slt_lib.corpus.own.tables import COLUMNS
from slt_lib.pose.io import read_pose, write_pose
from slt_lib.pose.sequence import PoseSequence

Wanted = tuple[str, str, str]  # kind of finding, end of the file's name, place ("" for any)


@dataclass
class Damaged:
    """A copy of a whole folder that defects are put into.

    Attributes:
        path: Where it is.
        rows: Of its table of sentences, as they will be saved.
        index: Rows of its lexicon.
        delimiter, encoding: Of the table.

    Chapter: 15_your_own_data
    """

    path: Path
    rows: list[dict] = field(default_factory=list)
    delimiter: str = ","
    encoding: str = "utf-8"
    index: list[dict] = field(default_factory=list)

    @classmethod
    def copy(cls, clean: Path, path: Path) -> "Damaged":
        """A copy of a whole folder, ready to be damaged.

        Args:
            clean: With `annotations.csv` and a lexicon.
            path: The copy, a new folder.
        """
        shutil.copytree(clean, path, copy_function=_link)
        made = cls(path)
        for name, rows in (("annotations.csv", made.rows), ("lexicon/index.csv", made.index)):
            with (path / name).open(encoding="utf8", newline="") as file:
                rows += csv.DictReader(file)
        return made

    def file(self, n: int) -> Path:
        """The recording of row n."""
        return self.path / self.rows[n]["file"]

    def change(self, n: int, how: Callable[[PoseSequence], PoseSequence]) -> None:
        """Put another pose in the place of row n's."""
        write_pose(how(read_pose(self.file(n))), self.file(n))

    def bytes(self, path: Path, data: bytes) -> None:
        """Put other bytes in a file's place."""
        path.unlink(missing_ok=True)
        path.write_bytes(data)

    def save(self) -> Path:
        """Write the tables."""
        for name, columns, rows, delimiter in (
            ("annotations.csv", COLUMNS, self.rows, self.delimiter),
            ("lexicon/index.csv", list(self.index[0]), self.index, ","),
        ):
            text = io.StringIO(newline="")
            writer = csv.DictWriter(text, columns, delimiter=delimiter, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            encoding = self.encoding if name == "annotations.csv" else "utf-8"
            data = text.getvalue().encode(encoding)
            if data != (self.path / name).read_bytes():
                self.bytes(self.path / name, data)
        return self.path


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or a file system without links
        shutil.copy2(source, target)


def matching(findings: Iterable[Finding], wanted: Wanted) -> list[Finding]:
    """The findings that are of a kind, in a file and at a place.

    Args:
        findings: Of a report.
        wanted: One of those that `spoil` returns.

    Chapter: 15_your_own_data
    """
    kind, file, place = wanted
    return [
        one for one in findings
        if one.kind == kind and str(one.file).endswith(file) and place in ("", one.place)
    ]  # fmt: skip
