"""The form that signers fill in: blinded, read back, agreement and correlation."""

import csv

import numpy as np
import pytest

from slt_lib.experiments.ratings import (
    QUESTIONS,
    agreement,
    correlation,
    ordinal_alpha,
    read_ratings,
    write_form,
)
from slt_lib.pose.errors import SLTError

CLIPS, RENDERERS = ["rain", "sun", "wind"], ["signgan", "signsplat"]


def fill(folder, name, answers, rater=""):
    """A copy of the form with answers (by video) in every question's column."""
    rows = list(csv.reader((folder / "form.csv").open()))
    for row in rows[2:]:
        if row[0] in answers:
            row[1] = rater
            row[2:5] = [str(answers[row[0]])] * 3
    path = folder / name
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_the_form_is_blinded_and_its_order_is_the_seeds(tmp_path):
    key = write_form(CLIPS, RENDERERS, tmp_path / "a", seed=1)
    text = (tmp_path / "a" / "form.csv").read_text()
    assert not any(name in text for name in (*CLIPS, *RENDERERS))
    assert sorted(key.values()) == sorted((c, r) for c in CLIPS for r in RENDERERS)
    assert write_form(CLIPS, RENDERERS, tmp_path / "b", seed=1) == key
    assert write_form(CLIPS, RENDERERS, tmp_path / "c", seed=2) != key


def test_answers_arent_overwritten(tmp_path):
    write_form(CLIPS, RENDERERS, tmp_path)
    with pytest.raises(SLTError, match="form already"):
        write_form(CLIPS, RENDERERS, tmp_path)
    with pytest.raises(SLTError, match="No form"):
        write_form(["a", "a"], RENDERERS, tmp_path / "other")


def test_an_empty_form_has_no_ratings_yet(tmp_path):
    write_form(CLIPS, RENDERERS, tmp_path)
    ratings = read_ratings([tmp_path / "form.csv"], tmp_path / "key.csv")
    assert not ratings and len(ratings.videos) == 6
    assert all(np.isnan(value) for value in agreement(ratings).values())
    assert all(np.isnan(value[0]) for value in correlation(ratings, {}).values())


def test_filled_forms_are_read_and_correlate(tmp_path):
    key = write_form(CLIPS, RENDERERS, tmp_path)
    scores = {pair: k / 10 for k, pair in enumerate(sorted(key.values()))}
    order = {video: scores[pair] for video, pair in key.items()}
    said = {video: 5 - int(10 * score) * 4 // 5 for video, score in order.items()}
    forms = [fill(tmp_path, f"{who}.csv", said, who) for who in ("ann", "ben")]
    ratings = read_ratings(forms, tmp_path / "key.csv")
    assert ratings and ratings.raters == ("ann", "ben")
    assert agreement(ratings)["handshape"] == pytest.approx(1)
    found = correlation(ratings, scores)
    assert set(found) == set(QUESTIONS) and found["movement"][0] < -0.9


@pytest.mark.parametrize("wrong", ["6", "0", "good", "3.5", "²"])
def test_a_wrong_answer_is_named_by_row_and_column(tmp_path, wrong):
    write_form(CLIPS, RENDERERS, tmp_path)
    path = fill(tmp_path, "ann.csv", {"video002": wrong})
    with pytest.raises(SLTError, match=r"ann\.csv: Row 4, column handshape") as caught:
        read_ratings([path], tmp_path / "key.csv")
    assert caught.value.fix


def test_other_slips_in_forms_are_named(tmp_path):
    write_form(CLIPS, RENDERERS, tmp_path)
    key = tmp_path / "key.csv"
    with pytest.raises(SLTError, match="no such file"):
        read_ratings([tmp_path / "none.csv"], key)
    text = (tmp_path / "form.csv").read_text()
    for changed, said in (
        (text.replace("video003", "video9"), "Row 5, column video"),
        (text.replace("movement", "motion"), "no column movement"),
    ):
        (tmp_path / "x.csv").write_text(changed)
        with pytest.raises(SLTError, match=said):
            read_ratings([tmp_path / "x.csv"], key)
    forms = [fill(tmp_path, f"{k}.csv", {"video001": 3}, "ann") for k in range(2)]
    with pytest.raises(SLTError, match="ann rates video001 twice"):
        read_ratings(forms, key)


def test_alpha_by_hand():
    """Two raters, values 1 to 3: coincidences o11 = 2, o12 = o21 = 1, o22 = 2, o33 = 2.

    Totals are 3, 3, 2 of n = 8, ranks 1.5, 4.5, 7; squared differences: d12 = 9, d13 = 30.25,
    d23 = 6.25. Observed 2 · 9 = 18; expected 2 · (9 · 9 + 6 · 30.25 + 6 · 6.25) = 600.
    """
    answers = np.array([[1, 1, 2, 3], [1, 2, 2, 3]], float)
    assert ordinal_alpha(answers) == pytest.approx(1 - 7 * 18 / 600)


def test_alpha_leaves_out_what_nobody_else_answered():
    answers = np.array([[1, 1, 2, 3, 5, np.nan], [1, 2, 2, 3, np.nan, np.nan]], float)
    assert ordinal_alpha(answers) == pytest.approx(ordinal_alpha(answers[:, :4]))
    assert np.isnan(ordinal_alpha(np.full((2, 3), 4.0)))
    chance = np.random.default_rng(0).integers(1, 6, (2, 4000)).astype(float)
    assert abs(ordinal_alpha(chance)) < 0.05
