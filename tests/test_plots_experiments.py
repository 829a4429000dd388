"""Figures of experiments show what was found, and which of it counts."""

import pytest

from slt_lib.plots import experiments as figures
from slt_lib.plots.style import FigureError

ALT = "A figure of made numbers, as long a text as any other figure has."


def contrast(difference, low, high, p):
    return {"difference": difference, "ci_low": low, "ci_high": high, "p_holm": p}


def test_a_difference_counts_only_if_interval_and_p_both_say_so():
    found = {
        "both": contrast(2.0, 0.5, 3.5, 0.01),
        "p alone": contrast(2.0, -0.5, 4.5, 0.01),
        "interval alone": contrast(-2.0, -3.0, -1.0, 0.2),
    }
    counts = {name: figures.does_count(one) for name, one in found.items()}
    assert counts == {"both": True, "p alone": False, "interval alone": False}
    fig = figures.contrasts(found, alt=ALT, names={"both": "(d) − (e)"})
    filled, opened = fig.data
    assert list(filled.y) == ["(d) − (e)"] and list(opened.y) == ["p alone", "interval alone"]
    assert list(filled.error_x.array) == [1.5] and list(opened.error_x.arrayminus) == [2.5, 1.0]
    with pytest.raises(FigureError):
        figures.contrasts({}, alt=ALT)


def test_the_exchange_runs_from_what_is_known_to_what_it_is_worth():
    found = {
        "sizes": [600, 1200, 2400],
        "real_only": [10.0, 20.0, 30.0],
        "pretrain_finetune": [11.0, 21.0, 30.0],
        "worth": {"sentences": 86.0},
        "worth_at": {},
    }
    fig = figures.exchange(found, alt=ALT)
    assert [trace.name for trace in fig.data][:2] == ["real_only", "pretrain_finetune"]
    assert list(fig.data[-1].x) == [1200, 1286] and list(fig.data[-1].y) == [21.0, 21.0]
    without = figures.exchange({k: v for k, v in found.items() if k != "worth"}, alt=ALT)
    assert len(without.data) == 2
    with pytest.raises(FigureError):
        figures.exchange({}, alt=ALT)


def test_arms_show_their_floor_where_it_is_known():
    bleus = {"real_only": [10.0, 12.0], "joint": [9.0, 11.0]}
    fig = figures.arms(bleus, alt=ALT, floors={"real_only": [2.0, 3.0], "joint": []})
    floor = next(trace for trace in fig.data if trace.name == "floor")
    assert list(floor.x) == [2.5] and list(floor.y) == ["real_only"]
    assert all(trace.name != "floor" for trace in figures.arms(bleus, alt=ALT).data)
