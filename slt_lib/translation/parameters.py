"""Which of a model's weights are trained, and what do they start from?"""

from torch import nn

from slt_lib.translation.model import Translator
from slt_lib.translation.settings import TrainSettings


def groups(model: nn.Module, settings: TrainSettings) -> list[dict]:
    """Matrices get weight decay; norms, biases and positions don't."""
    trained = [p for p in model.parameters() if p.requires_grad]
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


def load_fitting(model: nn.Module, weights: dict) -> None:
    """Load weights whose shape fits; a head that the start didn't have keeps its own."""
    own = model.state_dict()
    fitting = {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape}
    model.load_state_dict(fitting, strict=False)
