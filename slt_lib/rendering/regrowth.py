"""Where an avatar gets more Gaussians while it learns, and which it loses."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from slt_lib.rendering.avatar import Avatar
from slt_lib.rendering.binding import matrices

FAINT = 0.02  # opacity below which a Gaussian is dropped
APART = 0.7  # halves stand so many deviations to both sides of the whole,
NARROWER = math.log(1.6)  # and are narrower by that factor


def regrown(avatar: Avatar, optimiser: torch.optim.Optimizer, pull: Tensor, room: int) -> Avatar:
    """Drop the transparent Gaussians and split those that the loss pulls at most.

    Args:
        avatar: Whose learned tensors are leaves.
        optimiser: With one group per learned tensor, named "name"; its moments follow: those of
            halves start at 0.
        pull: How much the loss wants to move each, float [N].
        room: How many more there may be.

    Returns:
        The avatar with new leaves, which the optimiser has too.

    Source: Kerbl et al., 3D Gaussian Splatting for Real-Time Radiance Field Rendering, 2023.
    """
    kept = avatar.opacities.detach().sigmoid() > FAINT
    most = min(room + int((~kept).sum()), int((kept & (pull > 0)).sum()))
    split = pull.masked_fill(~kept, -1).topk(most).indices.sort().values
    kept[split] = False
    rows = torch.cat([kept.nonzero()[:, 0], split, split])
    halves = _halves(avatar, split)
    changed = {"triangles": avatar.triangles[rows], "weights": avatar.weights[rows]}
    for group in optimiser.param_groups:
        name, (old,) = group["name"], group["params"]
        if len(old) != len(avatar):  # the light belongs to no Gaussian
            continue
        new = old.detach()[rows].clone()
        if name in halves and most:
            new[-2 * most :] = halves[name]
        changed[name] = group["params"][0] = new.requires_grad_()
        _carry(optimiser, old, new, rows, 2 * most)
    return replace(avatar, **changed)


def _halves(avatar: Avatar, split: Tensor) -> dict[str, Tensor]:
    """Offsets and scales of the halves, first all on one side, then those on the other."""
    scales, rows = avatar.scales.detach()[split], torch.arange(len(split), device=split.device)
    longest = scales.argmax(-1)
    axes = matrices(avatar.quats.detach()[split])[rows, :, longest]
    aside = APART * scales[rows, longest].exp()[:, None] * axes
    offsets = avatar.offsets.detach()[split]
    scales[rows, longest] -= NARROWER
    return {"offsets": torch.cat([offsets - aside, offsets + aside]),
            "scales": torch.cat([scales, scales])}  # fmt: skip


def _carry(optimiser, old: Tensor, new: Tensor, rows: Tensor, fresh: int) -> None:
    """Give an optimiser's moments of a tensor to the one that replaces it."""
    state = optimiser.state.pop(old, None)
    if state is None:
        return
    for name in ("exp_avg", "exp_avg_sq"):
        state[name] = state[name][rows].clone()
        state[name][len(rows) - fresh :] = 0
    optimiser.state[new] = state
