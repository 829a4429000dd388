"""A synonym table that the user writes: which glosses may stand for a gloss without a sign."""

import csv
import io
from pathlib import Path

from slt_lib.pose.errors import PoseFileError


def read_synonyms(path: str | Path) -> dict[str, tuple[str, ...]]:
    """Read a CSV file with the columns `gloss,synonym`; several glosses are parted by spaces.

    Args:
        path: The file, UTF-8.

    Returns:
        {gloss: glosses that stand for it}, for `Dictionary(synonyms=...)`.

    Raises:
        PoseFileError: If the file is missing, has other columns, or a gloss stands twice in it.

    Chapter: 02_dictionary
    """
    fix = "Write a CSV file with the columns gloss,synonym, each gloss once."
    table: dict[str, tuple[str, ...]] = {}
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        for number, row in enumerate(csv.DictReader(io.StringIO(text), strict=True), start=2):
            gloss, synonyms = row["gloss"].strip(), tuple(row["synonym"].split())
            if not gloss or not synonyms or gloss in table:
                raise PoseFileError(f"Row {number} is empty or repeated.", file=path, fix=fix)
            table[gloss] = synonyms
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, AttributeError) as error:
        raise PoseFileError(f"It can't be read ({error!r}).", file=path, fix=fix) from error
    return table
