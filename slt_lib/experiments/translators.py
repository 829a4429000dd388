"""Which translator? Two encoders at equal size, with and without glosses; joint decoding."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from slt_lib.experiments.data import Data
from slt_lib.experiments.protocols import arm_of
from slt_lib.experiments.run import data_of, tested, train_arm
from slt_lib.pose.errors import SLTError
from slt_lib.translation.checkpoint import build, load_translator
from slt_lib.translation.data import Codec, TranslationData
from slt_lib.translation.metrics import bleu4
from slt_lib.translation.model import Translator, count_parameters, flops_per_sentence
from slt_lib.translation.search import SearchSettings, translate
from slt_lib.translation.settings import ModelSettings
from slt_lib.translation.train import Trained

CTC_WEIGHTS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True)
class Trial:
    """One translator that is compared with the others.

    Attributes:
        says: What it is, in a few words.
        encoder: As in `ModelSettings`.
        gloss_weight: 0 trains without glosses.
        lr: Highest learning rate, relative to the scale's.
        arm: Whose phases it is trained by, of `protocols.PRETRAINING`.

    Chapter: 09_pose_to_text
    """

    says: str
    encoder: str = "transformer"
    gloss_weight: float = 1.0
    lr: float = 1.0
    arm: str = "real_only"


TRANSLATORS = {
    "transformer": Trial("plain transformer"),
    "multi_stream": Trial("multi-stream attention, same size and updates", "multi_stream"),
    "gloss_free": Trial("plain transformer, gloss-free", gloss_weight=0.0),
}


def model_of(trial: Trial, plain: ModelSettings, codec: Codec) -> ModelSettings:
    """The model of a trial; a multi-stream one as wide as gives it the plain one's parameters.

    Args:
        trial: The trial.
        plain: A plain transformer's settings.
        codec: Vocabularies, which decide how many parameters there are.

    Chapter: 09_pose_to_text
    """
    plain = replace(plain, text_ctc=True, encoder="transformer")
    if trial.encoder == "transformer":
        return plain
    wanted = count_parameters(build(plain, codec))
    step = plain.heads if plain.heads % 4 == 0 else 4 * plain.heads
    widths = range(step, 2 * plain.width + 1, step)
    sizes = {w: replace(plain, encoder=trial.encoder, width=w) for w in widths}
    return min(sizes.values(), key=lambda s: abs(count_parameters(build(s, codec)) - wanted))


SHIPPED = Trial("the one that comes with the library", arm="pretrain_novel_finetune")
ARMS = (*TRANSLATORS, "shipped")


def train_translator(
    name: str, seed: int, data: Data, *, length: float = 1.0, monitor=None
) -> Trained:
    """Train one of `ARMS`, or finish or open its training.

    Args:
        name: Which.
        seed: Of training.
        data: Of the experiment.
        length: At most, in units of the scale's updates.
        monitor: As for `train`.

    Returns:
        The last phase's training.

    Raises:
        SLTError: If there is none of that name.

    Chapter: 09_pose_to_text
    """
    if name not in ARMS:
        raise SLTError(f"There is no {name!r}.", fix=f"Known: {', '.join(ARMS)}.")
    trial = TRANSLATORS.get(name, SHIPPED)
    arm = arm_of(trial.arm)
    model = model_of(trial, data.scale.model, Codec.build(data[arm.words]))
    phases = tuple(replace(p, length=length * p.length, lr=trial.lr * p.lr) for p in arm.phases)
    return train_arm(replace(arm, phases=phases), seed, data, model, monitor,
                     gloss_weight=trial.gloss_weight)[-1]  # fmt: skip


def choose_ctc_weight(
    model: Translator,
    dev: TranslationData,
    search: SearchSettings,
    weights: Sequence[float] = CTC_WEIGHTS,
) -> tuple[float, dict[float, float]]:
    """How much should joint decoding listen to the word CTC head? Asked on dev, never on test.

    Args:
        model: With a word CTC head.
        dev: To choose on.
        search: How it is translated otherwise.
        weights: To choose from; 0 is the attention decoder alone.

    Returns:
        The weight with the best BLEU-4 (the smallest of equals), and BLEU-4 of each.

    Chapter: 09_pose_to_text
    """
    found = {
        w: bleu4(translate(model, dev, replace(search, ctc_weight=w)), dev.texts) for w in weights
    }
    return max(found, key=lambda w: (found[w], -w)), found


def run_translator(
    arm: str, seed: int, *, size: str = "full", work: str = "build/experiments",
    corpus: str = "", dictionary: str = "", processes: int = 1,
) -> dict:  # fmt: skip
    """Train and test one translator; arguments and result as of `run_arm`, with joint decoding.

    Chapter: 09_pose_to_text
    """
    started, data = time.perf_counter(), data_of(size, work, corpus, dictionary, processes)
    trained = train_translator(arm, seed, data)
    model, test, search = load_translator(trained.folder), data["test"], data.scale.search
    weight, on_dev = choose_ctc_weight(model, data["dev"], search)
    joint = translate(model, test, replace(search, ctc_weight=weight))
    found = tested(model, test, search)
    if TRANSLATORS.get(arm, SHIPPED).gloss_weight == 0:
        found["wer"] = None  # its gloss head has learned nothing
    return found | {
        "dev_bleu4": trained.best,
        "joint_decoding": {
            "weight": weight,
            "dev": {str(w): b for w, b in on_dev.items()},
            "attention_only_bleu4": found["bleu4"],
            "joint_bleu4": bleu4(joint, test.texts),
        },
        "joint_hypotheses": joint,
        "updates": trained.updates,
        "training_sentences": trained.sentences,
        "parameters_of_model": count_parameters(model),
        "megaflops_per_sentence": flops_per_sentence(model) / 1e6,
        "corpus_hash": data.hash,
        "history": [{k: round(v, 4) for k, v in look.items()} for look in trained.history],
        "seconds_training": round(trained.seconds, 1),
        "seconds_all": round(time.perf_counter() - started, 1),
        "not_compared": ["seconds_training", "seconds_all", "seconds"],
    }
