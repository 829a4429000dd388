"""The translator: an encoder of poses or video, heads for glosses and words, a text decoder."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from slt_lib.pose.errors import SLTError
from slt_lib.translation.data import Batch, Codec
from slt_lib.translation.decoder import TextDecoder
from slt_lib.translation.encoder import Memory, TransformerEncoder
from slt_lib.translation.settings import ModelSettings
from slt_lib.translation.streams import MultiStreamEncoder
from slt_lib.translation.video_encoder import VideoEncoder


@dataclass
class Outputs:
    """What the model says of a batch in training.

    Attributes:
        logits: Next words, [batch, words, vocabulary].
        memory: Of the encoder.
    """

    logits: Tensor
    memory: Memory


class Translator(nn.Module):
    """Pose to text, or video to text.

    Args:
        settings: Its shape.
        codec: Its vocabularies. A pre-trained decoder brings the text's own.

    Chapter: 09_pose_to_text
    """

    def __init__(self, settings: ModelSettings, codec: Codec) -> None:
        super().__init__()
        self.settings, self.codec = settings, codec
        width, glosses = settings.width, len(codec.gloss)
        if settings.encoder == "multi_stream":
            self.encoder = MultiStreamEncoder(settings, glosses if settings.gloss_ctc else 0)
        elif settings.encoder == "video":
            self.encoder = VideoEncoder(settings)
        else:
            self.encoder = TransformerEncoder(settings)
        self.gloss_head = nn.Linear(width, glosses) if settings.gloss_ctc else None
        self.text_head = nn.Linear(width, len(codec.text)) if settings.text_ctc else None
        self.domain = nn.Embedding(settings.domains, width) if settings.domains else None
        self.decoder = self._decoder(settings, codec)

    @staticmethod
    def _decoder(settings: ModelSettings, codec: Codec) -> nn.Module:
        if settings.decoder == "scratch":
            return TextDecoder(settings, len(codec.text))
        from slt_lib.translation.pretrained import PretrainedDecoder

        return PretrainedDecoder(settings)

    def encode(self, batch: Batch) -> Memory:
        """The encoder's memory of a batch, with the logits of its heads."""
        if (batch.pictures is None) == (self.settings.encoder == "video"):
            kind = "poses" if batch.pictures is None else "video"
            raise SLTError(f"The encoder {self.settings.encoder!r} doesn't read {kind}.",
                           fix="Set encoder to video for video, to another for poses.")  # fmt: skip
        extra = None if self.domain is None else self._origin(batch.domain)
        states, mask, streams = self.encoder(batch, batch.mask, extra)
        return Memory(
            states,
            mask,
            None if self.gloss_head is None else self.gloss_head(states),
            None if self.text_head is None else self.text_head(states),
            streams,
        )

    def _origin(self, domain: Tensor) -> Tensor:
        """What is added for each sentence's origin, [batch, width]."""
        if int(domain.max()) >= self.settings.domains:
            raise SLTError(
                f"The data have origin {int(domain.max())}, the model knows "
                f"{self.settings.domains}.", fix="Train with more domains.",
            )  # fmt: skip
        return self.domain(domain)

    def forward(self, batch: Batch) -> Outputs:
        """Memory, and what follows every word of the targets."""
        memory = self.encode(batch)
        return Outputs(self.decoder(batch.tokens[:, :-1], memory.states, memory.mask), memory)


def count_parameters(model: nn.Module) -> int:
    """How many numbers training can change.

    Chapter: 09_pose_to_text
    """
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def flops_per_sentence(
    model: Translator, frames: int = 110, words: int = 15, side: int = 64
) -> float:
    """Floating-point operations of one forward pass on a sentence of average length.

    Args:
        model: A translator.
        frames: Of the sentence.
        words: Of its text.
        side: Of its pictures, pixels (video only).

    Chapter: 09_pose_to_text
    """
    from torch.utils.flop_counter import FlopCounterMode

    batch = Batch(
        torch.zeros(1, frames, 60, 3), torch.ones(1, frames, 60, dtype=torch.bool),
        torch.tensor([frames]), torch.ones(1, 7, dtype=torch.long), torch.tensor([7]),
        torch.ones(1, words + 2, dtype=torch.long), torch.zeros(1, dtype=torch.long),
    )  # fmt: skip
    if model.settings.encoder == "video":
        pictures = torch.zeros(1, frames, 3, side, side, dtype=torch.uint8)
        batch = replace(batch, positions=None, seen=None, pictures=pictures)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model.eval()(batch)
    return float(counter.get_total_flops())
