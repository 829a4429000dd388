"""What judges a generator: critics of patches, and a reader of hands."""

import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample, interpolate
from torch.nn.utils.parametrizations import spectral_norm

from slt_lib.rendering.conditions import HANDS, channels
from slt_lib.rendering.keypoints import PictureKeypoints

CROP, MAPS = 32, 16  # sides of a hand's picture and of its heat maps, pixels
MARGIN = 1.35  # of the crop around a hand's joints
DOT = 1.0  # width of a joint's dot in a heat map, pixels
FEWEST = 6  # joints of a hand that must have been seen


class PatchCritic(nn.Module):
    """Says of every patch how real it looks for this pose, at two scales.

    Args:
        width: Channels of the first layer.

    Source: Wang et al., pix2pixHD, CVPR 2018 (https://arxiv.org/abs/1711.11585); spectral norm by
        Miyato et al., ICLR 2018 (https://arxiv.org/abs/1802.05957).

    Chapter: 07_signgan
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.scales = nn.ModuleList(self._scale(width) for _ in range(2))

    @staticmethod
    def _scale(width: int) -> nn.ModuleList:
        sizes = [(3 + channels(), width, 4, 2), (width, 2 * width, 4, 2),
                 (2 * width, 2 * width, 3, 1), (2 * width, 1, 3, 1)]  # fmt: skip
        return nn.ModuleList(
            spectral_norm(nn.Conv2d(before, after, kernel, stride, 1))
            for before, after, kernel, stride in sizes
        )

    def forward(self, pictures: Tensor, given: Tensor) -> list[list[Tensor]]:
        """Features of every layer, the last one the verdicts, by scale.

        Args:
            pictures: 0 to 1, [N, 3, H, W].
            given: Of `conditions`, uint8 [N, channels, H, W].
        """
        x, out = torch.cat([pictures - 0.5, given.float() / 255], 1), []
        for k, layers in enumerate(self.scales):
            seen = interpolate(x, scale_factor=0.5, mode="area") if k else x
            found = []
            for layer in layers[:-1]:
                seen = nn.functional.leaky_relu(layer(seen), 0.2)
                found.append(seen)
            out.append([*found, layers[-1](seen)])
        return out


class HandReader(nn.Module):
    """Finds the 21 joints of a hand in a close-up of it, as heat maps.

    Trained on true pictures and then left alone: a drawn hand in which it finds the joints where
    they should be is a hand that can be read.

    Source: Saunders et al., Everybody Sign Now, 2020, section 3.3: the hand keypoint loss.
    Chapter: 07_signgan
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([
            nn.Conv2d(3, 32, 3, padding=1), nn.Conv2d(32, 48, 3, stride=2, padding=1),
            nn.Conv2d(48, 64, 3, padding=2, dilation=2),
            nn.Conv2d(64, 64, 3, padding=4, dilation=4),
            nn.Conv2d(64, 64, 3, padding=2, dilation=2),
        ])  # fmt: skip
        self.maps = nn.Conv2d(64, 21, 1)

    def forward(self, crops: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Heat maps [M, 21, 16, 16] of crops [M, 3, 32, 32], 0 to 1, and features on the way."""
        x, found = crops - 0.5, []
        for layer in self.layers:
            x = nn.functional.relu(layer(x))
            found.append(x)
        return self.maps(x), found


def hand_boxes(keypoints: PictureKeypoints) -> tuple[Tensor, Tensor, Tensor]:
    """Where hands are, for close-ups.

    Args:
        keypoints: N pictures.

    Returns:
        Which picture each hand is in, int [M]; its box (middle x, y and half the side, negative
        for a left hand, which is mirrored), shares of the picture from -1 to 1, float [M, 3]; and
        the joints in the close-up, pixels of its heat map, float [M, 21, 2], NaN if not seen.

    Chapter: 07_signgan
    """
    size = torch.tensor([keypoints.width, keypoints.height]) / 2
    numbers, boxes, joints = [], [], []
    for side, part in HANDS.items():
        places = torch.from_numpy(keypoints.places[:, part]) / size - 1
        seen = torch.from_numpy(keypoints.seen[:, part]).unsqueeze(-1)
        enough = seen[..., 0].sum(1) >= FEWEST
        low = torch.where(seen, places, torch.inf).amin(1)
        high = torch.where(seen, places, -torch.inf).amax(1)
        middle, half = (low + high) / 2, MARGIN * (high - low).amax(1) / 2
        enough &= (middle.abs() < 1).all(1) & (half > 0)
        flip = torch.tensor([-1.0 if side == "left" else 1.0, 1.0])
        inside = (places - middle[:, None]) / half[:, None, None] * flip
        inside = torch.where(seen, (inside + 1) * MAPS / 2, torch.nan)
        numbers.append(torch.nonzero(enough)[:, 0])
        boxes.append(torch.cat([middle, half[:, None] * flip[0]], 1)[enough])
        joints.append(inside[enough])
    return torch.cat(numbers), torch.cat(boxes), torch.cat(joints)


def close_ups(pictures: Tensor, numbers: Tensor, boxes: Tensor) -> Tensor:
    """Hands cut out of pictures [N, 3, H, W], as `hand_boxes` has them: [M, 3, 32, 32].

    Chapter: 07_signgan
    """
    line = (torch.arange(CROP, device=pictures.device) + 0.5) / CROP * 2 - 1
    x = boxes[:, 0, None] + boxes[:, 2, None] * line
    y = boxes[:, 1, None] + boxes[:, 2, None].abs() * line
    grid = torch.stack([x[:, None].expand(-1, CROP, -1), y[:, :, None].expand(-1, -1, CROP)], -1)
    return grid_sample(pictures[numbers], grid, align_corners=False, padding_mode="border")


def heat_maps(joints: Tensor) -> tuple[Tensor, Tensor]:
    """What a reader should find: a dot per joint that sums up to 1, [M, 21, 16, 16], and which
    joints were seen and are in the close-up, bool [M, 21]."""
    seen = ((joints >= 0) & (joints <= MAPS)).all(-1)  # NaN isn't
    places = torch.where(seen[..., None], joints, 0.0)
    line = torch.arange(MAPS, device=joints.device) + 0.5
    x, y = (torch.exp(-((line - places[..., k, None]) ** 2) / (2 * DOT**2)) for k in (0, 1))
    dots = y[..., :, None] * x[..., None, :]
    return dots / dots.sum((2, 3), keepdim=True), seen


def reading_loss(maps: Tensor, joints: Tensor) -> Tensor:
    """How surprised a reader is by where the joints are (cross entropy over the pixels of its maps,
    less that of the dots themselves); joints that weren't seen don't count."""
    wanted, seen = heat_maps(joints)
    wanted = wanted.flatten(2)
    surprise = (torch.xlogy(wanted, wanted) - wanted * maps.flatten(2).log_softmax(-1)).sum(-1)
    return (surprise * seen).sum() / seen.sum().clamp(min=1)


def read_joints(maps: Tensor) -> Tensor:
    """Where heat maps have their middle, pixels of the map, [M, 21, 2]."""
    weights = maps.flatten(2).softmax(-1).view_as(maps)
    line = torch.arange(MAPS, device=maps.device) + 0.5
    return torch.stack([(weights.sum(2) * line).sum(-1), (weights.sum(3) * line).sum(-1)], -1)
