"""Simulated signers: who they are, drawn from wide ranges. Nobody of them exists."""

from dataclasses import dataclass, field

import numpy as np

from slt_lib.body.model import SHAPES
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.shading import Light

PATTERNS = ("plain", "melange", "stripes", "checks", "dots", "gradient")
HAIRSTYLES = ("shaved", "short", "cropped", "curly", "bob", "bun", "scarf")
SLEEVES = {"short": 0.33, "three_quarter": 0.53, "long": 0.69}  # metres from the body's middle
COLLARS = {"crew": 0.0, "round": -0.035, "v": -0.02, "high": 0.06}  # metres upwards
# Skin, after Monk's ten tones (2019, https://skintone.google, CC BY 4.0), a little redder
SKIN = ("#ead2c3", "#e8cbb5", "#e3c3a6", "#dab592", "#cfa27c", "#a8754f", "#875a3b", "#66432d",
        "#4a3226", "#37271f")  # fmt: skip
HAIR = ("#15110f", "#241a15", "#3a2619", "#573620", "#7b4d28", "#a8743e", "#c9a063", "#8b3d1e",
        "#8a8783", "#c4c1bc")  # fmt: skip
EYES = ("#3b2414", "#4f3119", "#2a1a10", "#6b5a2e", "#4d6a52", "#4e7390", "#6b7f8c")
CLOTHS = ("#1c1e26", "#22324f", "#2f5d8c", "#146b6b", "#2f6b3f", "#6b7a35", "#8c2f39", "#5b2a55",
          "#b04a2f", "#c28a2c", "#8f8f94", "#4a4d57", "#d9d5cc", "#e9e6df", "#9fb4c7", "#c58f9d",
          )  # fmt: skip
TROUSERS = ("#1b1c20", "#22293b", "#33435f", "#3d3a36", "#5f5648", "#2b2b2b")
BACKDROPS = ("#d9dde2", "#c3cbd3", "#9fb0bf", "#7f97a8", "#b9c4b4", "#d6cdbf", "#cfc3d0", "#5f6f7c",
             "#3f4a57", "#8fb0b5")  # fmt: skip


@dataclass(frozen=True)
class Garment:
    """A piece of clothing.

    Attributes:
        colour: As in "#2f5d8c".
        second: The pattern's other colour.
        pattern: One of `PATTERNS`.
        period: Of the pattern, metres.
        sleeves: One of `SLEEVES`.
        collar: One of `COLLARS`.

    Raises:
        SLTError: If there is no such pattern, sleeve or collar.
    """

    colour: str
    second: str = "#ffffff"
    pattern: str = "plain"
    period: float = 0.06
    sleeves: str = "long"
    collar: str = "crew"

    def __post_init__(self) -> None:
        for value, known in (
            (self.pattern, PATTERNS), (self.sleeves, SLEEVES), (self.collar, COLLARS)
        ):  # fmt: skip
            if value not in known:
                raise SLTError(f"No garment has {value!r}.", fix=f"Known: {', '.join(known)}.")


@dataclass(frozen=True, eq=False)
class Signer:
    """A simulated signer and their studio; colours are as in "#8d5b3c".

    Attributes:
        name: For files and labels.
        seed: Of the skin's and cloth's small irregularities.
        betas: Build, float32 [10].
        skin, hair, eyes: Colours.
        hairstyle: One of `HAIRSTYLES`; a scarf is cloth, of the hair's colour.
        beard: How dense, 0 to 1.
        top: With sleeves and a collar.
        bottom: Trousers.
        backdrop: The background's upper and lower colour.
        light: The studio's.

    Raises:
        SLTError: If there is no such hairstyle, or betas aren't 10.

    Chapter: 06_signsplat
    """

    name: str
    seed: int
    betas: np.ndarray
    skin: str
    hair: str
    eyes: str
    hairstyle: str
    top: Garment
    bottom: Garment
    beard: float = 0.0
    backdrop: tuple[str, str] = ("#d9dde2", "#d9dde2")
    light: Light = field(default_factory=Light)

    def __post_init__(self) -> None:
        if self.hairstyle not in HAIRSTYLES:
            raise SLTError(f"There is no hair called {self.hairstyle!r}.",
                           fix=f"Known: {', '.join(HAIRSTYLES)}.")  # fmt: skip
        if np.shape(self.betas) != (SHAPES,):
            raise SLTError(f"A build has {SHAPES} numbers, not {np.shape(self.betas)}.")

    def background(self, height: int, width: int) -> np.ndarray:
        """The backdrop as a picture, 0 to 1, float32 [H, W, 3]."""
        upper, lower = (rgb(colour) for colour in self.backdrop)
        share = np.linspace(0, 1, height)[:, None, None]
        mixed = (1 - share) * upper + share * lower
        return np.broadcast_to(mixed, (height, width, 3)).astype(np.float32)


