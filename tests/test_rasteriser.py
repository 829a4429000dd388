"""Is the fast rasteriser the slow one, in pictures and in gradients?"""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from slt_lib.pose.errors import SLTError
from slt_lib.rendering.camera import orbit
from slt_lib.rendering.gaussians import Gaussians
from slt_lib.rendering.rasterise import rasterise

INPUTS = [field.name for field in fields(Gaussians)]
NO_CUDA = "no CUDA device: gsplat's kernels run on nothing else"


def cloud(count=600, degree=1, seed=0, device="cpu"):
    random = torch.Generator().manual_seed(seed)

    def uniform(*shape):
        return torch.rand(*shape, generator=random)

    means = (uniform(count, 3) - 0.5) * torch.tensor([1.2, 1.4, 0.8]) + torch.tensor([0, 0.1, 0])
    parts = (means, torch.randn(count, 4, generator=random), 0.005 + 0.03 * uniform(count, 3),
             0.05 + 0.95 * uniform(count),
             torch.randn(count, (degree + 1) ** 2, 3, generator=random) * 0.4)  # fmt: skip
    return Gaussians(*(part.to(device) for part in parts))


def wanting(gaussians):
    return replace(gaussians, **{n: getattr(gaussians, n).clone().requires_grad_() for n in INPUTS})


def gradients(gaussians, camera, backend, background=(0.2, 0.5, 0.7)):
    asked = wanting(gaussians)
    behind = torch.tensor(background).requires_grad_()
    picture, alpha = rasterise(asked, camera, behind, backend)
    random = torch.Generator().manual_seed(5)
    (torch.randn(picture.shape, generator=random).to(picture) * picture).sum().add(
        (torch.randn(alpha.shape, generator=random).to(alpha) * alpha).sum()
    ).backward()
    made = {name: getattr(asked, name).grad for name in INPUTS}
    return picture.detach(), alpha.detach(), made | {"background": behind.grad}


def far(a, b):
    return float((a - b).norm() / b.norm())


