"""Is the difference between two systems real? Resampling of sentences, BLEU from their counts.

BLEU of any set of sentences follows from sums of ten counts per sentence, so thousands of
resampled test sets cost as much as one pass over them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from slt_lib.pose.errors import SLTError


@dataclass(frozen=True)
class Significance:
    """The comparison of two systems.

    Attributes:
        a, b: Their BLEU-4, all seeds in one.
        p: How often a difference at least as large arises when systems are swapped at random.
        trials: How many random swaps.

    Chapter: 10_pretraining
    """

    a: float
    b: float
    p: float
    trials: int

    @property
    def delta(self) -> float:
        """By how much b is better."""
        return self.b - self.a


def bleu_counts(hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """What BLEU needs to know of each sentence, int [sentences, 10].

    Columns: words said, words meant, then matching and possible n-grams for n = 1 to 4.

    Chapter: 10_pretraining
    """
    return _counts(tuple(hypotheses), tuple(references)).copy()


@lru_cache(maxsize=256)  # one system is compared with many
def _counts(hypotheses: tuple[str, ...], references: tuple[str, ...]) -> np.ndarray:
    from sacrebleu.metrics import BLEU

    metric = BLEU(force=True)
    rows = []
    for said, meant in zip(hypotheses, references, strict=True):
        one = metric.corpus_score([said], [[meant]])
        rows.append([one.sys_len, one.ref_len, *one.counts, *one.totals])
    return np.array(rows, dtype=np.int64)


def bleu_of(counts: np.ndarray) -> np.ndarray:
    """BLEU-4 from summed counts, in percent: sacrebleu's, with its exponential smoothing.

    Args:
        counts: [..., 10] as of `bleu_counts`, summed over sentences.
    """
    counts = np.asarray(counts, dtype=float)
    said, meant, matches, possible = (
        counts[..., 0],
        counts[..., 1],
        counts[..., 2:6],
        counts[..., 6:],
    )
    none = matches == 0
    halvings = np.cumsum(none & (possible > 0), -1)
    smoothed = 1 / (2.0**halvings * np.maximum(possible, 1))
    precision = np.where(none, smoothed, matches / np.maximum(possible, 1))
    precision = np.where(possible > 0, precision, 0)
    brevity = np.minimum(0, 1 - meant / np.maximum(said, 1e-9))
    with np.errstate(divide="ignore"):
        logs = np.log(precision).mean(-1)
    return np.where(
        (possible > 0).all(-1) & (matches[..., 0] > 0), 100 * np.exp(brevity + logs), 0.0
    )


def paired_randomisation(
    a: Sequence[Sequence[str]],
    b: Sequence[Sequence[str]],
    references: Sequence[str],
    *,
    trials: int = 10_000,
    seed: int = 0,
) -> Significance:
    """Paired approximate randomisation over sentences, seeds pooled (Riezler & Maxwell 2005).

    In each trial every sentence keeps its two translations or swaps them, with all seeds
    together: it is sentences that are drawn from a population, not trainings.

    Args:
        a, b: Translations of the test set, a list per seed; as many seeds of each.
        references: Of the test set.
        trials: How many.
        seed: Of the swaps.

    Raises:
        SLTError: If the systems have different numbers of seeds.

    Chapter: 10_pretraining
    """
    if len(a) != len(b) or not a:
        raise SLTError(f"{len(a)} seeds of one system and {len(b)} of the other.")
    first, second = (sum(bleu_counts(h, references) for h in system) for system in (a, b))
    bleus = bleu_of(first.sum(0)), bleu_of(second.sum(0))
    observed = abs(bleus[1] - bleus[0])
    rng, beyond, difference = np.random.default_rng(seed), 0, second - first
    for start in range(0, trials, 1000):
        swap = rng.random((min(1000, trials - start), len(references))) < 0.5
        moved = swap.astype(float) @ difference
        gap = bleu_of(first.sum(0) + moved) - bleu_of(second.sum(0) - moved)
        beyond += int((np.abs(gap) >= observed - 1e-9).sum())
    return Significance(float(bleus[0]), float(bleus[1]), (beyond + 1) / (trials + 1), trials)


def bootstrap(
    hypotheses: Sequence[str], references: Sequence[str], *, trials: int = 1000, seed: int = 0
) -> tuple[float, float, float]:
    """BLEU-4 and the bounds of its 95 % confidence interval (Koehn 2004).

    Args:
        hypotheses, references: Of the test set.
        trials: Resampled test sets.
        seed: Of the resampling.

    Chapter: 09_pose_to_text
    """
    counts = bleu_counts(hypotheses, references)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(counts), size=(trials, len(counts)))
    resampled = bleu_of(counts[drawn].sum(1))
    low, high = np.quantile(resampled, [0.025, 0.975])
    return float(bleu_of(counts.sum(0))), float(low), float(high)


@dataclass(frozen=True)
class Contrast:
    """By how much one system is better than another.

    Attributes:
        difference: Of their mean BLEU-4 over seeds.
        low, high: Bounds of its 95 % confidence interval, over sentences and seeds.
        p: Of `paired_randomisation`, over sentences; all seeds in one.

    Chapter: 10_pretraining
    """

    difference: float
    low: float
    high: float
    p: float


def contrast(
    a: Sequence[Sequence[str]], b: Sequence[Sequence[str]], references: Sequence[str], *,
    trials: int = 10_000, seed: int = 0,
) -> Contrast:  # fmt: skip
    """How much better is a than b, had other sentences been tested and other seeds been drawn?

    In each trial sentences are drawn with replacement, the same ones for both systems, and each
    system's trainings are drawn from its own. As n things drawn from n vary less than the n
    things themselves, deviations between seeds are stretched by sqrt(n / (n - 1)). One seed each
    says nothing of seeds: the interval is then of sentences alone.

    Args:
        a, b: Translations of the test set, a list per seed.
        references: Of the test set.
        trials: How many.
        seed: Of what is drawn.

    Raises:
        SLTError: If a system has no seed; for p also if they have different numbers of seeds.

    Chapter: 10_pretraining
    """
    tested = paired_randomisation(a, b, references, trials=trials, seed=seed)
    means = [np.mean([bleu_of(bleu_counts(h, references).sum(0)) for h in s]) for s in (a, b)]
    drawn = seed_and_sentence_bootstrap([a, b], references, trials=trials, seed=seed)
    low, high = np.quantile(drawn[0] - drawn[1], [0.025, 0.975])
    return Contrast(float(means[0] - means[1]), float(low), float(high), tested.p)


def seed_and_sentence_bootstrap(
    systems: Sequence[Sequence[Sequence[str]]], references: Sequence[str], *,
    trials: int = 10_000, seed: int = 0,
) -> np.ndarray:  # fmt: skip
    """Mean BLEU-4 of some systems, had other sentences and seeds been drawn: [systems, trials].

    Args:
        systems: Translations of the test set of each, a list per seed. All systems translate the
            same drawn sentences.
        references, trials, seed: As for `contrast`.

    Chapter: 10_pretraining
    """
    rng, count = np.random.default_rng(seed), len(references)
    # how often each sentence is drawn, [trials, sentences]; float, for a fast product
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=trials).astype(np.float32)
    found = []
    for system in systems:
        counts = np.stack([bleu_counts(h, references) for h in system]).astype(np.float32)
        seeds = len(counts)
        scores = bleu_of(np.stack([drawn @ one for one in counts], 1))  # [trials, seeds]
        picked = np.take_along_axis(scores, rng.integers(seeds, size=scores.shape), 1).mean(1)
        stretch = np.sqrt(seeds / (seeds - 1)) if seeds > 1 else 0.0
        found.append(scores.mean(1) + stretch * (picked - scores.mean(1)))
    return np.stack(found)


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """p values of one family, so adjusted that all of them together err in 1 of 20 (Holm 1979).

    Args:
        p: By name.

    Chapter: 10_pretraining
    """
    adjusted, highest = {}, 0.0
    for rank, name in enumerate(sorted(p, key=lambda name: p[name])):
        highest = max(highest, min(1.0, (len(p) - rank) * p[name]))
        adjusted[name] = highest
    return {name: adjusted[name] for name in p}
