"""Many sentences at once: vectorised within a sentence, spread over processes between them."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from slt_lib.dictionary import load_dictionary
from slt_lib.stitching.prepared import prepare_for
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.spectrum import Spectrum
from slt_lib.stitching.stitcher import Stitched, Stitcher

_stitcher: Stitcher | None = None  # one per worker process, made once by `_start`


def stitch_many(
    sentences: Sequence[Sequence[str]],
    dictionary: Path,
    settings: StitchSettings | None = None,
    reference: Spectrum | None = None,
    *,
    seed: int | None = None,
    processes: int = 2,
) -> Iterator[Stitched]:
    """Stitch many sentences over several processes; results come in the sentences' order.

    Every sentence has its own random stream, drawn from (seed, number of the sentence), so
    the result doesn't depend on the number of processes. Results come without
    `timed` and `lookups`: they are large, and the dictionary still has them. If there are as
    many sentences as signs, the dictionary is prepared first (`prepare_dictionary`).

    Args:
        sentences: Gloss sequences.
        dictionary: Folder of a saved dictionary; every process maps the same file.
        settings, reference: As for `Stitcher`.
        seed: Draw durations at random; None takes medians.
        processes: How many; 1 stays in this process.

    Raises:
        SLTError: As `Stitcher.stitch`, for the first sentence that can't be stitched.

    Chapter: 03_stitching
    """
    prepare_for(dictionary, settings or StitchSettings(), len(sentences))
    seeds = [_seed_of(seed, i) for i in range(len(sentences))]
    if processes <= 1:
        stitcher = Stitcher(load_dictionary(dictionary), settings, reference)
        for glosses, own in zip(sentences, seeds, strict=True):
            yield _lean(stitcher.stitch(glosses, seed=own))
        return
    start = (dictionary, settings, reference)
    context = get_context("spawn")  # forking a process that has started threads can hang
    with ProcessPoolExecutor(processes, context, _start, start) as pool:
        size = max(1, min(64, len(sentences) // (4 * processes)))
        yield from pool.map(_stitch_one, sentences, seeds, chunksize=size)


def _seed_of(seed: int | None, sentence: int) -> int | None:
    if seed is None:
        return None
    return int(np.random.SeedSequence([seed, sentence]).generate_state(1)[0])


def _start(dictionary: Path, settings: StitchSettings, reference: Spectrum | None) -> None:
    global _stitcher
    _stitcher = Stitcher(load_dictionary(dictionary), settings, reference)


def _stitch_one(glosses: Sequence[str], seed: int | None) -> Stitched:
    return _lean(_stitcher.stitch(glosses, seed=seed))


def _lean(stitched: Stitched) -> Stitched:
    return replace(stitched, timed=None, lookups=())
