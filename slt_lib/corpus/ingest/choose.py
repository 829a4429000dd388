"""Which sentences can be trained on, and which split is each in?"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from slt_lib.corpus.check import Report
from slt_lib.corpus.check.splits import plain_text
from slt_lib.corpus.own import Item
from slt_lib.corpus.own.rows import SPLITS
from slt_lib.pose.errors import SLTError

HELD_OUT = 0.1  # share of the sentences that go to dev, and to test, where nobody made splits


def usable(report: Report, resplit: bool, leave_out: bool) -> tuple[list[Item], list[str]]:
    """The items that can be trained on, and the names of those that can't.

    Args:
        report: Of `check_data`.
        resplit, leave_out: As for `ingest`.

    Raises:
        SLTError: If there are errors, and they may not or can't be left out.

    Chapter: 15_your_own_data
    """
    splits = ("split_missing", "split_name") if resplit else ()
    errors = [one for one in report.of("error") if one.kind not in splits]
    items = report.looked.items
    if errors and not leave_out:
        first = errors[0]
        raise SLTError(
            f"The check found {len(errors)} errors, the first in {first.where}: {first.what}",
            file=report.path,
            fix="Run `slt-book check` for all of them; --leave-out goes on without these items.",
        )
    bad = {(one.file, one.place) for one in errors}
    kept = [item for item in items if not _places(item) & bad and item.recording is not None]
    names = {item.said.name for item in kept}
    dropped = [item.said.name for item in items if item.said.name not in names]
    if not kept:
        raise SLTError("No sentence is without an error.", file=report.path,
                       fix="Mend what `slt-book check` names.")  # fmt: skip
    return kept, dropped


def _places(item: Item) -> set[tuple[Path, str]]:
    places = {(item.row.file, item.row.place)}
    if item.recording is not None:
        places |= {(item.recording.file, item.recording.place), (item.recording.video, "")}
    return places


def by_split(items: Sequence[Item], seed: int = 0, resplit: bool = False) -> dict[str, list[Item]]:
    """The items by split: as somebody said, or else made here, by sentence.

    Equal sentences (case and punctuation aside) stay together, so that none leaks. Which split a
    sentence is in depends on the seed and on the sentence; data may be in any order.

    Args:
        items: The sentences.
        seed: Of the splits.
        resplit: Make them anew even where they are given.

    Raises:
        SLTError: If one is empty.

    Chapter: 15_your_own_data
    """
    given = {item.row.split for item in items}
    parts: dict[str, list[Item]] = {split: [] for split in SPLITS}
    if given - {""} and not resplit:
        for item in items:
            if item.row.split:
                parts[item.row.split].append(item)
    else:
        groups: dict[str, list[Item]] = {}
        for item in items:
            groups.setdefault(plain_text(item.said.text), []).append(item)
        order = sorted(groups, key=lambda t: hashlib.sha256(f"{seed} {t}".encode()).digest())
        wanted = max(1, round(HELD_OUT * len(items)))
        for text in order:
            split = next((s for s in ("test", "dev") if len(parts[s]) < wanted), "train")
            parts[split] += groups[text]
    empty = [split for split, some in parts.items() if not some]
    if empty:
        raise SLTError(f"There is nothing in {' and '.join(empty)}.",
                       fix="Give more sentences, or name their splits in the table.")  # fmt: skip
    return parts
