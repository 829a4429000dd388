"""How else could this sentence have been seen? Variation of keypoints while training."""

from dataclasses import replace

import torch
from torch import Generator, Tensor

from slt_lib.translation.data import Batch
from slt_lib.translation.features import STREAMS
from slt_lib.translation.settings import AugmentSettings


def augment(batch: Batch, settings: AugmentSettings, generator: Generator) -> Batch:
    """A batch as it might have been seen: time bent, camera turned, joints lost, noise.

    What wasn't seen stays unseen; nothing is invented.

    Args:
        batch: Left as it is.
        settings: How much of each.
        generator: Where the variation comes from.

    Chapter: 09_pose_to_text
    """
    if settings.warp and batch.positions.shape[1] > 2:
        batch = warp_time(batch, settings.warp, generator)
    positions, seen, size = batch.positions, batch.seen.clone(), len(batch.frames)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    if settings.rotate or settings.scale:
        turn = _turns(normal(size, 2) * settings.rotate * torch.pi / 180)
        turn = turn * (1 + settings.scale * normal(size, 1, 1))
        positions = torch.einsum("bij,btkj->btki", turn, positions)
    if settings.joints:
        seen &= uniform(size, 1, seen.shape[2]) >= settings.joints
    if settings.hands:
        for name in ("right_hand", "left_hand"):
            seen[:, :, STREAMS[name]] &= ~_stretch(batch.frames, settings.hands, uniform).unsqueeze(
                -1
            )
    if settings.noise:
        positions = positions + settings.noise * normal(*positions.shape)
    return replace(batch, positions=positions * seen.unsqueeze(-1), seen=seen)


def warp_time(batch: Batch, strength: float, generator: Generator) -> Batch:
    """Stretch and squeeze the sentences in time, by another factor at each point.

    Args:
        batch: The sentences.
        strength: By how much at most, as a share.
        generator: Where the factors come from.

    Chapter: 09_pose_to_text
    """
    size = len(batch.frames)
    bend = strength * (2 * torch.rand(size, 1, generator=generator) - 1)
    bend = bend.clamp(-0.47, 0.47)  # with more, time would run back
    phase = torch.rand(size, 1, generator=generator)
    lengths = batch.frames.unsqueeze(1)
    new = (batch.frames * (1 + strength * (2 * torch.rand(size, generator=generator) - 1))).round()
    new = new.clamp(min=1).long()
    at = torch.arange(int(new.max())) / (new.unsqueeze(1) - 1).clamp(min=1)
    at = at.clamp(max=1)
    at = at + bend / 3 * (torch.sin(torch.pi * 2 * (at + phase)) - torch.sin(torch.pi * 2 * phase))
    at = (at.clamp(0, 1) * (lengths - 1)).clamp(min=0)
    inside = (torch.arange(at.shape[1]) < new.unsqueeze(1)).unsqueeze(-1)
    low = at.floor().long()
    high = torch.minimum(low + 1, lengths - 1)
    rest = (at - low).unsqueeze(-1)
    row = torch.arange(size).unsqueeze(1)
    whole = rest < 1e-3
    seen = batch.seen[row, low] & (batch.seen[row, high] | whole) & inside
    rest = rest.unsqueeze(-1)
    positions = batch.positions[row, low] * (1 - rest) + batch.positions[row, high] * rest
    return replace(batch, positions=positions * seen.unsqueeze(-1), seen=seen, frames=new)


def _turns(angles: Tensor) -> Tensor:
    """Rotations about the horizontal and the vertical axis, [n, 3, 3]."""
    (sx, sy), (cx, cy) = angles.sin().T, angles.cos().T
    zero, one = torch.zeros_like(sx), torch.ones_like(sx)
    pitch = torch.stack([one, zero, zero, zero, cx, -sx, zero, sx, cx], -1).view(-1, 3, 3)
    yaw = torch.stack([cy, zero, sy, zero, one, zero, -sy, zero, cy], -1).view(-1, 3, 3)
    return pitch @ yaw


def _stretch(frames: Tensor, chance: float, uniform) -> Tensor:
    """For some sentences a run of frames (up to a quarter), bool [batch, frames]."""
    size, longest = len(frames), int(frames.max())
    chosen = uniform(size, 1) < chance
    length = frames.unsqueeze(1) * uniform(size, 1) / 4
    start = uniform(size, 1) * frames.unsqueeze(1)
    at = torch.arange(longest)
    return chosen & (at >= start) & (at < start + length)
