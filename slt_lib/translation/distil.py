"""A video translator that starts from one of poses: it learns to see what the other was told.

Translating needs thousands of updates, and every update on video is paid for in pictures. So the
part behind the front end is taken over from a translator of poses, and the new front end is first
taught, on the same sentences, to say of a video what the old one says of its poses.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from slt_lib.pose.errors import SLTError
from slt_lib.translation import checkpoint
from slt_lib.translation.batches import epoch_batch
from slt_lib.translation.data import Batch, TranslationData
from slt_lib.translation.model import Translator
from slt_lib.translation.parameters import load_fitting
from slt_lib.translation.picture_augment import augment_pictures
from slt_lib.translation.settings import ModelSettings, PictureAugment
from slt_lib.translation.video_data import VideoData


def distil(
    out: str | Path, teacher: Translator, settings: ModelSettings, video: VideoData,
    poses: TranslationData, *, updates: int, seed: int, batch_size: int = 16, lr: float = 2e-3,
    augment: PictureAugment | None = None, progress: bool = True,
) -> Path:  # fmt: skip
    """Give a video translator everything that a translator of poses knows.

    Args:
        out: A folder; its `best.pt` is what a training starts from (`initial`).
        teacher: A translator of poses with a "transformer" encoder, as wide as the new one.
        settings: Of the new translator, whose encoder is "video".
        video: Sentences on video.
        poses: The same sentences as poses, in the same order.
        updates: Steps in which the front end learns; the rest is copied.
        seed: Of weights, batches and variation.
        batch_size: Sentences per step.
        lr: Highest learning rate.
        augment: How pictures are varied; without leaving out frames, since time must agree.
        progress: Whether to show it.

    Returns:
        The folder.

    Raises:
        SLTError: If the sentences aren't the same, or the models don't fit together.

    Source: Hinton et al., 2015 (https://arxiv.org/abs/1503.02531), with states for answers.
    Chapter: 11_video_to_text
    """
    if video.texts != poses.texts:
        raise SLTError("Video and poses aren't of the same sentences.",
                       fix="Give both in the same order.")  # fmt: skip
    if settings.encoder != "video" or teacher.settings.width != settings.width:
        raise SLTError(
            f"A {settings.encoder} encoder of width {settings.width} can't learn from one of width "
            f"{teacher.settings.width}.", fix="The same width, and a video encoder.",
        )  # fmt: skip
    out = Path(out)
    if (out / "best.pt").is_file():
        return out
    torch.manual_seed(seed)
    student = checkpoint.build(settings, teacher.codec)
    load_fitting(student, {k: v for k, v in teacher.state_dict().items() if _behind(k)})
    augment = replace(augment or PictureAugment(), drop=0.0)
    front = [p for name, p in student.encoder.named_parameters() if not name.startswith("time.")]
    optimiser = torch.optim.AdamW(front, lr=lr, betas=(0.9, 0.98), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=updates + 1)
    teacher.eval()
    student.eval()  # no dropout: the states are to be the same
    for update in tqdm(range(updates), out.name, unit="update", disable=not progress):
        rows = epoch_batch(video.lengths, batch_size, seed, update)
        generator = torch.Generator().manual_seed(
            int(np.random.SeedSequence([seed, update, 5]).generate_state(1)[0])
        )
        shown = augment_pictures(video.batch(rows, teacher.codec), augment, generator)
        loss = unlike(student, teacher, shown, poses.batch(rows, teacher.codec))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(front, 1.0)
        optimiser.step()
        schedule.step()
    out.mkdir(parents=True, exist_ok=True)
    checkpoint.save(out / "best.pt", student, update=updates)
    return out


def _behind(name: str) -> bool:
    """Whether a weight belongs to what comes behind the front end."""
    return not name.startswith("encoder.") or name.startswith("encoder.time.")


def unlike(student: Translator, teacher: Translator, shown: Batch, told: Batch) -> Tensor:
    """How far the states of a video are from those of its poses, mean squared difference.

    Args:
        student, teacher: Of video, and of poses.
        shown, told: The same sentences; both encoders make a state of the same stretch of time.

    Chapter: 11_video_to_text
    """
    with torch.no_grad():
        wanted = teacher.encode(told)
    found = student.encode(shown)
    steps = min(wanted.states.shape[1], found.states.shape[1])
    both = wanted.mask[:, :steps] & found.mask[:, :steps]
    off = (wanted.states[:, :steps] - found.states[:, :steps])[both]
    return (off**2).mean()
