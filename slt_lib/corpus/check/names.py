"""Does every row have its recording, every recording its row, and every sentence its own name?"""

from collections import defaultdict
from collections.abc import Iterator

from slt_lib.corpus.check.looked import Looked, at_recording, at_row
from slt_lib.corpus.own import Finding


def ask(looked: Looked) -> Iterator[Finding]:
    """Rows without recording, recordings without row, names and recordings that come twice."""
    by_name, by_content = defaultdict(list), defaultdict(list)
    for item in looked.items:
        by_name[item.said.name].append(item)
        if item.recording is None:
            yield at_row(
                "row_without_file", item, f"There is no recording of {item.said.name!r}.",
                "Add the recording, correct the name, or remove the row.",
            )  # fmt: skip
    for one in looked.source.unclaimed:
        yield Finding("file_without_row", one.file, one.place, "No table has a row for it.",
                      "Write its sentence into the table, or move it elsewhere.")  # fmt: skip
    for name, same in by_name.items():
        for item in same[1:]:
            yield at_row(
                "duplicate_name", item, f"{name!r} stands {len(same)} times, "
                f"first in {same[0].row.file.name}, {same[0].row.place}.",
                "Keep one of the rows, or give each its own recording.",
            )  # fmt: skip
    for item, measured in looked.pairs:
        if measured.digest and measured.frames > 1:
            by_content[measured.digest].append(item)
    for same in by_content.values():
        names = list(dict.fromkeys(i.said.name for i in same))
        for item in same[1:] if len(names) > 1 else ():
            yield at_recording(
                "same_recording", item, f"It is the recording of {same[0].said.name!r} once more.",
                "Keep one of them; in two splits it would be a leak.",
            )  # fmt: skip
