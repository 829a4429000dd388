"""From a sentence to a recording: a broadcast signer plans it, signs it, and is filmed."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from slt_lib.corpus.weather.broadcast import broadcast_specs, plan
from slt_lib.corpus.weather.grammar import Sentence
from slt_lib.corpus.weather.observe import BROADCAST_CAMERA, observe
from slt_lib.corpus.weather.perform import perform
from slt_lib.corpus.weather.phonology import SignSpec
from slt_lib.corpus.weather.signers import SHARES, Signer, broadcast_signers
from slt_lib.pose.io import Utterance

FPS = 25.0


def simulate(
    sentence: Sentence, seed: int, rng: np.random.Generator, *, signer: int | None = None,
    frames: int | None = None, name: str = "",
) -> Utterance:  # fmt: skip
    """One sentence, signed by a broadcast signer before a camera.

    Args:
        sentence: What is signed.
        seed: Of the world.
        rng: What differs from time to time.
        signer: Which signer; None draws one.
        frames: How long it is; None leaves that to the signer. With it every gloss is signed.
        name: Of the utterance.

    Chapter: 04_synthetic_corpus
    """
    number = int(rng.choice(len(SHARES), p=SHARES)) if signer is None else signer % len(SHARES)
    who, specs = _signers(seed)[number]
    signs, written = plan(
        sentence.gloss, sentence.brows, who, specs, seed, rng, faithful=frames is not None
    )
    fps = FPS
    length = (signs[-1].end if signs else 0.5) + float(rng.uniform(0.1, 0.3))
    if frames is None:
        frames = max(1, round(length * FPS))
    else:
        fps = frames / length
    pose = observe(perform(signs, who, fps, frames, rng), fps, BROADCAST_CAMERA, rng)
    pose = pose.replace(fps=FPS)
    spans = _spans(signs, written, fps, frames)
    return Utterance(
        name=name,
        gloss=tuple(g for g, _ in written),
        text=sentence.text,
        signer=who.name,
        pose=pose.mirrored() if who.left_handed else pose,
        frames=frames,
        origin="simulated",
        spans=spans,
    )


def _spans(signs, written, fps: float, frames: int) -> tuple[tuple[int, int], ...]:
    """Frames of every written gloss; a sign's end is the next one's start."""
    edge = [min(frames, round(s.start * fps)) for s in signs]
    edge.append(min(frames, round(signs[-1].end * fps)) if signs else 0)
    at, spans = edge[0], []
    for _, sign in written:
        spans.append((at, at) if sign is None else (edge[sign], edge[sign + 1]))
        at = spans[-1][1]
    return tuple(spans)


@lru_cache
def _signers(seed: int) -> list[tuple[Signer, Mapping[str, SignSpec]]]:
    return [(signer, broadcast_specs(seed, signer)) for signer in broadcast_signers(seed)]
