"""What are PHOENIX14T's own statistics? Aggregates, frozen here, with the way to get them again.

The corpus may not be passed on, its averages may. The annotation gives sentences, lengths and
signs; ten published pose sequences give movement, and their faces and masks aren't in the file.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from slt_lib.corpus.movement import Movement, movement
from slt_lib.corpus.statistics import (
    CorpusStatistics,
    Frequencies,
    corpus_statistics,
    shared_ngrams,
)
from slt_lib.dictionary.alignment import gloss_spans
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance, read_annotations, read_skels

SIZES = (25, 50, 100, 200, 300, 400, 800, 1200, 7096)  # types and singletons depend on it
NAME = "data/phoenix14t.json"


@lru_cache
def phoenix14t(sentences: int = 7096) -> tuple[CorpusStatistics, float]:
    """PHOENIX14T's statistics, of so many of its training sentences.

    Args:
        sentences: The largest of `SIZES` that isn't larger is taken.

    Returns:
        The statistics, and the share of the test split's word 4-grams that these sentences have.

    Raises:
        SLTError: If that is less than the smallest.

    Chapter: 04_synthetic_corpus
    """
    sizes = [size for size in SIZES if size <= sentences]
    if not sizes:
        raise SLTError(f"There are no statistics of {sentences} sentences.", fix=f"{SIZES[0]} on.")
    found = json.loads(files("slt_lib.corpus").joinpath(NAME).read_text("utf8"))
    one = found["sizes"][str(sizes[-1])]
    for name in ("words", "glosses"):
        lists = {k: tuple(one[name][k]) for k in ("curve", "lengths")}
        one[name] = Frequencies(**(one[name] | lists))
    shared = one.pop("shared_4grams")
    moves = found["movement"] | {"speeds": tuple(found["movement"]["speeds"])}
    times = {k: tuple(one[k]) for k in ("seconds", "sign_seconds")}
    return CorpusStatistics(**(one | times | {"movement": Movement(**moves)})), shared


def measure_phoenix14t(folder: str | Path, sizes: Sequence[int] = SIZES) -> dict:
    """Compute what `phoenix14t` holds, from the annotation files and the ten pose sequences.

    Args:
        folder: With `phoenix14t.train.gz`, `phoenix14t.test.gz` and `skels/`.
        sizes: How many training sentences, drawn with seed 0.

    Raises:
        PoseFileError: If a file is missing.

    Chapter: 04_synthetic_corpus
    """
    folder = Path(folder)
    train, test = (read_annotations(folder / f"phoenix14t.{s}.gz") for s in ("train", "test"))
    train = _with_spans(train)
    order = np.random.default_rng(0).permutation(len(train))
    poses = [u.pose for s in ("train", "dev") for u in read_skels(folder / "skels" / s)]
    result = {"movement": asdict(movement(poses)), "sizes": {}}
    for size in sizes:
        some = [train[i] for i in order[:size]]
        one = asdict(corpus_statistics(some))
        one.pop("movement")
        one["shared_4grams"] = shared_ngrams([u.text for u in test], [u.text for u in some])
        result["sizes"][str(size)] = one
    return result


def _with_spans(utterances: Sequence[Utterance]) -> list[Utterance]:
    """Utterances with the frames of each gloss that the alignment tells."""
    found = gloss_spans(utterances)
    return [
        replace(u, spans=tuple((s.start, s.end) for s in found.get(u.name, ()))) for u in utterances
    ]
