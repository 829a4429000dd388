"""A dictionary from a lexicon folder: recordings beside an `index.csv`."""

from pathlib import Path

from slt_lib.dictionary.dictionary import Dictionary
from slt_lib.dictionary.sign import Sign, number_variants, record
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import LexiconEntry, bundled_lexicon, read_lexicon


def from_lexicon(folder: str | Path | None = None, signed_language: str = "gsg") -> Dictionary:
    """The signs of a lexicon folder in one signed language.

    By default the German finger-spelled letters (30) that the package `spoken-to-signed` carries.

    Args:
        folder: A folder with an `index.csv`; None for the bundled recordings.
        signed_language: ISO 639-3 code ("gsg" is DGS); "" takes every row.

    Raises:
        PoseFileError: If the index can't be read.
        SLTError: If no row has that signed language.

    Chapter: 02_dictionary
    """
    entries = read_lexicon(folder if folder is not None else bundled_lexicon())
    chosen = [e for e in entries if signed_language in ("", e.signed_language)]
    if not chosen:
        languages = ", ".join(sorted({e.signed_language for e in entries}))
        raise SLTError(
            f"No row has the signed language {signed_language!r}.",
            file=folder,
            fix=f"Those there are: {languages or 'none'}.",
        )
    return Dictionary(number_variants(sign_of(entry) for entry in chosen))


def sign_of(entry: LexiconEntry) -> Sign:
    """The sign of a row; an unreadable recording is a rejected sign.

    Args:
        entry: Of `read_lexicon`.

    Chapter: 15_your_own_data
    """
    return record(
        entry.glosses or entry.words,
        entry.read,
        f"{entry.file.parent.name}/{entry.file.name}",
        signed_language=entry.signed_language,
        priority=entry.priority,
    )
