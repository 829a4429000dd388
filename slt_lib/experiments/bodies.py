"""How well do bodies fit every recording there is? What chapter 5 records."""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tqdm import tqdm

from slt_lib.body import (
    Body,
    FitSettings,
    fit_bodies,
    load_body,
    residuals,
    verdict,
    worth_fitting,
)
from slt_lib.body.kinematics import regressor_errors
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import bundled_lexicon, read_lexicon
from slt_lib.pose.io.skels import iter_skels
from slt_lib.pose.sequence import PoseSequence

ARMS = ("recordings",)  # of `--arm all`; the other one needs skeletons of the user's
SKELETONS = "skeletons"
LONG = 30  # frames: recordings of the bar
LOT = 24  # recordings fitted at once
CRASHES = (SLTError, ValueError, RuntimeError, FloatingPointError)
Named = tuple[str, PoseSequence]
BENDS = (5, 25, 50, 75, 95, 99)  # percentiles kept of the errors


@dataclass(frozen=True)
class Outcome:
    """What became of one recording.

    Attributes:
        name: Of the file.
        frames: It has.
        outcome: "fitted", "refused" or "crashed".
        why: The reasons for a refusal, or the error.
        body_px: Median error of body keypoints, pixels of 500; None if it wasn't fitted.
        hand_deg: Median angle between hand bones, degrees; None if it wasn't fitted.
        space_cm: Mean error in space, where depth was measured; None otherwise.
    """

    name: str
    frames: int
    outcome: str
    why: tuple[str, ...] = ()
    body_px: float | None = None
    hand_deg: float | None = None
    space_cm: float | None = None


def fit_all(
    body: Body, named: Sequence[Named], settings: FitSettings | None = None
) -> tuple[list[Outcome], dict[str, np.ndarray]]:
    """Fit what is worth it, refuse the rest, and say how it went.

    Args:
        body: Whose parameters.
        named: Recordings by name, as they were read.
        settings: Of the fits.

    Returns:
        One outcome per recording ("crashed" if fitting it raised), and all errors of those fitted,
        `body_px` and `hand_deg`, float [...], NaN left out.

    Chapter: 05_body
    """
    settings = settings or FitSettings()
    try:
        return _fit_together(body, named, settings)
    except CRASHES:  # then each alone, so that only the culprit counts
        outcomes, parts = [], []
        for one in named:
            try:
                got, errors = _fit_together(body, [one], settings)
                outcomes += got
                parts.append(errors)
            except CRASHES as error:
                outcomes.append(Outcome(one[0], len(one[1]), "crashed", (str(error),)))
        return outcomes, {k: _known([p[k] for p in parts]) for k in ("body_px", "hand_deg")}


def _fit_together(
    body: Body, named: Sequence[Named], settings: FitSettings
) -> tuple[list[Outcome], dict[str, np.ndarray]]:
    told = [worth_fitting(pose, settings.deep) for _, pose in named]
    worth = [pose for (_, pose), t in zip(named, told, strict=True) if t.fitted]
    fits = iter(fit_bodies(body, worth, settings))
    outcomes, errors = [], {"body_px": [], "hand_deg": []}
    for (name, pose), before in zip(named, told, strict=True):
        if not before.fitted:
            outcomes.append(Outcome(name, len(pose), "refused", before.why))
            continue
        found = residuals(body, pose, next(fits))
        after, median = verdict(found), found.medians
        outcomes.append(Outcome(
            name, len(pose), "fitted" if after.fitted else "refused", after.why,
            median["body_px"], median["hand_deg"], median["space_cm"] if settings.deep else None,
        ))  # fmt: skip
        if after.fitted:
            errors["body_px"].append(found.body_px.ravel())
            errors["hand_deg"].append(found.hands.ravel())
    return outcomes, {k: _known(v) for k, v in errors.items()}


def _median(values: Iterable[float]) -> float | None:
    known = [v for v in values if np.isfinite(v)]
    return float(np.median(known)) if known else None


def _known(parts: list[np.ndarray]) -> np.ndarray:
    values = np.concatenate(parts) if parts else np.zeros(0)
    return values[np.isfinite(values)]


