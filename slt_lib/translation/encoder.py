"""From signing to a memory that a decoder can read: the field's plain transformer encoder."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from slt_lib.translation.data import Batch
from slt_lib.translation.features import CHANNELS, JOINTS, pool_pairs, pose_features
from slt_lib.translation.layers import EncoderLayer, positions, shorten
from slt_lib.translation.settings import ModelSettings


@dataclass
class Memory:
    """What the encoder says of some sentences.

    Attributes:
        states: [batch, steps, width].
        mask: bool [batch, steps], True where real.
        gloss_logits: [batch, steps, glosses], None without a gloss head.
        text_logits: [batch, steps, words], None without a CTC head for words.
        streams: Gloss logits by stream (multi-stream encoder only).

    Chapter: 09_pose_to_text
    """

    states: Tensor
    mask: Tensor
    gloss_logits: Tensor | None = None
    text_logits: Tensor | None = None
    streams: dict[str, Tensor] = field(default_factory=dict)


class Subsample(nn.Module):
    """Strided convolutions over time, after frames were taken in pairs; padding stays out.

    Args:
        settings: Width and stride.
    """

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        width, halvings = settings.width, max(0, settings.stride.bit_length() - 2)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(width, width, 3, stride=2, padding=1) for _ in range(halvings)
        )

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """x [n, frames, width] and mask [n, frames] at every `stride`-th frame, from pairs."""
        for convolution in self.convolutions:
            x = convolution((x * mask.unsqueeze(-1)).transpose(1, 2)).transpose(1, 2)
            x, mask = torch.nn.functional.gelu(x), shorten(mask)
        return x, mask


class TemporalEncoder(nn.Module):
    """What poses and pictures share once a frame is a vector: subsampling, self-attention.

    Args:
        settings: Of the model.

    Chapter: 09_pose_to_text
    """

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        self.norm_out = nn.LayerNorm(settings.width)
        self.subsample = Subsample(settings)
        self.layers = nn.ModuleList(EncoderLayer(settings) for _ in range(settings.encoder_layers))
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, x: Tensor, mask: Tensor, extra: Tensor | None) -> tuple[Tensor, Tensor]:
        """States [batch, steps, width] and their mask.

        Args:
            x: [batch, frames or pairs, width]; mask: bool [batch, frames or pairs].
            extra: Added to every step, [batch, width], or None.
        """
        x, mask = self.subsample(x, mask)
        x = x + positions(x.shape[1], x.shape[2], x.device)
        if extra is not None:
            x = x + extra.unsqueeze(1)
        x = self.dropout(x)
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm_out(x), mask


class TransformerEncoder(nn.Module):
    """All joints of a frame in one vector, time subsampled, then self-attention.

    As in Camgöz et al. 2020 (https://arxiv.org/abs/2003.13830), with keypoints for video
    features.

    Args:
        settings: Of the model.

    Chapter: 09_pose_to_text
    """

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        self.paired = settings.stride > 1
        self.project = nn.Linear(JOINTS * CHANNELS, settings.width)
        self.norm_in = nn.LayerNorm(settings.width)
        self.time = TemporalEncoder(settings)

    def forward(
        self, batch: Batch, mask: Tensor, extra: Tensor | None
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """States, their mask and no streams.

        Args:
            batch: Sentences with poses.
            mask: bool [batch, frames], True where real.
            extra: Added to every step, [batch, width], or None.
        """
        x = pose_features(batch.positions, batch.seen)
        if self.paired:
            x, mask = pool_pairs(x), shorten(mask)
        return *self.time(self.norm_in(self.project(x.flatten(2))), mask, extra), {}
