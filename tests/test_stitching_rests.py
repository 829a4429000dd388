"""Rests before, between and after signs: measured on a corpus, shown at a sentence's ends."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slt_lib.dictionary import Dictionary
from slt_lib.dictionary.sign import record
from slt_lib.pose.errors import SLTError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.stitching import measures
from slt_lib.stitching.assemble import assemble, join_signs, set_duration
from slt_lib.stitching.duration import DurationModel
from slt_lib.stitching.rests import Rests, SentenceRests, fit_rests
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.stitcher import Stitcher
from slt_lib.stitching.transition import measure_join

FPS = 25.0
RIGHT = SLRTP_178.ids("RIGHT_WRIST", "RIGHT_HAND.WRIST")


def held(place, frames=10, seed=0):
    """A sign that somebody holds, all joints seen; the right hand is at a height."""
    positions = np.random.default_rng(seed).normal(0, 0.3, (1, 178, 3)).repeat(frames, 0)
    positions[:, SLRTP_178.groups["right_hand"], 1] = place
    return PoseSequence(positions, np.ones((frames, 178)), FPS)


def way(start, end, frames=12):
    """From one held sign to another, in a straight line."""
    share = np.linspace(0, 1, frames)[:, None, None]
    a, b = held(start).positions[:1], held(end).positions[:1]
    return PoseSequence(a + share * (b - a), np.ones((frames, 178)), FPS)


SIGNS = [held(-0.2), held(-0.6, 14), held(0.1)]


def test_pauses_hold_the_hands_before_they_go_on():
    plain = assemble(SIGNS, [5, 4, 6], FPS, "linear")
    paused = assemble(SIGNS, [5, 4, 6], FPS, "linear", rests=SentenceRests(pauses=(0.2, 0.0)))
    assert len(paused[1]) == len(plain[1]) + 5
    hold = paused[1].positions[5:10]
    assert (hold == paused[1].positions[4]).all()
    assert paused[2][1][0] == plain[2][1][0] + 5 and paused[3] == plain[3]
    rest = np.delete(paused[1].positions, np.arange(5, 10), 0)
    np.testing.assert_array_equal(rest, plain[1].positions)


@given(
    frames=st.lists(st.integers(1, 9), min_size=3, max_size=3),
    holds=st.lists(st.integers(0, 6), min_size=2, max_size=2),
    kind=st.sampled_from(["linear", "minimum-jerk", "none"]),
)
def test_a_sentence_at_once_is_what_the_obvious_way_gives(frames, holds, kind):
    timed = [set_duration(s, n, FPS) for s, n in zip(SIGNS, frames, strict=True)]
    wanted, spans, joins = join_signs(timed, kind, holds)
    pauses = tuple(h / FPS for h in holds)
    _, made, found, measured = assemble(
        SIGNS, frames, FPS, kind, rests=SentenceRests(pauses=pauses)
    )
    assert found == spans and [m.frames for m in measured] == [j.frames for j in joins]
    np.testing.assert_allclose(made.positions, wanted.positions, atol=1e-6)


def test_a_sentence_begins_and_ends_at_rest():
    come, go = way(1.0, -0.2), way(0.1, 1.0)
    timed, made, spans, _ = assemble(
        SIGNS, [5, 5, 5], FPS, "linear", rests=SentenceRests(0.8, 0.8), ends=(come, go)
    )
    assert spans[0][0] == 20 and len(made) - spans[-1][1] == 20 and len(timed) == 15
    height = made.positions[:, RIGHT[1], 1]
    assert height[0] == height[1] == pytest.approx(1.0) == height[-1]
    assert (np.diff(height[:20]) <= 1e-6).all() and (np.diff(height[-20:]) >= -1e-6).all()
    moving = measure_join(come[:1], SIGNS[0]).frames
    assert (height[: 20 - moving] == height[0]).all()  # first rest, then the way


def test_a_short_rest_shows_the_end_of_the_way_up_and_the_beginning_of_the_way_down():
    come, go = way(1.0, -0.2), way(0.1, 1.0)
    _, made, spans, _ = assemble(
        SIGNS, [5, 5, 5], FPS, "linear", rests=SentenceRests(0.08, 0.08), ends=(come, go)
    )
    height = made.positions[:, RIGHT[1], 1]
    assert spans[0][0] == 2 and len(made) == spans[-1][1] + 2
    assert -0.201 <= height[1] < height[0] < 0.5 and 0.099 <= height[-2] < height[-1] < 0.7


def test_without_ways_in_the_recordings_hands_rest_where_the_signs_are():
    none = SIGNS[0][:0]
    plain = assemble(SIGNS, [5, 4, 6], FPS, "linear")
    found = assemble(SIGNS, [5, 4, 6], FPS, "linear", "apart", SentenceRests(1, 1), (none, none))
    assert found[2][0][0] == 25 and len(found[1]) == len(plain[1]) + 50
    np.testing.assert_array_equal(found[1].positions[25:-25], plain[1].positions)
    assert (found[1].positions[:25] == plain[1].positions[0]).all()
    assert (found[1].positions[-25:] == plain[1].positions[-1]).all()


def test_a_pause_shows_what_its_sign_saw_and_nothing_is_invented():
    blind = SIGNS[1].hide(SLRTP_178.groups["right_hand"])
    timed, made, spans, joins = assemble(
        [SIGNS[0], blind], [5, 5], FPS, "linear", rests=SentenceRests(pauses=(0.4,))
    )
    sources, ways = [timed[:5], timed[5:]], [join.frames for join in joins]
    assert made.mask[5:15].all() and not made.mask[15:, RIGHT[1]].any()
    assert measures.invented_joints(made, spans, sources, ways) == 0
    shown = made.confidence.copy()
    shown[15] = 1  # the transition shows a hand that the second sign didn't see
    assert measures.invented_joints(made.replace(confidence=shown), spans, sources, ways) == 21


def test_the_way_to_a_sign_is_part_of_it_where_the_corpus_counts_so():
    """As much time in all as the corpus says, from the end of the rest to the last sign's end."""
    asked = [14, 16, 18]
    _, made, spans, _ = assemble(
        SIGNS, asked, FPS, "linear", "before", SentenceRests(0.4), (way(1.0, -0.2), SIGNS[0][:0])
    )
    assert len(made) == 10 + sum(asked) == spans[-1][1]
    edges = [10, *(end for _, end in spans)]
    assert np.diff(edges).tolist() == asked


