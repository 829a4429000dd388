"""The layers that both sides of the translator are made of."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slt_lib.translation.settings import ModelSettings


def positions(length: int, width: int, device=None) -> Tensor:
    """Sinusoidal positions, [length, width] (Vaswani et al. 2017, section 3.5)."""
    at = torch.arange(length, device=device).unsqueeze(1)
    rate = torch.exp(torch.arange(0, width, 2, device=device) * (-math.log(10000.0) / width))
    out = torch.zeros(length, width, device=device)
    out[:, 0::2], out[:, 1::2] = torch.sin(at * rate), torch.cos(at * rate)
    return out


class Attention(nn.Module):
    """Multi-head attention.

    Args:
        width: Channels.
        heads: How many heads.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key_value = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def keys(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of a memory [n, S, width], each [n, heads, S, width / heads]."""
        key, value = self.key_value(memory).chunk(2, -1)
        return self.split(key), self.split(value)

    def split(self, x: Tensor) -> Tensor:
        """[n, L, width] to [n, heads, L, width / heads]."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def attend(
        self, x: Tensor, keys: tuple[Tensor, Tensor], mask: Tensor | None, causal: bool = False
    ) -> Tensor:
        """Attention of x [n, L, width] over keys; mask bool [n, 1, L or 1, S], True is open."""
        out = F.scaled_dot_product_attention(
            self.split(self.query(x)), *keys, attn_mask=mask, is_causal=causal
        )
        return self.out(out.transpose(1, 2).flatten(2))

    def weights(self, x: Tensor, keys: tuple[Tensor, Tensor], mask: Tensor | None) -> Tensor:
        """How much each step of x looks where, mean over heads, [n, L, S]; for figures."""
        query = self.split(self.query(x))
        scores = query @ keys[0].transpose(-1, -2) / query.shape[-1] ** 0.5
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        return scores.softmax(-1).mean(1)


class FeedForward(nn.Sequential):
    """Two linear layers with a GELU between them."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__(
            nn.Linear(settings.width, settings.feedforward), nn.GELU(),
            nn.Linear(settings.feedforward, settings.width),
        )  # fmt: skip


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each normalised before (Xiong et al. 2020)."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        self.attention = Attention(settings.width, settings.heads)
        self.feedforward = FeedForward(settings)
        self.norms = nn.ModuleList(nn.LayerNorm(settings.width) for _ in range(2))
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """One layer on x [n, L, width]; mask bool [n, L], True where real."""
        h = self.norms[0](x)
        keys = self.attention.keys(h)
        x = x + self.dropout(self.attention.attend(h, keys, mask[:, None, None]))
        return x + self.dropout(self.feedforward(self.norms[1](x)))


def shorten(mask: Tensor) -> Tensor:
    """The mask after a step of stride 2: a step is real if its first frame is."""
    return mask[:, ::2]
