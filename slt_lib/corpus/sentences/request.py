"""What a language model is asked: everything its answer depends on, and a name for it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from slt_lib.corpus.sentences.pairs import Pair
from slt_lib.pose.errors import SLTError

PROMPT = 1  # version of the wording below; another wording is another request
SHORT = (3, 9)  # glosses of an example for a small model
SAME = 0.8  # share of glosses in common from which two sentences are too much alike to show both
INSTRUCTION = (
    "You write training sentences for a translator from a sign language into German. Each "
    "sentence is a pair: its glosses, in the order in which they are signed, and the German text, "
    "in lower case with the full stop as a word of its own. Write new pairs in the manner of the "
    "examples: other facts, or the same facts combined in another way, never a copy. Text and "
    "glosses say the same. Use no gloss that isn't in the list."
)


@dataclass(frozen=True)
class Request:
    """One request for some pairs.

    Attributes:
        model: Name of the model.
        examples: Pairs of the *training* set that show how it is done.
        glosses: Those that may be used, in alphabetical order.
        words: Those that may be used in texts; empty if any may.
        n: How many pairs are asked for.
        temperature: Of sampling.
        max_tokens: Of one pair.
        seed: Of sampling.
        prompt: Version of the wording.

    Raises:
        SLTError: If nothing is asked for.

    Chapter: 13_novel_sentences
    """

    model: str
    examples: tuple[Pair, ...]
    glosses: tuple[str, ...]
    words: tuple[str, ...] = ()
    n: int = 10
    temperature: float = 0.8
    max_tokens: int = 120
    seed: int = 0
    prompt: int = PROMPT

    def __post_init__(self) -> None:
        if self.n < 1 or not self.examples or not self.glosses:
            raise SLTError(
                "A request needs examples, glosses and a number of pairs from 1.",
                fix="Give training pairs and the dictionary's glosses.",
            )

    @property
    def key(self) -> str:
        """A hash of everything above: equal requests have equal answers."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        texts: As the model wrote them, one or several pairs each.
        tokens_in, tokens_out: How many were read and written.
        model: What the endpoint says it is.
    """

    texts: tuple[str, ...]
    tokens_in: int = 0
    tokens_out: int = 0
    model: str = ""


def make_request(
    number: int, train: Sequence[Pair], *, model: str, glosses: Sequence[str],
    words: Sequence[str] = (), shots: int = 8, seed: int = 0, closely: bool = False, **more,
) -> Request:  # fmt: skip
    """The request of a number: other examples and another seed for each.

    Args:
        number: From 0.
        train: Pairs of the training set, and of nothing else.
        model: Its name.
        glosses, words: What may be used.
        shots: How many examples are shown.
        seed: Of the whole series.
        closely: For small models: short examples with glosses in common, and no other glosses and
            words than theirs.
        more: Other attributes of `Request`.

    Chapter: 13_novel_sentences
    """
    rng = np.random.default_rng([seed, number])
    shown = _alike(train, shots, rng) if closely else _any(train, shots, rng)
    if closely:
        glosses = [g for pair in shown for g in pair.glosses if g in set(glosses)]
        words = [w for pair in shown for w in pair.text.split() if w != "."]
    return Request(
        model=model, examples=shown, glosses=tuple(sorted(set(glosses))),
        words=tuple(sorted(set(words))), seed=int(rng.integers(2**31)), **more,
    )  # fmt: skip


def _any(train: Sequence[Pair], shots: int, rng: np.random.Generator) -> tuple[Pair, ...]:
    if not train:
        return ()
    return tuple(train[i] for i in rng.choice(len(train), min(shots, len(train)), replace=False))


def _alike(train: Sequence[Pair], shots: int, rng: np.random.Generator) -> tuple[Pair, ...]:
    """One short pair and some of those that share most glosses with it, it itself last."""
    short = [pair for pair in train if SHORT[0] <= len(pair.glosses) <= SHORT[1]] or list(train)
    if not short:
        return ()
    sets = [set(pair.glosses) for pair in short]
    one = int(rng.integers(len(short)))
    shared = np.array([len(sets[one] & s) / len(sets[one] | s) for s in sets])
    near = [i for i in np.argsort(-shared, kind="stable") if shared[i] < SAME][: 3 * shots]
    chosen = rng.choice(near, min(shots - 1, len(near)), replace=False) if near else []
    return tuple(short[i] for i in (*chosen, one))
