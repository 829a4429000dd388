"""What does the dictionary show? Every sign alone: from rest, slowly, held, and back to rest."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from slt_lib.corpus.weather.broadcast import unknown_spec
from slt_lib.corpus.weather.lexicon import lexicon
from slt_lib.corpus.weather.observe import STUDIO_CAMERA, observe
from slt_lib.corpus.weather.perform import Planned, perform
from slt_lib.corpus.weather.phonology import sign_specs
from slt_lib.corpus.weather.signers import dictionary_signer
from slt_lib.pose.sequence import PoseSequence

FPS = 50.0  # the dictionary's videos have twice the broadcast's frame rate
MISSING = 0.05  # share of the glosses that nobody recorded
SECOND_TAKE = 0.2  # share of the glosses recorded twice


def missing_glosses(seed: int) -> frozenset[str]:
    """Glosses that the dictionary lacks.

    Args:
        seed: Of the world.
    """
    rng = np.random.default_rng([seed, 30])
    return frozenset(g for g in lexicon() if rng.random() < MISSING)


def citations(seed: int) -> Iterator[tuple[str, int, PoseSequence]]:
    """The dictionary's recordings: gloss, take, pose at 50 frames per second.

    Args:
        seed: Of the world.

    Chapter: 04_synthetic_corpus
    """
    return ((gloss, take, pose) for gloss, take, pose, _ in citation_times(seed))


def citation_times(seed: int) -> Iterator[tuple[str, int, PoseSequence, tuple[float, float]]]:
    """As `citations`, and when the sign was planned: what a crop is measured against.

    Args:
        seed: Of the world.

    Returns:
        Gloss, take, pose, and the seconds at which the hand is at the sign's first target and at
        which it leaves the last one.

    Chapter: 04_synthetic_corpus
    """
    absent = missing_glosses(seed)
    for number, gloss in enumerate(lexicon()):
        if gloss in absent:
            continue
        rng = np.random.default_rng([seed, 31, number])
        for take in range(1 + (rng.random() < SECOND_TAKE)):
            yield gloss, take, *_recorded(gloss, seed, rng)


def cite(gloss: str, seed: int, rng: np.random.Generator) -> PoseSequence:
    """One recording of one gloss in citation form.

    Args:
        gloss: Any; one that the lexicon doesn't have gets a sign of its own.
        seed: Of the world.
        rng: What differs from take to take.

    Chapter: 04_synthetic_corpus
    """
    return _recorded(gloss, seed, rng)[0]


def _recorded(
    gloss: str, seed: int, rng: np.random.Generator
) -> tuple[PoseSequence, tuple[float, float]]:
    signer = replace(dictionary_signer(), drift=0.02 * rng.standard_normal(3))
    still, length = rng.uniform(0.3, 0.7), rng.uniform(1.2, 1.8)
    spec = sign_specs(seed).get(gloss) or unknown_spec(gloss, seed)
    sign = Planned(gloss, spec, still, still + length,
                   repeats=3, lead=0.36, hold=0.15)  # fmt: skip
    frames = round((still + length + 0.5 + rng.uniform(0.2, 0.5)) * FPS)
    pose = observe(perform([sign], signer, FPS, frames, rng), FPS, STUDIO_CAMERA, rng)
    return pose, (sign.start + sign.lead * length, sign.end - sign.hold * length)
