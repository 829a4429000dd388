"""Find a signer's joints in pictures: what judges rendered ones, without outside software."""

from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from slt_lib.pose.errors import PoseFileError, SLTError
from slt_lib.pose.io.guard import atomic_write, refusing
from slt_lib.pose.skeleton import BODY_HANDS_50, SLRTP_178
from slt_lib.rendering.variation import Variation
from slt_lib.stitching.regression import one_thread

JOINTS = len(BODY_HANDS_50)
BODY = SLRTP_178.span("body").stop  # the first joints; the hands' 21 each follow
HANDS = (SLRTP_178.span("right_hand"), SLRTP_178.span("left_hand"))
FINGERS = 21  # joints of a hand
BODY_CELL, HAND_CELL = 4, 2  # pixels of a cell of the maps, along each side
REACH = 2  # cells around a map's peak: its place is their middle, its confidence their share
FORMAT = "slt-regressor-1"
AGAIN = "Delete it and train again."


@dataclass(frozen=True)
class RegressorSettings:
    """A pose regressor and its training.

    Attributes:
        size: Pixels of a side that pictures are made before it looks at them.
        hand: Pixels of a side that the crop around a hand is made.
        crop: The crop's side, as a share of the picture's.
        channels: Of the first layers.
        steps: Of the training.
        batch: Pictures per step.
        rate: Highest learning rate.
        seed: Of the first weights, the order and the variation.
        variation: How pictures are varied in the training.

    Raises:
        SLTError: If a number isn't above 0, or sizes and channels aren't multiples of 16 and 4.

    Chapter: 08_rendering_comparison
    """

    size: int = 64
    hand: int = 32
    crop: float = 0.34
    channels: int = 16
    steps: int = 2500
    batch: int = 16
    rate: float = 4e-3
    seed: int = 0
    variation: Variation = field(default_factory=Variation)

    def __post_init__(self) -> None:
        if min(self.size, self.hand, self.crop, self.channels, self.steps, self.batch) <= 0:
            raise SLTError(f"A regressor can't learn with {self}.", fix="Give numbers above 0.")
        if self.size % 16 or self.hand % 16 or self.channels % 4 or self.crop > 1:
            raise SLTError(f"A regressor can't look at {self.size} and {self.hand} pixels with "
                           f"{self.channels} channels and a crop of {self.crop}.",
                           fix="Give multiples of 16 and of 4, and a crop up to 1.")  # fmt: skip


class HeatMaps(nn.Module):
    """A small network that says for every cell of a picture how likely a joint is there.

    Coarse layers see the whole, fine ones where exactly; each way down is joined on the way up.

    Args:
        joints: How many maps.
        channels: Of the first layer; deeper ones have up to four times as many.
        cell: Pixels of a map's cell along each side, 2 or 4.

    Source: Ronneberger et al., U-Net, MICCAI 2015.
    Chapter: 08_rendering_comparison
    """

    def __init__(self, joints: int, channels: int, cell: int) -> None:
        super().__init__()
        self.cell, c = cell, channels
        self.stem = _layer(3, c, kernel=cell + 3, stride=cell)
        widths = (c, 2 * c, 3 * c, 4 * c)
        self.down = nn.ModuleList(
            nn.Sequential(_layer(a, b, stride=2), _layer(b, b)) for a, b in pairwise(widths)
        )
        self.up = nn.ModuleList(_layer(a + b, a) for a, b in pairwise(widths))
        self.maps = nn.Conv2d(c, joints, 1)
        self.to(memory_format=torch.channels_last)  # faster on CPUs

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores [N, joints, H / cell, W / cell] of pictures [N, 3, H, W], 0 to 1."""
        found = [self.stem((pictures - 0.5).contiguous(memory_format=torch.channels_last))]
        for layer in self.down:
            found.append(layer(found[-1]))
        now = found.pop()
        for layer, finer in zip(reversed(self.up), reversed(found), strict=True):
            now = layer(torch.cat([F.interpolate(now, size=finer.shape[2:]), finer], 1))
        return self.maps(now)


def _layer(before: int, after: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, kernel, stride, kernel // 2),
                         nn.GroupNorm(4, after), nn.ReLU(inplace=True))  # fmt: skip


class PoseRegressor(nn.Module):
    """Finds the first 50 joints of SLRTP order: the body first, then each hand in a crop.

    Args:
        settings: Its sizes.

    Chapter: 08_rendering_comparison
    """

    def __init__(self, settings: RegressorSettings) -> None:
        super().__init__()
        self.settings = settings
        # After the body's joints, the middles of the hands: where to crop
        self.body = HeatMaps(BODY + len(HANDS), settings.channels, BODY_CELL)
        self.hands = HeatMaps(FINGERS, settings.channels, HAND_CELL)  # left ones are mirrored

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Where joints are in pictures [N, 3, H, W], 0 to 1.

        Returns:
            Places as shares of the picture's width and height, float [N, 50, 2], and confidence,
            0 to 1, float [N, 50].
        """
        size = self.settings.size
        small = F.interpolate(pictures, size=(size, size), mode="bilinear", antialias=True)
        places, sure = peaks(self.body(small))
        found, known = [places[:, :BODY]], [sure[:, :BODY]]
        for side in range(len(HANDS)):
            middle = places[:, BODY + side]
            view = hand_view(middle, self.settings.crop, mirror=side == 1)
            there, clear = peaks(self.hands(cropped(pictures, view, self.settings.hand)))
            found.append(outside(there, view))
            known.append(clear * sure[:, BODY + side, None])
        return torch.cat(found, 1), torch.cat(known, 1)


