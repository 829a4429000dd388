"""Skeleton drawings, damage on purpose, and the measures that should notice it."""

from dataclasses import replace

import numpy as np
import pytest
from rendering_toys import SIDE, WIDE, some_keypoints

import slt_lib.rendering.artifacts as artifacts
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.artifacts import (
    Limits,
    artifact_scores,
    hand_sharpness,
    limits_of,
    steady_flicker,
)
from slt_lib.rendering.damage import KINDS, damaged, hand_boxes
from slt_lib.rendering.drawing import PAPER, draw_skeletons, lines

NOBODY = object()  # stands for a regressor where `find` is replaced


@pytest.fixture
def finds(monkeypatch):
    """Replace the regressor's answer."""

    def answer(places, sure):
        monkeypatch.setattr(artifacts, "find", lambda *_: (places, sure))

    return answer


def noisy(count=8, seed=0, moving=True):
    """Keypoints and pictures of them with texture."""
    keypoints = some_keypoints(count, seed=seed, moving=moving)
    return draw_skeletons(keypoints), keypoints


def test_unseen_joints_are_never_drawn():
    keypoints = some_keypoints(2)
    seen = np.zeros_like(keypoints.seen)
    empty = draw_skeletons(replace(keypoints, seen=seen))
    assert (empty == np.round(255 * np.array(PAPER)).astype(np.uint8)).all()
    seen[:, [0, 1]] = True  # the right upper arm alone
    arm = draw_skeletons(replace(keypoints, seen=seen))
    painted = (arm != empty).any((0, 3))
    assert painted.any() and not painted[:, 40:].any()


def test_what_is_near_is_drawn_last():
    keypoints = some_keypoints(1)
    depths = keypoints.depths.copy()
    right = {(0, 1), (1, 2)}
    colour = next(c for i, j, c, _ in lines() if {(i, j), (j, i)} & right)
    places = keypoints.places.copy()
    places[:, [4, 5]] = places[:, [1, 2]]
    places[:, 3] = places[:, 0]
    at = tuple(np.floor(places[0, [0, 1]].mean(0)).astype(int)[::-1])
    for nearer, shown in ((-1, True), (1, False)):
        depths[:, :3] = nearer
        drawn = draw_skeletons(replace(keypoints, places=places, depths=depths))
        assert np.allclose(drawn[0][at], colour, atol=30) == shown


def test_a_background_that_is_no_colour_is_refused():
    with pytest.raises(SLTError, match="no colour"):
        draw_skeletons(some_keypoints(1), (0, 0, 2))


@pytest.mark.parametrize("kind", list(KINDS))
def test_damage_grows_with_its_strength_and_depends_on_the_seed_alone(kind):
    pictures, keypoints = noisy(12)
    assert np.array_equal(damaged(pictures, keypoints, kind, 0.0), pictures)
    change = [np.abs(damaged(pictures, keypoints, kind, s, 3).astype(int) - pictures).mean()
              for s in (0.3, 1.0)]  # fmt: skip
    assert 0 < change[0] < change[1]
    again = [damaged(pictures, keypoints, kind, 0.7, 5) for _ in range(2)]
    assert np.array_equal(*again) and pictures.dtype == again[0].dtype


def test_damage_spares_hands_that_werent_seen():
    pictures, keypoints = noisy(4)
    seen = keypoints.seen.copy()
    seen[:, 8:50] = False
    unseen = replace(keypoints, seen=seen)
    assert hand_boxes(unseen, "left") == [None] * 4
    for kind in ("hand_blur", "hand_loss"):
        assert np.array_equal(damaged(pictures, unseen, kind, 1.0), pictures)
    far = replace(keypoints, places=keypoints.places + 500)
    for kind in KINDS:
        damaged(pictures, far, kind, 1.0)  # outside the picture: nothing to do, no crash


def test_damage_that_makes_no_sense_is_refused():
    pictures, keypoints = noisy(2)
    with pytest.raises(SLTError, match="no damage 'rust'"):
        damaged(pictures, keypoints, "rust", 0.5)
    with pytest.raises(SLTError, match="strength"):
        damaged(pictures, keypoints, "flicker", 1.5)
    with pytest.raises(SLTError, match="don't belong together"):
        damaged(pictures[:1], keypoints, "flicker", 0.5)


def test_a_perfect_answer_has_no_artifact(finds):
    pictures, keypoints = noisy(6, moving=False)
    finds(keypoints.places[:, :50], np.ones((6, 50)))
    sharp = float(np.nanmean(hand_sharpness(pictures, keypoints)))
    scores = artifact_scores(NOBODY, pictures, keypoints, Limits(sharp=sharp))
    assert (scores.structure, scores.hands_lost, scores.flicker) == (0, 0, 0)
    assert scores.blur == scores.score == pytest.approx(0, abs=1e-6)


def test_a_long_finger_a_lost_limb_and_a_lost_hand_are_noticed(finds):
    pictures, keypoints = noisy(6)
    places, sure = keypoints.places[:, :50].copy(), np.ones((6, 50))
    places[0, 12] += [0, 2 * WIDE]  # the tip of a thumb
    sure[1, 4] = 0  # an elbow
    sure[2, 29:50] = 0.05  # a hand
    sure[3, 12], places[3, 12] = 0, -100  # not sure: doesn't count
    finds(places, sure)
    scores = artifact_scores(NOBODY, pictures, keypoints, Limits())
    assert scores.structure == pytest.approx(2 / 6)
    assert scores.hands_lost == pytest.approx(1 / 12)
    seen = keypoints.seen.copy()
    seen[0, 12] = seen[1, 4] = seen[2, 29:50] = False  # nobody asked for them
    hidden = artifact_scores(NOBODY, pictures, replace(keypoints, seen=seen), Limits())
    assert hidden.structure == hidden.hands_lost == 0


def test_limits_leave_captures_right_but_for_a_few(finds):
    pictures, keypoints = noisy(100)
    rng = np.random.default_rng(0)
    places = keypoints.places[:, :50] + rng.normal(0, 0.2 * WIDE, (100, 50, 2))
    finds(places, np.full((100, 50), 0.9))
    loose = limits_of(NOBODY, pictures, keypoints)
    assert loose.limb > Limits().limb
    assert artifact_scores(NOBODY, pictures, keypoints, loose).structure <= 0.05
    assert artifact_scores(NOBODY, pictures, keypoints, Limits()).structure > 0.2


def test_blur_and_flicker_are_seen_without_a_reference():
    pictures, keypoints = noisy(6, moving=False)
    soft = damaged(pictures, keypoints, "hand_blur", 1.0)
    assert np.nanmean(hand_sharpness(soft, keypoints)) < 0.7 * np.nanmean(
        hand_sharpness(pictures, keypoints)
    )
    assert steady_flicker(pictures, keypoints) == 0
    assert steady_flicker(damaged(pictures, keypoints, "flicker", 0.5), keypoints) > 3
    assert np.isnan(steady_flicker(pictures[:1], keypoints[:1]))


def test_movement_that_was_intended_is_no_flicker():
    pictures, keypoints = noisy(6)
    assert steady_flicker(pictures, keypoints) < 1.0


def test_keypoints_of_other_pictures_are_refused():
    pictures, keypoints = noisy(2)
    with pytest.raises(SLTError, match="don't belong together"):
        artifact_scores(NOBODY, pictures, keypoints.resized(SIDE // 2, SIDE // 2))
    nobody = replace(keypoints, seen=np.zeros_like(keypoints.seen))
    with pytest.raises(SLTError, match="both shoulders"):
        artifact_scores(NOBODY, pictures, nobody)
