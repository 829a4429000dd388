"""How fast does signing move? Velocity spectra, and the cutoff that makes two of them agree."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import fft

from slt_lib.pose.errors import PoseError
from slt_lib.pose.resample import to_fps
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import Skeleton

BINS = 65  # frequencies from 0 to half the frame rate
FINE_STEPS = 60  # of the cutoffs tried for one sentence
LOWEST = 0.4  # Hz; below it, a short clip's spectrum says nothing
GROUPS = ("body", "right_hand", "left_hand", "face")


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Velocity power of each body part over frequency.

    Attributes:
        hertz: float [bins].
        power: By body part, float [bins]; sums to 1. Parts nobody saw are absent.

    Chapter: 03_stitching
    """

    hertz: np.ndarray
    power: Mapping[str, np.ndarray]

    @property
    def fps(self) -> float:
        """The frame rate it was taken at."""
        return 2 * float(self.hertz[-1])


@lru_cache
def _window(frames: int) -> np.ndarray:
    return np.hanning(frames + 2)[1:-1].astype(np.float32)[:, None]


@lru_cache
def _probes(
    skeleton: Skeleton, parts: tuple[str, ...]
) -> tuple[np.ndarray, slice, np.ndarray, np.ndarray, tuple[str, ...]]:
    """The joints that are measured, which of them are hands', their wrists, parts' starts, names.

    Hands are measured from their wrist, so that the arm's movement isn't theirs; body and face
    from the origin. Of the face every eighth point is enough.
    """
    joints, wrists, starts, names = [], [], [], []
    for part in parts:
        group = skeleton.groups[part][:: 8 if part == "face" else 1]
        if len(group):
            names.append(part)
            starts.append(len(joints))
            joints += group.tolist()
            wrists += [int(group[0])] * len(group) if part.endswith("hand") else []
    first = len(skeleton.groups["body"]) if "body" in parts else 0
    hands = slice(first, first + len(wrists))
    return np.array(joints), hands, np.array(wrists, int), np.array(starts), tuple(names)


