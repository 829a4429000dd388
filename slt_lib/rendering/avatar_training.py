"""Learn a signer's looks from pictures whose pose and camera are known."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor
from tqdm import tqdm

from slt_lib.body.model import Body
from slt_lib.body.motion import posed_vertices
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.avatar import Avatar, new_avatar
from slt_lib.rendering.binding import frames
from slt_lib.rendering.captures import Captures
from slt_lib.rendering.conventions import LEVEL
from slt_lib.rendering.rasterise import rasterise
from slt_lib.rendering.regrowth import regrown
from slt_lib.rendering.similarity import WINDOW, similarity
from slt_lib.stitching.regression import one_thread

RATES = {"offsets": 0.02, "quats": 0.01, "scales": 0.02, "opacities": 0.05, "normals": 0.01,
         "colours": 0.02, "slopes": 0.001, "light": 0.01}  # fmt: skip
LAST_RATE = 0.05  # of the first, at the end
NEAR, NARROW = 0.01, 0.015  # metres: how far from its triangle and how wide a Gaussian likes to be
HOLD, SLIM, PLAIN, OUTLINE = 1e-4, 1e-3, 1e-3, 0.05  # weights in the loss, beside that of pictures
SEEN, NEIGHBOURS = 0.1, 16  # what covers fewer pixels per picture looks as others around it do


@dataclass(frozen=True)
class AvatarSettings:
    """How an avatar learns.

    Attributes:
        first: Gaussians to begin with.
        most: Gaussians in the end, at most.
        steps: Pictures looked at, again and again in random order.
        regrow: When Gaussians are dropped and split, as shares of the steps.
        similarity: The share of SSIM in the loss, 0 to 1; the rest is the absolute difference.
        seed: Of places and of the order.
        device: As torch names it. CUDA is untested: the machines that this was written on had no
            GPU. With gsplat, sums on it have no fixed order, so that a seed doesn't fix the result.

    Raises:
        SLTError: If values make no sense or there is no such device.

    Chapter: 06_signsplat
    """

    first: int = 16_000
    most: int = 20_000
    steps: int = 1000
    regrow: tuple[float, ...] = (0.15, 0.25, 0.35, 0.45)
    similarity: float = 0.2
    seed: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not 1 <= self.first <= self.most or self.steps < 1:
            raise SLTError(f"An avatar can't learn with {self.first} to {self.most} Gaussians in "
                           f"{self.steps} steps.", fix="Take 1 <= first <= most.")  # fmt: skip
        if not 0 <= self.similarity <= 1 or not all(0 < share < 1 for share in self.regrow):
            raise SLTError(f"similarity {self.similarity} or regrow {self.regrow} makes no sense.",
                           fix="similarity and shares of regrow are from 0 to 1.")  # fmt: skip
        _check_device(self.device)


def _check_device(name: str) -> None:
    try:
        kind = torch.device(name).type
    except RuntimeError as error:
        raise SLTError(f"There is no device {name!r}.", fix='Give "cpu" or "cuda".') from error
    if kind not in ("cpu", "cuda"):
        raise SLTError(f"No avatar is trained on {name!r}.", fix='Give "cpu" or "cuda".')
    if kind == "cuda" and not torch.cuda.is_available():
        raise SLTError("There is no CUDA device for the training.",
                       fix='Give "cpu", or use a machine that has one.')  # fmt: skip


def train_avatar(
    body: Body,
    captures: Captures,
    settings: AvatarSettings | None = None,
    *,
    progress: bool = True,
) -> Avatar:
    """Make an avatar of captures, on the settings' device.

    Args:
        body: What the captures' motion poses.
        captures: Of several poses from several sides; their background is known.
        settings: How.
        progress: Whether to show it.

    Raises:
        SLTError: If there are no captures, or their pictures are smaller than SSIM's window.

    Chapter: 06_signsplat
    """
    settings = settings or AvatarSettings()
    if not len(captures) or min(captures.pictures.shape[1:3]) < WINDOW:
        raise SLTError(f"No avatar can be learned from pictures {captures.pictures.shape}.",
                       fix=f"Give some of {WINDOW} or more pixels a side.")  # fmt: skip
    with one_thread():  # the rasteriser has its own threads, which torch's would disturb
        lesson = _Lesson(body, captures, settings)
        for step in tqdm(range(settings.steps), "avatar", unit="step", disable=not progress):
            lesson.learn(step)
        return lesson.learned()


class _Lesson:
    """An avatar and its optimiser on their way through the captures."""

    def __init__(self, body: Body, captures: Captures, settings: AvatarSettings) -> None:
        self.body, self.captures, self.settings = body, captures, settings
        self.vertices = posed_vertices(body, captures.motion).to(settings.device)
        self.background = torch.as_tensor(captures.background).to(settings.device)
        self.boxes = [_box(mask) for mask in captures.masks]
        self.random = np.random.default_rng([settings.seed, 1])
        self.order: list[int] = []
        new = new_avatar(body, settings.first, seed=settings.seed).to(settings.device)
        leaves = {name: getattr(new, name).clone().requires_grad_() for name in RATES}
        self.avatar = replace(new, **leaves)
        self.optimiser = torch.optim.Adam(
            [{"params": [leaves[n]], "name": n, "rate": rate} for n, rate in RATES.items()],
            eps=1e-12, fused=True,
        )  # fmt: skip
        self.regrow = {round(share * settings.steps) for share in settings.regrow}
        self.pull = torch.zeros(len(new), device=settings.device)

    def learn(self, step: int) -> None:
        """Look at one picture."""
        self.order = self.order or self.random.permutation(len(self.captures)).tolist()
        decay = LAST_RATE ** (step / self.settings.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = decay * group["rate"]
        sizes = self._descend(self.order.pop())
        self.pull += self.avatar.offsets.grad.norm(dim=-1) / sizes  # per metre
        if step in self.regrow:
            room = self.settings.most - len(self.avatar)
            left = sum(step <= when for when in self.regrow)
            self.avatar = regrown(self.avatar, self.optimiser, self.pull, room // left)
            self.pull = torch.zeros(len(self.avatar), device=self.settings.device)

    def _descend(self, i: int) -> Tensor:
        """One step down the loss of one picture; returns the triangles' sizes [N]."""
        avatar = self.avatar
        there = frames(self.vertices[i], avatar.faces[avatar.triangles])
        gaussians = avatar.on(there)
        painted, alpha = rasterise(gaussians, self.captures.cameras[i], self.background)
        loss = self._unlike(painted, i)
        mask = torch.from_numpy(self.captures.masks[i].astype(np.float32)).to(alpha.device)
        loss = loss + OUTLINE * (alpha - mask).abs().mean()
        off = there.sizes[:, None] * avatar.offsets / NEAR
        wide = (gaussians.scales / NARROW - 1).clamp(min=0)
        loss = loss + HOLD * (off**2).mean() + SLIM * (wide**2).mean()
        loss = loss + PLAIN * (avatar.slopes**2).mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return there.sizes

    def _unlike(self, painted: Tensor, i: int) -> Tensor:
        """How a picture differs from the captured one; SSIM is only looked at near the signer."""
        wanted = torch.from_numpy(self.captures.pictures[i]).to(painted.device).float() / 255
        loss, share = (painted - wanted).abs().mean(), self.settings.similarity
        if not share:
            return loss
        box = self.boxes[i]
        part = painted[box].numel() / painted.numel()
        return (1 - share) * loss + share * part * (1 - similarity(painted[box], wanted[box]))

    def learned(self) -> Avatar:
        """The avatar; what pictures hardly showed takes the mean colour of what they did nearby."""
        rest = frames(self.body.smplx.v_template.to(self.settings.device), self.avatar.faces)
        done = replace(self.avatar, **{n: getattr(self.avatar, n).detach() for n in RATES})
        seen = self._pixels() / len(self.captures) > SEEN
        if seen.all() or seen.sum() < NEIGHBOURS:
            return done
        at = done.on(rest[done.triangles]).means.cpu().numpy()
        known = seen.cpu().numpy()
        nearest = torch.from_numpy(cKDTree(at[known]).query(at[~known], NEIGHBOURS)[1])
        nearest = nearest.to(seen.device)
        colours, slopes = done.colours.clone(), done.slopes.clone()
        colours[~seen], slopes[~seen] = colours[seen][nearest].mean(1), 0
        return replace(done, colours=colours, slopes=slopes)

    def _pixels(self) -> Tensor:
        """How many pixels each Gaussian made up in all pictures, float [N]."""
        total = torch.zeros(len(self.avatar), device=self.settings.device)
        for i, camera in enumerate(self.captures.cameras):
            with torch.no_grad():
                gaussians = self.avatar.posed(self.vertices[i])
            levels = torch.ones_like(gaussians.sh[:, :1]).requires_grad_()
            painted, _ = rasterise(replace(gaussians, sh=levels), camera)
            painted.sum().backward()
            total += levels.grad[:, 0, 0] / LEVEL
        return total


def _box(mask: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns with a signer and a window's rim around them."""
    out = []
    for filled in (mask.any(1), mask.any(0)):
        inside = np.flatnonzero(filled) if filled.any() else np.array([0, len(filled) - 1])
        first = min(max(inside[0] - WINDOW // 2, 0), len(filled) - WINDOW)
        end = min(inside[-1] + WINDOW // 2 + 1, len(filled))
        out.append(slice(first, max(end, first + WINDOW)))
    return tuple(out)
