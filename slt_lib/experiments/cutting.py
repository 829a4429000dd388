"""A dictionary without a dictionary: signs cut from the real training corpus by its own model."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from filelock import FileLock

from slt_lib.corpus.corpus import Corpus
from slt_lib.dictionary import from_spans, save_dictionary
from slt_lib.experiments.data import Data
from slt_lib.pose.io import Utterance
from slt_lib.pose.io.guard import atomic_write
from slt_lib.translation.checkpoint import load_translator
from slt_lib.translation.forced import gloss_spans_ctc
from slt_lib.translation.train import train

SEED = 7  # of the aligning model, none of the experiments' own


class Aligned(Sequence[Utterance]):
    """A corpus whose items say when each gloss was signed; poses are read when asked for.

    Args:
        corpus: Without spans, at the 25 frames per second of translators.
        spans: Of every item.
    """

    def __init__(self, corpus: Corpus, spans: Sequence) -> None:
        self.corpus, self.spans = corpus, spans

    def __len__(self) -> int:
        return len(self.corpus)

    def __getitem__(self, item: int) -> Utterance:
        return replace(self.corpus[item], spans=self.spans[item])


def forced_spans(data: Data, every: int = 1) -> list[tuple[tuple[int, int], ...] | None]:
    """First frame and frame after the last of each gloss of the training sentences.

    The aligner is a translator trained on these sentences and nothing else; the spans that the
    simulator knows aren't used.

    Args:
        data: Of the experiment.
        every: Know and align every so-many-th sentence only.

    Chapter: 12_ablations
    """
    part = "" if every == 1 else f"_{every}"
    file = data.work / f"spans{part}.json"
    with FileLock(data.work / f"spans{part}.lock"):
        if not file.is_file():
            scale, real = data.scale, data["real"]
            if every > 1:
                real = real.select(np.arange(0, len(real), every))
            aligner = train(data.work / f"aligner{part}", scale.model, scale.phase(1.0, 1.0),
                            real, data["dev"], seed=SEED)  # fmt: skip
            found = gloss_spans_ctc(load_translator(aligner.folder), real)
            with atomic_write(file) as stream:
                stream.write(json.dumps(found).encode())
    read = json.loads(file.read_text("utf8"))
    return [None if one is None else tuple(map(tuple, one)) for one in read]


def corpus_dictionary(data: Data) -> Path:
    """The folder of a dictionary cut from the training corpus.

    By the spans that a user's own corpus says; else, and always in the weather world, by forced
    alignment (`forced_spans`).

    Args:
        data: Of the experiment.

    Chapter: 12_ablations
    """
    folder, corpus = data.work / "dictionary_cut", data.splits["train"]
    if folder.is_dir():
        return folder
    known = data.world is None and any(corpus.spans)
    save_dictionary(from_spans(corpus if known else Aligned(corpus, forced_spans(data))), folder)
    return folder
