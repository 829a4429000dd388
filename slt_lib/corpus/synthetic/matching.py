"""What must stitched signing have in common with a real corpus? Tempo, smoothness, gaps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

import numpy as np

from slt_lib.corpus.corpus import Corpus
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.resample import to_fps
from slt_lib.stitching.duration import DurationModel, fit_durations
from slt_lib.stitching.rests import Rests, fit_rests
from slt_lib.stitching.spectrum import Spectrum, spectrum

LOOKED_AT = 200  # sentences are enough to measure smoothness and gaps


@dataclass(frozen=True)
class Dropouts:
    """How often a hand gets lost, and for how long.

    Attributes:
        lost: Probability per frame that a seen hand is lost in the next one.
        found: Probability per frame that a lost hand is seen again.

    Chapter: 04_synthetic_corpus
    """

    lost: float = 0.0
    found: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.lost <= 1 and 0 <= self.found <= 1):
            raise SLTError(f"{self} makes no sense.", fix="Both are probabilities.")

    def draw(self, frames: int, rng: np.random.Generator) -> np.ndarray:
        """In which frames a hand is lost, bool [frames]."""
        lost, out, chances = False, np.zeros(frames, bool), rng.random(frames)
        for t in range(frames):
            lost = chances[t] >= self.found if lost else chances[t] < self.lost
            out[t] = lost
        return out


def measure_dropouts(corpus: Iterable[Utterance]) -> Dropouts:
    """How hands get lost in a corpus. A hand never seen in a sentence isn't lost but absent.

    Args:
        corpus: Utterances with poses; the first 200 are looked at.

    Chapter: 04_synthetic_corpus
    """
    counts = np.zeros(4)  # seen, seen then lost, lost, lost then seen
    for pose in _some(corpus):
        for side in ("right_hand", "left_hand"):
            seen = pose.mask[:, pose.group(side)].any(1)
            if seen.any():
                before, after = seen[:-1], seen[1:]
                counts += [
                    before.sum(),
                    (before & ~after).sum(),
                    (~before).sum(),
                    (~before & after).sum(),
                ]
    lost = counts[1] / counts[0] if counts[0] else 0.0
    found = counts[3] / counts[2] if counts[2] else 1.0
    return Dropouts(float(lost), float(found))


def corpus_spectrum(corpus: Iterable[Utterance], fps: float = 25.0) -> Spectrum:
    """The velocity spectrum of a corpus, for the stitcher's last filter.

    Args:
        corpus: Utterances with poses; the first 200 are looked at.
        fps: Frames per second to measure at.

    Chapter: 04_synthetic_corpus
    """
    return spectrum((to_fps(pose, fps) for pose in _some(corpus)), fps)


def even_spans(corpus: Corpus) -> list[tuple[tuple[int, int], ...]]:
    """Gloss spans of equal length, for a corpus that doesn't know its own.

    Args:
        corpus: With glosses and frames.

    Chapter: 15_your_own_data
    """
    ends = [
        np.linspace(0, frames, len(glosses) + 1).round().astype(int).tolist()
        for glosses, frames in zip(corpus.glosses, corpus.frames, strict=True)
    ]
    return [tuple(pairwise(one)) for one in ends]


def corpus_durations(corpus: Corpus, spans: Sequence | None = None) -> DurationModel:
    """How long each gloss's sign lasts in a corpus, the way to it counted, and the last one's.

    Args:
        corpus: With glosses.
        spans: Of every item, in its frames; the corpus' own by default.

    Raises:
        SLTError: If no item has spans.

    Chapter: 04_synthetic_corpus
    """
    sentences = [
        [(g, (b - a) / corpus.fps) for g, (a, b) in zip(glosses, some or (), strict=False) if b > a]
        for glosses, some in zip(corpus.glosses, spans or corpus.spans, strict=True)
    ]
    model = fit_durations(chain.from_iterable(sentences), ways="before")
    last = [np.log(one[-1][1] / model.seconds(one[-1][0])) for one in sentences if one]
    return replace(model, last=float(np.exp(np.median(last))))


def corpus_rests(corpus: Corpus, spans: Sequence | None = None) -> Rests:
    """How long the signers of a corpus rest before, between and after their signs.

    Args:
        corpus: With glosses.
        spans: Of every item, in its frames; the corpus' own by default.

    Raises:
        SLTError: If no item has spans.

    Chapter: 04_synthetic_corpus
    """
    known = ((some or (), n) for some, n in zip(spans or corpus.spans, corpus.frames, strict=True))
    return fit_rests(known, corpus.fps, with_ways=True)


def _some(corpus: Iterable[Utterance]):
    for number, item in enumerate(corpus):
        if number == LOOKED_AT:
            return
        if item.pose is not None and len(item.pose):
            yield item.pose
