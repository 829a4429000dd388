"""Batches of captures for the generator: who, in which pose, before what, with which reference."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from slt_lib.body.model import Body
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.captures import Captures
from slt_lib.rendering.conditions import conditions
from slt_lib.rendering.keypoints import PictureKeypoints, body_keypoints, together
from slt_lib.rendering.regions import FACE
from slt_lib.rendering.signgan_critics import hand_boxes
from slt_lib.rendering.unwrap import best_looks, unwrapped_each, wrap

REFERENCES = 3  # pictures that a signer's looks are taken from
REGION_WEIGHT = {FACE: 2.0}  # hands are the hand loss' matter


@dataclass(frozen=True, eq=False)
class Subject:
    """One signer's captures at a generator's size.

    Attributes:
        pictures: uint8 [N, size, size, 3].
        masks: How much of a pixel the signer covers, 0 to 1, float16 [N, size, size].
        regions: uint8 [N, size, size].
        background: 0 to 1, float32 [size, size, 3].
        keypoints: N.
        given: Of `conditions`, uint8 [N, channels, size, size].
        looks: Of `unwrapped_each`, float16 [N, patches, 4, CUT, CUT].

    Chapter: 07_signgan
    """

    pictures: np.ndarray
    masks: np.ndarray
    regions: np.ndarray
    background: np.ndarray
    keypoints: PictureKeypoints
    given: Tensor
    looks: Tensor

    def __len__(self) -> int:
        return len(self.pictures)

    @classmethod
    def of(cls, captures: Captures, body: Body, size: int) -> "Subject":
        """A signer's captures, made as large as the generator's pictures.

        Args:
            captures: Of one signer, N of them square.
            body: Which their motion poses.
            size: Pixels along each side.

        Raises:
            SLTError: If there are fewer than 2 pictures or they aren't square.
        """
        shape = captures.pictures.shape
        if len(captures) < 2 or shape[1] != shape[2]:
            raise SLTError(f"A generator can't learn from pictures {shape}.",
                           fix="Give 2 or more square ones of every signer.")  # fmt: skip
        found = body_keypoints(body, captures.motion, captures.cameras)
        masks = (captures.masks.astype(np.float32) * 255).round().astype(np.uint8)
        masks = (_sized(masks, size) / 255).astype(np.float16)
        behind = np.broadcast_to(captures.background, (*shape[1:3], 3)) * 255
        behind = _sized(behind.round().astype(np.uint8)[None], size)[0]
        return cls.known(
            _sized(captures.pictures, size), masks, _sized(captures.regions, size, Image.NEAREST),
            (behind / 255).astype(np.float32), found.resized(size, size),
        )  # fmt: skip

    @classmethod
    def known(
        cls, pictures: np.ndarray, masks: np.ndarray, regions: np.ndarray,
        background: np.ndarray, keypoints: PictureKeypoints,
    ) -> "Subject":  # fmt: skip
        """A signer of whom all is known but conditions and looks, which are made here."""
        lots = np.array_split(np.arange(len(pictures)), -(-len(pictures) // 32))
        looks = [unwrapped_each(pictures[k], keypoints[k], masks[k]).half() for k in lots]
        return cls(pictures, masks, regions, background, keypoints, conditions(keypoints),
                   torch.cat(looks))  # fmt: skip

    def __getitem__(self, chosen) -> "Subject":
        """Some of the pictures, by a slice, numbers or a mask."""
        numbers = np.atleast_1d(np.arange(len(self))[chosen])
        return Subject(
            self.pictures[numbers], self.masks[numbers], self.regions[numbers], self.background,
            self.keypoints[numbers], self.given[numbers], self.looks[numbers],
        )  # fmt: skip

    def look(self, count: int = 6) -> Tensor:
        """How the signer looks by the first so many pictures: as of `unwrap`."""
        return best_looks(self.looks[:count].float())


def _sized(pictures: np.ndarray, size: int, how: int = Image.BOX) -> np.ndarray:
    if pictures.shape[1:3] == (size, size):
        return pictures
    return np.stack([np.asarray(Image.fromarray(p).resize((size, size), how)) for p in pictures])


@dataclass(frozen=True, eq=False)
class Lesson:
    """A batch; pictures come in pairs of neighbours.

    Attributes:
        pictures, backgrounds: 0 to 1, float [N, 3, size, size].
        masks, weights: float [N, 1, size, size]; weights say how much a pixel's error counts.
        given: uint8 [N, channels, size, size]; doll: float [N, 4, size, size].
        looks: float [N, patches, 4, CUT, CUT], from other pictures of the same signers.
        hands, boxes, joints: As of `hand_boxes`.

    Chapter: 07_signgan
    """

    pictures: Tensor
    backgrounds: Tensor
    masks: Tensor
    weights: Tensor
    given: Tensor
    doll: Tensor
    looks: Tensor
    hands: Tensor
    boxes: Tensor
    joints: Tensor

    def to(self, device) -> "Lesson":
        """The batch on another device."""
        return Lesson(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})


def lesson(subjects: Sequence[Subject], batch: int, seed: int, step: int) -> Lesson:
    """The batch of a step: a pure function of the seed and the step's number.

    Args:
        subjects: The signers.
        batch: Pictures, an even number: pairs of neighbours, each of a signer drawn at random.
        seed: Of the draw.
        step: Its number.

    Chapter: 07_signgan
    """
    rng = np.random.default_rng([seed, step, 31])
    rows, looks = [], []
    for _ in range(batch // 2):
        who = subjects[rng.integers(len(subjects))]
        first, others = rng.integers(len(who) - 1), rng.integers(len(who), size=REFERENCES)
        rows += [(who, first), (who, first + 1)]
        looks += [best_looks(who.looks[others].float())] * 2
    found, looks = together([who.keypoints[i] for who, i in rows]), torch.stack(looks)
    masks = torch.from_numpy(np.stack([who.masks[i] for who, i in rows])).float()[:, None]
    regions = np.stack([who.regions[i] for who, i in rows])
    weights = np.ones(regions.shape, np.float32)
    for region, weight in REGION_WEIGHT.items():
        weights[regions == region] = weight
    behind = torch.from_numpy(np.stack([who.background for who, _ in rows]))
    return Lesson(
        _stacked([who.pictures[i] for who, i in rows]).permute(0, 3, 1, 2),
        behind.permute(0, 3, 1, 2), masks, masks * torch.from_numpy(weights)[:, None],
        torch.stack([who.given[i] for who, i in rows]), wrap(looks, found), looks,
        *hand_boxes(found),
    )  # fmt: skip


def _stacked(pictures: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).float() / 255
