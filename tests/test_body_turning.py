"""Between two signs joints turn: bones keep their length, ends are met, unseen stays unseen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp
from test_body_fit import signing

from slt_lib.body import BodyMotion, TurningBridge, load_body
from slt_lib.body.turning import slerp, turn_between
from slt_lib.dictionary.lexicon import from_lexicon
from slt_lib.pose.bones import bone_vectors
from slt_lib.pose.canonical import canonicalise
from slt_lib.pose.errors import PoseError
from slt_lib.pose.proportions import canonical_body
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.stitcher import Stitcher
from slt_lib.stitching.transition import bridge


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31))
def test_slerp_is_scipys(seed):
    ends = Rotation.random(2, random_state=seed % 2**31)
    shares = np.linspace(0, 1, 5)
    ours = slerp(*ends.as_rotvec(), shares)
    theirs = Slerp([0, 1], ends)(shares)
    assert (Rotation.from_rotvec(ours) * theirs.inv()).magnitude().max() < 1e-5


def test_between_two_movements_is_what_both_saw_of_the_first_ones_shape():
    a, b = signing(4, seed=1), signing(4, seed=2)
    seen = a.seen.copy()
    seen[-1, 20] = False
    a = BodyMotion(a.rotations, a.fps, a.betas, seen=seen)
    way = turn_between(a, b, 5)
    assert len(way) == 5 and not way.seen[:, 20].any() and way.seen[:, 21].all()
    np.testing.assert_array_equal(way.betas, a.betas)
    assert len(turn_between(a, b, 0)) == 0
    with pytest.raises(PoseError, match="one frame rate"):
        turn_between(a, signing(4, fps=30), 3)
    with pytest.raises(PoseError, match="with a frame"):
        turn_between(a[:0], b, 3)


@pytest.fixture(scope="module")
def stitched():
    dictionary, plain = from_lexicon(), StitchSettings(smoothing="none")
    bridge = TurningBridge(load_body())
    return {
        name: Stitcher(dictionary, plain, bridge=b).stitch(["R", "A"], keep_stages=True)
        for name, b in (("linear", None), ("turning", bridge))
    }


def test_only_the_frames_between_signs_differ(stitched):
    linear, turning = (stitched[k].stages["5 join"] for k in ("linear", "turning"))
    assert stitched["linear"].spans == stitched["turning"].spans
    gap = np.ones(len(linear), bool)
    for start, end in stitched["linear"].spans:
        gap[start:end] = False
    assert gap.any()
    np.testing.assert_array_equal(linear.positions[~gap], turning.positions[~gap])
    np.testing.assert_array_equal(linear.mask, turning.mask)
    np.testing.assert_array_equal(linear.positions[gap, 50:], turning.positions[gap, 50:])
    assert np.abs(linear.positions[gap, :50] - turning.positions[gap, :50]).max() > 1e-3


def test_ways_start_and_end_at_the_signs(stitched):
    turning, spans = stitched["turning"].stages["5 join"], stitched["turning"].spans
    (_, end), (start, _) = spans[0], spans[1]
    way = turning.positions[end - 1 : start + 1, :50]
    steps = np.linalg.norm(np.diff(way, axis=0), axis=-1) * turning.mask[end - 1, :50]
    whole = np.linalg.norm(way[-1] - way[0], axis=-1).max()
    assert steps.max() < 1.6 * whole / (len(way) - 1)


def test_bones_keep_their_length_on_the_way_and_moving_points_do_not(stitched):
    wanted, worst = canonical_body().bones[:50], {}
    (_, end), (start, _) = stitched["linear"].spans
    for name, one in stitched.items():
        way = one.stages["5 join"][end:start]
        lengths = np.linalg.norm(bone_vectors(way.positions, way.mask, way.skeleton), axis=-1)
        worst[name] = np.nanmax(np.abs(lengths[:, 9:29] / wanted[9:29] - 1))
    assert worst["turning"] < 1e-3 < worst["linear"]


def test_an_end_without_shoulders_or_with_a_hidden_parent_moves_in_a_line():
    dictionary = from_lexicon()
    before, after = (canonicalise(dictionary.signs(letter)[0].pose) for letter in ("R", "A"))
    bodiless = before.hide(before.skeleton.ids("LEFT_SHOULDER"))
    way = TurningBridge(load_body())([(bodiless, after), (before, after)], [3, 3])
    straight = bridge(bodiless, after, 3)
    np.testing.assert_array_equal(way[0], straight.positions[:, :50])
    assert np.abs(way[1] - bridge(before, after, 3).positions[:, :50]).max() > 1e-3
    elbowless = before.hide(before.skeleton.ids("RIGHT_ELBOW"))
    (made,) = TurningBridge(load_body())([(elbowless, after)], [3])
    wrist = elbowless.skeleton.index["RIGHT_WRIST"]
    np.testing.assert_allclose(
        made[:, wrist], bridge(elbowless, after, 3).positions[:, wrist], atol=1e-6
    )
