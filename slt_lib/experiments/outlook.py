"""From what a rehearsal took to what more would take: a stated model, and where it would break.

The model: computing and disk are a constant and so much per sentence; a worker's memory is
constant; the process that hands out the work holds a little per sentence, because it holds the
sentences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

PER_SENTENCE = ("stitching", "statistics", "keypoints", "epoch")  # stages that grow with sentences
HUNDREDFOLD, MILLION_HOURS = 100, 1e6
CORES, DAY = 64, 24  # of a machine; hours in which generation should be done
MEMORY_GB = 256  # of a machine


@dataclass(frozen=True)
class Line:
    """A measure as a constant and a rate.

    Attributes:
        base: At no sentence.
        rate: Per sentence.
        off: Largest distance of a measured point from the line, relative to the point.
    """

    base: float
    rate: float
    off: float

    def __call__(self, sentences: float) -> float:
        """The measure at so many sentences."""
        return self.base + self.rate * sentences


def fit_line(sentences: Sequence[float], measured: Sequence[float]) -> Line:
    """The line through measured points that is off by least, relative to each point.

    Neither part is negative: nothing takes less than no time.

    Args:
        sentences: How many, of each point.
        measured: Seconds, megabytes ...

    Chapter: 15_your_own_data
    """
    from scipy.optimize import nnls

    x, y = np.asarray(sentences, float), np.maximum(np.asarray(measured, float), 1e-9)
    (base, rate), _ = nnls(np.stack([1 / y, x / y], 1), np.ones(len(y)))
    off = float(np.abs((base + rate * x) / y - 1).max())
    return Line(float(base), float(rate), off)


def scale_summary(record: Mapping) -> dict:
    """What the rehearsal's record says, size by size, the model fitted to it, and its outlook.

    Args:
        record: Of `rehearsal.run_scale`.

    Returns:
        `scale`: lists over sizes, `sentences`, `hours`, `seconds` (of all stages, as the clock
        has them), `cpu_seconds` (likewise, all cores), `stitching` and `epoch` (core-seconds),
        `peak_mb` (of the stitching, all processes), `own_mb` (of the process that hands out
        work), `disk_mb` (corpus and keypoints); `model`, `outlook` and `breaks`.

    Chapter: 15_your_own_data
    """
    sizes = sorted(record["sizes"].values(), key=lambda one: one["sentences"])
    stitched = [one["stages"]["stitching"] for one in sizes]
    table = {
        "sentences": [one["sentences"] for one in sizes],
        "hours": [round(one["hours"], 3) for one in sizes],
        "seconds": [_total(one, "seconds") for one in sizes],
        "cpu_seconds": [_total(one, "cpu_seconds") for one in sizes],
        "stitching": [one["cpu_seconds"] for one in stitched],
        "epoch": [one["stages"].get("epoch", {}).get("cpu_seconds") for one in sizes],
        "peak_mb": [one["peak_mb"] for one in stitched],
        "own_mb": [one["own_mb"] for one in stitched],
        "disk_mb": [_disk(one) for one in sizes],
    }
    model = fit_model(sizes)
    per_hour = sum(table["sentences"]) / sum(one["hours"] for one in sizes)
    whole = max(one["asked"] for one in sizes if "epoch" in one["stages"])
    targets = {"hundredfold": HUNDREDFOLD * whole, "million_hours": MILLION_HOURS * per_hour}
    return {
        "scale": table,
        "model": {name: asdict(line) for name, line in model.items()},
        "outlook": {name: outlook(model, n, 1 / per_hour) for name, n in targets.items()},
        "breaks": breaks(model),
    }


def fit_model(sizes: Sequence[Mapping]) -> dict[str, Line]:
    """Lines for core-seconds of each stage, disk, and the memory of the first process.

    Args:
        sizes: Of `rehearsal.rehearse`, two or more.

    Chapter: 15_your_own_data
    """
    lines = {}
    for stage in PER_SENTENCE:
        known = [one for one in sizes if stage in one["stages"]]
        spent = [one["stages"][stage]["cpu_seconds"] for one in known]
        lines[stage] = fit_line([one["sentences"] for one in known], spent)
    count = [one["sentences"] for one in sizes]
    lines["disk_mb"] = fit_line(count, [_disk(one) for one in sizes])
    stitched = [one["stages"]["stitching"] for one in sizes]
    lines["own_mb"] = fit_line(count, [one["own_mb"] for one in stitched])
    workers = [one["peak_mb"] - one["own_mb"] for one in stitched]  # 0: all in one process
    most = max(workers)
    lines["workers_mb"] = Line(most, 0.0, (most - min(workers)) / (most or 1))
    return lines


def outlook(model: Mapping[str, Line], sentences: float, hours_each: float) -> dict:
    """What so many sentences would take.

    Args:
        model: Of `fit_model`.
        sentences: How many.
        hours_each: Of signing, per sentence.

    Returns:
        `sentences`, `hours` of signing, `core_hours` to stitch, `machines` of `CORES` cores that
        do it in a day, `disk_tb`, `first_process_gb`, and `epoch_core_hours`, of one epoch of the
        small translator of chapter 10 on CPUs.

    Chapter: 15_your_own_data
    """
    core_hours = model["stitching"](sentences) / 3600
    return {
        "sentences": float(sentences),
        "hours": float(sentences * hours_each),
        "core_hours": core_hours,
        "machines": int(np.ceil(core_hours / (CORES * DAY))),
        "disk_tb": model["disk_mb"](sentences) / 1e6,
        "first_process_gb": model["own_mb"](sentences) / 1e3,
        "epoch_core_hours": model["epoch"](sentences) / 3600,
    }


def breaks(model: Mapping[str, Line]) -> dict:
    """How many sentences one call can take, and what ends it.

    Args:
        model: Of `fit_model`.

    Chapter: 15_your_own_data
    """
    line = model["own_mb"]
    room = MEMORY_GB * 1e3 - line.base
    return {
        "memory_gb": MEMORY_GB,
        "sentences_per_corpus": room / line.rate if line.rate > 1e-9 else None,
        "bytes_per_sentence": line.rate * 1e6,
    }


def _total(one: Mapping, what: str) -> float:
    return round(sum(stage[what] for stage in one["stages"].values()), 2)


def _disk(one: Mapping) -> float:
    """Corpus, and keypoints ready for training."""
    return round(one["disk_mb"]["corpus"] + one["disk_mb"]["keypoints"], 2)
