"""From what a source says to what may be trained on: a funnel that counts what falls out where."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

from slt_lib.corpus.sentences.pairs import Pair, Raw, Source
from slt_lib.corpus.sentences.repair import Repair, clean_text

STAGES = ("asked", "parsed", "in_vocabulary", "well_formed", "novel", "accepted")
LONGEST = (30, 60)  # glosses, words


@dataclass
class Collected:
    """What came of a source.

    Attributes:
        pairs: The accepted ones.
        counts: How many got as far as each of `STAGES`; each is at most the one before.
        reasons: Why the others didn't, with numbers.
        repaired: What was put right in pairs that were accepted, with numbers.
        rejected: Some of the others: (reason, what was said).
    """

    pairs: list[Pair] = field(default_factory=list)
    counts: Counter = field(default_factory=lambda: Counter(dict.fromkeys(STAGES, 0)))
    reasons: Counter = field(default_factory=Counter)
    repaired: Counter = field(default_factory=Counter)
    rejected: list[tuple[str, str]] = field(default_factory=list)

    def record(self) -> dict:
        """The counts as plain values."""
        return {
            **{stage: self.counts[stage] for stage in STAGES},
            "reasons": dict(self.reasons.most_common()),
            "repaired": dict(self.repaired.most_common()),
        }


class Checks:
    """What a pair has to pass, in the order of `STAGES`.

    Args:
        repair: What can be put right, and which glosses are known.
        train: Pairs whose texts are nothing new.
        held_out: Pairs of dev and test: neither their texts nor their glosses may come up.
        words: Words that a text may have; None for any.
        paraphrased: Which held-out text a text paraphrases, "" for none (`Paraphrases`); without
            it, held-out texts and glosses are compared exactly, and nothing else is.

    Chapter: 13_novel_sentences
    """

    def __init__(
        self, repair: Repair, train: Iterable[Pair], held_out: Iterable[Pair],
        words: Collection[str] | None = None, paraphrased: Callable[[str], str] | None = None,
    ) -> None:  # fmt: skip
        held_out, self.paraphrased = list(held_out), paraphrased
        self.repair, self.words = repair, frozenset(words) if words is not None else None
        self.known = {text_key(pair.text) for pair in train}
        self.held_out = {text_key(pair.text) for pair in held_out}
        self.held_out_glosses = {pair.glosses for pair in held_out}
        self.taken: set[str] = set()

    def __call__(self, raw: Raw, into: Collected) -> None:
        """Count one, and keep it if it passes."""
        into.counts["asked"] += 1
        if raw.pair is None:
            return self._out(into, raw, "not a pair")
        into.counts["parsed"] += 1
        pair, repairs = self.repair(raw.pair)
        if pair is None:
            return self._out(into, raw, "unknown gloss")
        into.counts["in_vocabulary"] += 1
        for stage, why in (("well_formed", self._malformed(pair)), ("novel", self._old(pair))):
            if why:
                return self._out(into, raw, why)
            into.counts[stage] += 1
        if text_key(pair.text) in self.taken:
            return self._out(into, raw, "said before")
        self.taken.add(text_key(pair.text))
        into.counts["accepted"] += 1
        into.repaired.update(set(repairs))
        into.pairs.append(pair)

    def _out(self, into: Collected, raw: Raw, why: str) -> None:
        into.reasons[why] += 1
        if into.reasons[why] <= 20:
            into.rejected.append((why, raw.said))

    def _malformed(self, pair: Pair) -> str:
        words = pair.text.split()[:-1]
        if not words or len(pair.glosses) > LONGEST[0] or len(words) > LONGEST[1]:
            return "empty or too long"
        if any(a == b for sides in (words, pair.glosses) for a, b in pairwise(sides)):
            return "says something twice in a row"
        if _most(words, 2) > 2 or _most(words, 4) > 1:  # 6 of 1,000 of the grammar's own do
            return "goes round in circles"
        if self.words is not None and not self.words.issuperset(words):
            return "unknown word"
        return ""

    def _old(self, pair: Pair) -> str:
        key = text_key(pair.text)
        if key in self.held_out:
            return "text of dev or test"
        if pair.glosses in self.held_out_glosses:
            return "glosses of dev or test"
        if key in self.known:
            return "text of training"
        if self.paraphrased is not None and self.paraphrased(pair.text):
            return "paraphrase of dev or test"
        return ""


def collect(source: Source, n: int, checks: Checks, *, most: int | None = None) -> Collected:
    """Ask a source until enough of its pairs have passed.

    Args:
        source: A source; what it has said before doesn't matter, it begins at the beginning.
        n: How many to accept.
        checks: What they must pass.
        most: How many to ask for at most; 20 n by default.

    Returns:
        What came of it, perhaps fewer than n.

    Raises:
        SLTError: Whatever stops the source, such as a dead endpoint.

    Chapter: 13_novel_sentences
    """
    into = Collected()
    for raw in islice(source.draw(), 20 * n if most is None else most):
        checks(raw, into)
        if len(into.pairs) == n:
            break
    return into


def leaked(pairs: Iterable[Pair], held_out: Sequence[Pair]) -> int:
    """How many pairs have the text or the glosses of a held-out one; 0 is what is wanted.

    Args:
        pairs: New ones.
        held_out: Of dev and test.

    Chapter: 13_novel_sentences
    """
    texts, glosses = {text_key(p.text) for p in held_out}, {p.glosses for p in held_out}
    return sum(text_key(p.text) in texts or p.glosses in glosses for p in pairs)


def text_key(text: str) -> str:
    """What two texts have in common that say the same words: no case, stops or spaces."""
    return clean_text(text)


def _most(words: Sequence[str], n: int) -> int:
    """How often the most frequent stretch of n words occurs."""
    runs = Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
    return max(runs.values(), default=0)
