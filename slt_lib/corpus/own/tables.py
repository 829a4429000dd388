"""Tables of sentences, read so that a fault in one row hides none in another.

Two layouts: the book's own, `file,text,glosses,split,signer,start,end` with commas, of which
only the first two columns must be there; and PHOENIX14T's `*.corpus.csv`, with `|`.
"""

import csv
import io
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from slt_lib.corpus.own.finding import Finding, of_error
from slt_lib.corpus.own.rows import SPLIT_OF, Row
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.io.corpus_csv import COLUMNS as PHOENIX
from slt_lib.pose.io.corpus_csv import LARGEST_CSV
from slt_lib.pose.io.guard import atomic_write, read_bytes, refusing
from slt_lib.pose.io.single import VIDEO_SUFFIXES

COLUMNS = ("file", "text", "glosses", "split", "signer", "start", "end")
NEEDED = COLUMNS[:2]
SUFFIXES = (".pose", ".npz", *VIDEO_SUFFIXES)
LAYOUT = (
    f"The first line is {','.join(COLUMNS)} (text and file are enough; times in milliseconds), "
    f"or PHOENIX14T's {'|'.join(PHOENIX)}."
)


def write_annotations(rows: Iterable[tuple[str, str, Utterance]], path: str | Path) -> None:
    """Write the book's own table of sentences.

    Args:
        rows: Recording's file relative to the table, split ("" for none), and what was said.
        path: The `.csv` file.

    Chapter: 15_your_own_data
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for file, split, said in rows:
        writer.writerow([file, said.text, " ".join(said.gloss), split, said.signer, "", ""])
    with atomic_write(path) as stream:
        stream.write(text.getvalue().encode())


def read_table(path: Path) -> tuple[list[Row], list[Finding]]:
    """The rows of a table, and what is wrong with it.

    Args:
        path: A `.csv` file of either layout.

    Chapter: 15_your_own_data
    """
    try:
        with refusing(path, "a table", LAYOUT):
            data = read_bytes(path, LARGEST_CSV)
    except SLTError as error:
        return [], [of_error(error, path)]
    text, found = decoded(data, path)
    dialect, more = _dialect(text, path)
    found += more
    if dialect is None:
        return [], found
    rows = []
    reader = csv.DictReader(io.StringIO(text, newline=""), **dialect)
    before = split_of(path)
    try:
        for fields in reader:
            one = _row(fields, f"row {reader.line_num}", path, before)
            (found if isinstance(one, Finding) else rows).append(one)
    except csv.Error as error:
        fix = "Mend the quotes around its fields."
        found.append(Finding("fields", path, f"row {reader.line_num}", f"{error}.", fix))
    return rows, found


def decoded(data: bytes, path: Path) -> tuple[str, list[Finding]]:
    """A table's text; another encoding than UTF-8 is guessed, so that the rest can be checked.

    Args:
        data: The file's bytes.
        path: The file.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        guess, place = "utf-16", ""
    else:
        try:
            return data.decode("utf-8-sig"), []
        except UnicodeDecodeError as error:
            row = data[: error.start].count(b"\n") + 1
            guess, place = "cp1252", f"row {row}"
    what = f"It isn't UTF-8; it looks like {guess}."
    fix = f"Save it as UTF-8: iconv -f {guess} -t utf-8."
    return data.decode(guess, "replace"), [Finding("encoding", path, place, what, fix)]


def _dialect(text: str, path: Path) -> tuple[dict | None, list[Finding]]:
    """How the table parts its fields; None if its first line isn't one that we know."""
    head = text.partition("\n")[0].strip()
    if set(PHOENIX) <= set(head.split("|")):
        return {"delimiter": "|", "quoting": csv.QUOTE_NONE}, []
    for delimiter in (",", ";", "\t", "|"):
        names = next(csv.reader([head], delimiter=delimiter), [])
        if not set(NEEDED) <= {name.strip() for name in names}:
            continue
        if delimiter == ",":
            return {"delimiter": ","}, []
        what = f"Its fields are parted by {delimiter!r}, not by commas."
        fix = "Save it as CSV with commas (in a spreadsheet: export, delimiter ',')."
        return {"delimiter": delimiter}, [Finding("delimiter", path, "row 1", what, fix)]
    what = f"Its first line is {head[:100]!r}, which names other columns."
    return None, [Finding("columns", path, "row 1", what, LAYOUT)]


def split_of(path: Path) -> str:
    """The split that a file's name says ("phoenix14t.dev.gz"), "" if none."""
    for part in path.stem.lower().replace("-", ".").replace("_", ".").split("."):
        if part in SPLIT_OF:
            return SPLIT_OF[part]
    return ""


def _row(fields: dict, place: str, path: Path, split: str) -> Row | Finding:
    if None in fields or None in fields.values():
        what = "It has not as many fields as the first line."
        return Finding("fields", path, place, what, "Put text that holds a comma in quotes.")
    if "orth" in fields:
        name = fields["name"]
        said = Utterance(name, tuple(fields["orth"].split()), fields["translation"],
                         fields["speaker"])  # fmt: skip
        return _inside(name, path, place) or Row(said, split, path, place)
    one = {key.strip(): value.strip() for key, value in fields.items()}
    given = one.get("split", "").lower()
    if given and given not in SPLIT_OF:
        what = f"There is no split {given!r}."
        return Finding("split_name", path, place, what, "Write train, dev or test.")
    try:
        span = tuple(int(float(one.get(edge) or 0)) for edge in ("start", "end"))
    except ValueError:
        span = (-1, 0)
    if span[0] < 0 or (span[1] and span[1] <= span[0]):
        what = f"start {one.get('start')!r} and end {one.get('end')!r} are no time span."
        return Finding("span", path, place, what, "Write milliseconds, start before end.")
    file = one["file"].replace("\\", "/")
    stem = file[: -len(PurePosixPath(file).suffix)] if file.lower().endswith(SUFFIXES) else file
    name = f"{stem}@{span[0]}-{span[1]}" if any(span) else stem
    said = Utterance(name, tuple(one.get("glosses", "").split()), one["text"],
                     one.get("signer", ""))  # fmt: skip
    return _inside(stem, path, place) or Row(said, SPLIT_OF.get(given, split), path, place, span,
                                            stem)  # fmt: skip


def _inside(name: str, path: Path, place: str) -> Finding | None:
    where = PurePosixPath(name)
    if where.name and not where.is_absolute() and ".." not in where.parts and "\0" not in name:
        return None
    what = f"{name[:80]!r} is no file inside the folder."
    return Finding("row_without_file", path, place, what, "Write its path within the folder.")
