"""The text decoder: word by word, looking at the words so far and at the encoder's memory."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from slt_lib.translation.layers import Attention, FeedForward, positions
from slt_lib.translation.settings import ModelSettings
from slt_lib.translation.vocabulary import PAD


@dataclass
class Cache:
    """What the decoder needn't compute again.

    Attributes:
        memory: Keys and values of the memory by layer, each [sentences, heads, steps, d].
        mask: bool [sentences, 1, 1, steps].
        own: Keys and values of the words so far by layer, each [rows, heads, longest, d].
        length: How many words so far.
        beams: Rows per sentence.
    """

    memory: list[tuple[Tensor, Tensor]]
    mask: Tensor
    own: list[tuple[Tensor, Tensor]]
    length: int
    beams: int

    def reorder(self, rows: Tensor) -> None:
        """Keep these rows, in this order, int [rows]; rows stay with their sentence."""
        for pair in self.own:
            for kept in pair:
                kept[:, :, : self.length] = kept[rows, :, : self.length]

    def keep(self, sentences: Tensor) -> None:
        """Go on with these sentences only, int [sentences]."""
        self.memory = [(k[sentences], v[sentences]) for k, v in self.memory]
        self.mask = self.mask[sentences]
        rows = (
            sentences.unsqueeze(1) * self.beams + torch.arange(self.beams, device=sentences.device)
        ).flatten()
        self.own = [(k[rows], v[rows]) for k, v in self.own]


class DecoderLayer(nn.Module):
    """Attention over the words so far, over the memory, and feed-forward; normalised before."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        self.own, self.cross = (Attention(settings.width, settings.heads) for _ in range(2))
        self.feedforward = FeedForward(settings)
        self.norms = nn.ModuleList(nn.LayerNorm(settings.width) for _ in range(3))
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, x: Tensor, keys: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
        """All words at once, each seeing those before it."""
        h = self.norms[0](x)
        x = x + self.dropout(self.own.attend(h, self.own.keys(h), None, causal=True))
        x = x + self.dropout(self.cross.attend(self.norms[1](x), keys, mask))
        return x + self.dropout(self.feedforward(self.norms[2](x)))

    def step(
        self, x: Tensor, own: tuple[Tensor, Tensor], at: int, keys, mask, beams: int
    ) -> Tensor:
        """One more word of every row, x [rows, width]; its keys are put into `own` at `at`."""
        h = self.norms[0](x).unsqueeze(1)
        for kept, new in zip(own, self.own.keys(h), strict=True):
            kept[:, :, at : at + 1] = new
        past = tuple(kept[:, :, : at + 1] for kept in own)
        x = x.unsqueeze(1) + self.own.attend(h, past, None)
        h = self.norms[1](x).view(-1, beams, x.shape[-1])  # a sentence's beams share its memory
        x = x + self.cross.attend(h, keys, mask).view_as(x)
        return (x + self.feedforward(self.norms[2](x))).squeeze(1)


class TextDecoder(nn.Module):
    """An autoregressive transformer decoder with tied embeddings.

    Args:
        settings: Of the model.
        words: Size of the text vocabulary.

    Chapter: 09_pose_to_text
    """

    def __init__(self, settings: ModelSettings, words: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, settings.width, padding_idx=PAD)
        nn.init.normal_(self.embed.weight, std=settings.width**-0.5)
        self.layers = nn.ModuleList(DecoderLayer(settings) for _ in range(settings.decoder_layers))
        self.norm, self.dropout = nn.LayerNorm(settings.width), nn.Dropout(settings.dropout)
        self.bias = nn.Parameter(torch.zeros(words))

    def _start(self, tokens: Tensor, at: int) -> Tensor:
        width = self.embed.embedding_dim
        place = positions(at + tokens.shape[-1], width, tokens.device)[at:]
        return self.dropout(self.embed(tokens) * width**0.5 + place)

    def forward(self, tokens: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """What follows every word.

        Args:
            tokens: int [batch, words], from `BOS`.
            memory: [batch, steps, width].
            mask: bool [batch, steps], True where real.

        Returns:
            Logits [batch, words, vocabulary].
        """
        return self.words(self.states(tokens, memory, mask))

    def states(self, tokens: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """What it thinks at every word, [batch, words, width]: as `forward`, before words."""
        x = self._start(tokens, 0)
        for layer in self.layers:
            x = layer(x, layer.cross.keys(memory), mask[:, None, None])
        return x

    def words(self, states: Tensor) -> Tensor:
        """Logits of the next words from `states`, [..., width] to [..., vocabulary]."""
        return self.norm(states) @ self.embed.weight.T + self.bias

    def looks(self, tokens: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """Where the last layer looks for every word, [batch, words, steps]; for figures."""
        x = self._start(tokens, 0)
        for layer in self.layers[:-1]:
            x = layer(x, layer.cross.keys(memory), mask[:, None, None])
        last = self.layers[-1]
        h = last.norms[0](x)
        x = x + last.own.attend(h, last.own.keys(h), None, causal=True)
        return last.cross.weights(last.norms[1](x), last.cross.keys(memory), mask[:, None, None])

    def start(self, memory: Tensor, mask: Tensor, beams: int, longest: int) -> Cache:
        """A cache for decoding `beams` rows per sentence, up to `longest` words each."""
        keys = [layer.cross.keys(memory) for layer in self.layers]
        rows = (len(memory) * beams, keys[0][0].shape[1], longest, keys[0][0].shape[3])
        own = [(memory.new_zeros(rows), memory.new_zeros(rows)) for _ in self.layers]
        return Cache(keys, mask[:, None, None], own, 0, beams)

    def step(self, tokens: Tensor, cache: Cache) -> Tensor:
        """What follows the latest word of every row.

        Args:
            tokens: int [rows], the latest words.
            cache: From `start`; the words are added to it.

        Returns:
            Logits [rows, vocabulary].
        """
        x = self._start(tokens.unsqueeze(1), cache.length).squeeze(1)
        for layer, own, keys in zip(self.layers, cache.own, cache.memory, strict=True):
            x = layer.step(x, own, cache.length, keys, cache.mask, cache.beams)
        cache.length += 1
        return self.words(x)
