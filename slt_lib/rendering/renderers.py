"""Whatever draws a signer from a pose, behind one small interface."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from slt_lib.body.model import Body
from slt_lib.body.motion import BodyMotion
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.avatar import Avatar
from slt_lib.rendering.avatar_training import AvatarSettings, train_avatar
from slt_lib.rendering.camera import Camera
from slt_lib.rendering.captures import Captures
from slt_lib.rendering.drawing import PAPER, draw_skeletons
from slt_lib.rendering.keypoints import body_keypoints
from slt_lib.rendering.sequence import pictures
from slt_lib.rendering.signgan import SignGAN, draw
from slt_lib.rendering.signgan_training import GanSettings, train_signgan
from slt_lib.rendering.unwrap import unwrap

REFERENCES = 8  # pictures that a look is taken from


class Renderer(Protocol):
    """Draws signers. A further renderer needs these four, and then is compared like the others.

    Attributes:
        name: Short, as tables have it.
        train_seconds: What training has taken so far.

    Chapter: 08_rendering_comparison
    """

    name: str
    train_seconds: float

    def train(self, captures: Mapping[str, Captures]) -> None:
        """Learn from captures of signers, by their names."""

    def meet(self, signer: str, few: Captures) -> None:
        """Get to know one more signer from a few captures."""

    def render(
        self, signer: str, motion: BodyMotion, cameras: Sequence[Camera], background: np.ndarray
    ) -> np.ndarray:
        """A known signer in N poses, seen by one camera or N; uint8 [N, H, W, 3]."""

    def megabytes(self) -> float:
        """What has to be held in memory to draw one signer, on the mean."""


class Skeletons:
    """Draws lines: every signer looks the same, on paper of one colour.

    Chapter: 08_rendering_comparison
    """

    name = "skeleton"
    train_seconds = 0.0

    def __init__(self, body: Body) -> None:
        self.body = body

    def train(self, captures: Mapping[str, Captures]) -> None:
        """There is nothing to learn."""

    def meet(self, signer: str, few: Captures) -> None:
        """There is nothing to know."""

    def render(
        self, signer: str, motion: BodyMotion, cameras: Sequence[Camera], background: np.ndarray
    ) -> np.ndarray:
        """As `Renderer.render`; the background is the paper's instead."""
        del signer, background
        return draw_skeletons(body_keypoints(self.body, motion, _one_or_all(cameras)), PAPER)

    def megabytes(self) -> float:
        """Nothing is held."""
        return 0.0


class SignGANs:
    """One generator for all signers; a new one costs a look at their pictures, no training.

    Args:
        body: What motions pose.
        settings: Of the training.

    Chapter: 08_rendering_comparison
    """

    name = "signgan"

    def __init__(self, body: Body, settings: GanSettings) -> None:
        self.body, self.settings, self.train_seconds = body, settings, 0.0
        self.gan: SignGAN | None = None
        self.looks: dict[str, Tensor] = {}

    def train(self, captures: Mapping[str, Captures]) -> None:
        """As `Renderer.train`."""
        started = time.perf_counter()
        self.gan = train_signgan(list(captures.values()), self.body, self.settings, progress=False)
        self.train_seconds += time.perf_counter() - started
        for signer, some in captures.items():
            self.meet(signer, some)

    def meet(self, signer: str, few: Captures) -> None:
        """As `Renderer.meet`."""
        few = few[:REFERENCES]
        found = body_keypoints(self.body, few.motion, few.cameras)
        self.looks[signer] = unwrap(few.pictures, found, few.masks)

    def render(
        self, signer: str, motion: BodyMotion, cameras: Sequence[Camera], background: np.ndarray
    ) -> np.ndarray:
        """As `Renderer.render`."""
        look = _known(self.looks, signer)
        found = body_keypoints(self.body, motion, _one_or_all(cameras))
        shown, _ = draw(self.gan, found, look, background)
        return shown

    def megabytes(self) -> float:
        """Of weights and looks."""
        tensors = [*self.gan.state_dict().values(), next(iter(self.looks.values()))]
        return sum(t.numel() * t.element_size() for t in tensors) / 1e6


class SignSplats:
    """An avatar for each signer; a new one is trained, if only on a few captures.

    Args:
        body: What motions pose.
        settings: Of each training.

    Chapter: 08_rendering_comparison
    """

    name = "signsplat"

    def __init__(self, body: Body, settings: AvatarSettings) -> None:
        self.body, self.settings, self.train_seconds = body, settings, 0.0
        self.avatars: dict[str, Avatar] = {}

    def train(self, captures: Mapping[str, Captures]) -> None:
        """As `Renderer.train`."""
        for signer, some in captures.items():
            self.meet(signer, some)

    def meet(self, signer: str, few: Captures) -> None:
        """As `Renderer.meet`."""
        started = time.perf_counter()
        self.avatars[signer] = train_avatar(self.body, few, self.settings, progress=False)
        self.train_seconds += time.perf_counter() - started

    def render(
        self, signer: str, motion: BodyMotion, cameras: Sequence[Camera], background: np.ndarray
    ) -> np.ndarray:
        """As `Renderer.render`."""
        avatar = _known(self.avatars, signer)
        given = _one_or_all(cameras)
        return np.stack(list(pictures(avatar, self.body, motion, given, background)))

    def megabytes(self) -> float:
        """Of Gaussians and what they hang on."""
        sizes = []
        for avatar in self.avatars.values():
            held = [getattr(avatar, f.name) for f in fields(avatar)]
            sizes.append(sum(t.numel() * t.element_size() for t in held if torch.is_tensor(t)))
        return float(np.mean(sizes)) / 1e6


def _one_or_all(cameras: Sequence[Camera]) -> Camera | list[Camera]:
    return cameras[0] if len(cameras) == 1 else list(cameras)


def _known(found: Mapping[str, object], signer: str) -> object:
    if signer not in found:
        names = ", ".join(found) or "nobody"
        raise SLTError(f"The renderer doesn't know {signer!r}.",
                       fix=f"Known: {names}; let it `meet` others.")  # fmt: skip
    return found[signer]
