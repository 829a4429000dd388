"""How else could this video have been taken? Variation of pictures and frame times in training."""

from dataclasses import replace

import torch
from torch import Generator, Tensor

from slt_lib.pose.errors import SLTError
from slt_lib.translation.augment import augment
from slt_lib.translation.data import Batch
from slt_lib.translation.settings import AugmentSettings, PictureAugment

UNIT = 64  # of gains in 16-bit integers: 255 times a gain of 2 still fits


def vary(batch: Batch, how: AugmentSettings | PictureAugment, generator: Generator) -> Batch:
    """A batch as it might have been seen, be it of poses or of video.

    Args:
        batch: Left as it is.
        how: How much of what; either kind's `off()` suits both.
        generator: Where the variation comes from.

    Raises:
        SLTError: If video is to be varied as poses are, or the other way round.

    Chapter: 11_video_to_text
    """
    if how == type(how).off():
        return batch
    if isinstance(how, PictureAugment) != (batch.pictures is not None):
        kind = "poses" if batch.pictures is None else "video"
        raise SLTError(f"{type(how).__name__} doesn't suit {kind}.",
                       fix="augment=PictureAugment() for video, AugmentSettings() for poses, "
                           "or AugmentSettings.off().")  # fmt: skip
    if isinstance(how, PictureAugment):
        return augment_pictures(batch, how, generator)
    return augment(batch, how, generator)


def augment_pictures(batch: Batch, how: PictureAugment, generator: Generator) -> Batch:
    """A batch of video from another camera, in other light, signed at another pace.

    Each clip gets one framing and one light. Where a framing reaches beyond the picture, its edge
    goes on.

    Args:
        batch: Left as it is.
        how: How much of each.
        generator: Where the variation comes from.

    Chapter: 11_video_to_text
    """
    kept = [_times(int(n), how.drop, generator) for n in batch.frames]
    frames = torch.tensor([len(times) for times in kept])
    size, _, _, height, width = batch.pictures.shape
    whole = batch.pictures.permute(0, 1, 3, 4, 2)
    out = torch.empty((size, int(frames.max()), height, width, 3), dtype=torch.uint8)
    framings, lights = _framings(size, how, generator), _lights(size, how, generator)
    for row, times in enumerate(kept):
        clip = _framed(whole[row].index_select(0, times), *framings[row].tolist())
        out[row, : len(times)] = _lit(clip, *lights[row])
        out[row, len(times) :] = 0
    return replace(batch, pictures=out.permute(0, 1, 4, 2, 3), frames=frames)


def _times(frames: int, drop: float, generator: Generator) -> Tensor:
    """Which frames are shown, in order, int [shown]: some are left out, or some come twice."""
    share, order = torch.rand((), generator=generator), torch.randperm(frames, generator=generator)
    change = round(frames * drop * (2 * float(share) - 1))
    if change < 0:
        return order[: max(1, frames + change)].sort().values
    return torch.cat([torch.arange(frames), order[:change]]).sort().values


def _framings(size: int, how: PictureAugment, generator: Generator) -> Tensor:
    """Each clip's zoom and shift down and to the right (shares of the sides), [size, 3]."""
    framing = 2 * torch.rand((size, 3), generator=generator) - 1
    return framing * torch.tensor([how.scale, how.shift, how.shift]) + torch.tensor([1.0, 0, 0])


def _framed(clip: Tensor, zoom: float, down: float, right: float) -> Tensor:
    """The part of the pictures [frames, H, W, 3] that another camera would have shown, as large."""
    _, height, width, _ = clip.shape
    spans = []
    for side, shift in ((height, down), (width, right)):
        length = max(1, round(side / zoom))
        spans.append((round((side - length) / 2 - shift * side), length))
    (top, high), (left, wide) = spans
    box = _cut(clip, top, left, high, wide)
    if (high, wide) == (height, width):
        return box
    box = torch.nn.functional.interpolate(
        box.permute(0, 3, 1, 2), size=(height, width), mode="bilinear", antialias=True
    )
    return box.permute(0, 2, 3, 1)


def _cut(clip: Tensor, top: int, left: int, high: int, wide: int) -> Tensor:
    """A box of pictures [frames, H, W, 3]; beyond them their edge goes on."""
    frames, height, width, _ = clip.shape
    y = slice(max(0, -top), min(high, height - top))
    x = slice(max(0, -left), min(wide, width - left))
    box = clip.new_empty(frames, high, wide, 3)
    box[:, y, x] = clip[:, y.start + top : y.stop + top, x.start + left : x.stop + left]
    box[:, y, : x.start] = box[:, y, x.start : x.start + 1]
    box[:, y, x.stop :] = box[:, y, x.stop - 1 : x.stop]
    box[:, : y.start] = box[:, y.start : y.start + 1]
    box[:, y.stop :] = box[:, y.stop - 1 : y.stop]
    return box


def _lights(size: int, how: PictureAugment, generator: Generator) -> list[tuple[Tensor, Tensor]]:
    """Each clip's gain per channel, in units of 1 / UNIT, and offset, int16 [3] each."""
    light = how.colour * (2 * torch.rand((size, 5), generator=generator) - 1)
    contrast = 1 + light[:, :1]
    gain = contrast * (1 + light[:, 1:2]) * (1 + light[:, 2:] / 2)
    offset = (128 * (1 - contrast)).expand(-1, 3)
    gain = (gain * UNIT).round().clamp(0, 2 * UNIT)
    return list(zip(gain.to(torch.int16), offset.round().to(torch.int16), strict=True))


def _lit(clip: Tensor, gain: Tensor, offset: Tensor) -> Tensor:
    """Pictures uint8 [frames, H, W, 3] in another light, as int16 from 0 to 255."""
    _, _, width, _ = clip.shape
    rows = clip.flatten(2).to(torch.int16)
    rows.mul_(gain.repeat(width)).bitwise_right_shift_(UNIT.bit_length() - 1)
    return rows.add_(offset.repeat(width)).clamp_(0, 255).view(clip.shape)
