"""Teach a generator to draw signers: pictures, critics, hands and steadiness, in one loop."""

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, l1_loss
from tqdm import tqdm

from slt_lib.body.model import Body
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.captures import Captures
from slt_lib.rendering.signgan import GanShape, SignGAN
from slt_lib.rendering.signgan_critics import (
    HandReader,
    PatchCritic,
    close_ups,
    hand_boxes,
    reading_loss,
)
from slt_lib.rendering.signgan_data import Lesson, Subject, lesson
from slt_lib.rendering.signgan_files import read_state, write_state

LAST_RATE = 0.05  # of the first, at the end
READ, SAME = 0.2, 5.0  # parts of the hand loss: joints and colours, beside features


@dataclass(frozen=True)
class GanSettings:
    """How a generator learns.

    Attributes:
        shape: Its sizes.
        steps: Of the generator.
        batch: Pictures per step, in pairs of neighbours.
        rate, critic_rate: Highest learning rates of Adam.
        alone: Share of the steps before the critic joins in.
        picture: Weight of the absolute difference; 0 leaves the critic alone with it.
        adversarial, matching: Weights of the critic's verdict and of its features.
        hand_weight: Of the hand keypoint loss; 0 switches it off.
        temporal: Weight of the difference between neighbouring pictures.
        ema: How slowly the weights that are kept follow those that learn, 0 to below 1.
        reader_steps: Of the reader of hands.
        seed: Of every random choice.
        save_every: Steps between checkpoints.

    Raises:
        SLTError: If values make no sense.

    Chapter: 07_signgan
    """

    shape: GanShape = field(default_factory=GanShape)
    steps: int = 1500
    batch: int = 8
    rate: float = 2e-3
    critic_rate: float = 1e-3
    alone: float = 0.3
    picture: float = 10.0
    adversarial: float = 0.1
    matching: float = 1.0
    hand_weight: float = 1.0
    temporal: float = 2.0
    ema: float = 0.99
    reader_steps: int = 300
    seed: int = 0
    save_every: int = 100

    def __post_init__(self) -> None:
        weights = (self.picture, self.adversarial, self.matching, self.hand_weight, self.temporal)
        if min(weights) < 0 or min(self.steps, self.reader_steps, self.save_every) < 1:
            raise SLTError(f"{self} makes no sense.", fix="No weight below 0, no steps below 1.")
        if self.batch < 2 or self.batch % 2 or not (0 <= self.ema < 1 and 0 <= self.alone <= 1):
            raise SLTError(
                f"batch {self.batch}, ema {self.ema} or alone {self.alone} makes no sense.",
                fix="An even batch; shares from 0 to 1.",
            )


def train_signgan(
    captures: Sequence[Captures | Subject], body: Body, settings: GanSettings | None = None, *,
    out: str | Path | None = None, progress: bool = True,
) -> SignGAN:  # fmt: skip
    """Train a generator on captures of one or more signers, or finish an interrupted training.

    Args:
        captures: One per signer, of square pictures with known poses; or subjects of the
            generator's size.
        body: What their motion poses.
        settings: How.
        out: A folder for checkpoints, from which a training that was killed goes on as if nothing
            had happened; None keeps none.
        progress: Whether to show it.

    Returns:
        The generator with averaged weights, on the CPU.

    Raises:
        SLTError: If there is nothing to learn from, or the folder holds another training.

    Source: Saunders et al., Everybody Sign Now, 2020; hinge loss after Lim and Ye, 2017
        (https://arxiv.org/abs/1705.02894).

    Chapter: 07_signgan
    """
    settings = settings or GanSettings()
    if not captures:
        raise SLTError("There is nobody to learn from.", fix="Give captures of a signer.")
    subjects = [one if isinstance(one, Subject) else Subject.of(one, body, settings.shape.size)
                for one in captures]  # fmt: skip
    fabric = Fabric(accelerator="cuda" if torch.cuda.is_available() else "cpu", devices=1)
    school = _School(settings, fabric)
    first = school.resume(out, subjects)
    if first == 0 and settings.hand_weight:
        school.reader.load_state_dict(train_reader(subjects, settings, fabric).state_dict())
    for step in tqdm(range(first, settings.steps), "SignGAN", unit="step", initial=first,
                     total=settings.steps, disable=not progress):  # fmt: skip
        school.teach(lesson(subjects, settings.batch, settings.seed, step).to(fabric.device), step)
        if out and ((step + 1) % settings.save_every == 0 or step + 1 == settings.steps):
            school.save(out, step + 1)
    school.kept.train_seconds = school.seconds + time.perf_counter() - school.began
    return school.kept.cpu().eval()


