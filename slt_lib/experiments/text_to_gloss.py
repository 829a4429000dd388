"""How well is text turned into glosses and signing on the corpus of an experiment?"""

import statistics
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import import_module

import numpy as np

from slt_lib.corpus.corpus import Corpus
from slt_lib.corpus.synthetic import corpus_durations, corpus_rests
from slt_lib.corpus.weather.grammar import Sentence
from slt_lib.dictionary import Dictionary, from_lexicon, load_dictionary
from slt_lib.experiments.data import Data
from slt_lib.experiments.run import data_of
from slt_lib.experiments.text_to_signing import compare_signing, time_signing, unseen_texts
from slt_lib.pose.canonical import canonicalise
from slt_lib.pose.errors import SLTError
from slt_lib.stitching.face import Expressions, named_expressions
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.spectrum import part_power
from slt_lib.stitching.stitcher import Stitcher
from slt_lib.translation.checkpoint import fingerprint
from slt_lib.translation.settings import AugmentSettings, ModelSettings, TrainSettings
from slt_lib.translation.text_to_gloss.data import GlossSentences
from slt_lib.translation.text_to_gloss.model import TextToGloss
from slt_lib.translation.text_to_gloss.scores import gloss_scores
from slt_lib.translation.text_to_gloss.training import (
    FORMAT,
    load_text_to_gloss,
    train_text_to_gloss,
)
from slt_lib.translation.text_to_signing import Signed, sign_text
from slt_lib.translation.train import Trained

ROUGH = 60  # sentences that unfiltered stitching's spectrum is measured on
FACES_SHOWN = 150  # sentences that named expressions are learnt from
TIMED = 21  # unseen sentences that are signed against the clock
PLAYER = "slt_lib.plots.player:skeleton_player"  # timed; named, as nothing here imports figures
MODEL = ModelSettings(width=64, feedforward=128, dropout=0.2, gloss_ctc=False, text_ctc=False)
UPDATES = {"smoke": 40, "book": 400, "short": 4800, "full": 4800, "paper": 9600}  # cheap enough


def sentence_faces(corpus: Corpus, sentences: Sequence[Sentence]) -> dict[str, tuple[str, ...]]:
    """What the face does on each annotated gloss of simulated sentences, by name.

    A signer may leave signs out, so the annotated glosses are among the planned ones, in order.

    Args:
        corpus: A split of a weather world.
        sentences: What its signers were to sign (`World.sentences`).

    Chapter: 13_novel_sentences
    """
    out = {}
    for name, glosses, sentence in zip(corpus.names, corpus.glosses, sentences, strict=True):
        left = iter(zip(sentence.gloss, sentence.brows, strict=True))
        out[name] = tuple(next(brow for g, brow in left if g == gloss) for gloss in glosses)
    return out


