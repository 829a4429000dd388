"""How well do bodies fit every recording there is? What chapter 5 records."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
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
from slt_lib.pose.io.skels import read_skels
from slt_lib.pose.sequence import PoseSequence

ARMS = ("recordings", "skeletons")
LONG = 30  # frames: recordings of the bar
LOT = 24  # recordings fitted at once
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
    body: Body, named: Sequence[tuple[str, PoseSequence]], settings: FitSettings | None = None
) -> tuple[list[Outcome], dict[str, np.ndarray]]:
    """Fit what is worth it, refuse the rest, and say how it went.

    Args:
        body: Whose parameters.
        named: Recordings by name, as they were read.
        settings: Of the fits.

    Returns:
        One outcome per recording, and all errors of those fitted, `body_px` and `hand_deg`,
        float [...], NaN left out.

    Chapter: 05_body
    """
    settings = settings or FitSettings()
    told = [worth_fitting(pose) for _, pose in named]
    worth = [pose for (_, pose), t in zip(named, told, strict=True) if t.fitted or settings.deep]
    fits = iter(fit_bodies(body, worth, settings))
    outcomes, errors = [], {"body_px": [], "hand_deg": []}
    for (name, pose), before in zip(named, told, strict=True):
        if not (before.fitted or settings.deep):
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
    names = _skeleton_names(skeletons) if deep else sorted({str(f) for f in _bundled()})
    names = names[: most or None]
    lots = [names[k : k + LOT] for k in range(0, len(names), LOT)]
    settings = FitSettings(steps=steps, deep=deep)
    started = time.perf_counter()
    if processes > 1:
        with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
            done = list(_shown(pool.map(_fit_lot, lots, [settings] * len(lots)), len(lots)))
    else:
        done = list(_shown(map(_fit_lot, lots, [settings] * len(lots)), len(lots)))
    return _measured(done, time.perf_counter() - started)


def _is_deep(arm: str, skeletons: str) -> bool:
    if arm not in ARMS:
        raise SLTError(f"There is no arm {arm!r}.", fix=f"Known: {', '.join(ARMS)}.")
    if arm == "skeletons" and not skeletons:
        raise SLTError("The arm skeletons fits 3-D skeletons of your own.",
                       fix="Say where: -p skeletons path/to/dev (for dev.skels).")  # fmt: skip
    return arm == "skeletons"


def _shown(done: Iterable, total: int) -> Iterable:
    return tqdm(done, total=total, desc="fitting bodies", unit="lot", leave=False)


def _bundled() -> list[Path]:
    return [entry.file for entry in read_lexicon(bundled_lexicon())]


def _skeleton_names(stems: str) -> list[str]:
    """`stem:number` of every sequence."""
    return [f"{stem}:{k}" for stem in stems.split(",") for k in range(len(read_skels(stem)))]


def _read(name: str) -> PoseSequence:
    stem, _, number = name.rpartition(":")
    if stem and number.isdigit():
        return read_skels(stem)[int(number)].pose
    return next(e for e in read_lexicon(bundled_lexicon()) if str(e.file) == name).read()


def _fit_lot(names: Sequence[str], settings: FitSettings) -> tuple[list[Outcome], dict, float]:
    """One lot: if it crashes, every recording alone, so that only the culprit counts."""
    body, named = load_body(), [(Path(name).name, _read(name)) for name in names]
    started = time.perf_counter()
    try:
        outcomes, errors = fit_all(body, named, settings)
    except (SLTError, ValueError, RuntimeError, FloatingPointError):
        outcomes, parts = [], []
        for one in named:
            try:
                got = fit_all(body, [one], settings)
                outcomes += got[0]
                parts.append(got[1])
            except (SLTError, ValueError, RuntimeError, FloatingPointError) as error:
                outcomes.append(Outcome(one[0], len(one[1]), "crashed", (str(error),)))
        errors = {k: _known([p[k] for p in parts]) for k in ("body_px", "hand_deg")}
    return outcomes, errors, time.perf_counter() - started


def _measured(done: Sequence[tuple[list[Outcome], dict, float]], seconds: float) -> dict:
    outcomes = [one for lot, _, _ in done for one in lot]
    errors = {k: np.concatenate([e[k] for _, e, _ in done]) for k in ("body_px", "hand_deg")}
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
            "median_body_px": float(np.median([o.body_px for o in long])) if long else None,
            "median_hand_deg": float(np.median([o.hand_deg for o in long])) if long else None,
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
