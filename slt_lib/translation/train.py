"""One training loop, to be read from top to bottom. Lightning Fabric brings devices and DDP.

Every batch, every variation of it and every dropout is a function of the seed and the update's
number, so a training that was killed goes on from its last checkpoint as if nothing had
happened, to the same bits.
"""

import hashlib
import json
import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn
from tqdm import tqdm

from slt_lib.pose.errors import SLTError
from slt_lib.pose.io.guard import atomic_write, refusing
from slt_lib.translation import checkpoint
from slt_lib.translation.batches import Mixture, batches
from slt_lib.translation.data import Codec
from slt_lib.translation.devices import fabric_for
from slt_lib.translation.loss import losses
from slt_lib.translation.metrics import bleu4
from slt_lib.translation.model import Translator
from slt_lib.translation.parameters import averaged, freeze_unheard, load_fitting, optimisers
from slt_lib.translation.search import SearchSettings, translate
from slt_lib.translation.settings import ModelSettings, TrainSettings
from slt_lib.translation.video_data import Sentences
from slt_lib.translation.video_encoder import load_frame_weights

PLATEAU = 0.7  # what the learning rate is multiplied by when dev BLEU doesn't rise


@dataclass(frozen=True)
class Trained:
    """A finished training.

    Attributes:
        folder: Where it is; `load_translator` opens it.
        history: One dict per look at dev: update, seconds, losses, bleu4.
        updates: Optimiser steps made.
        sentences: Sentences seen, repeats counted.
        seconds: Spent training, over all of its sittings.
        resumed_at: The update at which this sitting began.

    Chapter: 09_pose_to_text
    """

    folder: Path
    history: list[dict]
    updates: int
    sentences: int
    seconds: float
    resumed_at: int = 0

    @property
    def best(self) -> float:
        """The best BLEU-4 on dev."""
        return max(look["bleu4"] for look in self.history)


def train(
    out: str | Path,
    model_settings: ModelSettings,
    settings: TrainSettings,
    data: Sentences | Mixture,
    dev: Sentences,
    *,
    seed: int,
    codec: Codec | None = None,
    initial: str | Path | None = None,
    fresh: tuple[str, ...] = (),
    monitor: Callable[[list[dict], Translator], None] | None = None,
) -> Trained:
    """Train a translator, or finish a training that was interrupted.

    Args:
        out: The training's own folder: `last.pt`, `best.pt`, `metrics.jsonl`.
        model_settings, settings: What is trained, and how.
        data: Training sentences, or a mixture of several sets.
        dev: Sentences that decide which weights are kept.
        seed: Of every random choice.
        codec: Vocabularies; None builds them from `data`. `initial` brings its own.
        initial: A checkpoint whose weights training starts from (fine-tuning).
        fresh: Parts of names: weights so named aren't taken from `initial`.
        monitor: Called with the history and the model after every look at dev, for live figures
            (on one device). A training that is resumed or complete doesn't repeat old looks.

    Raises:
        SLTError: If the folder holds another training, or there is nothing to train on.

    Chapter: 09_pose_to_text
    """
    out = Path(out)
    parts = [part for part, _ in data.parts] if isinstance(data, Mixture) else [data]
    start = None if initial is None else checkpoint.load(_file(initial))
    if start is not None:
        codec = checkpoint.codec_of(start)
    codec = codec or Codec.build(*parts)
    shares = repr([[_share(s, p) for p in (0, 0.5, 1)] for _, s in data.parts]) if isinstance(
        data, Mixture) else ""  # fmt: skip
    weights = (
        _beginning(model_settings) if start is None else checkpoint.fingerprint(_weights(start))
    )
    key = checkpoint.fingerprint(
        model_settings,
        settings,
        seed,
        shares,
        weights,
        *fresh,
        codec.text.words,
        codec.gloss.words,
        *parts,
        dev,
    )
    alone = settings.devices == 1
    job = partial(_run, out, key, model_settings, settings, data, dev, seed, codec, start,
                  fresh, monitor if alone else None)  # fmt: skip
    fabric = fabric_for(settings)
    return Trained(**(job(fabric) if alone else fabric.launch(job)))


