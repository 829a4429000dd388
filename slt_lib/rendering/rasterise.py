"""Gaussians seen by a camera: one function, three implementations, the same picture."""

from importlib.util import find_spec

import torch
from torch import Tensor

from slt_lib.pose.errors import SLTError
from slt_lib.rendering.camera import Camera
from slt_lib.rendering.conventions import EPS2D, NEAR
from slt_lib.rendering.gaussians import Gaussians

BACKENDS = ("gsplat", "numba", "torch")
BLACK = (0.0, 0.0, 0.0)


def rasterise(
    gaussians: Gaussians,
    camera: Camera,
    background: Tensor | tuple[float, float, float] = BLACK,
    backend: str = "auto",
) -> tuple[Tensor, Tensor]:
    """Paint Gaussians as a camera sees them; differentiable in them and in the background.

    Args:
        gaussians: In the world. They decide on the device of the result.
        camera: Of which no gradients are made.
        background: A colour [3] or a picture [H, W, 3], 0 to 1.
        backend: "gsplat" (CUDA), "numba" (CPU), "torch" (CPU, slow, to compare with); "auto" is
            gsplat for Gaussians on a CUDA device and numba for others.

    Returns:
        The picture, float32 [H, W, 3], and how much the Gaussians hide of the background,
        float32 [H, W]. Colours aren't cut at 1.

    Raises:
        SLTError: If the background's shape is wrong, there is no such backend or no CUDA device
            for it.

    gsplat's path is untested here: the machines that this was written on had no GPU.

    Source: Ye et al., gsplat: An Open-Source Library for Gaussian Splatting, JMLR 2025, whose
        classic mode it follows in every constant.

    Chapter: 06_signsplat
    """
    behind = torch.as_tensor(background, dtype=torch.float32, device=gaussians.means.device)
    if behind.shape not in [(3,), (camera.height, camera.width, 3)]:
        raise SLTError(
            f"A background of shape {list(behind.shape)} doesn't fit the picture.",
            fix=f"Give [3] or [{camera.height}, {camera.width}, 3].",
        )
    colours, alphas = _PAINT[_chosen(backend, gaussians)](gaussians, camera)
    colours, alphas = colours.to(behind.device), alphas.to(behind.device)
    return torch.addcmul(colours, 1 - alphas[..., None], behind), alphas


def _chosen(backend: str, gaussians: Gaussians) -> str:
    on_cuda = gaussians.means.is_cuda
    if backend == "auto":
        return "gsplat" if on_cuda and find_spec("gsplat") else "numba"
    if backend not in BACKENDS:
        raise SLTError(
            f"There is no backend {backend!r}.", fix=f"Give auto, {', '.join(BACKENDS)}."
        )
    if backend == "gsplat" and not on_cuda:
        fix = "Move the Gaussians to it." if torch.cuda.is_available() else "Take numba."
        raise SLTError("gsplat paints Gaussians on a CUDA device.", fix=fix)
    return backend


def _gsplat(gaussians: Gaussians, camera: Camera) -> tuple[Tensor, Tensor]:
    from gsplat import rasterization  # its own code is built when it is first used

    device = gaussians.means.device
    colours, alphas, _ = rasterization(
        gaussians.means, gaussians.quats, gaussians.scales, gaussians.opacities, gaussians.sh,
        camera.viewmat[None].to(device), camera.K[None].to(device), camera.width, camera.height,
        near_plane=NEAR, eps2d=EPS2D, sh_degree=gaussians.degree, packed=False,
        rasterize_mode="classic",
    )  # fmt: skip
    return colours[0], alphas[0, ..., 0]


def _numba(gaussians: Gaussians, camera: Camera) -> tuple[Tensor, Tensor]:
    from slt_lib.rendering.splat import paint

    return paint(gaussians, camera)


def _torch(gaussians: Gaussians, camera: Camera) -> tuple[Tensor, Tensor]:
    from slt_lib.rendering.reference import paint

    return paint(gaussians, camera)


_PAINT = {"gsplat": _gsplat, "numba": _numba, "torch": _torch}
