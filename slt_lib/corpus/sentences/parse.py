"""What did the model mean? Pairs out of JSON, or out of lines that look like pairs."""

import json
import re
from collections.abc import Iterator, Sequence

from slt_lib.corpus.sentences.pairs import Pair, Raw

LARGEST = 200_000  # characters of an answer that are looked at
LABELLED = re.compile(
    r"(?:glosses|glossen|gloss|signs?)\s*:\s*(?P<glosses>[^\n|]*?)\s*[\n|]+\s*"
    r"(?:german|deutsch|text|sentence|satz)\s*:[ \t]*(?P<text>[^\n|]*)",
    re.IGNORECASE,
)
BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
BETWEEN = re.compile(r"\s*(?:\||\t|=>|->|→)\s*")


def schema(glosses: Sequence[str], n: int) -> dict:
    """The JSON schema of an answer, for endpoints that decode by one.

    Args:
        glosses: The only ones that may be used.
        n: Most pairs.

    Chapter: 13_novel_sentences
    """
    pair = {
        "type": "object",
        "properties": {
            "glosses": {"type": "array", "items": {"type": "string", "enum": list(glosses)}},
            "text": {"type": "string"},
        },
        "required": ["glosses", "text"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"pairs": {"type": "array", "items": pair, "maxItems": n}},
        "required": ["pairs"],
        "additionalProperties": False,
    }


def parse(answer: str) -> Iterator[Raw]:
    """Every pair of an answer, in order; what can't be read comes without a pair.

    Reads JSON (an object with a list, a list, objects line by line, in a code fence or not),
    "GLOSSES: ... / GERMAN: ...", and "A B C | text".

    Args:
        answer: A model's words.

    Chapter: 13_novel_sentences
    """
    answer = answer[:LARGEST]
    found = _from_json(answer)
    if found is None:
        found = [
            Raw(m[0], _pair(m["glosses"].split(), m["text"])) for m in LABELLED.finditer(answer)
        ]
    yield from found or _from_lines(answer)


def _from_json(answer: str) -> list[Raw] | None:
    """The pairs of JSON, also of one that was cut off; None if there is no JSON."""
    start = re.search(r'[\[{]\s*["{\[]', answer)
    if not start:
        return None
    try:
        whole, _ = json.JSONDecoder().raw_decode(answer, start.start())
        items = list(_items(whole))
    except (ValueError, RecursionError):
        items = []
    if not items:  # cut off, or one object per line
        for one in re.finditer(r"\{[^{}]*\}", answer[start.start() :]):
            try:
                items += _items(json.loads(one[0]))
            except (ValueError, RecursionError):
                items.append(one[0])
    return [Raw(json.dumps(one, ensure_ascii=False), _of_item(one)) for one in items] or None


def _items(value: object) -> Iterator[object]:
    """The objects that should be pairs, wherever they are."""
    if isinstance(value, dict):
        lists = [v for v in value.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
        if lists:
            for one in lists:
                yield from one
        else:
            yield value
    elif isinstance(value, list):
        for one in value:
            yield from _items(one) if isinstance(one, dict) else [one]


def _of_item(item: object) -> Pair | None:
    if not isinstance(item, dict):
        return None
    lower = {str(key).lower(): value for key, value in item.items()}
    glosses = next((lower[k] for k in ("glosses", "gloss", "signs") if k in lower), None)
    text = next((lower[k] for k in ("text", "german", "sentence", "deutsch") if k in lower), None)
    if isinstance(glosses, list):
        glosses = " ".join(str(g).replace(" ", "-") if isinstance(g, str) else "" for g in glosses)
    if not isinstance(glosses, str) or not isinstance(text, str):
        return None
    return _pair(glosses.split(), text)


def _from_lines(answer: str) -> Iterator[Raw]:
    for line in answer.splitlines():
        plain = BULLET.sub("", line).strip().strip("`")
        if not plain:
            continue
        parts = [part for part in BETWEEN.split(plain) if part]
        yield Raw(line, _pair(parts[0].split(), parts[1]) if len(parts) == 2 else None)


def _pair(glosses: Sequence[str], text: str) -> Pair | None:
    glosses = tuple(g for g in (g.strip(",;\"'") for g in glosses) if g)
    text = " ".join(text.strip().strip("\"'").split())
    return Pair(glosses, text) if glosses and text else None
