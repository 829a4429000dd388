"""Step 4: how long a sign lasts in fluent signing.

A dictionary shows signs in *citation form*: slowly, one by one, from rest and back to it.
In fluent signing the same sign lasts a fraction of that. The seed paper lets its
translation model predict durations; here a small model does, fitted on an aligned corpus.

Corpora measure signs in different ways. DGS Corpus glosses mark the sign alone: 0.2 s in the
median, with a way to the next sign of about the same length. PHOENIX14T's alignments leave no
frame over: the ways between signs are parts of the signs, 0.5 s in the median. The model says
which it means (`ways`).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, get_args

import numpy as np

from slt_lib.pose.errors import SLTError

MEDIAN_SECONDS = 0.2  # median of 98 glosses in 16 DGS Corpus sentences: 0.18 s, ways not counted
SPREAD = 0.5  # standard deviation of log duration, for sampling without a corpus
PRIOR_WEIGHT = 3.0  # how many occurrences the features are worth
Ways = Literal["apart", "half", "before"]


@lru_cache(4096)
def gloss_features(gloss: str) -> np.ndarray:
    """What a gloss's spelling hints about its sign's length, float [5].

    Constant, letters, vowel groups (the syllables of the word), number of parts of a
    compound or spelled sequence, and whether it is a function sign (index, location).
    """
    word = gloss.lower()
    vowels = len(re.findall(r"[aeiouyäöü]+", word))
    parts = len([p for p in re.split(r"[-+:]", word) if p])
    pointing = bool(re.match(r"(ix|index|loc|\$index|poss|\$gest)", word))
    return np.array([1.0, len(word) / 10, vowels / 4, parts, float(pointing)])


@dataclass(frozen=True)
class DurationModel:
    """Log-normal durations: a gloss's own median, drawn towards what its spelling suggests.

    Attributes:
        centres: Log of the median seconds of the glosses seen in fitting.
        weights: Ridge regression from `gloss_features` to log seconds, for the others.
        spread: Standard deviation of log seconds around it.
        ways: What durations count besides the sign: nothing (`apart`), half of the way on either
            side (`half`), or the whole way to the sign (`before`).
        last: How many times as long the last sign of a sentence is.

    Raises:
        SLTError: If `ways` is none of these.

    Chapter: 03_stitching
    """

    centres: dict[str, float] = field(default_factory=dict)
    weights: tuple[float, ...] = (float(np.log(MEDIAN_SECONDS)), 0.0, 0.0, 0.0, 0.0)
    spread: float = SPREAD
    ways: Ways = "apart"
    last: float = 1.0

    def __post_init__(self) -> None:
        if self.ways not in get_args(Ways) or not self.last > 0:
            raise SLTError(
                f"Durations can't count ways {self.ways!r} or a last sign {self.last} times.",
                fix=f"Ways are one of {', '.join(get_args(Ways))}; `last` is above 0.",
            )

    def seconds(self, gloss: str) -> float:
        """The median duration of a gloss's sign.

        Chapter: 03_stitching
        """
        mean = self.centres.get(gloss)
        return float(np.exp(mean if mean is not None else gloss_features(gloss) @ self.weights))

    def sample(self, gloss: str, rng: np.random.Generator) -> float:
        """A duration drawn for one occurrence, in seconds.

        Chapter: 03_stitching
        """
        return self.seconds(gloss) * float(np.exp(self.spread * rng.standard_normal()))

    def sentence(
        self, glosses: Sequence[str], rng: np.random.Generator | None = None
    ) -> list[float]:
        """How long each sign of a sentence lasts, in seconds.

        Args:
            glosses: In order.
            rng: Where durations are drawn; None takes medians.

        Chapter: 03_stitching
        """
        found = [self.seconds(g) if rng is None else self.sample(g, rng) for g in glosses]
        return [*found[:-1], *(seconds * self.last for seconds in found[-1:])]


def fit_durations(
    observed: Iterable[tuple[str, float]], ways: Ways, ridge: float = 1.0
) -> DurationModel:
    """Fit the duration model on signs cut from an aligned corpus.

    Args:
        observed: (gloss, seconds) of each occurrence.
        ways: What the corpus counts as parts of the signs (`DurationModel`); an alignment without
            gaps counts the ways between them.
        ridge: Strength of the ridge penalty on all weights but the constant.

    Raises:
        SLTError: If nothing was observed, or a duration isn't above 0.

    Chapter: 03_stitching
    """
    by_gloss: dict[str, list[float]] = defaultdict(list)
    for gloss, seconds in observed:
        if not seconds > 0:
            raise SLTError(f"The sign {gloss!r} is said to last {seconds} seconds.")
        by_gloss[gloss].append(float(np.log(seconds)))
    if not by_gloss:
        raise SLTError("No sign durations were observed.", fix="Give a corpus with alignments.")
    x = np.stack([gloss_features(gloss) for gloss in by_gloss])
    y = np.array([np.median(logs) for logs in by_gloss.values()])
    counts = np.array([len(logs) for logs in by_gloss.values()], dtype=float)
    trust = counts / (counts + PRIOR_WEIGHT)
    penalty = ridge * np.diag([0.0, 1, 1, 1, 1])
    weights = np.linalg.solve(x.T @ (x * trust[:, None]) + penalty, x.T @ (y * trust))
    prior = x @ weights
    centres = dict(zip(by_gloss, prior + trust * (y - prior), strict=True))
    errors = np.concatenate([np.array(logs) - centres[gloss] for gloss, logs in by_gloss.items()])
    return DurationModel(centres, tuple(weights), float(errors.std()), ways)