def train_reader(subjects: Sequence[Subject], settings: GanSettings, fabric: Fabric) -> HandReader:
    """A reader of hands, taught on true close-ups.

    Args:
        subjects: Whose hands.
        settings: Seed, batch and `reader_steps`.
        fabric: The device.

    Chapter: 07_signgan
    """
    torch.manual_seed(settings.seed)
    reader, rng = HandReader().to(fabric.device), np.random.default_rng([settings.seed, 32])
    shown, joints = zip(*(_hands(one) for one in subjects), strict=True)
    shown, joints = torch.cat(shown).to(fabric.device), torch.cat(joints).to(fabric.device)
    optimiser = torch.optim.Adam(reader.parameters(), lr=4e-3)
    for _ in range(settings.reader_steps if len(shown) else 0):
        some = torch.from_numpy(rng.integers(len(shown), size=4 * settings.batch))
        crops = shown[some] * torch.empty(len(some), 3, 1, 1).uniform_(0.7, 1.3).to(shown.device)
        maps, _ = reader(crops.clamp(0, 1))
        optimiser.zero_grad()
        reading_loss(maps, joints[some]).backward()
        optimiser.step()
    return reader


def _hands(subject: Subject) -> tuple[Tensor, Tensor]:
    """All close-ups of a signer's hands, and the joints in them."""
    numbers, boxes, joints = hand_boxes(subject.keypoints)
    pictures = torch.from_numpy(subject.pictures).permute(0, 3, 1, 2).float() / 255
    return close_ups(pictures, numbers, boxes), joints


