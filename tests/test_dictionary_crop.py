"""The part of a recording that carries the sign."""

import os
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from crop_sheet import crop_sheet
from hypothesis import given
from hypothesis import strategies as st

from slt_lib.corpus.weather.citation import citation_times
from slt_lib.corpus.weather.motion import min_jerk
from slt_lib.dictionary import distance_crop, elbow_crop, from_lexicon
from slt_lib.dictionary.crop import travel
from slt_lib.dictionary.sign import to_sign_pose
from slt_lib.pose.canonical import canonicalise
from slt_lib.pose.errors import PoseError
from slt_lib.pose.io import bundled_lexicon, read_lexicon
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178

RIGHT = np.append(SLRTP_178.groups["right_hand"], SLRTP_178.index["RIGHT_WRIST"])
LEFT = np.append(SLRTP_178.groups["left_hand"], SLRTP_178.index["LEFT_WRIST"])


def citation(fps=25.0, rest=0.2, way=0.3, hold=0.8, noise=0.0, seed=0, hands=(RIGHT,)):
    """A hand that rests, rises by one shoulder width, holds, and sinks again; seconds."""
    times = np.cumsum([0, rest, way, hold, way, rest])
    frames = np.arange(round(times[-1] * fps)) / fps
    share = np.interp(frames, times, [0, 0, 1, 1, 2, 2])
    height = 1 - min_jerk(share) + min_jerk(share - 1)
    positions = np.random.default_rng(seed).normal(0, noise, (len(frames), 178, 3))
    confidence = np.zeros((len(frames), 178))
    for hand in hands:
        positions[:, hand, 1] += height[:, None]
        confidence[:, hand] = 1
    return PoseSequence(positions, confidence, fps), times[2], times[3]


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60])
@pytest.mark.parametrize("noise", [0, 0.004])
def test_the_hold_stays_and_the_ways_go(fps, noise):
    pose, arrives, leaves = citation(fps, noise=noise)
    crop = distance_crop(pose)
    assert abs(crop.start / fps - arrives) <= 0.1
    assert abs(crop.end / fps - leaves) <= 0.1


def test_a_left_handed_signer_is_cropped_alike():
    pose, *_ = citation(noise=0.002)
    crop, mirrored = distance_crop(pose), distance_crop(pose.mirrored())
    assert (crop.start, crop.end) == (mirrored.start, mirrored.end)


def test_the_first_hand_to_arrive_begins_and_the_last_to_leave_ends():
    early, *_ = citation(hold=0.6)
    late, *_ = citation(rest=0.4, hold=0.4, hands=(LEFT,))
    n = min(len(early), len(late))
    both = early[:n].replace(
        positions=early.positions[:n] + late.positions[:n],
        confidence=early.confidence[:n] + late.confidence[:n],
    )
    assert distance_crop(both).start == distance_crop(early[:n]).start


def test_an_idle_hand_has_no_say():
    pose, *_ = citation(noise=0.001)
    idle = pose.confidence.copy()
    idle[:, LEFT] = 1
    both = pose.replace(confidence=idle)
    crop, alone = distance_crop(both), distance_crop(pose)
    assert (crop.start, crop.end) == (alone.start, alone.end)


@pytest.mark.parametrize("noise", [0.01, 0.03])
def test_a_visible_hand_that_only_trembles_does_not_hold_the_crop_open(noise):
    pose, arrives, leaves = citation(noise=0.002, hold=1.5)
    trembling = pose.positions.copy()
    trembling[:, LEFT] += np.random.default_rng(1).normal(0, noise, trembling[:, LEFT].shape)
    seen = pose.confidence.copy()
    seen[:, LEFT] = 1
    crop = distance_crop(pose.replace(positions=trembling, confidence=seen))
    assert abs(crop.start / 25 - arrives) <= 0.1 and abs(crop.end / 25 - leaves) <= 0.1


