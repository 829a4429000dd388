"""Small made sentences for the translation tests: smooth random keypoints with words to match."""

import numpy as np
import torch

from slt_lib.translation.checkpoint import build
from slt_lib.translation.data import Codec, TranslationData
from slt_lib.translation.loss import Totals, losses
from slt_lib.translation.settings import AugmentSettings, ModelSettings, TrainSettings

torch.set_num_threads(1)  # such small nets are fastest with one
GLOSSES = ("REGEN", "SONNE", "WIND", "MORGEN", "NORD")
WORDS = ("regen", "sonne", "wind", "morgen", "im norden")
ENCODERS = ("transformer", "multi_stream")


def toy_data(sentences: int = 12, seed: int = 0, lengths=(9, 40), domain: int = 0):
    """Sentences of 1 to 4 signs; a sign moves along its own wave, a fifth of joints unseen.

    Args:
        sentences: How many.
        seed: Of everything.
        lengths: Least and most frames of a sentence.
        domain: Their origin.
    """
    rng, waves = np.random.default_rng(seed), np.random.default_rng(99).normal(size=(5, 2, 60, 3))
    frames = rng.integers(*lengths, endpoint=True, size=sentences)
    positions, glosses, texts = [], [], []
    for n in frames:
        signs = rng.choice(5, size=rng.integers(1, 5))
        which = signs[np.arange(n) * len(signs) // n]
        turn = np.arange(n)[:, None, None] / 4
        positions.append(waves[which, 0] * np.sin(turn) + waves[which, 1] * np.cos(turn))
        glosses.append(tuple(GLOSSES[s] for s in signs))
        texts.append(" ".join(WORDS[s] for s in signs))
    positions = np.concatenate(positions)
    seen = rng.random(positions.shape[:2]) > 0.2
    return TranslationData(
        (positions * seen[..., None]).astype(np.float16), seen, np.cumsum([0, *frames]),
        tuple(f"s{i}" for i in range(sentences)), tuple(glosses), tuple(texts),
        np.full(sentences, domain),
    )  # fmt: skip


def toy_settings(**changes) -> ModelSettings:
    """The smallest model that has every part."""
    small = {"width": 16, "heads": 2, "encoder_layers": 1, "decoder_layers": 1, "feedforward": 16}
    return ModelSettings(**{**small, "dropout": 0.0, "stride": 2, **changes})


def toy_phase(**changes) -> TrainSettings:
    """A few updates."""
    short = {"updates": 4, "batch_size": 4, "eval_every": 2, "augment": AugmentSettings.off()}
    return TrainSettings(**{**short, **changes})


def toy_model(data: TranslationData, seed: int = 0, loud: float = 1.0, **changes):
    """An untrained translator in evaluation mode.

    Args:
        data: Whose words it knows.
        seed: Of its weights.
        loud: What its word embeddings are multiplied by, so that it prefers some words clearly.
        changes: Of `toy_settings`.
    """
    torch.manual_seed(seed)
    model = build(toy_settings(**changes), Codec.build(data)).eval()
    if loud != 1:
        model.decoder.embed.weight.data *= loud
    return model


def taught(model, data: TranslationData, updates: int = 60):
    """The model after some updates on the whole data, in evaluation mode."""
    batch, phase = data.batch(range(len(data)), model.codec), toy_phase()
    totals, adam = (
        Totals.of(batch, model.settings.stride),
        torch.optim.Adam(model.parameters(), 1e-2),
    )
    for _ in range(updates):
        adam.zero_grad()
        losses(model(batch), batch, phase, totals)["loss"].backward()
        adam.step()
    return model.eval()


def weights_of(path) -> dict[str, torch.Tensor]:
    """The weights in a checkpoint."""
    from slt_lib.translation.checkpoint import load

    return load(path)["model"]
