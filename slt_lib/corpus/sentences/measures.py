"""How new, how grammatical and how consistent are sentences? Counted, not judged.

What is counted is what a large sample of the grammar does. A sentence can be right in a way that
the sample never showed, and wrong in a way that n-grams and word pairs don't see: agreement knows
nothing of order, of who does what, or of numbers that are swapped between two clauses.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from slt_lib.corpus.sentences.pairs import Pair
from slt_lib.corpus.sentences.recombine import ngrams
from slt_lib.pose.errors import SLTError

OFTEN = 20  # sentences with a gloss or word, from which something is learned about it
LIFT = 3.0  # so many times as frequent beside it as elsewhere
RELIABLE = 0.98  # share of its sentences in which one of its partners must be there


class Grammaticality:
    """Which word and gloss trigrams does a large sample have?

    Args:
        sample: Pairs of the grammar, none of them among those that are to be measured.

    Chapter: 13_novel_sentences
    """

    def __init__(self, sample: Iterable[Pair]) -> None:
        self.words: set[tuple[str, ...]] = set()
        self.glosses: set[tuple[str, ...]] = set()
        for pair in sample:
            self.words |= ngrams(pair.text.split(), 3)
            self.glosses |= ngrams(pair.glosses, 3)

    def text(self, pair: Pair) -> bool:
        """Whether all trigrams of the text are known."""
        return self.words.issuperset(ngrams(pair.text.split(), 3))

    def signing(self, pair: Pair) -> bool:
        """Whether all trigrams of the glosses are known."""
        return self.glosses.issuperset(ngrams(pair.glosses, 3))


class Agreement:
    """Which glosses and words of a large sample don't occur without each other?

    A gloss has partners: the words that stand beside it more often than elsewhere, as many as
    cover its sentences. It is reliable if they cover nearly all. Words likewise.

    Args:
        sample: Pairs of the grammar.

    Chapter: 13_novel_sentences
    """

    def __init__(self, sample: Sequence[Pair]) -> None:
        sides = [[set(p.glosses) for p in sample], [set(p.text.split()) for p in sample]]
        self.partners_of_gloss = _partners(*sides)
        self.partners_of_word = _partners(*sides[::-1])

    def missing(self, pair: Pair) -> list[str]:
        """The reliable glosses and words of a pair whose partners aren't there."""
        glosses, words = set(pair.glosses), set(pair.text.split())
        lonely = [g for g in sorted(glosses) if self._alone(self.partners_of_gloss, g, words)]
        return lonely + [w for w in sorted(words) if self._alone(self.partners_of_word, w, glosses)]

    def __call__(self, pair: Pair) -> bool:
        """Whether nothing is missing."""
        return not self.missing(pair)

    @staticmethod
    def _alone(partners: dict[str, set[str]], one: str, others: set[str]) -> bool:
        return one in partners and not partners[one] & others


def _partners(ones: Sequence[set[str]], others: Sequence[set[str]]) -> dict[str, set[str]]:
    """The partners of every reliable one."""
    total, beside = Counter(o for s in others for o in s), defaultdict(list)
    for number, found in enumerate(ones):
        for one in found:
            beside[one].append(number)
    reliable = {}
    for one, where in beside.items():
        if len(where) < OFTEN:
            continue
        counts = Counter(o for i in where for o in others[i])
        closer = {
            o for o, c in counts.items() if c / len(where) >= LIFT * total[o] / len(others)
        }  # fmt: skip
        chosen, left = set(), [others[i] & closer for i in where]
        while len([s for s in left if not s]) < len(left) and closer:
            best, hits = Counter(o for s in left for o in s).most_common(1)[0]
            if hits < 0.005 * len(where):
                break
            chosen.add(best)
            left = [s for s in left if s and best not in s]
            if len(left) <= (1 - RELIABLE) * len(where):
                break
        covered = sum(bool(others[i] & chosen) for i in where)
        if covered >= RELIABLE * len(where):
            reliable[one] = chosen
    return reliable


@dataclass(frozen=True)
class Measured:
    """Shares of some sentences, 0 to 1, and a distance.

    Attributes:
        novel: Whose text isn't in training.
        new_glosses: Whose gloss sequence isn't in training.
        distance: Mean share of words that must change to make it the nearest training text.
        grammatical_text, grammatical_glosses: All of whose trigrams the large sample has.
        agreeing: Whose glosses and text have their partners.
    """

    novel: float
    new_glosses: float
    distance: float
    grammatical_text: float
    grammatical_glosses: float
    agreeing: float


def measure(
    pairs: Sequence[Pair], train: Sequence[Pair], grammar: Grammaticality, agreement: Agreement
) -> Measured:
    """All measures of some pairs.

    Args:
        pairs: At least one.
        train: The training pairs.
        grammar, agreement: Learned on a large sample.

    Raises:
        SLTError: If there are no pairs.

    Chapter: 13_novel_sentences
    """
    if not pairs:
        raise SLTError("There are no sentences to measure.")
    texts, glosses = {p.text for p in train}, {p.glosses for p in train}
    return Measured(
        novel=float(np.mean([p.text not in texts for p in pairs])),
        new_glosses=float(np.mean([p.glosses not in glosses for p in pairs])),
        distance=float(np.mean(nearest([p.text for p in pairs], [p.text for p in train]))),
        grammatical_text=float(np.mean([grammar.text(p) for p in pairs])),
        grammatical_glosses=float(np.mean([grammar.signing(p) for p in pairs])),
        agreeing=float(np.mean([agreement(p) for p in pairs])),
    )


def nearest(texts: Sequence[str], train: Sequence[str]) -> list[float]:
    """Distance of each text to the nearest training text: word edits by words of the longer one.

    Args:
        texts: To measure.
        train: To measure against.

    Returns:
        0 (the same) to 1 (no word in common) for each.

    Chapter: 13_novel_sentences
    """
    letters: dict[str, str] = {}  # a letter for each word: many times faster

    def coded(text: str) -> str:
        words = text.split()
        return "".join(letters.setdefault(w, chr(0x10000 + len(letters))) for w in words)

    known, distance = [coded(text) for text in train], Levenshtein.normalized_distance
    return [float(cdist([coded(text)], known, scorer=distance).min()) for text in texts]