def rested(seed=0):
    """A recording: rest, way up, hold, way down."""
    parts = [held(1.0, 8), way(1.0, -0.3), held(-0.3, 20), way(-0.3, 1.0), held(1.0, 8)]
    positions = np.concatenate([p.positions for p in parts])
    positions += np.random.default_rng(seed).normal(0, 1e-3, positions.shape)
    positions[:, SLRTP_178.ids("RIGHT_SHOULDER", "LEFT_SHOULDER")] = [[-0.5, 0, 0], [0.5, 0, 0]]
    positions[:, RIGHT[0]] = positions[:, RIGHT[1]]
    return PoseSequence(positions, np.ones(positions.shape[:2]), 50.0)


@pytest.fixture(scope="module")
def dictionary():
    signs = {g: rested(i) for i, g in enumerate(("A", "B"))}
    return Dictionary(record(g, lambda p=p: p, g) for g, p in signs.items())


def test_the_stitcher_takes_ends_from_the_recordings(dictionary):
    rests = Rests(before=(0.6,), after=(0.4,))
    plain = StitchSettings(smoothing="none", durations=DurationModel())
    short = Stitcher(dictionary, plain).stitch(["A", "B", "A"])
    long = Stitcher(dictionary, replace(plain, rests=rests)).stitch(["A", "B", "A"])
    assert len(long.pose) == len(short.pose) + 25
    assert long.segments[0].start == 15 and len(long.sources) == 3
    wrist = long.pose.positions[:, RIGHT[1], 1]
    assert wrist[0] > wrist[15] and wrist[-1] > wrist[long.segments[-1].end - 1]
    drawn = replace(plain, rests=Rests(before=(0.0, 1.0), pause=1.0, pauses=(0.2,)))
    one, two = (Stitcher(dictionary, drawn).stitch(["A", "B"], seed=s) for s in (0, 1))
    assert one.segments[0].start != two.segments[0].start


def test_rests_are_measured_and_drawn_as_they_are():
    spans = [((5, 20), (20, 40)), ((10, 30), (45, 60)), ()]
    found = fit_rests(zip(spans, (50, 60, 9), strict=True), 25.0, with_ways=True)
    assert found.before[0] == 0.2 and found.before[-1] == 0.4
    assert found.after[0] == 0.0 and found.after[-1] == 0.4
    assert found.pause == 0.5 and found.pauses[0] == pytest.approx(0.6)
    apart = fit_rests(zip(spans, (50, 60, 9), strict=True), 25.0, with_ways=False)
    assert apart.pauses[0] == pytest.approx(0.24)  # what the longest way leaves of the gap
    drawn = [found.draw(2, np.random.default_rng(i)) for i in range(300)]
    assert min(d.before for d in drawn) >= 0.2 and max(d.before for d in drawn) <= 0.4
    assert np.mean([d.pauses[0] > 0 for d in drawn]) == pytest.approx(0.5, abs=0.1)
    middle = found.median(2)
    assert (middle.before, middle.after) == pytest.approx((0.3, 0.2)) and middle.pauses == (0.0,)
    assert found.draw(1, np.random.default_rng(0)).pauses == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"before": (-1.0,)},
        {"before": (0.5, 0.1)},
        {"pause": 2.0},
        {"after": ()},
        {"pauses": (float("nan"),)},
    ],
)
def test_rests_that_make_no_sense_are_refused(wrong):
    with pytest.raises(SLTError):
        Rests(**wrong)
    for sentence in ({"before": -1.0}, {"after": float("nan")}, {"pauses": (-0.4,)}):
        with pytest.raises(SLTError, match="seconds"):
            SentenceRests(**sentence)
    for pauses in ((0.1,), (0.1, 0.2, 0.3)):
        with pytest.raises(SLTError, match="pauses were given for 3 signs"):
            assemble(SIGNS, [5, 5, 5], FPS, "linear", rests=SentenceRests(pauses=pauses))
    with pytest.raises(SLTError, match="Align"):
        fit_rests([((), 10)], 25.0, with_ways=True)
