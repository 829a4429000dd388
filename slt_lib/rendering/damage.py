"""Artifacts on purpose, at a known strength: what they do to a translator can then be measured."""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import binary_dilation, gaussian_filter

from slt_lib.pose.errors import SLTError
from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.rendering.keypoints import PictureKeypoints

SIDES = ("right", "left")
MARGIN = 0.25  # around a hand, in its own extent
LEAST = 0.05  # of the picture's side: a hand's box is at least as large, each way from its middle
BLUR = 0.06  # standard deviation at strength 1, of the picture's side
BREAK = 0.16  # how far a part is off at strength 1, of the picture's side
STRETCH = 12  # frames: the longest that a limb stays broken
LEVELS = 30.0  # standard deviation of flicker at strength 1, of 255


def damaged(
    pictures: np.ndarray, keypoints: PictureKeypoints, kind: str, strength: float, seed: int = 0
) -> np.ndarray:
    """Spoil the pictures of one clip.

    Args:
        pictures: uint8 [N, H, W, 3], one after the other.
        keypoints: Where the signer's joints are in them. What wasn't seen isn't spoilt.
        kind: "hand_blur" blurs both hands; "limb_break" moves a hand or a forearm off the rest
            for stretches of frames, more of them and further the stronger; "hand_loss" paints
            hands over with what is around them; "flicker" changes the brightness of patches from
            frame to frame.
        strength: 0 leaves the pictures as they are; 1 is as bad as it gets.
        seed: Of every choice.

    Raises:
        SLTError: If there is no such kind, a strength is outside 0 to 1, or keypoints aren't the
            pictures'.

    Chapter: 08_rendering_comparison
    """
    if kind not in KINDS:
        raise SLTError(f"There is no damage {kind!r}.", fix=f"Known: {', '.join(KINDS)}.")
    if not 0 <= strength <= 1:
        raise SLTError(f"A damage can't have strength {strength}.", fix="Give 0 to 1.")
    size = len(keypoints), keypoints.height, keypoints.width, 3
    if pictures.shape != size or pictures.dtype != np.uint8:
        raise SLTError(f"{pictures.dtype} pictures {pictures.shape} and keypoints for {size} "
                       "don't belong together.", fix="Use PictureKeypoints.resized.")  # fmt: skip
    if strength == 0 or not len(pictures):
        return pictures.copy()
    return KINDS[kind](pictures.copy(), keypoints, strength, np.random.default_rng([seed, 8]))


def hand_boxes(keypoints: PictureKeypoints, side: str) -> list[tuple[slice, slice] | None]:
    """Rows and columns of one hand in each picture; None where it wasn't seen or is outside.

    Args:
        keypoints: N.
        side: "right" or "left".

    Chapter: 08_rendering_comparison
    """
    hand = SLRTP_178.span(f"{side}_hand")
    least = LEAST * min(keypoints.height, keypoints.width)
    boxes = []
    for places, seen in zip(keypoints.places[:, hand], keypoints.seen[:, hand], strict=True):
        if not seen.any():
            boxes.append(None)
            continue
        low, high = places[seen].min(0), places[seen].max(0)
        middle, half = (low + high) / 2, np.maximum((high - low) * (0.5 + MARGIN), least)
        left, top = np.maximum(np.floor(middle - half), 0).astype(int)
        right, bottom = np.minimum(np.ceil(middle + half), (keypoints.width, keypoints.height))
        box = slice(int(top), int(bottom)), slice(int(left), int(right))
        boxes.append(box if box[0].stop > box[0].start and box[1].stop > box[1].start else None)
    return boxes


def _blurred(pictures, keypoints, strength, rng) -> np.ndarray:
    del rng
    sigma = strength * BLUR * min(pictures.shape[1:3])
    for side in SIDES:
        for picture, box in zip(pictures, hand_boxes(keypoints, side), strict=True):
            if box:
                soft = gaussian_filter(picture[box].astype(np.float32), (sigma, sigma, 0))
                picture[box] = np.round(soft)
    return pictures


