"""Generation at scale: how fast is a corpus of PHOENIX14T's size, and does memory grow?

The sentences are PHOENIX14T's training glosses, if its annotation is there (`SLT_SHARED_DATA`),
and made ones of the same number, lengths and vocabulary if not. All signs are simulated.

Memory is measured on short sentences and a small dictionary, each size in a fresh process that
generates a corpus and then reads it through: the highest sum over the whole process tree of what
the processes hold themselves. Mapped files don't count: the system drops their pages when it
wants to.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import psutil

from slt_lib.corpus.synthetic import (
    Variation,
    corpus_spectrum,
    generate_corpus,
    measure_dropouts,
)
from slt_lib.corpus.weather.annotated import simulate_annotations
from slt_lib.corpus.weather.citation import cite
from slt_lib.corpus.weather.lexicon import lexicon
from slt_lib.dictionary import Dictionary, save_dictionary
from slt_lib.dictionary.sign import record
from slt_lib.experiments.memory import held
from slt_lib.pose.io import Utterance, read_annotations
from slt_lib.stitching.duration import DurationModel, fit_durations
from slt_lib.stitching.settings import StitchSettings

NAME = "generation"
PROCESSES = 2
SENTENCES, SIGNS = 7096, 1085  # PHOENIX14T's training split
SMALL, LARGE, FEW_SIGNS = 2000, 20_000, 60
LOOKED_AT = 40  # simulated sentences whose smoothness and gaps the stitched ones get


def run() -> dict:
    """Time a corpus of PHOENIX14T's size, and compare two corpora's memory.

    Returns:
        `seconds_7096`, of the whole call, processes' start included, and `cpu_seconds_7096` over
        all processes; `sentences`, whether they were PHOENIX14T's or made; `signs`, `frames`,
        `processes`; `memory_2k_mb`, `memory_20k_mb`, `memory_ratio_20k_2k`.
    """
    with tempfile.TemporaryDirectory() as folder:
        table = _speed(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        _save_signs(sorted(lexicon())[:FEW_SIGNS], Path(folder) / "dictionary")
        small, large = (_peak(Path(folder), count) / 2**20 for count in (SMALL, LARGE))
    return table | {
        "memory_2k_mb": small,
        "memory_20k_mb": large,
        "memory_ratio_20k_2k": large / small,
    }


def _speed(folder: Path) -> dict:
    """A corpus of PHOENIX14T's size, matched to simulated broadcasts as in chapter 4."""
    known = _phoenix()
    spoken = known or _made()
    glosses = sorted({gloss for one in spoken for gloss in one.gloss})
    _save_signs(glosses, folder / "dictionary")
    broadcast = list(simulate_annotations(spoken[:: len(spoken) // LOOKED_AT]))
    lengths = [(g, one.frames / 25 / len(one.gloss)) for one in spoken for g in one.gloss]
    durations = fit_durations(lengths, ways="before")
    more = {
        "stitch": StitchSettings(missing="skip", durations=durations),
        "reference": corpus_spectrum(broadcast),
        "variation": Variation(dropouts=measure_dropouts(broadcast)),
    }
    sentences = [(one.gloss, one.text) for one in spoken]
    started, used = time.perf_counter(), _cpu()
    corpus = generate_corpus(
        folder / "corpus", sentences, folder / "dictionary", processes=PROCESSES, **more
    )
    return {
        "seconds_7096": time.perf_counter() - started,
        "cpu_seconds_7096": _cpu() - used,
        "sentences": f"{len(corpus)}, {'PHOENIX14T' if known else 'made'}",
        "signs": len(glosses),
        "frames": int(corpus.frames.sum()),
        "processes": PROCESSES,
    }


def _phoenix() -> list[Utterance]:
    """The training split's annotation; nothing if it isn't there."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    file = Path(os.environ.get("SLT_SHARED_DATA") or beside) / "phoenix14t/phoenix14t.train.gz"
    return read_annotations(file) if file.is_file() else []


def _made() -> list[Utterance]:
    """As many sentences as PHOENIX14T's, as long, of as many glosses with as long a tail."""
    rng = np.random.default_rng(0)
    names = np.array([*lexicon(), *(f"GLOSS{i}" for i in range(SIGNS))][:SIGNS])
    often = 1 / (np.arange(SIGNS) + 3)
    lengths = np.clip(rng.normal(7.8, 3.4, SENTENCES).round(), 1, 30).astype(int)
    words = rng.choice(names, lengths.sum(), p=often / often.sum())
    words[rng.permutation(len(words))[:SIGNS]] = names  # none is left out
    parts = np.split(words, np.cumsum(lengths)[:-1])
    return [
        Utterance(f"made/{i}", tuple(map(str, part)), "ein satz", frames=15 * len(part))
        for i, part in enumerate(parts)
    ]


def _save_signs(glosses: Sequence[str], folder: Path) -> None:
    """A dictionary of simulated signs in citation form, one of each gloss."""
    signs = (
        record(gloss, partial(_give, cite(gloss, 0, np.random.default_rng([0, i]))), "simulated")
        for i, gloss in enumerate(glosses)
    )
    save_dictionary(Dictionary(signs), folder)


def _give(pose):
    return pose


def _cpu() -> float:
    """Seconds that this process and its finished children have computed."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _peak(folder: Path, count: int) -> int:
    """Most bytes that a fresh process tree holds while it makes and reads a corpus."""
    work = f"runpy.run_path({__file__!r})['_make_and_read']({str(folder)!r}, {count})"
    command = [sys.executable, "-c", f"import runpy; {work}"]  # workers don't import -c
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as child:
        parent, most = psutil.Process(child.pid), 0
        while child.poll() is None:
            most = max(most, sum(map(held, _tree(parent))))
            time.sleep(0.1)
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}.")
    return most


def _tree(parent: psutil.Process) -> list[psutil.Process]:
    try:
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:  # it has just ended
        return []


def _make_and_read(folder: str, count: int) -> None:
    """What the fresh process does."""
    rng = np.random.default_rng(1)
    names = np.array(sorted(lexicon())[:FEW_SIGNS])
    sentences = [(rng.choice(names, rng.integers(2, 4)).tolist(), "satz") for _ in range(count)]
    short = DurationModel(weights=(float(np.log(0.12)), 0.0, 0.0, 0.0, 0.0))
    corpus = generate_corpus(
        f"{folder}/corpus-{count}", sentences, f"{folder}/dictionary", processes=PROCESSES,
        stitch=StitchSettings(missing="skip", durations=short),
    )  # fmt: skip
    if sum(len(item.pose) for item in corpus) != corpus.frames.sum():
        raise RuntimeError("The corpus isn't what was written.")
