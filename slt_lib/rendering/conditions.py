"""Keypoints as pictures: the skeleton's lines and heat maps that a generator draws from."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import torch
from numba import njit
from torch import Tensor

from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.rendering.keypoints import PictureKeypoints

HANDS = {"right": slice(8, 29), "left": slice(29, 50)}
OVAL = (10, 297, 284, 389, 454, 361, 397, 379, 152, 150, 172, 132, 234, 162, 54, 67)
FEATURES = ((46, 53, 52, 65), (285, 295, 282, 276), (33, 159, 133), (362, 386, 263), (61, 13, 291),
            (61, 14, 291))  # fmt: skip
LINE, LIMB = 0.012, 0.022  # widths of lines, shares of the picture's side
SHOWN = 25  # a line as faint as that has no depth
DEPTHS = ("right arm", "left arm", "right hand", "left hand")


@dataclass(frozen=True)
class Part:
    """A part of the signer that has a map of its own.

    Attributes:
        name: Such as "right index".
        chains: Joints in SLRTP order, from one to the next.
        width: Of its lines, shares of the picture's side.
        depth: Which of the `DEPTHS` it belongs to, or -1.
    """

    name: str
    chains: tuple[tuple[int, ...], ...]
    width: float = LINE
    depth: int = -1


@cache
def parts() -> tuple[Part, ...]:
    """All parts: limbs, trunk, face, ten fingers.

    Chapter: 07_signgan
    """

    def face(points):
        return tuple(int(i) for i in SLRTP_178.ids(*(f"FACE.{p}" for p in points)))

    limbs = {"right upper arm": (0, 1), "right forearm": (1, 2),
             "left upper arm": (3, 4), "left forearm": (4, 5)}  # fmt: skip
    found = [Part(name, (joints,), LIMB, int("left" in name)) for name, joints in limbs.items()]
    found.append(Part("trunk", ((0, 3), (0, 6), (3, 7), (6, 7)), LIMB))
    oval = face(OVAL)
    found.append(Part("face", ((*oval, oval[0]),)))
    found.append(Part("features", tuple(face(points) for points in FEATURES)))
    for k, (side, first) in enumerate((("right", 8), ("left", 29))):
        for n, finger in enumerate(("thumb", "index", "middle", "ring", "little")):
            chain = (first, *range(first + 1 + 4 * n, first + 5 + 4 * n))
            found.append(Part(f"{side} {finger}", (chain,), depth=2 + k))
    return tuple(found)


def channels() -> int:
    """How many maps `conditions` gives.

    Chapter: 07_signgan
    """
    return len(parts()) + len(DEPTHS) + 3


@cache
def _segments() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both ends of every line, int [S] each, and the part that it belongs to, int [S]."""
    ends = [(a, b, k) for k, part in enumerate(parts())
            for chain in part.chains for a, b in pairwise(chain)]  # fmt: skip
    return tuple(np.array(column) for column in zip(*ends, strict=True))


def conditions(keypoints: PictureKeypoints) -> Tensor:
    """What a generator is told about poses: lines, depths, and heat maps of the joints.

    Args:
        keypoints: N, in pictures of H × W; where a line's end wasn't seen there is no line.

    Returns:
        uint8 [N, `channels()`, H, W]: of each part its lines (0 to 255); of each of the `DEPTHS`
        how deep its lines are (nearer is more, 128 is the shoulders'); heat maps of the body's, the
        right hand's and the left hand's joints.

    Source: Saunders et al., Everybody Sign Now, 2020, section 3 (https://arxiv.org/abs/2011.09846).
    Chapter: 07_signgan
    """
    height, width, first = keypoints.height, keypoints.width, _segments()[0]
    out = np.zeros((len(keypoints), channels(), height, width), np.uint8)
    out[:, len(parts()) : len(parts()) + len(DEPTHS)] = 128
    widths = np.array([part.width * width for part in parts()], np.float32)
    depths = np.array([part.depth for part in parts()])
    if len(first) and len(keypoints):
        _draw(keypoints.places, keypoints.depths, keypoints.seen, *_segments(), widths, depths, out)
    heat = (_heat(keypoints) * 255).byte()
    return torch.cat([torch.from_numpy(out[:, :-3]), heat], 1)


@njit(cache=True, fastmath=True)
def _draw(places, depths, seen, first, last, part, widths, groups, out):
    """Draw every line whose ends were seen: the strongest wins; its depth goes into its group."""
    height, width, start = out.shape[2], out.shape[3], len(widths)
    for n in range(len(places)):
        for s in range(len(part)):
            i, j, p = first[s], last[s], part[s]
            if not (seen[n, i] and seen[n, j]):
                continue
            ax, ay = places[n, i]
            dx, dy = places[n, j, 0] - ax, places[n, j, 1] - ay
            square, wide = max(dx * dx + dy * dy, 1e-6), widths[p]
            reach = 3 * wide
            left, right = max(0, int(min(ax, ax + dx) - reach)), int(max(ax, ax + dx) + reach) + 1
            top, end = max(0, int(min(ay, ay + dy) - reach)), int(max(ay, ay + dy) + reach) + 1
            for y in range(top, min(end, height)):
                for x in range(left, min(right, width)):
                    ox, oy = x + 0.5 - ax, y + 0.5 - ay
                    share = min(max((ox * dx + oy * dy) / square, 0.0), 1.0)
                    ox, oy = ox - share * dx, oy - share * dy
                    value = 255 * np.exp(-(ox * ox + oy * oy) / (2 * wide * wide))
                    if value > out[n, p, y, x]:
                        out[n, p, y, x] = np.uint8(value)
                        if value > SHOWN and groups[p] >= 0:
                            depth = depths[n, i] * (1 - share) + depths[n, j] * share
                            level = 128 + min(max(-60 * depth, -127.0), 127.0)
                            out[n, start + groups[p], y, x] = np.uint8(level)


def _heat(keypoints: PictureKeypoints) -> Tensor:
    """Heat maps of body, right and left hand: every joint a dot, [N, 3, H, W]."""
    wide, maps = LINE * keypoints.width, []
    rows, columns = (torch.arange(n) + 0.5 for n in (keypoints.height, keypoints.width))
    for group in (slice(0, 8), *HANDS.values()):
        places = torch.from_numpy(keypoints.places[:, group])
        seen = torch.from_numpy(keypoints.seen[:, group]).float()
        x, y = (torch.exp(-((line - places[..., k, None]) ** 2) / (2 * wide**2))
                for k, line in enumerate((columns, rows)))  # fmt: skip
        maps.append(torch.einsum("njy,njx,nj->nyx", y, x, seen).clamp(max=1))
    return torch.stack(maps, 1)
