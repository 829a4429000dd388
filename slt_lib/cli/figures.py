"""Numbers in pages: written as where they are recorded, filled in when the book is built.

`{{ 10_pretraining: arms.real_only.bleu4 }}` becomes the mean and spread over seeds that
`book/recorded/10_pretraining.json` holds, and `{{ 10_pretraining: a > b : p }}` a verdict. A page
can't go stale so, and can't name a figure that nobody recorded.
"""

import json
import math
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from slt_lib.cli.project import BookError

FIGURE = re.compile(r"\{\{ ((?:\d\d_\w+|dry_run): .+?) \}\}")
NOT_YET = "*not recorded yet*"
CHANCE = 0.05
HOLDS, FAILS, OPEN = "holds here", "fails here", "can't be told here"


def fill(text: str, recorded: Path) -> str:
    """A page with its figures.

    Args:
        text: With `{{ chapter: path : format }}` (`.1f` where none is given), the ratio
            `{{ chapter: path / path : format }}`, or `{{ chapter: path > path : p }}`, `p` the
            path of a p-value or left out.
        recorded: Folder of the summaries.

    Returns:
        The text; what belongs to a chapter without records says `NOT_YET`.

    Raises:
        BookError: If a recorded chapter hasn't such a figure, or it isn't a number.
    """
    return FIGURE.sub(lambda found: _filled(found[1], recorded), text)


def _filled(asked: str, recorded: Path) -> str:
    chapter, rest = asked.split(": ", 1)
    path, _, how = (part.strip() for part in rest.partition(" : "))
    file = recorded / f"{chapter}.json"
    if not file.is_file():
        return NOT_YET
    find = partial(figure, json.loads(file.read_text("utf8")), file=file)
    if " > " in path:
        more, less = (find(part.strip()) for part in path.split(" > "))
        return verdict(more, less, find(how) if how else None)
    if " / " in path:
        above, below = (_mean(find(part.strip())) for part in path.split(" / "))
        return format(above / below, how or ".2f")
    return said(find(path), how or ".1f")


def figure(summary: Mapping, path: str, file: Path | None = None) -> object:
    """What stands at a path of a summary.

    Args:
        summary: Of a chapter.
        path: Keys with dots between them; keys may have dots themselves.
        file: The summary's, for messages.

    Raises:
        BookError: If there is nothing, or no number.
    """
    value = _at(summary, path)
    if isinstance(value, Mapping) and "values" in value:  # of one seed: a number
        value = value["values"] if len(value["values"]) > 1 else value["mean"]
    numbers = value if isinstance(value, list) and value else [value]
    if not all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers):
        raise BookError(
            f"There is no figure {path!r}.", file=file, fix="Record it, or mend the page."
        )
    return value


def _at(value: object, path: str) -> object:
    if not path:
        return value
    if isinstance(value, Mapping):
        for key in value:
            if path == key or path.startswith(f"{key}."):
                found = _at(value[key], path[len(key) + 1 :])
                if found is not None:
                    return found
    return None


def said(value: object, how: str) -> str:
    """A number, or the mean and the standard deviation of several."""
    if not isinstance(value, list):
        return format(value, how)
    spread = sum((v - _mean(value)) ** 2 for v in value) / max(1, len(value) - 1)
    more = f" ± {format(math.sqrt(spread), how)}" if len(value) > 1 else ""
    return format(_mean(value), how) + more


def verdict(more: object, less: object, p: float | None) -> str:
    """Whether one is more than the other, chance considered.

    Args:
        more, less: The figures, numbers or lists over seeds.
        p: Of the difference. None where there is no test: then every seed of the one must be
            beyond every seed of the other, and single numbers decide alone.
    """
    one, other = (v if isinstance(v, list) else [v] for v in (more, less))
    holds = _mean(more) > _mean(less)
    if p is not None:
        if p >= CHANCE:
            return f"**{OPEN}**: chance explains the difference (p = {p:.2g})"
        return f"**{HOLDS if holds else FAILS}** (p {_small(p)})"
    high, low = (one, other) if holds else (other, one)
    if min(high) <= max(low):
        return f"**{OPEN}**: seeds overlap"
    every = " in every seed" if max(len(one), len(other)) > 1 else ""
    return f"**{HOLDS if holds else FAILS}**{every}"


def _small(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.2g}"


def _mean(value: object) -> float:
    return sum(value) / len(value) if isinstance(value, list) else float(value)
