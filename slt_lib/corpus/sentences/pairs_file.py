"""Pairs in a file: somebody's own, or those that a model has written before."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from slt_lib.corpus.sentences.pairs import Pair, Raw
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io.guard import atomic_write, read_bytes

GLOSSES, TEXTS = ("glosses", "gloss", "orth"), ("text", "translation", "sentence", "german")
FIX = 'Lines such as {"glosses": ["NORD", "REGEN"], "text": "im norden regnet es ."}, or a CSV.'
LIMIT = 200 << 20  # bytes


class PairsFile:
    """A .jsonl file with `glosses` and `text` per line, or a .csv file with such columns.

    A first line {"about": ...} of a .jsonl file says where the pairs come from.

    Args:
        path: The file; columns of a CSV may be separated by comma, semicolon, bar or tab.

    Raises:
        SLTError: If it can't be read or holds no pair.

    Chapter: 13_novel_sentences
    """

    def __init__(self, path: str | Path) -> None:
        self.path, self.name, self.about = Path(path), Path(path).stem, {}
        try:
            text = read_bytes(self.path, LIMIT).decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise SLTError(f"It can't be read ({error}).", file=path, fix=FIX) from error
        read = self._csv if self.path.suffix.lower() in (".csv", ".tsv") else self._jsonl
        self.raws = list(read(text))
        if not any(raw.pair for raw in self.raws):
            raise SLTError("It holds no pair of glosses and text.", file=path, fix=FIX)

    def draw(self) -> Iterator[Raw]:
        """Its pairs in their order; a line that is none comes without."""
        yield from self.raws

    def pairs(self) -> list[Pair]:
        """The pairs alone."""
        return [raw.pair for raw in self.raws if raw.pair]

    def _jsonl(self, text: str) -> Iterator[Raw]:
        for line in text.splitlines():
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if isinstance(row, dict) and isinstance(row.get("about"), dict):
                self.about = row["about"]
            else:
                yield Raw(line, _pair(row) if isinstance(row, dict) else None)

    def _csv(self, text: str) -> Iterator[Raw]:
        head = text.splitlines()[0] if text.strip() else ""
        sign = max("\t|;,", key=head.count)
        try:
            for row in csv.DictReader(io.StringIO(text), delimiter=sign):
                yield Raw(sign.join(str(v) for v in row.values()), _pair(row))
        except csv.Error as error:
            raise SLTError(f"It is no CSV file ({error}).", file=self.path, fix=FIX) from error


def write_pairs(path: str | Path, pairs: Iterable[Pair], about: dict) -> None:
    """Write a .jsonl file that `PairsFile` reads.

    Args:
        path: The file.
        pairs: The pairs.
        about: Where they come from.

    Chapter: 13_novel_sentences
    """
    rows = [{"about": about}, *({"glosses": list(p.glosses), "text": p.text} for p in pairs)]
    with atomic_write(path) as file:
        file.write("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows).encode())


def _pair(row: dict) -> Pair | None:
    lower = {str(key).strip().lower(): value for key, value in row.items()}
    glosses = next((lower[k] for k in GLOSSES if lower.get(k)), None)
    text = next((lower[k] for k in TEXTS if lower.get(k)), None)
    glosses = glosses.split() if isinstance(glosses, str) else glosses
    if not isinstance(glosses, list) or not isinstance(text, str) or not text.strip():
        return None
    if not all(isinstance(gloss, str) and gloss.strip() for gloss in glosses):
        return None
    return Pair(tuple(glosses), " ".join(text.split()))
