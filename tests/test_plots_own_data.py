"""Figures of chapter 15: every recording once, those with findings apart."""

import pytest
from own_toys import sentences

from slt_lib.corpus.check import check_data
from slt_lib.dictionary import Dictionary, coverage
from slt_lib.experiments.own_formats import pose_folder
from slt_lib.plots import own_data
from slt_lib.plots.style import FigureError
from slt_lib.pose.io import write_pose

ALT = "What the check has seen of a few recordings."


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("few")
    some = {split: items[:3] for split, items in sentences().items()}
    pose_folder(some, folder)
    write_pose(some["dev"][0].pose[3:4], folder / f"{some['dev'][0].name}.pose")
    return check_data(folder, progress=False)


def test_each_recording_is_one_point(report):
    fig = own_data.lengths(report, alt=ALT)
    assert sum(len(trace.x) for trace in fig.data) == 9
    marked = {trace.name: list(trace.text) for trace in fig.data}
    assert marked["warning"] == [report.looked.items[3].said.name]
    assert fig.layout.meta["alt"] == ALT
    hands = own_data.hands_seen(report, alt=ALT)
    assert [len(trace.x) for trace in hands.data] == [9, 9]
    assert all(0 <= y <= 1 for trace in hands.data for y in trace.y)


def test_coverage_fills_its_bars(report):
    glosses = [item.said.gloss for item in report.looked.items]
    fig = own_data.covered(coverage(glosses, Dictionary()), alt=ALT)
    assert [tuple(trace.x) for trace in fig.data] == [(1, 1)] and fig.data[0].name == "missing"


def test_nothing_to_show_is_said(report, tmp_path):
    (tmp_path / "t.csv").write_text("file,text\na.pose,regen .\n")
    with pytest.raises(FigureError, match="no recording"):
        own_data.hands_seen(check_data(tmp_path, progress=False), alt=ALT)
