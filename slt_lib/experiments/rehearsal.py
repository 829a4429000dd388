"""What would it take? A corpus of real size goes once through everything, and each stage is timed.

The sentences are real annotation (or the weather grammar's, as many); all signing is simulated.
Nothing is learned about translation here: seconds, memory and disk are what is measured.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from slt_lib.corpus.annotated_sentences import read_sentences
from slt_lib.corpus.statistics import corpus_statistics
from slt_lib.corpus.synthetic import (
    Variation,
    corpus_spectrum,
    generate_corpus,
    measure_dropouts,
)
from slt_lib.corpus.weather.annotated import simulate_annotations
from slt_lib.corpus.weather.citation import cite
from slt_lib.corpus.weather.grammar import draw_sentences
from slt_lib.corpus.weather.lexicon import lexicon
from slt_lib.dictionary import Dictionary, load_dictionary, save_dictionary
from slt_lib.dictionary.coverage import coverage
from slt_lib.dictionary.sign import record
from slt_lib.experiments.memory import MemoryWatch
from slt_lib.experiments.scale import FULL
from slt_lib.pose.io import Utterance
from slt_lib.pose.io.guard import atomic_write
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching.duration import fit_durations
from slt_lib.stitching.settings import StitchSettings
from slt_lib.translation.checkpoint import build
from slt_lib.translation.data import Codec, TranslationData
from slt_lib.translation.mapped import mapped
from slt_lib.translation.model import count_parameters
from slt_lib.translation.settings import TrainSettings
from slt_lib.translation.train import train

PHOENIX = 7096  # training sentences of PHOENIX14T
LOOKED_AT = 40  # simulated sentences whose smoothness and gaps the stitched ones get
WATCHED = 16  # sentences that the training looks at in the end, because it wants some
BATCH = 32
RUNS = {  # every so-many-th sentence, copies of each, whether an epoch is trained
    "whole": (1, 1, True),  # first: it makes the dictionary for all
    "eighth": (8, 1, True),
    "half": (2, 1, True),
    "threefold": (1, 3, False),
}
MACHINE = ("seconds", "cpu_seconds", "peak_mb", "own_mb", "start_mb", "sittings")


def rehearse(
    folder: str | Path, sentences: Sequence[Utterance], *, signs: str | Path = "",
    copies: int = 1, processes: int = 2, epoch: bool = True, seed: int = 0,
) -> dict:  # fmt: skip
    """Take sentences through dictionary, stitching, statistics and one epoch of training.

    A rehearsal that was interrupted goes on where it stopped; a stage that took several sittings
    says so, since its seconds are the last one's.

    Args:
        folder: Its own, for dictionary, corpus and training.
        sentences: Glosses and texts; frame counts give signs their lengths where they are known.
        signs: A saved dictionary; made there if it isn't, of these sentences' glosses. By default
            in the rehearsal's own folder.
        copies: Stitched items per sentence.
        processes: To stitch with.
        epoch: Whether a translator is trained for one epoch.
        seed: Of signs, variation and training.

    Returns:
        `sentences` (stitched ones), `hours` of signing, `disk_mb` and `stages`, each with
        `seconds`, `cpu_seconds` (over all processes) and `peak_mb` (likewise) and `own_mb` (of
        this process); counts of the coverage, statistics and the translator. Numbers only.

    Chapter: 15_your_own_data
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    stages = _Stages(folder / "stages.json")
    glosses = sorted({gloss for one in sentences for gloss in one.gloss})
    signs = Path(signs or folder / "dictionary")
    dictionary = stages.run("dictionary", lambda: _dictionary(signs, glosses, seed))
    covered = stages.run("coverage", lambda: _coverage(sentences, dictionary))
    likeness = stages.run("matching", lambda: likeness_of(sentences))
    pairs = [(one.gloss, one.text) for one in sentences]
    corpus = stages.run("stitching", lambda: generate_corpus(
        folder / "corpus", pairs, dictionary, copies=copies, processes=processes, seed=seed,
        **likeness))  # fmt: skip
    found = stages.run("statistics", lambda: corpus_statistics(corpus))
    made = {
        "sentences": len(corpus),
        "asked": copies * len(pairs),
        "hours": float(corpus.frames.sum() / corpus.fps / 3600),
        "frames": int(corpus.frames.sum()),
        "glosses": len(glosses),
        "stitched_hash": corpus.hash,
        "coverage": covered,
        "statistics": {"words": found.words.types, "signs": found.glosses.tokens,
                       "glosses_per_sentence": found.glosses.mean,
                       "median_seconds": found.seconds[2]},
    }  # fmt: skip
    ready = stages.run("keypoints", lambda: mapped(corpus, folder / "keypoints", domain=1))
    if epoch:
        made["training"] = stages.run("epoch", lambda: _epoch(folder / "epoch", ready, seed))
    disk = {name: _megabytes(folder / name) for name in ("corpus", "keypoints")}
    disk["dictionary"] = _megabytes(signs)
    return made | {"disk_mb": disk, "processes": processes, "stages": stages.done}


