"""The official PHOENIX14T annotation: `*.corpus.csv`, fields separated by `|`.

Source: https://www-i6.informatik.rwth-aachen.de/~koller/RWTH-PHOENIX-2014-T/
"""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from slt_lib.pose.errors import PoseFileError
from slt_lib.pose.io.guard import atomic_write, read_bytes, refusing
from slt_lib.pose.io.utterance import Utterance

COLUMNS = ("name", "video", "start", "end", "speaker", "orth", "translation")
KEPT = {"video": "", "start": "-1", "end": "-1"}  # in `Utterance.meta`, as written; defaults
FIX = f"The first line is {'|'.join(COLUMNS)}, and every other one has as many fields."
LARGEST_CSV = 512 << 20
csv.register_dialect(
    "phoenix", delimiter="|", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n"
)


def read_corpus_csv(path: str | Path) -> list[Utterance]:
    """Reads names, signers, glosses and sentences; `meta` keeps video, start and end.

    Args:
        path: A file such as `PHOENIX-2014-T.train.corpus.csv`, in UTF-8.

    Raises:
        PoseFileError: If columns are missing or a row has too few or too many fields.

    Chapter: 02_dictionary
    """
    path = Path(path)
    with refusing(path, "a corpus .csv", FIX):
        text = read_bytes(path, LARGEST_CSV).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), dialect="phoenix")
        if sorted(reader.fieldnames or ()) != sorted(COLUMNS):
            raise PoseFileError("Its first line names other columns.", file=path, fix=FIX)
        utterances = []
        for row in reader:
            if None in row or None in row.values():
                raise PoseFileError(
                    f"Row {reader.line_num} has not {len(COLUMNS)} fields.", file=path, fix=FIX
                )
            meta = {name: row[name] for name in KEPT}
            gloss = tuple(row["orth"].split())
            utterances.append(
                Utterance(row["name"], gloss, row["translation"], row["speaker"], meta=meta)
            )
    return utterances


def write_corpus_csv(utterances: Iterable[Utterance], path: str | Path) -> None:
    """Writes annotation in the official layout (start and end -1 where unknown, as there).

    Raises:
        PoseFileError: If a field holds `|` or a line break, which the format can't.

    Chapter: 01_signing_poses
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, dialect="phoenix")
    writer.writerow(COLUMNS)
    for item in utterances:
        kept = [item.meta.get(name, default) for name, default in KEPT.items()]
        row = [item.name, *map(str, kept), item.signer, " ".join(item.gloss), item.text]
        if any(mark in field for field in row for mark in "|\r\n"):
            raise PoseFileError(
                f"{item.name!r} holds a | or a line break.", file=path, fix="Remove it."
            )
        writer.writerow(row)
    with atomic_write(path) as stream:
        stream.write(text.getvalue().encode())
