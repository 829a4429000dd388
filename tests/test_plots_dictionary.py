"""The figures of chapter 2: they show what was measured, and nothing that was not seen."""

import numpy as np
import pytest

from slt_lib.dictionary import STEPS, Dictionary, coverage, distance_crop, from_lexicon
from slt_lib.plots import dictionary as figures
from slt_lib.plots.style import FigureError
from slt_lib.plots.table import table

ALT = "A figure of the dictionary, described for the test."


@pytest.fixture(scope="module")
def letters():
    return from_lexicon()


def test_every_recording_is_on_the_quality_map(letters):
    fig = figures.quality_map(list(letters), alt=ALT)
    assert fig.layout.meta["alt"] == ALT
    assert sum(len(trace.x) for trace in fig.data) == len(letters)
    assert [trace.name for trace in fig.data] == ["good (27)", "poor (3)"]


def test_strokes_are_shaded_beside_what_is_kept(letters):
    sign = letters.signs("L")[0]
    fig = figures.crop_strokes({"L": sign}, alt=ALT)
    traces = {trace.name: trace for trace in fig.data}
    crop, kept = distance_crop(sign.pose), fig.layout.shapes[0]
    assert (kept.x0, kept.x1) == pytest.approx((crop.start / sign.fps, (crop.end - 1) / sign.fps))
    assert len(traces["height of the wrist"].x) == len(traces["speed of the wrist"].x) + 1
    up, down = (trace.x for trace in fig.data if trace.name == "ways up and down")
    assert max(up) < kept.x0 < kept.x1 < min(down)
    with pytest.raises(FigureError):
        figures.crop_strokes({}, alt=ALT)


def test_spans_are_in_seconds_of_each_recording(letters):
    signs = [letters.signs(g)[0] for g in "AB"]
    fig = figures.crop_spans(signs, alt=ALT)
    whole, _, ours = fig.data
    assert whole.y[1] == pytest.approx(signs[0].seconds)
    assert ours.y[4] == pytest.approx(distance_crop(signs[1].pose).end / signs[1].fps)
    assert np.isnan(ours.y[2])


def test_coverage_bars_add_up(letters):
    corpus = [("REGEN", "L", "E+R"), ("IX", "L")]
    covered = {"letters": coverage(corpus, letters), "none": coverage(corpus, Dictionary())}
    fig = figures.coverage_bars(covered, alt=ALT)
    assert {trace.name for trace in fig.data} <= set(STEPS)
    np.testing.assert_allclose(sum(np.array(trace.x) for trace in fig.data), 1, rtol=1e-6)
    bars = figures.missing_bars(covered["none"], alt=ALT, top=2).data[0]
    assert list(bars.x) == ["L", "E+R"]
    assert list(bars.y) == [2, 1]


def test_a_table_is_escaped_and_rounded():
    html = table([{"a<b": "<i>", "n": 0.123456, "skipped": 1}], ["a<b", "n"]).data
    assert "<i>" not in html
    assert "&lt;i&gt;" in html
    assert "<td>0.123</td>" in html
    assert "skipped" not in html
    assert "<tbody>" in table([]).data