class _School:
    """A generator, its critic, the reader of hands, and how far they are."""

    def __init__(self, settings: GanSettings, fabric: Fabric) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.seconds, self.began = settings, 0.0, time.perf_counter()
        self.gan, self.kept = SignGAN(settings.shape), SignGAN(settings.shape)
        self.kept.load_state_dict(self.gan.state_dict())
        self.critic, self.reader = PatchCritic(), HandReader().requires_grad_(False)
        for module in (self.gan, self.kept, self.critic, self.reader):
            module.to(fabric.device)
        self.adam = torch.optim.Adam(self.gan.parameters(), lr=settings.rate, betas=(0.5, 0.99))
        self.critic_adam = torch.optim.Adam(
            self.critic.parameters(), lr=settings.critic_rate, betas=(0.5, 0.99)
        )

    def teach(self, one: Lesson, step: int) -> dict[str, float]:
        """One step of the generator and, once it has joined in, of the critic."""
        settings = self.settings
        judged = step >= settings.alone * settings.steps and settings.adversarial > 0
        for optimiser, rate in (
            (self.adam, settings.rate),
            (self.critic_adam, settings.critic_rate),
        ):
            optimiser.param_groups[0]["lr"] = rate * _decay(step, settings.steps)
        drawn, cover = self.gan(one.given, one.doll, one.looks)
        whole = cover * drawn + (1 - cover) * one.backgrounds
        if judged:
            self._teach_critic(whole.detach(), one)
        parts = self._losses(whole, cover, one, judged)
        self.adam.zero_grad(set_to_none=True)
        sum(parts.values()).backward()
        nn.utils.clip_grad_norm_(self.gan.parameters(), 10.0)
        self.adam.step()
        share = min(settings.ema, (1 + step) / (10 + step))
        with torch.no_grad():
            for kept, new in zip(self.kept.parameters(), self.gan.parameters(), strict=True):
                kept.lerp_(new, 1 - share)
        return {name: float(value.detach()) for name, value in parts.items()}

    def _losses(self, whole: Tensor, cover: Tensor, one: Lesson, judged: bool) -> dict[str, Tensor]:
        """What the generator is taught by, each weighted."""
        settings, off = self.settings, whole - one.pictures
        count = one.weights.sum().clamp(min=1) * 3
        found = {
            "picture": settings.picture * (off.abs() * (one.weights + 0.05)).sum() / count,
            "cover": binary_cross_entropy(cover, one.masks),
            "temporal": settings.temporal
            * ((off[::2] - off[1::2]).abs() * torch.maximum(one.masks[::2], one.masks[1::2])).sum()
            / (count / 2),
        }  # fmt: skip
        if settings.hand_weight and len(one.hands):
            found["hands"] = settings.hand_weight * self._hands(whole, one)
        if judged:
            self.critic.requires_grad_(False)
            with torch.no_grad():
                true = self.critic(one.pictures, one.given)
            fake = self.critic(whole, one.given)
            self.critic.requires_grad_(True)
            found["adversarial"] = -settings.adversarial * sum(s[-1].mean() for s in fake)
            pairs = [pair for t, f in zip(true, fake, strict=True)
                     for pair in zip(f[:-1], t[:-1], strict=True)]  # fmt: skip
            found["matching"] = settings.matching * sum(l1_loss(*pair) for pair in pairs)
        return found

    def _hands(self, whole: Tensor, one: Lesson) -> Tensor:
        """The hand keypoint loss: can the joints be read, and from the same features?"""
        drawn, true = (close_ups(p, one.hands, one.boxes) for p in (whole, one.pictures))
        maps, features = self.reader(drawn)
        with torch.no_grad():
            _, wanted = self.reader(true)
        alike = sum(l1_loss(*pair) for pair in zip(features, wanted, strict=True))
        return READ * reading_loss(maps, one.joints) + alike + SAME * l1_loss(drawn, true)

    def _teach_critic(self, fake: Tensor, one: Lesson) -> None:
        """Hinge loss: above 1 for true pictures, below -1 for drawn ones."""
        both = torch.cat([one.pictures, fake]), torch.cat([one.given, one.given])
        loss = 0.0
        for *_, verdict in self.critic(*both):
            true, drawn = verdict.chunk(2)
            loss = loss + (1 - true).relu().mean() + (1 + drawn).relu().mean()
        self.critic_adam.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_adam.step()

    def _parts(self) -> dict:
        return {name: getattr(self, name) for name in
                ("gan", "kept", "critic", "reader", "adam", "critic_adam")}  # fmt: skip

    def save(self, out: str | Path, step: int) -> None:
        """A checkpoint after so many steps."""
        spent = self.seconds + time.perf_counter() - self.began
        write_state(Path(out) / "last.pt", self._key, step, spent, self._parts())

    def resume(self, out: str | Path | None, subjects: Sequence[Subject]) -> int:
        """The step at which to begin: that of the folder's checkpoint, or 0."""
        self._key = repr(asdict(self.settings)) + _digest(subjects)
        if not out:
            return 0
        step, self.seconds = read_state(Path(out) / "last.pt", self._key, self._parts())
        return step


def _decay(step: int, steps: int) -> float:
    """Of the learning rates: up within 20 steps, then down along a cosine."""
    down = LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * step / steps))
    return min(1.0, (step + 1) / 20) * down


def _digest(subjects: Sequence[Subject]) -> str:
    """What tells one set of captures from another."""
    sums = [(len(s), int(s.pictures.sum(dtype=np.int64)), float(s.keypoints.places.sum()))
            for s in subjects]  # fmt: skip
    return repr(sums)
