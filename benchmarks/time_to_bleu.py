"""CPU-seconds of training until a BLEU: our recipe, AdamW's, and `transformers`' Speech2Text.

All three learn from the same 1,200 sentences of the weather world (simulated) and the same
features, on one thread, a network of one size. The BLEU that must be reached is what AdamW's recipe
ends with after 4,000 updates: rise, cosine, 2e-3, stronger variation, as the book had it before.
Speech2Text is trained as the field does: AdamW at 1e-3 with a rise and an inverse square root,
label smoothing .1, no glosses (it has no head for them). Seconds are the process' own; translating
test at every look isn't counted. Three seeds: about half an hour.
"""

import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from tqdm import tqdm

from slt_lib.experiments.data import Data
from slt_lib.experiments.scale import scale
from slt_lib.stitching.regression import one_thread
from slt_lib.translation.batches import next_batch
from slt_lib.translation.data import Codec, TranslationData
from slt_lib.translation.devices import fabric_for
from slt_lib.translation.features import pose_features
from slt_lib.translation.metrics import bleu4
from slt_lib.translation.peer import speech2text
from slt_lib.translation.search import SearchSettings, translate
from slt_lib.translation.settings import AugmentSettings, TrainSettings
from slt_lib.translation.train import train
from slt_lib.translation.vocabulary import EOS, PAD

NAME = "time_to_bleu"
SEEDS = (0, 42, 100)
SIZE, WORK = "full", "build/bench"  # the corpus, and where it is kept
UPDATES, LOOKS = 4000, 16
LONGEST = 60  # words
ADAMW = TrainSettings(updates=UPDATES, batch_size=16, lr=2e-3, augment=AugmentSettings())
Curve = list[tuple[float, float]]  # CPU-seconds of training and BLEU-4 on test


def run() -> dict:
    """Train all three with every seed.

    Returns:
        `target`, the BLEU-4; `ours_s`, `adamw_s` and `speech2text_s`, mean CPU-seconds until it,
        null where a seed never reached it; `<name>_end`, BLEU-4 and seconds at the end; `curves`.
    """
    data = Data(scale(SIZE), WORK, processes=2)
    recipe = replace(data.scale.phase(1.0, 1.0), updates=UPDATES, patience=0, keep="last")
    ways = {"adamw": replace(ADAMW, updates=UPDATES), "ours": recipe}
    curves: dict[str, list[Curve]] = {}
    with one_thread():
        for name, settings in ways.items():
            curves[name] = [_ours(data, settings, seed) for seed in SEEDS]
        curves["speech2text"] = [_theirs(data, seed) for seed in SEEDS]
    target = float(np.mean([curve[-1][1] for curve in curves["adamw"]]))
    return {
        "target": target,
        **{f"{name}_s": _reached(of_seeds, target) for name, of_seeds in curves.items()},
        **{
            f"{name}_end": {"bleu4": [c[-1][1] for c in some], "seconds": [c[-1][0] for c in some]}
            for name, some in curves.items()
        },
        "curves": curves,
    }


def _reached(curves: list[Curve], target: float) -> float | None:
    """Mean CPU-seconds until the target."""
    first = [next((s for s, bleu in curve if bleu >= target), None) for curve in curves]
    return None if None in first else float(np.mean(first))


class Clock:
    """The process' CPU-seconds while it runs."""

    def __init__(self) -> None:
        self.total, self.since = 0.0, time.process_time()

    def stop(self) -> float:
        """Stop; the total so far."""
        self.total += time.process_time() - self.since
        return self.total

    def go_on(self) -> None:
        """Run again."""
        self.since = time.process_time()


def _ours(data: Data, settings: TrainSettings, seed: int) -> Curve:
    real, test, curve, clock = data["real"], data["test"], [], Clock()

    def look(history, model) -> None:
        seconds = clock.stop()
        curve.append((seconds, bleu4(translate(model, test, _greedy()), test.texts)))
        model.train()
        clock.go_on()

    settings = replace(settings, eval_every=max(1, settings.updates // LOOKS))
    with TemporaryDirectory() as folder:  # one sentence of dev: `train` looks at it in our time
        train(
            Path(folder) / "run",
            data.scale.model,
            settings,
            real,
            real.select([0]),
            seed=seed,
            codec=Codec.build(real),
            monitor=look,
        )
    return curve


def _greedy() -> SearchSettings:
    return SearchSettings(beam=1, max_length=LONGEST)


def _theirs(data: Data, seed: int) -> Curve:
    torch.manual_seed(seed)
    real, codec, curve, clock = data["real"], Codec.build(data["real"]), [], Clock()
    settings = replace(ADAMW, updates=UPDATES)
    model, fabric = speech2text(data.scale.model, len(codec.text)), fabric_for(settings)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), fused=True)
    rise = max(1, UPDATES // 10)
    every = max(1, UPDATES // LOOKS)
    for update in tqdm(range(UPDATES), desc="Speech2Text", unit="update", leave=False):
        rate = 1e-3 * min((update + 1) / rise, (rise / (update + 1)) ** 0.5)
        optimizer.param_groups[0]["lr"] = rate
        batch, _, _ = next_batch(real, settings, codec, seed, update, fabric, 4)
        features = pose_features(batch.positions, batch.seen).flatten(2)
        model.train()
        logits = model(
            input_features=features,
            attention_mask=batch.mask.long(),
            decoder_input_ids=batch.tokens[:, :-1],
            use_cache=False,
        ).logits
        loss = torch.nn.functional.cross_entropy(
            logits.transpose(1, 2), batch.tokens[:, 1:], ignore_index=PAD, label_smoothing=0.1
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (update + 1) % every == 0 or update + 1 == UPDATES:
            curve.append(
                (clock.stop(), bleu4(_said(model, data["test"], codec), data["test"].texts))
            )
            clock.go_on()
    return curve


@torch.no_grad()
def _said(model, test: TranslationData, codec: Codec) -> list[str]:
    """Greedy translations by `generate`."""
    model.eval()
    order, said = np.argsort(test.lengths), {}
    for start in range(0, len(order), 32):
        rows = order[start : start + 32]
        batch = test.batch(rows, codec)
        found = model.generate(
            input_features=pose_features(batch.positions, batch.seen).flatten(2),
            attention_mask=batch.mask.long(),
            max_new_tokens=LONGEST,
            num_beams=1,
            do_sample=False,
        )
        for row, tokens in zip(rows, found.tolist(), strict=True):
            words = tokens[1:]
            said[row] = codec.decode_text(words[: words.index(EOS)] if EOS in words else words)
    return [said[i] for i in range(len(order))]
