"""Do predicted durations and cutoffs bring stitched signing nearer to the corpus? And how fast?

What is compared: the simulated signing of test sentences, and the stitched signing of the same
sentences with the true glosses and one duration for all, with each gloss's own, with the
model's durations, with its cutoff too, and with everything from the text alone.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from slt_lib.corpus.weather.world import novel_sentences
from slt_lib.experiments.data import Data
from slt_lib.pose.canonical import canonicalise
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching.measures import hand_travel
from slt_lib.stitching.spectrum import spectrum, spectrum_distance, without_noise
from slt_lib.stitching.stitcher import Stitcher
from slt_lib.translation.text_to_gloss.data import GlossSentences
from slt_lib.translation.text_to_gloss.model import TextToGloss
from slt_lib.translation.text_to_gloss.reading import GlossLine, Reading, heads_on, write_glosses
from slt_lib.translation.text_to_gloss.scores import by_gloss
from slt_lib.translation.text_to_signing import Signed, sign_reading

COMPARED = 60  # test sentences that are stitched
SENTENCE = "Am Samstag fällt in Sachsen Schnee, und im Süden scheint die Sonne."  # in no split
WARM_UP = "im norden regnet es ."  # a text that loads what is loaded once


class Task(Protocol):
    """A corpus made ready, and the stitcher that is driven (`TextToSigning`)."""

    data: Data
    stitcher: Stitcher

    def __getitem__(self, split: str) -> GlossSentences:
        """A split."""

    def sign(self, text: str, model: TextToGloss) -> Signed:
        """A text's signing."""


def compare_signing(task: Task, model: TextToGloss, sentences: int = COMPARED) -> dict:
    """How the stitched signing of test sentences compares with their simulated signing.

    Args:
        task: The corpus and the stitcher.
        model: A text-to-gloss model.
        sentences: How many of the test sentences, the first ones.

    Returns:
        By way of signing: `duration_ratio` and `travel_ratio` (seconds and hand travel per
        sentence over those of the simulated signing, means), `duration_error` (mean absolute
        relative difference of a sentence's length), `spectrum_distance` to the simulated
        signing, decibels, and `signer_distance`, to it without its estimator's noise. Empty for
        a corpus that says nothing about durations.

    Chapter: 13_novel_sentences
    """
    test = task["test"]
    names = test.names[:sentences]
    real = [task.data.splits["test"][task.data.splits["test"].find(n)] for n in names]
    own, cutoffs = by_gloss(task["train"]), task["train"].cutoff
    typical = float(np.median(cutoffs[cutoffs == cutoffs])) if (cutoffs == cutoffs).any() else 0.0
    if not own or not typical:
        return {}
    usual = {gloss: float(np.mean(values)) for gloss, values in own.items()}
    every = float(np.concatenate([np.array(values) for values in own.values()]).mean())
    said = heads_on(model, test)[: len(names)]
    mean = [_lasting(line, {}, every) for line in said]
    each = [_lasting(line, usual, every) for line in said]
    ways = {
        "mean_seconds": mean,
        "per_gloss_seconds": each,
        "model_seconds": [replace(line, cutoff=None) for line in said],
        "typical_cutoff": [replace(line, cutoff=typical) for line in said],
        "model_cutoff": said,
        "from_text": write_glosses(model, test.words[: len(names)]),
    }
    return {name: _against(task, model, lines, real) for name, lines in ways.items()}


def _lasting(line: GlossLine, seconds: Mapping[str, float], other: float) -> GlossLine:
    """A line with given durations, and no cutoff."""
    lengths = tuple(seconds.get(gloss, other) for gloss in line.glosses)
    return replace(line, seconds=lengths, cutoff=None)


def _against(
    task: Task, model: TextToGloss, lines: Sequence[GlossLine], real: Sequence[Utterance]
) -> dict[str, float]:
    """What `compare_signing` measures, for one way of signing."""
    pairs = []
    for line, item in zip(lines, real, strict=True):
        try:
            made = sign_reading(Reading("", (line,)), model, task.stitcher).pose
        except SLTError:  # nothing of it has a sign
            continue
        pairs.append((made, item.pose))
    lengths = np.array([a.seconds / b.seconds for a, b in pairs])
    travels = np.array([hand_travel(a) / _travel(b) for a, b in pairs])
    fps = task.stitcher.settings.fps
    ours = spectrum((a for a, _ in pairs), fps)
    theirs = spectrum((canonicalise(b) for _, b in pairs), fps)
    quiet = {part: without_noise(power, theirs.hertz) for part, power in theirs.power.items()}
    return {
        "duration_ratio": float(lengths.mean()),
        "duration_error": float(np.abs(lengths - 1).mean()),
        "travel_ratio": float(np.nanmean(travels)),
        "spectrum_distance": spectrum_distance(ours, theirs),
        "signer_distance": spectrum_distance(ours, replace(theirs, power=quiet)),
        "sentences": len(pairs),
    }


def _travel(pose: PoseSequence) -> float:
    return hand_travel(canonicalise(pose)) or float("nan")


def unseen_texts(data: Data, n: int) -> list[str]:
    """Texts that no split has: novel ones of the world's grammar; else the first of test.

    Chapter: 13_novel_sentences
    """
    if data.world is None:
        return data.splits["test"].texts[:n]
    return [sentence.text for sentence in novel_sentences(data.world, n, seed=13)]


def time_signing(
    task: Task, model: TextToGloss, texts: Sequence[str], show: Callable
) -> list[float]:
    """Seconds from each text to its player, with model, dictionary and stitcher loaded.

    Args:
        task: The stitcher; a sign that is used for the first time is prepared within the time.
        model: A text-to-gloss model.
        texts: What is signed.
        show: Makes a player of a pose, `labels=` and `alt=`.

    Chapter: 13_novel_sentences
    """
    task.sign(WARM_UP, model)
    times = []
    for text in texts:
        started = time.perf_counter()
        signed = task.sign(text, model)
        show(signed.pose, labels=signed.labels, alt=f"Stitched signing of: {text}")
        times.append(time.perf_counter() - started)
    return times
