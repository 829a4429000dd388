"""Fitting finds the body a skeleton came from, and leaves alone what wasn't seen."""

import os
from pathlib import Path

import numpy as np
import pytest

from slt_lib.body import (
    BodyMotion,
    FitSettings,
    fit_bodies,
    load_body,
    residuals,
    to_skeleton,
    verdict,
    worth_fitting,
)
from slt_lib.body.evidence import gather
from slt_lib.body.fit import MOST_FRAMES, _batches
from slt_lib.body.joints import INDEX
from slt_lib.body.limits import limits, to_angles, to_rotations
from slt_lib.pose.errors import PoseError, SLTError
from slt_lib.pose.io import bundled_lexicon, read_lexicon
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178

SHARED = Path(os.environ.get("SLT_SHARED_DATA", "../shared/data"))
QUICK = FitSettings(steps=120, deep=True)


@pytest.fixture(scope="module")
def body():
    return load_body()


def signing(frames=12, seed=0, fps=25.0, still=False):
    """A made movement around the resting pose, fingers and arms and head, within the limits."""
    low, high, rest = limits()
    rng = np.random.default_rng(seed)
    ends = rest + 0.35 * (rng.random((2, *rest.shape)) * (high - low) + low - rest)
    s = np.zeros(frames) if still else np.sin(np.linspace(0, np.pi, frames) * 25 / fps)
    angles = ends[0] + s[:, None, None] * (ends[1] - ends[0])
    return BodyMotion(to_rotations(angles), fps, rng.normal(0, 0.5, 10))


def recorded(body, motion, pixels=100.0):
    """The movement as an estimator would report it: pixels, y down."""
    pose = to_skeleton(body, motion)
    positions = pose.positions * pixels / 0.38 + [250, 200, 0]
    return PoseSequence(positions, pose.confidence, motion.fps, SLRTP_178, {"width": 500})


def mean_error(body, pose, fit):
    return residuals(body, pose, fit).medians["space_cm"]


def test_the_body_that_made_a_skeleton_is_found_again(body):
    poses = [recorded(body, signing(seed=s)) for s in range(3)]
    fits = fit_bodies(body, poses, FitSettings(deep=True))
    for pose, fit in zip(poses, fits, strict=True):
        found = residuals(body, pose, fit)
        assert found.medians["space_cm"] < 2
        assert found.medians["hand_deg"] < 5
        assert verdict(found).fitted
        back = to_skeleton(body, fit.motion)
        assert back.skeleton is SLRTP_178 and back.mask.all()


def test_no_sequence_influences_another(body):
    one, two = (recorded(body, signing(seed=s)) for s in (0, 1))
    alone = fit_bodies(body, [one], QUICK)[0]
    together = fit_bodies(body, [two, one], QUICK)[1]
    np.testing.assert_allclose(alone.motion.rotations, together.motion.rotations, atol=2e-3)
    np.testing.assert_allclose(alone.motion.betas, together.motion.betas, atol=2e-2)


