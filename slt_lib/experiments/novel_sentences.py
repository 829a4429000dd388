"""Chapter 13's runs: arms with new sentences, the sources themselves, and their summary."""

import warnings
from collections.abc import Mapping

from slt_lib.corpus.sentences.collect import leaked
from slt_lib.corpus.sentences.paraphrases import sentence_vectors
from slt_lib.experiments import tables
from slt_lib.experiments.novel_data import SOURCES, NovelData, novel_data_of
from slt_lib.experiments.protocols import NOVEL, NOVEL_TRAINED_OUT, arm_of
from slt_lib.experiments.run import run
from slt_lib.pose.errors import MissingPartError

RECORDED_ARMS = (*NOVEL, *NOVEL_TRAINED_OUT, "sources", "text_to_gloss")
PAIRS = {
    "permuted_vs_equal_compute": ("equal_compute", "permuted"),
    **{f"{name}_vs_equal_compute": ("equal_compute", name) for name in SOURCES},
    **{f"{name}_vs_permuted": ("permuted", name) for name in SOURCES},
    "llm_vs_ngram": ("ngram", "llm"),
    "grammar_vs_ngram": ("ngram", "grammar"),
    "ngram_vs_texts_alone": ("text_ngram", "ngram"),
}


def run_novel(
    arm: str, seed: int, *, size: str = "short", work: str = "build/experiments",
    corpus: str = "", dictionary: str = "", processes: int = 1, pairs: str = "",
) -> dict:  # fmt: skip
    """Train and test one arm of `protocols.NOVEL`, or measure the sources or text-to-gloss.

    Args:
        arm: An arm, "sources" or "text_to_gloss".
        seed: Of training, or of what is drawn to measure with.
        size: A key of `scale.SCALES`.
        work: Folder for corpora and trainings, shared by all arms and seeds.
        corpus, dictionary: As for `Data`.
        processes: To make corpora with.
        pairs: File with a language model's pairs; by default the recorded ones.

    Returns:
        A record: for an arm that of `run_arm` with `added_sentences` (new ones: re-ordered
        training sentences aren't) and `leaked_sentences`.

    Chapter: 13_novel_sentences
    """
    if arm == "text_to_gloss":
        from slt_lib.experiments.text_to_gloss import run_text_to_gloss

        return run_text_to_gloss(
            seed, size=size, work=work, corpus=corpus, dictionary=dictionary, processes=processes
        )
    data = novel_data_of(size, work, corpus, dictionary, processes, pairs)
    if arm == "sources":
        from slt_lib.experiments.sentence_measures import measure_sources

        try:
            embed = sentence_vectors()
        except MissingPartError as error:
            warnings.warn(f"Paraphrases aren't counted: {error}", stacklevel=2)
            embed = None
        return measure_sources(seed, data, embed=embed)
    return run_novel_arm(arm, seed, data)


def run_novel_arm(arm: str, seed: int, data: NovelData) -> dict:
    """As `run_novel` for an arm, on data that is there.

    Chapter: 13_novel_sentences
    """
    if arm in NOVEL_TRAINED_OUT:
        new = data.sentences_of_quarter()
    else:
        seen = " ".join(phase.data for phase in arm_of(arm).phases)
        new = [p for name in SOURCES if f"_{name}" in seen for p in data.sentences_of(name)]
    return run(arm, seed, data) | {
        "added_sentences": len(new),
        "leaked_sentences": leaked(new, data.held_out()),
    }


def novel_summary(records: tables.Records) -> dict:
    """What the chapter's results file holds, from records alone.

    Args:
        records: By arm and seed.

    Returns:
        `arms.<name>.bleu4`, `p_values`, `leaked_sentences`, `sources.<name>`, and
        `text_to_signing_seconds`, null until it is measured.

    Chapter: 13_novel_sentences
    """
    arms = {arm: records[arm] for arm in (*NOVEL, *NOVEL_TRAINED_OUT) if arm in records}
    found = tables.recorded_summary(arms) | {"p_values": p_values(arms)}
    sources, spoken = records.get("sources", {}), records.get("text_to_gloss", {})
    first = sources[min(sources)] if sources else {}
    counted = [r.get("leaked_sentences", 0) for runs in arms.values() for r in runs.values()]
    found["leaked_sentences"] = sum(counted) + first.get("leaked_sentences", 0)
    found["sources"] = first.get("sources", {})
    found["corpus_overlap"] = first.get("corpus_overlap")
    found["text_to_signing_seconds"] = None
    if spoken:
        from slt_lib.experiments.text_to_gloss import summary_text_to_gloss

        found |= summary_text_to_gloss(spoken)
    return found


def p_values(records: Mapping[str, Mapping[int, dict]], *, trials: int = 10_000) -> dict:
    """p of every comparison in `PAIRS` whose arms are there.

    Chapter: 13_novel_sentences
    """
    return {
        name: tables.significance(records, *pair, trials=trials).p
        for name, pair in PAIRS.items()
        if all(arm in records for arm in pair)
    }
