"""The measures on sequences whose answers are known."""

import numpy as np
import pytest

from slt_lib.pose.errors import SLTError
from slt_lib.pose.sequence import PoseSequence, concatenate
from slt_lib.stitching import measures
from slt_lib.stitching.compare import split_at_gaps
from slt_lib.stitching.regression import train_regressor, travel_of_regressor
from slt_lib.stitching.transition import bridge

FPS = 25.0


def wave(frames: int, hertz: float = 1.0, size: float = 1.0, phase: float = 0.0) -> PoseSequence:
    """Every joint on the same smooth circle, each a little behind the one before."""
    t = np.arange(frames) / FPS
    angle = 2 * np.pi * hertz * t[:, None] + phase + np.arange(178) / 178
    circle = size * np.stack([np.sin(angle), np.cos(angle), 0 * angle], -1)
    return PoseSequence(circle, np.ones((frames, 178)), FPS)


def test_a_smooth_sequence_has_no_seam_and_a_jump_has():
    smooth = wave(60)
    spans = [(0, 30), (30, 60)]
    assert measures.seam_profile(smooth, spans)["jerk_ratio"] == pytest.approx(1, abs=0.05)
    jump = concatenate([wave(30), wave(30, phase=2.0)])
    profile = measures.seam_profile(jump, spans)
    assert profile["jerk_ratio"] > 8 and profile["velocity_jump_ratio"] > 5


def test_unseen_joints_do_not_count():
    pose = wave(40)
    odd = pose.positions.copy()
    odd[10:20, measures.HANDS[0]] += 100
    hidden = pose.replace(positions=odd).hide(measures.HANDS[:1], slice(10, 20))
    assert measures.hand_travel(hidden) < measures.hand_travel(pose)
    shown = pose.replace(positions=odd)
    assert measures.hand_travel(shown) > 3 * measures.hand_travel(pose)


def test_travel_can_leave_trembling_out():
    steady = np.linspace(0, 1, 50)[:, None, None] * np.ones((50, 178, 3), np.float32)
    shaken = steady + np.random.default_rng(0).normal(0, 0.03, steady.shape)
    pose, trembling = (PoseSequence(p, np.ones((50, 178)), 25) for p in (steady, shaken))
    assert measures.hand_travel(trembling) > 2 * measures.hand_travel(pose)
    calm, still = (measures.hand_travel(p, over=0.2) for p in (trembling, pose))
    assert calm < 1.6 * still
    lost = trembling.hide(np.arange(8, 29), slice(10, 30))
    assert measures.hand_travel(lost, over=0.2) < calm


def test_travel_ratio_shows_over_smoothing():
    source, flat = wave(30), wave(30, size=0.5)
    assert measures.hand_travel_ratio(source, [(0, 30)], [source]) == pytest.approx(1)
    assert measures.hand_travel_ratio(flat, [(0, 30)], [source]) == pytest.approx(0.5)


def test_invented_joints_are_counted():
    a, b = wave(5).hide([1]), wave(5).hide([2])
    joined = concatenate([a, bridge(a, b, 3), b])
    spans, sources = [(0, 5), (8, 13)], [a, b]
    assert measures.invented_joints(joined, spans, sources) == 0
    everything = joined.replace(confidence=np.ones_like(joined.confidence))
    assert measures.invented_joints(everything, spans, sources) == 5 + 3 * 2 + 5


def slow_dtw(cost):
    n, m = cost.shape
    total = np.full((n + 1, m + 1), np.inf)
    steps = np.zeros((n + 1, m + 1), int)
    total[0, 0] = 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            came = min([(i - 1, j - 1), (i - 1, j), (i, j - 1)], key=lambda c: total[c])
            total[i, j] = total[came] + cost[i - 1, j - 1]
            steps[i, j] = steps[came] + 1
    return total[n, m] / steps[n, m]


def test_dtw_against_the_textbook():
    cost = np.random.default_rng(0).random((13, 9))
    assert measures._best_path_mean(cost) == pytest.approx(slow_dtw(cost))


def test_dtw_forgives_tempo_and_ignores_masks():
    fast, slow = wave(30, 2.0), wave(60, 1.0)
    assert measures.dtw_mean_joint_error(fast, slow) < 0.15
    assert measures.dtw_mean_joint_error(fast, wave(60, 1.0, size=3)) > 0.5
    blind = slow.hide(np.arange(8, 29)).hide(np.arange(50), slice(0, 5))
    assert measures.dtw_mean_joint_error(fast, blind) < 0.2
    with pytest.raises(SLTError, match="share no frame"):
        measures.dtw_mean_joint_error(fast, slow.hide(np.arange(50)))


def test_gaps_that_were_filled_linearly_are_found_again():
    rng = np.random.default_rng(1)
    parts = [wave(n, 1.5, phase=rng.uniform(0, 6)) for n in (9, 12, 3)]
    joined = concatenate(
        [parts[0], bridge(parts[0], parts[1], 5), parts[1], bridge(parts[1], parts[2], 5), parts[2]]
    )
    assert split_at_gaps(joined) == [(0, 9), (14, 26), (31, 34)]
    assert split_at_gaps(wave(20)) == [(0, 20)]


def test_a_regressor_shrinks_movement_that_takes_disagree_on():
    takes = {"A": [wave(20, 1.0, phase=p) for p in (0.0, 2.1, 4.2)], "B": [wave(20, 1.0)] * 3}
    ratios = travel_of_regressor(train_regressor(takes, steps=150), takes)
    assert ratios["A"] < 0.6 < ratios["B"] < 1.3
    with pytest.raises(SLTError):
        train_regressor({"A": []})
