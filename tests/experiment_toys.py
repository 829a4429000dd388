"""A world of a few sentences, with models too small to learn it."""

from dataclasses import replace

from slt_lib.corpus.weather.world import WorldSettings
from slt_lib.experiments.scale import scale
from slt_lib.translation.search import SearchSettings

WORLD = WorldSettings(seed=0, train=16, dev=2, test=4)
BRIEF = SearchSettings(beam=2, max_length=12)  # untrained models don't know when to stop
TINY = replace(scale("smoke"), world=WORLD, novel=8, updates=4, search=BRIEF)


def forget_trainings(data, name):
    """Keep them under another name."""
    (data.work / "trainings").rename(data.work / name)
