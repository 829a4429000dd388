"""The arms: what each is trained on, in which order, for how long. Chapters 10 to 14 read this.

A phase lasts until dev stops rising, at most so many units as its length says. Every arm is tested
on the same real (in the default corpus: simulated broadcast) sentences. An arm's name may end in a
number, "real_only_300": then only the first 300 training sentences are known.
"""

import re
from dataclasses import dataclass

from slt_lib.pose.errors import SLTError

# Learning rates of a second phase, relative to the first: each the best of 1, 1/2 and 1/4 (PLAN.md)
FINE = 1.0  # real signing after synthetic
AGAIN = 0.5  # real signing after real
LONG = 6.0  # length at which a quarter of the real data has nothing more to give


@dataclass(frozen=True)
class Phase:
    """One training.

    Attributes:
        data: A key of `data.DATASETS`; several joined by "+" are one set; "a>b" goes over from
            one to the other linearly.
        length: At most, in units of a real-only training.
        lr: Highest learning rate, relative to training from scratch.
        text_only: Train the decoder alone, on texts: no glosses, no CTC.
        fresh: Parts of names: weights so named start anew instead of from the phase before.
    """

    data: str
    length: float = 1.0
    lr: float = 1.0
    text_only: bool = False
    fresh: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arm:
    """One way to train a translator.

    Attributes:
        says: What it is, in a few words.
        phases: In order, each beginning from the last one's best weights.
        words: Data whose words the model knows.
        domains: How many origins the encoder is told apart.

    Chapter: 10_pretraining
    """

    says: str
    phases: tuple[Phase, ...]
    words: str = "real"
    domains: int = 0


def _then_real(
    first: Phase, says: str, lr: float = FINE, fresh: tuple[str, ...] = (), **more
) -> Arm:
    return Arm(says, (first, Phase("real", lr=lr, fresh=fresh)), **more)


PRETRAINING = {
    "real_only": Arm("(a) real only", (Phase("real"),)),
    "synthetic_only": Arm("(b) synthetic only, tested on real", (Phase("synthetic"),)),
    "joint": Arm("(c) real and synthetic together", (Phase("real+synthetic", 2.0),)),
    "pretrain_finetune": _then_real(Phase("synthetic"), "(d) synthetic, then real"),
    "pretrain_novel_finetune": _then_real(
        Phase("synthetic+novel"),
        "(d+) synthetic with novel sentences, then real",
        words="real+novel",
    ),
    "equal_compute": Arm(
        "(e) real, then real again, as (d)", (Phase("real"), Phase("real", lr=AGAIN))
    ),
}
EXCHANGE = (150, 300, 600, 1200, 2400, 4800)  # real sentences that are known, chapter 10
_SCARCE = ("real_only", "pretrain_finetune", "pretrain_novel_finetune")
PRETRAINING_RECORDED = (*PRETRAINING, *(f"{arm}_{known}" for known in EXCHANGE for arm in _SCARCE
                                        if known != 1200))  # fmt: skip
# What chapter 10 compares, the first arm with the second: planned, and corrected, by family.
PRIMARY = (
    ("pretrain_finetune", "equal_compute"),
    ("pretrain_novel_finetune", "equal_compute"),
    ("pretrain_finetune", "joint"),
)
SECONDARY = (
    ("pretrain_finetune", "real_only"),
    ("pretrain_novel_finetune", "real_only"),
    ("pretrain_novel_finetune", "pretrain_finetune"),
    ("joint", "real_only"),
    ("joint", "equal_compute"),
    ("equal_compute", "real_only"),
)

