"""Step 7 against slow references, and what no filter may ever do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching import filters
from slt_lib.stitching.spectrum import (
    BINS,
    butterworth_gain,
    match_cutoff,
    part_power,
    spectrum,
    spectrum_distance,
)

FPS = 25.0


def moving(frames: int, seed: int, hole: float = 0.0) -> PoseSequence:
    """A band-limited random walk of 178 joints with joints that come and go."""
    rng = np.random.default_rng(seed)
    walk = rng.normal(0, 0.1, (frames, 178, 3)).cumsum(0)
    seen = np.repeat(rng.random((max(1, frames // 5 + 1), 178)) >= hole, 5, axis=0)[:frames]
    return PoseSequence(walk, seen.astype(np.float32), FPS)


FILTERS = {
    "butterworth": lambda track: filters.butterworth(track, 4, FPS),
    "gaussian": lambda track: filters.gaussian(track, 4, FPS),
    "savitzky-golay": lambda track: filters.savitzky_golay(track, 0.25, FPS),
    "one-euro": lambda track: filters.one_euro(track, FPS),
}


def test_closed_form_butterworth_is_forward_backward_butterworth():
    t = np.arange(150) / FPS
    rng = np.random.default_rng(0)
    track = sum(np.sin(2 * np.pi * f * t + rng.random(6)[:, None] * 6).T for f in (0.5, 1.7, 5.0))
    track = track[:, :, None].repeat(3, 2).astype(np.float32)
    sections = signal.butter(filters.ORDER, 4, fs=FPS, output="sos")
    slow = signal.sosfiltfilt(sections, track.astype(float), axis=0, padlen=100)
    fast = filters.butterworth(track, 4, FPS)
    assert np.abs(fast - slow)[15:-15].max() < 0.01
    assert np.abs(fast - slow).max() < 0.1  # at the ends: their padding is finite, ours isn't


def test_the_gain_is_scipys():
    b, a = signal.butter(4, 6, fs=FPS)
    hertz, response = signal.freqz(b, a, worN=64, fs=FPS)
    np.testing.assert_allclose(butterworth_gain(hertz, 6, FPS, 4), np.abs(response) ** 2, atol=1e-6)


@pytest.mark.parametrize("name", FILTERS)
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 40), st.integers(0, 10**6), st.sampled_from([0.0, 0.3, 0.9]))
def test_no_filter_reads_or_shows_an_unseen_joint(name, frames, seed, hole):
    pose = moving(frames, seed, hole)
    poisoned = pose.replace()  # positions of masked joints changed behind the sequence's back
    object.__setattr__(
        poisoned, "positions", np.where(pose.mask[..., None], pose.positions, np.float32(1e6))
    )
    out = filters.apply_filter(poisoned, FILTERS[name])
    np.testing.assert_array_equal(out.mask, pose.mask)
    if pose.mask.any():
        assert np.abs(out.positions[pose.mask]).max() <= np.abs(pose.positions).max() * 1.5 + 0.5


@pytest.mark.parametrize("name", FILTERS)
def test_filters_keep_lines_and_rest_as_they_are(name):
    line = np.linspace(0, 1, 40, dtype=np.float32)[:, None, None] * np.ones((1, 2, 3), np.float32)
    still = np.ones((40, 2, 3), np.float32)
    np.testing.assert_allclose(FILTERS[name](still), still, atol=1e-5)
    inner = FILTERS[name](line)[10:-10] - line[10:-10]
    assert np.abs(inner).max() < (0.12 if name == "one-euro" else 2e-3)  # one-euro lags


def test_every_part_gets_its_own_cutoff_and_only_that():
    pose = moving(30, 1, 0.2)
    together = filters.filter_parts(pose, {"body": 3.0, "left_hand": 8.0})
    for part, cutoff in {"body": 3.0, "left_hand": 8.0}.items():
        alone = filters.apply_filter(pose, lambda x, c=cutoff: filters.butterworth(x, c, FPS))
        joints = pose.group(part)
        np.testing.assert_allclose(
            together.positions[:, joints], alone.positions[:, joints], atol=1e-5
        )
    for part in ("face", "right_hand"):
        joints = pose.group(part)
        np.testing.assert_array_equal(together.positions[:, joints], pose.positions[:, joints])


def test_frequency_response_shows_the_gain_and_the_cutoff():
    hertz, gain = filters.frequency_response(FILTERS["butterworth"], FPS)
    np.testing.assert_allclose(gain, butterworth_gain(hertz, 4, FPS, 4), atol=0.03)
    hertz, gain = filters.frequency_response(FILTERS["gaussian"], FPS)
    assert np.interp(4, hertz, gain) == pytest.approx(0.5, abs=0.03)


def slow_power(pose: PoseSequence, part: str) -> np.ndarray | None:
    """One joint, one coordinate, one window at a time: the reference for `part_power`."""
    group, size = pose.group(part), 2 * (BINS - 1)
    power, moved = np.zeros(BINS), False
    for joint in group[:: 8 if part == "face" else 1]:
        track = pose.positions[:, joint].astype(np.float64)
        if part.endswith("hand"):
            track = track - pose.positions[:, group[0]]
        both = pose.mask[1:, joint] & pose.mask[:-1, joint]
        moved |= bool(both.any())
        velocity = np.where(both[:, None], np.diff(track, axis=0), 0)
        for start in range(0, max(1, len(velocity) - size // 2), size // 2):
            window = velocity[start : start + size]
            window = window * np.hanning(len(window) + 2)[1:-1, None]
            power += sum(np.abs(np.fft.rfft(window[:, c], size)) ** 2 for c in range(3))
    return power if moved else None


@settings(max_examples=12, deadline=None)
@given(st.integers(6, 300), st.integers(0, 10**6), st.sampled_from([0.0, 0.3, 1.0]))
def test_power_at_once_is_power_joint_by_joint(frames, seed, hole):
    pose = moving(frames, seed, hole).hide(np.arange(29, 50))  # no left hand
    fast = part_power(pose)
    for part in ("body", "right_hand", "left_hand", "face"):
        slow = slow_power(pose, part)
        assert (part in fast) == (slow is not None)
        if slow is not None:
            np.testing.assert_allclose(fast[part], slow, rtol=1e-4, atol=1e-5 * slow.max())


@pytest.mark.parametrize("true_cutoff", [3.0, 5.0, 8.0])
def test_matching_finds_the_cutoff_that_was_used(true_cutoff):
    pose = moving(400, 5)
    real = filters.apply_filter(pose, lambda x: filters.butterworth(x, true_cutoff, FPS))
    rough, smooth = spectrum([pose], FPS), spectrum([real], FPS)
    found = match_cutoff(rough.power["body"], smooth.power["body"], FPS, filters.ORDER)
    assert found == pytest.approx(true_cutoff, rel=0.12)
    matched = filters.apply_filter(pose, lambda x: filters.butterworth(x, found, FPS))
    assert spectrum_distance(spectrum([matched], FPS), smooth) < 0.3 * spectrum_distance(
        rough, smooth
    )


def test_runs():
    assert filters.runs(np.array([1, 1, 0, 1, 0, 0, 1], bool)) == [(0, 2), (3, 4), (6, 7)]
    assert filters.runs(np.zeros(0, bool)) == []
