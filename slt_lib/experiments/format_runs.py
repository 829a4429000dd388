"""The whole way from every format: files, check, ingest, signs, two updates, scores."""

import shutil
import time
from collections.abc import Container, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from slt_lib.corpus.check import Report
from slt_lib.corpus.corpus import Corpus
from slt_lib.corpus.ingest import by_split, usable
from slt_lib.corpus.own import Item
from slt_lib.corpus.weather.world import SPLITS, World
from slt_lib.experiments.own_data import ARMS, made_world, prepare
from slt_lib.experiments.own_formats import FORMATS, pose_folder, video_folder
from slt_lib.experiments.run import run
from slt_lib.experiments.scale import Scale

FEW = {"train": 30, "dev": 5, "test": 5}  # sentences that are written in every format


def run_formats(
    seed: int, scale: Scale, work: Path, counts: Mapping[str, int] | None = None,
    cut: Container[str] = tuple(FORMATS),
) -> dict:  # fmt: skip
    """A few simulated sentences the whole way from every format, with trainings of two updates.

    Args:
        seed: Of the trainings.
        scale: Whose world the sentences come from, and the model's size.
        work: Folder for everything.
        counts: How many sentences of each split; `FEW` by default.
        cut: Formats whose signs are cut from the corpus and stitched; others train on real ones.

    Returns:
        `formats_run`, their names; `formats`, what each run found.

    Chapter: 15_your_own_data
    """
    started, world = time.perf_counter(), made_world(scale, work)
    parts = {s: few(getattr(world, s), (counts or FEW)[s]) for s in SPLITS}
    brief = replace(scale, updates=2)
    found = {}
    for name, write in FORMATS.items():
        found[name] = _one_format(
            name, write, parts, world, brief, work / "formats", seed, name in cut
        )
    return {
        "formats_run": list(found), "formats": found, "corpus_hash": None, "simulated": True,
        "seconds_all": round(time.perf_counter() - started, 1),
        "not_compared": ["seconds_all", "seconds"],
    }  # fmt: skip


def few(corpus: Corpus, count: int) -> Corpus:
    """The so many shortest sentences of a corpus.

    Chapter: 15_your_own_data
    """
    return corpus.select(np.argsort(corpus.frames, kind="stable")[:count])


def _one_format(
    name, write, parts, world: World, scale: Scale, work: Path, seed: int, cut: bool
) -> dict:
    started = time.perf_counter()
    folder = work / str(list(FORMATS).index(name))
    shutil.rmtree(folder, ignore_errors=True)
    write(parts, folder / "data")
    lexicon = world.dictionary if write is pose_folder else ""
    own = prepare(folder / "data", folder / "out", scale, lexicon=lexicon, origin="simulated",
                  cut=cut)  # fmt: skip
    arm = "pretrain_finetune" if own.arms == ARMS and write is not video_folder else "real_only"
    tested = run(arm, seed, own.data)
    kinds = sorted({one.kind for one in own.report.findings if one.severity != "note"})
    one = {
        "sentences": sum(own.ingested.sizes.values()), "findings": kinds, "arm": arm,
        "signs": "cut" if own.cut else "lexicon" if lexicon else "none", "bleu4": tested["bleu4"],
        "updates": tested["updates"],
    }  # fmt: skip
    if write is video_folder:
        one["video"] = run_clips(own.report, folder / "data", folder / "out", seed)
    return one | {"seconds": round(time.perf_counter() - started, 1)}


def run_clips(report: Report, data: Path, out: Path, seed: int) -> dict:
    """Videos as clips, and two updates of a video translator on them.

    Args:
        report: Of the check.
        data: The folder with the videos.
        out: Where clips and trainings go.
        seed: Of the training.

    Chapter: 15_your_own_data
    """
    from slt_lib.experiments.video_scale import video_scale
    from slt_lib.experiments.videos import VideoWorld
    from slt_lib.rendering.own_clips import pack_clips

    parts: Mapping[str, list[Item]] = by_split(usable(report, False, False)[0])
    scale = video_scale("smoke")
    clips = pack_clips(parts, data, out / "clips", size=scale.size, progress=False)
    scale = replace(scale, training=replace(scale.training, updates=2))
    tested = run("real_only", seed, VideoWorld(scale, out / "video", clips=clips))
    return {name: tested[name] for name in ("bleu4", "updates", "training_sentences")}
