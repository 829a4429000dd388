"""A user's folder of simulated recordings in which nothing is wrong."""

from functools import cache
from pathlib import Path

import numpy as np

from slt_lib.corpus.own import write_annotations
from slt_lib.corpus.weather.citation import cite
from slt_lib.corpus.weather.grammar import draw_sentences
from slt_lib.corpus.weather.signing import simulate
from slt_lib.pose.io import Utterance, write_lexicon, write_pose
from slt_lib.pose.io.lexicon import LexiconEntry

SIZES = {"train": 32, "dev": 6, "test": 6}


@cache
def sentences() -> dict[str, list[Utterance]]:
    """Simulated sentences by split, short ones, no gloss that few share."""
    drawn = sorted(draw_sentences(300, 5), key=lambda s: len(s.gloss))[20 : 20 + 44]
    made = [simulate(s, 0, np.random.default_rng([9, i]), name=f"s{i:02d}")
            for i, s in enumerate(drawn)]  # fmt: skip
    order = np.random.default_rng(3).permutation(44)
    made = [made[i] for i in order]
    return {"train": made[:32], "dev": made[32:38], "test": made[38:]}


def write_clean(folder: Path) -> Path:
    """A folder in which nothing is wrong: `.pose` files, a table, a lexicon with every gloss."""
    rows = []
    for split, items in sentences().items():
        for item in items:
            write_pose(item.pose, folder / "poses" / f"{item.name}.pose")
            rows.append((f"poses/{item.name}.pose", split, item))
    write_annotations(rows, folder / "annotations.csv")
    glosses = sorted({g for items in sentences().values() for i in items for g in i.gloss})
    lexicon = folder / "lexicon"
    write_lexicon(
        (
            (LexiconEntry(lexicon, f"qaa/{i:03d}.pose", "de", "qaa", 0, 0, g.lower(), g, 0),
             cite(g, 0, np.random.default_rng(i)))
            for i, g in enumerate(glosses)
        ),
        lexicon,
    )  # fmt: skip
    return folder
