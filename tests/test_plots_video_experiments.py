"""Figures of chapter 11: what they show, and that each has a static picture."""

import numpy as np
import pytest
from test_plots_rendering import still

from slt_lib.plots.style import FigureError
from slt_lib.plots.video_experiments import artifacts_and_errors, dose_response, seen_and_unseen


def test_known_and_other_signers_stand_side_by_side():
    both = {"a": {"seen": [4.0, 6.0], "unseen": [1.0, 3.0]}, "b": {"seen": [7.0], "unseen": [5.0]}}
    fig = seen_and_unseen(both, alt="Two arms on known signers and on others.", names={"b": "best"})
    lines, points = fig.data[:2], fig.data[2:]
    assert [tuple(line.x) for line in lines] == [(5.0, 2.0), (7.0, 5.0)]
    assert [tuple(p.x) for p in points] == [(4, 6, 7), (1, 3, 5)]
    assert tuple(points[0].y) == ("a", "a", "best") and still(fig).size
    with pytest.raises(FigureError, match="no arms"):
        seen_and_unseen({}, alt="Nothing at all is shown.")


def test_every_clip_is_a_point():
    score, error = np.array([[0.1, 0.5], [0.2, 0.3]]), np.array([[0.0, 0.2], [-0.1, 0.1]])
    fig = artifacts_and_errors(score, error, ["one", "two"], alt="Four clips of two renderers.")
    assert [d.name for d in fig.data] == ["one", "two"]
    assert np.allclose(fig.data[1].y, error[1]) and still(fig).size
    with pytest.raises(FigureError, match="names"):
        artifacts_and_errors(score, error, ["one"], alt="Four clips of two renderers.")


def test_a_dose_has_a_line_of_means_and_a_point_per_seed():
    curves = {"hand_blur": {"strength": [0.0, 1.0], "bleu4": [[8.0, 10.0], [2.0, 4.0]]}}
    fig = dose_response(curves, alt="Less is left with more damage.")
    assert tuple(fig.data[0].y) == (9.0, 3.0) and fig.data[0].name == "hand blur"
    assert tuple(fig.data[1].x) == (0, 0, 1, 1) and tuple(fig.data[1].y) == (8, 10, 2, 4)
    assert still(fig).size
