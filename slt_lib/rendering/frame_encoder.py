"""From a picture to a vector: what looks at every frame of a video."""

import torch
from torch import Tensor, nn

CELLS = 4  # along each side of the last map: where in the picture something is


class FrameEncoder(nn.Module):
    """A small convolutional network, one vector per picture.

    The first layer looks at 8 by 8 pixels at every fourth one: on a CPU most of the time would
    otherwise go into maps of the full size.

    Args:
        width: Of the vector.
        stem: Channels of the first layer.
        channels: Of the layers after it; each halves the picture's sides.

    Chapter: 11_video_to_text
    """

    def __init__(
        self, width: int = 128, stem: int = 32, channels: tuple[int, ...] = (64, 64)
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, stem, 8, stride=4, padding=2)]
        for before, after in zip((stem, *channels), channels, strict=False):
            layers += [nn.GroupNorm(4, before), nn.ReLU(inplace=True),
                       nn.Conv2d(before, after, 3, stride=2, padding=1)]  # fmt: skip
        layers += [nn.GroupNorm(4, channels[-1]), nn.ReLU(inplace=True)]
        self.maps = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(CELLS))
        self.project = nn.Linear(channels[-1] * CELLS**2, width)
        self.to(memory_format=torch.channels_last)  # faster on CPUs

    def forward(self, pictures: Tensor) -> Tensor:
        """Vectors [N, width] of pictures [N, 3, H, W], uint8 or float 0 to 1."""
        if pictures.dtype == torch.uint8:
            pictures = pictures.float() / 255
        pictures = (pictures - 0.5).contiguous(memory_format=torch.channels_last)
        return self.project(self.maps(pictures).flatten(1))
