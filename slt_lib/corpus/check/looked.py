"""Everything that the questions are asked of: items, what was measured, the user's dictionary."""

from dataclasses import dataclass, field

from slt_lib.corpus.check.measure import Measured
from slt_lib.corpus.own import Finding, Item, Source


@dataclass
class Looked:
    """A source that was read to its end.

    Attributes:
        source: What was listed.
        items: Its items.
        measured: What was measured on each.
        findings: What couldn't be read.

    Chapter: 15_your_own_data
    """

    source: Source
    items: list[Item] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def pairs(self) -> list[tuple[Item, Measured]]:
        """Items with what was measured, those with frames only."""
        return [(i, m) for i, m in zip(self.items, self.measured, strict=True) if m.frames]

    def splits(self) -> dict[str, list[Item]]:
        """Items by split, "" for those of none."""
        found: dict[str, list[Item]] = {}
        for item in self.items:
            found.setdefault(item.row.split, []).append(item)
        return found


def at_row(kind: str, item: Item, what: str, fix: str) -> Finding:
    """A finding in an item's row."""
    return Finding(kind, item.row.file, item.row.place, what, fix)


def at_recording(kind: str, item: Item, what: str, fix: str) -> Finding:
    """A finding in an item's recording."""
    one = item.recording
    return Finding(kind, one.file, one.place, what, fix) if one else at_row(kind, item, what, fix)
