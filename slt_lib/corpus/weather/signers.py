"""Who signs? One careful dictionary signer, and broadcast signers each with a style of theirs."""

from dataclasses import dataclass

import numpy as np

from slt_lib.pose.proportions import canonical_body

BROADCASTERS = 7
SHARES = np.array([0.26, 0.2, 0.16, 0.14, 0.11, 0.08, 0.05])  # uneven, as in PHOENIX14T


@dataclass(frozen=True, eq=False)
class Signer:
    """A simulated signer.

    Attributes:
        name: "Signer01" and so on; "Dictionary" for the dictionary's.
        bones: Bone lengths, float [50] in shoulder widths.
        tempo: How quickly signs follow each other, 1 is average.
        undershoot: How much of the way to a target is given up when time is short, 0 to 1.
        overlap: How far movements reach into each other; 1 is not at all.
        space: Size of the signing space, 1 is average.
        drift: Where the signing space lies, float [3].
        lax: How much the hand shapes give way to a relaxed hand, 0 to 1.
        tilt: A lasting turn of the hands, rotation vector in radians, float [3].
        left_handed: Whether the left hand is the dominant one.
        mouthing: How clearly words are mouthed, 0 to 1.
        brows: How much the brows move, 0 to 1.
        weak_drop: How often the other hand is left out.
        pointing: How often function signs are left out.
        habits: Seed of which variants are preferred.
        face: float [128, 3], the neutral face around its centre.

    Chapter: 04_synthetic_corpus
    """

    name: str
    bones: np.ndarray
    tempo: float
    undershoot: float
    overlap: float
    space: float
    drift: np.ndarray
    lax: float
    tilt: np.ndarray
    left_handed: bool
    mouthing: float
    brows: float
    weak_drop: float
    pointing: float
    habits: int
    face: np.ndarray


def dictionary_signer() -> Signer:
    """The signer of the dictionary: average build, careful, right-handed.

    Chapter: 04_synthetic_corpus
    """
    return Signer(
        name="Dictionary", bones=_bones(np.ones(3)), tempo=1.0, undershoot=0.0, overlap=1.0,
        space=1.0, drift=np.zeros(3), lax=0.0, tilt=np.zeros(3), left_handed=False, mouthing=1.0,
        brows=0.5, weak_drop=0.0, pointing=0.0, habits=0, face=canonical_body().face,
    )  # fmt: skip


def broadcast_signers(seed: int) -> list[Signer]:
    """The signers of the broadcast, the most frequent one first; the fourth is left-handed.

    The bundled recordings have one average body, so builds are drawn around it: arms, torso and
    hands differ by some percent.

    Args:
        seed: Of the world.

    Chapter: 04_synthetic_corpus
    """
    return [_draw(np.random.default_rng([seed, 20, i]), i) for i in range(BROADCASTERS)]


def _draw(rng: np.random.Generator, number: int) -> Signer:
    stretch = 1 + 0.05 * rng.standard_normal(3)
    face = canonical_body().face * (1 + 0.05 * rng.standard_normal(3))
    return Signer(
        name=f"Signer{number + 1:02d}",
        bones=_bones(stretch),
        tempo=float(np.clip(1 + 0.12 * rng.standard_normal(), 0.8, 1.25)),
        undershoot=float(rng.uniform(0.15, 0.45)),
        overlap=float(rng.uniform(1.2, 1.7)),
        space=float(np.clip(1 + 0.1 * rng.standard_normal(), 0.8, 1.2)),
        drift=0.06 * rng.standard_normal(3),
        lax=float(rng.uniform(0.05, 0.3)),
        tilt=0.15 * rng.standard_normal(3),
        left_handed=number == 3,
        mouthing=float(rng.uniform(0.3, 1.0)),
        brows=float(rng.uniform(0.4, 1.0)),
        weak_drop=float(rng.uniform(0.1, 0.4)),
        pointing=float(rng.uniform(0.1, 0.5)),
        habits=int(rng.integers(2**31)),
        face=face,
    )


def _bones(stretch: np.ndarray) -> np.ndarray:
    """The canonical lengths with arms, hips and hands stretched, float [50]."""
    bones = canonical_body().bones[:50].copy()
    bones[[1, 2, 4, 5]] *= stretch[0]
    bones[6:8] *= stretch[1]
    bones[8:] *= stretch[2]
    return bones
