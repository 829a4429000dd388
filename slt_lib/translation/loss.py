"""What is the translator told to get right? Words, glosses in order, and its streams' agreement.

Every part is a sum over targets divided by the number of targets: a weight of 1 for glosses
means that a gloss counts as much as a word, whatever the batch. (Toolkits that sum one loss
over tokens and average another over sentences give weights another meaning with every batch
size.)
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from slt_lib.translation.data import Batch
from slt_lib.translation.model import Outputs
from slt_lib.translation.settings import TrainSettings
from slt_lib.translation.vocabulary import PAD


@dataclass(frozen=True)
class Totals:
    """How many targets a whole batch has, over all devices.

    Attributes:
        words: With `EOS`.
        glosses: Of the gloss heads.
        steps: Encoder steps.
    """

    words: float
    glosses: float
    steps: float

    @classmethod
    def of(cls, batch: Batch, stride: int) -> "Totals":
        """The targets of one batch."""
        steps = torch.div(batch.frames + stride - 1, stride, rounding_mode="floor")
        counts = batch.words.sum(), batch.gloss_lengths.sum(), steps.sum()
        return cls(*(max(1.0, float(n)) for n in counts))


def losses(
    outputs: Outputs, batch: Batch, settings: TrainSettings, totals: Totals
) -> dict[str, Tensor]:
    """Every part of the loss, and their weighted sum as "loss".

    Args:
        outputs: Of the model.
        batch: With its targets.
        settings: Weights and smoothing.
        totals: Targets to divide by.

    Chapter: 09_pose_to_text
    """
    memory, target = outputs.memory, batch.tokens[:, 1:]
    text = F.cross_entropy(
        outputs.logits.flatten(0, 1).float(), target.flatten(), ignore_index=PAD,
        label_smoothing=settings.label_smoothing, reduction="sum",
    )  # fmt: skip
    parts = {"text": text / totals.words}
    weighted = parts["text"]
    if settings.gloss_weight and memory.gloss_logits is not None:
        gloss = ctc(memory.gloss_logits, memory.mask, batch.gloss, batch.gloss_lengths)
        for logits in memory.streams.values():
            own = ctc(logits, memory.mask, batch.gloss, batch.gloss_lengths)
            gloss = gloss + own / len(memory.streams)
        parts["gloss"] = gloss / totals.glosses
        weighted = weighted + settings.gloss_weight * parts["gloss"]
        if settings.distil_weight and memory.streams:
            parts["distil"] = distil(memory) / totals.steps
            weighted = weighted + settings.distil_weight * parts["distil"]
    if settings.text_ctc_weight and memory.text_logits is not None:
        words = batch.words - 1  # without EOS
        parts["text_ctc"] = ctc(memory.text_logits, memory.mask, target, words) / totals.words
        weighted = weighted + settings.text_ctc_weight * parts["text_ctc"]
    return parts | {"loss": weighted}


def ctc(logits: Tensor, mask: Tensor, targets: Tensor, lengths: Tensor) -> Tensor:
    """Connectionist temporal classification, summed over sentences (Graves et al. 2006).

    A sentence with more targets than steps can't be aligned; it counts nothing.

    Args:
        logits: [batch, steps, classes], class 0 is the blank.
        mask: bool [batch, steps].
        targets: int [batch, targets]; lengths: int [batch].

    Chapter: 09_pose_to_text
    """
    log_probs = logits.float().log_softmax(-1).transpose(0, 1)
    return F.ctc_loss(
        log_probs, targets, mask.sum(1), lengths, blank=PAD, reduction="sum", zero_infinity=True
    )


def distil(memory) -> Tensor:
    """How far the streams are from what all of them say together, summed over steps."""
    teacher = memory.gloss_logits.detach().float().log_softmax(-1)
    total = teacher.new_zeros(())
    for logits in memory.streams.values():
        student = logits.float().log_softmax(-1)
        gap = (teacher.exp() * (teacher - student)).sum(-1)
        total = total + (gap * memory.mask).sum() / len(memory.streams)
    return total
