"""Which word goes with which gloss? Counted, without a net: IBM model 1 of 1993.

Words are thought to stand for glosses one by one, in any order; which for which is found by
expectation maximisation (Brown et al. 1993, https://aclanthology.org/J93-2003). It is the naive
translator that a network has to beat, and what the network's word vectors begin with.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from slt_lib.translation.text_to_gloss.data import GlossSentences
from slt_lib.translation.vocabulary import UNK, Vocabulary

ROUNDS = 8
NOBODY = 0  # the word that glosses come from which no word stands for
STANDS_FOR = 0.5  # how often per occurrence a word must stand for a gloss to be taken for it
SURE = 0.7  # and to be missed if it isn't there


@dataclass(frozen=True, eq=False)
class Lexicon:
    """How often each word stands for each gloss.

    Attributes:
        words, glosses: Names.
        rate: Expected number of a gloss per occurrence of a word, float [words, glosses].

    Chapter: 13_novel_sentences
    """

    words: Vocabulary
    glosses: Vocabulary
    rate: np.ndarray

    @classmethod
    def fit(cls, data: GlossSentences, words: Vocabulary, glosses: Vocabulary) -> "Lexicon":
        """Count on training sentences.

        Args:
            data: Training sentences only.
            words, glosses: Names to tell apart; others are left aside.

        Chapter: 13_novel_sentences
        """
        pairs = [
            (np.array([NOBODY, *_known(words, said)]), np.array(_known(glosses, signed)))
            for said, signed in zip(data.words, data.glosses, strict=True)
        ]
        table = np.full((len(words), len(glosses)), 1.0)
        for _ in range(ROUNDS):
            counts = np.zeros_like(table)
            for said, signed in pairs:
                share = table[np.ix_(said, signed)]
                share = share / np.maximum(share.sum(0), 1e-12)
                np.add.at(counts, np.ix_(said, signed), share)
            table = counts / np.maximum(counts.sum(1, keepdims=True), 1e-12)
        seen = np.zeros(len(words))
        for said, _ in pairs:
            np.add.at(seen, said, 1.0)
        return cls(words, glosses, counts / np.maximum(seen, 1)[:, None])

    def sure(self) -> np.ndarray:
        """The gloss that each word surely stands for, int [words], -1 where there is none."""
        return np.where(self.rate.max(1) >= SURE, self.rate.argmax(1), -1)

    def word_for_word(self, sentences: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
        """The naive translation: each word's gloss, if it has one, in the order of the words.

        Args:
            sentences: As words.

        Chapter: 13_novel_sentences
        """
        best, often = self.rate.argmax(1), self.rate.max(1) >= STANDS_FOR
        return [
            tuple(self.glosses.words[best[w]] for w in _known(self.words, words) if often[w])
            for words in sentences
        ]


def _known(names: Vocabulary, sentence: Sequence[str]) -> list[int]:
    return [number for number in names.encode(sentence) if number != UNK]