ABLATIONS = {
    "real_only": PRETRAINING["real_only"],
    "pretrain_finetune": PRETRAINING["pretrain_finetune"],
    "joint": PRETRAINING["joint"],
    "equal_compute": PRETRAINING["equal_compute"],
    "anneal": Arm("(f) from synthetic to real, linearly", (Phase("synthetic>real", 2.0),)),
    **{
        f"coverage_{share}": _then_real(
            Phase(f"coverage_{share}"), f"a dictionary with {share} % of its glosses"
        )
        for share in (25, 50, 75)
    },
    "wrong_sentences": _then_real(Phase("wrong_sentences"), "(g) synthetic under wrong sentences"),
    "text_only": _then_real(
        Phase("text_only", text_only=True), "(h) decoder first, on texts alone"
    ),
    "paraphrased": _then_real(
        Phase("paraphrased"), "(i) paraphrased targets", words="real+paraphrased"
    ),
    "reorder": _then_real(Phase("reorder"), "glosses re-ordered locally"),
    "no_speed": _then_real(Phase("no_speed"), "without variation of tempo"),
    "no_canonical": _then_real(Phase("no_canonical"), "without the canonical skeleton"),
    "no_transition": _then_real(Phase("no_transition"), "without transitions between signs"),
    "no_crop": _then_real(Phase("no_crop"), "with the whole recordings, uncropped"),
    "no_filter": _then_real(Phase("no_filter"), "without the last filter"),
    "cut_from_corpus": _then_real(Phase("cut_from_corpus"), "signs cut from the real corpus"),
    "domain_token": Arm("(c) and told which is which", (Phase("real+synthetic", 2.0),), domains=2),
}

_BOTH = "synthetic+novel"  # what (d+) is pre-trained on
WITH_NOVEL = {  # chapter 12, in the setting of (d+): each arm differs from it in one thing
    # is it the signing?
    "mispaired": _then_real(
        Phase("synthetic+mispaired"), "new sentences under other new sentences' signing",
        words="real+novel",
    ),
    "decoder_first": _then_real(
        Phase("texts", text_only=True), "the decoder first, on the texts alone",
        words="real+novel", fresh=("encoder", ".cross.", "gloss_head"),
    ),
    # in which order?
    "together": Arm("(c+) real, synthetic and new together", (Phase(f"real+{_BOTH}", 2.0),),
                    "real+novel"),
    "told_apart": Arm("(c+) and told which is which", (Phase(f"real+{_BOTH}", 2.0),),
                      "real+novel", domains=2),
    "annealed": Arm("(f+) from synthetic to real, linearly", (Phase(f"{_BOTH}>real", 2.0),),
                    "real+novel"),
    # which step of stitching? how much dictionary? which order of signs, which texts?
    **{
        key: _then_real(Phase(key), says, words="real+novel")
        for key, says in {
            "uncropped": "whole recordings, uncropped",
            "uncanonical": "no canonical skeleton",
            "jumping": "no transitions between signs",
            "one_tempo": "no variation of tempo",
            "cut_signs": "signs cut from the real corpus",
            "few_signs_25": "a dictionary with a quarter of its glosses",
            "few_signs_50": "a dictionary with half of its glosses",
            "shuffled": "glosses re-ordered locally",
        }.items()
    },
    "rephrased": _then_real(
        Phase("paraphrased+novel"), "paraphrased targets", words="real+paraphrased+novel"
    ),
}  # fmt: skip

TRAINED_OUT = {  # chapter 12: a quarter of the real data, until more updates don't help
    "long_real_only": Arm("(a) trained out", (Phase("real_25", LONG),), "real_25"),
    "long_equal_compute": Arm("(e) twice as long as (a)", (Phase("real_25", 2 * LONG),), "real_25"),
    "long_joint": Arm(
        "(c) together, as long as (e)", (Phase("real_25+synthetic_25", 2 * LONG),), "real_25"
    ),
    "long_pretrain_finetune": Arm(
        "(d) synthetic, then real", (Phase("synthetic_25", LONG), Phase("real_25", LONG, 0.5)),
        "real_25",
    ),
    "long_pretrain_novel_finetune": Arm(
        "(d+) synthetic with novel sentences, then real",
        (Phase("synthetic_25+novel_25", LONG), Phase("real_25", LONG, 0.5)), "real_25+novel_25",
    ),
    "long_text_novel": Arm(
        "(h+) decoder first, on the texts of (d+) alone",
        (Phase("text_novel_25", LONG, text_only=True), Phase("real_25", LONG, 0.5)),
        "real_25+novel_25",
    ),
}  # fmt: skip

