"""Everything that can be set about a translator and its training, checked before work begins."""

from dataclasses import asdict, dataclass, field
from typing import Literal

from slt_lib.pose.errors import SLTError


@dataclass(frozen=True)
class ModelSettings:
    """The shape of a translator.

    Attributes:
        encoder: "transformer", "multi_stream" (attention over joints, by body part), or "video".
        width: Channels of every layer.
        heads: Attention heads; divide the width.
        encoder_layers, decoder_layers: How many.
        feedforward: Channels inside each layer's feed-forward part.
        dropout: Share of channels dropped in training.
        stride: Frames per encoder step: 1, 2, 4 or 8. Poses have 25 frames per second, videos
            what their clips have.
        gloss_ctc, text_ctc: Whether the encoder has a head for glosses, and one for words.
        domains: How many origins the encoder is told apart, 0 for none (domain token).
        decoder: "scratch", or the folder of a pre-trained sequence-to-sequence model.
        frames: What looks at each picture of a video, "package.module:Class" or "file.py:Class":
            a torch module made with `width=`, from pictures uint8 [N, 3, H, W] to [N, width].
        frames_weights: A file with a state dict that it starts from, "" for none. A trained
            translator doesn't need it any more.

    Raises:
        SLTError: If values don't fit together.

    Chapter: 09_pose_to_text
    """

    encoder: Literal["transformer", "multi_stream", "video"] = "transformer"
    width: int = 128
    heads: int = 4
    encoder_layers: int = 2
    decoder_layers: int = 2
    feedforward: int = 256
    dropout: float = 0.2
    stride: int = 4
    gloss_ctc: bool = True
    text_ctc: bool = True
    domains: int = 0
    decoder: str = "scratch"
    frames: str = "slt_lib.rendering.frame_encoder:FrameEncoder"
    frames_weights: str = ""

    def __post_init__(self) -> None:
        if self.encoder not in (known := ("transformer", "multi_stream", "video")):
            raise SLTError(f"There is no encoder {self.encoder!r}.", fix=", ".join(known))
        if ":" not in self.frames:
            raise SLTError(f"A frame encoder {self.frames!r} can't be had.",
                           fix="Give package.module:Class or file.py:Class.")  # fmt: skip
        if self.width < 4 or self.width % self.heads or self.width % 4:
            raise SLTError(f"{self.heads} heads and a multiple of 4 must divide {self.width}.")
        if self.stride not in (1, 2, 4, 8):
            raise SLTError(f"A stride of {self.stride} can't be had.", fix="Take 1, 2, 4 or 8.")
        if min(self.encoder_layers, self.decoder_layers, self.feedforward) < 1:
            raise SLTError("Every part needs a layer.")
        if not 0 <= self.dropout < 1 or self.domains < 0:
            raise SLTError(f"dropout {self.dropout} or domains {self.domains} makes no sense.")


