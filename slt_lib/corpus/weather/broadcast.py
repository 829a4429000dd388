"""How is a sentence signed fluently? Quickly, each signer in their way, and not as cited.

A broadcast signer makes many signs as the dictionary shows them, many in a variant of their
own; leaves out function signs, merges neighbours into one, copies a neighbour's hand shape,
lets the second hand rest, repeats less, and slows down at the end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from slt_lib.corpus.weather.lexicon import lexicon
from slt_lib.corpus.weather.perform import Planned
from slt_lib.corpus.weather.phonology import SignSpec, draw_spec, sign_specs, variant
from slt_lib.corpus.weather.signers import Signer

OTHER_VARIANT = 0.28  # share of the glosses whose broadcast sign isn't the dictionary's
OTHER_SIGN = 0.07  # share of the glosses for which the broadcast has another sign altogether
PERSONAL = 0.2  # share of the glosses that signers make in one of two ways
MERGED = 0.06  # probability that two signs become one
ASSIMILATED = 0.12  # probability that a sign takes its neighbour's hand shape
MEDIAN_SECONDS, SPREAD = 0.54, 0.4  # of a sign with its way, as in PHOENIX14T
SHORTEST = 0.16
OFTEN_LEFT_OUT = ("IX", "DANN", "BIS", "AUCH", "ZWISCHEN", "GRAD")
UNWRITTEN = 0.75  # how often an annotator leaves out what the signer left out


def broadcast_specs(seed: int, signer: Signer) -> dict[str, SignSpec]:
    """Every gloss's sign as one broadcast signer makes it.

    Args:
        seed: Of the world.
        signer: Whose habits.

    Chapter: 04_synthetic_corpus
    """
    specs = {}
    for i, (gloss, cited) in enumerate(sign_specs(seed).items()):
        rng = np.random.default_rng([seed, 40, i])
        spec, kind = cited, rng.random()
        if kind < OTHER_SIGN:
            spec = replace(draw_spec(rng), mouthing=cited.mouthing, length=cited.length)
        elif kind < OTHER_SIGN + OTHER_VARIANT:
            spec = variant(cited, rng, parts=int(rng.integers(1, 3)))
        second = variant(spec, rng)
        if rng.random() < PERSONAL:
            habit = np.random.default_rng([signer.habits, i])
            spec = second if habit.random() < 0.5 else spec
        specs[gloss] = spec
    return specs


def unknown_spec(gloss: str, seed: int) -> SignSpec:
    """A sign for a gloss that the lexicon doesn't have, always the same for the same name.

    Args:
        gloss: Any string.
        seed: Of the world.
    """
    return draw_spec(np.random.default_rng([seed, 41, *gloss.encode()]), gloss.lower())


def plan(
    gloss: Sequence[str],
    brows: Sequence[str],
    signer: Signer,
    specs: Mapping[str, SignSpec],
    seed: int,
    rng: np.random.Generator,
    faithful: bool = False,
) -> tuple[list[Planned], list[tuple[str, int | None]]]:
    """Decide how a sentence is going to be signed.

    Args:
        gloss, brows: What is to be signed.
        signer: Who signs.
        specs: `broadcast_specs` of that signer.
        seed: Of the world, for glosses that it doesn't know.
        rng: What differs from time to time.
        faithful: Every gloss is signed (the annotation is given).

    Returns:
        The signs with their times, and the annotated glosses, each with the number of its sign
        or None if it was left out.

    Chapter: 04_synthetic_corpus
    """
    signs: list[Planned] = []
    written: list[tuple[str, int | None]] = []
    time = float(rng.uniform(0.1, 0.3))
    for i, (name, brow) in enumerate(zip(gloss, brows, strict=True)):
        if not faithful and name in OFTEN_LEFT_OUT and rng.random() < signer.pointing * 0.6:
            if rng.random() > UNWRITTEN:
                written.append((name, None))
            continue
        spec = specs[name] if name in specs else unknown_spec(name, seed)
        small = lexicon_category(name) in ("function", "degree", "")
        if signs and rng.random() < ASSIMILATED and small:
            shape = signs[-1].spec.end_shape
            spec = replace(spec, shape=shape, end_shape=shape)
        length = MEDIAN_SECONDS * spec.length / signer.tempo
        length *= np.exp(SPREAD * rng.standard_normal())
        if i == len(gloss) - 1:
            length *= 1.3
        merged = signs and rng.random() < MERGED and not faithful
        if merged:  # the first keeps only its place, the second starts from there
            before = signs[-1]
            signs[-1] = replace(before, end=before.start + 0.6 * (before.end - before.start),
                                spec=replace(before.spec, move="hold"), repeats=1)  # fmt: skip
            time, length = signs[-1].end, 0.75 * length
        length = max(float(length), SHORTEST)
        written.append((name, len(signs)))
        signs.append(Planned(name, spec, time, time + length, brow, repeats=int(rng.integers(1, 3)),
                             lead=float(rng.uniform(0.3, 0.5))))  # fmt: skip
        time += length + (float(rng.uniform(0.1, 0.4)) if rng.random() < 0.04 else 0.0)
    return signs, written


def lexicon_category(gloss: str) -> str:
    """A gloss's category, "" for one that the lexicon doesn't have."""
    return lexicon()[gloss].category if gloss in lexicon() else ""
