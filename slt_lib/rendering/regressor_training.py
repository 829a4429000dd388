"""Teach a pose regressor with pictures whose joints are known, and check how good it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import mannwhitneyu
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.rendering.damage import damaged
from slt_lib.rendering.frame_pretraining import lesson
from slt_lib.rendering.keypoints import PictureKeypoints, shoulder_width
from slt_lib.rendering.regressor import (
    BODY,
    HANDS,
    PoseRegressor,
    RegressorSettings,
    cropped,
    find,
    hand_confidence,
    hand_view,
    inside,
)
from slt_lib.rendering.variation import varied
from slt_lib.stitching.regression import one_thread

PEAK = 0.8  # cells: the width of the peak that a map should have
OFF, LARGER, TURN = 0.2, 0.2, 0.8  # how crops of the training vary: sides, share, radians
EMPTY = 0.15  # share of the crops that are taken anywhere: what has no hand has no peak
SPOILT = 0.3  # share of the crops whose hand is blurred or painted over
BLURRED = 5  # pixels of a side that are left of a blurred crop
AROUND = 0.08  # of a crop's side: how far from the joints a hand's skin reaches
NOWHERE = 1.0  # weight of maps that should have no peak
FEWEST = 6  # joints of a hand that must be seen to crop it


def train_regressor(
    pictures: np.ndarray,
    keypoints: PictureKeypoints | Sequence[PictureKeypoints],
    settings: RegressorSettings | None = None,
    *,
    progress: bool = True,
) -> PoseRegressor:
    """Teach a regressor; to work for other signers it needs pictures of several.

    Args:
        pictures: uint8 [N, H, W, 3].
        keypoints: Of the N pictures, or of several lots of them in order.
        settings: How.
        progress: Whether to show it.

    Raises:
        SLTError: If there are no pictures, or keypoints aren't theirs.

    Chapter: 08_rendering_comparison
    """
    settings = settings or RegressorSettings()
    images, places, seen = lesson(pictures, keypoints)
    size = torch.tensor([images.shape[3], images.shape[2]])
    rng = torch.Generator().manual_seed(settings.seed)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        regressor = PoseRegressor(settings)
        optimiser = torch.optim.AdamW(regressor.parameters(), settings.rate)
        rates = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, settings.rate, settings.steps + 1, pct_start=0.15
        )
        for _ in tqdm(range(settings.steps), "regressor", unit="step", disable=not progress):
            some = torch.randint(len(images), (settings.batch,), generator=rng)
            shown, where = varied(images[some], places[some], settings.variation, rng)
            shown, where, known = _mirrored(shown, where / size, seen[some], rng)
            loss = _loss(regressor, shown, where, known, rng)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rates.step()
    return regressor.eval()


def _loss(
    regressor: PoseRegressor, shown: Tensor, where: Tensor, seen: Tensor, rng: torch.Generator
) -> Tensor:
    """Of the body in whole pictures and of the hands in crops."""
    size = regressor.settings.size
    small = F.interpolate(shown, size=(size, size), mode="bilinear", antialias=True)
    middles, there = zip(*(_middle(where[:, hand], seen[:, hand]) for hand in HANDS), strict=True)
    targets = torch.cat([where[:, :BODY], torch.stack(middles, 1)], 1)
    known = torch.cat([seen[:, :BODY], torch.stack(there, 1)], 1)
    loss = _surprise(regressor.body(small), targets, known)
    for side, hand in enumerate(HANDS):
        view, empty = _views(middles[side], regressor.settings.crop, rng, mirror=side == 1)
        crops, targets = cropped(shown, view, regressor.settings.hand), inside(where[:, hand], view)
        crops, spoilt = _spoilt(crops, targets, seen[:, hand], rng)
        maps, gone = regressor.hands(crops), (empty | spoilt)[:, None]
        loss = loss + _surprise(maps, targets, seen[:, hand] & there[side][:, None] & ~gone)
        loss = loss - NOWHERE * (maps.flatten(2).log_softmax(-1).mean(-1) * gone).mean()
    return loss


def _mirrored(
    shown: Tensor, where: Tensor, seen: Tensor, rng: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Pictures, places in shares and seen as they are, or all seen in a mirror."""
    if torch.rand((), generator=rng) < 0.5:
        return shown, where, seen
    order = torch.from_numpy(SLRTP_178.mirror[: where.shape[1]])
    return (
        shown.flip(-1),
        torch.tensor([1.0, 0.0]) + where[:, order] * torch.tensor([-1.0, 1.0]),
        seen[:, order],
    )