_LOOKS = {"signgan": "SignGAN", "signsplat": "SignSplat", "both": "SignGAN and SignSplat"}
_SETS = {"signgan": "signgan", "signsplat": "signsplat", "both": "signgan+signsplat"}
VIDEO = {  # chapter 11: real video (simulated captures), and its sentences in other looks
    "real_only": PRETRAINING["real_only"],
    "equal_compute": Arm("(e) real only, as many updates as the others", (Phase("real", 2.0),)),
    **{
        f"{key}_pretrain": _then_real(Phase(made), f"(d) {_LOOKS[key]}, then real", lr=0.5)
        for key, made in _SETS.items()
    },
    **{
        f"{key}_joint": Arm(f"(c) real and {_LOOKS[key]} together", (Phase(f"real+{made}", 2.0),))
        for key, made in _SETS.items()
    },
}

MOTION_SETS = {"looks": "{}", "motion": "motion_{}", "both": "both_{}"}
_NEW = {"looks": "new looks", "motion": "new motion", "both": "new motion in new looks"}
MOTION = {  # chapter 14: the same sentences in new looks, with new (stitched) motion, with both
    "real_only": VIDEO["real_only"],
    "equal_compute": VIDEO["equal_compute"],
    **{
        f"{renderer}_{new}": Arm(
            f"real and {_NEW[new]}, {_LOOKS[renderer]}",
            (Phase(f"real+{made.format(renderer)}", 2.0),),
        )
        for renderer in ("signsplat", "signgan")
        for new, made in MOTION_SETS.items()
    },
}

_MORE = {
    "permuted": "re-ordered training sentences",
    "ngram": "n-gram sentences",
    "llm": "a language model's sentences",
    "grammar": "the grammar's sentences",
}
NOVEL = {  # chapter 13: the training sentences, stitched, and as many more from each source
    "real_only": PRETRAINING["real_only"],
    "equal_compute": PRETRAINING["equal_compute"],
    **{
        key: _then_real(Phase(f"synthetic+more_{key}"), f"(d) with {says}",
                        words=f"real+more_{key}")
        for key, says in _MORE.items()
    },
    "text_ngram": _then_real(
        Phase("text_ngram", text_only=True), "(h) decoder first, on the n-gram arm's texts alone",
        words="real+more_ngram",
    ),
}  # fmt: skip
NOVEL_TRAINED_OUT = {  # chapter 13, to be held against chapter 12's TRAINED_OUT
    "long_ngram": Arm(
        "(d+) synthetic with n-gram sentences, then real",
        (Phase("synthetic_25+more_ngram_25", LONG), Phase("real_25", LONG, 0.5)),
        "real_25+more_ngram_25",
    ),
}


_TABLES = (PRETRAINING, ABLATIONS, WITH_NOVEL, TRAINED_OUT, VIDEO, MOTION, NOVEL, NOVEL_TRAINED_OUT)


def arm_of(name: str) -> Arm:
    """The arm of a name, with or without a number of known sentences.

    Raises:
        SLTError: If there is none.
    """
    base = arm_and_known(name)[0]
    for table in _TABLES:
        if base in table:
            return table[base]
    known = ", ".join(dict.fromkeys(arm for table in _TABLES for arm in table))
    raise SLTError(f"There is no arm {name!r}.", fix=f"Known: {known}.")


def arm_and_known(name: str) -> tuple[str, int]:
    """An arm's name, and how many training sentences are known (0: as many as there are)."""
    found = re.fullmatch(r"(.+)_(\d+)", name)
    if found is None or any(name in table for table in _TABLES):
        return name, 0
    return found[1], int(found[2])
