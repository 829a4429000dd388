"""How far apart are real and synthetic signing for a translator: in gradients, in states?"""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from slt_lib.experiments.data import Data
from slt_lib.experiments.protocols import arm_of
from slt_lib.pose.io.guard import atomic_write
from slt_lib.translation.batches import epoch_batch
from slt_lib.translation.data import Codec, TranslationData
from slt_lib.translation.loss import Totals, losses
from slt_lib.translation.model import Translator
from slt_lib.translation.settings import AugmentSettings, TrainSettings
from slt_lib.translation.train import train

BATCHES = 6  # of each kind, to average a gradient over
SENTENCES = 200  # to compare states on


def run_gradients(seed: int, data: Data) -> dict:
    """Joint training, watched: how well gradients and states of both kinds agree on the way.

    Args:
        seed: Of training.
        data: Of the experiment.

    Returns:
        `looks`: per look, update, dev BLEU-4, the cosine between the mean gradients of real and of
        synthetic batches, that between two halves of the real ones (the most one can expect at
        this batch size), CKA and MMD. `gradient_cosine` is the mean over looks, `folder` the
        training.

    Chapter: 12_ablations
    """
    arm = arm_of("joint")
    phase = arm.phases[0]
    settings = data.scale.phase(phase.length, phase.lr)
    settings = replace(settings, eval_every=max(1, settings.updates // 6))
    folder = data.work / "trainings" / f"gradients-{seed}-{settings.updates}"
    file, looks = folder / "looks.json", {}
    if file.is_file():  # of an interrupted or complete training
        looks = {look["update"]: look for look in json.loads(file.read_text("utf8"))}

    def watch(history: list[dict], model: Translator) -> None:
        known = {k: history[-1][k] for k in ("update", "bleu4")}
        found = distances(model, data["real"], data["synthetic"], settings, seed)
        looks[known["update"]] = known | found
        with atomic_write(file) as out:
            out.write(json.dumps(list(looks.values())).encode())

    trained = train(folder, data.scale.model, settings, data[phase.data], data["dev"], seed=seed,
                    codec=Codec.build(data[arm.words]), monitor=watch)  # fmt: skip
    return {
        "folder": trained.folder,
        "dev_bleu4": trained.best,
        "gradient_cosine": float(np.mean([look["gradient_cosine"] for look in looks.values()])),
        "looks": list(looks.values()),
        "corpus_hash": data.hash,
    }


def distances(
    model: Translator, real: TranslationData, synthetic: TranslationData,
    settings: TrainSettings, seed: int,
) -> dict:  # fmt: skip
    """How far two domains are apart for one model.

    Args:
        model: A translator.
        real, synthetic: Training data.
        settings: Whose losses are differentiated; without variation of poses.
        seed: Of the batches.

    Chapter: 12_ablations
    """
    settings = replace(settings, augment=AugmentSettings.off())
    one, two = (
        mean_gradient(model, real, settings, seed, range(k, 2 * BATCHES, 2)) for k in (0, 1)
    )
    other = mean_gradient(model, synthetic, settings, seed, range(0, 2 * BATCHES, 2))
    pairs = _pairs(real, synthetic)[:SENTENCES]
    states = [
        mean_states(model, part, rows)
        for part, rows in zip((real, synthetic), pairs.T, strict=True)
    ]
    return {
        "gradient_cosine": _cosine(one, other),
        "gradient_cosine_real": _cosine(one, two),
        "cka": cka(*states),
        "mmd": mmd(*states),
    }


def mean_gradient(
    model: Translator, data: TranslationData, settings: TrainSettings, seed: int,
    batches: Sequence[int],
) -> torch.Tensor:  # fmt: skip
    """The mean gradient of the loss over some batches, of all weights in one vector."""
    model.eval()  # without dropout, so that only the data differ
    model.zero_grad(set_to_none=True)
    for number in batches:
        rows = epoch_batch(data.lengths, settings.batch_size, seed + 1000, number)
        batch = data.batch(rows, model.codec)
        losses(model(batch), batch, settings, Totals.of(batch, model.settings.stride))[
            "loss"
        ].backward()
    gradient = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    model.zero_grad(set_to_none=True)
    return gradient / len(batches)


@torch.no_grad()
def mean_states(model: Translator, data: TranslationData, rows: np.ndarray) -> np.ndarray:
    """The encoder's mean state of each sentence, float [rows, width]."""
    model.eval()
    out = []
    for start in range(0, len(rows), 50):
        memory = model.encode(data.batch(rows[start : start + 50], model.codec))
        weight = memory.mask.unsqueeze(-1)
        out.append(((memory.states * weight).sum(1) / weight.sum(1)).numpy())
    return np.concatenate(out)


def cka(a: np.ndarray, b: np.ndarray) -> float:
    """Linear centred kernel alignment of two sets of states of the same sentences, 0 to 1.

    Args:
        a, b: float [sentences, channels], row by row the same sentence (Kornblith et al. 2019).

    Chapter: 12_ablations
    """
    a, b = a - a.mean(0), b - b.mean(0)
    both = np.linalg.norm(a.T @ b) ** 2
    return float(both / max(np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b), 1e-12))


def mmd(a: np.ndarray, b: np.ndarray) -> float:
    """Squared maximum mean discrepancy, Gaussian kernel of median width (Gretton et al. 2012).

    Args:
        a, b: float [sentences, channels].

    Chapter: 12_ablations
    """
    both = np.concatenate([a, b])
    square = ((both[:, None] - both[None]) ** 2).sum(-1)
    kernel = np.exp(-square / max(np.median(square[square > 0]), 1e-12))
    n, m = len(a), len(b)
    own_a = (kernel[:n, :n].sum() - n) / (n * (n - 1))
    own_b = (kernel[n:, n:].sum() - m) / (m * (m - 1))
    return float(own_a + own_b - 2 * kernel[:n, n:].mean())


def _pairs(real: TranslationData, synthetic: TranslationData) -> np.ndarray:
    """Rows of the same text in both sets, int [pairs, 2]."""
    where = {text: i for i, text in enumerate(synthetic.texts)}
    return np.array([(i, where[t]) for i, t in enumerate(real.texts) if t in where])


def _cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(torch.nn.functional.cosine_similarity(a, b, dim=0))
