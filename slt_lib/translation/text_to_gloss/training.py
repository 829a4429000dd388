"""How is a text-to-gloss model trained, kept on disk, and opened again?

As the translator is (`train`): every batch is a function of the seed and the update's number, a
training that was stopped goes on from its last checkpoint to the same bits, files are plain
tensors and strings, written whole or not at all.
"""

import json
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from slt_lib.pose.errors import SLTError
from slt_lib.pose.io.guard import atomic_write, refusing
from slt_lib.translation import checkpoint
from slt_lib.translation.batches import epoch_batch
from slt_lib.translation.parameters import groups
from slt_lib.translation.settings import ModelSettings, TrainSettings
from slt_lib.translation.text_to_gloss.batches import GlossCodec, gloss_batch
from slt_lib.translation.text_to_gloss.data import GlossSentences
from slt_lib.translation.text_to_gloss.model import HeadSettings, TextToGloss, gloss_losses
from slt_lib.translation.text_to_gloss.reading import write_glosses
from slt_lib.translation.text_to_gloss.words import WordTable
from slt_lib.translation.train import Trained, learning_rate
from slt_lib.translation.vocabulary import Vocabulary

FORMAT, WHAT = "slt-text-to-gloss-2", "text-to-gloss model"


def train_text_to_gloss(
    out: str | Path,
    model_settings: ModelSettings,
    settings: TrainSettings,
    data: GlossSentences,
    dev: GlossSentences,
    *,
    seed: int,
    heads: HeadSettings | None = None,
) -> Trained:
    """Train a text-to-gloss model, or finish a training that was interrupted.

    The weights with the fewest gloss errors on dev are kept.

    Args:
        out: The training's own folder: `last.pt`, `best.pt`, `metrics.jsonl`.
        model_settings, settings: What is trained, and how (cosine schedule, one device).
        data: Training sentences.
        dev: Sentences that decide which weights are kept.
        seed: Of every random choice.
        heads: What the heads count, and how unknown words are practised.

    Returns:
        The training; its history's looks hold `wer`, percent, on dev.

    Raises:
        SLTError: If the folder holds another training, or the settings want more than this does.

    Chapter: 13_novel_sentences
    """
    out, heads = Path(out), heads or HeadSettings()
    if settings.schedule != "cosine" or settings.devices > 1 or settings.precision != "32-true":
        raise SLTError("This training knows a cosine schedule, one device, 32 bits.")
    key = checkpoint.fingerprint(
        model_settings, settings, heads, seed, data.content(), dev.content()
    )
    if settings.threads:
        torch.set_num_threads(settings.threads)
    torch.manual_seed(seed)
    model = TextToGloss(model_settings, GlossCodec.build(data))
    model.begin_with(data)
    optimizer = torch.optim.AdamW(groups(model, settings), lr=settings.lr, betas=(0.9, 0.98),
                                  fused=True)  # fmt: skip
    state = _resume(out, key, model, optimizer)
    first, running, began = state["update"], [], time.perf_counter()
    left = range(first, first if state["stopped"] else settings.updates)
    bar = tqdm(left, initial=first, total=settings.updates, desc=out.name, unit="update",
               leave=False)  # fmt: skip
    for update in bar:
        running.append(_update(model, optimizer, settings, heads, data, seed, update))
        if (update + 1) % settings.look_every == 0 or update + 1 == settings.updates:
            state["seconds"] += time.perf_counter() - began
            look = _look(model, dev, running, update + 1, state["seconds"])
            running = []
            _judge(state, look, settings)
            _save(out, key, model, optimizer, state)
            bar.set_postfix(wer=f"{look['wer']:.1f}", loss=f"{look['loss']:.2f}")
            began = time.perf_counter()
            if state["stopped"]:
                break
    sentences = state["update"] * settings.batch_size
    return Trained(out, state["history"], state["update"], sentences, state["seconds"], first)


