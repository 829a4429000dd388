"""How well are paraphrases of held-out sentences found, and how often is something else refused?

A filter is an instrument, and is validated before it judges. The weather world's grammar can word
one meaning in many ways, so here true paraphrases are known. Three kinds of texts are compared
with the held-out ones: *paraphrases*, which should be found; *new* sentences of the grammar, each
with its nearest of all held-out texts, as the filter sees them; and held-out texts with *one word
changed* for another that stands for another gloss in the same surroundings, which say something
else in nearly the same words.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

import numpy as np

from slt_lib.corpus.sentences.grammar_source import Grammar
from slt_lib.corpus.sentences.pairs import Pair
from slt_lib.corpus.sentences.paraphrases import APART, NEAR, Embed, Paraphrases, apart
from slt_lib.corpus.sentences.recombine import START, STOP
from slt_lib.corpus.weather.grammar import Sentence, paraphrase
from slt_lib.experiments.novel_data import NovelData
from slt_lib.pose.errors import SLTError

STEPS = (0.0, *np.round(np.arange(0.88, 1.0, 0.01), 2).tolist())  # thresholds of the cosine
FRESH = 4242  # seed of new sentences: another than any source's


def detection(
    data: NovelData, embed: Embed, *, split: str = "dev", most: int = 500, seed: int = 0
) -> dict:
    """Shares of each kind that are taken for paraphrases, over thresholds of the cosine.

    Args:
        data: Of the weather world.
        embed: Of `sentence_vectors`.
        split: Whose texts are held out: "dev" to choose a threshold, "test" to report it.
        most: Of each kind.
        seed: Of wordings and changes.

    Returns:
        `roc`: by detector ("cosine", "both"), rows with `near` (0 is any: glosses alone) and the
        shares `paraphrase`, `new`, `changed` that it takes for paraphrases; `auc` of the cosine:
        paraphrases against `new`, and against `changed`; `chosen`, the row of `NEAR`; `numbers` of
        texts.

    Raises:
        SLTError: If the corpus isn't the weather world's.

    Chapter: 13_novel_sentences
    """
    if data.world is None:
        raise SLTError("Paraphrases come from the weather world's grammar.")
    held_out = data.world.sentences(split)[:most]
    finder = Paraphrases([s.text for s in held_out], data.pairs("train"), embed)
    kinds = {
        "paraphrase": reworded(held_out, seed),
        "new": list(enumerate(_new(held_out, len(held_out)))),
        "changed": changed(held_out, data.pairs("train"), finder.glosses, seed),
    }
    found = {name: _compared(texts, finder, name == "new") for name, texts in kinds.items()}

    def taken(kind: str, near: float, most_apart: float) -> float:
        pairs = found[kind]
        return float(np.mean([any(c >= near and d <= most_apart for c, d in one) for one in pairs]))

    roc = {
        detector: [
            {"near": near} | {kind: taken(kind, near, slack) for kind in found} for near in STEPS
        ]
        for detector, slack in (("cosine", np.inf), ("both", APART))
    }
    cosine = {kind: np.array([max(one)[0] for one in pairs]) for kind, pairs in found.items()}
    return {
        "roc": roc,
        "auc": {kind: _auc(cosine["paraphrase"], cosine[kind]) for kind in ("new", "changed")},
        "chosen": next(row for row in roc["both"] if row["near"] == NEAR),
        "numbers": {kind: len(texts) for kind, texts in kinds.items()},
        "split": split,
    }


def reworded(held_out: Sequence[Sentence], seed: int) -> list[tuple[int, str]]:
    """(number, other wording) of the sentences whose wording comes out another.

    Args:
        held_out: Sentences of the weather world.
        seed: Of the wording.

    Chapter: 13_novel_sentences
    """
    found = ((i, paraphrase(one.meaning, seed + 1)) for i, one in enumerate(held_out))
    return [(i, text) for i, text in found if text != held_out[i].text]


def changed(
    held_out: Sequence[Sentence], train: Sequence[Pair], glosses: dict[str, str], seed: int
) -> list[tuple[int, str]]:
    """(number, text) of sentences with one word changed for one of another gloss.

    The new word stands between the same two words somewhere in training.

    Args:
        held_out: Sentences.
        train: Training pairs.
        glosses: What words stand for.
        seed: Of the choice.

    Chapter: 13_novel_sentences
    """
    between: dict[tuple[str, str], set[str]] = defaultdict(set)
    for pair in train:
        words = [START, *pair.text.split(), STOP]
        for before, word, after in zip(words, words[1:], words[2:], strict=False):
            if word in glosses:
                between[before, after].add(word)
    rng, out = np.random.default_rng([seed, 132]), []
    for i, one in enumerate(held_out):
        words = [START, *one.text.split(), STOP]
        options = [
            (k, other)
            for k in range(1, len(words) - 1)
            if words[k] in glosses
            for other in sorted(between[words[k - 1], words[k + 1]])
            if glosses[other] != glosses[words[k]]
        ]
        if options:
            k, other = options[int(rng.integers(len(options)))]
            out.append((i, " ".join([*words[1:k], other, *words[k + 1 : -1]])))
    return out


def _new(held_out: Sequence[Sentence], n: int) -> list[str]:
    """Texts of the grammar whose glosses none of the held-out sentences has."""
    taken = {one.gloss for one in held_out}
    drawn = (raw.pair for raw in Grammar(seed=FRESH).draw())
    return list(islice((pair.text for pair in drawn if pair.glosses not in taken), n))


def _compared(
    texts: Sequence[tuple[int, str]], finder: Paraphrases, with_all: bool
) -> list[list[tuple[float, int]]]:
    """(cosine, glosses apart) of every text with its own held-out one, or with all of them."""
    vectors = finder.embed([text for _, text in texts]) @ finder.vectors.T
    out = []
    for (i, text), row in zip(texts, vectors, strict=True):
        said = finder.content(text)
        others = range(len(row)) if with_all else [i]
        out.append([(float(row[k]), apart(said, finder.said[k])) for k in others])
    return out


def _auc(right: np.ndarray, wrong: np.ndarray) -> float:
    """The chance that one of the right ones is above one of the wrong ones."""
    above = (right[:, None] > wrong).mean() + 0.5 * (right[:, None] == wrong).mean()
    return float(above)
