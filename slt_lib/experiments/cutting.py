"""A dictionary without a dictionary: signs cut from the real training corpus by its own model."""

from dataclasses import replace
from pathlib import Path

from slt_lib.dictionary import from_spans, save_dictionary
from slt_lib.experiments.data import Data
from slt_lib.translation.checkpoint import load_translator
from slt_lib.translation.forced import gloss_spans_ctc
from slt_lib.translation.train import train

SEED = 7  # of the aligning model, none of the experiments' own


def corpus_dictionary(data: Data) -> Path:
    """The folder of a dictionary cut from the training corpus by forced alignment.

    The aligner is a translator trained on that corpus and nothing else; the spans that the
    simulator knows aren't used.

    Args:
        data: Of the experiment.

    Chapter: 12_ablations
    """
    folder = data.work / "dictionary_cut"
    if folder.is_dir():
        return folder
    scale, real = data.scale, data["real"]
    aligner = train(data.work / "aligner", scale.model, scale.phase(1.0, 1.0),
                    real, data["dev"], seed=SEED)  # fmt: skip
    spans = gloss_spans_ctc(load_translator(aligner.folder), real)
    items = [replace(u, spans=s) for u, s in zip(data.splits["train"], spans, strict=True)]
    save_dictionary(from_spans(items), folder)
    return folder
