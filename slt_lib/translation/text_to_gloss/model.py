"""From German words to glosses, and to how each is signed: the model and its losses.

A transformer as the book's translator, turned around: it reads words and writes glosses. Beside
every gloss, small heads say how long it lasts and what the face does, and one for the whole
sentence says how smooth the signing is: what the stitcher needs to be driven (Walsh et al.,
Sign Stitching, BMVC 2024).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slt_lib.pose.errors import SLTError
from slt_lib.stitching.duration import PRIOR_WEIGHT
from slt_lib.translation.decoder import TextDecoder
from slt_lib.translation.encoder import Memory
from slt_lib.translation.layers import EncoderLayer, positions
from slt_lib.translation.settings import ModelSettings
from slt_lib.translation.text_to_gloss.batches import GlossBatch, GlossCodec
from slt_lib.translation.text_to_gloss.data import GlossSentences
from slt_lib.translation.text_to_gloss.lexicon import Lexicon
from slt_lib.translation.text_to_gloss.words import parts_of
from slt_lib.translation.vocabulary import PAD, SPECIAL, UNK


@dataclass(frozen=True)
class HeadSettings:
    """How much the heads count in training, and how it prepares for unknown words.

    Attributes:
        seconds: Squared error per gloss, relative to the loss of the glosses; 0 is off. Squared,
            since the best guess is then the mean, and means add up to a sentence's length.
        face, pointer: Losses per gloss, likewise.
        cutoff: Loss per sentence.
        copy: Share of names that are exchanged for made-up words (`gloss_batch`).
        drop: Share of words that are hidden, so that their parts must do.

    Raises:
        SLTError: If a value makes no sense.

    Chapter: 13_novel_sentences
    """

    seconds: float = 2.0
    face: float = 0.3
    pointer: float = 0.5
    cutoff: float = 0.2
    copy: float = 0.15
    drop: float = 0.1

    def __post_init__(self) -> None:
        if min(vars(self).values()) < 0 or max(self.copy, self.drop) > 1:
            raise SLTError(f"{self} makes no sense.", fix="Weights from 0, shares from 0 to 1.")


@dataclass
class GlossOutputs:
    """What the model says of a batch whose glosses are given.

    Attributes:
        logits: What follows every gloss, [batch, glosses + 1, vocabulary].
        seconds: Log seconds of every gloss, [batch, glosses].
        pointer: Which word each gloss would be copied from, logits [batch, glosses, words].
        faces: Logits [batch, glosses, faces].
        cutoff: Log hertz, [batch].
    """

    logits: Tensor
    seconds: Tensor
    pointer: Tensor
    faces: Tensor
    cutoff: Tensor


class TextToGloss(nn.Module):
    """Text to glosses, durations, cutoff and faces.

    Args:
        settings: Its shape; what concerns poses and their encoder is not used.
        codec: The names that it knows.

    Chapter: 13_novel_sentences
    """

    def __init__(self, settings: ModelSettings, codec: GlossCodec) -> None:
        super().__init__()
        self.settings, self.codec, width = settings, codec, settings.width
        self.word = nn.Embedding(len(codec.table.words), width, padding_idx=PAD)
        self.part = nn.EmbeddingBag(len(codec.table.parts), width, mode="mean", padding_idx=PAD)
        for table in (self.word, self.part):
            nn.init.normal_(table.weight, std=width**-0.5)
            table.weight.data[PAD] = 0
        self.layers = nn.ModuleList(EncoderLayer(settings) for _ in range(settings.encoder_layers))
        self.norm, self.dropout = nn.LayerNorm(width), nn.Dropout(settings.dropout)
        self.decoder = TextDecoder(settings, len(codec.gloss))
        self.usual = nn.Embedding(len(codec.gloss), 1)  # log seconds of a gloss, wherever it is
        self.seconds, self.cutoff = nn.Linear(width, 1), nn.Linear(width, 1)
        self.face = nn.Linear(width, max(1, len(codec.faces)))
        self.pointer = nn.Linear(width, width)
        for head in (self.usual, self.seconds, self.cutoff):
            for weights in head.parameters():
                nn.init.zeros_(weights)
        self.register_buffer("taught", torch.zeros(3, dtype=torch.bool))
        self.register_buffer("stands_for", torch.full((len(codec.table.words),), -1))

    def begin_with(self, data: GlossSentences) -> None:
        """Begin where counting ends: words near their glosses, durations at means.

        Args:
            data: Training sentences.
        """
        lexicon = Lexicon.fit(data, self.codec.table.words, self.codec.gloss)
        self.stands_for[:] = torch.from_numpy(lexicon.sure())
        self._begin_with_words(lexicon)
        pairs = [(g, s) for gs, ss in zip(data.glosses, data.seconds, strict=True)
                 for g, s in zip(gs, ss.tolist(), strict=True) if s == s]  # fmt: skip
        if pairs:
            numbers = torch.tensor(self.codec.gloss.encode([g for g, _ in pairs]))
            seconds = torch.tensor([s for _, s in pairs])
            self.usual.weight.data[:] = seconds.mean().log()
            for number in numbers.unique().tolist():
                own = seconds[numbers == number]
                trusted = (own.sum() + PRIOR_WEIGHT * seconds.mean()) / (len(own) + PRIOR_WEIGHT)
                self.usual.weight.data[number] = trusted.log()
        known = torch.from_numpy(data.cutoff[data.cutoff == data.cutoff])
        if len(known):
            self.cutoff.bias.data[:] = known.log().median()
        self.taught[:] = torch.tensor([bool(pairs), len(known) > 0, len(self.codec.faces) > 1])

    def _begin_with_words(self, lexicon: Lexicon) -> None:
        """Let a word's vector begin at its glosses', and what is looked at be passed on as it is.

        The decoder's words are tied, so a word that it looks at asks for its own gloss.
        """
        table, width = self.codec.table, self.settings.width
        rate = torch.from_numpy(lexicon.rate).float()
        with torch.no_grad():
            near = rate @ self.decoder.embed.weight
            self.word.weight.mul_(0.3).add_(near)
            self.word.weight[PAD] = 0
            sums, counts = torch.zeros_like(self.part.weight), torch.ones(len(table.parts), 1)
            for number, word in enumerate(table.words.words[len(SPECIAL) :], len(SPECIAL)):
                parts = [p for p in table.parts.encode(parts_of(word)) if p != UNK]
                sums[parts] += near[number]
                counts[parts] += 1
            self.part.weight.mul_(0.3).add_(sums / counts)
            self.part.weight[PAD] = 0
            for layer in self.decoder.layers:
                value = nn.init.orthogonal_(torch.empty(width, width))
                layer.cross.key_value.weight[width:] = value
                layer.cross.out.weight.copy_(value.T)

    @property
    def heads(self) -> dict[str, bool]:
        """Which heads the training data could teach: seconds, cutoff, faces."""
        return dict(zip(("seconds", "cutoff", "faces"), self.taught.tolist(), strict=True))

    def encode(self, text: dict[str, Tensor]) -> Memory:
        """The memory of some sentences.

        Args:
            text: Of `WordTable.encode`.
        """
        words = self.word(text["word"]) + self.part(text["part"], text["start"])
        width = words.shape[-1]
        x = words[text["place"]] * (width / 2) ** 0.5
        x = self.dropout(x + positions(x.shape[1], width, x.device))
        for layer in self.layers:
            x = layer(x, text["mask"])
        return Memory(self.norm(x), text["mask"])

    def forward(self, batch: GlossBatch) -> GlossOutputs:
        """What follows every gloss of the targets, and how each is signed."""
        return self.say(batch.tokens[:, :-1], self.encode(batch.text))

    def say(self, tokens: Tensor, memory: Memory) -> GlossOutputs:
        """All heads on given glosses.

        Args:
            tokens: int [batch, glosses + 1], from `BOS`.
            memory: Of the text.
        """
        states = self.decoder.states(tokens, memory.states, memory.mask)
        h = F.layer_norm(states[:, 1:], states.shape[-1:])  # at each gloss, itself known
        points = self.pointer(h) @ memory.states.transpose(1, 2) / h.shape[-1] ** 0.5
        share = memory.mask / memory.mask.sum(1, keepdim=True)
        whole = torch.einsum("bl,blw->bw", share, memory.states)
        return GlossOutputs(
            self.decoder.words(states),
            (self.seconds(h) + self.usual(tokens[:, 1:])).squeeze(-1),
            points.masked_fill(~memory.mask.unsqueeze(1), -torch.inf),
            self.face(h),
            self.cutoff(whole).squeeze(-1),
        )


def gloss_losses(
    outputs: GlossOutputs, batch: GlossBatch, heads: HeadSettings, label_smoothing: float = 0.0
) -> dict[str, Tensor]:
    """Every part of the loss, and their weighted sum as "loss".

    Each is a mean over the targets that are known; one that nothing is known of is 0.

    Args:
        outputs: Of the model.
        batch: With its targets.
        heads: The weights.
        label_smoothing: Of the glosses' cross entropy.

    Chapter: 13_novel_sentences
    """
    target = batch.tokens[:, 1:]
    entropy = F.cross_entropy(
        outputs.logits.flatten(0, 1), target.flatten(), ignore_index=PAD,
        label_smoothing=label_smoothing, reduction="sum",
    )  # fmt: skip
    parts = {"gloss": entropy / (target != PAD).sum()}
    parts["seconds"] = _mean_error(outputs.seconds.exp(), batch.seconds, squared=True)
    parts["cutoff"] = _mean_error(outputs.cutoff, batch.cutoff)
    parts["pointer"] = _mean_entropy(outputs.pointer, batch.pointer)
    parts["face"] = _mean_entropy(outputs.faces, batch.faces)
    weighted = sum(getattr(heads, n) * loss for n, loss in parts.items() if n != "gloss")
    return parts | {"loss": parts["gloss"] + weighted}


def _mean_error(found: Tensor, target: Tensor, squared: bool = False) -> Tensor:
    """Mean error where the target is known (not NaN), 0 if it never is."""
    known = ~target.isnan()
    error = (found[known] - target[known]).abs()
    return (error**2 if squared else error).sum() / known.sum().clamp(min=1)


def _mean_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Mean cross entropy where the target is known (not -1), 0 if it never is."""
    known = target >= 0
    loss = F.cross_entropy(logits[known], target[known], reduction="sum")
    return loss / known.sum().clamp(min=1)
