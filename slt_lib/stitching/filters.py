"""Step 7: low-pass filters that never read a joint that wasn't seen.

A masked stretch splits a joint's track into *runs*; every run is filtered on its own. The
main filter is a zero-phase Butterworth in closed form: a run's line from its first to its
last value is taken out, what is left starts and ends at 0, and a sine transform (DST-I)
turns filtering into one multiplication. This equals forward-backward filtering with odd
padding, `scipy.signal.sosfiltfilt`, for runs of any length, without its start-up transients.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import scipy  # its submodules are imported when they are first named
from scipy import fft

from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching.spectrum import butterworth_gain

ORDER = 4
Track = np.ndarray  # float32 [frames, joints, 3], every joint seen in every frame


def runs(seen: np.ndarray) -> list[tuple[int, int]]:
    """Stretches of True in a bool [frames] array, as (start, end) with end exclusive."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def seen_together(mask: np.ndarray) -> Iterator[tuple[np.ndarray, int, int]]:
    """Blocks of joints that are seen in the same frames, run by run.

    Args:
        mask: bool [frames, joints].

    Yields:
        (joint numbers, start, end).
    """
    always, ever = mask.all(0), mask.any(0)
    if always.any() and len(mask):
        yield np.flatnonzero(always), 0, len(mask)
    alike: dict[bytes, list[int]] = {}
    for joint in np.flatnonzero(ever & ~always):
        alike.setdefault(mask[:, joint].tobytes(), []).append(joint)
    for joints in alike.values():
        for start, end in runs(mask[:, joints[0]]):
            yield np.array(joints), start, end


def apply_filter(pose: PoseSequence, one_run: Callable[[Track], Track]) -> PoseSequence:
    """Filter every run of every joint; the mask stays what it is.

    Args:
        pose: The sequence.
        one_run: From float32 [frames, joints, 3] to the same shape.

    Chapter: 03_stitching
    """
    positions = pose.positions.copy()
    for joints, start, end in seen_together(pose.mask):
        positions[start:end, joints] = one_run(positions[start:end, joints])
    return pose.replace(positions=positions)


def low_pass(track: Track, gain: Callable[[np.ndarray], np.ndarray]) -> Track:
    """Multiply a run's spectrum by a gain, keeping its first and last frame.

    Args:
        track: float32 [frames, ...], one run.
        gain: From frequencies in cycles per frame, float [frames - 2], to gains of a shape
            that broadcasts against [frames - 2, ...].

    Returns:
        float32 [frames, ...].
    """
    n = len(track)
    if n < 3:
        return track
    shape = (n,) + (1,) * (track.ndim - 1)
    ramp = np.linspace(0, 1, n, dtype=np.float32).reshape(shape)
    line = track[:1] + ramp * (track[-1:] - track[:1])
    waves = fft.dst((track - line)[1:-1], type=1, axis=0, norm="ortho")
    waves *= gain(np.arange(1, n - 1) / (2 * (n - 1))).astype(np.float32)
    line[1:-1] += fft.dst(waves, type=1, axis=0, norm="ortho")  # its own inverse
    return line


def butterworth(track: Track, cutoff: float, fps: float, order: int = ORDER) -> Track:
    """Zero-phase Butterworth low-pass of one run.

    Args:
        track: float32 [frames, joints, 3].
        cutoff: Hertz, below fps / 2.
        fps: Frames per second.
        order: As in `scipy.signal.butter`; forwards and backwards doubles the attenuation.

    Chapter: 03_stitching
    """

    def gain(cycles):
        g = butterworth_gain(cycles * fps, cutoff, fps, order)
        return g.reshape((-1,) + (1,) * (track.ndim - 1))

    return low_pass(track, gain)


def filter_parts(pose: PoseSequence, cutoffs: Mapping[str, float]) -> PoseSequence:
    """Zero-phase Butterworth with a cutoff for every body part, run by run.

    Args:
        pose: The sequence.
        cutoffs: Hertz by body part, below fps / 2; parts without one stay as they are.

    Chapter: 03_stitching
    """
    positions = pose.positions.copy()
    for part, cutoff in cutoffs.items():
        group = pose.skeleton.groups[part]
        for joints, start, end in seen_together(pose.mask[:, group]):
            track = positions[start:end, group[joints]]
            positions[start:end, group[joints]] = butterworth(track, cutoff, pose.fps)
    return pose.moved(positions)


def gaussian(track: Track, cutoff: float, fps: float) -> Track:
    """Gaussian blur in time whose gain at the cutoff is one half.

    Chapter: 03_stitching
    """
    sigma = fps * np.sqrt(np.log(2) / 2) / (np.pi * cutoff)
    return scipy.ndimage.gaussian_filter1d(track, sigma, axis=0, mode="nearest")


def savitzky_golay(track: Track, seconds: float, fps: float, degree: int = 2) -> Track:
    """A parabola fitted to every window of so many seconds; runs shorter than it stay as they are.

    Chapter: 03_stitching
    """
    window = max(degree + 1, round(seconds * fps)) | 1
    if len(track) < window:
        return track
    return scipy.signal.savgol_filter(track, window, degree, axis=0)


def one_euro(track: Track, fps: float, slowest: float = 1.5, beta: float = 0.7) -> Track:
    """The one-euro filter (Casiez et al., CHI 2012): smooth when slow, prompt when fast.

    Causal, as a live interface needs it; so it lags, which the filter laboratory shows.

    Args:
        track: float32 [frames, joints, 3].
        fps: Frames per second.
        slowest: Cutoff of a joint at rest, hertz.
        beta: Hertz added per unit of speed.

    Chapter: 03_stitching
    """

    def weight(cutoff):
        step = 2 * np.pi * cutoff / fps
        return step / (step + 1)

    out = track.copy()
    speed = np.zeros_like(track[0])
    for t in range(1, len(track)):
        speed += weight(1.0) * ((track[t] - out[t - 1]) * fps - speed)
        out[t] += (weight(slowest + beta * np.abs(speed)) - 1) * (track[t] - out[t - 1])
    return out


def frequency_response(one_run: Callable[[Track], Track], fps: float, frames: int = 250) -> tuple:
    """A filter's gain over frequency, measured on sine waves.

    Returns:
        (hertz float [40], gain float [40]).

    Chapter: 03_stitching
    """
    hertz = np.linspace(0.25, 0.49 * fps, 40)
    t = np.arange(frames)[:, None, None] / fps
    phases = np.array([0.0, np.pi / 2, np.pi])
    waves = np.sin(2 * np.pi * hertz[:, None] * t + phases).astype(np.float32)
    middle = slice(frames // 4, 3 * frames // 4)
    out, kept = one_run(waves)[middle], waves[middle]
    return hertz, np.sqrt((out**2).sum((0, 2)) / (kept**2).sum((0, 2)))
