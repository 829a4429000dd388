"""Body, hands and face each on their own, with attention over their joints, then together.

After MSKA-SLT (Guan et al., https://arxiv.org/abs/2405.05672), the best pose-based result
reported on PHOENIX14T: a CTC head per stream and one on all of them, and the streams learn from
what all of them say (self-distillation). Attention runs over at most 21 joints, after the
temporal stride.
"""

import torch
from torch import Tensor, nn

from slt_lib.translation.data import Batch
from slt_lib.translation.features import CHANNELS, STREAMS, pose_features
from slt_lib.translation.layers import Attention, EncoderLayer, positions
from slt_lib.translation.settings import ModelSettings


class JointAttention(nn.Module):
    """One stream: frames gathered by the stride, attention over joints, pooled to one vector.

    Args:
        joints: How many.
        width: Channels per joint and of the result.
        settings: Stride and dropout.
    """

    def __init__(self, joints: int, width: int, settings: ModelSettings) -> None:
        super().__init__()
        self.stride = settings.stride
        self.embed = nn.Linear(CHANNELS * self.stride, width)
        self.which = nn.Parameter(torch.randn(joints, width) * 0.02)
        self.norm = nn.LayerNorm(width)
        self.attention = Attention(width, 2)
        self.out = nn.Linear(joints * width, settings.width)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, frames, joints, channels] to [batch, steps, width]; the last channel is seen."""
        missing = -x.shape[1] % self.stride
        x = nn.functional.pad(x, (0, 0, 0, 0, 0, missing))
        batch, frames, joints, _ = x.shape
        steps = x.view(batch, frames // self.stride, self.stride, joints, -1).transpose(2, 3)
        seen = steps[..., -1].any(-1).flatten(0, 1)
        h = self.embed(steps.flatten(3)).flatten(0, 1) + self.which
        h = h * seen.unsqueeze(-1)
        keys = self.attention.keys(self.norm(h))
        open_ = (seen | ~seen.any(1, keepdim=True))[:, None, None]  # all closed would be NaN
        h = (h + self.attention.attend(self.norm(h), keys, open_)) * seen.unsqueeze(-1)
        return self.out(h.flatten(1)).view(batch, -1, self.out.out_features)


class MultiStreamEncoder(nn.Module):
    """Four streams, each with a layer over time and a gloss head of its own, fused.

    Args:
        settings: Of the model.
        glosses: Size of the gloss vocabulary; 0 for no heads.

    Chapter: 09_pose_to_text
    """

    def __init__(self, settings: ModelSettings, glosses: int) -> None:
        super().__init__()
        self.stride = settings.stride
        width, own = settings.width, max(8, settings.width // 16 * 2)  # two heads
        names = list(STREAMS)
        self.joints = nn.ModuleDict(
            {n: JointAttention(STREAMS[n].stop - STREAMS[n].start, own, settings) for n in names}
        )
        self.norms = nn.ModuleDict({n: nn.LayerNorm(width) for n in names})
        self.time = nn.ModuleDict({n: nn.Conv1d(width, width // 2, 3, padding=1) for n in names})
        self.heads = nn.ModuleDict(
            {n: nn.Linear(width // 2, glosses) for n in names} if glosses else {}
        )
        self.fuse = nn.Linear(len(names) * (width // 2), width)
        self.layers = nn.ModuleList(EncoderLayer(settings) for _ in range(settings.encoder_layers))
        self.norm_out, self.dropout = nn.LayerNorm(width), nn.Dropout(settings.dropout)

    def forward(
        self, batch: Batch, mask: Tensor, extra: Tensor | None
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """States, their mask, and gloss logits by stream; arguments as `TransformerEncoder`."""
        x = pose_features(batch.positions, batch.seen) * mask[:, :, None, None]
        short = mask[:, :: self.stride]
        parts, logits = [], {}
        for name, part in STREAMS.items():
            h = self.norms[name](self.joints[name](x[:, :, part])) * short.unsqueeze(-1)
            h = nn.functional.gelu(self.time[name](h.transpose(1, 2)).transpose(1, 2))
            parts.append(h)
            if len(self.heads):
                logits[name] = self.heads[name](h)
        fused = self.fuse(self.dropout(torch.cat(parts, -1)))
        fused = fused + positions(fused.shape[1], fused.shape[2], fused.device)
        if extra is not None:
            fused = fused + extra.unsqueeze(1)
        for layer in self.layers:
            fused = layer(fused, short)
        return self.norm_out(fused), short, logits