def _file(initial: str | Path) -> Path:
    path = Path(initial)
    return path / "best.pt" if path.is_dir() else path


def _beginning(settings: ModelSettings) -> str:
    """What a training from scratch begins with besides random weights."""
    if not settings.frames_weights:
        return ""
    path = Path(settings.frames_weights)
    with refusing(path, "a frame encoder's weights", "Give another file, or none."):
        return hashlib.sha256(path.read_bytes()).hexdigest()


def _weights(content: dict) -> list:
    return [(k, float(v.double().sum())) for k, v in content["model"].items()]


def _share(share, progress: float) -> float:
    return share(progress) if callable(share) else share


def _run(
    out: Path, key: str, model_settings: ModelSettings, settings: TrainSettings,
    data: Sentences | Mixture, dev: Sentences, seed: int, codec: Codec,
    start: dict | None, fresh: tuple[str, ...], monitor, fabric: Fabric,
) -> dict:  # fmt: skip
    """The loop, on every device; what `Trained` says, as Fabric hands no frozen class on."""
    if settings.threads:
        torch.set_num_threads(settings.threads)
    torch.manual_seed(seed)
    model = checkpoint.build(model_settings, codec)
    if start is not None:
        load_fitting(model, start["model"], but=fresh)
    elif model_settings.frames_weights:
        load_frame_weights(model.encoder, model_settings.frames_weights)
    if fabric.world_size > 1:  # DDP waits for the gradient of whatever could have one
        freeze_unheard(model, settings)
    optimizers = optimisers(model, settings)
    average = averaged(model, settings.average) if settings.average else None
    kept = average.module if average else model  # what dev judges, and what is kept
    state = _resume(out, key, model, optimizers, average)
    wrapped, *optimizers = fabric.setup(model, *optimizers)
    began = time.perf_counter()
    first, done = state["update"], state["stopped"]
    bf16 = torch.autocast(fabric.device.type, torch.bfloat16,
                          enabled=settings.precision == "bf16-mixed")  # fmt: skip
    left = range(first, first if done else settings.updates)
    bar = tqdm(left, initial=first, total=settings.updates, desc=out.name, unit="update",
               leave=False, disable=fabric.global_rank > 0)  # fmt: skip
    made = batches(data, settings, model.codec, seed, left, fabric, model_settings.stride)
    running: list[dict] = []
    for update, (batch, totals, sentences) in zip(bar, made, strict=True):
        for group in chain.from_iterable(one.param_groups for one in optimizers):
            group["lr"] = learning_rate(settings, update) * state["factor"]
        torch.manual_seed(_of_dropout(seed, update, fabric.global_rank))
        wrapped.train()
        with bf16:  # Fabric's own would round the poses, too
            outputs = wrapped(batch)
        parts = losses(outputs, batch, settings, totals)
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        fabric.backward(parts["loss"] * fabric.world_size)  # DDP takes the mean over devices
        # one norm of the whole gradient: the optimiser named here is only Fabric's formality
        fabric.clip_gradients(
            wrapped, optimizers[0], max_norm=settings.clip, error_if_nonfinite=False
        )
        for optimizer in optimizers:
            optimizer.step()
        if average:
            average.update_parameters(model)
        state["sentences"] += sentences
        running.append({name: value.detach() for name, value in parts.items()})
        if (update + 1) % settings.look_every == 0 or update + 1 == settings.updates:
            state["seconds"] += time.perf_counter() - began
            look = _look(kept, dev, running, update + 1, state["seconds"], fabric)
            done = _judge(state, look, settings)
            running = []
            if fabric.global_rank == 0:
                if monitor:  # before the checkpoint: who resumes is shown this look again
                    monitor(state["history"], kept)
                _save(out, key, model, optimizers, state, average)
            fabric.barrier()
            bar.set_postfix(bleu4=f"{look['bleu4']:.1f}", loss=f"{look['loss']:.2f}")
            began = time.perf_counter()
            if done:
                break
    return {"folder": out, "history": state["history"], "updates": state["update"],
            "sentences": state["sentences"], "seconds": state["seconds"],
            "resumed_at": first}  # fmt: skip


