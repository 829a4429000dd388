"""The weather world's own grammar as a source: as good as new sentences can get there."""

from collections.abc import Iterator
from itertools import count

import numpy as np

from slt_lib.corpus.sentences.pairs import Pair, Raw
from slt_lib.corpus.weather.grammar import make_sentence

APART = 1_000_000  # so that a seed here is none of the worlds'


class Grammar:
    """Sentences of the weather world, drawn as its own are.

    Args:
        seed: Of the draw.

    Chapter: 13_novel_sentences
    """

    name = "grammar"

    def __init__(self, *, seed: int = 1) -> None:
        self.seed = seed

    def draw(self) -> Iterator[Raw]:
        """Sentences without end; equal seeds give equal ones."""
        for number in count():
            state = np.random.SeedSequence([self.seed + APART, number]).generate_state(1)
            sentence = make_sentence(int(state[0]))
            pair = Pair(sentence.gloss, sentence.text)
            yield Raw(pair.line, pair)
