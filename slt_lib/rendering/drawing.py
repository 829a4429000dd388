"""The plainest renderer: a skeleton of coloured lines, as pose-to-video models are given."""

import colorsys
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from slt_lib.pose.errors import SLTError
from slt_lib.pose.skeleton import FINGERS, SLRTP_178
from slt_lib.rendering.keypoints import PictureKeypoints

FINER = 4  # pixels drawn for one shown, along each side: soft edges
BODY_LINE, HAND_LINE, FACE_LINE = 0.022, 0.011, 0.005  # widths, shares of the picture's side
PAPER = (0.09, 0.10, 0.13)


@lru_cache
def lines() -> tuple[tuple[int, int, tuple[int, int, int], float], ...]:
    """What is drawn: two joints, the colour and the width of the line between them.

    The arms differ in colour from each other, and so do a hand's fingers: a translator can tell
    them apart.

    Chapter: 08_rendering_comparison
    """
    found = []
    for part, chains in SLRTP_178.chains.items():
        width = {"body": BODY_LINE, "face": FACE_LINE}.get(part, HAND_LINE)
        for k, chain in enumerate(chains):
            for i, j in pairwise(chain):
                found.append((i, j, _colour(part, k, SLRTP_178.joints[j]), width))
    return tuple(found)


def _colour(part: str, chain: int, joint: str) -> tuple[int, int, int]:
    if part == "face":
        return 215, 215, 220
    if part == "body":
        hue = 0.62 if chain else 0.03 if joint.startswith("RIGHT") else 0.55
        return _rgb(hue, 0.25 if chain else 0.75)
    if chain == len(FINGERS):  # the palm
        return _rgb(0.12, 0.15)
    return _rgb(chain / len(FINGERS) + (0.1 if part == "left_hand" else 0), 0.7)


def _rgb(hue: float, strong: float) -> tuple[int, int, int]:
    return tuple(round(255 * v) for v in colorsys.hsv_to_rgb(hue % 1, strong, 1.0))


def draw_skeletons(
    keypoints: PictureKeypoints, background: tuple[float, float, float] = PAPER
) -> np.ndarray:
    """Draw the skeleton in each picture, what is far away first.

    Args:
        keypoints: N; a line is drawn only where both its ends were seen.
        background: The paper's colour, 0 to 1.

    Returns:
        uint8 [N, H, W, 3].

    Raises:
        SLTError: If the colour isn't three numbers from 0 to 1.

    Chapter: 08_rendering_comparison
    """
    if np.shape(background) != (3,) or not all(0 <= v <= 1 for v in background):
        raise SLTError(f"{background} is no colour.", fix="Give three numbers from 0 to 1.")
    paper = tuple(round(255 * float(v)) for v in background)
    size = keypoints.width * FINER, keypoints.height * FINER
    out = np.empty((len(keypoints), keypoints.height, keypoints.width, 3), np.uint8)
    for n in range(len(keypoints)):
        image = Image.new("RGB", size, paper)
        pen = ImageDraw.Draw(image)
        for ends, colour, width in _ordered(keypoints, n):
            pen.line(ends, fill=colour, width=width)
            for x, y in (ends[:2], ends[2:]):
                r = width / 2
                pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)
        out[n] = np.asarray(image.reduce(FINER))
    return out


def _ordered(keypoints: PictureKeypoints, n: int) -> Iterator[tuple[list[float], tuple, int]]:
    """Ends, colour and width of one picture's lines, from far to near, finer pixels."""
    side = FINER * min(keypoints.height, keypoints.width)
    depths, seen = keypoints.depths[n], keypoints.seen[n]
    drawn = [line for line in lines() if seen[line[0]] and seen[line[1]]]
    for i, j, colour, width in sorted(drawn, key=lambda d: -(depths[d[0]] + depths[d[1]])):
        ends = [float(v) for v in FINER * keypoints.places[n, [i, j]].ravel()]
        yield ends, colour, max(1, round(width * side))