def rgb(colour: str) -> np.ndarray:
    """The red, green and blue of "#rrggbb", 0 to 1, float [3].

    Raises:
        SLTError: If it isn't written so.
    """
    try:
        if len(colour) != 7 or colour[0] != "#":
            raise ValueError
        return np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    except ValueError as error:
        raise SLTError(f"{colour!r} is no colour.", fix="Write it as '#8d5b3c'.") from error


def make_signer(seed: int) -> Signer:
    """A signer drawn by a seed: skin, hair, eyes, build, clothes and studio, from wide ranges.

    The cloth of the trunk differs in brightness from the skin, as interpreters dress, so that
    hands can be seen before it.

    Chapter: 06_signsplat
    """
    rng = np.random.default_rng([seed, 20])
    skin = _between(SKIN, rng.uniform(0, len(SKIN) - 1))
    dark = _brightness(skin) < 0.45
    hairs = HAIR[:4] + HAIR[8:9] if dark else HAIR
    style = str(rng.choice(HAIRSTYLES, p=[0.08, 0.22, 0.18, 0.14, 0.16, 0.12, 0.1]))
    hair = _pick(rng, CLOTHS if style == "scarf" else hairs)
    betas = rng.normal(0, 0.9, SHAPES).clip(-2, 2).astype(np.float32)
    top = _top(rng, skin)
    trousers = Garment(_pick(rng, TROUSERS), pattern="melange")
    apart = [c for c in BACKDROPS if min(_contrast(c, skin), _contrast(c, top.colour)) > 0.07]
    backdrop = _pick(rng, apart)
    lower = backdrop if rng.random() < 0.4 else _darker(backdrop, rng.uniform(0.75, 0.95))
    warm = rng.uniform(-0.03, 0.05)
    side = rng.choice([-1, 1])
    light = Light(
        key=(float(side * rng.uniform(0.2, 0.8)), float(rng.uniform(0.4, 0.9)), 0.9),
        strength=float(rng.uniform(0.32, 0.5)), fill=float(rng.uniform(0.1, 0.2)),
        ambient=float(rng.uniform(0.5, 0.6)), colour=(1 + warm, 1.0, 1 - warm),
    )  # fmt: skip
    beard = float(rng.uniform(0.3, 0.9)) if style in HAIRSTYLES[:3] and rng.random() < 0.35 else 0.0
    return Signer(f"signer{seed}", seed, betas, skin, hair, _pick(rng, EYES[:3] if dark else EYES),
                  style, top, trousers, beard, (backdrop, lower), light)  # fmt: skip


def _top(rng: np.random.Generator, skin: str) -> Garment:
    colours = [c for c in CLOTHS if _contrast(c, skin) > 0.17]
    colour = _pick(rng, colours)
    second = _pick(rng, [c for c in colours if c != colour])
    pattern = str(rng.choice(PATTERNS, p=[0.3, 0.2, 0.16, 0.12, 0.08, 0.14]))
    sleeves = str(rng.choice(list(SLEEVES), p=[0.3, 0.2, 0.5]))
    collar = str(rng.choice(list(COLLARS)))
    return Garment(colour, second, pattern, float(rng.uniform(0.05, 0.1)), sleeves, collar)


def _pick(rng: np.random.Generator, colours) -> str:
    return str(rng.choice(list(colours)))


def _between(colours: tuple[str, ...], place: float) -> str:
    low = min(int(place), len(colours) - 2)
    mixed = rgb(colours[low]) * (low + 1 - place) + rgb(colours[low + 1]) * (place - low)
    return _hex(mixed)


def _darker(colour: str, factor: float) -> str:
    return _hex(rgb(colour) * factor)


def _hex(values: np.ndarray) -> str:
    return "#" + "".join(f"{round(255 * v):02x}" for v in values)


def _brightness(colour: str) -> float:
    return float(rgb(colour) @ [0.3, 0.59, 0.11])


def _contrast(one: str, other: str) -> float:
    return abs(_brightness(one) - _brightness(other))
