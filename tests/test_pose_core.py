"""The core types keep what they promise: the mask, the duration, the names."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slt_lib.pose.errors import PoseError
from slt_lib.pose.normalise import dominant_hand, normalise
from slt_lib.pose.resample import resample, to_fps
from slt_lib.pose.sequence import PoseSequence, concatenate
from slt_lib.pose.skeleton import (
    BODY_HANDS_50,
    HOLISTIC_586,
    PROGRESSIVE_50,
    REDUCED_178,
    SKELETONS,
    SLRTP_178,
    SLRTP_FILE_178,
    Skeleton,
)

RATES = st.sampled_from([12.5, 24.0, 25.0, 29.97, 30.0, 50.0, 59.94, 60.0])
quickly = settings(max_examples=60, deadline=None)


@st.composite
def poses(draw, least=1, most=40, skeletons=(BODY_HANDS_50,)):
    """Random sequences in which about a third of the joints is unseen, some of them NaN."""
    skeleton = draw(st.sampled_from(skeletons))
    frames = draw(st.integers(least, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    positions = rng.normal(0, 100, (frames, len(skeleton), 3)).astype(np.float32)
    confidence = rng.random((frames, len(skeleton)), np.float32)
    confidence[confidence < 0.3] = 0
    positions[rng.random(confidence.shape) < 0.02] = np.nan
    return PoseSequence(positions, confidence, draw(RATES), skeleton)


def assert_sound(pose):
    assert np.isfinite(pose.positions).all() and np.isfinite(pose.confidence).all()
    assert pose.confidence.min(initial=0) >= 0 and pose.confidence.max(initial=0) <= 1
    assert not pose.positions[~pose.mask].any()


@quickly
@given(poses(least=0))
def test_numbers_that_are_none_are_masked_on_the_way_in(pose):
    assert_sound(pose)


@quickly
@given(poses(), st.integers(1, 90))
def test_resampling_keeps_the_ends_and_invents_no_joint(pose, frames):
    new = resample(pose, frames)
    assert len(new) == frames
    assert_sound(new)
    if frames > 1:
        assert np.array_equal(new.positions[0], pose.positions[0])
        assert np.array_equal(new.positions[-1], pose.positions[-1])
    assert not new.mask[:, ~pose.mask.any(0)].any()


@quickly
@given(poses(), RATES)
def test_a_frame_rate_changes_the_frames_and_not_the_duration(pose, fps):
    new = to_fps(pose, fps)
    assert new.fps == fps
    assert abs(new.seconds - pose.seconds) <= max(0.5 / fps, 1 / fps if len(new) == 1 else 0) + 1e-9
    assert_sound(new)


@quickly
@given(poses(), st.sampled_from([2, 3, 4]))
def test_a_multiple_of_the_frame_rate_and_back_changes_nothing(pose, times):
    back = to_fps(to_fps(pose, pose.fps * times), pose.fps)
    assert np.array_equal(back.mask, pose.mask)
    assert np.allclose(back.positions, pose.positions, atol=1e-3)


def test_a_time_a_rounding_error_before_a_frame_is_that_frame():
    missed = 0
    for frames in range(2, 40):
        confidence = np.ones((frames, 50), np.float32)
        confidence[::2] = 0
        pose = PoseSequence(np.ones((frames, 50, 3)), confidence, 25, BODY_HANDS_50)
        for wanted in range(frames, 100):
            times = np.linspace(0, frames - 1, wanted)
            on_seen = (np.abs(times - np.rint(times)) < 1e-9) & (np.rint(times) % 2 == 1)
            missed += int((~resample(pose, wanted).mask[on_seen]).sum())
    assert missed == 0


def test_between_a_seen_and_an_unseen_frame_the_joint_is_unseen():
    confidence = np.ones((3, 50), np.float32)
    confidence[1, 7] = 0
    pose = PoseSequence(np.ones((3, 50, 3)), confidence, 25, BODY_HANDS_50)
    assert to_fps(pose, 50).mask[:, 7].tolist() == [True, False, False, False, True, True]


@quickly
@given(poses(skeletons=(SLRTP_178, BODY_HANDS_50, REDUCED_178, HOLISTIC_586, PROGRESSIVE_50)))
def test_a_mirror_image_of_a_mirror_image_is_the_original(pose):
    back = pose.mirrored(640).mirrored(640)
    assert np.array_equal(back.confidence, pose.confidence)
    assert np.allclose(back.positions, pose.positions, atol=1e-3)


def test_a_mirror_turns_a_left_handed_signer_right_handed():
    positions = np.zeros((10, 50, 3), np.float32)
    positions[:, BODY_HANDS_50.groups["left_hand"], 0] = np.arange(10)[:, None] + 1
    pose = PoseSequence(positions, np.ones((10, 50)), 60, BODY_HANDS_50)
    assert dominant_hand(pose) == "left"
    assert dominant_hand(pose.mirrored()) == "right"


def test_world_landmarks_are_mirrored_about_their_own_origin():
    positions = np.full((1, len(HOLISTIC_586), 3), 0.25, np.float32)
    pose = PoseSequence(positions, np.ones((1, len(HOLISTIC_586))), 25, HOLISTIC_586)
    mirrored = pose.mirrored(640)
    assert (mirrored.positions[:, pose.group("world"), 0] == -0.25).all()
    assert (mirrored.positions[:, pose.group("body"), 0] == 639.75).all()


def test_a_face_of_unknown_order_is_masked_in_the_mirror():
    pose = PoseSequence(np.ones((2, 178, 3)), np.ones((2, 178)), 25, SLRTP_FILE_178)
    assert not pose.mirrored().mask[:, SLRTP_FILE_178.unplaced].any()
    assert not pose.to(SLRTP_178).mask[:, SLRTP_178.groups["face"]].any()


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=lambda s: s.name)
def test_a_skeleton_is_consistent(skeleton):
    assert np.array_equal(skeleton.mirror[skeleton.mirror], np.arange(len(skeleton)))
    assert sorted(np.concatenate(list(skeleton.groups.values()))) == list(range(len(skeleton)))
    for side in ("RIGHT", "LEFT"):
        finger = skeleton.index[f"{side}_HAND.PINKY_TIP"]
        way = [finger]
        while skeleton.parents[way[-1]] >= 0:
            way.append(skeleton.parents[way[-1]])
        assert skeleton.joints[way[-1]] == f"{side}_SHOULDER"
    assert len(skeleton.bones) == 44
    assert pickle.loads(pickle.dumps(skeleton)) is skeleton


@quickly
@given(poses(skeletons=(SLRTP_178, REDUCED_178, HOLISTIC_586)))
def test_joints_are_matched_by_name(pose):
    new = pose.to(SLRTP_178)
    for name in ("RIGHT_WRIST", "LEFT_HAND.INDEX_FINGER_TIP", "FACE.466"):
        a, b = pose.skeleton.index[name], SLRTP_178.index[name]
        assert np.array_equal(new.positions[:, b], pose.positions[:, a])
        assert np.array_equal(new.confidence[:, b], pose.confidence[:, a])


@quickly
@given(poses(least=2))
def test_parts_joined_again_are_the_whole(pose):
    cut = len(pose) // 2
    again = concatenate([pose[:cut], pose[cut:]])
    assert np.array_equal(again.positions, pose.positions)
    assert np.array_equal(again.confidence, pose.confidence)
    assert again.seconds == pose.seconds


@quickly
@given(poses(least=4), st.integers(2, 4))
def test_every_nth_frame_has_an_nth_of_the_frame_rate(pose, step):
    thinned = pose[::step]
    assert thinned.fps == pose.fps / step
    assert abs(thinned.seconds - pose.seconds) < step / pose.fps


@quickly
@given(poses(), st.floats(0.2, 5), st.floats(-500, 500))
def test_normalising_undoes_size_and_place(pose, size, shift):
    confidence = pose.confidence.copy()
    shoulders = BODY_HANDS_50.ids("RIGHT_SHOULDER", "LEFT_SHOULDER")
    confidence[0, shoulders] = 1
    positions = pose.positions.copy()
    positions[0, shoulders] = [[-90, 5, 3], [80, 0, 0]]
    pose = PoseSequence(positions, confidence, pose.fps, BODY_HANDS_50)
    moved = pose.replace(positions=pose.positions * np.float32(size) + np.float32(shift))
    a, b = normalise(pose), normalise(moved)
    assert np.array_equal(a.mask, pose.mask)
    assert np.allclose(a.positions, b.positions, rtol=1e-2, atol=1e-2 * np.abs(a.positions).max())


@pytest.mark.parametrize(
    "broken",
    [
        lambda: PoseSequence(np.zeros((3, 50, 2)), np.zeros((3, 50)), 25, BODY_HANDS_50),
        lambda: PoseSequence(np.zeros((3, 50, 3)), np.zeros((2, 50)), 25, BODY_HANDS_50),
        lambda: PoseSequence(np.zeros((3, 49, 3)), np.zeros((3, 49)), 25, BODY_HANDS_50),
        lambda: PoseSequence(np.zeros((3, 50, 3)), np.zeros((3, 50)), 0, BODY_HANDS_50),
        lambda: PoseSequence(np.zeros((3, 50, 3)), np.zeros((3, 50)), np.nan, BODY_HANDS_50),
        lambda: normalise(PoseSequence(np.ones((3, 50, 3)), np.zeros((3, 50)), 25, BODY_HANDS_50)),
        lambda: resample(PoseSequence(np.ones((0, 50, 3)), np.ones((0, 50)), 25, BODY_HANDS_50), 5),
        lambda: concatenate([]),
        lambda: Skeleton("twice", ("NOSE", "NOSE")),
    ],
)
def test_contradictions_are_refused(broken):
    with pytest.raises(PoseError):
        broken()


def test_an_empty_sequence_is_ordinary():
    empty = PoseSequence(np.zeros((0, 50, 3)), np.zeros((0, 50)), 25, BODY_HANDS_50)
    assert to_fps(empty, 30).fps == 30
    assert empty.mirrored().seconds == 0
    assert len(concatenate([empty, empty]).to(SLRTP_178)) == 0
    assert dominant_hand(empty) == "right"