@pytest.mark.parametrize("rest", [0.2, 1.0, 3.0])
def test_a_long_rest_before_and_after_is_cut(rest):
    pose, arrives, leaves = citation(rest=rest, noise=0.003)
    crop = distance_crop(pose)
    assert abs(crop.start / 25 - arrives) <= 0.1 and abs(crop.end / 25 - leaves) <= 0.1
    assert abs(crop.rise / 25 - rest) <= 0.12  # and where the ways begin and end is known
    assert abs(crop.fall / 25 - (len(pose) / 25 - rest)) <= 0.12


@pytest.mark.parametrize("goes_on", [0.3, -0.3])
def test_a_sign_that_rises_or_sinks_itself_keeps_its_movement(goes_on):
    fps, times = 50, np.array([0, 0.4, 0.8, 1.4, 1.9, 2.3])
    frames = np.arange(round(times[-1] * fps)) / fps
    height, places = np.zeros(len(frames)), [0, 0, 0.9, 0.9 + goes_on, 0, 0]
    for a, b, begin, end in zip(times, times[1:], places, places[1:], strict=False):
        here = (frames >= a) & (frames < b)
        height[here] = begin + (end - begin) * min_jerk((frames[here] - a) / (b - a))
    positions = np.random.default_rng(0).normal(0, 0.003, (len(frames), 178, 3))
    positions[:, RIGHT, 1] -= height[:, None]
    seen = np.zeros((len(frames), 178))
    seen[:, RIGHT] = 1
    crop = distance_crop(PoseSequence(positions, seen, fps))
    assert abs(crop.start / fps - 0.8) <= 0.2 and abs(crop.end / fps - 1.4) <= 0.2


@pytest.fixture(scope="module")
def citations_with_times():
    """Every recording of the weather dictionary as it is stitched, and when its sign was planned:
    when the hand is at the sign's first target, and when it leaves the last one."""
    return [
        (canonicalise(to_sign_pose(pose)), *times) for _, _, pose, times in citation_times(seed=0)
    ]


def test_simulated_signs_are_cut_at_the_simulators_own_times(citations_with_times):
    off, kept = [], []
    for pose, begins, ends in citations_with_times:
        crop = distance_crop(pose)
        start, end = crop.start / pose.fps, crop.end / pose.fps
        off.append((start - begins, end - ends))
        kept.append((min(end, ends) - max(start, begins)) / (ends - begins))
    right = (np.abs(off) <= 0.2).all(1)
    print(f"{right.mean():.1%} of {len(right)} signs within 0.2 s, least kept {min(kept):.0%}")
    assert right.mean() >= 0.95 and min(kept) >= 0.5


def test_real_recordings_are_cut_and_a_sheet_of_them_can_be_looked_at(tmp_path):
    """All bundled letters, and the Swiss signs where they are: `crops.png` in the test's folder."""
    signs = list(from_lexicon(signed_language=""))
    swiss = Path(os.environ.get("SLT_SHARED_DATA") or ROOT.parent / "shared/data") / "lexicon_sgg"
    if swiss.is_dir():
        signs += list(from_lexicon(swiss, signed_language=""))
    found = np.array(crop_sheet(signs, tmp_path / "crops.png"))
    kept = (found[:, 1] - found[:, 0]) / found[:, 2]
    uncut = (kept == 1).mean()
    print(
        f"{len(signs)} recordings, {uncut:.1%} uncut, half keep {np.median(kept):.0%}; a sheet "
        f"of them: {tmp_path / 'crops.png'}"
    )
    assert uncut < 0.01 and 0.4 < np.median(kept) < 0.6 and np.quantile(kept, 0.02) > 0.15


