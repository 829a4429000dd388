"""Can one tell from a single moment where signing comes from? A probe of the domain gap.

A small classifier sees one frame and how it moves, and names the domain. It is tested on
sentences that it hasn't seen, on equally many frames of every domain. Body size, gaps and
estimator noise give a domain away and say nothing about signing, so they can be taken out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from slt_lib.pose.canonical import canonicalise
from slt_lib.pose.errors import SLTError
from slt_lib.pose.normalise import normalise
from slt_lib.pose.resample import to_fps
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.stitching.filters import apply_filter, gaussian

FPS = 25.0
ARMS = SLRTP_178.ids("RIGHT_ELBOW", "RIGHT_WRIST", "LEFT_ELBOW", "LEFT_WRIST")
HANDS = {side: SLRTP_178.groups[f"{side}_hand"] for side in ("right", "left")}
NOISE = 0.01  # shoulder widths; about an estimator's
SMOOTH = 4.0  # hertz; slower than an estimator's tremble
RANDOM, RIDGE = 400, 0.02  # random features; weight of the penalty
TESTED = 0.3  # share of the sentences held out


@dataclass(frozen=True)
class Probe:
    """What a domain probe found.

    Attributes:
        domains: Their names.
        accuracy: Share of held-out frames named rightly, domains weighing the same.
        chance: What guessing reaches.
        confusion: Share of each domain's frames (row) that were taken for each (column),
            float [domains, domains].
    """

    domains: tuple[str, ...]
    accuracy: float
    chance: float
    confusion: np.ndarray


def moments(pose: PoseSequence, *, matched: bool, rng: np.random.Generator) -> np.ndarray:
    """Features of each frame: arms, hands from their wrist, their velocities, what was seen.

    Args:
        pose: Any sequence.
        matched: Give it the canonical body, take the tremble out and put an equal one in, and
            leave out frames that miss a hand.
        rng: Of the noise.

    Returns:
        float32 [frames - 1, features]; unseen joints are 0 and marked. In matched features
        nothing is unseen, so marks tell nothing.

    Chapter: 04_synthetic_corpus
    """
    pose = to_fps(pose.to(SLRTP_178), FPS)
    pose = canonicalise(pose) if matched else normalise(pose)
    if matched:
        pose = apply_filter(pose, lambda track: gaussian(track, SMOOTH, FPS))
    at = pose.positions.copy()
    if matched:
        at += NOISE * rng.standard_normal(at.shape).astype(np.float32)
    parts, marks = [at[:, ARMS]], [pose.mask[:, ARMS]]
    for hand in HANDS.values():
        parts.append(3 * (at[:, hand] - at[:, hand[:1]]))
        marks.append(pose.mask[:, hand] & pose.mask[:, hand[:1]])
    place, seen = np.concatenate(parts, 1), np.concatenate(marks, 1)
    place = np.where(seen[..., None], place, 0)
    both = seen[1:] & seen[:-1]
    speed = np.where(both[..., None], np.diff(place, axis=0) * FPS / 3, 0)
    frames = len(speed)
    rows = [place[1:].reshape(frames, -1), speed.reshape(frames, -1), seen[1:]]
    rows = np.concatenate(rows, 1).astype(np.float32)
    return rows[both.all(1)] if matched else rows


def domain_probe(
    domains: Mapping[str, Sequence[PoseSequence]],
    *,
    matched: bool = False,
    frames: int = 2000,
    seed: int = 0,
) -> Probe:
    """Fit a small classifier to tell domains apart, and test it on held-out sequences.

    Args:
        domains: Sequences by domain, two or more; a third of each is held out.
        matched: As for `moments`.
        frames: At most this many per domain to train on, and half as many to test on.
        seed: Of split, noise and classifier.

    Raises:
        SLTError: If there are fewer than two domains, or one has too few sequences or frames.

    Chapter: 04_synthetic_corpus
    """
    if len(domains) < 2:
        raise SLTError("A domain can be told only from another.", fix="Give two or more.")
    rng = np.random.default_rng(seed)
    parts = [_split(name, poses, matched, rng) for name, poses in domains.items()]
    taken = [min([frames // (1 + k), *(len(p[k]) for p in parts)]) for k in (0, 1)]
    if min(taken) < 10:
        raise SLTError("A domain has too few frames to be probed.", fix="Give longer sequences.")
    train, test = (
        np.stack([p[k][rng.choice(len(p[k]), taken[k], replace=False)] for p in parts])
        for k in (0, 1)
    )
    guesses = _classify(train, test, seed)
    confusion = np.stack([np.bincount(g, minlength=len(parts)) / taken[1] for g in guesses])
    accuracy = float(np.trace(confusion) / len(parts))
    return Probe(tuple(domains), accuracy, 1 / len(parts), confusion)


def _split(name, poses, matched, rng) -> tuple[np.ndarray, np.ndarray]:
    """Frames of the sequences to train on, and of those to test on."""
    rows = [moments(pose, matched=matched, rng=rng) for pose in poses if len(pose) > 1]
    held = max(1, round(TESTED * len(rows)))
    if len(rows) < 2:
        raise SLTError(f"{name}: {len(rows)} sequences are too few to be probed.")
    order = rng.permutation(len(rows))
    return tuple(np.concatenate([rows[i] for i in some]) for some in (order[held:], order[:held]))


def _classify(train: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
    """Ridge regression on random features (Rahimi and Recht, NeurIPS 2007): no steps to choose.

    Args:
        train, test: Frames by domain, [domains, frames, features].
        seed: Of the random features.

    Returns:
        Guessed domains of the test frames, int [domains, frames].
    """
    rng, inputs = np.random.default_rng(seed), train.shape[2]
    mean, spread = train.mean((0, 1)), train.std((0, 1)) + 1e-3
    weights = rng.standard_normal((inputs, RANDOM)).astype(np.float32) / np.sqrt(inputs)
    shift = rng.standard_normal(RANDOM).astype(np.float32)

    def lift(part: np.ndarray) -> np.ndarray:
        x = np.clip((part - mean) / spread, -5, 5)
        return np.concatenate([np.maximum(x @ weights + shift, 0), x, np.ones_like(x[..., :1])], -1)

    x = lift(train).reshape(-1, inputs + RANDOM + 1)
    wanted = np.repeat(np.eye(len(train), dtype=np.float32), train.shape[1], 0)
    gram = x.T @ x + RIDGE * len(x) * np.eye(x.shape[1], dtype=np.float32)
    return (lift(test) @ np.linalg.solve(gram, x.T @ wanted)).argmax(-1)
