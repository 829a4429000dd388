"""Steps 4 and 5: durations and transitions, the fast way against the obvious one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slt_lib.pose.errors import SLTError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching.assemble import assemble, join_signs, set_duration
from slt_lib.stitching.duration import DurationModel, fit_durations
from slt_lib.stitching.transition import LONGEST, PROBES, bridge, measure_join

FPS = 25.0


def sign(frames: int, seed: int, fps: float = FPS, hole: float = 0.0) -> PoseSequence:
    rng = np.random.default_rng(seed)
    positions = rng.normal(0, 0.4, (1, 178, 3)) + rng.normal(0, 0.05, (frames, 178, 3)).cumsum(0)
    confidence = rng.uniform(0.2, 1, (frames, 178)) * (rng.random((frames, 178)) >= hole)
    return PoseSequence(positions, confidence, fps)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(1, 30)), min_size=1, max_size=5),
    st.integers(0, 10**6),
    st.sampled_from([0.0, 0.2, 1.0]),
    st.sampled_from(["linear", "minimum-jerk"]),
    st.sampled_from([24.0, 29.97, 60.0]),
)
def test_assembling_at_once_is_joining_sign_after_sign(sizes, seed, hole, kind, source_fps):
    signs = [sign(n, seed + i, source_fps, hole) for i, (n, _) in enumerate(sizes)]
    frames = [m for _, m in sizes]
    timed = [set_duration(s, m, FPS) for s, m in zip(signs, frames, strict=True)]
    slow, slow_spans, slow_joins = join_signs(timed, kind)
    _, fast, spans, joins = assemble(signs, frames, FPS, kind)
    assert spans == slow_spans and [j.frames for j in joins] == [j.frames for j in slow_joins]
    assert fast.fps == FPS and len(fast) == sum(frames) + sum(j.frames for j in joins)
    np.testing.assert_array_equal(fast.mask, slow.mask)
    np.testing.assert_allclose(fast.positions, slow.positions, atol=2e-4)
    np.testing.assert_allclose(fast.confidence, slow.confidence, atol=1e-4)


@pytest.mark.parametrize("kind", ["linear", "minimum-jerk"])
def test_a_bridge_shows_only_what_both_ends_saw(kind):
    before = sign(6, 0).hide(PROBES["right"])
    after = sign(6, 1).hide(PROBES["left"])
    between = bridge(before, after, 4, kind)
    hidden = np.concatenate([PROBES["right"], PROBES["left"]])
    assert not between.mask[:, hidden].any() and between.mask[:, 50:].all()
    assert not between.positions[:, hidden].any()


def test_a_minimum_jerk_bridge_continues_both_movements():
    """On one straight, even movement the bridge is that movement."""
    track = np.arange(20, dtype=np.float32)[:, None, None] * np.ones((1, 178, 3), np.float32)
    whole = PoseSequence(track, np.ones((20, 178)), FPS)
    between = bridge(whole[:8], whole[12:], 4, "minimum-jerk")
    np.testing.assert_allclose(between.positions, whole.positions[8:12], atol=1e-3)


def test_longer_ways_take_longer_up_to_nine_frames():
    still = PoseSequence(np.zeros((5, 178, 3)), np.ones((5, 178)), FPS)
    frames = [
        measure_join(still, still.replace(positions=still.positions + d)).frames
        for d in (0, 0.2, 0.5, 3)
    ]
    assert frames == sorted(frames) and frames[0] == 1 and frames[-1] == round(LONGEST * FPS) == 9
    fast = still.replace(positions=still.positions + 3, fps=50)
    assert measure_join(still.replace(fps=50), fast).frames == 18  # the same time at 50 fps


def test_no_hand_to_measure_is_no_error():
    nothing = sign(3, 0).hide(np.concatenate([PROBES["right"], PROBES["left"]]))
    join = measure_join(nothing, nothing)
    assert np.isnan(join.distance) and join.frames == 3


def test_durations_are_learned_and_backed_off():
    rng = np.random.default_rng(0)
    truth = {"REGEN": 0.3, "WOLKE": 0.6, "HEUTE": 0.2}
    observed = [
        (g, s * np.exp(0.2 * rng.standard_normal())) for g, s in truth.items() for _ in range(200)
    ]
    model = fit_durations(observed, ways="apart")
    for gloss, seconds in truth.items():
        assert model.seconds(gloss) == pytest.approx(seconds, rel=0.1)
    assert 0.15 < model.seconds("NIE-GESEHEN") < 1.0
    assert model.spread == pytest.approx(0.2, rel=0.2)
    drawn = [model.sample("REGEN", np.random.default_rng(i)) for i in range(300)]
    assert np.median(drawn) == pytest.approx(0.3, rel=0.1)
    assert model.sample("REGEN", np.random.default_rng(1)) == drawn[1]


def test_a_single_occurrence_is_drawn_towards_the_rest():
    observed = [("A", 0.4)] * 50 + [("B", 0.4)] * 50 + [("C", 4.0)]
    assert 0.4 < fit_durations(observed, ways="apart").seconds("C") < 2.0


def test_bad_durations_are_refused():
    with pytest.raises(SLTError, match="REGEN"):
        fit_durations([("REGEN", 0.0)], ways="apart")
    with pytest.raises(SLTError, match="alignments"):
        fit_durations([], ways="apart")
    assert DurationModel().seconds("X") == pytest.approx(0.2)