def training_settings(updates: int) -> TrainSettings:
    """How text-to-gloss is trained in all profiles.

    Args:
        updates: Optimiser steps.

    Chapter: 13_novel_sentences
    """
    return TrainSettings(
        updates=updates, batch_size=32, lr=3e-3, eval_every=-(-updates // 4),
        augment=AugmentSettings.off(),
    )  # fmt: skip


class TextToSigning:
    """A corpus made ready for text-to-gloss, and the stitcher that it drives.

    The bundled recordings of finger-spelled letters are added to the dictionary, so that unknown
    names can be spelled. They are of real people, the world's signs simulated.

    Args:
        data: Of an experiment.

    Raises:
        SLTError: If there is no dictionary.

    Chapter: 13_novel_sentences
    """

    def __init__(self, data: Data) -> None:
        if data.dictionary is None:
            raise SLTError("Signing needs a dictionary.", fix="Give dictionary=... as well.")
        self.data = data
        known = load_dictionary(data.dictionary)
        more = [sign for sign in from_lexicon() if sign.gloss not in known]
        self.dictionary = Dictionary([*known, *more], known.synonyms)
        self._sets: dict[str, GlossSentences] = {}

    @cached_property
    def stitcher(self) -> Stitcher:
        """With the durations and rests of the corpus, if it has any, and no filter of its own."""
        train = self.data.splits["train"]
        spans = any(one is not None for one in train.spans)
        own = {"durations": corpus_durations(train), "rests": corpus_rests(train)} if spans else {}
        return Stitcher(self.dictionary, StitchSettings(smoothing="none", **own))

    @cached_property
    def rough(self) -> Mapping[str, np.ndarray]:
        """Velocity power of unfiltered stitched training sentences, by body part."""
        total: dict[str, np.ndarray] = {}
        for glosses in self.data.splits["train"].glosses[:ROUGH]:
            if any(self.dictionary.lookup(g).signs for g in glosses):
                for part, power in part_power(self.stitcher.stitch(glosses).pose).items():
                    total[part] = total.get(part, 0) + power
        return total

    @cached_property
    def expressions(self) -> Expressions | None:
        """Faces by name, learnt from training sentences; None if the corpus says nothing."""
        names = self["train"].face_names
        if len(names) < 2:
            return None
        shown = []
        for i, faces in enumerate(self["train"].faces[:FACES_SHOWN]):
            item = self.data.splits["train"][i]
            if item.spans is not None and item.pose is not None and None not in faces:
                shown.append((canonicalise(item.pose), item.spans, faces))
        return named_expressions(shown, names)

    def __getitem__(self, split: str) -> GlossSentences:
        """A split, with all targets that the corpus has."""
        if split not in self._sets:
            corpus, world = self.data.splits[split], self.data.world
            said = world.sentences(split)[: len(corpus)] if world else None  # the first are real
            faces = sentence_faces(corpus, said) if world else None
            made = GlossSentences.from_corpus(corpus, faces=faces, rough=self.rough)
            self._sets[split] = made
        return self._sets[split]

    def train(self, seed: int, updates: int) -> Trained:
        """Train a text-to-gloss model, or find it trained.

        Args:
            seed: Of the training.
            updates: Optimiser steps.
        """
        settings = training_settings(updates)
        name = f"text_to_gloss-{seed}-{fingerprint(MODEL, settings, FORMAT)}"
        return train_text_to_gloss(
            self.data.work / name, MODEL, settings, self["train"], self["dev"], seed=seed
        )

    def sign(self, text: str, model: TextToGloss) -> Signed:
        """A text's signing, faces and all."""
        return sign_text(text, model, self.stitcher, expressions=self.expressions)


def run_text_to_gloss(
    seed: int, *, size: str = "full", work: str = "build/experiments",
    corpus: str = "", dictionary: str = "", processes: int = 1,
) -> dict:  # fmt: skip
    """Train and measure text-to-gloss with one seed: the arm "text_to_gloss" of chapter 13.

    Args:
        seed: Of the training.
        size: A key of `scale.SCALES`.
        work, corpus, dictionary, processes: As for `run_arm`.

    Returns:
        What `gloss_scores` measures; `signing`, of `compare_signing`; `text_to_signing_seconds`,
        the median over unseen sentences, `text_to_signing_longest`; and what it was run with.

    Raises:
        SLTError: If there is no dictionary, or no such size.

    Chapter: 13_novel_sentences
    """
    started = time.perf_counter()
    task = TextToSigning(data_of(size, work, corpus, dictionary, processes))
    trained = task.train(seed, UPDATES[size])
    model = load_text_to_gloss(trained.folder)
    measured = gloss_scores(model, task["train"], task["test"])
    module, _, name = PLAYER.partition(":")
    show = getattr(import_module(module), name)
    times = time_signing(task, model, unseen_texts(task.data, TIMED), show)
    return {
        **measured,
        "signing": compare_signing(task, model),
        "text_to_signing_seconds": statistics.median(times),
        "text_to_signing_longest": max(times),
        "updates": trained.updates,
        "training_sentences": len(task["train"]),
        "parameters_of_model": sum(p.numel() for p in model.parameters()),
        "corpus_hash": task.data.hash,
        "history": [{k: round(v, 4) for k, v in look.items()} for look in trained.history],
        "seconds_training": round(trained.seconds, 1),
        "seconds_all": round(time.perf_counter() - started, 1),
        "not_compared": ["seconds_training", "seconds_all", "text_to_signing_seconds",
                         "text_to_signing_longest"],
    }  # fmt: skip


def summary_text_to_gloss(records: Mapping[int, Mapping]) -> dict:
    """What the arm's records add to chapter 13's summary.

    Args:
        records: Of `run_text_to_gloss`, by seed.

    Returns:
        `text_to_signing_seconds`, the median over seeds, and `text_to_gloss`: by measure, such
        as "glosses.model.wer", its values over the seeds.

    Chapter: 13_novel_sentences
    """
    found: dict[str, list[float]] = {}
    for one in records.values():
        for part in ("glosses", "durations", "cutoff", "faces", "signing"):
            for system, measures in one.get(part, {}).items():
                for name, value in measures.items():
                    found.setdefault(f"{part}.{system}.{name}", []).append(value)
    times = [one["text_to_signing_seconds"] for one in records.values()]
    return {"text_to_signing_seconds": statistics.median(times), "text_to_gloss": found}
