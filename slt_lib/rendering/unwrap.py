"""A signer's looks taken off a picture, part by part, and put on again in another pose."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from slt_lib.pose.errors import SLTError
from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.rendering.keypoints import PictureKeypoints

CUT = 48  # pixels along each side of a part's flat picture
SHORTEST = 0.25  # of a part's usual length: a limb that points at the camera isn't a point
TALL = 1.4  # a trunk's height, in widths of the shoulders
BESIDE = 0.13  # how far to each side a limb's picture reaches, in heights of the trunk


@dataclass(frozen=True)
class Patch:
    """A part of the signer that is laid flat.

    Attributes:
        name: Such as "left forearm".
        origin, end: Joints; the patch's v is 0 at the middle of the first, 1 at that of the others.
        side: Two joints that u is measured along, or none: across the line from origin to end.
        wide: Where u is 1: in lengths of half the side, or of the line from origin to end (head),
            or 0 for limbs (`BESIDE`).
        low, high: The v where the patch begins and ends.
        soft: How far the edge is soft, as a share of the width.
    """

    name: str
    origin: tuple[int, ...]
    end: tuple[int, ...]
    side: tuple[int, int] | None
    wide: float
    low: float
    high: float
    soft: float = 0.25


@cache
def patches() -> tuple[Patch, ...]:
    """All patches, from the one that lies lowest to the one on top.

    Chapter: 07_signgan
    """
    top, chin = (int(i) for i in SLRTP_178.ids("FACE.10", "FACE.152"))
    hands = {"right": 8, "left": 29}
    return (
        Patch("trunk", (0, 3), (6, 7), (0, 3), 1.25, -0.25, 1.3),
        Patch("head", (top,), (chin,), None, 0.62, -0.55, 1.35),
        Patch("right upper arm", (0,), (1,), None, 0, -0.15, 1.1),
        Patch("left upper arm", (3,), (4,), None, 0, -0.15, 1.1),
        Patch("right forearm", (1,), (2,), None, 0, -0.1, 1.1),
        Patch("left forearm", (4,), (5,), None, 0, -0.1, 1.1),
        *(Patch(f"{name} hand", (w,), (w + 9,), (w + 5, w + 17), 1.8, -0.2, 2.5)
          for name, w in hands.items()),
    )  # fmt: skip


def unwrap(
    pictures: np.ndarray, keypoints: PictureKeypoints, masks: np.ndarray | None = None
) -> Tensor:
    """Lay a signer's parts flat.

    Args:
        pictures: uint8 [R, H, W, 3], all of one signer.
        keypoints: Of the same R pictures.
        masks: How much of a pixel the signer covers, 0 to 1, [R, H, W]; without them, what is
            beside the signer is taken for a part of them.

    Returns:
        RGB 0 to 1 and how surely it was seen, 0 to 1, float [patches, 4, CUT, CUT]: each part from
        the picture that shows most of it. Where none did, 0.

    Raises:
        SLTError: If there is no picture, or not as many keypoints and masks.

    Chapter: 07_signgan
    """
    return best_looks(unwrapped_each(pictures, keypoints, masks))


def unwrapped_each(
    pictures: np.ndarray, keypoints: PictureKeypoints, masks: np.ndarray | None = None
) -> Tensor:
    """As `unwrap`, of each picture alone: [R, patches, 4, CUT, CUT]."""
    if not len(pictures) or len(keypoints) != len(pictures) or (
        masks is not None and masks.shape != pictures.shape[:3]
    ):  # fmt: skip
        raise SLTError(f"{len(pictures)} pictures, {len(keypoints)} sets of keypoints and masks of "
                       f"shape {np.shape(masks)} don't belong together.",
                       fix="Give one or more pictures, each with its own.")  # fmt: skip
    keypoints = keypoints.resized(*pictures.shape[1:3])
    shown = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 255
    cover, _ = _cover(keypoints)
    if masks is not None:  # the rim is half background
        cover = (
            cover * ((torch.from_numpy(masks.astype(np.float32)) - 0.5) * 2).clamp(min=0)[:, None]
        )
    origins, axes, _ = _frames(keypoints)
    line = (torch.arange(CUT) + 0.5) / CUT
    size, out = torch.tensor([keypoints.width, keypoints.height]), []
    for k, patch in enumerate(patches()):
        u, v = 2 * line - 1, patch.low + (patch.high - patch.low) * line
        at = torch.stack(torch.meshgrid(u, v, indexing="xy"), -1).view(1, -1, 2)
        at = (origins[:, k, None] + at @ axes[:, k].transpose(1, 2)).view(-1, CUT, CUT, 2)
        both = torch.cat([shown, cover[:, k : k + 1]], 1)
        both = grid_sample(both, at / size * 2 - 1, align_corners=False)
        out.append(torch.cat([both[:, :3] * (both[:, 3:] > 0), both[:, 3:]], 1))
    return torch.stack(out, 1)


def best_looks(each: Tensor) -> Tensor:
    """Flat parts of several pictures [R, patches, 4, CUT, CUT] as one.

    Of each part the picture that shows most of it comes first, and others fill in what it hides:
    a mean would blur every pattern.
    """
    order = each[:, :, 3].sum((2, 3)).argsort(0, descending=True)
    out, left = torch.zeros_like(each[0]), torch.ones_like(each[0, :, 3:])
    for row in order:
        one = each[row, torch.arange(each.shape[1])]
        share = left * one[:, 3:]
        out += torch.cat([one[:, :3] * share, share], 1)
        left = left - share
    return torch.cat([out[:, :3] / out[:, 3:].clamp(min=1e-4), out[:, 3:]], 1)


def wrap(looks: Tensor, keypoints: PictureKeypoints) -> Tensor:
    """Put flat parts where a pose has them, the upper ones before the lower ones.

    Args:
        looks: Of `unwrap`, [patches, 4, CUT, CUT], or one per pose, [N, patches, 4, CUT, CUT].
        keypoints: N poses; parts whose joints weren't seen are left out.

    Returns:
        RGB 0 to 1 times cover, and cover 0 to 1, float [N, 4, height, width].

    Chapter: 07_signgan
    """
    cover, places = _cover(keypoints)
    looks = looks.expand(len(keypoints), *looks.shape[-4:])
    height, width = keypoints.height, keypoints.width
    out = torch.zeros(len(keypoints), 4, height, width)
    for k, _ in enumerate(patches()):
        grid = places[:, k].view(-1, height, width, 2)
        put = grid_sample(looks[:, k], grid, align_corners=False, padding_mode="border")
        weight = cover[:, k : k + 1] * (put[:, 3:] > 0.02)
        out += torch.cat([put[:, :3] * weight, weight], 1)
    return out


def patch_cover(keypoints: PictureKeypoints) -> Tensor:
    """How much of each pixel each part takes, 0 to 1, [N, patches, H, W]; they sum up to 1 or less.

    Chapter: 07_signgan
    """
    return _cover(keypoints)[0]


def _frames(keypoints: PictureKeypoints) -> tuple[Tensor, Tensor, Tensor]:
    """Origins [N, P, 2] and axes (u, v as columns) [N, P, 2, 2] in pixels, and which were seen."""
    points, seen = torch.from_numpy(keypoints.places), torch.from_numpy(keypoints.seen)
    height = _heights(points, seen).clamp(min=0.15 * keypoints.height)
    origins, axes, known = [], [], []
    for patch in patches():
        joints = [*patch.origin, *patch.end, *(patch.side or ()), 0, 3]
        origin = _middle(points, patch.origin)
        down = _at_least(_middle(points, patch.end) - origin, SHORTEST * 0.3 * height)
        across = torch.stack([-down[:, 1], down[:, 0]], -1) / down.norm(dim=-1, keepdim=True)
        if patch.side:
            side = (points[:, patch.side[1]] - points[:, patch.side[0]]) / 2
            across = _at_least(side, SHORTEST * down.norm(dim=-1, keepdim=True)) * patch.wide
        elif patch.wide:
            across = across * patch.wide * down.norm(dim=-1, keepdim=True)
        else:
            across = across * BESIDE * height
        origins.append(origin)
        axes.append(torch.stack([across, down], -1))
        known.append(seen[:, joints].all(1))
    return torch.stack(origins, 1), torch.stack(axes, 1), torch.stack(known, 1)


def _heights(points: Tensor, seen: Tensor) -> Tensor:
    """How high the trunk is, pixels [N, 1]; by the shoulders where a hip wasn't seen."""
    down = (_middle(points, (6, 7)) - _middle(points, (0, 3))).norm(dim=-1, keepdim=True)
    across = (points[:, 3] - points[:, 0]).norm(dim=-1, keepdim=True)
    return torch.where(seen[:, [6, 7]].all(1, keepdim=True), down, TALL * across)


