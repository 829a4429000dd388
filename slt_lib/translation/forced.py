"""When was each gloss signed? Viterbi alignment with the model's own CTC head."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from slt_lib.pose.errors import SLTError
from slt_lib.translation.model import Translator
from slt_lib.translation.video_data import Sentences
from slt_lib.translation.vocabulary import PAD

Spans = tuple[tuple[int, int], ...]


@torch.no_grad()
def gloss_spans_ctc(model: Translator, data: Sentences, batch_size: int = 64) -> list[Spans | None]:
    """First frame and frame after the last of every annotated gloss, as the model hears them.

    CTC gives each gloss a peak; the border between two signs is put halfway between theirs, so
    that signs leave no frame over.

    Args:
        model: With a gloss head.
        data: Sentences with glosses.
        batch_size: Sentences at a time.

    Returns:
        Spans per sentence in the data's frames (of poses, 25 per second); None where there is no
        gloss or too few frames.

    Raises:
        SLTError: If the model has no gloss head.

    Chapter: 12_ablations
    """
    out: list[Spans | None] = [None] * len(data)
    for chosen, log_probs, mask in _gloss_log_probs(model, data, batch_size):
        glosses = [model.codec.gloss.encode(data.glosses[i]) for i in chosen]
        found = align(log_probs, mask.sum(1), glosses)
        for i, peaks in zip(chosen, found, strict=True):
            if peaks is not None:
                out[i] = _spans(peaks, model.settings.stride, int(data.lengths[i]))
    return out


@torch.no_grad()
def recognise(model: Translator, data: Sentences, batch_size: int = 64) -> list[tuple[str, ...]]:
    """The glosses that the CTC head hears, best path.

    Args:
        model: With a gloss head.
        data: Sentences.
        batch_size: Sentences at a time.

    Raises:
        SLTError: If the model has no gloss head.

    Chapter: 09_pose_to_text
    """
    out: list[tuple[str, ...]] = [()] * len(data)
    for chosen, log_probs, mask in _gloss_log_probs(model, data, batch_size):
        best = log_probs.argmax(-1)
        for row, i in enumerate(chosen):
            path = best[row][mask[row]]
            kept = torch.unique_consecutive(path)
            out[i] = tuple(model.codec.gloss.words[int(g)] for g in kept if g != PAD)
    return out


def _gloss_log_probs(model: Translator, data: Sentences, batch_size: int):
    if model.gloss_head is None:
        raise SLTError("The model has no gloss head.", fix="Train it with gloss_ctc=True.")
    device, was_training = next(model.parameters()).device, model.training
    model.eval()
    order = data.lengths.argsort(kind="stable")
    for start in range(0, len(data), batch_size):
        chosen = order[start : start + batch_size]
        memory = model.encode(data.batch(chosen, model.codec).to(device))
        yield chosen, memory.gloss_logits.float().log_softmax(-1).cpu(), memory.mask.cpu()
    model.train(was_training)


def align(
    log_probs: Tensor, steps: Tensor, targets: Sequence[Sequence[int]]
) -> list[list[int] | None]:
    """The most probable step of every target (Viterbi over CTC's states), all sentences at once.

    Args:
        log_probs: [batch, steps, classes], class 0 is the blank.
        steps: int [batch], how many are real.
        targets: Classes of every sentence in order.

    Returns:
        For each sentence the step at which each target is most probable on the best path; None
        if it can't be aligned or has no target.

    Chapter: 12_ablations
    """
    size, longest, _ = log_probs.shape
    states = 2 * max((len(t) for t in targets if t), default=1) + 1
    labels = torch.zeros(size, states, dtype=torch.long)
    for i, target in enumerate(targets):
        labels[i, 1 : 2 * len(target) : 2] = torch.tensor(target, dtype=torch.long)
    emit = log_probs.gather(2, labels.unsqueeze(1).expand(-1, longest, -1))
    skip = torch.zeros(size, states, dtype=torch.bool)
    skip[:, 2:] = (labels[:, 2:] != PAD) & (labels[:, 2:] != labels[:, :-2])
    best = torch.full((size, states), -torch.inf)
    best[:, :2] = emit[:, 0, :2]
    came = torch.zeros(size, longest, states, dtype=torch.long)
    for t in range(1, longest):
        one = torch.nn.functional.pad(best[:, :-1], (1, 0), value=-torch.inf)
        two = torch.nn.functional.pad(best[:, :-2], (2, 0), value=-torch.inf)
        choice = torch.stack([best, one, two.masked_fill(~skip, -torch.inf)]).max(0)
        going = (t < steps).unsqueeze(1)
        best = torch.where(going, choice.values + emit[:, t], best)
        came[:, t] = torch.where(going, choice.indices, 0)
    return [_trace(best[i], came[i], emit[i], int(steps[i]), len(t)) for i, t in enumerate(targets)]


def _trace(best: Tensor, came: Tensor, emit: Tensor, steps: int, count: int) -> list[int] | None:
    """One sentence's path back from its end; for each target its most probable step on it."""
    if not count:
        return None
    last = 2 * count if best[2 * count] >= best[2 * count - 1] else 2 * count - 1
    if best[last] == -torch.inf:
        return None
    state, path = last, []
    for t in range(steps - 1, -1, -1):
        path.append(state)
        state -= int(came[t, state])
    path.reverse()
    peaks = []
    for k in range(count):
        at = [t for t, s in enumerate(path) if s == 2 * k + 1]
        peaks.append(max(at, key=lambda t, k=k: float(emit[t, 2 * k + 1])))
    return peaks


def _spans(peaks: list[int], stride: int, frames: int) -> Spans:
    middles = (np.array(peaks) + 0.5) * stride
    inner = np.round((middles[1:] + middles[:-1]) / 2).astype(int)
    edges = np.clip(np.concatenate([[0], inner, [frames]]), 0, frames)
    return tuple((int(a), int(b)) for a, b in pairwise(edges))
