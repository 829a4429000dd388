"""A training step: ours against `transformers`' Speech2Text of the same size.

A step is forward, losses, backward, clipping and AdamW; no batch is made and nothing is varied.
Equal: width, layers, heads, feed-forward channels, vocabulary, dropout, sentences, encoder steps
(a stride of 4 in time) and target words. What differs: ours makes its features from keypoints,
smooths labels and, in `ratio_speech2text`, also learns glosses by CTC; theirs has two
convolutions over given features, 420 numbers per frame as ours has, and cross entropy alone. All
on one thread, in turns, so that a busy machine slows all; medians of `ROUNDS`.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import torch

from slt_lib.stitching.regression import one_thread
from slt_lib.translation.data import Batch, Codec
from slt_lib.translation.loss import Totals, losses
from slt_lib.translation.model import Translator
from slt_lib.translation.peer import speech2text
from slt_lib.translation.settings import ModelSettings, TrainSettings
from slt_lib.translation.vocabulary import BOS, EOS, SPECIAL, Vocabulary

NAME = "train_step"
ROUNDS = 9
SENTENCES, FRAMES, WORDS, GLOSSES = 16, 116, 15, 8  # the means of PHOENIX14T
SETTINGS = ModelSettings(
    width=256, heads=4, encoder_layers=3, decoder_layers=3, feedforward=1024, dropout=0.1,
    text_ctc=False,
)  # fmt: skip
VOCABULARY, SIGNS = 2888, 1085  # PHOENIX14T's


def run() -> dict:
    """Time steps of ours with and without the gloss loss, and of theirs.

    Returns:
        `ours_ms`, `without_gloss_ms`, `speech2text_ms`; `ratio_speech2text` and
        `ratio_speech2text_without_gloss`, their time over ours; the sizes.
    """
    torch.manual_seed(0)
    steps = [_ours(gloss=True), _ours(gloss=False), _theirs()]
    with one_thread():
        times = [[_milliseconds(step) for step in steps] for _ in range(ROUNDS + 1)]
    ours, without, theirs = (statistics.median(t) for t in zip(*times[1:], strict=True))
    return {
        "ours_ms": ours,
        "without_gloss_ms": without,
        "speech2text_ms": theirs,
        "ratio_speech2text": theirs / ours,
        "ratio_speech2text_without_gloss": theirs / without,
        "sizes": f"{SENTENCES} sentences, {FRAMES} frames, {WORDS} words, "
        f"width {SETTINGS.width}, {SETTINGS.encoder_layers}+{SETTINGS.decoder_layers} layers",
        "rounds": ROUNDS,
    }


def _ours(gloss: bool) -> Callable:
    words = Vocabulary([*SPECIAL, *(f"w{i}" for i in range(VOCABULARY))])
    signs = Vocabulary([*SPECIAL, *(f"g{i}" for i in range(SIGNS))])
    model = Translator(replace(SETTINGS, gloss_ctc=gloss), Codec(signs, words)).train()
    batch = Batch(
        torch.randn(SENTENCES, FRAMES, 60, 3), torch.rand(SENTENCES, FRAMES, 60) > 0.1,
        torch.full((SENTENCES,), FRAMES), torch.randint(4, SIGNS, (SENTENCES, GLOSSES)),
        torch.full((SENTENCES,), GLOSSES), _targets(), torch.zeros(SENTENCES, dtype=torch.long),
    )  # fmt: skip
    settings, totals = TrainSettings(), Totals.of(batch, SETTINGS.stride)
    return _step(model, lambda: losses(model(batch), batch, settings, totals)["loss"])


def _theirs() -> Callable:
    model = speech2text(SETTINGS, VOCABULARY + len(SPECIAL)).train()
    features, targets = torch.randn(SENTENCES, FRAMES, 60 * 7), _targets()
    mask = torch.ones(SENTENCES, FRAMES, dtype=torch.long)

    def loss():
        return model(
            input_features=features, attention_mask=mask,
            decoder_input_ids=targets[:, :-1], labels=targets[:, 1:].contiguous(), use_cache=False,
        ).loss  # fmt: skip

    return _step(model, loss)


def _targets() -> torch.Tensor:
    """Words of every sentence, from `BOS` to `EOS`."""
    tokens = torch.randint(4, VOCABULARY, (SENTENCES, WORDS + 2))
    tokens[:, 0], tokens[:, -1] = BOS, EOS
    return tokens


def _step(model: torch.nn.Module, loss: Callable) -> Callable:
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        loss().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


def _milliseconds(step: Callable) -> float:
    started = time.perf_counter()
    step()
    return (time.perf_counter() - started) * 1e3