def by_hand(gaussians, camera, background):
    """Every pixel on its own, every Gaussian from near to far, in float64."""
    eye, (height, width) = camera.eye.double().numpy(), (camera.height, camera.width)
    view, K = camera.viewmat.double().numpy(), camera.K.double().numpy()
    out = np.zeros((height, width, 3))
    means = gaussians.means.double().numpy()
    order = np.argsort((means @ view[:3, :3].T + view[:3, 3])[:, 2])
    for row in range(height):
        for column in range(width):
            light = 1.0
            for i in order:
                p = view[:3, :3] @ means[i] + view[:3, 3]
                if p[2] <= 0.01:
                    continue
                w, x, y, z = (gaussians.quats[i] / gaussians.quats[i].norm()).double().tolist()
                R = np.array([
                    [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                    [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                    [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
                ])  # fmt: skip
                J = np.array([[K[0, 0] / p[2], 0, -K[0, 0] * p[0] / p[2] ** 2],
                              [0, K[1, 1] / p[2], -K[1, 1] * p[1] / p[2] ** 2]])  # fmt: skip
                P = J @ view[:3, :3] @ R @ np.diag(gaussians.scales[i].double().numpy())
                d = (K @ p)[:2] / p[2] - (column + 0.5, row + 0.5)
                exponent = d @ np.linalg.inv(P @ P.T + 0.3 * np.eye(2)) @ d / 2
                alpha = min(0.999, float(gaussians.opacities[i]) * math.exp(-exponent))
                if alpha < 1 / 255:
                    continue
                if light * (1 - alpha) <= 1e-4:
                    break
                u = (means[i] - eye) / np.linalg.norm(means[i] - eye)
                basis = [0.28209479, -0.48860251 * u[1], 0.48860251 * u[2], -0.48860251 * u[0]]
                colour = np.maximum(basis @ gaussians.sh[i].double().numpy() + 0.5, 0)
                out[row, column] += light * alpha * colour
                light *= 1 - alpha
            out[row, column] += light * np.array(background)
    return out


@pytest.mark.parametrize("backend", ["torch", "numba"])
def test_a_pixel_is_what_its_gaussians_leave_one_after_the_other(backend):
    gaussians, camera = cloud(40), orbit(30, 10, width=13, height=9)
    painted, _ = rasterise(gaussians, camera, (0.1, 0.6, 0.3), backend)
    np.testing.assert_allclose(painted, by_hand(gaussians, camera, (0.1, 0.6, 0.3)), atol=2e-5)


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_numba_and_torch_agree_in_pictures_and_in_all_gradients(degree):
    gaussians, camera = cloud(degree=degree), orbit(-25, 15, width=70, height=49)
    slow, slow_alpha, wanted = gradients(gaussians, camera, "torch")
    fast, fast_alpha, made = gradients(gaussians, camera, "numba")
    assert (slow - fast).abs().max() < 1e-4 and (slow_alpha - fast_alpha).abs().max() < 1e-4
    for name, gradient in wanted.items():
        assert far(made[name], gradient) < (5e-3 if name == "opacities" else 1e-3), name


def test_a_background_picture_has_a_gradient_of_its_own():
    gaussians, camera = cloud(50), orbit(width=20, height=12)
    behind = torch.rand(12, 20, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
    picture, alpha = rasterise(gaussians, camera, behind, "numba")
    picture.sum().backward()
    torch.testing.assert_close(behind.grad, (1 - alpha)[..., None].expand(-1, -1, 3))


@pytest.mark.parametrize("backend", ["torch", "numba"])
def test_what_cant_be_seen_changes_nothing(backend):
    gaussians, camera = cloud(30), orbit(width=33, height=17)
    away = torch.tensor([[0, 0, 50.0], [0, 0, 2.25], [90, 0, 0], [0, 0.08, 2.249]])
    more = cloud(4, seed=3)
    both = Gaussians(*(torch.cat([getattr(gaussians, n), getattr(more, n)]) for n in INPUTS))
    both = replace(both, means=torch.cat([gaussians.means, away]))
    seen, _, made = gradients(both, camera, backend)
    alone, _, _ = gradients(gaussians, camera, backend)
    assert torch.equal(seen, alone)
    assert all(not made[name][30:].any() for name in INPUTS)


@pytest.mark.parametrize("backend", ["torch", "numba"])
def test_nothing_to_see_is_the_background(backend):
    picture, alpha = rasterise(cloud(0), orbit(width=5, height=3), (0.1, 0.2, 0.3), backend)
    assert torch.equal(picture, torch.tensor([0.1, 0.2, 0.3]).expand(3, 5, 3)) and not alpha.any()


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (17, 15), (3, 100)])
def test_pictures_of_any_size(size):
    camera = orbit(width=size[0], height=size[1])
    slow, fast = (rasterise(cloud(), camera, backend=b)[0] for b in ("torch", "numba"))
    assert fast.shape == (size[1], size[0], 3)
    torch.testing.assert_close(fast, slow, atol=1e-4, rtol=0)


def test_a_wall_of_opaque_gaussians_stops_the_light():
    wall = cloud(4000)
    wall = replace(wall, opacities=torch.ones(4000), scales=wall.scales * 3)
    camera = orbit(width=40, height=40)
    slow, _, wanted = gradients(wall, camera, "torch")
    fast, _, made = gradients(wall, camera, "numba")
    assert (slow - fast).abs().max() < 2e-4
    assert all(far(made[n], wanted[n]) < 5e-3 for n in INPUTS)


def test_the_same_numbers_whatever_the_threads_do():
    gaussians, camera = cloud(3000), orbit(10, width=100, height=90)
    first = gradients(gaussians, camera, "numba")
    for _ in range(3):
        again = gradients(gaussians, camera, "numba")
        assert torch.equal(first[0], again[0])
        assert all(torch.equal(first[2][n], again[2][n]) for n in INPUTS)
    from numba import get_num_threads, set_num_threads

    threads = get_num_threads()
    set_num_threads(1)
    try:
        alone = gradients(gaussians, camera, "numba")
    finally:
        set_num_threads(threads)
    assert all(torch.equal(first[2][n], alone[2][n]) for n in INPUTS)


def test_threads_of_python_may_paint_at_once():
    gaussians, camera = cloud(2000), orbit(10, width=60, height=60)
    alone = rasterise(gaussians, camera)[0]
    with ThreadPoolExecutor(4) as pool:
        many = list(pool.map(lambda _: rasterise(gaussians, camera)[0], range(40)))
    assert all(torch.equal(one, alone) for one in many)


def test_values_that_make_no_sense_do_no_harm_and_are_found():
    broken = cloud(20)
    for name in INPUTS:
        spoilt = getattr(broken, name).clone()
        spoilt[3] = torch.nan
        one = replace(broken, **{name: spoilt})
        rasterise(one, orbit(width=20, height=20))
        with pytest.raises(SLTError, match=name):
            one.checked()
    with pytest.raises(SLTError, match="above 0"):
        replace(broken, scales=broken.scales * 0).checked()
    with pytest.raises(SLTError, match="0 to 1"):
        replace(broken, opacities=broken.opacities + 1).checked()


def test_what_is_asked_wrongly_is_said():
    with pytest.raises(SLTError, match="background"):
        rasterise(cloud(3), orbit(), torch.zeros(5, 3))
    with pytest.raises(SLTError, match="backend"):
        rasterise(cloud(3), orbit(), backend="cuda")
    with pytest.raises(SLTError, match="CUDA"):
        rasterise(cloud(3), orbit(), backend="gsplat")
    with pytest.raises(SLTError, match="harmonics"):
        replace(cloud(3), sh=torch.zeros(3, 2, 3))
    with pytest.raises(SLTError, match="scales"):
        replace(cloud(3), scales=torch.zeros(3))


def test_fitting_a_picture_goes_down():
    camera = orbit(width=40, height=32)
    goal, _ = rasterise(cloud(300, seed=1), camera)
    asked = wanting(cloud(300, seed=2))
    step = torch.optim.Adam([getattr(asked, n) for n in INPUTS if n != "opacities"], lr=3e-3)
    losses = []
    for _ in range(60):
        step.zero_grad()
        loss = (rasterise(replace(asked, scales=asked.scales.abs()), camera)[0] - goal).abs().mean()
        loss.backward()
        step.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.skipif(not torch.cuda.is_available(), reason=NO_CUDA)
def test_gsplat_paints_the_same():
    camera = orbit(-25, 15, width=70, height=49)
    slow, _, wanted = gradients(cloud(), camera, "torch")
    fast, _, made = gradients(cloud(device="cuda"), camera, "gsplat")
    assert (slow - fast.cpu()).abs().max() < 1e-3
    assert all(far(made[n].cpu(), wanted[n]) < 5e-3 for n in wanted)
