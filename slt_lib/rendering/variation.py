"""Pictures varied for a training, and the joints in them along: light, colours, place, size."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from slt_lib.pose.errors import SLTError


@dataclass(frozen=True)
class Variation:
    """How far pictures are varied; 0 leaves them as they are.

    Attributes:
        shift: Greatest, each way, as a share of the picture's side.
        scale: Greatest change of size, as a share.
        colour: How far colours are mixed with each other, brightened and tinted, 0 to 1.
        noise: Standard deviation of every pixel's noise, 0 to 1.

    Raises:
        SLTError: If a value is below 0 or not below 1.

    Chapter: 08_rendering_comparison
    """

    shift: float = 0.06
    scale: float = 0.12
    colour: float = 0.35
    noise: float = 0.02

    def __post_init__(self) -> None:
        if not all(0 <= v < 1 for v in (self.shift, self.scale, self.colour, self.noise)):
            raise SLTError(f"{self} makes no sense.", fix="Give values from 0 to 1.")


def varied(
    pictures: Tensor, places: Tensor, variation: Variation, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Vary each picture in its own way.

    Args:
        pictures: uint8 [N, 3, H, W].
        places: Of joints, pixels, float [N, J, 2]; they move along, and may leave the picture.
        variation: How far.
        rng: Of every choice.

    Returns:
        Pictures, float 0 to 1 [N, 3, H, W], and places.

    Chapter: 08_rendering_comparison
    """
    count, _, height, width = pictures.shape
    flat = pictures.float() / 255
    mix = torch.eye(3) + variation.colour * _normal(rng, count, 3, 3, 1)[..., 0] / 2
    flat = torch.einsum("nij,njhw->nihw", mix, flat)
    flat = flat + variation.colour * _normal(rng, count, 3, 1, 1) / 4
    if variation.shift or variation.scale:
        size = 1 + variation.scale * _uniform(rng, count, 1, 1)
        shift = variation.shift * _uniform(rng, count, 2, 1)
        flat = grid_sample(flat, affine_grid(torch.cat([torch.eye(2) / size, shift], -1),
                                             list(flat.shape), align_corners=False),
                           padding_mode="border", align_corners=False)  # fmt: skip
        half = torch.tensor([width, height]) / 2
        places = ((places / half - 1) - shift.mT) * size + 1
        places = places * half
    return (flat + variation.noise * _normal(rng, *flat.shape)).clamp(0, 1), places


def _normal(rng: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=rng)


def _uniform(rng: torch.Generator, *shape: int) -> Tensor:
    return 2 * torch.rand(*shape, generator=rng) - 1
