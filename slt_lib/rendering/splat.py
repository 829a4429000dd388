"""The rasteriser in numba as a function that torch can differentiate."""

import numpy as np
import torch
from numba import get_num_threads
from torch import Tensor
from torch.autograd.function import once_differentiable

from slt_lib.rendering import projection, tiles
from slt_lib.rendering.camera import Camera
from slt_lib.rendering.conventions import TILE
from slt_lib.rendering.gaussians import Gaussians


def paint(gaussians: Gaussians, camera: Camera) -> tuple[Tensor, Tensor]:
    """Colours [H, W, 3] over black and their opacity [H, W], float32 on the CPU."""
    given = (gaussians.means, gaussians.quats, gaussians.scales, gaussians.opacities, gaussians.sh)
    return _Splat.apply(camera, *(tensor.to("cpu", torch.float32) for tensor in given))


class _Splat(torch.autograd.Function):
    @staticmethod
    def forward(ctx, camera: Camera, *given: Tensor) -> tuple[Tensor, Tensor]:
        arrays = [tensor.detach().contiguous().numpy() for tensor in given]
        seen_from = [part.detach().float().contiguous().numpy()
                     for part in (camera.viewmat, camera.K, camera.eye)]  # fmt: skip
        size = camera.width, camera.height
        flat, depths, boxes = projection.forward(*arrays, *seen_from, *size)
        order = np.argsort(depths, kind="stable")
        lists = tiles.intersections(order, boxes, *(-(-side // TILE) for side in size))
        threads = get_num_threads()
        colours, passed = tiles.forward(*lists[:2], flat, boxes, *size, threads)
        ctx.kept = arrays, seen_from, size, flat, boxes, lists, colours, passed, threads
        return torch.from_numpy(colours), torch.from_numpy(1 - passed)

    @staticmethod
    @once_differentiable
    def backward(ctx, g_colours: Tensor, g_alphas: Tensor) -> tuple[Tensor | None, ...]:
        arrays, seen_from, size, flat, boxes, lists, colours, passed, threads = ctx.kept
        upstream = g_colours.contiguous().numpy(), (-g_alphas).contiguous().numpy()
        means, quats, scales, _, sh = arrays
        g_flat = tiles.backward(*lists, flat, boxes, colours, passed, *upstream, threads)
        g_means, g_quats, g_scales, g_sh = projection.backward(
            means, quats, scales, sh, *seen_from, *size, flat, g_flat
        )
        made = g_means, g_quats, g_scales, g_flat[:, 5].copy(), g_sh
        return None, *(torch.from_numpy(array) for array in made)
