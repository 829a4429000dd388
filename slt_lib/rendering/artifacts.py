"""What is wrong with a rendered clip, measured without a picture of the truth."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from slt_lib.pose.errors import SLTError
from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.rendering.damage import SIDES, hand_boxes
from slt_lib.rendering.keypoints import PictureKeypoints, shoulder_width
from slt_lib.rendering.regressor import HANDS, JOINTS, PoseRegressor, find, hand_confidence

CHAINS = [list(pair) for pair in ((0, 1), (1, 2), (3, 4), (4, 5))] + [
    [first, *range(first + 4 * k + 1, first + 4 * k + 5)] for first in (8, 29) for k in range(5)
]  # limbs, then fingers: their lengths are looked at
SHORTEST = 0.12  # shoulder widths: shorter ones deviate as if they were as long
STEADY = 0.5  # pixels: what moves less from frame to frame should look the same
WEIGHTS = {"structure": 0.4, "hands_lost": 0.3, "blur": 0.2, "flicker": 0.1}
WORST_FLICKER = 8.0  # levels of 255 that count as 1
SOFT = 0.012  # of the picture's side: details finer than that are what blur takes away


@dataclass(frozen=True)
class Limits:
    """What still counts as right; `limits_of` finds it from true captures.

    Attributes:
        length: How far a limb's or finger's length may be off, as a share of the intended one.
        away: How far a joint that was surely found may be off, shoulder widths.
        sure: Confidence from which a joint was surely found, 0 to 1.
        hand: Confidence from which a hand was found, 0 to 1.
        sharp: Usual sharpness of a hand, as `hand_sharpness` has it.
        flicker: Usual flicker, levels of 255.

    Chapter: 08_rendering_comparison
    """

    length: float = 0.35
    away: float = 0.5
    sure: float = 0.5
    hand: float = 0.3
    sharp: float = 0.2
    flicker: float = 0.0


@dataclass(frozen=True)
class ArtifactScores:
    """What is wrong with one clip; 0 is nothing, and NaN what can't be told.

    Attributes:
        structure: Share of frames in which a limb or a finger has another length than intended,
            or a joint that was surely found is where it shouldn't be.
        hands_lost: Share of hands that the regressor doesn't find where they should be.
        flicker: Change between frames where nothing should move, levels of 255, beyond what
            captures have.
        blur: How much less sharp hands are than captured ones, 0 to 1.
        score: 0 to 1: 0.4 · structure + 0.3 · hands_lost + 0.2 · blur + 0.1 · flicker, the latter
            as a share of 8 levels and at most 1. What can't be told is left out of the mean.

    Chapter: 08_rendering_comparison
    """

    structure: float
    hands_lost: float
    flicker: float
    blur: float
    score: float


def artifact_scores(
    regressor: PoseRegressor,
    pictures: np.ndarray,
    keypoints: PictureKeypoints,
    limits: Limits | None = None,
) -> ArtifactScores:
    """Measure one clip's artifacts: look for the joints, and compare with what was intended.

    Joints that weren't intended (not seen) and those that the regressor isn't sure of count in no
    length and no distance; a hand that isn't found counts as lost.

    Args:
        regressor: Trained on captures of several signers.
        pictures: The clip, uint8 [N, H, W, 3].
        keypoints: Where its joints should be.
        limits: What still counts as right, from `limits_of`.

    Raises:
        SLTError: If keypoints aren't the pictures', there are none, or none shows the shoulders.

    Chapter: 08_rendering_comparison
    """
    limits = limits or Limits()
    looked = _looked(regressor, pictures, keypoints)
    wrong = (looked.length > limits.length) | (looked.away(limits.sure) > limits.away)
    lost = (looked.hands < limits.hand) | (looked.hand_away > 2 * limits.away)
    sharp = looked.sharp[np.isfinite(looked.sharp)]
    flicker = steady_flicker(pictures, keypoints)
    parts = {
        "structure": float(wrong.mean()),
        "hands_lost": float(lost[looked.hand_seen].mean()) if looked.hand_seen.any() else np.nan,
        "flicker": max(flicker - limits.flicker, 0.0) if np.isfinite(flicker) else np.nan,
        "blur": max(1 - float(np.mean(sharp)) / limits.sharp, 0.0) if len(sharp) else np.nan,
    }
    shares = parts | {"flicker": min(parts["flicker"] / WORST_FLICKER, 1.0)}
    known = {name: value for name, value in shares.items() if np.isfinite(value)}
    weight = sum(WEIGHTS[name] for name in known)
    score = sum(WEIGHTS[name] * value for name, value in known.items()) / weight
    return ArtifactScores(**parts, score=float(score))


def limits_of(
    regressor: PoseRegressor, pictures: np.ndarray, keypoints: PictureKeypoints,
    *, allowed: float = 0.04,
) -> Limits:  # fmt: skip
    """Limits by which captures are right but for a few: what the regressor misses isn't blamed.

    Args:
        regressor: Trained.
        pictures: Captures that it wasn't trained on, uint8 [N, H, W, 3].
        keypoints: Of the N pictures.
        allowed: Share of the captures that may look wrong.

    Raises:
        SLTError: As `artifact_scores`.

    Chapter: 08_rendering_comparison
    """
    looked, usual = _looked(regressor, pictures, keypoints), Limits()
    within = 1 - allowed / 2
    sharp = looked.sharp[np.isfinite(looked.sharp)]
    hands = looked.hands[looked.hand_seen]
    return Limits(
        length=max(usual.length, float(np.quantile(looked.length, within))),
        away=max(usual.away / 2, float(np.quantile(looked.away(usual.sure), within))),
        hand=float(np.quantile(hands, allowed)) if len(hands) else usual.hand,
        sharp=float(np.mean(sharp)) if len(sharp) else usual.sharp,
        flicker=0.0,
    )


@dataclass(frozen=True, eq=False)
class _Looked:
    """What the regressor finds in N pictures beside what was intended.

    Attributes:
        length: Largest deviation of a limb's or finger's length, shares, [N]; 0 if none is known.
        off: Distance of each joint, shoulder widths, [N, 50]; 0 where not seen.
        sure: Of each joint, [N, 50].
        hands, hand_away, hand_seen: Of both hands, [N, 2]: confidence, distance, whether intended.
        sharp: Of both hands, [N, 2]; NaN where there is none.
    """

    length: np.ndarray
    off: np.ndarray
    sure: np.ndarray
    hands: np.ndarray
    hand_away: np.ndarray
    hand_seen: np.ndarray
    sharp: np.ndarray

    def away(self, sure: float) -> np.ndarray:
        """Distance of the farthest joint that was surely found, shoulder widths, [N]."""
        return np.where(self.sure >= sure, self.off, 0).max(1)


def _looked(
    regressor: PoseRegressor, pictures: np.ndarray, keypoints: PictureKeypoints
) -> _Looked:
    given = (len(keypoints), keypoints.height, keypoints.width, 3)
    if pictures.shape != given or not len(pictures):
        raise SLTError(f"Pictures {pictures.shape} and keypoints for {given} don't belong "
                       "together, or there are none.", fix="Use PictureKeypoints.resized.")  # fmt: skip
    width = shoulder_width(keypoints)
    places, sure = find(regressor, pictures)
    wanted, seen = keypoints.places[:, :JOINTS], keypoints.seen[:, :JOINTS]
    inside = ((wanted >= 0) & (wanted < (keypoints.width, keypoints.height))).all(-1)
    seen = seen & inside  # a picture can't show what lies outside it
    off = np.where(seen, np.linalg.norm(places - wanted, axis=-1) / width, 0)
    lengths = []
    for chain in CHAINS:
        known = seen[:, chain].all(1) & (sure[:, chain] >= Limits.sure).all(1)
        ours, theirs = (_length(p[:, chain]) / width for p in (places, wanted))
        lengths.append(np.where(known, np.abs(ours - theirs) / np.maximum(theirs, SHORTEST), 0))
    count = np.stack([seen[:, hand].sum(1) for hand in HANDS], 1)
    total = np.stack([off[:, hand].sum(1) for hand in HANDS], 1)
    return _Looked(np.max(lengths, 0), off, sure, hand_confidence(sure),
                   total / np.maximum(count, 1), count > 10, hand_sharpness(pictures, keypoints))  # fmt: skip


def _length(chain: np.ndarray) -> np.ndarray:
    """Lengths of polylines [N, J, 2]."""
    return np.linalg.norm(np.diff(chain, axis=1), axis=-1).sum(1)


def hand_sharpness(pictures: np.ndarray, keypoints: PictureKeypoints) -> np.ndarray:
    """How much of the contrast around each hand is in fine details, 0 to 1, float [N, 2].

    Args:
        pictures: uint8 [N, H, W, 3].
        keypoints: Of the N pictures; NaN for a hand that wasn't seen or has no contrast.

    Chapter: 08_rendering_comparison
    """
    sigma = SOFT * min(pictures.shape[1:3])
    out = np.full((len(pictures), len(SIDES)), np.nan)
    for k, side in enumerate(SIDES):
        for n, box in enumerate(hand_boxes(keypoints, side)):
            if box and min(s.stop - s.start for s in box) > 2:
                patch = pictures[n][box].astype(np.float32).mean(-1)
                contrast = float(patch.std())
                if contrast > 1:
                    out[n, k] = float((patch - gaussian_filter(patch, sigma)).std()) / contrast
    return out


def steady_flicker(pictures: np.ndarray, keypoints: PictureKeypoints) -> float:
    """Change from frame to frame around bones that don't move and behind the signer.

    Args:
        pictures: Of one camera, uint8 [N, H, W, 3].
        keypoints: Of the N pictures.

    Returns:
        Mean absolute difference, levels of 255; NaN for fewer than 2 pictures.

    Chapter: 08_rendering_comparison
    """
    changes = []
    for n in range(len(pictures) - 1):
        still = ~_moving(keypoints[n : n + 2])
        if still.any():
            both = pictures[n : n + 2].astype(np.int16)
            changes.append(float(np.abs(both[1] - both[0])[still].mean()))
    return float(np.mean(changes)) if changes else float("nan")


def _moving(two: PictureKeypoints) -> np.ndarray:
    """The pixels around what moves between two pictures, bool [H, W]."""
    image = Image.new("1", (two.width, two.height))
    pen, wide = ImageDraw.Draw(image), round(0.12 * min(two.height, two.width))
    seen = two.seen.all(0)
    moved = np.linalg.norm(two.places[1] - two.places[0], axis=-1) > STEADY
    moved |= two.seen[0] != two.seen[1]
    for part in SLRTP_178.chains.values():
        for chain in part:
            for i, j in zip(chain, chain[1:], strict=False):
                if seen[i] and seen[j] and (moved[i] or moved[j]):
                    for places in two.places[:, [i, j]]:
                        pen.line([float(v) for v in places.ravel()], fill=1, width=wide)
    return np.asarray(image)
