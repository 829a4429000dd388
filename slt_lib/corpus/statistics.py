"""What is in a corpus: how long are its sentences, how often do words and signs come back?

Every number is an aggregate, so the statistics of a corpus that may not be passed on can be
compared with those of one that may.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from slt_lib.corpus.movement import Movement, movement
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance

RANKS = (1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1024)
LONGEST = 40  # words or signs; longer sentences count as this long
PERCENTILES = (10, 25, 50, 75, 90)
STEM = 4  # letters that a word and a gloss have to share to be taken for the same


@dataclass(frozen=True)
class Frequencies:
    """How often the types of a corpus (its words, or its glosses) come.

    Attributes:
        tokens, types: How many in all, and how many different ones.
        singletons: Share of the types that come once.
        curve: Share of the tokens that the type of each rank in `RANKS` has; 0 past the last.
        lengths: Share of the sentences with 0, 1, 2 ... `LONGEST` or more of them.
        mean: Of them per sentence.
    """

    tokens: int
    types: int
    singletons: float
    curve: tuple[float, ...]
    lengths: tuple[float, ...]
    mean: float


@dataclass(frozen=True)
class CorpusStatistics:
    """A corpus in numbers.

    Attributes:
        sentences: How many.
        words, glosses: How often they come and how many a sentence has.
        glosses_per_word: Signs over words.
        order: Kendall's tau between the places of words and of the glosses that look like
            them, mean over sentences with three such pairs: 1 means signs in the order of words.
        seconds: Length of sentences in seconds at `PERCENTILES`; None if unknown.
        sign_seconds: Length of signs likewise, those that weren't signed left out.
        movement: What the hands do; None without poses.
    """

    sentences: int
    words: Frequencies
    glosses: Frequencies
    glosses_per_word: float
    order: float
    seconds: tuple[float, ...] | None = None
    sign_seconds: tuple[float, ...] | None = None
    movement: Movement | None = None


def corpus_statistics(
    utterances: Iterable[Utterance], *, poses: int = 200, fps: float = 25.0
) -> CorpusStatistics:
    """Measure a corpus; poses are looked at one after the other.

    Args:
        utterances: A corpus, or any utterances; those without frames are left out of lengths.
        poses: How many of the first poses to measure movement on; 0 for none.
        fps: Frame rate of utterances that have a frame count and no pose.

    Raises:
        SLTError: If there is no utterance.

    Chapter: 04_synthetic_corpus
    """
    words, glosses, orders, seconds, signs, measured = [], [], [], [], [], []
    for one in utterances:
        rate = one.pose.fps if one.pose is not None else fps
        frames = len(one.pose) if one.pose is not None else one.frames
        words.append(spoken(one.text))
        glosses.append(tuple(one.gloss))
        orders.append(order_of(one.gloss, words[-1]))
        seconds += [frames / rate] if frames else []
        signs += [(end - start) / rate for start, end in one.spans or () if end > start]
        if one.pose is not None and len(measured) < poses:
            measured.append(one.pose)
    if not words:
        raise SLTError("There is no utterance to measure.", fix="Check the corpus.")
    said, signed = frequencies(words), frequencies(glosses)
    return CorpusStatistics(
        sentences=len(words),
        words=said,
        glosses=signed,
        glosses_per_word=signed.tokens / max(said.tokens, 1),
        order=_mean([o for o in orders if o is not None]),
        seconds=_percentiles(seconds),
        sign_seconds=_percentiles(signs),
        movement=movement(measured) if measured else None,
    )


def spoken(text: str) -> tuple[str, ...]:
    """The words of a text; the full stop that PHOENIX14T ends every text with isn't one."""
    return tuple(word for word in text.split() if word != ".")


def frequencies(sentences: Sequence[Sequence[str]]) -> Frequencies:
    """How often types come in sentences of tokens.

    Args:
        sentences: Tokens of each sentence.

    Chapter: 04_synthetic_corpus
    """
    counts = np.sort([*Counter(t for s in sentences for t in s).values()])[::-1]
    tokens = int(counts.sum())
    lengths = np.bincount([min(len(s), LONGEST) for s in sentences], minlength=LONGEST + 1)
    curve = [counts[r - 1] / tokens if r <= len(counts) else 0.0 for r in RANKS]
    return Frequencies(
        tokens=tokens,
        types=len(counts),
        singletons=float((counts == 1).mean()) if len(counts) else 0.0,
        curve=tuple(map(float, curve)),
        lengths=tuple((lengths / len(sentences)).tolist()),
        mean=tokens / len(sentences),
    )


def order_of(gloss: Sequence[str], words: Sequence[str]) -> float | None:
    """Kendall's tau between the order of signs and of the words that look like them.

    A gloss and a word are taken for the same if they begin with the same letters; the first
    such word that is still free. That finds about half of the pairs, and enough for an average.

    Args:
        gloss: Glosses in signing order.
        words: The text's words.

    Returns:
        In [-1, 1]; None if fewer than three pairs are found.

    Chapter: 04_synthetic_corpus
    """
    stems, places = [_stem(word) for word in words], []
    for one in gloss:
        stem = _stem(one)
        where = [i for i, other in enumerate(stems) if other == stem and i not in places]
        places += where[:1] if len(stem) >= 3 else []
    if len(places) < 3:
        return None
    first, second = np.triu_indices(len(places), 1)
    at = np.array(places)
    return float(np.sign(at[second] - at[first]).mean())


def shared_ngrams(test: Iterable[str], train: Iterable[str], n: int = 4) -> float:
    """Share of one split's word n-grams that the other one has too: how much comes back.

    Args:
        test, train: Texts.
        n: Words in a row.

    Chapter: 04_synthetic_corpus
    """
    known = {gram for text in train for gram in _ngrams(text, n)}
    asked = [gram in known for text in test for gram in _ngrams(text, n)]
    return float(np.mean(asked)) if asked else 0.0


def _ngrams(text: str, n: int) -> list[tuple[str, ...]]:
    words = spoken(text)
    return [words[i : i + n] for i in range(len(words) - n + 1)]


def _stem(word: str) -> str:
    table = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
    return word.lower().translate(table)[:STEM]


def _percentiles(values: Sequence[float]) -> tuple[float, ...] | None:
    return tuple(np.percentile(values, PERCENTILES).tolist()) if len(values) else None


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
