"""What people think of rendered signing: a form to fill in, and what the filled ones say."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from slt_lib.pose.errors import SLTError
from slt_lib.pose.io.guard import atomic_write, refusing

QUESTIONS = {  # column: what is asked
    "handshape": "Are the handshapes legible? 1 not at all, 5 as in a recording",
    "movement": "Is the movement natural? 1 not at all, 5 as a person signs",
    "understood": "Do you understand what is signed? 1 nothing, 5 everything",
}
COLUMNS = ("video", "rater", *QUESTIONS, "comment")
LOWEST, HIGHEST = 1, 5
KEY = ("video", "clip", "renderer")


@dataclass(frozen=True)
class Ratings:
    """Filled forms.

    Attributes:
        videos: Names, each once.
        raters: Names, each once.
        answers: By question: float [raters, videos], NaN where somebody left one out.
        key: The clip and the renderer of each video.

    Chapter: 08_rendering_comparison
    """

    videos: tuple[str, ...]
    raters: tuple[str, ...]
    answers: dict[str, np.ndarray]
    key: dict[str, tuple[str, str]]

    def __bool__(self) -> bool:
        return bool(self.raters)


def write_form(
    clips: Sequence[str], renderers: Sequence[str], folder: str | Path, *, seed: int = 0
) -> dict[str, tuple[str, str]]:
    """Write a form for signers to fill in, blinded and in random order.

    `form.csv` has a row for each video, which is named by a number only; the questions are its
    second line. `key.csv` says which number is what: keep it from the raters.

    Args:
        clips: Their names.
        renderers: Each shows each clip.
        folder: Where both files go.
        seed: Of the order.

    Returns:
        Clip and renderer of each video, in the form's order: so the videos must be named.

    Raises:
        SLTError: If there is no clip or renderer, one is named twice, or the folder has a form.

    Chapter: 08_rendering_comparison
    """
    folder = Path(folder)
    for names in (clips, renderers):
        if not names or len(set(names)) < len(names):
            raise SLTError(f"No form can be made of {list(names)}.", fix="Name each once.")
    if (folder / "form.csv").exists():
        raise SLTError("There is a form already; answers may be in it.", file=folder / "form.csv",
                       fix="Take another folder, or move it away.")  # fmt: skip
    pairs = [(clip, renderer) for clip in clips for renderer in renderers]
    order = np.random.default_rng([seed, 9]).permutation(len(pairs))
    key = {f"video{n:03d}": pairs[k] for n, k in enumerate(order, start=1)}
    blank = [""] * len(QUESTIONS)
    asked = ["(question)", "your initials", *QUESTIONS.values(), "anything else"]
    _write(folder / "key.csv", [KEY, *((video, *pair) for video, pair in key.items())])
    _write(folder / "form.csv", [COLUMNS, asked, *([video, "", *blank, ""] for video in key)])
    return key


def _write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    with atomic_write(path) as file:
        file.write(text.getvalue().encode())


def read_ratings(forms: Sequence[str | Path], key: str | Path) -> Ratings:
    """Read filled forms; one that nobody has filled in gives no rater.

    Args:
        forms: One or more CSV files, as `write_form` makes them.
        key: The `key.csv` beside the form.

    Returns:
        Ratings that are false (`if not ratings`) while nobody has rated.

    Raises:
        SLTError: If a file can't be read, a column is missing, or an answer isn't a number from 1
            to 5; it names row and column.

    Chapter: 08_rendering_comparison
    """
    known = {row["video"]: (row["clip"], row["renderer"]) for _, row in _rows(Path(key), KEY)}
    given: dict[tuple[str, str], dict[str, float]] = {}
    for path in map(Path, forms):
        for number, row in _rows(path, COLUMNS):
            found = _answers(row, number, path, known)
            who = row["rater"].strip() or path.stem
            if found and (who, row["video"]) in given:
                raise SLTError(f"Row {number}, column video: {who} rates {row['video']} twice.",
                               file=path, fix="Delete one of the two rows.")  # fmt: skip
            if found:
                given[who, row["video"]] = found
    raters = tuple(sorted({who for who, _ in given}))
    videos = tuple(known)
    answers = {q: np.full((len(raters), len(videos)), np.nan) for q in QUESTIONS}
    for (who, video), found in given.items():
        for q, value in found.items():
            answers[q][raters.index(who), videos.index(video)] = value
    return Ratings(videos, raters, answers, known)


def _rows(path: Path, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Rows with their numbers, as a spreadsheet counts them, without the questions' row."""
    with refusing(path, "a form", "Save it as CSV, separated by commas, in UTF-8."):
        lines = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig")), strict=True))
        missing = [c for c in columns if not lines or c not in lines[0]]
        if missing:
            raise SLTError(f"Row 1: there is no column {', '.join(missing)}.",
                           fix=f"It needs {', '.join(columns)}.")  # fmt: skip
    filled = [{k: v or "" for k, v in line.items() if k} for line in lines]
    return [(n, line) for n, line in enumerate(filled, start=2) if line["video"] != "(question)"]


