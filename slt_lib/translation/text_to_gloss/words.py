"""How does any German text become words that a model can read? Numbers, words, parts of words.

Corpora write lower case, without digits, and mark only the end of a sentence. People write as
they like. Both are brought to one form here, and a word that no training sentence has is still
read by its parts: runs of three and four letters, as fastText does (Bojanowski et al. 2017,
https://arxiv.org/abs/1607.04606).
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from slt_lib.corpus.weather.lexicon import MONTHS, ordinal_words
from slt_lib.dictionary.glosses import plain
from slt_lib.dictionary.numbers import LARGEST, number_parts, number_word, read_number
from slt_lib.translation.vocabulary import PAD, UNK, Vocabulary

SIZES = (3, 4)  # letters in a part of a word
UMLAUTS = {"fuenf": "fünf", "zwoelf": "zwölf", "dreissig": "dreißig"}
SIGNS = {"°c": " grad ", "°": " grad ", "%": " prozent ", "km/h": " kilometer pro stunde "}
ORDINAL = re.compile(rf"\b([1-9]|[12]\d|3[01])\.\s*(?=(?:{'|'.join(MONTHS)})\b)")
NUMBER = re.compile(r"(?<![\w,.])-(?=\d)|(?<![\d,])\d+(?:,\d+)?")
WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
ROUND = {100: "hundert", 1000: "tausend"}
PIECES_OF_NUMBERS = {*range(21), *range(30, 100, 10), 100, 1000}


def split_text(text: str) -> list[tuple[str, ...]]:
    """The sentences of a text, each as words: lower case, numbers written out, no punctuation.

    A number word is split as it is signed: fünfundzwanzig is fünf, zwanzig.

    Args:
        text: Anything somebody may type.

    Returns:
        Sentences with at least one word; none for an empty text.

    Chapter: 13_novel_sentences
    """
    text = unicodedata.normalize("NFC", text).lower().replace("−", "-")
    text = re.sub(r"(\d{1,2}):(\d{2})\b", r"\1 uhr \2", text)
    for sign, words in SIGNS.items():
        text = text.replace(sign, words)
    text = ORDINAL.sub(lambda found: f"{ordinal_words(int(found[1]))} ", text)
    text = NUMBER.sub(lambda found: _spoken(found[0]), text)
    parts = (WORD.findall(part) for part in re.split(r"[.!?;:…\n]+", text))
    return [tuple(w for word in words for w in _split_number(word)) for words in parts if words]


def join_words(text: str) -> tuple[str, ...]:
    """A text as one row of words, however many sentences it has."""
    return tuple(word for words in split_text(text) for word in words)


def _spoken(digits: str) -> str:
    """`-` as minus, 25 as fünfundzwanzig, 3,5 as drei komma fünf; too large a number stays."""
    if digits == "-":
        return " minus "
    whole, _, rest = digits.partition(",")
    if len(whole) > 4 or int(whole) > LARGEST:
        return f" {digits} "
    words = [_word(int(whole)), *(["komma"] if rest else []), *(_word(int(d)) for d in rest)]
    return f" {' '.join(words)} "


def _word(n: int) -> str:
    word = number_word(n).lower()
    for ascii_form, german in UMLAUTS.items():
        word = word.replace(ascii_form, german)
    return word


@lru_cache(4096)
def _split_number(word: str) -> tuple[str, ...]:
    found = re.fullmatch(r"(.+?)(st(?:e[nrs]?))?", word)
    n = read_number(plain(found[1]))
    if n is None or (n in PIECES_OF_NUMBERS and n < 100):
        return (word,)
    parts = number_parts(n, PIECES_OF_NUMBERS.__contains__)
    if parts is None:
        return (word,)
    *first, last = (ROUND.get(part) or _word(part) for part in parts)
    return (*first, last + (found[2] or ""))


@lru_cache(65_536)
def parts_of(word: str) -> tuple[str, ...]:
    """All runs of three and four letters of a word, its ends marked: <re, reg, ..., en>."""
    marked = f"<{word}>"
    return tuple(marked[i : i + n] for n in SIZES for i in range(max(1, len(marked) - n + 1)))


@dataclass(frozen=True)
class WordTable:
    """The words of a model, and the parts of words that it knows.

    Attributes:
        words: Whole words of the training texts.
        parts: Their parts.

    Chapter: 13_novel_sentences
    """

    words: Vocabulary
    parts: Vocabulary

    @classmethod
    def build(cls, sentences: Iterable[Sequence[str]], min_count: int = 1) -> "WordTable":
        """The tables of some training sentences.

        Args:
            sentences: As words.
            min_count: Rarer words are known by their parts only.

        Chapter: 13_novel_sentences
        """
        sentences = [tuple(words) for words in sentences]
        every = sorted({word for words in sentences for word in words})
        parts = Vocabulary.build(parts_of(word) for word in every)
        return cls(Vocabulary.build(sentences, min_count), parts)

    def knows(self, word: str) -> bool:
        """Whether training had the word."""
        return self.words.encode([word])[0] != UNK

    def encode(self, sentences: Sequence[Sequence[str]]) -> dict[str, Tensor]:
        """Sentences as numbers, every different word once.

        Args:
            sentences: As words, each at least one.

        Returns:
            `place` int [sentences, longest], which of the different words stands where, 0 for
            padding; `mask` bool, like it; `word` int [different words], of the vocabulary;
            `part` int [all their parts] and `start` int [different words], where each one's
            begin. The first word is padding.
        """
        index: dict[str, int] = {}
        place = np.zeros((len(sentences), max(map(len, sentences))), int)
        for row, words in zip(place, sentences, strict=True):
            row[: len(words)] = [1 + index.setdefault(word, len(index)) for word in words]
        known = [[p for p in self.parts.encode(parts_of(w)) if p != UNK] or [PAD] for w in index]
        parts = [[PAD], *known]
        return {
            "place": torch.from_numpy(place),
            "mask": torch.from_numpy(place > 0),
            "word": torch.tensor([PAD, *self.words.encode(list(index))]),
            "part": torch.tensor([p for one in parts for p in one]),
            "start": torch.from_numpy(np.cumsum([0, *(len(one) for one in parts[:-1])])),
        }