def _of_dropout(seed: int, update: int, rank: int) -> int:
    named = [seed, update, 4] + [rank] * (rank > 0)  # no two devices hide the same
    return int(np.random.SeedSequence(named).generate_state(1)[0])


def learning_rate(settings: TrainSettings, update: int) -> float:
    """The learning rate of an update: a linear rise, then a cosine or level.

    Chapter: 09_pose_to_text
    """
    rise = max(1, round(settings.warmup * settings.updates))
    if update < rise:
        return settings.lr * (update + 1) / rise
    if settings.schedule != "cosine":
        return settings.lr
    share = (update - rise) / max(1, settings.updates - rise)
    return settings.lr * (0.01 + 0.99 * (1 + math.cos(math.pi * share)) / 2)


def _look(
    model: Translator, dev: Sentences, running: list[dict], update: int, seconds: float,
    fabric: Fabric,
) -> dict:  # fmt: skip
    """Losses since the last look, and BLEU-4 of a greedy translation of dev: the first device's."""
    means = {name: torch.stack([r[name] for r in running]).mean() for name in running[0]}
    means = {name: float(fabric.all_reduce(m, reduce_op="sum")) for name, m in means.items()}
    longest = max(len(model.codec.encode_text(text)) - 2 for text in dev.texts)
    with warnings.catch_warnings():  # an untrained model doesn't know when to stop
        warnings.simplefilter("ignore")
        found = translate(model, dev, SearchSettings(beam=1, max_length=20 + 2 * longest))
    return fabric.broadcast({"update": update, "seconds": round(seconds, 2), **means,
                             "bleu4": bleu4(found, dev.texts)})  # fmt: skip


def _judge(state: dict, look: dict, settings: TrainSettings) -> bool:
    """Take a look into the state; whether training stops early."""
    before = max((one["bleu4"] for one in state["history"]), default=-1.0)
    state["history"].append(look)
    state["update"] = look["update"]
    state["better"] = look["bleu4"] > before
    state["stale"] = 0 if state["better"] else state["stale"] + 1
    if settings.schedule == "plateau" and not state["better"]:
        state["factor"] *= PLATEAU
    state["stopped"] = bool(settings.patience and state["stale"] >= settings.patience)
    state["keep"] = state["better"] or settings.keep == "last"
    return state["stopped"]


def _save(out: Path, key: str, model: Translator, optimizers, state: dict, average) -> None:
    """Checkpoint: the kept weights first, then the state that says so, then the readable log."""
    if state["keep"]:
        kept = average.module if average else model
        checkpoint.save(out / "best.pt", kept, update=state["update"])
    checkpoint.save(
        out / "last.pt",
        model,
        key=key,
        state=state,
        optimizers=[one.state_dict() for one in optimizers],
        average=average and average.state_dict(),
    )
    with atomic_write(out / "metrics.jsonl") as file:
        file.write("".join(json.dumps(look) + "\n" for look in state["history"]).encode())


def _resume(out: Path, key: str, model: nn.Module, optimizers, average) -> dict:
    """The state of an interrupted training, loaded into model and optimisers; or a new one."""
    if not (out / "last.pt").is_file():
        return {"update": 0, "history": [], "factor": 1.0, "stale": 0, "stopped": False,
                "sentences": 0, "seconds": 0.0, "better": False, "keep": False}  # fmt: skip
    content = checkpoint.load(out / "last.pt")
    if content.get("key") != key:
        raise SLTError(
            "The folder holds a training with other settings, data or seed.", file=out,
            fix="Choose a new folder, or delete this one.",
        )  # fmt: skip
    model.load_state_dict(content["model"])
    for optimizer, before in zip(optimizers, content["optimizers"], strict=True):
        optimizer.load_state_dict(before)
    if average:
        average.load_state_dict(content["average"])
    return content["state"]
