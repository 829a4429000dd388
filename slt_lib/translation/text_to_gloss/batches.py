"""Which sentences are learnt together, and how is a model made ready for words it never saw?

Some words of a batch are hidden, so that their parts must do. Some names are exchanged for
made-up ones, whose gloss is then `COPY` and points at them: what the model is to do with a
name that is new. Made-up words in other places stand for nothing, and must be passed over.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from slt_lib.dictionary.glosses import plain
from slt_lib.translation.text_to_gloss.data import GlossSentences
from slt_lib.translation.text_to_gloss.words import WordTable
from slt_lib.translation.vocabulary import BOS, EOS, PAD, SPECIAL, UNK, Vocabulary

COPY = "<copy>"
COPIED = len(SPECIAL)  # its number
SHORTEST_NAME = 4  # letters of a word whose gloss is the word itself


@dataclass(frozen=True)
class GlossCodec:
    """All that a text-to-gloss model knows by name.

    Attributes:
        table: Words and their parts.
        gloss: Glosses; the first after the special ones is `COPY`.
        faces: What faces do; empty where the corpus doesn't say.

    Chapter: 13_novel_sentences
    """

    table: WordTable
    gloss: Vocabulary
    faces: tuple[str, ...] = ()

    @classmethod
    def build(cls, data: GlossSentences, min_count: int = 1) -> "GlossCodec":
        """The names in some training data.

        Args:
            data: Training sentences only.
            min_count: Rarer words are known by their parts; rarer glosses by `COPY` or not.

        Chapter: 13_novel_sentences
        """
        glosses = Vocabulary.build(data.glosses, min_count).words[len(SPECIAL) :]
        gloss = Vocabulary((*SPECIAL, COPY, *(g for g in glosses if g != COPY)))
        return cls(WordTable.build(data.words, min_count), gloss, data.face_names)

    @cached_property
    def maker(self) -> "WordMaker":
        """Of words that look like the known ones."""
        return WordMaker(self.table.words.words[len(SPECIAL) :])


class WordMaker:
    """Makes up words that sound like some others: each letter follows the two before it.

    Args:
        words: To learn from.
    """

    def __init__(self, words: Sequence[str]) -> None:
        counts: dict[str, Counter] = defaultdict(Counter)
        for word in words:
            marked = f"<<{word}>"
            for i in range(2, len(marked)):
                counts[marked[i - 2 : i]][marked[i]] += 1
        self.next = {
            before: (sorted(after), np.cumsum([after[c] for c in sorted(after)]))
            for before, after in counts.items()
        }
        self.known = frozenset(words)

    def make(self, rng: np.random.Generator) -> str:
        """A new word of 4 to 14 letters, or, where that fails, one of random letters."""
        for _ in range(20):
            word = "<<"
            while len(word) < 17 and word[-1] != ">" and self.next:
                letters, shares = self.next[word[-2:]]
                word += letters[int(np.searchsorted(shares, rng.integers(shares[-1]), "right"))]
            word = word.strip("<>")
            if 4 <= len(word) <= 14 and word not in self.known:
                return word
        return "".join(rng.choice(list("abcdefghijklmnoprstuwz"), 8))


@dataclass(frozen=True, eq=False)
class GlossBatch:
    """Some sentences with their targets.

    Attributes:
        text: Of `WordTable.encode`.
        tokens: int [batch, glosses + 2], from `BOS` to `EOS`, then `PAD`.
        seconds: Of every gloss, [batch, glosses], NaN where unknown.
        pointer: Which word a `COPY` stands for, int [batch, glosses], -1 elsewhere.
        faces: What the face does, int [batch, glosses], -1 where unknown.
        cutoff: Log hertz, [batch], NaN where unknown.
    """

    text: dict[str, Tensor]
    tokens: Tensor
    seconds: Tensor
    pointer: Tensor
    faces: Tensor
    cutoff: Tensor


def gloss_batch(
    data: GlossSentences, rows: Sequence[int], codec: GlossCodec,
    rng: np.random.Generator | None = None, copy: float = 0.0, drop: float = 0.0,
) -> GlossBatch:  # fmt: skip
    """Some sentences as a batch, varied if there is a generator.

    Args:
        data: The sentences.
        rows: Which.
        codec: The model's names.
        rng: Of what is hidden and made up; None leaves everything as it is.
        copy: Share of names that are exchanged for made-up ones, and half the share of
            sentences that get a made-up word which stands for nothing.
        drop: Share of words that are hidden: their parts alone are read.
    """
    varied = [_varied(data, int(i), codec, rng, copy) for i in rows]
    longest = max(len(glosses) for _, glosses, _ in varied)
    tokens = np.full((len(varied), longest + 2), PAD)
    seconds, pointer, faces = (np.full((len(varied), longest), v) for v in (np.nan, -1, -1))
    for b, (i, (_, glosses, points)) in enumerate(zip(rows, varied, strict=True)):
        n = len(glosses)
        numbers = codec.gloss.encode(glosses)
        tokens[b, : n + 2] = [BOS, *numbers, EOS]
        seconds[b, :n] = data.seconds[i]
        pointer[b, :n] = points
        faces[b, :n] = [codec.faces.index(f) if f in codec.faces else -1 for f in data.faces[i]]
    batch = GlossBatch(
        codec.table.encode([words for words, _, _ in varied]),
        torch.from_numpy(tokens), torch.from_numpy(seconds).float(), torch.from_numpy(pointer),
        torch.from_numpy(faces), torch.from_numpy(np.log(data.cutoff[list(rows)])).float(),
    )  # fmt: skip
    if rng is None or not drop:
        return batch
    hidden = torch.from_numpy(rng.random(len(batch.text["word"])) < drop)
    word = batch.text["word"].masked_fill(hidden & (batch.text["word"] != PAD), UNK)
    return replace(batch, text=batch.text | {"word": word})


def names_in(words: Sequence[str], glosses: Sequence[str]) -> list[tuple[int, int]]:
    """Words whose gloss is the word itself (sachsen, SACHSEN): [(word, gloss)] by place."""
    places: dict[str, list[int]] = defaultdict(list)
    for i, word in enumerate(words):
        if len(word) >= SHORTEST_NAME:
            places[plain(word)].append(i)
    found = ((places[plain(g)], k) for k, g in enumerate(glosses) if plain(g) in places)
    return [(left.pop(0), k) for left, k in found if left]


def _varied(data, i: int, codec: GlossCodec, rng, copy: float) -> tuple[list, list, list[int]]:
    """Words, glosses and pointers of a sentence, with made-up words in it."""
    words, glosses = list(data.words[i]), list(data.glosses[i])
    points = [-1] * len(glosses)
    if rng is None or not copy:
        return words, glosses, points
    for word, gloss in names_in(words, glosses):
        if rng.random() < copy:
            words[word] = codec.maker.make(rng)
            glosses[gloss], points[gloss] = COPY, word
    if rng.random() < copy / 2:
        at = int(rng.integers(len(words) + 1))
        words.insert(at, codec.maker.make(rng))
        points = [p + (p >= at) for p in points]
    return words, glosses, points
