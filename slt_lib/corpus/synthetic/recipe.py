"""From a recipe to a synthetic sentence: everything that was drawn stands in it."""

import hashlib
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

import slt_lib
from slt_lib.corpus.synthetic.variation import Variation, vary
from slt_lib.dictionary import Dictionary, Sign, load_dictionary
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.stitching.duration import DurationModel
from slt_lib.stitching.rests import SentenceRests
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.spectrum import Spectrum
from slt_lib.stitching.stitcher import Stitcher

DIGITS = 8  # of a spectrum's numbers in a recipe; the factory works with the rounded ones, too


@dataclass(frozen=True)
class Order:
    """One sentence that is to be made.

    Attributes:
        name: Of the item.
        gloss: Its glosses; text: its German.
        seed: Of everything drawn for it.
    """

    name: str
    gloss: tuple[str, ...]
    text: str
    seed: int


def write_recipe(
    order: Order, stitcher: Stitcher, variation: Variation, dictionary_hash: str
) -> dict | None:
    """Draw everything that a sentence needs; None if none of its glosses has a sign.

    Args:
        order: The sentence.
        stitcher: Its dictionary and settings.
        variation: What may differ.
        dictionary_hash: Of the dictionary's content.

    Chapter: 04_synthetic_corpus
    """
    rng = np.random.default_rng(order.seed)
    settings = stitcher.settings
    signs: list[tuple[str, int, int]] = []
    signed = [order.gloss[i] for i in variation.order(len(order.gloss), rng)]
    for place, gloss in enumerate(signed):
        for sign in _signs(stitcher.dictionary, gloss, settings.missing, variation.takes, rng):
            signs.append((sign.gloss, sign.variant, place))
    if not signs:
        return None
    speed = float(rng.uniform(*variation.speed))
    seconds = None
    if settings.durations is not None:
        drawn = rng if variation.durations else None
        lasting = settings.durations.sentence([g for g, _, _ in signs], drawn)
        seconds = [one / speed for one in lasting]
    rests = None
    if settings.rests is not None:
        model = settings.rests
        rests = asdict(
            model.draw(len(signs), rng) if variation.durations else model.median(len(signs))
        )
    plain = asdict(replace(settings, durations=None, rests=None))
    plain["durations"] = None if settings.durations is None else settings.durations.ways
    plain["tempo"] = settings.tempo * (speed if seconds is None else 1.0)
    return {
        "version": slt_lib.__version__, "dictionary": dictionary_hash, "name": order.name,
        "gloss": signed, "text": order.text, "signs": signs, "seconds": seconds, "rests": rests,
        "settings": plain, "reference": _plain(stitcher.reference), **variation.draw(rng),
    }  # fmt: skip


def cook(recipe: Mapping, stitcher: Stitcher) -> Utterance:
    """Make a sentence by its recipe.

    Args:
        recipe: By `write_recipe`.
        stitcher: With the recipe's dictionary, settings (but for the tempo) and reference.
    """
    tempo = recipe["settings"]["tempo"]
    if tempo != stitcher.settings.tempo:
        stitcher = copy(stitcher)
        stitcher.settings = replace(stitcher.settings, tempo=tempo)
    signs = [_sign(stitcher.dictionary, gloss, take) for gloss, take, _ in recipe["signs"]]
    rests = recipe["rests"] and SentenceRests(**recipe["rests"])
    made = stitcher.stitch_signs(signs, seconds=recipe["seconds"], rests=rests)
    spans = [(segment.start, segment.end) for segment in made.segments]
    pose, spans = vary(made.pose, spans, dict(recipe))
    return Utterance(
        name=recipe["name"],
        gloss=tuple(recipe["gloss"]),
        text=recipe["text"],
        signer="stitched",
        pose=pose,
        frames=len(pose),
        origin="synthetic",
        spans=_per_gloss(spans, [place for _, _, place in recipe["signs"]], len(recipe["gloss"])),
        recipe=recipe,
    )


def rebuild(recipe: Mapping, dictionary: str | Path) -> Utterance:
    """Make a synthetic item again, from its recipe alone.

    Args:
        recipe: The item's.
        dictionary: Folder of the dictionary that it was made with.

    Raises:
        SLTError: If the dictionary is another one, or the recipe is incomplete.

    Chapter: 04_synthetic_corpus
    """
    found = dictionary_hash(dictionary)
    if recipe.get("dictionary") != found:
        raise SLTError(
            f"The item was made with dictionary {str(recipe.get('dictionary'))[:12]}, "
            f"this one is {found[:12]}.",
            file=dictionary,
            fix="Give the dictionary that the corpus was generated with.",
        )
    try:
        settings = dict(recipe["settings"])
        if settings["durations"] is not None:
            settings["durations"] = DurationModel(ways=settings["durations"])
        reference = recipe["reference"] and Spectrum(
            np.array(recipe["reference"]["hertz"]),
            {part: np.array(power) for part, power in recipe["reference"]["power"].items()},
        )
        stitcher = Stitcher(_opened(Path(dictionary), found), StitchSettings(**settings), reference)
        return cook(recipe, stitcher)
    except (KeyError, TypeError) as error:
        raise SLTError(
            f"The recipe is incomplete ({error!r}).", fix="Take it from a corpus."
        ) from error


def rounded(reference: Spectrum | None) -> Spectrum | None:
    """A spectrum in the precision of recipes."""
    if reference is None:
        return None
    power = {part: np.round(values, DIGITS) for part, values in reference.power.items()}
    return Spectrum(np.round(reference.hertz, DIGITS), power)


def dictionary_hash(folder: str | Path) -> str:
    """sha256 of a saved dictionary's rows and poses.

    Raises:
        SLTError: If the folder holds none.
    """
    digest = hashlib.sha256()
    try:
        for name in ("index.csv", "signs.arrow"):
            with (Path(folder) / name).open("rb") as file:
                while block := file.read(1 << 22):
                    digest.update(block)
    except OSError as error:
        raise SLTError(
            f"It holds no dictionary ({error.strerror}).", file=folder, fix="Use save_dictionary."
        ) from error
    return digest.hexdigest()


@lru_cache(2)
def _opened(folder: Path, content: str) -> Dictionary:
    """A dictionary; `content` is its hash, since another one may stand there later."""
    return load_dictionary(folder)


def _plain(reference: Spectrum | None) -> dict | None:
    if reference is None:
        return None
    power = {part: values.tolist() for part, values in reference.power.items()}
    return {"hertz": reference.hertz.tolist(), "power": power}


def _signs(
    dictionary: Dictionary, gloss: str, missing: str, takes: bool, rng: np.random.Generator
) -> Sequence[Sign]:
    found = dictionary.lookup(gloss, missing=missing).signs
    if takes and len(found) == 1:
        choice = dictionary.signs(found[0].gloss)
        return [choice[int(rng.integers(len(choice)))]]
    return found


def _sign(dictionary: Dictionary, gloss: str, take: int) -> Sign:
    for sign in dictionary.signs(gloss):
        if sign.variant == take:
            return sign
    raise SLTError(f"The dictionary has no take {take} of {gloss}.")


def _per_gloss(
    spans: Sequence[tuple[int, int]], places: Sequence[int], glosses: int
) -> tuple[tuple[int, int], ...]:
    """Frames of every gloss, from its first sign to its last; one without a sign has none."""
    out: list[tuple[int, int]] = [(0, 0)] * glosses
    for (start, end), place in zip(spans, places, strict=True):
        before = out[place]
        out[place] = (
            (start, end) if before == (0, 0) else (min(before[0], start), max(before[1], end))
        )
    return tuple(out)