def peaks(maps: Tensor) -> tuple[Tensor, Tensor]:
    """The place of each map's highest peak, and how much of the map it holds.

    Args:
        maps: Scores [N, J, h, w].

    Returns:
        Shares of width and height, float [N, J, 2], and 0 to 1, float [N, J].
    """
    height, width = maps.shape[2:]
    chances = maps.flatten(2).softmax(-1).view_as(maps)
    best = chances.flatten(2).argmax(-1)[..., None, None]
    rows, columns = torch.arange(height)[:, None], torch.arange(width)
    far = torch.maximum((rows - best // width).abs(), (columns - best % width).abs())
    near = chances * (far <= REACH)
    mass = near.sum((2, 3))
    x = (near.sum(2) * (columns + 0.5)).sum(-1) / mass / width
    y = (near.sum(3) * (rows[:, 0] + 0.5)).sum(-1) / mass / height
    return torch.stack([x, y], -1), mass


def hand_view(
    middle: Tensor, crop: float | Tensor, turn: Tensor | None = None, *, mirror: bool = False
) -> Tensor:
    """The square of a picture around a hand, as a map from the crop to the picture.

    Args:
        middle: Shares of the picture's width and height, float [N, 2].
        crop: The square's side as a share of the picture's, one or [N].
        turn: Radians, float [N]; upright by default.
        mirror: Whether left and right change places.

    Returns:
        Affine maps of coordinates from -1 to 1, float [N, 2, 3].
    """
    turn = torch.zeros(len(middle)) if turn is None else turn
    turned = torch.stack([turn.cos(), -turn.sin(), turn.sin(), turn.cos()], -1).view(-1, 2, 2)
    size = torch.as_tensor(crop).expand(len(middle))[:, None, None]
    flip = torch.tensor([[-1.0, 1.0]]) if mirror else torch.ones(1, 2)
    return torch.cat([turned * size * flip, (2 * middle - 1)[..., None]], -1)


def cropped(pictures: Tensor, view: Tensor, size: int) -> Tensor:
    """What pictures [N, 3, H, W] show in a view each, float [N, 3, size, size]."""
    grid = F.affine_grid(view, [len(view), 3, size, size], align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def outside(places: Tensor, view: Tensor) -> Tensor:
    """From places in crops to those in the pictures, both in shares, float [N, J, 2]."""
    return ((2 * places - 1) @ view[:, :, :2].mT + view[:, None, :, 2] + 1) / 2


def inside(places: Tensor, view: Tensor) -> Tensor:
    """From places in pictures to those in their crops, both in shares, float [N, J, 2]."""
    back = torch.linalg.inv(view[:, :, :2])
    return ((2 * places - 1 - view[:, None, :, 2]) @ back.mT + 1) / 2


def find(
    regressor: PoseRegressor, pictures: np.ndarray, *, batch: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """Find the joints of signers in pictures.

    Args:
        regressor: Trained.
        pictures: uint8 [N, H, W, 3], nearly square.
        batch: Looked at at once.

    Returns:
        Places, pixels, float32 [N, 50, 2], and how sure it is of each, 0 to 1, float32 [N, 50].
        Every joint gets a place: which of them to believe, the confidence says.

    Raises:
        SLTError: If they aren't such pictures.

    Chapter: 08_rendering_comparison
    """
    if pictures.ndim != 4 or pictures.shape[-1] != 3 or pictures.dtype != np.uint8:
        raise SLTError(f"{pictures.dtype} {pictures.shape} aren't pictures.",
                       fix="Give uint8 [N, H, W, 3].")  # fmt: skip
    size = np.array(pictures.shape[2:0:-1], np.float32)
    places = np.zeros((len(pictures), JOINTS, 2), np.float32)
    sure = np.zeros(places.shape[:2], np.float32)
    regressor.eval()
    with torch.no_grad(), one_thread():
        for start in range(0, len(pictures), batch):
            some = np.s_[start : start + batch]
            shown = torch.from_numpy(pictures[some]).permute(0, 3, 1, 2).float() / 255
            where, known = regressor(shown)
            places[some], sure[some] = where.numpy() * size, known.numpy()
    return places, sure


def hand_confidence(sure: np.ndarray) -> np.ndarray:
    """How sure a regressor is of the right and the left hand, 0 to 1, float [N, 2].

    Args:
        sure: Of each joint, as `find` gives it, [N, 50].

    Chapter: 08_rendering_comparison
    """
    return np.stack([sure[:, hand].mean(1) for hand in HANDS], 1)


def save_regressor(regressor: PoseRegressor, path: str | Path) -> None:
    """Write a regressor and its settings.

    Chapter: 08_rendering_comparison
    """
    content = {"format": FORMAT, "settings": asdict(regressor.settings),
               "weights": regressor.state_dict()}  # fmt: skip
    with atomic_write(path) as file:
        torch.save(content, file)


def load_regressor(path: str | Path) -> PoseRegressor:
    """Read what `save_regressor` wrote. Only plain values and tensors are accepted.

    Raises:
        SLTError: If the file is missing, damaged or something else.

    Chapter: 08_rendering_comparison
    """
    path = Path(path)
    with refusing(path, "a pose regressor", AGAIN):
        content = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise PoseFileError("It is no pose regressor.", file=path, fix=AGAIN)
        given = dict(content["settings"])
        settings = RegressorSettings(**given | {"variation": Variation(**given["variation"])})
        regressor = PoseRegressor(settings)
        regressor.load_state_dict(content["weights"])
    return regressor.eval()
