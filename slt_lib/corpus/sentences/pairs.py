"""One pair of a gloss sequence and its text, and what a source of such pairs is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Pair:
    """A sentence twice: as glosses in signing order and as text.

    Attributes:
        glosses: In signing order.
        text: As the corpus writes it: words and the full stop separated by spaces.

    Chapter: 13_novel_sentences
    """

    glosses: tuple[str, ...]
    text: str

    @property
    def line(self) -> str:
        """Both on one line, as `parse` reads it."""
        return f"{' '.join(self.glosses)} | {self.text}"


@dataclass(frozen=True)
class Raw:
    """What a source gave for one sentence it was asked for.

    Attributes:
        said: Its own words, for whoever wants to see what went wrong.
        pair: What was understood of it; None if nothing.
    """

    said: str
    pair: Pair | None


class Source(Protocol):
    """Where new sentences come from: a grammar, a model fitted on the corpus, a language model.

    Attributes:
        name: For tables and file names.

    Chapter: 13_novel_sentences
    """

    name: str

    def draw(self) -> Iterator[Raw]:
        """Sentences one by one, always the same ones; ends when the source has no more."""
        ...
