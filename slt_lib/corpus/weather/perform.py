"""How does a signer make planned signs? Targets for both hands, and a face that goes along."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slt_lib.corpus.weather.handshapes import hand_shapes, relaxed_hand
from slt_lib.corpus.weather.motion import Track, body, move_face, move_hand
from slt_lib.corpus.weather.phonology import PLACES, SignSpec, path
from slt_lib.corpus.weather.signers import Signer

REST = np.array([-0.22, 0.9, -0.5])
SPACE_AROUND = np.array([0.0, 0.2, -0.5])  # the signing space grows and shrinks around it


@dataclass(frozen=True)
class Planned:
    """One sign as it is going to be made.

    Attributes:
        gloss: What it means.
        spec: How it is made, this time.
        start, end: Seconds; the way to the sign is inside.
        brows: "", "raise", "negation" or "intense".
        repeats: How often a repeated movement is made.
        lead: Share of the time that is the way to the sign.
        hold: Share of the time that it is held at its end.
    """

    gloss: str
    spec: SignSpec
    start: float
    end: float
    brows: str = ""
    repeats: int = 2
    lead: float = 0.4
    hold: float = 0.06


def perform(
    signs: Sequence[Planned], signer: Signer, fps: float, frames: int, rng: np.random.Generator
) -> np.ndarray:
    """What a signer's body does, as a right-hander; the camera comes later.

    Args:
        signs: In order; may be empty (the signer rests).
        signer: Who.
        fps: Frames per second.
        frames: How many.
        rng: For what differs from time to time.

    Returns:
        float [frames, 178, 3] in shoulder widths, exact.

    Chapter: 04_synthetic_corpus
    """
    at = (np.arange(frames) + 0.5) / fps
    main, weak = Track(), Track()
    for track in (main, weak):
        track.add(-0.5, REST, "in, palm in", relaxed_hand())
        track.add(0.0 if signs else at[-1], REST, "in, palm in", relaxed_hand())
    for k, sign in enumerate(signs):
        near = [s.spec for s in (*signs[max(0, k - 1) : k], *signs[k + 1 : k + 2])]
        _main_targets(main, sign, near, signer, rng)
        _weak_targets(weak, sign, signer, rng)
    last = signs[-1].end if signs else 0.0
    for track in (main, weak):
        track.add(last + 0.45, REST, "in, palm in", relaxed_hand())
        track.add(last + 0.9, REST, "in, palm in", relaxed_hand())
    mouth, brows, head = _face(signs, signer, at, rng)
    right, left = move_hand(main, signer, at), move_hand(weak, signer, at)
    return body(right, left, move_face(signer, mouth, brows, head), signer)


def place_of(spec: SignSpec, signer: Signer) -> np.ndarray:
    """Where a signer makes a sign, float [3]."""
    away = np.array(PLACES[spec.place]) - SPACE_AROUND
    return SPACE_AROUND + away * signer.space + signer.drift


def short_of(sign: Planned, signer: Signer) -> float:
    """How much of the way is given up, 0 to 1: more when time is short."""
    return signer.undershoot * float(np.exp(-max(0.0, sign.end - sign.start - 0.2) / 0.35))


def _main_targets(
    track: Track, sign: Planned, near: list[SignSpec], signer: Signer, rng: np.random.Generator
) -> None:
    short, spec = short_of(sign, signer), sign.spec
    centre = place_of(spec, signer)
    if near:  # what has no time stays nearer to its neighbours
        centre += short * 0.6 * (np.mean([place_of(s, signer) for s in near], 0) - centre)
    points = centre + path(spec, sign.repeats) * (1 - short) * signer.space
    points += 0.025 * rng.standard_normal(3) * (signer.overlap > 1)
    _add(track, sign, points, signer, spec.shape)


def _weak_targets(track: Track, sign: Planned, signer: Signer, rng: np.random.Generator) -> None:
    spec = sign.spec
    if spec.hands == "one" or (spec.hands != "base" and rng.random() < signer.weak_drop):
        if rng.random() < 0.35 and signer.overlap > 1:  # the hand stays where the last sign left it
            return
        for share in (0.6, 1.0):
            time = sign.start + share * (sign.end - sign.start)
            track.add(time, REST, "in, palm in", relaxed_hand())
        return
    if spec.hands == "base":
        under = np.array(PLACES["centre"]) * [-1, 1, 1] + [0, 0.15, 0] + signer.drift
        _add(track, sign, np.stack([under, under]), signer, (spec.shape + 7) % len(hand_shapes()))
        return
    points = place_of(spec, signer) + path(spec, sign.repeats) * signer.space
    points[:, 0] = np.minimum(points[:, 0], -0.08)  # two hands don't meet in one place
    _add(track, sign, points[::-1] if spec.hands == "alternating" else points, signer, spec.shape)


def _add(track: Track, sign: Planned, points: np.ndarray, signer: Signer, shape: int) -> None:
    """One target per via-point, from the end of the way to the hold."""
    spec, length = sign.spec, sign.end - sign.start
    times = sign.start + length * np.linspace(sign.lead, 1 - sign.hold, len(points))
    last = spec.end_shape if shape == spec.shape else shape
    for i, (time, point) in enumerate(zip(times, points, strict=True)):
        share = i / max(len(points) - 1, 1)
        fingers = hand_shapes()[shape] * (1 - share) + hand_shapes()[last] * share
        fingers = fingers * (1 - signer.lax) + relaxed_hand() * signer.lax
        turn = spec.orientation if share < 0.5 else spec.end_orientation
        track.add(time, point, turn, fingers)


def _face(
    signs: Sequence[Planned], signer: Signer, at: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mouth float [frames], brows float [frames] and head float [frames, 3] of a sentence."""
    mouth, brows, head = np.zeros(len(at)), np.zeros(len(at)), np.zeros((len(at), 3))
    slow = np.sin(2 * np.pi * (at[:, None] * rng.uniform(0.1, 0.4, 3) + rng.random(3)))
    head += slow * [0.03, 0.05, 0.02]
    for sign in signs:
        length = sign.end - sign.start
        inside = _bump(at, sign.start, sign.end)
        for i, opening in enumerate(sign.spec.mouthing):
            n = len(sign.spec.mouthing)
            begin = sign.start + length * i / n
            mouth += opening * signer.mouthing * _bump(at, begin, begin + length / n)
        brows += {"raise": 1.0, "negation": -0.7, "intense": -0.4}.get(sign.brows, 0.0) * (
            signer.brows * inside
        )
        if sign.brows == "negation":
            head[:, 1] += 0.18 * signer.brows * inside * np.sin(2 * np.pi * 2.5 * (at - sign.start))
        if sign.brows == "intense":
            mouth += 0.4 * signer.mouthing * inside
    if len(signs):
        head[:, 0] += 0.1 * signer.brows * _bump(at, signs[-1].end - 0.4, signs[-1].end)
    return np.clip(mouth, 0, 1.2), brows, head


def _bump(at: np.ndarray, start: float, end: float) -> np.ndarray:
    """Rises and falls between two times, 0 outside, 1 in the middle."""
    share = np.clip((at - start) / max(end - start, 1e-3), 0, 1)
    return np.sin(np.pi * share) ** 2