def run_bodies(
    arm: str, seed: int, *, skeletons: str = "", most: int = 0, processes: int = 2, steps: int = 200
) -> dict:
    """Fit bodies to a whole set of recordings.

    Args:
        arm: "recordings", the 600 bundled ones, or "skeletons", 3-D ones in `.skels` files.
        seed: Nothing is drawn; it stands for the record's name.
        skeletons: For the second arm: path of `.skels` files without suffix; several with commas.
        most: Take only so many recordings; 0 takes all.
        processes: How many fit at once.
        steps: Of each fit.

    Returns:
        `fit.{fitted, refused, crashed, median_body_px, median_hand_deg, ms_per_frame}` and the
        same of the recordings of 30 frames and more that were fitted (`long`).

    Chapter: 05_body
    """
    deep = _is_deep(arm, skeletons)
    named = _skeletons(skeletons) if deep else _bundled()
    settings = FitSettings(steps=steps, deep=deep)
    started = time.perf_counter()
    done = list(_spread(_lots(islice(named, most or None)), settings, processes))
    return _measured(done, time.perf_counter() - started)


def _lots(named: Iterable[Named]) -> Iterator[list[Named]]:
    """Recordings in lots, read only as they are asked for."""
    rest = iter(named)
    while lot := list(islice(rest, LOT)):
        yield lot


def _spread(lots: Iterable[list[Named]], settings: FitSettings, processes: int) -> Iterator[tuple]:
    """Lots fitted by some processes, in order; few are read ahead."""
    lots = tqdm(lots, desc="fitting bodies", unit="lot", leave=False)
    if processes <= 1:
        yield from (_fit_lot(lot, settings) for lot in lots)
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        waiting = deque()
        for lot in lots:
            waiting.append(pool.submit(_fit_lot, lot, settings))
            if len(waiting) > 2 * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _is_deep(arm: str, skeletons: str) -> bool:
    if arm not in (*ARMS, SKELETONS):
        raise SLTError(f"There is no arm {arm!r}.", fix=f"Known: {', '.join((*ARMS, SKELETONS))}.")
    if arm == SKELETONS and not skeletons:
        raise SLTError("The arm skeletons fits 3-D skeletons of your own.",
                       fix="Say where: -p skeletons path/to/dev (for dev.skels).")  # fmt: skip
    return arm == SKELETONS


def _bundled() -> Iterator[Named]:
    """The bundled recordings, each file once."""
    files = {entry.file: entry for entry in read_lexicon(bundled_lexicon())}
    for file in sorted(files):
        yield file.name, files[file].read()


def _skeletons(stems: str) -> Iterator[Named]:
    for stem in stems.split(","):
        for k, utterance in enumerate(iter_skels(stem)):
            yield f"{Path(stem).name}:{k}", utterance.pose


def _fit_lot(named: Sequence[Named], settings: FitSettings) -> tuple[list[Outcome], dict]:
    return fit_all(load_body(), named, settings)


def _measured(done: Sequence[tuple[list[Outcome], dict]], seconds: float) -> dict:
    outcomes = [one for lot, _ in done for one in lot]
    errors = {k: np.concatenate([e[k] for _, e in done]) for k in ("body_px", "hand_deg")}
    fitted = [o for o in outcomes if o.outcome == "fitted"]
    frames = sum(o.frames for o in fitted)
    fit = {name: sum(o.outcome == name for o in outcomes) for name in ("fitted", "refused",
                                                                       "crashed")}  # fmt: skip
    fit |= {f"median_{k}": float(np.median(v)) if len(v) else None for k, v in errors.items()}
    fit |= {"frames": frames, "ms_per_frame": 1000 * seconds / max(1, frames)}
    space = [o.space_cm for o in fitted if o.space_cm is not None]
    if space:
        fit["mean_space_cm"] = float(np.average(space, weights=[o.frames for o in fitted]))
    long = [o for o in fitted if o.frames >= LONG]
    percentiles = {k: np.percentile(v, BENDS).round(3).tolist() if len(v) else []
                   for k, v in errors.items()}  # fmt: skip
    return {
        "fit": fit,
        "long": {
            "recordings": len(long),
            "median_body_px": _median([o.body_px for o in long]),
            "median_hand_deg": _median([o.hand_deg for o in long]),
        },
        "percentiles": {"of": list(BENDS), **percentiles},
        "regressor_max_error_mm": 1000 * float(regressor_errors(load_body()).max()),
        "recordings": [asdict(o) for o in outcomes],
        "not_compared": ["ms_per_frame"],
    }


def summary(records: dict[str, dict[int, dict]]) -> dict:
    """`fit` and `regressor_max_error_mm` as chapter 5's results have them, from its records."""
    one = next(iter(records["recordings"].values()))
    return {key: one[key] for key in ("fit", "long", "regressor_max_error_mm")} | {
        "skeletons": next(iter(records.get("skeletons", {0: {"fit": None}}).values()))["fit"]
    }
