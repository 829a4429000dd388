"""A sheet of recordings with their crops, to be looked at: `python tests/crop_sheet.py OUT.png`.

Each panel shows how high the wrists are over time (right hand black, left hand grey, where
seen), the part that is kept (green), and the ways beside it (yellow).
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from slt_lib.dictionary import Sign, distance_crop, from_lexicon
from slt_lib.pose.canonical import canonicalise

COLUMNS = 24


def crop_sheet(signs: list[Sign], path: Path) -> list[tuple[int, int, int]]:
    """Draw the sheet; (start, end, frames) of every sign."""
    matplotlib.use("Agg")
    rows, found = -(-len(signs) // COLUMNS), []
    figure = Figure(figsize=(COLUMNS * 1.1, rows * 0.75), dpi=72)
    for place, sign in enumerate(signs, 1):
        pose = canonicalise(sign.pose)
        crop, axes = distance_crop(pose), figure.add_subplot(rows, COLUMNS, place)
        axes.axvspan(crop.rise, crop.start, color="#f2d16b", lw=0)
        axes.axvspan(crop.end, crop.fall, color="#f2d16b", lw=0)
        axes.axvspan(crop.start, crop.end, color="#7fd1ae", lw=0)
        for side, colour in (("LEFT", "#8b8f98"), ("RIGHT", "black")):
            wrist = pose.skeleton.index[f"{side}_HAND.WRIST"]
            height = np.where(pose.mask[:, wrist], -pose.positions[:, wrist, 1], np.nan)
            axes.plot(height, color=colour, lw=0.8)
        axes.set(xticks=[], yticks=[], xlim=(0, len(pose)), ylim=(-1.6, 0.9))
        axes.set_title(f"{sign.signed_language} {sign.gloss}"[:14], fontsize=5, pad=1)
        found.append((crop.start, crop.end, len(pose)))
    figure.subplots_adjust(0.005, 0.005, 0.995, 0.99, 0.05, 0.35)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return found


if __name__ == "__main__":
    crop_sheet(list(from_lexicon(signed_language="")), Path(sys.argv[1]))
