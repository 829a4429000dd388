"""The figure of chapter 14: what is read, and how it moves, row by row."""

import pytest
from test_plots_rendering import still

from slt_lib.plots.back_translation import read_and_moved
from slt_lib.plots.style import FigureError


def test_a_production_is_a_row_in_both_panels():
    found = {
        "real": {"bleu4": [10.0, 12.0], "duration_ratio": [1.0, 1.0], "travel_ratio": [1.0, 1.0]},
        "twice": {"bleu4": [9.0], "duration_ratio": [2.0], "travel_ratio": [2.5]},
        "other": {"bleu4": [1.0], "duration_ratio": [1.0], "travel_ratio": [1.0]},
    }
    says = {"twice": "stitched, twice", "real": "real", "absent": "never made"}
    fig = read_and_moved(found, says, alt="Two ways of making signing.")
    assert tuple(fig.data[0].x) == (9, 10, 12)
    assert tuple(fig.data[0].y) == ("stitched, twice", "real", "real")
    assert [tuple(d.x) for d in fig.data[1:]] == [(2.0, 1.0), (2.5, 1.0)]
    assert still(fig).size
    with pytest.raises(FigureError, match="no production"):
        read_and_moved(found, {"absent": "never made"}, alt="Nothing at all is shown.")