def test_the_same_fit_comes_out_twice(body):
    pose = recorded(body, signing())
    first, second = (fit_bodies(body, [pose], QUICK)[0].motion.rotations for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_where_a_masked_joint_lies_makes_no_difference(body):
    pose = recorded(body, signing())
    confidence, moved = pose.confidence.copy(), pose.positions.copy()
    hand = SLRTP_178.groups["left_hand"]
    confidence[3:8, hand] = 0
    moved[3:8, hand] += 400
    a, b = (
        fit_bodies(body, [pose.replace(positions=p, confidence=confidence)], QUICK)[0]
        for p in (pose.positions, moved)
    )
    np.testing.assert_array_equal(a.motion.rotations, b.motion.rotations)
    assert not a.motion.seen[3:8, INDEX["left_index2"]].any()
    assert a.motion.seen[:3, INDEX["left_index2"]].all()


def test_a_hand_never_seen_rests_and_is_said_to_be_a_guess(body):
    pose = recorded(body, signing())
    confidence = pose.confidence.copy()
    confidence[:, 29:50] = 0
    fit = fit_bodies(body, [pose.replace(confidence=confidence)], QUICK)[0]
    assert not fit.motion.seen[:, INDEX["left_thumb1"]].any()
    rest = limits()[2][INDEX["left_middle2"]]
    angles = to_angles(fit.motion.rotations)[:, INDEX["left_middle2"]]
    assert np.abs(angles - rest).max() < 0.1
    assert not to_skeleton(body, fit.motion).mask[:, 30:50].any()


def test_a_fit_keeps_to_the_limits_and_without_them_it_may_not(body):
    pose = recorded(body, signing())
    folded = pose.positions.copy()
    folded[:, 13:29] = folded[:, [8]] - (folded[:, 13:29] - folded[:, [8]])  # fingers backwards
    pose = pose.replace(positions=folded)
    low, high, _ = limits()
    over = {}
    for limited in (True, False):
        fit = fit_bodies(body, [pose], FitSettings(steps=120, deep=True, limited=limited))[0]
        angles = to_angles(fit.motion.rotations)
        over[limited] = float(np.maximum(angles - high, low - angles).max())
    assert over[True] < 1e-3 < over[False]


@pytest.mark.parametrize("frames, fps", [(1, 25), (2, 60), (24, 60)])
def test_short_sequences_and_other_frame_rates_are_fitted(body, frames, fps):
    pose = recorded(body, signing(frames, fps=fps))
    fit = fit_bodies(body, [pose], FitSettings(deep=True))[0]
    assert len(fit.motion) == frames and fit.motion.fps == fps
    assert mean_error(body, pose, fit) < 3


def test_nan_and_frames_without_anyone_are_fitted_around(body):
    pose = recorded(body, signing())
    positions, confidence = pose.positions.copy(), pose.confidence.copy()
    positions[2, 10] = np.nan
    confidence[5:7] = 0
    fit = fit_bodies(body, [pose.replace(positions=positions, confidence=confidence)], QUICK)[0]
    assert np.isfinite(fit.motion.rotations).all()
    assert not fit.motion.seen[5:7].any()


def test_what_cannot_be_fitted_is_an_error_that_says_why(body):
    pose = recorded(body, signing(3))
    with pytest.raises(PoseError, match="no sequence"):
        gather([])
    with pytest.raises(PoseError, match="no frame"):
        fit_bodies(body, [pose[:0]])
    with pytest.raises(PoseError, match="both shoulders"):
        fit_bodies(body, [pose.replace(confidence=np.zeros_like(pose.confidence))])
    with pytest.raises(SLTError, match="no term smoothnes"):
        FitSettings(weights={"smoothnes": 1})
    assert fit_bodies(body, []) == []


def test_a_recording_of_invented_bodies_is_refused_with_the_reason(body):
    pose = recorded(body, signing(40, still=True))
    assert worth_fitting(pose).fitted
    wobbling = pose.positions * (1 + 0.4 * np.sin(np.arange(40))[:, None, None])
    refused = worth_fitting(pose.replace(positions=wobbling))
    assert not refused.fitted and "shoulder width varies" in refused.why[0]
    assert "too close" in worth_fitting(recorded(body, signing(5), pixels=300)).why[0]
    unsure = pose.replace(confidence=pose.confidence * 0.8)
    assert "confidence 0.80" in worth_fitting(unsure).why[0]


def test_a_fit_that_explains_nothing_is_not_believed(body):
    pose = recorded(body, signing())
    fit = fit_bodies(body, [pose], FitSettings(steps=1, deep=True))[0]
    told = verdict(residuals(body, pose, fit))
    assert not told.fitted and any("off in the middle" in reason for reason in told.why)


def test_lots_keep_order_and_hold_whole_sequences(body):
    pose = recorded(body, signing(300))
    lots = _batches([pose, pose, pose, pose, pose[:5]])
    assert [sum(map(len, lot)) for lot in lots] == [900, 305]
    assert max(sum(map(len, lot)) for lot in lots) <= MOST_FRAMES


def test_real_recordings_of_letters_are_fitted(body):
    poses = []
    for entry in read_lexicon(bundled_lexicon()):
        if len(poses) == 3:
            break
        pose = entry.read()
        if worth_fitting(pose).fitted and 30 <= len(pose) < 60:
            poses.append(pose)
    fits = fit_bodies(body, poses)
    found = [residuals(body, pose, fit) for pose, fit in zip(poses, fits, strict=True)]
    assert np.nanmedian(np.concatenate([r.body_px.ravel() for r in found])) < 10
    assert np.nanmedian(np.concatenate([r.hands.ravel() for r in found])) < 9


def test_real_continuous_signing_in_three_dimensions_is_fitted_within_centimetres(body):
    stem = SHARED / "phoenix14t" / "skels" / "dev"
    if not stem.with_suffix(".skels").is_file():
        pytest.skip("Needs the shared recordings (SLT_SHARED_DATA).")
    from slt_lib.pose.io.skels import read_skels

    pose = read_skels(stem)[0].pose
    fit = fit_bodies(body, [pose[:60]], FitSettings(deep=True))[0]
    assert mean_error(body, pose[:60], fit) < 4


def test_recordings_of_one_signer_get_one_shape(body):
    motions = [signing(seed=s) for s in (0, 1)]
    same = BodyMotion(motions[1].rotations, 25, motions[0].betas)
    poses = [recorded(body, motions[0]), recorded(body, same), recorded(body, signing(seed=2))]
    fits = fit_bodies(body, poses, QUICK, signers=["anna", "anna", "ben"])
    shapes = [fit.motion.betas for fit in fits]
    np.testing.assert_array_equal(shapes[0], shapes[1])
    assert np.abs(shapes[0] - shapes[2]).max() > 0.1
    with pytest.raises(PoseError, match="2 signers were named for 3"):
        fit_bodies(body, poses, QUICK, signers=["anna", "ben"])


def test_hips_and_shoulders_that_nobody_saw_are_masked_in_the_skeleton(body):
    pose = recorded(body, signing())
    confidence = pose.confidence.copy()
    confidence[:, 6:8] = 0
    confidence[2:4] = 0
    back = to_skeleton(
        body, fit_bodies(body, [pose.replace(confidence=confidence)], QUICK)[0].motion
    )
    assert not back.mask[:, 6:8].any()
    assert not back.mask[2:4].any() and back.mask[:2, :6].all()
