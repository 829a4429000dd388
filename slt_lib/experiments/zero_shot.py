"""What is stitched signing worth by itself? Train on it alone, and read real signing.

The stitcher's own yardstick: a translator that has seen nothing but stitched sentences is tested on
the real (in the default corpus: simulated) dev sentences. Whatever real signing has and stitched
signing lacks, it pays for. Each rung of the ladder is the stitcher with one choice more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from slt_lib.experiments.data import Data
from slt_lib.experiments.run import data_of, tested
from slt_lib.pose.errors import SLTError
from slt_lib.stitching.settings import StitchSettings
from slt_lib.translation.checkpoint import fingerprint, load_translator
from slt_lib.translation.data import Codec, TranslationData
from slt_lib.translation.metrics import dealt_bleu4
from slt_lib.translation.settings import TrainSettings
from slt_lib.translation.train import train

UPDATES = {"smoke": 10, "book": 250, "short": 640, "full": 1600, "paper": 1600}
LR = 3e-3  # of Muon, for every rung


FIRST = "first"  # the stitcher of the commit that its records name; no code of it is left
REAL = "real"  # the same sentences as they were really signed: what there is to gain


@dataclass(frozen=True)
class Rung:
    """One stitcher to be measured.

    Attributes:
        says: What it is, in a few words.
        stitch: What differs from the default: from the matched settings to those that change.
        vary: What differs in variation.
    """

    says: str
    stitch: Callable[[StitchSettings], Mapping] = lambda _: {}
    vary: Mapping = field(default_factory=dict)

    def data(self, name: str, data: Data) -> TranslationData:
        """The training sentences, stitched so."""
        settings, _ = data.matched()
        return data.stitched(f"rung_{name}", stitch=dict(self.stitch(settings)), vary=self.vary)


def _durations(rests: bool, **changed) -> Callable[[StitchSettings], Mapping]:
    """Rungs below the chosen one: durations that count less, and no rests."""
    return lambda matched: {
        "durations": replace(matched.durations, **changed),
        **({} if rests else {"rests": None}),
    }


def _set(**changed) -> Callable[[StitchSettings], Mapping]:
    return lambda _: changed


RUNGS: dict[str, Rung] = {
    # The ladder: each rung has what the one before has, and one choice more.
    "crop": Rung("signs cut where they begin and end", _durations(False, ways="half", last=1.0)),
    "ways": Rung("the way to a sign is part of its time", _durations(False, last=1.0)),
    "rests": Rung("rest before the first sign and after the last", _durations(True, last=1.0)),
    "chosen": Rung("the last sign lasts longer: what all corpora are made with"),
    # The chosen one with something else instead: choices that are no default.
    "way_in_25": Rung("a quarter of the way up kept with every sign", _set(way_in=0.25)),
    "way_in_100": Rung("all of the way up kept with every sign", _set(way_in=1.0)),
    "minimum_jerk": Rung("minimum-jerk transitions", _set(transition="minimum-jerk")),
    "no_transition": Rung("no transitions", _set(transition="none")),
    "reduced": Rung("smaller movements", _set(reduction=0.06)),
    "one_take": Rung("always the best recording", vary={"takes": False}),
    "one_tempo": Rung("every sentence at one tempo", vary={"speed": (1.0, 1.0), "curve": 0.0}),
}
LADDER = (FIRST, "crop", "ways", "rests", "chosen", REAL)
ARMS = (*RUNGS, REAL)
SAYS = {
    FIRST: "this book's first stitcher",
    **{name: rung.says for name, rung in RUNGS.items()},
    REAL: "the same sentences, really signed",
}


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
    if rung == FIRST:
        raise SLTError("That stitcher is gone.", fix="Check out the commit its records name.")
    if rung not in ARMS:
        raise SLTError(f"There is no rung {rung!r}.", fix=f"Known: {', '.join(ARMS)}.")
    data = data_of(size, work, processes=processes)
    made = data["real"] if rung == REAL else RUNGS[rung].data(rung, data)
    settings = TrainSettings(
        updates=UPDATES[size],
        batch_size=data.scale.batch_size,
        lr=LR,
        optimizer="muon",
        eval_every=max(1, UPDATES[size] // 8),
    )
    key = fingerprint(settings, data.scale.model, made, seed)
    done = train(
        data.work / "zero_shot" / f"{rung}-{seed}-{key}",
        data.scale.model,
        settings,
        made,
        data["dev"],
        seed=seed,
        codec=Codec.build(data["real"]),
    )
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
