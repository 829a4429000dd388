"""The figures of chapter 1 draw what was seen and nothing else."""

import numpy as np
import pytest

from slt_lib.plots.pose_figures import (
    bone_lengths_over_time,
    depth_curves,
    front_views,
    hand_sizes,
)
from slt_lib.plots.style import FigureError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178

ALT = "Enough words to say what the figure shows."


def somebody(frames: int = 4, **meta) -> PoseSequence:
    rng = np.random.default_rng(0)
    places = rng.uniform(100, 400, (frames, len(SLRTP_178), 3))
    pose = PoseSequence(places, np.ones(places.shape[:2]), 25, SLRTP_178, meta)
    return pose.hide(pose.group("left_hand"))


def test_front_views_leave_out_what_was_not_seen():
    pose = somebody().hide([SLRTP_178.index["RIGHT_HAND.THUMB_TIP"]], slice(1, 2))
    before, lost = (front_views({"one": pose}, frame, alt=ALT) for frame in (0, 1))
    drawn = [
        {trace.name: np.isfinite(trace.x).sum() for trace in fig.data} for fig in (before, lost)
    ]
    assert "Left hand" not in drawn[0]
    assert drawn[1]["Right hand"] == drawn[0]["Right hand"] - 1


def test_front_views_of_one_unit_share_their_axes():
    small = somebody()
    large = small.replace(positions=2 * small.positions)
    fig = front_views({"a": small, "b": large, "c": somebody(unit="shoulder width")}, 0, alt=ALT)
    assert fig.layout.xaxis.range == fig.layout.xaxis2.range != fig.layout.xaxis3.range


@pytest.mark.parametrize("frame", [4, -1])
def test_front_views_refuse_a_frame_that_is_not_there(frame):
    with pytest.raises(FigureError, match="no frame"):
        front_views({"one": somebody()}, frame, alt=ALT)


def test_bones_have_a_gap_where_an_end_was_not_seen():
    pose = somebody().hide([SLRTP_178.index["RIGHT_WRIST"]], slice(2, 3))
    fig = bone_lengths_over_time({"one": pose}, alt=ALT)
    arm = next(t for t in fig.data if "Right wrist" in t.hovertemplate)
    assert np.isnan(arm.y).tolist() == [False, False, True, False]
    assert len(fig.data) == 4 + 20  # arms and the right hand; no bone of the left one


def test_bones_of_a_pose_that_saw_nothing_are_an_empty_figure():
    pose = somebody().hide(np.arange(len(SLRTP_178)))
    assert len(bone_lengths_over_time({"nothing": pose}, alt=ALT).data) == 0


def test_figures_refuse_input_that_does_not_fit():
    with pytest.raises(FigureError):
        depth_curves(np.arange(1, 4), {"A": np.ones(3)}, "B", alt=ALT)
    with pytest.raises(FigureError):
        hand_sizes({"gsg": np.ones(2)}, {"ise": np.ones(2)}, alt=ALT)
