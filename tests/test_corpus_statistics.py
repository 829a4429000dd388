"""Statistics of a corpus: counted by hand, blind to what wasn't seen, true to PHOENIX14T."""

import math

import numpy as np
import pytest

from slt_lib.corpus.movement import SPEEDS, movement, plane_speed
from slt_lib.corpus.reference import SIZES, measure_phoenix14t, phoenix14t
from slt_lib.corpus.statistics import (
    corpus_statistics,
    frequencies,
    order_of,
    shared_ngrams,
    spoken,
)
from slt_lib.corpus.weather.grammar import draw_sentences
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178


def walking(frames=50, fps=25.0, speed=2.0, left=0.0):
    """A signer whose right hand goes sideways at a speed, and whose left one at another."""
    rng = np.random.default_rng(0)
    positions = np.repeat(rng.normal(size=(1, 178, 3)), frames, 0)
    positions[:, SLRTP_178.ids("RIGHT_SHOULDER", "LEFT_SHOULDER")] = [[-0.5, 0, 0], [0.5, 0, 0]]
    way = np.arange(frames)[:, None] / fps
    for side, rate in (("RIGHT", speed), ("LEFT", left)):
        joints = [*SLRTP_178.groups[f"{side.lower()}_hand"], *SLRTP_178.ids(f"{side}_WRIST")]
        positions[:, joints, 0] += rate * way
    return PoseSequence(positions, np.ones((frames, 178)), fps)


def test_counts_are_as_by_hand():
    found = frequencies([("a", "b", "a"), ("a",), ()])
    assert (found.tokens, found.types, found.singletons) == (4, 2, 0.5)
    assert found.curve[:3] == (0.75, 0.25, 0.0)
    assert found.lengths[:4] == pytest.approx((1 / 3, 1 / 3, 0, 1 / 3))
    assert frequencies([()]).tokens == 0
    assert spoken("es regnet .") == ("es", "regnet")
    assert shared_ngrams(["a b c d ."], ["x b c d"], n=2) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("gloss", "tau"), [("NORD REGEN MORGEN", 1.0), ("MORGEN REGEN NORD", -1.0), ("REGEN X", None)]
)
def test_order_compares_signs_with_the_words_they_look_like(gloss, tau):
    assert order_of(gloss.split(), spoken("im norden regnet es regen am morgen .")) == tau


def test_speed_does_not_depend_on_the_frame_rate_and_stillness_is_one_handed():
    slow, fast = movement([walking(fps=25)]), movement([walking(100, fps=50)])
    assert slow.travel == pytest.approx(fast.travel, rel=1e-3)
    assert slow.travel == pytest.approx(1.0, rel=1e-3), "two hands, one of which rests"
    assert slow.speeds[int(np.searchsorted(SPEEDS, 2.0))] + slow.speeds[3] == pytest.approx(1)
    assert slow.one_handed == 1 and movement([walking(left=2.0)]).one_handed == 0


def test_what_was_not_seen_is_not_measured():
    pose = walking(left=2.0)
    hidden = pose.hide(pose.group("left_hand"), slice(10, 30))
    wild = hidden.moved(hidden.positions + 99 * ~hidden.mask[..., None])
    assert movement([wild]).travel == pytest.approx(movement([hidden]).travel)
    assert movement([hidden]).unseen["left_hand"] == pytest.approx(0.4)
    joint = SLRTP_178.ids("LEFT_HAND.WRIST")
    assert np.isnan(plane_speed(hidden, joint)[9:30]).all()
    one_armed = movement([pose.hide(SLRTP_178.ids("RIGHT_WRIST"))])
    assert math.isnan(one_armed.one_handed) and sum(one_armed.speeds) == 0


def test_odd_corpora_are_measured():
    with pytest.raises(SLTError, match="no utterance"):
        corpus_statistics([])
    one = Utterance("a", text="", gloss=(), pose=walking(1), spans=())
    found = corpus_statistics([one])
    assert found.words.tokens == 0 and found.sign_seconds is None and math.isnan(found.order)
    assert found.seconds[2] == pytest.approx(0.04)
    assert corpus_statistics([Utterance("b", ("A",), "b .")]).movement is None


def test_the_weather_world_is_near_phoenix14t_in_shape():
    drawn = draw_sentences(800, seed=0)
    ours = corpus_statistics([Utterance("", s.gloss, s.text) for s in drawn])
    real, shared = phoenix14t(800)
    assert ours.words.mean == pytest.approx(real.words.mean, rel=0.15)
    assert ours.glosses.mean == pytest.approx(real.glosses.mean, rel=0.15)
    assert ours.glosses_per_word == pytest.approx(real.glosses_per_word, rel=0.1)
    for kind in ("words", "glosses"):
        a, b = (np.array(getattr(s, kind).curve)[:14] for s in (ours, real))
        assert np.abs(np.log(a / b)).max() < np.log(2), f"{kind}: a rank is off by a factor of 2"
    assert abs(ours.order - real.order) < 0.15
    assert 0 < shared < 1


def test_the_frozen_reference_is_what_the_corpus_says(shared_data):
    found = measure_phoenix14t(shared_data / "phoenix14t", sizes=(100, 800))
    for size in (100, 800):
        frozen, shared = phoenix14t(size)
        now = found["sizes"][str(size)]
        assert now["shared_4grams"] == pytest.approx(shared, rel=1e-3)
        assert now["words"]["curve"] == pytest.approx(frozen.words.curve, rel=1e-3)
        assert now["glosses"]["types"] == frozen.glosses.types
        assert now["sign_seconds"] == pytest.approx(frozen.sign_seconds, rel=1e-3)
    assert found["movement"]["travel"] == pytest.approx(frozen.movement.travel, rel=1e-3)


def test_too_small_a_reference_is_refused():
    assert phoenix14t(SIZES[1] - 1)[0].sentences == SIZES[0]
    with pytest.raises(SLTError, match="no statistics"):
        phoenix14t(3)
