"""What does a local language model write for chapter 13? Asked, checked, and kept in a file."""

from itertools import islice
from pathlib import Path

from slt_lib.corpus.sentences.answers import Answers
from slt_lib.corpus.sentences.collect import Collected, collect
from slt_lib.corpus.sentences.fetched import fetched_llms
from slt_lib.corpus.sentences.language_model import LanguageModel
from slt_lib.corpus.sentences.local_model import LocalModel, find_llm
from slt_lib.corpus.sentences.pairs_file import write_pairs
from slt_lib.corpus.sentences.request import PROMPT
from slt_lib.experiments.novel_data import NovelData, pairs_of
from slt_lib.pose.errors import MissingPartError, SLTError

HOW = {"shots": 4, "closely": True, "n": 24, "temperature": 0.5, "max_tokens": 96, "seed": 0}
SHOWN = 4  # examples of each reason for which pairs were rejected


def write_model_pairs(
    llm: str,
    data: NovelData,
    *,
    asked: int = 864,
    free: int = 24,
    text_first: bool = False,
    answers: str | Path = "build/answers",
    out: str | Path = "",
) -> Path:
    """Have a model write pairs in the manner of the training pairs, and keep the accepted ones.

    Twice: held to the glosses and words of its examples, which gives the pairs; and freely, a few,
    to show what it does then. Answers are kept, so that a series that stopped goes on.

    Args:
        llm: "small" or "gemma", or the folder or GGUF file of another model.
        data: Its training pairs are shown; its dictionary and held-out sentences check.
        asked: Pairs to ask for.
        free: Pairs to ask for without a constraint.
        text_first: Whether it writes each text before its glosses.
        answers: Folder of the kept answers.
        out: The file; by default the recorded one of the model's name.

    Returns:
        The file, which `PairsFile` reads. `about` says with what it was made, and has the funnels.

    Raises:
        MissingPartError: If there is no such model.
        SLTError: If it can't be loaded, or writes nothing that is accepted.

    Chapter: 13_novel_sentences
    """
    path = find_llm(llm)
    if path is None:
        raise MissingPartError(
            f"There is no language model {llm!r} here.",
            fix="`make small-llm` or `make gemma` fetches one.",
        )
    held, loose = (
        _series(LocalModel(path, constrain=how, text_first=text_first), data, answers, n)
        for how, n in (("pairs", asked), ("", free))
    )
    if not held.pairs:
        raise SLTError(
            f"Of {asked} pairs that {path.name} wrote, none is accepted.",
            fix=f"Why: {dict(held.reasons)}.",
        )
    about = {
        "model": path.name,
        "prompt": PROMPT,
        "decoding": "constrained to the examples' glosses and words",
        "how": HOW | {"text_first": text_first},
        "corpus_hash": data.hash,
        **_told(held),
        "free": _told(loose) | {"accepted": [pair.line for pair in loose.pairs]},
    }
    out = Path(out) if out else pairs_of(llm if llm in fetched_llms() else path.stem.lower())
    write_pairs(out, held.pairs, about)
    return out


def _series(model: LocalModel, data: NovelData, answers: str | Path, n: int) -> Collected:
    """What came of asking for n pairs."""
    train, glosses = data.pairs("train"), data.signs().glosses
    source = LanguageModel(model, train, glosses, Answers(answers), **HOW)
    return collect(source, n, data.checks(), most=n)


def _told(found: Collected) -> dict:
    """The funnel, and some of what was rejected for each reason."""
    by_reason = {
        why: [{"why": why, "said": said} for w, said in found.rejected if w == why]
        for why in found.reasons
    }
    shown = [one for some in by_reason.values() for one in islice(some, SHOWN)]
    return {"funnel": found.record(), "rejected": shown}
