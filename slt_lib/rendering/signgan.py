"""SignGAN: one network that draws many signers, each in the look that a reference picture shows."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle

from slt_lib.pose.errors import SLTError
from slt_lib.rendering.conditions import channels, conditions
from slt_lib.rendering.keypoints import PictureKeypoints
from slt_lib.rendering.unwrap import CUT, patches, wrap

GREY = (0.8, 0.8, 0.8)
LOOKS = (len(patches()), 4, CUT, CUT)


@dataclass(frozen=True)
class GanShape:
    """The sizes of a generator.

    Attributes:
        size: Of its pictures, pixels along each side; a multiple of 8.
        width: Channels at full resolution; three to six times as many further down.

    Raises:
        SLTError: If they make no sense.

    Chapter: 07_signgan
    """

    size: int = 64
    width: int = 16

    def __post_init__(self) -> None:
        if self.size < 32 or self.size % 8 or self.width < 4 or self.width % 4:
            raise SLTError(
                f"{self} makes no sense.",
                fix="A size of 32 or more that 8 divides; a width of 4, 8, 12 ...",
            )


class StyleEncoder(nn.Module):
    """A signer's flat parts as one vector.

    Args:
        style: Numbers in it.

    Chapter: 07_signgan
    """

    def __init__(self, style: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(4 * len(patches()), 48, 4, stride=4), nn.LeakyReLU(0.2),
            nn.Conv2d(48, 64, 3, stride=2, padding=1), nn.LeakyReLU(0.2), nn.Flatten(),
            nn.Linear(64 * (CUT // 8) ** 2, style),
        )  # fmt: skip

    def forward(self, looks: Tensor) -> Tensor:
        """Styles [N, style] of looks [N, patches, 4, CUT, CUT]."""
        colour = (looks[:, :, :3] - 0.5) * looks[:, :, 3:]
        return self.layers(torch.cat([colour, looks[:, :, 3:]], 2).flatten(1, 2))


class Styled(nn.Module):
    """A convolution whose result is stretched and shifted by a style.

    Args:
        before, after: Channels.
        style: Numbers of the style.
        stride: Of the convolution.
    """

    def __init__(self, before: int, after: int, style: int, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, 3, stride=stride, padding=1)
        self.norm = nn.GroupNorm(4, after, affine=False)
        self.style = nn.Linear(style, 2 * after)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """x [N, before, h, w] and style [N, style]."""
        stretch, shift = self.style(style)[..., None, None].chunk(2, 1)
        x = self.norm(self.convolution(x)) * (1 + stretch) + shift
        return nn.functional.leaky_relu(x, 0.2)


class SignGAN(nn.Module):
    """Skeleton and heat maps in, a signer out, with how much of each pixel they cover.

    A U-Net. Beside the conditions it sees a paper doll: the signer's flat parts, put where the pose
    has them (`unwrap.wrap`). So it needn't remember clothes; it learns how they fall, what hides
    what, and to draw hands and faces. Every layer is tuned by the style of all parts.

    Args:
        shape: Its sizes.

    Attributes:
        train_seconds: What its training has taken, over all sittings.

    Source: after Saunders et al., Everybody Sign Now, 2020 (https://arxiv.org/abs/2011.09846).
    Chapter: 07_signgan
    """

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        self.shape, w, style = shape, shape.width, 4 * shape.width
        self.train_seconds = 0.0
        self.tune = StyleEncoder(style)
        self.first = Styled(channels() + 4, w, style)
        self.second = Styled(w, 3 * w, style, 2)
        self.third = Styled(3 * w, 4 * w, style, 2)
        self.fourth = Styled(4 * w, 6 * w, style, 2)
        self.middle = Styled(6 * w, 6 * w, style)
        self.to_third = Styled(10 * w, 4 * w, style)
        self.to_second = Styled(7 * w, 2 * w, style)
        self.to_first = Styled(2 * w, 4 * w, style)
        self.last = Styled(2 * w, w, style)
        self.paint = nn.Conv2d(w + 4, 4, 3, padding=1)
        nn.init.zeros_(self.paint.weight)  # begin as the doll
        self.to(memory_format=torch.channels_last)  # faster on CPUs

    def forward(self, given: Tensor, doll: Tensor, looks: Tensor) -> tuple[Tensor, Tensor]:
        """Draw signers.

        Args:
            given: Of `conditions`, uint8 [N, channels, H, W].
            doll: Of `wrap`, [N, 4, H, W].
            looks: Of `unwrap`, [N, patches, 4, CUT, CUT].

        Returns:
            Pictures without background, 0 to 1, [N, 3, H, W], and cover, 0 to 1, [N, 1, H, W].
        """
        style = self.tune(looks)
        seen = torch.cat([given.float() / 255, doll], 1)
        first = self.first(seen.contiguous(memory_format=torch.channels_last), style)
        second = self.second(first, style)
        third = self.third(second, style)
        x = self.middle(self.fourth(third, style), style)
        x = self.to_third(torch.cat([_doubled(x), third], 1), style)
        x = self.to_second(torch.cat([_doubled(x), second], 1), style)
        x = pixel_shuffle(self.to_first(x, style), 2)
        x = self.last(torch.cat([x, first], 1), style)
        change = self.paint(torch.cat([x, doll], 1)).float()
        put = doll[:, 3:]
        known = torch.where(put > 0.05, doll[:, :3] / put.clamp(min=0.05), 0.5)
        drawn = (known + change[:, :3]).clamp(0, 1)
        return drawn, (change[:, 3:] + 4 * put - 2).sigmoid()


def _doubled(x: Tensor) -> Tensor:
    return interpolate(x, scale_factor=2, mode="nearest")


def draw(
    gan: SignGAN, keypoints: PictureKeypoints, looks: Tensor,
    background: np.ndarray | tuple[float, float, float] = GREY, *, batch: int = 64,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Draw a signer in given poses.

    Args:
        gan: Trained.
        keypoints: N poses, in pictures of any size.
        looks: Of `unwrap`, from reference pictures of a signer: [patches, 4, CUT, CUT], or one per
            pose, [N, patches, 4, CUT, CUT]. The looks of two signers can be mixed:
            `0.5 * one + 0.5 * other` is somebody new.
        background: 0 to 1: a colour [3] or a picture [H, W, 3] of the generator's size.
        batch: Pictures drawn at once.

    Returns:
        Pictures, uint8 [N, size, size, 3], and how much of each pixel the signer covers, float32
        [N, size, size].

    Raises:
        SLTError: If looks or background don't fit.

    Chapter: 07_signgan
    """
    size, device, count = gan.shape.size, next(gan.parameters()).device, len(keypoints)
    if np.shape(background) not in ((3,), (size, size, 3)):
        raise SLTError(
            f"A background of shape {np.shape(background)} doesn't fit {size} pixels.",
            fix="Give a colour [3], or a picture as large as the generator's.",
        )
    if (looks.ndim == 5 and len(looks) != count) or looks.shape[-4:] != LOOKS:
        raise SLTError(f"Looks of shape {list(looks.shape)} don't fit {count} poses.",
                       fix="Give those of `unwrap`, or one per pose.")  # fmt: skip
    keypoints, looks = keypoints.resized(size, size), looks.expand(count, *LOOKS)
    behind = torch.as_tensor(np.broadcast_to(background, (size, size, 3)).astype(np.float32))
    behind = behind.permute(2, 0, 1).to(device)
    pictures = np.empty((count, size, size, 3), np.uint8)
    covers = np.empty((count, size, size), np.float32)
    for start in range(0, count, batch):
        some = slice(start, start + batch)
        given, doll = conditions(keypoints[some]), wrap(looks[some], keypoints[some])
        with torch.no_grad():
            drawn, cover = gan(given.to(device), doll.to(device), looks[some].to(device))
        whole = (cover * drawn + (1 - cover) * behind).permute(0, 2, 3, 1)
        pictures[some] = (whole * 255).round().byte().cpu().numpy()
        covers[some] = cover[:, 0].cpu().numpy()
    return pictures, covers