def _middle(points: Tensor, joints: tuple[int, ...]) -> Tensor:
    return points[:, list(joints)].mean(1)


def _at_least(vectors: Tensor, shortest: Tensor) -> Tensor:
    """Vectors [N, 2] made as long as they should at least be; one without length points down."""
    length = vectors.norm(dim=-1, keepdim=True)
    ways = torch.where(length > 1e-3, vectors / length.clamp(min=1e-3), torch.tensor([0.0, 1.0]))
    return ways * torch.maximum(length, shortest)


def _cover(keypoints: PictureKeypoints) -> tuple[Tensor, Tensor]:
    """How much of each pixel each patch has, upper ones first, [N, P, H, W]; and its place in it.

    The places are for `grid_sample`, [N, P, H·W, 2]: u, and v from -1 to 1.
    """
    height, width = keypoints.height, keypoints.width
    x, y = torch.arange(width) + 0.5, torch.arange(height) + 0.5
    pixels = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).view(-1, 2)
    origins, axes, seen = _frames(keypoints)
    inverse = torch.linalg.inv(axes + 1e-4 * torch.eye(2))
    at = (pixels - origins[:, :, None]) @ inverse.transpose(2, 3)
    low, high, soft = (torch.tensor([getattr(p, name) for p in patches()])[:, None]
                       for name in ("low", "high", "soft"))  # fmt: skip
    v = (at[..., 1] - low) / (high - low) * 2 - 1
    inside = ((1 - at[..., 0].abs()) / soft).clamp(0, 1) * ((1 - v.abs()) / 0.1).clamp(0, 1)
    inside = inside * seen[:, :, None]
    above = (1 - inside.flip(1)).cumprod(1).flip(1)  # what this patch and all on it leave free
    free = torch.cat([above[:, 1:], torch.ones_like(above[:, :1])], 1)
    cover = (inside * free).view(len(keypoints), -1, height, width)
    return cover, torch.stack([at[..., 0], v], -1)