def _spoilt(
    crops: Tensor, targets: Tensor, seen: Tensor, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Some crops [N, 3, S, S] with the hand blurred or painted over, and which they are, [N].

    What has no legible hand shall have no peak: otherwise the arm alone would do.
    """
    count, size = len(crops), crops.shape[-1]
    kind = torch.rand(count, generator=rng)
    spoilt, painted = kind < SPOILT, kind < SPOILT / 2
    known = targets.masked_fill(~seen[..., None], torch.nan)
    low, high = (torch.nan_to_num(known, nan=v) for v in (2.0, -2.0))
    low, high = low.amin(1) - AROUND, high.amax(1) + AROUND
    soft = F.interpolate(F.adaptive_avg_pool2d(crops, BLURRED), size=(size, size), mode="bilinear")
    cover = torch.where(painted[:, None, None, None], _across(crops, low, high), soft)
    line = (torch.arange(size) + 0.5) / size
    x, y = ((line > low[:, k, None]) & (line < high[:, k, None]) for k in (0, 1))
    place = (y[:, :, None] & x[:, None, :] & spoilt[:, None, None])[:, None]
    return torch.where(place, cover, crops), spoilt


def _across(crops: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Crops whose rows run from what is left of a box to what is right of it, [N, 3, S, S]."""
    size = crops.shape[-1]
    grid = F.affine_grid(torch.eye(2, 3).expand(len(crops), 2, 3), list(crops.shape),
                         align_corners=False)  # fmt: skip
    edges = []
    for x in (low[:, 0], high[:, 0]):
        at = torch.stack([(2 * x - 1)[:, None, None].expand_as(grid[..., 0]), grid[..., 1]], -1)
        edges.append(F.grid_sample(crops, at, padding_mode="border", align_corners=False))
    share = torch.linspace(0, 1, size)
    return (1 - share) * edges[0] + share * edges[1]


def _middle(where: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """The middle of what was seen of hands [N, 21, 2], and whether that is enough."""
    count = seen.sum(1)
    total = where.masked_fill(~seen[..., None], 0).sum(1)
    return total / count.clamp(min=1)[:, None], count >= FEWEST


def _views(
    middle: Tensor, crop: float, rng: torch.Generator, *, mirror: bool
) -> tuple[Tensor, Tensor]:
    """Squares around hands, a little beside, turned and sized; some are anywhere else."""
    count = len(middle)
    chance = 2 * torch.rand(count, 4, generator=rng) - 1
    anywhere = torch.rand(count, 2, generator=rng)
    empty = torch.rand(count, generator=rng) < EMPTY
    empty &= (anywhere - middle).norm(dim=-1) > crop
    spots = torch.where(empty[:, None], anywhere, middle + OFF * crop * chance[:, :2])
    sizes = crop * (1 + LARGER * chance[:, 2])
    return hand_view(spots, sizes, TURN * chance[:, 3], mirror=mirror), empty


def _surprise(maps: Tensor, targets: Tensor, known: Tensor) -> Tensor:
    """Cross entropy of maps [N, J, h, w] against peaks at places [N, J, 2], of what is known."""
    height, width = maps.shape[2:]
    known = known & ((targets > 0) & (targets < 1)).all(-1)
    targets = targets.masked_fill(~known[..., None], 0.5)
    x, y = (targets * torch.tensor([width, height])).unbind(-1)
    across = -(((torch.arange(width) + 0.5) - x[..., None]) ** 2) / (2 * PEAK**2)
    along = -(((torch.arange(height) + 0.5) - y[..., None]) ** 2) / (2 * PEAK**2)
    peak = along.softmax(-1)[..., None] * across.softmax(-1)[..., None, :]
    surprise = -(peak * maps.flatten(2).log_softmax(-1).view_as(maps)).sum((2, 3))
    return (surprise * known).sum() / known.sum().clamp(min=1)


@dataclass(frozen=True)
class Validation:
    """How far a regressor can be believed, on captures that it wasn't trained on.

    Attributes:
        pixels: Median distance from the truth, by "body" and "hands".
        widths: The same in shoulder widths, each picture's own as it would be seen from the front.
        told_apart: How well the confidence of a hand tells true from damaged ones, by kind of
            damage: the chance that the true one of two has more; 0.5 is a guess.

    Chapter: 08_rendering_comparison
    """

    pixels: dict[str, float]
    widths: dict[str, float]
    told_apart: dict[str, float]


def validated(
    regressor: PoseRegressor, pictures: np.ndarray, keypoints: PictureKeypoints, *, seed: int = 0
) -> Validation:
    """Check a regressor on captures, best of signers that it doesn't know.

    Args:
        regressor: Trained.
        pictures: uint8 [N, H, W, 3].
        keypoints: Of the N pictures.
        seed: Of the damage.

    Raises:
        SLTError: If keypoints aren't the pictures', or there are none.

    Chapter: 08_rendering_comparison
    """
    lesson(pictures, keypoints)  # checks that they belong together
    places, sure = find(regressor, pictures)
    joints = places.shape[1]
    off = np.linalg.norm(places - keypoints.places[:, :joints], axis=-1)
    seen = keypoints.seen[:, :joints]
    span = shoulder_width(keypoints)
    parts = {"body": slice(0, BODY), "hands": slice(BODY, joints)}
    middles = {name: float(np.median(off[:, part][seen[:, part]])) for name, part in parts.items()}
    true = hand_confidence(sure)
    apart = {}
    for kind in ("hand_blur", "hand_loss"):
        spoilt = damaged(pictures, keypoints, kind, 1.0, seed)
        false = hand_confidence(find(regressor, spoilt)[1])
        known = _seen_hands(seen)
        higher = mannwhitneyu(true[known], false[known]).statistic
        apart[kind] = float(higher / known.sum() ** 2)
    return Validation(middles, {k: v / span for k, v in middles.items()}, apart)


def _seen_hands(seen: np.ndarray) -> np.ndarray:
    return np.stack([seen[:, hand].sum(1) >= FEWEST for hand in HANDS], 1)
