"""Real annotation, simulated signing: what would a corpus be like whose video we don't have?"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from slt_lib.corpus.weather.grammar import Sentence
from slt_lib.corpus.weather.signing import simulate
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance


def simulate_annotations(utterances: Iterable[Utterance], *, seed: int = 0) -> Iterator[Utterance]:
    """Simulated signing under somebody's real annotation: glosses, text, signer, frame count.

    Glosses that the world doesn't know get a sign of their own, signers one of the world's.

    Args:
        utterances: With glosses; poses are not looked at. Frame counts are kept where given.
        seed: Of the world and of the signing.

    Returns:
        The utterances with simulated poses at 25 frames per second, origin "simulated".

    Raises:
        SLTError: If an utterance has no gloss, or no frame.

    Chapter: 04_synthetic_corpus
    """
    for number, one in enumerate(utterances):
        if not one.gloss:
            raise SLTError(f"{one.name} has no glosses to sign.", fix="Leave it out.")
        if one.frames is not None and one.frames < 1:
            raise SLTError(f"{one.name} has {one.frames} frames.", fix="Leave it out.")
        sentence = Sentence(one.gloss, one.text, ("",) * len(one.gloss), 0)
        rng = np.random.default_rng([seed, 60, number])
        who = sum(one.signer.encode()) if one.signer else None
        made = simulate(sentence, seed, rng, signer=who, frames=one.frames, name=one.name)
        yield replace(made, gloss=one.gloss, signer=one.signer or made.signer)
