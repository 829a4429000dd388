"""A first lesson for what looks at video: say where the signer's joints are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from slt_lib.pose.errors import SLTError
from slt_lib.pose.io.guard import atomic_write
from slt_lib.pose.skeleton import BODY_HANDS_50, SLRTP_178
from slt_lib.rendering.frame_encoder import FrameEncoder
from slt_lib.rendering.keypoints import SHOULDERS, PictureKeypoints
from slt_lib.rendering.variation import Variation, varied
from slt_lib.stitching.regression import one_thread

JOINTS = len(BODY_HANDS_50)
WRISTS = SLRTP_178.ids("RIGHT_WRIST", "LEFT_WRIST")
ROOTS = torch.full((JOINTS,), -1)  # what a joint's place is told from: its wrist, or the shoulders
for _wrist, _side in zip(WRISTS, ("right_hand", "left_hand"), strict=True):
    ROOTS[SLRTP_178.span(_side)] = int(_wrist)
WEIGHT = 3.0  # of a hand's joints: what they differ by is small


@dataclass(frozen=True)
class LessonSettings:
    """How a frame encoder learns where joints are.

    Attributes:
        width: Of the encoder's vectors.
        steps: Of the training.
        batch: Pictures per step.
        rate: Highest learning rate.
        seed: Of the first weights, the order and the variation.
        variation: How pictures are varied.

    Raises:
        SLTError: If a number isn't above 0.

    Chapter: 11_video_to_text
    """

    width: int = 128
    steps: int = 1500
    batch: int = 32
    rate: float = 2e-3
    seed: int = 0
    variation: Variation = field(default_factory=Variation)

    def __post_init__(self) -> None:
        if min(self.width, self.steps, self.batch, self.rate) <= 0:
            raise SLTError(f"A frame encoder can't learn with {self}.", fix="Give numbers above 0.")


def train_frame_encoder(
    pictures: np.ndarray,
    keypoints: PictureKeypoints | Sequence[PictureKeypoints],
    settings: LessonSettings | None = None,
    *,
    progress: bool = True,
) -> FrameEncoder:
    """Teach a frame encoder to find joints, so that it needn't learn to see from sentences.

    It learns the first 50 joints by a linear layer that is thrown away afterwards: the body's
    from the middle of the shoulders, a hand's from its wrist, and where in the picture the wrists
    are, all in sides of the picture. A joint that wasn't seen is in no loss.

    Args:
        pictures: uint8 [N, H, W, 3].
        keypoints: Of the N pictures, or of several lots of them in order.
        settings: How.
        progress: Whether to show it.

    Raises:
        SLTError: If there are no pictures, or keypoints aren't theirs.

    Chapter: 11_video_to_text
    """
    settings = settings or LessonSettings()
    images, places, seen = lesson(pictures, keypoints)
    side = float(min(images.shape[2:]))
    rng = torch.Generator().manual_seed(settings.seed)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        encoder = FrameEncoder(settings.width)
        head = nn.Linear(settings.width, 2 * (JOINTS + len(WRISTS)))
        parameters = [*encoder.parameters(), *head.parameters()]
        optimiser = torch.optim.AdamW(parameters, settings.rate, weight_decay=1e-3)
        rates = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, settings.rate, settings.steps + 1, pct_start=0.1
        )
        for _ in tqdm(range(settings.steps), "frame encoder", unit="step", disable=not progress):
            some = torch.randint(len(images), (settings.batch,), generator=rng)
            shown, where = varied(images[some], places[some], settings.variation, rng)
            answers = head(encoder(shown).relu()).view(len(some), -1, 2)
            loss = _unlike(answers, *_told(where / side, seen[some]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rates.step()
    return encoder.eval()


def lesson(
    pictures: np.ndarray, keypoints: PictureKeypoints | Sequence[PictureKeypoints]
) -> tuple[Tensor, Tensor, Tensor]:
    """Pictures and the first 50 joints in them, as a training takes them.

    Args:
        pictures: uint8 [N, H, W, 3].
        keypoints: Of the N pictures, or of several lots of them in order.

    Returns:
        Pictures, uint8 [N, 3, H, W]; places, pixels, float [N, 50, 2]; and seen, bool [N, 50].

    Raises:
        SLTError: If there are no pictures, or keypoints aren't theirs.
    """
    lots = [keypoints] if isinstance(keypoints, PictureKeypoints) else list(keypoints)
    sizes = {(lot.height, lot.width) for lot in lots}
    count = sum(map(len, lots))
    if pictures.shape != (count, *pictures.shape[1:3], 3) or sizes != {pictures.shape[1:3]}:
        raise SLTError(f"Pictures {pictures.shape} and {count} keypoints in pictures of sizes "
                       f"{sorted(sizes)} don't belong together.",
                       fix="Give keypoints of the same pictures (`resized`).")  # fmt: skip
    if not count or pictures.dtype != np.uint8:
        raise SLTError(f"{count} pictures of {pictures.dtype} teach nothing.", fix="Give uint8.")
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous()
    places = np.concatenate([lot.places[:, :JOINTS] for lot in lots])
    seen = np.concatenate([lot.seen[:, :JOINTS] for lot in lots])
    return images, torch.from_numpy(places), torch.from_numpy(seen)


def _told(places: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Places [N, 50, 2] from where they are told from, and the wrists' own; and whether known."""
    ends = list(SHOULDERS)
    middle, known = places[:, ends].mean(1, keepdim=True), seen[:, ends].all(1, keepdim=True)
    hand = ROOTS >= 0
    roots = torch.where(hand[:, None], places[:, ROOTS], middle)
    rooted = torch.where(hand, seen[:, ROOTS], known)
    told = torch.cat([places - roots, places[:, WRISTS] - 0.5], 1)
    return told, torch.cat([seen & rooted, seen[:, WRISTS]], 1)


def _unlike(answers: Tensor, told: Tensor, known: Tensor) -> Tensor:
    """Mean absolute error of what is known."""
    weights = torch.ones(told.shape[1])
    weights[:JOINTS][ROOTS >= 0] = WEIGHT
    weights = weights * known
    # No arithmetic on what wasn't seen: 0 times not-a-number is no 0
    errors = (answers - told).abs().sum(-1).masked_fill(~known, 0)
    return (errors * weights).sum() / weights.sum().clamp(min=1)


def save_frame_encoder(encoder: FrameEncoder, path: str | Path) -> None:
    """Write a frame encoder's weights, as `ModelSettings.frames_weights` takes them.

    Chapter: 11_video_to_text
    """
    with atomic_write(path) as file:
        torch.save(encoder.state_dict(), file)
