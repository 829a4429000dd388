"""Text in, signing out: from an unseen German sentence to a playing skeleton.

The model is as large as chapter 13's, trained for a moment only (how well it reads doesn't change
how long it takes, but untrained ones write too long sentences, so the time would be too high);
the world is small, its dictionary whole. Loading isn't counted; a sign's preparation at its first
use is. The player is the book's figure, as JSON: what a page needs to play it.
"""

import statistics
import tempfile

from slt_lib.experiments.data import Data
from slt_lib.experiments.scale import scale
from slt_lib.experiments.text_to_gloss import TextToSigning
from slt_lib.experiments.text_to_signing import time_signing, unseen_texts
from slt_lib.plots.player import skeleton_player
from slt_lib.stitching.regression import one_thread
from slt_lib.translation.text_to_gloss.training import load_text_to_gloss

NAME = "text_to_signing"
SENTENCES, UPDATES = 31, 400


def run() -> dict:
    """Time unseen sentences of the weather world, one by one, on one thread.

    Returns:
        `text_to_signing_seconds`, the median; `longest_seconds`; `frames`, signed in the median;
        `sentences`.
    """
    with tempfile.TemporaryDirectory() as folder, one_thread():
        task = TextToSigning(Data(scale("book"), folder))
        model = load_text_to_gloss(task.train(0, UPDATES).folder)
        frames = []

        def show(pose, **more) -> None:
            frames.append(len(pose))
            skeleton_player(pose, **more).to_json()

        times = time_signing(task, model, unseen_texts(task.data, SENTENCES), show)
    return {
        "text_to_signing_seconds": statistics.median(times),
        "longest_seconds": max(times),
        "frames": statistics.median(frames),
        "sentences": SENTENCES,
    }
