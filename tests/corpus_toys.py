"""A made dictionary of a few simulated signs and a few sentences, for the corpus tests."""

import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np

from slt_lib.corpus import Corpus
from slt_lib.corpus.synthetic import Dropouts, Variation, generate_corpus
from slt_lib.corpus.weather.citation import cite
from slt_lib.dictionary import Dictionary, save_dictionary
from slt_lib.dictionary.sign import number_variants, record
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching.settings import StitchSettings

GLOSSES = ("MORGEN", "REGEN", "NORD", "KOMMEN", "SUED")
SENTENCES = [
    (("MORGEN", "REGEN", "NORD"), "morgen regnet es im norden ."),
    (("KOMMEN", "UNBEKANNT", "SUED"), "es kommt im süden ."),
    (("UNBEKANNT",), "unbekannt ."),
    (("REGEN",), ""),
    (("NORD", "SUED", "KOMMEN", "REGEN", "MORGEN", "REGEN"), "norden und süden ."),
]
LOSSES = Variation(dropouts=Dropouts(0.1, 0.3))
PLAIN = StitchSettings(missing="skip", smoothing="none")


@cache
def take_of(gloss: str, take: int) -> PoseSequence:
    return cite(gloss, 0, np.random.default_rng(take))


def save_takes(folder: Path, takes: int = 2) -> Path:
    """A saved dictionary of a few simulated signs, each recorded more than once."""
    signs = (
        record(gloss, partial(take_of, gloss, take), f"take {take}")
        for gloss in GLOSSES
        for take in range(takes)
    )
    save_dictionary(Dictionary(number_variants(signs)), folder)
    return folder


def make_again(folder: Path, dictionary: Path, **how) -> Corpus:
    """The corpus of the tests, made or continued in a folder."""
    how = {"processes": 1, "shard_items": 3, "copies": 2} | how
    return generate_corpus(folder, SENTENCES, dictionary, variation=LOSSES, **how)


def until(happened: Callable[[], bool], seconds: float = 300) -> None:
    """Wait for something to happen."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
