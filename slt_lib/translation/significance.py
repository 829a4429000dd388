"""Is the difference between two systems real? Resampling of sentences, BLEU from their counts.

BLEU of any set of sentences follows from sums of ten counts per sentence, so thousands of
resampled test sets cost as much as one pass over them.
"""

from collections.abc import Sequence
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