def _update(model, optimizer, settings: TrainSettings, heads, data, seed: int, update: int) -> dict:
    """One step; the losses."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(settings, update)
    rng = np.random.default_rng([seed, update, 5])
    torch.manual_seed(int(np.random.SeedSequence([seed, update, 4]).generate_state(1)[0]))
    rows = epoch_batch(data.lengths, settings.batch_size, seed, update)
    model.train()
    batch = gloss_batch(data, rows, model.codec, rng, heads.copy, heads.drop)
    parts = gloss_losses(model(batch), batch, heads, settings.label_smoothing)
    optimizer.zero_grad(set_to_none=True)
    parts["loss"].backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
    optimizer.step()
    return {name: float(value.detach()) for name, value in parts.items()}


def _look(model, dev: GlossSentences, running: list[dict], update: int, seconds: float) -> dict:
    """Losses since the last look, and the gloss errors of a greedy reading of dev."""
    from slt_lib.translation.metrics import gloss_wer

    means = {name: float(np.mean([r[name] for r in running])) for name in running[0]}
    found = write_glosses(model.eval(), dev.words, beam=1, unsaid=0)
    return {"update": update, "seconds": round(seconds, 2), **means,
            "wer": gloss_wer([one.glosses for one in found], dev.glosses)}  # fmt: skip


def _judge(state: dict, look: dict, settings: TrainSettings) -> None:
    before = min((one["wer"] for one in state["history"]), default=float("inf"))
    state["history"].append(look)
    state["update"] = look["update"]
    better = look["wer"] < before
    state["stale"] = 0 if better else state["stale"] + 1
    state["stopped"] = bool(settings.patience and state["stale"] >= settings.patience)
    state["keep"] = better or settings.keep == "last"


def _save(out: Path, key: str, model: TextToGloss, optimizer, state: dict) -> None:
    if state["keep"]:
        save_text_to_gloss(out / "best.pt", model, update=state["update"])
    save_text_to_gloss(out / "last.pt", model, key=key, optimizer=optimizer.state_dict(),
                       state=state)  # fmt: skip
    with atomic_write(out / "metrics.jsonl") as file:
        file.write("".join(json.dumps(look) + "\n" for look in state["history"]).encode())


def _resume(out: Path, key: str, model: TextToGloss, optimizer) -> dict:
    if not (out / "last.pt").is_file():
        return {"update": 0, "history": [], "stale": 0, "stopped": False, "seconds": 0.0,
                "keep": False}  # fmt: skip
    content = checkpoint.load(out / "last.pt", FORMAT, WHAT)
    if content.get("key") != key:
        raise SLTError(
            "The folder holds a training with other settings, data or seed.", file=out,
            fix="Choose a new folder, or delete this one.",
        )  # fmt: skip
    with refusing(out / "last.pt", f"a {WHAT}", checkpoint.AGAIN):
        model.load_state_dict(content["model"])
        optimizer.load_state_dict(content["optimizer"])
        return content["state"]


def save_text_to_gloss(path: Path, model: TextToGloss, **more) -> None:
    """Write a model, and whatever else of plain values and tensors, atomically.

    Args:
        path: The file.
        model: With its settings and names.
        more: Such as the optimiser's state.

    Chapter: 13_novel_sentences
    """
    codec = model.codec
    content = {
        "format": FORMAT,
        "model": {k: v.detach().cpu().clone() for k, v in model.state_dict().items()},
        "settings": asdict(model.settings),
        "words": list(codec.table.words.words),
        "parts": list(codec.table.parts.words),
        "gloss": list(codec.gloss.words),
        "faces": list(codec.faces),
        **more,
    }
    with atomic_write(path) as file:
        torch.save(content, file)


def load_text_to_gloss(path: str | Path) -> TextToGloss:
    """A trained text-to-gloss model, ready to read.

    Args:
        path: A `best.pt` or `last.pt`, or the folder that `train_text_to_gloss` wrote.

    Raises:
        PoseFileError: If the file is missing, damaged or something else.

    Chapter: 13_novel_sentences
    """
    path = Path(path)
    path = path / "best.pt" if path.is_dir() else path
    content = checkpoint.load(path, FORMAT, WHAT)
    with refusing(path, f"a {WHAT}", checkpoint.AGAIN):
        table = WordTable(Vocabulary(content["words"]), Vocabulary(content["parts"]))
        codec = GlossCodec(table, Vocabulary(content["gloss"]), tuple(content["faces"]))
        model = TextToGloss(ModelSettings(**content["settings"]), codec)
        model.load_state_dict(content["model"])
    return model.eval()
