"""Run one arm with one seed, and say what came out: what `slt-book record` keeps."""

import time
from dataclasses import asdict, replace

from filelock import FileLock

from slt_lib.experiments.data import Data
from slt_lib.experiments.protocols import (
    ABLATIONS,
    TRAINED_OUT,
    WITH_NOVEL,
    Arm,
    Phase,
    arm_and_known,
    arm_of,
)
from slt_lib.experiments.scale import Scale
from slt_lib.experiments.scale import scale as scale_of
from slt_lib.translation.batches import Mixture
from slt_lib.translation.checkpoint import fingerprint, load_translator
from slt_lib.translation.data import Codec, TranslationData
from slt_lib.translation.forced import recognise
from slt_lib.translation.metrics import dealt_bleu4, gloss_wer, scores
from slt_lib.translation.model import Translator, count_parameters
from slt_lib.translation.search import SearchSettings, translate
from slt_lib.translation.settings import ModelSettings
from slt_lib.translation.train import Trained, train


def run_arm(
    arm: str, seed: int, *, size: str = "full", work: str = "build/experiments",
    corpus: str = "", dictionary: str = "", processes: int = 1,
) -> dict:  # fmt: skip
    """Train and test one arm with one seed.

    Args:
        arm: A key of `protocols.PRETRAINING`, `ABLATIONS` or `TRAINED_OUT`; "real_only_300" knows
            the first 300 training sentences only.
        seed: Of weights, batches, variation and dropout; corpora stay the same.
        size: A key of `scale.SCALES`.
        work: Folder for corpora and trainings, shared by all arms and seeds.
        corpus, dictionary: As for `Data`.
        processes: To make corpora with.

    Returns:
        The arm's scores on test, its translations and references, and what it was run with.

    Raises:
        SLTError: If there is no such arm or size.

    Chapter: 10_pretraining
    """
    data = data_of(size, work, corpus, dictionary, processes)
    return run(arm, seed, data)


ABLATION_ARMS = (
    *(f"{arm}{known}" for known in ("", "_300") for arm in WITH_NOVEL),
    *ABLATIONS,
    *TRAINED_OUT,
    "gradients",
)
_data: dict[tuple, Data] = {}


def data_of(
    size: str, work: str, corpus: str = "", dictionary: str = "", processes: int = 1
) -> Data:
    """The data of a size, opened once per process."""
    key = (size, str(work), corpus, dictionary)
    if key not in _data:
        _data[key] = Data(
            scale_of(size), work, corpus=corpus, dictionary=dictionary, processes=processes
        )
    return _data[key]


def run(name: str, seed: int, data: Data) -> dict:
    """As `run_arm`, on data that is there.

    Chapter: 10_pretraining
    """
    started, arm = time.perf_counter(), arm_of(name)
    if known := arm_and_known(name)[1]:
        data = data.with_known(known)
    trained = train_arm(arm, seed, data)
    model = load_translator(trained[-1].folder)
    return {
        **tested(model, data["test"], data.scale.search),
        "dev_bleu4": trained[-1].best,
        "known": len(data["real"]),
        "updates": sum(t.updates for t in trained),
        "training_sentences": sum(t.sentences for t in trained),
        "parameters_of_model": count_parameters(model),
        "corpus_hash": data.hash,
        "config": _config(arm, data.scale),
        "phases": [
            [{k: round(v, 4) for k, v in look.items()} for look in t.history] for t in trained
        ],
        "seconds_training": round(sum(t.seconds for t in trained), 1),
        "seconds_all": round(time.perf_counter() - started, 1),
        "not_compared": ["seconds_training", "seconds_all", "seconds"],
    }


def tested(model: Translator, test: TranslationData, search: SearchSettings) -> dict:
    """A model's translations of a test set, the references, and the measures of both.

    Args:
        model: A translator.
        test: What it is tested on.
        search: How it is translated.

    Chapter: 10_pretraining
    """
    found = translate(model, test, search)
    measured = scores(found, test.texts)
    measured.pop("sentences")
    with_glosses = model.gloss_head is not None and any(test.glosses)
    return {
        **measured,
        "floor": dealt_bleu4(found, test.texts),
        "wer": gloss_wer(recognise(model, test), test.glosses) if with_glosses else None,
        "hypotheses": found,
        "references": list(test.texts),
    }


def train_arm(
    arm: Arm, seed: int, data: Data, model: ModelSettings | None = None, monitor=None, **more
) -> list[Trained]:
    """All phases of an arm; one that another arm has in common is trained once per seed.

    Args:
        arm: Its phases.
        seed: Of training.
        data: To train on.
        model: The translator; by default the scale's.
        monitor: As for `train`.
        more: Other training settings of all phases.
    """
    codec = Codec.build(data[arm.words])
    model = replace(model or data.scale.model, domains=arm.domains)
    done: list[Trained] = []
    for phase in arm.phases:
        settings = data.scale.phase(phase.length, phase.lr, **(_losses(phase) | more))
        initial = done[-1].folder if done else data.start(seed)
        key = fingerprint(phase, settings, model, arm.words, seed, initial and initial.name)
        folder = data.work / "trainings" / f"{_plain(phase.data)}-{seed}-{key}"
        folder.parent.mkdir(exist_ok=True)
        with FileLock(f"{folder}.lock"):
            done.append(
                train(folder, model, settings, _training_data(phase, data), data["dev"], seed=seed,
                      codec=codec, initial=initial, fresh=phase.fresh, monitor=monitor)
            )  # fmt: skip
    return done


def _training_data(phase: Phase, data: Data) -> TranslationData | Mixture:
    if ">" not in phase.data:
        return data[phase.data]
    before, after = phase.data.split(">")
    return Mixture([(data[before], _leaving), (data[after], _coming)])


def _leaving(progress: float) -> float:
    return 1 - progress


def _coming(progress: float) -> float:
    return progress


def _losses(phase: Phase) -> dict:
    if not phase.text_only:
        return {}
    return {"gloss_weight": 0.0, "text_ctc_weight": 0.0, "keep": "last", "patience": 0}


def _plain(name: str) -> str:
    return name.replace("+", "_and_").replace(">", "_to_")


def _config(arm: Arm, scale: Scale) -> dict:
    return {"arm": asdict(arm), "scale": asdict(scale)}


def run_ablation(arm: str, seed: int, *, size: str = "short", work: str = "build/experiments",
                 corpus: str = "", dictionary: str = "", processes: int = 1) -> dict:  # fmt: skip
    """As `run_arm`, with one more arm: "gradients", joint training watched (`distance`).

    Chapter: 12_ablations
    """
    if arm == "gradients":
        from slt_lib.experiments.distance import run_gradients

        data = data_of(size, work, corpus, dictionary, processes)
        watched = run_gradients(seed, data)
        model = load_translator(watched.pop("folder"))
        return watched | tested(model, data["test"], data.scale.search)
    return run_arm(arm, seed, size=size, work=work, corpus=corpus, dictionary=dictionary,
                   processes=processes)  # fmt: skip
