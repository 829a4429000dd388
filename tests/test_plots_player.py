"""The player and the other figures: the mask, the clock, and no figure without alt text."""

from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slt_lib.plots import (
    PARTS,
    FigureError,
    confidence_over_time,
    finish,
    method_line,
    skeleton_frames,
    skeleton_player,
    trajectories,
)
from slt_lib.plots.player import Lines, in_view, view_box
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import (
    BODY_HANDS_50,
    HOLISTIC_543,
    PROGRESSIVE_50,
    SLRTP_178,
    SLRTP_FILE_178,
)

ALT = "A made-up figure for a test."


def signer(frames=5, fps=25.0, skeleton=SLRTP_178, seed=0) -> PoseSequence:
    draw = np.random.default_rng(seed)
    positions = draw.normal(size=(frames, len(skeleton), 3))
    positions[:, skeleton.ids("RIGHT_SHOULDER")] = [[-0.5, 0, 0]]
    positions[:, skeleton.ids("LEFT_SHOULDER")] = [[0.5, 0, 0]]
    return PoseSequence(positions, np.ones((frames, len(skeleton))), fps, skeleton)


def drawn(frame) -> np.ndarray:
    """All the points that a frame draws, float [points, 3]."""
    traces = [np.stack([t.x, t.y, t.z], -1) for t in frame.data]
    points = np.concatenate(traces)
    return points[np.isfinite(points).all(-1)]


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_a_masked_joint_is_never_drawn(data):
    pose = signer(3)
    hidden = data.draw(st.lists(st.integers(0, 177), max_size=60, unique=True))
    pose = pose.hide(hidden, slice(1, 2))
    seen = pose.mask[1]
    expected = sum(
        int(seen[joint])
        for part in PARTS
        for joint in Lines.of(SLRTP_178, part).joints
        if joint >= 0
    )
    figure = skeleton_player(pose, alt=ALT)
    points = drawn(figure.frames[1])
    assert len(points) == expected
    places = in_view(pose)[1][seen]
    for x, away, up in points:
        assert np.isclose(places, [x, -up, away], atol=1e-5).all(1).any()


def test_stored_coordinates_of_masked_joints_do_not_move_the_view():
    pose = signer().hide(SLRTP_178.groups["left_hand"])
    far = pose.positions.copy()
    far[:, SLRTP_178.groups["left_hand"]] = 1e6
    assert np.array_equal(view_box([pose]), view_box([pose.replace(positions=far)]))


def test_signers_of_other_frame_rates_share_one_clock():
    figure = skeleton_player({"slow": signer(25, 25), "fast": signer(60, 60, seed=1)}, alt=ALT)
    assert figure.layout.meta["player"]["fps"] == 60
    assert len(figure.frames) == 60
    slow = [frame.data[0].x for frame in figure.frames]
    changes = sum(not np.array_equal(a, b, equal_nan=True) for a, b in pairwise(slow))
    assert changes == 24  # every frame of the 25 shown once, in order


def test_the_shorter_of_two_holds_its_last_frame():
    short, long = signer(3), signer(9, seed=1)
    figure = skeleton_player({"short": short, "long": long}, alt=ALT)
    assert len(figure.frames) == 9
    assert np.array_equal(figure.frames[2].data[0].x, figure.frames[8].data[0].x, equal_nan=True)


def test_steps_of_the_player_last_one_frame():
    figure = skeleton_player(signer(4, 12.5), alt=ALT)
    play = figure.layout.updatemenus[0].buttons[0].args[1]
    assert play["frame"]["duration"] == pytest.approx(80)
    assert figure.layout.sliders[0].steps[3].label == "0.24 s"


def test_labels_are_shown_and_must_fit():
    figure = skeleton_player(signer(3), alt=ALT, labels=["", "REGEN", "REGEN"])
    assert figure.layout.meta["player"]["labels"] == [[""], ["REGEN"], ["REGEN"]]
    assert figure.layout.sliders[0].steps[1].label.endswith("REGEN")
    with pytest.raises(FigureError, match="one label per frame"):
        skeleton_player(signer(3), alt=ALT, labels=["REGEN"])


@pytest.mark.parametrize("skeleton", [BODY_HANDS_50, PROGRESSIVE_50, HOLISTIC_543, SLRTP_FILE_178])
def test_every_skeleton_can_be_played(skeleton):
    figure = skeleton_player(signer(2, skeleton=skeleton), alt=ALT)
    assert {"Body", "Right hand", "Left hand"} <= {trace.name for trace in figure.data}


def test_unplaced_face_points_are_dots_without_lines():
    face = Lines.of(SLRTP_FILE_178, "face")
    assert len(face.joints) == 128 and (face.dots > 0).all()
    figure = skeleton_player(signer(2, skeleton=SLRTP_FILE_178), alt=ALT)
    assert next(t for t in figure.data if t.name == "Face").mode == "markers"


def test_one_frame_and_nothing_seen_at_all():
    assert len(skeleton_player(signer(1), alt=ALT).layout.sliders) == 0
    blind = signer(2).hide(np.arange(178))
    assert len(skeleton_player(blind, alt=ALT).data) == 0
    assert len(skeleton_frames(blind, 2, alt=ALT).data) == 4


def test_hand_without_shoulders_fills_the_view():
    pose = signer(4).hide(SLRTP_178.ids("RIGHT_SHOULDER"))
    pose = pose.replace(positions=pose.positions * 100 + 250)
    assert np.abs(np.median(in_view(pose)[pose.mask], axis=0)).max() < 1


@pytest.mark.parametrize("draw", [skeleton_player, skeleton_frames, confidence_over_time])
def test_nothing_to_draw_is_refused(draw):
    with pytest.raises(FigureError, match="no frame"):
        draw(signer(0), alt=ALT)


def test_frames_that_do_not_exist_are_refused():
    with pytest.raises(FigureError, match="has no frame 9"):
        skeleton_frames(signer(3), [0, 9], alt=ALT)


def test_trajectories_have_gaps_where_masked():
    joint = SLRTP_178.index["RIGHT_HAND.INDEX_FINGER_TIP"]
    pose = signer(6).hide([joint], slice(2, 4))
    x = trajectories(pose, ["RIGHT_HAND.INDEX_FINGER_TIP"], alt=ALT).data[0].y
    assert np.array_equal(np.isnan(x), [False, False, True, True, False, False])
    with pytest.raises(FigureError, match="no joint 'NOSE'"):
        trajectories(pose, ["NOSE"], alt=ALT)


def test_a_sequence_keeps_its_colour_in_all_panels():
    poses = {"first": signer(4), "second": signer(4, seed=1), "ours": signer(4, seed=2)}
    figure = trajectories(poses, ["RIGHT_WRIST", "LEFT_WRIST"], alt=ALT)
    colours = {name: {t.line.color for t in figure.data if t.name == name} for name in poses}
    assert all(len(found) == 1 for found in colours.values())
    assert colours["first"] != colours["second"]


def test_confidence_shows_the_share_seen():
    pose = signer(4).hide(SLRTP_178.groups["left_hand"], slice(0, 2))
    figure = confidence_over_time(pose, alt=ALT)
    share = next(trace for trace in figure.data if trace.name == "Left hand").y
    assert list(share) == [0, 0, 1, 1]


@pytest.mark.parametrize("alt", ["", "   ", "plot"])
def test_a_figure_without_alt_text_is_refused(alt):
    with pytest.raises(FigureError, match="alt text"):
        finish(go.Figure(), alt=alt)


def test_unknown_methods_have_no_colour():
    with pytest.raises(FigureError, match="ours, peer, raw, real"):
        method_line("best")
