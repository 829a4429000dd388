"""Are the sentences there, as words, and glossed?"""

import re
from collections.abc import Iterator

from slt_lib.corpus.check.looked import Looked, at_row
from slt_lib.corpus.own import Finding

MARK_UP = re.compile(r"</?\w[^<>]*>|&\w{2,8};|\{[^}]*\}|\[[^\]]*\]|https?://|\*\w|__")


def ask(looked: Looked) -> Iterator[Finding]:
    """Empty texts and glosses, capitals, mark-up."""
    glossed = [bool(item.said.gloss) for item in looked.items]
    for item, has in zip(looked.items, glossed, strict=True):
        text = item.said.text
        if not re.search(r"\w", text):
            yield at_row("empty_text", item, f"{item.said.name!r} has no text.",
                         "Write its sentence, or leave the row out.")  # fmt: skip
        if any(glossed) and not has:
            yield at_row("empty_gloss", item, f"{item.said.name!r} has no glosses; others do.",
                         "Write them, or leave the row out of gloss training.")  # fmt: skip
        if _capitals(text):
            yield at_row("upper_case", item, f"The text {_short(text)} is in capitals.",
                         "If these are glosses, exchange the columns; if not, write it as the "
                         "other sentences are.")  # fmt: skip
        if found := MARK_UP.search(text):
            yield at_row("mark_up", item, f"{found[0]!r} in {_short(text)} is no word.",
                         "Take mark-up out of the texts: a translator would learn it.")  # fmt: skip
    if looked.items and not any(glossed):
        yield Finding("no_glosses", looked.source.path, "", "No sentence has glosses.",
                      "Train without them (real signing only); stitching needs them.")  # fmt: skip


def _capitals(text: str) -> bool:
    letters = [c for c in text if c.isalpha() and c.lower() != c.upper()]
    return len(letters) > 3 and " " in text.strip() and all(c == c.upper() for c in letters)


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
