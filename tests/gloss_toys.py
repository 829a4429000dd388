"""Small made sentences for the text-to-gloss tests, with everything a corpus may know of them."""

import numpy as np

from slt_lib.pose.io import Utterance
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.translation.settings import AugmentSettings, ModelSettings, TrainSettings

PLACES = {"im norden": "NORD", "in sachsen": "SACHSEN", "in hessen": "HESSEN", "am rhein": "RHEIN"}
EVENTS = {"regnet es": "REGEN", "schneit es": "SCHNEE", "scheint die sonne": "SONNE"}
LENGTH = {"NORD": 0.4, "REGEN": 0.8}  # seconds; other signs last 0.6


def toy_pairs() -> list[tuple[tuple[str, ...], str]]:
    """(glosses, text) of every place with every weather."""
    return [((g, e), f"{place} {event} .") for place, g in PLACES.items()
            for event, e in EVENTS.items()]  # fmt: skip


def toy_utterances(spans: bool = True, poses: bool = True, seed: int = 0) -> list[Utterance]:
    """The pairs as utterances, signed with random smooth movement, a fifth of joints unseen."""
    rng, out = np.random.default_rng(seed), []
    for number, (gloss, text) in enumerate(toy_pairs()):
        frames = [round(25 * LENGTH.get(g, 0.6)) for g in gloss]
        edges = np.cumsum([3, *frames])
        pose = None
        if poses:
            steps = 0.02 * rng.standard_normal((edges[-1], 178, 3))
            positions = np.cumsum(steps, 0).astype(np.float32) + rng.standard_normal((178, 3))
            seen = rng.random((edges[-1], 178)) > 0.2
            pose = PoseSequence(positions.astype(np.float32), seen.astype(np.float32), 25.0,
                                SLRTP_178)  # fmt: skip
        out.append(Utterance(
            f"s{number}", gloss, text, pose=pose, frames=int(edges[-1]),
            spans=tuple(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)) if spans
            else None,
        ))  # fmt: skip
    return out


def toy_model_settings() -> ModelSettings:
    """The smallest model that has every part."""
    return ModelSettings(width=16, heads=2, encoder_layers=1, decoder_layers=1, feedforward=32,
                         dropout=0.1, gloss_ctc=False, text_ctc=False)  # fmt: skip


def toy_training(**changes) -> TrainSettings:
    """A few updates."""
    plain = {"updates": 6, "batch_size": 4, "eval_every": 2, "augment": AugmentSettings.off()}
    return TrainSettings(**{**plain, **changes})