class _Stages:
    """Runs stages, measures them, and remembers measures over interruptions."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.done: dict[str, dict] = json.loads(file.read_text("utf8")) if file.is_file() else {}

    def run(self, name: str, work: Callable):
        """What the work gives; one that was complete before gives it again and isn't measured."""
        if self.done.get(name, {}).get("seconds") is not None:
            return work()
        sittings = 1 + self.done.get(name, {}).get("sittings", 0)
        self._note(name, {"sittings": sittings})
        began, used = time.perf_counter(), _cpu()
        with MemoryWatch() as memory:
            given = work()
        self._note(name, {
            "seconds": round(time.perf_counter() - began, 2),
            "cpu_seconds": round(_cpu() - used, 2), "peak_mb": round(memory.peak_mb, 1),
            "own_mb": round(memory.own_mb, 1), "start_mb": round(memory.start_mb, 1),
            "sittings": sittings,
        })  # fmt: skip
        return given

    def _note(self, name: str, entry: dict) -> None:
        self.done[name] = entry
        with atomic_write(self.file) as file:
            file.write(json.dumps(self.done).encode())


def _cpu() -> float:
    """Seconds that this process and its finished children have computed."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _megabytes(folder: Path) -> float:
    return round(sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6, 3)


def weather_annotations(count: int, seed: int = 0) -> list[Utterance]:
    """Sentences of the weather grammar, as annotation without signing.

    Args:
        count: How many.
        seed: Of the draw.

    Chapter: 15_your_own_data
    """
    drawn = draw_sentences(count, seed)
    return [Utterance(f"weather/{i}", s.gloss, s.text) for i, s in enumerate(drawn) if s.gloss]


def _dictionary(folder: Path, glosses: Sequence[str], seed: int) -> Path:
    """A simulated sign in citation form for each gloss; the weather world's own where there is."""
    if not (folder / "dictionary.json").is_file():
        signs = (record(g, partial(_cited, g, seed, i), "simulated") for i, g in enumerate(glosses))
        save_dictionary(Dictionary(signs), folder)
    return folder


def _cited(gloss: str, seed: int, number: int) -> PoseSequence:
    """Made again each time that it is asked for, so that no more than one is in memory."""
    return cite(gloss, seed, np.random.default_rng([seed, 70, number]))


def _coverage(sentences: Sequence[Utterance], folder: Path) -> dict:
    """How many glosses have a sign: by the weather world's own signs alone, and by all."""
    whole = load_dictionary(folder)
    own = Dictionary(sign for sign in whole if sign.gloss in lexicon())
    said = [one.gloss for one in sentences]
    return {
        name: {"tokens": sum(one.tokens.values()), "types": sum(one.types.values()),
               "missing_tokens": sum(one.missing.values()), "missing_types": len(one.missing)}
        for name, one in ((n, coverage(said, d, "skip")) for n, d in (("own", own), ("all", whole)))
    }  # fmt: skip


