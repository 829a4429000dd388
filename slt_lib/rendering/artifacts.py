"""What is wrong with a rendered clip, measured without a picture of the truth."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from slt_lib.pose.errors import SLTError
from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.rendering.damage import SIDES, hand_boxes
from slt_lib.rendering.keypoints import PictureKeypoints, shoulder_width
from slt_lib.rendering.regressor import (
    BODY,
    HANDS,
    JOINTS,
    PoseRegressor,
    find,
    hand_confidence,
)

LIMBS = [[0, 1], [1, 2], [3, 4], [4, 5]]
FINGERS = [[first, *range(first + 4 * k + 1, first + 4 * k + 5)] for first in (8, 29)
           for k in range(5)]  # fmt: skip
SHORTEST = {"limb": 0.4, "finger": 0.25}  # shoulder widths: shorter ones count as that long
MOST_OF_A_HAND = 11  # joints inside the picture, for a hand to be looked for
STEADY = 0.5  # pixels: what moves less from frame to frame should look the same
STRUCTURE = ("limb", "finger", "away")  # what tells whether a body has come apart
WEIGHTS = {"structure": 0.4, "hands_lost": 0.3, "blur": 0.2, "flicker": 0.1}
WORST_FLICKER = 8.0  # levels of 255 that count as 1
SOFT = 0.012  # of the picture's side: details finer than that are what blur takes away


@dataclass(frozen=True)
class Limits:
    """What still counts as right; `limits_of` finds it from true captures.

    Attributes:
        limb: How far a limb's length may be off, as a share of the intended one.
        finger: Likewise a finger's, from the wrist.
        away: How far a joint of the body, or a hand on the mean, that was surely found may be
            off, shoulder widths.
        sure: Confidence from which a joint was surely found, 0 to 1.
        there: Confidence of both its ends from which a limb was found at all, 0 to 1.
        hand: Confidence from which a hand was found, 0 to 1.
        sharp: Usual sharpness of a hand, as `hand_sharpness` has it.

    Chapter: 08_rendering_comparison
    """

    limb: float = 0.35
    finger: float = 0.35
    away: float = 0.35
    sure: float = 0.6
    there: float = 0.6
    hand: float = 0.3
    sharp: float = 0.3


@dataclass(frozen=True)
class ArtifactScores:
    """What is wrong with one clip; 0 is nothing, and NaN what can't be told.

    Attributes:
        structure: Share of frames in which a limb or a finger has another length than intended,
            or a joint or hand that was surely found is where it shouldn't be.
        hands_lost: Share of hands that the regressor doesn't find where they should be.
        flicker: Change between frames where nothing should move, levels of 255.
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
    *,
    moving: bool = True,
) -> ArtifactScores:
    """Measure one clip's artifacts: look for the joints, and compare with what was intended.

    Joints that weren't intended (not seen) and those that the regressor isn't sure of count in no
    length and no distance; but a limb that isn't there breaks a frame, and a hand that isn't
    found counts as lost.

    Args:
        regressor: Trained on captures of several signers.
        pictures: The clip, uint8 [N, H, W, 3].
        keypoints: Where its joints should be.
        limits: What still counts as right, from `limits_of`.
        moving: Whether the pictures are frames of one movement; else there is no flicker.

    Raises:
        SLTError: If keypoints aren't the pictures', there are none, or none shows the shoulders.

    Chapter: 08_rendering_comparison
    """
    limits = limits or Limits()
    looked = _looked(regressor, pictures, keypoints, limits.sure)
    wrong = np.any([getattr(looked, name) > getattr(limits, name) for name in STRUCTURE], 0)
    wrong |= looked.least < limits.there
    lost = (looked.hands < limits.hand) | (looked.hand_away > 2 * limits.away)
    sharp = looked.sharp[np.isfinite(looked.sharp)]
    parts = {
        "structure": float(wrong.mean()),
        "hands_lost": float(lost[looked.hand_seen].mean()) if looked.hand_seen.any() else np.nan,
        "flicker": steady_flicker(pictures, keypoints) if moving else np.nan,
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
    usual = Limits()
    looked = _looked(regressor, pictures, keypoints, usual.sure)
    worst = np.max([getattr(looked, name) / getattr(usual, name) for name in STRUCTURE], 0)
    there = min(usual.there, float(np.quantile(looked.least, allowed / 2)))
    rest = worst[looked.least >= there]
    wider = max(1.0, float(np.quantile(rest, 1 - allowed / 2, method="higher")))
    sharp, hands = looked.sharp[np.isfinite(looked.sharp)], looked.hands[looked.hand_seen]
    return Limits(
        **{name: wider * getattr(usual, name) for name in STRUCTURE},
        there=there,
        hand=float(np.quantile(hands, allowed)) if len(hands) else usual.hand,
        sharp=float(np.mean(sharp)) if len(sharp) else usual.sharp,
    )


@dataclass(frozen=True, eq=False)
class _Looked:
    """What the regressor finds in N pictures beside what was intended.

    Attributes:
        least: Confidence of the least sure end of a limb that should be there, [N]; 1 if none is.
        limb, finger: Largest deviation of a length, shares, [N]; 0 if none is known.
        away: Of what was surely found: distance of the body's farthest joint, or of the hand that
            is farther off, shoulder widths, [N].
        hands, hand_away, hand_seen: Of both hands, [N, 2]: confidence, distance, whether intended.
        sharp: Of both hands, [N, 2]; NaN where there is none.
    """

    least: np.ndarray
    limb: np.ndarray
    finger: np.ndarray
    away: np.ndarray
    hands: np.ndarray
    hand_away: np.ndarray
    hand_seen: np.ndarray
    sharp: np.ndarray


def _looked(
    regressor: PoseRegressor, pictures: np.ndarray, keypoints: PictureKeypoints, least: float
) -> _Looked:
    """Look at pictures; what is found with less than the least confidence isn't compared."""
    given = (len(keypoints), keypoints.height, keypoints.width, 3)
    if pictures.shape != given or not len(pictures):
        raise SLTError(f"Pictures {pictures.shape} and keypoints for {given} don't belong "
                       "together, or there are none.",
                       fix="Use PictureKeypoints.resized.")  # fmt: skip
    width = shoulder_width(keypoints)
    places, sure = find(regressor, pictures)
    wanted, seen = keypoints.places[:, :JOINTS], keypoints.seen[:, :JOINTS]
    inside = ((wanted >= 0) & (wanted < (keypoints.width, keypoints.height))).all(-1)
    seen = seen & inside  # a picture can't show what lies outside it
    off = np.where(seen, np.linalg.norm(places - wanted, axis=-1) / width, 0)
    surely = seen & (sure >= least)
    limb, finger = (
        _deviation(places / width, wanted / width, surely, chains, SHORTEST[name])
        for name, chains in (("limb", LIMBS), ("finger", FINGERS))
    )
    ends = [np.where(seen[:, c].all(1), sure[:, c].min(1), 1.0) for c in LIMBS]
    hand_away, clear = (
        np.stack([_mean_where(off[:, hand], known[:, hand]) for hand in HANDS], 1)
        for known in (seen, surely)
    )
    count = np.stack([seen[:, hand].sum(1) for hand in HANDS], 1)
    away = np.concatenate([np.where(surely, off, 0)[:, :BODY], clear], 1).max(1)
    return _Looked(
        np.min(ends, 0), limb, finger, away, hand_confidence(sure), hand_away,
        count >= MOST_OF_A_HAND, hand_sharpness(pictures, keypoints),
    )  # fmt: skip


def _mean_where(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Row by row the mean of what is known, 0 where nothing is."""
    return np.where(known, values, 0).sum(1) / np.maximum(known.sum(1), 1)


def _deviation(
    places: np.ndarray, wanted: np.ndarray, known: np.ndarray, chains: list[list[int]], least: float
) -> np.ndarray:
    """The largest share by which a chain's length differs from the wanted one, [N]."""
    found = []
    for chain in chains:
        ours, theirs = _length(places[:, chain]), _length(wanted[:, chain])
        share = np.abs(ours - theirs) / np.maximum(theirs, least)
        found.append(np.where(known[:, chain].all(1), share, 0))
    return np.max(found, 0)


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
            for i, j in pairwise(chain):
                if seen[i] and seen[j] and (moved[i] or moved[j]):
                    for places in two.places[:, [i, j]]:
                        pen.line([float(v) for v in places.ravel()], fill=1, width=wide)
    return np.asarray(image)
