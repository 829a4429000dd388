"""Which words of a text stand for which glosses? Learned from pairs alone, by counting.

Source: Brown et al. 1993, "The mathematics of statistical machine translation", model 1.
"""

from collections.abc import Sequence

import numpy as np

from slt_lib.corpus.sentences.pairs import Pair

ROUNDS = 8  # of expectation and maximisation
SURE = 0.3  # posterior from which a link counts
Link = tuple[int, int]


class Links:
    """Word translation probabilities in both directions.

    Args:
        pairs: The pairs to learn from.

    Chapter: 13_novel_sentences
    """

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.glosses = _numbered(g for p in pairs for g in p.glosses)
        self.words = _numbered(w for p in pairs for w in p.text.split())
        self.sides = sides = [self._ids(pair) for pair in pairs]
        self.to_word = _model_one([(g, w) for g, w in sides], len(self.glosses), len(self.words))
        self.to_gloss = _model_one([(w, g) for g, w in sides], len(self.words), len(self.glosses))

    def sure(self, share: float) -> dict[str, str]:
        """The words that stand for a gloss nearly whenever they are said, and for which.

        Args:
            share: Least expected number of the gloss per occurrence of the word. (The probability
                of a gloss, given a word, is no measure: it is high for a word that once in a while
                stands for something.)
        """
        names, rate = list(self.glosses), np.zeros((len(self.words), len(self.glosses)))
        seen = np.zeros(len(self.words))
        for glosses, words in self.sides:
            given = self.to_gloss[np.append(words, len(rate))[:, None], glosses]  # [W + 1, G]
            np.add.at(rate, (words[:, None], glosses), (given / given.sum(0))[:-1])
            np.add.at(seen, words, 1)
        rate /= np.maximum(seen, 1)[:, None]
        best, most = rate.argmax(1), rate.max(1)
        return {word: names[best[i]] for word, i in self.words.items() if most[i] >= share}

    def _ids(self, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        return (
            np.array([self.glosses[g] for g in pair.glosses]),
            np.array([self.words[w] for w in pair.text.split()]),
        )

    def __call__(self, pair: Pair) -> set[Link]:
        """The links (gloss, word) of a pair that was learned from, by position.

        A word is linked to its most probable gloss and a gloss to its most probable word, where
        no link at all isn't more probable.
        """
        glosses, words = self._ids(pair)
        found = {(int(i), j) for j, i in _best(self.to_word, glosses, words)}
        return found | {(i, int(j)) for i, j in _best(self.to_gloss, words, glosses)}


def _numbered(names) -> dict[str, int]:
    return {name: i for i, name in enumerate(dict.fromkeys(names))}


def _model_one(sides: Sequence[tuple[np.ndarray, np.ndarray]], n: int, m: int) -> np.ndarray:
    """p(target | source) [n + 1, m]; the last source is the empty one."""
    p = np.full((n + 1, m), 1.0 / m)
    rows = [(np.append(source, n), target) for source, target in sides]
    for _ in range(ROUNDS):
        counts = np.full_like(p, 1e-9)
        for source, target in rows:
            given = p[source[:, None], target]  # [S + 1, T]
            np.add.at(counts, (source[:, None], target), given / given.sum(0))
        p = counts / counts.sum(1, keepdims=True)
    return p


def _best(p: np.ndarray, source: np.ndarray, target: np.ndarray) -> list[tuple[int, int]]:
    """(position in target, position in source) of the surest source of each target."""
    given = p[np.append(source, len(p) - 1)[:, None], target]
    share = given / given.sum(0)
    best = share.argmax(0)
    return [(j, i) for j, i in enumerate(best) if i < len(source) and share[i, j] >= SURE]
