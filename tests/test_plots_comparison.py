"""Figures of the rendering comparison."""

import numpy as np
import pytest

from slt_lib.plots.comparison import beside, strength_lines
from slt_lib.plots.style import FigureError


def test_a_line_per_kind_of_damage():
    fig = strength_lines([0, 1], {"blur": [0.1, 0.5], "loss": [0.1, 0.2]}, alt="Lines that rise.")
    assert [trace.name for trace in fig.data] == ["blur", "loss"]
    assert list(fig.data[0].y) == [0.1, 0.5] and fig.layout.meta["alt"] == "Lines that rise."
    for scores in ({}, {"blur": [0.1]}):
        with pytest.raises(FigureError, match="strengths"):
            strength_lines([0, 1], scores, alt="Nothing.")


def test_videos_side_by_side_keep_their_order_and_size():
    videos = [np.full((3, 8, 10, 3), level, np.uint8) for level in (0, 200)]
    both = beside(videos, scale=2, gap=4)
    assert both.shape == (3, 16, 44, 3)
    assert (both[:, :, :20] == 0).all() and (both[:, :, 20:24] == 255).all()
    assert (both[:, :, 24:] == 200).all()
    with pytest.raises(FigureError, match="side by side"):
        beside([videos[0], videos[1][:2]])
    with pytest.raises(FigureError, match="side by side"):
        beside([])
