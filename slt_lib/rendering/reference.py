"""The rasteriser in plain torch on gsplat's own projection: slow, obvious, to compare with."""

from dataclasses import fields

import torch
from gsplat.cuda import _torch_impl as gsplat
from torch import Tensor

from slt_lib.rendering.camera import Camera
from slt_lib.rendering.conventions import DARKEST, EPS2D, NEAR, OPAQUE, STOP, TILE
from slt_lib.rendering.gaussians import Gaussians


def project(gaussians: Gaussians, camera: Camera) -> tuple[Tensor, ...]:
    """Where the Gaussians fall in the picture, and their colours from there.

    Returns:
        Half widths of their boxes in pixels, int [N, 2], 0 where nothing is seen; centres in
        pixels [N, 2]; depths in metres [N]; inverse covariances (xx, xy, yy) [N, 3]; colours
        [N, 3].

    Source: gsplat's `_torch_impl` (https://github.com/nerfstudio-project/gsplat), with its
        defaults.
    """
    covariances, _ = gsplat._quat_scale_to_covar_preci(
        gaussians.quats, gaussians.scales, compute_preci=False
    )
    radii, centres, depths, conics, _ = gsplat._fully_fused_projection(
        gaussians.means, covariances, camera.viewmat[None], camera.K[None], camera.width,
        camera.height, eps2d=EPS2D, near_plane=NEAR,
    )  # fmt: skip
    directions = gaussians.means - camera.eye
    colours = gsplat._spherical_harmonics(gaussians.degree, directions, gaussians.sh)
    return radii[0], centres[0], depths[0], conics[0], (colours + 0.5).clamp(min=0)


def paint(gaussians: Gaussians, camera: Camera) -> tuple[Tensor, Tensor]:
    """Colours [H, W, 3] over black and their opacity [H, W], tile by tile."""
    in_front = (gaussians.means @ camera.viewmat[2, :3] + camera.viewmat[2, 3] > NEAR).nonzero()[
        :, 0
    ]
    gaussians = Gaussians(
        *(getattr(gaussians, field.name)[in_front] for field in fields(Gaussians))
    )
    if not len(gaussians):
        empty = gaussians.means.new_zeros(camera.height, camera.width)
        return empty[..., None].expand(-1, -1, 3), empty
    radii, centres, depths, conics, colours = project(gaussians, camera)
    order = depths.argsort(stable=True)
    order = order[(radii[order] > 0).all(-1)]
    low, high = centres[order] - radii[order], centres[order] + radii[order]
    rows = []
    for y in range(0, camera.height, TILE):
        row = []
        for x in range(0, camera.width, TILE):
            corner = torch.tensor([x, y])
            touches = ((high > corner) & (low < corner + TILE)).all(-1)
            pixels = _pixels(x, y, camera)
            row.append(_tile(pixels, order[touches], centres, conics, gaussians.opacities, colours))
        rows.append(torch.cat(row, 1))
    painted = torch.cat(rows)
    return painted[..., :3], painted[..., 3]


def _pixels(x: int, y: int, camera: Camera) -> Tensor:
    """The centres of a tile's pixels [h, w, 2]."""
    across = torch.arange(x, min(x + TILE, camera.width)) + 0.5
    down = torch.arange(y, min(y + TILE, camera.height)) + 0.5
    return torch.stack(torch.meshgrid(across, down, indexing="xy"), -1)


def _tile(pixels, chosen, centres, conics, opacities, colours) -> Tensor:
    """Colour and opacity [h, w, 4] of a tile's pixels by the Gaussians chosen, nearest first."""
    dx, dy = (pixels[:, :, None] - centres[chosen]).unbind(-1)
    xx, xy, yy = conics[chosen].unbind(-1)
    exponent = 0.5 * (xx * dx**2 + yy * dy**2) + xy * dx * dy
    alphas = (opacities[chosen] * torch.exp(-exponent)).clamp(max=OPAQUE)
    alphas = alphas * ((exponent >= 0) & (alphas >= DARKEST))
    left = torch.cumprod(1 - alphas, -1)  # the light that passes this Gaussian
    before = torch.cat([torch.ones_like(left[..., :1]), left[..., :-1]], -1)
    weights = alphas * before * (left > STOP)
    return torch.cat([weights @ colours[chosen], weights.sum(-1, keepdim=True)], -1)