def _answers(
    row: Mapping[str, str], number: int, path: Path, known: Mapping[str, tuple[str, str]]
) -> dict[str, float]:
    """A row's answers by question; those that were left out are missing."""
    if row["video"] not in known:
        raise SLTError(f"Row {number}, column video: {row['video']!r} isn't in the key.", file=path,
                       fix="Leave that column as it was.")  # fmt: skip
    found = {}
    for question in QUESTIONS:
        said = row[question].strip()
        if said:
            value = int(said) if said.isdecimal() else 0
            if not LOWEST <= value <= HIGHEST:
                raise SLTError(f"Row {number}, column {question}: {said!r} isn't a whole number "
                               f"from {LOWEST} to {HIGHEST}.", file=path,
                               fix="Correct it, or leave it empty.")  # fmt: skip
            found[question] = float(value)
    return found


def ordinal_alpha(answers: np.ndarray) -> float:
    """Krippendorff's alpha of ordinal answers: 1 is full agreement, 0 what chance gives.

    Args:
        answers: Numbers from 1 upwards, float [raters, units], NaN where there is none.

    Returns:
        NaN if no unit has two answers, or all answers are the same.

    Source: Krippendorff, Content Analysis, 4th ed., 2018, chapter 12.
    Chapter: 08_rendering_comparison
    """
    paired = answers[:, np.isfinite(answers).sum(0) >= 2]
    values = np.unique(paired[np.isfinite(paired)])
    together = np.zeros((len(values), len(values)))  # coincidences
    for unit in paired.T:
        said = unit[np.isfinite(unit)]
        counts = (said[:, None] == values).sum(0).astype(float)
        together += (np.outer(counts, counts) - np.diag(counts)) / (len(said) - 1)
    totals = together.sum(1)
    total = totals.sum()
    ranks = np.cumsum(totals) - totals / 2
    apart = (ranks[:, None] - ranks) ** 2
    expected = (np.outer(totals, totals) * apart).sum()
    if total < 2 or expected == 0:
        return float("nan")
    return float(1 - (total - 1) * (together * apart).sum() / expected)


def agreement(ratings: Ratings) -> dict[str, float]:
    """Krippendorff's ordinal alpha of each question.

    Chapter: 08_rendering_comparison
    """
    return {question: ordinal_alpha(found) for question, found in ratings.answers.items()}


def correlation(
    ratings: Ratings, scores: Mapping[tuple[str, str], float]
) -> dict[str, tuple[float, float]]:
    """Spearman's correlation of the mean answers with a score of ours.

    Args:
        ratings: Of videos.
        scores: By clip and renderer, such as `ArtifactScores.score`; others are left out.

    Returns:
        By question the correlation and its p-value; NaN with fewer than 3 videos.

    Chapter: 08_rendering_comparison
    """
    out = {}
    for question, found in ratings.answers.items():
        pairs = [
            (np.nanmean(said), scores[ratings.key[video]])
            for video, said in zip(ratings.videos, found.T, strict=True)
            if np.isfinite(said).any() and np.isfinite(scores.get(ratings.key[video], np.nan))
        ]
        if len(pairs) < 3:
            out[question] = (float("nan"), float("nan"))
        else:
            result = spearmanr(*zip(*pairs, strict=True))
            out[question] = (float(result.statistic), float(result.pvalue))
    return out
