"""How is a corpus made from a dictionary and sentences, and how can each item be made again?"""

from slt_lib.corpus.synthetic.generation import generate_corpus
from slt_lib.corpus.synthetic.matching import (
    Dropouts,
    corpus_durations,
    corpus_rests,
    corpus_spectrum,
    measure_dropouts,
)
from slt_lib.corpus.synthetic.recipe import rebuild
from slt_lib.corpus.synthetic.variation import Variation

__all__ = [
    "Dropouts",
    "Variation",
    "corpus_durations",
    "corpus_rests",
    "corpus_spectrum",
    "generate_corpus",
    "measure_dropouts",
    "rebuild",
]
