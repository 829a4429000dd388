"""When is nothing signed? Before the first sign of a sentence, after the last, and in pauses.

A dictionary's recordings begin and end at rest, and so do a corpus' sentences, for a while. A
stitched sentence that starts with its first sign and stops with its last is shorter than a real
one, and shows a beginning that no real sentence has.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from slt_lib.pose.errors import SLTError
from slt_lib.stitching.transition import LONGEST

QUANTILES = np.linspace(0, 1, 11)


@dataclass(frozen=True)
class Rests:
    """How long signers of a corpus rest; times are evenly spaced quantiles in seconds.

    Attributes:
        before: From the start of a sentence to its first sign.
        after: From its last sign to the end.
        pause: Probability of a pause between two signs.
        pauses: How long pauses are.

    Raises:
        SLTError: If a time is negative, or the probability isn't one.

    Chapter: 03_stitching
    """

    before: tuple[float, ...] = (0.0,)
    after: tuple[float, ...] = (0.0,)
    pause: float = 0.0
    pauses: tuple[float, ...] = (0.0,)

    def __post_init__(self) -> None:
        times = (*self.before, *self.after, *self.pauses)
        if not (self.before and self.after and self.pauses and 0 <= self.pause <= 1):
            raise SLTError(f"{self} makes no sense.", fix="Fit it on a corpus: fit_rests.")
        _check_seconds(times)
        if any(list(q) != sorted(q) for q in (self.before, self.after, self.pauses)):
            raise SLTError(f"{self}: quantiles don't fall.", fix="Fit it on a corpus: fit_rests.")

    def median(self, signs: int) -> "SentenceRests":
        """The rests of a typical sentence, without pauses.

        Args:
            signs: How many signs it has.
        """
        middle = [float(np.interp(0.5, _shares(q), q)) for q in (self.before, self.after)]
        return SentenceRests(middle[0], middle[1], (0.0,) * (signs - 1))

    def draw(self, signs: int, rng: np.random.Generator) -> "SentenceRests":
        """The rests of one sentence.

        Args:
            signs: How many signs it has.
            rng: Where the choices come from.
        """
        before, after = (np.interp(rng.random(), _shares(q), q) for q in (self.before, self.after))
        paused = rng.random(signs - 1) < self.pause
        lengths = np.interp(rng.random(signs - 1), _shares(self.pauses), self.pauses)
        return SentenceRests(float(before), float(after), tuple((lengths * paused).tolist()))


@dataclass(frozen=True)
class SentenceRests:
    """When nothing is signed in one sentence, in seconds.

    Attributes:
        before: Ahead of the first sign.
        after: Behind the last one.
        pauses: Behind each sign but the last.

    Raises:
        SLTError: If a time is negative, or none.
    """

    before: float = 0.0
    after: float = 0.0
    pauses: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        _check_seconds((self.before, self.after, *self.pauses))


def fit_rests(
    sentences: Iterable[tuple[Sequence[tuple[int, int]], int]], fps: float, with_ways: bool
) -> Rests:
    """Measure the rests of a corpus that says when its glosses were signed.

    Args:
        sentences: Of each, (start, end) of its glosses in frames, end exclusive, and its length.
        fps: Frames per second.
        with_ways: Whether the spans count the ways between signs as parts of the signs. Where
            they don't, a pause is what a gap has over the longest way, 0.36 s.

    Raises:
        SLTError: If no sentence has spans.

    Chapter: 03_stitching
    """
    before, after, gaps = [], [], []
    for spans, frames in sentences:
        signed = sorted((a, b) for a, b in spans if b > a)
        if signed:
            before.append(max(0, signed[0][0]) / fps)
            after.append(max(0, frames - max(b for _, b in signed)) / fps)
            gaps += [(b[0] - a[1]) / fps for a, b in pairwise(signed)]
    if not before:
        raise SLTError("No sentence says when its glosses were signed.", fix="Align it first.")
    over = np.array(gaps) - (0.0 if with_ways else LONGEST)
    paused = over[over > 0.5 / fps]
    return Rests(
        before=_quantiles(before),
        after=_quantiles(after),
        pause=len(paused) / len(over) if len(over) else 0.0,
        pauses=_quantiles(paused) if len(paused) else (0.0,),
    )


def _check_seconds(times: Sequence[float]) -> None:
    if not all(0 <= seconds < 3600 for seconds in times):  # NaN is none either
        raise SLTError(f"Not all of these are rests in seconds: {list(times)}.")


def _quantiles(seconds: Sequence[float]) -> tuple[float, ...]:
    return tuple(np.quantile(seconds, QUANTILES).round(4).tolist())


def _shares(quantiles: Sequence[float]) -> np.ndarray:
    return np.linspace(0, 1, len(quantiles)) if len(quantiles) > 1 else np.array([0.5])