def part_power(pose: PoseSequence) -> dict[str, np.ndarray]:
    """Velocity power of every body part's own movement over the frequency bins.

    Only steps between two frames that saw a joint count; the others are taken out of the
    windowed signal (they add nothing, at no frequency).

    Args:
        pose: The sequence.

    Returns:
        By part, float [BINS], summed over joints and windows; parts that were not seen in two
        frames running are absent, and so are all if there are fewer than 6 frames.
    """
    if len(pose) < 6:
        return {}
    joints, _, _, starts, names = _probes(pose.skeleton, GROUPS)
    some = np.logical_or.reduceat(pose.confidence.take(joints, 1).any(0), starts)
    shown = tuple(name for name, there in zip(names, some, strict=True) if there)
    if not shown:
        return {}
    joints, hands, wrists, starts, names = _probes(pose.skeleton, shown)
    positions = pose.positions.take(joints, 1)
    positions[:, hands] -= pose.positions.take(wrists, 1)
    seen = pose.confidence.take(joints, 1) > 0
    both = seen[1:] & seen[:-1]
    # A row per step, three numbers per joint: numpy is slow on axes as short as x, y and z.
    positions = positions.reshape(len(pose), -1)
    velocity = positions[1:] - positions[:-1]
    velocity *= both.repeat(3, axis=1)
    size, power = 2 * (BINS - 1), 0
    for start in range(0, max(1, len(velocity) - size // 2), size // 2):
        part = velocity[start : start + size]
        waves = fft.rfft(part * _window(len(part)), size, axis=0)
        energy = np.square(waves.real) + np.square(waves.imag)
        x, y, z = energy.reshape(BINS, -1, 3).transpose(2, 0, 1)
        power = power + np.add.reduceat(x + y + z, starts, axis=1)
    moved = np.logical_or.reduceat(both.any(0), starts)
    return {name: power[:, i] for i, name in enumerate(names) if moved[i]}


def spectrum(poses: Iterable[PoseSequence], fps: float) -> Spectrum:
    """The velocity spectrum of some signing, by body part.

    Args:
        poses: Normalised sequences at the frame rate `fps`.
        fps: Frames per second of all of them.

    Raises:
        PoseError: If a sequence has another frame rate, or nothing was seen.

    Chapter: 03_stitching
    """
    return sum_up(_powers(poses, fps), fps)


def _powers(poses: Iterable[PoseSequence], fps: float) -> Iterator[dict[str, np.ndarray]]:
    for pose in poses:
        if not np.isclose(pose.fps, fps, rtol=1e-4):
            raise PoseError(
                f"A sequence has {pose.fps:g} frames per second, not {fps:g}.", fix="Use to_fps."
            )
        yield part_power(pose)


def sum_up(powers: Iterable[Mapping[str, np.ndarray]], fps: float) -> Spectrum:
    """The spectrum of sequences whose power is known.

    Args:
        powers: `part_power` of each.
        fps: Frames per second of all of them.

    Raises:
        PoseError: If nothing was seen.
    """
    total: dict[str, np.ndarray] = {}
    for one in powers:
        for part, power in one.items():
            total[part] = total.get(part, 0) + power
    if not total:
        raise PoseError(
            "There is no movement to measure in these sequences.",
            fix="A spectrum needs 6 frames or more, and joints seen in two frames running.",
        )
    power = {name: p / max(p.sum(), 1e-12) for name, p in total.items()}
    return Spectrum(np.linspace(0, fps / 2, BINS), power)


def spectrum_distance(a: Spectrum, b: Spectrum) -> float:
    """Mean absolute difference of two velocity spectra in decibels, over shared body parts.

    Each spectrum's level is set by its own power below 3 Hz, so the difference is one of
    shape: positive detail lost or added at high frequencies. Down to -40 dB.

    Chapter: 03_stitching
    """
    shared = [name for name in a.power if name in b.power]
    if not shared or len(a.hertz) != len(b.hertz) or not np.allclose(a.hertz, b.hertz):
        raise PoseError("The two spectra share no body part or were taken at two frame rates.")
    used = a.hertz >= LOWEST
    distances = [
        np.abs(_decibels(a.power[n], a.hertz) - _decibels(b.power[n], b.hertz))[used].mean()
        for n in shared
    ]
    return float(np.mean(distances))


def _decibels(power: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    """Power [..., bins] in decibels over its own sum up to 3 Hz, not below -40."""
    level = power @ ((hertz >= LOWEST) & (hertz <= 3))
    return 10 * np.log10(np.maximum(power / np.maximum(level, 1e-12)[..., None], 1e-4))


@lru_cache
def cutoff_grid(fps: float, steps: int = 20) -> np.ndarray:
    """The cutoffs tried when matching: 2 Hz to just below half the frame rate, float [steps]."""
    return np.geomspace(2.0, 0.48 * fps, steps)


@lru_cache
def _gain_power(fps: float, order: int, steps: int = 20) -> np.ndarray:
    """What each cutoff of the grid leaves of the power at each frequency, float [steps, BINS]."""
    hertz = np.linspace(0, fps / 2, BINS)
    return np.stack([butterworth_gain(hertz, c, fps, order) ** 2 for c in cutoff_grid(fps, steps)])


def butterworth_gain(hertz: np.ndarray, cutoff: float, fps: float, order: int) -> np.ndarray:
    """Amplitude gain of a Butterworth filter run forwards and backwards.

    `|H|²` of the digital filter (bilinear transform): 1 / (1 + (tan πf/fs / tan πfc/fs)^(2n)).

    Args:
        hertz: Frequencies, float [any].
        cutoff: Where one pass is at -3 dB, in hertz, below fps / 2.
        fps: Frames per second.
        order: The filter's order n.
    """
    bend = np.tan(np.pi * np.minimum(hertz / fps, 0.4999)) / np.tan(np.pi * cutoff / fps)
    return 1 / (1 + bend ** (2 * order))


def match_cutoff(power: np.ndarray, reference: np.ndarray, fps: float, order: int) -> np.ndarray:
    """The cutoffs that bring velocity spectra closest to real signing's.

    The filtered spectrum is known without filtering: power × gain². The cutoff with the least
    difference in decibels wins (`spectrum_distance` of one part); the highest one, if even the
    gentlest filter takes the signing further away.

    Args:
        power: float [..., BINS], what was stitched, a row per body part.
        reference: float [..., BINS], real signing.
        fps: Frames per second of both.
        order: The filter's order.

    Returns:
        Hertz, float [...].

    Chapter: 03_stitching
    """
    hertz = np.linspace(0, fps / 2, BINS)
    filtered = _decibels(power[..., None, :] * _gain_power(fps, order), hertz)
    error = np.abs(filtered - _decibels(reference, hertz)[..., None, :])
    return cutoff_grid(fps)[(error @ (hertz >= LOWEST)).argmin(-1)]


def without_noise(power: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    """A velocity spectrum without the pose estimator's share.

    Errors that differ from frame to frame are white noise on positions, so their velocity power
    grows as sin²(πf / fps). Its level is read off the highest fifth of the frequencies, where
    nobody moves.

    Args:
        power: float [bins].
        hertz: float [bins], from 0 to half the frame rate.

    Chapter: 13_novel_sentences
    """
    shape = np.sin(np.pi * hertz / (2 * hertz[-1])) ** 2
    top = hertz > 0.8 * hertz[-1]
    return np.maximum(power - shape * (power[top].mean() / shape[top].mean()), 0)


def sentence_cutoff(
    pose: PoseSequence, rough: Mapping[str, np.ndarray], fps: float = 25.0, order: int = 4
) -> float:
    """The one low-pass cutoff that makes rough signing as smooth as a real sentence, in hertz.

    As `match_cutoff`, over body and hands together, and against the sentence's spectrum
    `without_noise`: what is to be reproduced is the signer, not the camera.

    Args:
        pose: The real sentence.
        rough: Velocity power of unfiltered stitched signing by body part, float [bins].
        fps: Frames per second that `rough` was taken at; the sentence is brought to it.
        order: The filter's order.

    Returns:
        Hertz; NaN if too little was seen to tell.

    Source: Walsh et al., Sign Stitching, BMVC 2024 (a cutoff is predicted per sentence).

    Chapter: 13_novel_sentences
    """
    hertz, errors = np.linspace(0, fps / 2, BINS), []
    for part, power in part_power(to_fps(pose, fps)).items():
        if part != "face" and part in rough:
            filtered = _decibels(rough[part] * _gain_power(fps, order, FINE_STEPS), hertz)
            error = np.abs(filtered - _decibels(without_noise(power, hertz), hertz))
            errors.append(error @ (hertz >= LOWEST))
    if not errors:
        return float("nan")
    return float(cutoff_grid(fps, FINE_STEPS)[np.sum(errors, 0).argmin()])
