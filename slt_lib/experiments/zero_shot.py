"""What is stitched signing worth by itself? Train on it alone, and read real signing.

The stitcher's own yardstick: a translator that has seen nothing but stitched sentences is tested on
the real (in the default corpus: simulated) dev sentences. Whatever real signing has and stitched
signing lacks, it pays for. Each rung of the ladder is the stitcher with one choice more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from slt_lib.experiments.data import Data
from slt_lib.experiments.run import data_of, tested
from slt_lib.pose.errors import SLTError
from slt_lib.translation.checkpoint import fingerprint, load_translator
from slt_lib.translation.data import Codec, TranslationData
from slt_lib.translation.metrics import dealt_bleu4
from slt_lib.translation.train import train

UPDATES = {"smoke": 10, "book": 250, "short": 640, "full": 1600, "paper": 1600}
LR = 3e-3  # of Muon, for every rung


@dataclass(frozen=True)
class Rung:
    """One stitcher to be measured.

    Attributes:
        says: What it is, in a few words.
        stitch, vary: What differs from the default in settings and variation.
    """

    says: str
    stitch: Mapping = field(default_factory=dict)
    vary: Mapping = field(default_factory=dict)

    def data(self, name: str, data: Data) -> TranslationData:
        """The training sentences, stitched so."""
        return data.stitched(f"rung_{name}", stitch=dict(self.stitch), vary=dict(self.vary))


RUNGS: dict[str, Rung] = {
    "first": Rung("the stitcher of the first version"),
}
REAL = "real"  # the same sentences as they were really signed: what there is to gain
ARMS = (*RUNGS, REAL)


def run_zero_shot(
    rung: str, seed: int, *, size: str = "full", work: str = "build/experiments", processes: int = 1
) -> dict:
    """Train on one rung's stitched sentences alone and test on real dev sentences.

    Args:
        rung: A key of `RUNGS`, or "real".
        seed: Of weights, batches, variation and dropout; the corpora stay the same.
        size: A key of `scale.SCALES`.
        work: Folder for corpora and trainings.
        processes: To make corpora with.

    Returns:
        The measures of `tested` on dev; `floor`, BLEU-4 of the same translations dealt to other
        sentences; `frames`, of a stitched sentence over a real one: of the means, and the mean.

    Raises:
        SLTError: If there is no such rung or size.

    Chapter: 04_synthetic_corpus
    """
    if rung not in ARMS:
        raise SLTError(f"There is no rung {rung!r}.", fix=f"Known: {', '.join(ARMS)}.")
    data = data_of(size, work, processes=processes)
    made = data["real"] if rung == REAL else RUNGS[rung].data(rung, data)
    settings = replace(data.scale.phase(1.0, 1.0), updates=UPDATES[size], lr=LR, optimizer="muon",
                       eval_every=max(1, UPDATES[size] // 8))  # fmt: skip
    key = fingerprint(settings, data.scale.model, made, seed)
    done = train(data.work / "zero_shot" / f"{rung}-{seed}-{key}", data.scale.model, settings, made,
                 data["dev"], seed=seed, codec=Codec.build(data["real"]))  # fmt: skip
    found = tested(load_translator(done.folder), data["dev"], data.scale.search)
    return {
        **found,
        "floor": dealt_bleu4(found["hypotheses"], found["references"]),
        "frames": lengths_against(made, data["real"]),
        "curve": [round(look["bleu4"], 2) for look in done.history],
        "updates": done.updates,
        "corpus_hash": data.hash,
        "seconds_training": round(done.seconds, 1),
        "not_compared": ["seconds_training", "seconds"],
    }


def lengths_against(made: TranslationData, real: TranslationData) -> dict[str, float]:
    """Length of stitched sentences over that of the same sentences, really signed.

    Args:
        made, real: Sentences with texts; those that both have are compared, in order.
    """
    ours, theirs = ({t: n for t, n in zip(d.texts, d.lengths, strict=True)} for d in (made, real))
    shared = [text for text in theirs if text in ours]
    pairs = np.array([(ours[text], theirs[text]) for text in shared], float)
    ratios = pairs[:, 0] / pairs[:, 1]
    return {"of_means": float(pairs[:, 0].sum() / pairs[:, 1].sum()), "mean": float(ratios.mean())}