def likeness_of(sentences: Sequence[Utterance]) -> dict:
    """How stitched signing is made like broadcasts, whose poses aren't there: arguments of
    `generate_corpus`. Signs last as long as the frame counts say; smoothness and gaps are those of
    simulated broadcasts of some of the sentences.

    Args:
        sentences: With glosses.
    """
    some = sentences[:: max(1, len(sentences) // LOOKED_AT)][:LOOKED_AT]
    broadcast = list(simulate_annotations(some))
    known = [one for one in sentences if one.frames] or broadcast
    observed = [(g, one.frames / 25 / len(one.gloss)) for one in known for g in one.gloss]
    durations = fit_durations(observed, ways="before")
    return {
        "stitch": StitchSettings(missing="skip", durations=durations),
        "reference": corpus_spectrum(broadcast),
        "variation": Variation(dropouts=measure_dropouts(broadcast)),
    }


def _epoch(folder: Path, data: TranslationData, seed: int) -> dict:
    """One epoch of chapter 10's translator."""
    codec, updates = Codec.build(data), -(-len(data) // BATCH)
    settings = TrainSettings(updates=updates, batch_size=BATCH, lr=FULL.lr, eval_every=updates)
    watched = data.select(np.arange(min(len(data), WATCHED)))
    done = train(folder, FULL.model, settings, data, watched, seed=seed, codec=codec)
    return {"updates": done.updates, "batch": BATCH, "loss": done.history[-1]["loss"],
            "parameters": count_parameters(build(FULL.model, codec))}  # fmt: skip


def run_scale(
    seed: int = 0, *, annotations: str = "", work: str = "", processes: int = 2,
    sizes: Mapping[str, tuple[int, int, bool]] = RUNS,
) -> dict:  # fmt: skip
    """The rehearsal at several sizes, each in a process of its own, as `slt-book record` keeps it.

    Args:
        seed: Of signs, variation and training.
        annotations: PHOENIX14T's training annotation. By default that in the folder that
            SLT_SHARED_DATA names, and as many sentences of the grammar if there is none.
        work: Folder that is kept, with a finished size's measures, which the same request finds
            again; "" takes one that is deleted.
        processes: To stitch with.
        sizes: As `RUNS`: every so-many-th sentence, copies of each, whether an epoch is trained.

    Chapter: 15_your_own_data
    """
    measured, annotations = {}, annotations or _shared()
    request = repr((seed, annotations, processes, dict(sizes)))
    key = hashlib.sha256(request.encode()).hexdigest()[:8]
    with TemporaryDirectory() as scratch:
        for name, (every, copies, epoch) in sizes.items():
            file = Path(work or scratch) / f"rehearsal-{key}" / f"{name}.json"
            if not file.is_file():
                how = {"folder": str(file.with_suffix("")), "file": str(file), "seed": seed,
                       "annotations": annotations, "every": every, "copies": copies,
                       "signs": str(file.with_name("dictionary")),
                       "epoch": epoch, "processes": processes}  # fmt: skip
                code = f"from {__name__} import rehearse_into; rehearse_into(**{how!r})"
                subprocess.run([sys.executable, "-c", code], check=True)
            measured[name] = json.loads(file.read_text("utf8"))
    source = "PHOENIX14T" if annotations else "weather grammar"
    return {"annotation": source, "sizes": measured, "not_compared": [*MACHINE]}


def _shared() -> str:
    folder = os.environ.get("SLT_SHARED_DATA", "")
    file = Path(folder) / "phoenix14t" / "phoenix14t.train.gz"
    return str(file) if folder and file.is_file() else ""


def rehearse_into(
    *, folder: str, file: str, annotations: str = "", every: int = 1, seed: int = 0, **how
) -> dict:
    """One rehearsal, its measures written to a file when it is complete.

    Args:
        folder, seed, how: As for `rehearse`.
        file: For the measures, JSON.
        annotations: PHOENIX14T's, or "" for as many sentences of the grammar.
        every: Take every so-many-th sentence.
    """
    known = read_sentences(annotations) if annotations else weather_annotations(PHOENIX, seed)
    made = rehearse(folder, known[::every], seed=seed, **how)
    with atomic_write(file) as out:
        out.write(json.dumps(made).encode())
    return made
