"""Figures of chapter 4 that show recorded and measured numbers."""

import numpy as np
import pytest

from slt_lib.plots import corpus as figures
from slt_lib.plots.style import FigureError

ALT = "Something is shown against something else."


def test_the_ladder_has_a_bar_per_rung_a_point_per_seed_and_a_floor():
    values = {"first": [9.0, 11.0], "real": [20.0]}
    fig = figures.ladder(
        values,
        {"first": [1.0, 2.0]},
        names={"first": "the first of all of them"},
        reference="first",
        alt=ALT,
    )
    bars, seeds, floor = fig.data
    assert list(bars.x) == [10, 20] and list(bars.y) == ["the first of all of<br>them", "real"]
    assert list(seeds.x) == [9, 11, 20] and list(floor.x) == [1, 2]
    assert fig.layout.shapes[0].x0 == 10 and fig.layout.meta["alt"] == ALT
    with pytest.raises(FigureError, match="no rungs"):
        figures.ladder({}, {}, names={}, alt=ALT)


def test_crop_errors_count_every_sign_once():
    fig = figures.crop_errors([0.0, -0.1, 3.0], [0.01, 0.02, -3.0], alt=ALT)
    assert [float(np.sum(bars.y)) for bars in fig.data] == pytest.approx([1, 1])
    with pytest.raises(FigureError, match="no sign"):
        figures.crop_errors([], [], alt=ALT)


def test_sentences_that_lack_a_sign_are_marked():
    fig = figures.lengths_compared([1, 2], [1.5, 1.8], [True, False], alt=ALT)
    assert [len(part.x) for part in fig.data] == [2, 1, 1]
    assert len(figures.lengths_compared([1], [1], [True], alt=ALT).data) == 2
    with pytest.raises(FigureError, match="no sentence"):
        figures.lengths_compared([], [], [], alt=ALT)
