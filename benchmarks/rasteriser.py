"""The CPU rasteriser against plain torch, and a posed sequence from the body to the pictures.

Both paint the same `GAUSSIANS` on a signer's body and answer the same gradients by means, scales,
rotations, opacities and colours. The torch reference projects with gsplat's own functions and
paints tile by tile, vectorised over a tile's pixels and Gaussians. They take turns, so that a busy
machine slows both; medians of `ROUNDS`. The sequence is an avatar's: the body is posed in batches,
the Gaussians are bound to it and painted, and the pictures become bytes.
"""

import statistics
import time
from dataclasses import fields, replace

import torch
from torch import Tensor

from slt_lib.body import load_body
from slt_lib.rendering.avatar import new_avatar
from slt_lib.rendering.camera import Camera, orbit
from slt_lib.rendering.gaussians import Gaussians
from slt_lib.rendering.poses import signing_sequence
from slt_lib.rendering.rasterise import rasterise
from slt_lib.rendering.sequence import pictures

NAME = "rasteriser"
ROUNDS = 7
GAUSSIANS, SIDE = 10_000, 256
AVATAR, FRAMES = 20_000, 96  # of the sequence
INPUTS = [field.name for field in fields(Gaussians)]


def run() -> dict:
    """Time both rasterisers and a sequence.

    Returns:
        `numba_forward_ms`, `numba_backward_ms`, `torch_forward_ms`, `torch_backward_ms`;
        `forward_speedup` and `backward_speedup`, torch's time over numba's; the relative errors
        of numba's gradients, `error_<input>`; `largest_difference` of the pictures;
        `frames_per_s_20k_256` of the sequence; the sizes.
    """
    gaussians, camera = on_a_body(GAUSSIANS), orbit(15, 5, width=SIDE, height=SIDE)
    upstream = torch.randn(SIDE, SIDE, 3, generator=torch.Generator().manual_seed(1))
    times = {"numba": [], "torch": []}
    for _ in range(ROUNDS + 1):  # the first is a warm-up
        made = {name: _one(gaussians, camera, name, upstream) for name in times}
        for name, one in made.items():
            times[name].append(one[:2])
    forward, backward = ({name: 1e3 * statistics.median(t[k] for t in each[1:])
                          for name, each in times.items()} for k in (0, 1))  # fmt: skip
    (_, _, fast, found), (_, _, slow, wanted) = made["numba"], made["torch"]
    errors = {f"error_{name}": float((a - b).norm() / b.norm())
              for name, a, b in zip(INPUTS, found, wanted, strict=True)}  # fmt: skip
    return {
        **{f"{name}_forward_ms": forward[name] for name in times},
        **{f"{name}_backward_ms": backward[name] for name in times},
        "forward_speedup": forward["torch"] / forward["numba"],
        "backward_speedup": backward["torch"] / backward["numba"],
        **errors,
        "largest_difference": float((fast - slow).abs().max()),
        "frames_per_s_20k_256": _frames_per_second(),
        "sizes": f"{GAUSSIANS} Gaussians, {SIDE}×{SIDE}; sequence: {AVATAR}, {FRAMES} frames",
        "rounds": ROUNDS,
    }


def on_a_body(count: int) -> Gaussians:
    """Gaussians scattered over the body's triangles, as large as they must be to cover it."""
    body, random = load_body(), torch.Generator().manual_seed(0)
    corners = body.smplx.v_template[body.faces]
    areas = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).norm(
        dim=-1
    )
    chosen = torch.multinomial(areas, count, replacement=True, generator=random)
    weights = torch.rand(count, 3, generator=random)
    weights /= weights.sum(-1, keepdim=True)
    size = float(0.7 * (areas.sum() / 2 / count).sqrt())
    return Gaussians(
        (corners[chosen] * weights[..., None]).sum(1),
        torch.randn(count, 4, generator=random),
        size * (0.5 + torch.rand(count, 3, generator=random)),
        0.3 + 0.65 * torch.rand(count, generator=random),
        0.5 * torch.randn(count, 4, 3, generator=random),
    )


def _one(gaussians: Gaussians, camera: Camera, backend: str, upstream: Tensor) -> tuple:
    """Seconds forward and backward, the picture, the gradients."""
    asked = replace(
        gaussians, **{n: getattr(gaussians, n).clone().requires_grad_() for n in INPUTS}
    )
    started = time.perf_counter()
    picture, _ = rasterise(asked, camera, backend=backend)
    painted = time.perf_counter()
    picture.backward(upstream)
    ended = time.perf_counter()
    gradients = [getattr(asked, name).grad for name in INPUTS]
    return painted - started, ended - painted, picture.detach(), gradients


def _frames_per_second() -> float:
    """Median of three."""
    body = load_body()
    avatar, motion = new_avatar(body, AVATAR), signing_sequence(body, FRAMES, seed=0)
    rates = []
    for _ in range(3):
        started = time.perf_counter()
        count = sum(1 for _ in pictures(avatar, body, motion, orbit(width=SIDE, height=SIDE)))
        rates.append(count / (time.perf_counter() - started))
    return statistics.median(rates)
