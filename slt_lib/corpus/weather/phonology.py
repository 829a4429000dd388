"""What is a sign made of? Hand shape, place, movement, orientation, and how many hands.

Every gloss of the weather world gets such a specification, drawn by seed. Many signs are made
from another one by changing a single part, so that no part alone tells signs apart; numbers,
months, days and directions are families that share most of their parts. None of it is DGS.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from slt_lib.corpus.weather.handshapes import SHAPES
from slt_lib.corpus.weather.lexicon import lexicon

# where the middle of the hand is, in shoulder widths from between the shoulders, right-handed,
# and how often signs are made there: mostly before the chest
PLACES = {
    "neutral": (-0.25, 0.5, -0.65), "low": (-0.35, 0.75, -0.55), "centre": (0.02, 0.4, -0.6),
    "chest": (-0.12, 0.25, -0.35), "side": (-0.85, 0.3, -0.5), "shoulder": (-0.48, 0.0, -0.4),
    "across": (0.4, 0.05, -0.4), "chin": (-0.06, -0.36, -0.45), "mouth": (-0.1, -0.48, -0.45),
    "cheek": (-0.25, -0.55, -0.4), "temple": (-0.3, -0.75, -0.35), "brow": (-0.05, -0.85, -0.45),
    "high": (-0.5, -0.7, -0.55), "front": (-0.15, 0.2, -0.95),
}  # fmt: skip
OFTEN = (0.18, 0.08, 0.14, 0.12, 0.09, 0.06, 0.05, 0.05, 0.04, 0.04, 0.02, 0.02, 0.03, 0.08)
# fingers point to, index side points to
ORIENTATIONS = {
    "up, palm out": ((0, -1, 0), (1, 0, 0)), "up, palm in": ((0, -1, 0), (-1, 0, 0)),
    "up, palm side": ((0, -1, 0), (0, 0, -1)), "in, palm down": ((1, 0, 0), (0, 0, -1)),
    "in, palm in": ((1, 0, 0), (0, -1, 0)), "in, palm up": ((1, 0, 0), (0, 0, 1)),
    "out, palm down": ((0, 0, -1), (1, 0, 0)), "out, palm side": ((0, 0, -1), (0, -1, 0)),
    "out, palm up": ((0, 0, -1), (-1, 0, 0)), "slant, palm out": ((0.7, -0.7, 0), (0.7, 0.7, 0)),
    "down, palm in": ((0, 1, 0), (1, 0, 0)),
}  # fmt: skip
WAYS = {
    "up": (0, -1, 0), "down": (0, 1, 0), "in": (1, 0, 0), "out": (-1, 0, 0), "forth": (0, 0, -1),
    "back": (0, 0, 1), "up out": (-0.7, -0.7, 0), "down in": (0.7, 0.7, 0),
    "down out": (-0.7, 0.7, 0), "up in": (0.7, -0.7, 0),
}  # fmt: skip
MOVES = ("straight", "arc", "circle", "repeat", "zigzag", "hold", "open")
HANDS = ("one", "both", "alternating", "base")
DIRECTION_WAYS = {
    "NORD": "up", "SUED": "down", "WEST": "out", "OST": "in", "NORDWEST": "up out",
    "SUEDOST": "down in", "NORDOST": "up in", "SUEDWEST": "down out",
}  # fmt: skip
PARTS = ("shape", "end_shape", "place", "orientation", "way", "move", "hands", "size")
SHORT = ("number", "function", "degree")


@dataclass(frozen=True)
class SignSpec:
    """How one sign is made.

    Attributes:
        shape, end_shape: Hand shapes at its start and end, numbers of `hand_shapes()`.
        place: Where the middle of the hand is, a key of `PLACES`.
        orientation, end_orientation: Keys of `ORIENTATIONS`.
        way: Which way it moves, a key of `WAYS`.
        move: Kind of movement, one of `MOVES`.
        size: Length of the movement in shoulder widths.
        hands: One of `HANDS`; "both" move as in a mirror, under "base" the other one rests.
        mouthing: Mouth openings that accompany it, of 0 to 1.
        length: How long it takes, relative to others.

    Chapter: 04_synthetic_corpus
    """

    shape: int
    end_shape: int
    place: str
    orientation: str
    end_orientation: str
    way: str
    move: str
    size: float
    hands: str
    mouthing: tuple[float, ...]
    length: float = 1.0


def path(spec: SignSpec, repeats: int = 2) -> np.ndarray:
    """The via-points of a sign's movement around its place, float [points, 3].

    Args:
        spec: The sign.
        repeats: How often a repeated movement is made.

    Chapter: 04_synthetic_corpus
    """
    along = np.array(WAYS[spec.way], float) * spec.size
    across = np.cross(along, (0, 0, 1.0)) if abs(along[2]) < spec.size / 2 else along[[1, 0, 1]] * 0
    across = across if np.abs(across).any() else np.array([spec.size, 0, 0])
    start, end = -along / 2, along / 2
    if spec.move == "arc":
        return np.stack([start, across / 2, end])
    if spec.move == "circle":
        turn = np.linspace(0, 2 * np.pi, 5)[:, None]
        return (along * np.cos(turn) + across * np.sin(turn)) / 2
    if spec.move == "repeat":
        return np.stack([start, end] * max(1, repeats)) * 0.7
    if spec.move == "zigzag":
        return np.stack([start + across / 3, start / 3 - across / 3, end / 3 + across / 3, end])
    if spec.move in ("hold", "open"):
        return np.zeros((2, 3))
    return np.stack([start, end])


def mouthing_of(word: str) -> tuple[float, ...]:
    """Mouth openings of a German word, vowel by vowel: wide for a, nearly shut for u.

    Chapter: 04_synthetic_corpus
    """
    openness = {"a": 1.0, "ä": 0.8, "e": 0.6, "i": 0.4, "o": 0.7, "ö": 0.6, "u": 0.25, "ü": 0.3}
    after = zip(" " + word, word, strict=False)  # the second of two vowels is part of the first
    vowels = [openness[c] for before, c in after if c in openness and before not in openness]
    return tuple(vowels[:3]) or (0.0,)


def draw_spec(rng: np.random.Generator, word: str = "", category: str = "") -> SignSpec:
    """A sign drawn at random.

    Args:
        rng: Where the choices come from.
        word: The German word that is mouthed.
        category: Short kinds of signs (numbers, function signs) take less time.
    """
    shape = int(rng.integers(SHAPES))
    orientation = _any(rng, ORIENTATIONS)
    move = _any(rng, MOVES)
    return SignSpec(
        shape=shape,
        end_shape=int(rng.integers(SHAPES)) if move == "open" or rng.random() < 0.2 else shape,
        place=list(PLACES)[int(rng.choice(len(PLACES), p=OFTEN))],
        orientation=orientation,
        end_orientation=_any(rng, ORIENTATIONS) if rng.random() < 0.2 else orientation,
        way=_any(rng, WAYS),
        move=move,
        size=float(rng.uniform(0.25, 0.65)),
        hands=HANDS[int(rng.choice(4, p=(0.55, 0.22, 0.1, 0.13)))],
        mouthing=mouthing_of(word),
        length=0.8 if category in SHORT else 1.0,
    )


def variant(spec: SignSpec, rng: np.random.Generator, parts: int = 1) -> SignSpec:
    """The same sign with some of its parts drawn anew, as signers of another region make it.

    Args:
        spec: The sign.
        rng: Where the choices come from.
        parts: How many parts change.

    Chapter: 04_synthetic_corpus
    """
    other = draw_spec(rng)
    changed = {part: getattr(other, part) for part in rng.choice(PARTS, parts, replace=False)}
    if "shape" in changed and spec.shape == spec.end_shape:
        changed.setdefault("end_shape", changed["shape"])
    if "orientation" in changed:
        changed["end_orientation"] = changed["orientation"]
    return replace(spec, **changed)


@lru_cache
def sign_specs(seed: int) -> dict[str, SignSpec]:
    """Every gloss's sign as the dictionary signer makes it.

    Args:
        seed: Of the world.

    Chapter: 04_synthetic_corpus
    """
    specs: dict[str, SignSpec] = {}
    families = {c: draw_spec(np.random.default_rng([seed, 10, i]), "", c)
                for i, c in enumerate(("number", "month", "day", "direction"))}  # fmt: skip
    for i, entry in enumerate(lexicon().values()):
        rng = np.random.default_rng([seed, 11, i])
        word = entry.words[0] if entry.words else ""
        spec = draw_spec(rng, word, entry.category)
        if entry.category in families:
            spec = _of_family(families[entry.category], spec, entry.gloss, entry.category, i)
        elif len(specs) > 20 and rng.random() < 0.35:  # a minimal pair with an earlier sign
            model = specs[list(specs)[int(rng.integers(len(specs)))]]
            spec = replace(variant(model, rng), mouthing=spec.mouthing, length=spec.length)
        specs[entry.gloss] = spec
    return specs


def _of_family(family: SignSpec, spec: SignSpec, gloss: str, category: str, i: int) -> SignSpec:
    """A member of a family: most parts are the family's, what is left tells members apart."""
    own = {"shape": spec.shape, "end_shape": spec.shape, "mouthing": spec.mouthing}
    if category == "direction":
        own = {"way": DIRECTION_WAYS.get(gloss, "forth"), "move": "straight", "size": 0.6,
               "mouthing": spec.mouthing, "hands": "one"}  # fmt: skip
    elif category == "number":
        own |= {"shape": i % SHAPES, "end_shape": i % SHAPES, "hands": "one"}
    else:
        own |= {"place": spec.place} if category == "month" else {"orientation": spec.orientation}
    return replace(family, **own)


def _any(rng: np.random.Generator, options):
    return list(options)[int(rng.integers(len(options)))]