@pytest.mark.parametrize("side", ["RIGHT", "LEFT"])
def test_an_arm_whose_hand_is_out_of_the_picture_has_no_say(side):
    pose, arrives, leaves = citation(noise=0.002, hands=(RIGHT if side == "LEFT" else LEFT,))
    wrist = SLRTP_178.index[f"{side}_WRIST"]  # guessed, and the guess drifts
    drifting, seen = pose.positions.copy(), pose.confidence.copy()
    drifting[:, wrist, 1] = 1.5 - 0.4 * np.sin(np.linspace(0, np.pi, len(pose)))
    seen[:, wrist] = 1
    crop = distance_crop(pose.replace(positions=drifting, confidence=seen))
    assert abs(crop.start / 25 - arrives) <= 0.1 and abs(crop.end / 25 - leaves) <= 0.1


def test_the_ways_are_known(citations_with_times):
    for pose, begins, ends in citations_with_times[::40]:
        crop = distance_crop(pose)
        assert 0 <= crop.rise < begins * pose.fps and ends * pose.fps < crop.fall <= len(pose)
        assert crop.rise <= crop.start < crop.end <= crop.fall


def test_a_sign_out_of_continuous_signing_is_left_whole():
    frames = np.arange(12)
    positions = np.zeros((12, 178, 3))
    positions[:, RIGHT, 0] = np.sin(frames)[:, None]
    confidence = np.zeros((12, 178))
    confidence[:, RIGHT] = 1
    crop = distance_crop(PoseSequence(positions, confidence, 25))
    assert (crop.start, crop.end) == (0, 12)


@pytest.mark.parametrize("rule", [distance_crop, elbow_crop])
def test_empty_is_refused_and_the_shortest_is_kept(rule):
    one = PoseSequence(np.zeros((1, 178, 3)), np.ones((1, 178)), 25)
    assert (rule(one).start, rule(one).end) == (0, 1)
    with pytest.raises(PoseError):
        rule(one[:0])
    unseen = PoseSequence(np.zeros((9, 178, 3)), np.zeros((9, 178)), 25)
    assert (rule(unseen).start, rule(unseen).end) == (0, 9)


@given(seed=st.integers(0, 10_000), frames=st.integers(1, 40), lost=st.floats(0, 1))
def test_any_pose_gives_a_part_of_itself(seed, frames, lost):
    rng = np.random.default_rng(seed)
    positions = np.cumsum(rng.normal(0, 0.1, (frames, 178, 3)), axis=0)
    pose = PoseSequence(positions, rng.random((frames, 178)) >= lost, rng.choice([12.5, 25, 60]))
    for crop in (distance_crop(pose), elbow_crop(pose)):
        assert 0 <= crop.start < crop.end <= frames
        assert 0 <= crop.kept <= 1
        assert len(crop(pose)) == crop.end - crop.start
        assert (np.diff(crop.travel) >= 0).all()


def test_an_unseen_frame_adds_no_travel():
    pose, *_ = citation()
    gap = pose.hide(SLRTP_178.groups["right_hand"], slice(8, 12))
    steps = np.diff(travel(gap)["right"])
    assert (steps[7:12] == 0).all()
    assert (steps[:7] == np.diff(travel(pose)["right"])[:7]).all()


def test_on_real_letters_the_stillest_moment_stays_and_both_ways_go():
    for sign in from_lexicon():
        crop = distance_crop(sign.pose)
        step = np.diff(crop.travel)
        stillest = int(np.convolve(step, np.ones(5), mode="valid").argmin()) + 2
        assert crop.start <= stillest < crop.end, sign.gloss
        assert 0.25 < (crop.end - crop.start) / sign.frames < 0.9, sign.gloss
        assert crop.kept < 0.7, sign.gloss


def test_the_elbow_rule_is_the_one_of_spoken_to_signed():
    concatenate = pytest.importorskip("spoken_to_signed.gloss_to_pose.concatenate")
    pose_format = pytest.importorskip("pose_format")
    entries = [e for e in read_lexicon(bundled_lexicon()) if e.signed_language in ("gsg", "ise")]
    for entry in entries[::3]:
        theirs = concatenate.active_signing_span(pose_format.Pose.read(entry.file.read_bytes()))
        crop = elbow_crop(entry.read().to(SLRTP_178))
        assert (crop.start, crop.end) == tuple(map(int, theirs)), entry.path
