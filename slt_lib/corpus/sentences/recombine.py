"""New sentences out of old ones: exchange phrases that stand in the same surroundings.

A phrase is a stretch of glosses and the stretch of text that says the same. Both are exchanged
together, so gloss and text keep belonging together; n-grams at the seams decide what fits.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from slt_lib.corpus.sentences.links import Link, Links
from slt_lib.corpus.sentences.pairs import Pair, Raw
from slt_lib.pose.errors import SLTError

LONGEST = (8, 14)  # glosses and words of a phrase
START, STOP = "<s>", "</s>"
EXCHANGES = 3  # most in a sentence
SMALL = 200  # pairs, below which less must fit, since otherwise nothing would
TRIES = 40  # replacements looked at before a sentence is given up
Span = tuple[int, int, int, int]  # glosses from, to; words from, to


class Recombination:
    """A model of gloss-text phrases and their n-grams, fitted on the training set.

    Args:
        train: Pairs of the training set.
        seed: Of the choices.

    Raises:
        SLTError: If there is nothing to recombine.

    Source: Koehn et al. 2003 (phrases that agree with word links); Andreas 2020 (fragments that
    share surroundings may be exchanged).

    Chapter: 13_novel_sentences
    """

    name = "n-gram"

    def __init__(self, train: Sequence[Pair], *, seed: int = 0) -> None:
        if len(train) < 2:
            raise SLTError("Recombination needs at least two sentences.")
        self.train, self.seed = list(train), seed
        links = Links(self.train)
        self.spans = [phrases(pair, links(pair)) for pair in self.train]
        self.order = 3 if len(self.train) >= SMALL else 2
        self.places: dict[tuple[str, ...], list[tuple[int, Span]]] = defaultdict(list)
        for number, pair in enumerate(self.train):
            for span in self.spans[number]:
                self.places[self._around(pair, span)].append((number, span))
        self.singles = {
            (self.train[n].glosses[i], self.train[n].text.split()[a])
            for found in self.places.values()
            for n, (i, j, a, b) in found
            if (j, b) == (i + 1, a + 1)
        }
        self.ngrams = {t for p in self.train for t in ngrams(p.text.split(), self.order)}
        self.bigrams = {b for pair in self.train for b in ngrams(pair.glosses, 2)}

    def draw(self) -> Iterator[Raw]:
        """Recombined sentences without end; equal seeds give equal ones."""
        rng = np.random.default_rng([self.seed, 13])
        while True:
            number = int(rng.integers(len(self.train)))
            pair = self._replaced(self.train[number], self.spans[number], rng)
            for _ in range(int(rng.integers(EXCHANGES))):
                if pair is not None:
                    pair = self._exchange_again(pair, rng) or pair
            if pair is not None:
                yield Raw(pair.line, pair)

    def _exchange_again(self, pair: Pair, rng: np.random.Generator) -> Pair | None:
        """Once more in a sentence that is new already: single glosses with one word."""
        words = pair.text.split()
        spans = [
            (i, i + 1, j, j + 1)
            for i, gloss in enumerate(pair.glosses)
            for j, word in enumerate(words)
            if (gloss, word) in self.singles
        ]
        return self._replaced(pair, spans, rng)

    def _replaced(self, pair: Pair, spans: Sequence[Span], rng) -> Pair | None:
        """The pair with one of its phrases replaced, if something fits."""
        if not spans:
            return None
        span = spans[int(rng.integers(len(spans)))]
        options = self.places.get(self._around(pair, span), [])
        for at in rng.integers(len(options), size=TRIES) if options else ():
            other, (i, j, a, b) = self.train[options[at][0]], options[at][1]
            phrase = Pair(other.glosses[i:j], " ".join(other.text.split()[a:b]))
            new = _put(pair, span, phrase)
            if new != pair and self._fits(new):
                return new
        return None

    def _around(self, pair: Pair, span: Span) -> tuple[str, ...]:
        """The word before a phrase, and, unless the corpus is small, the one after it."""
        words = [START, *pair.text.split(), STOP]
        return words[span[2]], *([words[span[3] + 1]] if self.order == 3 else [])

    def _fits(self, pair: Pair) -> bool:
        words = ngrams(pair.text.split(), self.order)
        return self.ngrams.issuperset(words) and self.bigrams.issuperset(ngrams(pair.glosses, 2))


def phrases(pair: Pair, links: set[Link]) -> list[Span]:
    """The stretches of a pair whose links lead nowhere else, on both sides.

    Args:
        pair: A pair.
        links: Of glosses and words, by position.

    Chapter: 13_novel_sentences
    """
    words, found = pair.text.split()[:-1], []
    linked = {j for _, j in links}
    for i in range(len(pair.glosses)):
        for j in range(i + 1, min(i + LONGEST[0], len(pair.glosses)) + 1):
            inside = [w for g, w in links if i <= g < j]
            if not inside:
                continue
            a, b = min(inside), max(inside) + 1
            if b > len(words) or any(a <= w < b and not i <= g < j for g, w in links):
                continue
            for first in _outward(a, -1, linked, len(words)):  # with unlinked words around it
                for last in _outward(b - 1, 1, linked, len(words)):
                    whole = (i, j) == (0, len(pair.glosses))
                    if last + 1 - first <= LONGEST[1] and not whole:
                        found.append((i, j, first, last + 1))
    return found


def _outward(at: int, step: int, linked: set[int], end: int) -> list[int]:
    reached = [at]
    while 0 <= at + step < end and at + step not in linked:
        at += step
        reached.append(at)
    return reached


def _put(pair: Pair, span: Span, phrase: Pair) -> Pair:
    i, j, a, b = span
    words = pair.text.split()
    text = " ".join([*words[:a], *phrase.text.split(), *words[b:]])
    return Pair((*pair.glosses[:i], *phrase.glosses, *pair.glosses[j:]), text)


def ngrams(values: Sequence[str], n: int) -> set[tuple[str, ...]]:
    """All stretches of n values, with marks before the first and after the last.

    Args:
        values: Words or glosses.
        n: From 2.

    Chapter: 13_novel_sentences
    """
    padded = [START, *values, STOP]
    return {tuple(padded[k : k + n]) for k in range(len(padded) - n + 1)}