@dataclass(frozen=True)
class AugmentSettings:
    """How poses are varied in training.

    Attributes:
        warp: Time is stretched by up to this share, differently along the sentence.
        rotate: Standard deviation of a turn of the camera, degrees.
        scale: Standard deviation of the size.
        joints: Probability that a joint is hidden throughout a sentence.
        hands: Probability that a hand is hidden for a stretch of a sentence.
        noise: Standard deviation of noise on every joint, shoulder widths.

    Chapter: 09_pose_to_text
    """

    warp: float = 0.15
    rotate: float = 6.0
    scale: float = 0.06
    joints: float = 0.03
    hands: float = 0.1
    noise: float = 0.01

    def __post_init__(self) -> None:
        if min(asdict(self).values()) < 0 or max(self.joints, self.hands) > 1 or self.warp >= 1:
            raise SLTError(f"{self} makes no sense.")

    @classmethod
    def off(cls) -> "AugmentSettings":
        """No variation at all."""
        return cls(0, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class PictureAugment:
    """How videos are varied in training, each clip in one way throughout.

    Attributes:
        shift: The picture is moved by up to this share of its sides.
        scale: Its size is changed by up to this share.
        colour: Brightness and contrast are changed by up to this share, channels by half of it.
        drop: Up to this share of the frames is left out, or comes twice.

    Raises:
        SLTError: If a share isn't from 0 to below 1.

    Chapter: 11_video_to_text
    """

    shift: float = 0.06
    scale: float = 0.1
    colour: float = 0.25
    drop: float = 0.15

    def __post_init__(self) -> None:
        if not all(0 <= share < 1 for share in asdict(self).values()):
            raise SLTError(f"{self} makes no sense.", fix="Give shares from 0 to below 1.")

    @classmethod
    def off(cls) -> "PictureAugment":
        """No variation at all."""
        return cls(0, 0, 0, 0)


@dataclass(frozen=True)
class TrainSettings:
    """One phase of training.

    Attributes:
        updates: Optimiser steps.
        batch_size: Sentences per step, over all devices.
        lr: Highest learning rate.
        optimizer: "adamw", or "muon" for hidden matrices and AdamW for the rest.
        warmup: Share of the updates during which it rises.
        schedule: "cosine" falls to a hundredth; "plateau" falls when dev BLEU doesn't rise; "level"
            stays, for averaged weights.
        average: How much of the weights' running average stays with every update, such as 0.995;
            dev judges the average, and it is what is kept. 0 keeps the weights themselves.
        label_smoothing: Of the text's cross entropy.
        gloss_weight, text_ctc_weight, distil_weight: Losses per token, relative to the text's; 0
            switches one off. A gloss weight of 0 is gloss-free training.
        clip: Largest norm of the gradient.
        weight_decay: On matrices only.
        augment: How poses or videos are varied.
        eval_every: Updates between looks at dev; 0 takes a tenth of all.
        patience: Looks without a better BLEU before it stops; 0 never stops.
        keep: "best" by dev BLEU, or the "last" weights.
        precision: "32-true" or "bf16-mixed".
        devices: Processes or GPUs that share each batch.
        threads: CPU threads; 0 leaves torch's choice. Small nets are fastest with 1.

    Raises:
        SLTError: If values make no sense.

    Chapter: 09_pose_to_text
    """

    updates: int = 1000
    batch_size: int = 32
    lr: float = 1e-3
    optimizer: Literal["adamw", "muon"] = "adamw"
    warmup: float = 0.1
    schedule: Literal["cosine", "plateau", "level"] = "cosine"
    average: float = 0.0
    label_smoothing: float = 0.1
    gloss_weight: float = 1.0
    text_ctc_weight: float = 0.3
    distil_weight: float = 0.2
    clip: float = 1.0
    weight_decay: float = 0.01
    augment: AugmentSettings | PictureAugment = field(default_factory=AugmentSettings)
    eval_every: int = 0
    patience: int = 0
    keep: Literal["best", "last"] = "best"
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    devices: int = 1
    threads: int = 1

    def __post_init__(self) -> None:
        if self.updates < 1 or self.batch_size < 1 or self.devices < 1 or not self.lr > 0:
            raise SLTError("updates, batch_size, devices and lr must be above 0.")
        if self.schedule not in ("cosine", "plateau", "level") or self.keep not in ("best", "last"):
            raise SLTError(f"schedule {self.schedule!r} or keep {self.keep!r} can't be had.")
        if self.optimizer not in (known := ("adamw", "muon")):
            raise SLTError(f"There is no optimiser {self.optimizer!r}.", fix=", ".join(known))
        if self.precision not in ("32-true", "bf16-mixed"):
            raise SLTError(f"A precision {self.precision!r} can't be had.", fix="bf16-mixed")
        if not all(0 <= x < 1 for x in (self.warmup, self.label_smoothing, self.average)):
            raise SLTError("warmup, label_smoothing and average are shares, from 0 to below 1.")
        if min(self.gloss_weight, self.text_ctc_weight, self.distil_weight) < 0:
            raise SLTError("A loss can't have a negative weight.")

    @property
    def look_every(self) -> int:
        """Updates between two looks at dev."""
        return self.eval_every or max(1, self.updates // 10)


def to_dict(settings: ModelSettings | TrainSettings) -> dict:
    """Settings as plain numbers and strings, for JSON and checkpoints."""
    return asdict(settings)


def model_settings(values: dict) -> ModelSettings:
    """The model settings of `to_dict`."""
    return ModelSettings(**values)