def _lost(pictures, keypoints, strength, rng) -> np.ndarray:
    """In a share of the frames, each hand's box is filled from its edges."""
    for side in SIDES:
        gone = rng.random(len(pictures)) < strength
        for n, box in enumerate(hand_boxes(keypoints, side)):
            if box and gone[n]:
                pictures[n][box] = _filled(pictures[n][box])
    return pictures


def _filled(patch: np.ndarray) -> np.ndarray:
    """A patch without what is in it: its left and right edges, blended."""
    share = np.linspace(0, 1, patch.shape[1])[None, :, None]
    edges = [patch[:, [k]].astype(np.float32) for k in (0, -1)]
    return np.round((1 - share) * edges[0] + share * edges[1])


def _broken(pictures, keypoints, strength, rng) -> np.ndarray:
    """For stretches of frames a hand or forearm is cut out and put down somewhere beside."""
    side_px = min(pictures.shape[1:3])
    for side in SIDES:
        for start, stop in _stretches(len(pictures), 0.2 + 0.6 * strength, rng):
            angle = rng.uniform(0, 2 * np.pi)
            way = np.array([np.sin(angle), np.cos(angle)])
            off = np.round(strength * BREAK * side_px * way).astype(int)
            forearm = rng.random() < 0.5
            for n in range(start, stop):
                part = _part(keypoints, n, side, forearm)
                if part.any() and off.any():
                    pictures[n] = _moved(pictures[n], part, off)
    return pictures


def _stretches(count: int, share: float, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Stretches of frames that cover about a share of them."""
    found, now = [], 0
    while now < count:
        length = int(rng.integers(STRETCH // 3, STRETCH + 1))
        if rng.random() < share:
            found.append((now, min(now + length, count)))
        now += length
    return found


def _part(keypoints: PictureKeypoints, n: int, side: str, forearm: bool) -> np.ndarray:
    """The pixels around a hand, or around it and the forearm, bool [H, W]."""
    hand = np.arange(*SLRTP_178.span(f"{side}_hand").indices(len(SLRTP_178)))
    arm = SLRTP_178.ids(f"{side.upper()}_ELBOW", f"{side.upper()}_WRIST")
    seen, places = keypoints.seen[n], keypoints.places[n]
    points = places[hand[seen[hand]]]
    if forearm and seen[arm].all():
        share = np.linspace(0.2, 1, 12)[:, None]
        points = np.concatenate(
            [points, places[arm[0]] + share * (places[arm[1]] - places[arm[0]])]
        )
    part = np.zeros((keypoints.height, keypoints.width), bool)
    columns, rows = np.floor(points).astype(int).T if len(points) else np.zeros((2, 0), int)
    there = (rows >= 0) & (rows < keypoints.height)
    there &= (columns >= 0) & (columns < keypoints.width)
    part[rows[there], columns[there]] = True
    wide = max(1, round(0.03 * min(part.shape)))
    return binary_dilation(part, iterations=wide)


def _moved(picture: np.ndarray, part: np.ndarray, off: np.ndarray) -> np.ndarray:
    """A picture with some pixels put down elsewhere; what they leave is filled row by row."""
    rows, columns = np.nonzero(part)
    out = picture.copy()
    box = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
    out[box] = np.where(part[box][..., None], _filled(picture[box]), picture[box])
    to = rows + off[0], columns + off[1]
    fits = (to[0] >= 0) & (to[0] < len(out)) & (to[1] >= 0) & (to[1] < out.shape[1])
    out[to[0][fits], to[1][fits]] = picture[rows[fits], columns[fits]]
    return out


def _flickering(pictures, keypoints, strength, rng) -> np.ndarray:
    """Soft patches, other ones in every frame, are brighter or darker."""
    del keypoints
    sigma = 0.12 * min(pictures.shape[1:3])
    for n, picture in enumerate(pictures):
        patches = gaussian_filter(rng.normal(size=picture.shape[:2]), sigma)
        patches *= strength * LEVELS / max(float(patches.std()), 1e-9)
        pictures[n] = (picture + patches[..., None]).clip(0, 255).round()
    return pictures


KINDS: dict[str, Callable] = {
    "hand_blur": _blurred, "limb_break": _broken, "hand_loss": _lost, "flicker": _flickering
}  # fmt: skip
