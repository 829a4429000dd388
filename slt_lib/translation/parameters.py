"""Which of a model's weights are trained, by which optimiser, and what do they start from?"""

from collections.abc import Container

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from slt_lib.translation.model import Translator
from slt_lib.translation.muon import Muon
from slt_lib.translation.settings import TrainSettings

NOT_HIDDEN = ("embed", "head")  # tables of words and output layers, by a part of their names


def optimisers(model: nn.Module, settings: TrainSettings) -> list[torch.optim.Optimizer]:
    """AdamW for everything, or Muon for the hidden matrices and AdamW for the rest.

    Muon makes each step of a matrix orthogonal, so that all its directions are learnt at one
    speed (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/). It is meant for
    matrices between hidden layers only.

    Args:
        model: Parameters that need no gradient are left out.
        settings: `optimizer`, `lr` and `weight_decay`.

    Chapter: 09_pose_to_text
    """
    by_muon = {
        name: weights
        for name, weights in model.named_parameters()
        if settings.optimizer == "muon"
        and weights.requires_grad
        and weights.dim() == 2
        and not any(part in name for part in NOT_HIDDEN)
    }
    rest = groups(model, settings, but=by_muon)
    found = [torch.optim.AdamW(rest, lr=settings.lr, betas=(0.9, 0.98), fused=True)]
    if by_muon:
        found.append(
            Muon(
                list(by_muon.values()),
                lr=settings.lr,
                weight_decay=settings.weight_decay,
                adjust_lr_fn="match_rms_adamw",  # so that one rate suits both
            )
        )
    return found


def averaged(model: nn.Module, decay: float) -> AveragedModel:
    """A running average of a model's weights: what a falling learning rate ends with, at any time.

    Args:
        model: Whose weights are averaged, by `update_parameters(model)` after every update.
        decay: What stays of the average with each update; less at first, so that it soon forgets
            the random weights that it began with.

    Chapter: 09_pose_to_text
    """

    def towards(average: list, weights: list, count: torch.Tensor | int) -> None:
        stays = min(decay, (1 + int(count)) / (10 + int(count)))
        torch._foreach_lerp_(average, weights, 1 - stays)

    return AveragedModel(model, multi_avg_fn=towards)


def groups(model: nn.Module, settings: TrainSettings, but: Container[str] = ()) -> list[dict]:
    """Matrices get weight decay; norms, biases and positions don't.

    Args:
        model: Parameters that need no gradient are left out.
        settings: `weight_decay`.
        but: Names of parameters that are left out, too.
    """
    trained = [p for n, p in model.named_parameters() if p.requires_grad and n not in but]
    return [
        {"params": [p for p in trained if p.dim() > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in trained if p.dim() <= 1], "weight_decay": 0.0},
    ]


def freeze_unheard(model: Translator, settings: TrainSettings) -> None:
    """Heads that no loss listens to aren't trained."""
    heads = []
    if not settings.gloss_weight:
        heads += [model.gloss_head, getattr(model.encoder, "heads", None)]
    if not settings.text_ctc_weight:
        heads += [model.text_head]
    for head in heads:
        if head is not None:
            head.requires_grad_(False)


def load_fitting(model: nn.Module, weights: dict, but: tuple[str, ...] = ()) -> None:
    """Load weights whose shape fits; a head that the start didn't have keeps its own.

    Args:
        model: Whose weights are replaced.
        weights: By name.
        but: Parts of names of weights that aren't.
    """
    own = model.state_dict()
    fitting = {
        name: new
        for name, new in weights.items()
        if name in own and own[name].shape == new.shape and not any(part in name for part in but)
    }
    model.load_state_dict(fitting, strict=False)
