"""What are the sources' sentences like? Measured beside things known to be good and bad."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice

import numpy as np

from slt_lib.corpus.sentences.collect import collect, leaked
from slt_lib.corpus.sentences.grammar_source import Grammar
from slt_lib.corpus.sentences.measures import Agreement, Grammaticality, measure
from slt_lib.corpus.sentences.pairs import Pair
from slt_lib.corpus.sentences.pairs_file import PairsFile
from slt_lib.corpus.sentences.paraphrases import Embed, Paraphrases
from slt_lib.experiments.novel_data import NovelData, written_pairs

SAMPLE = {"smoke": 800, "book": 4000}  # of the grammar, to learn from; more for other sizes
LARGE = 60_000
APART = 77  # seed of the sample: another than any source's


def measure_sources(
    seed: int, data: NovelData, *, sample: int = LARGE, embed: Embed | None = None
) -> dict:
    """Funnel, novelty, grammaticality and agreement of every source and of four yardsticks.

    Args:
        seed: Of the yardsticks' draws.
        data: The sources.
        sample: Sentences of the grammar to learn from.
        embed: Of `sentence_vectors`, to count paraphrases of held-out texts with.

    Returns:
        `sources.<name>`: counts of the funnel, `leaked`, `paraphrased` (None without `embed`), and
        `measured` of what is added;
        `models.<name>`: likewise of all that each language model's recorded file holds;
        `yardsticks.<name>`: the same measures of sentences known to be right or wrong;
        `corpus_overlap`: what dev and test have in common with training anyway;
        `leaked_sentences`.

    Chapter: 13_novel_sentences
    """
    train, held_out = data.pairs("train"), data.held_out()
    learned = grammar_knowledge(held_out, sample)
    sources = {}
    for name in data.sources:
        found, added = data.collected(name), data.sentences_of(name)
        sources[name] = {
            **found.record(),
            "added": len(added),
            "leaked": leaked(found.pairs, held_out),
            "paraphrased": embed and paraphrased(added, data.paraphrases(embed)),
            "measured": asdict(measure(added, train, *learned)),
        }
    if "llm" in sources:
        sources["llm"] |= data.source("llm").about.get("funnel", {})  # of what the model was asked
    marks = yardsticks(held_out, seed, size=data.added)
    return {
        "sources": sources,
        "models": {} if data.world is None else measure_models(data, train, learned),
        "yardsticks": {n: asdict(measure(p, train, *learned)) for n, p in marks.items()},
        "leaked_sentences": sum(one["leaked"] for one in sources.values()),
        "corpus_overlap": overlap(train, held_out),
        "sample": sample,
        "corpus_hash": data.hash,
        "not_compared": ["paraphrased"],  # not every machine can count them
    }


def paraphrased(pairs: Sequence[Pair], find: Paraphrases) -> int:
    """How many pairs have a text that paraphrases a held-out one.

    Args:
        pairs: New ones.
        find: Of the held-out texts.

    Chapter: 13_novel_sentences
    """
    return sum(bool(find(pair.text)) for pair in pairs)


def measure_models(data: NovelData, train: Sequence[Pair], learned: tuple) -> dict:
    """Funnel and measures of every language model whose pairs are recorded, by its name.

    Args:
        data: What the pairs have to pass once more: the corpus may be larger than it was.
        train: The training pairs.
        learned: Of `grammar_knowledge`.

    Chapter: 13_novel_sentences
    """
    out = {}
    for name, path in written_pairs().items():
        file = PairsFile(path)
        passed = collect(file, len(file.raws), data.checks()).pairs
        out[name] = file.about.get("funnel", {}) | {
            "passed": len(passed),
            "measured": asdict(measure(passed, train, *learned)) if passed else None,
        }
    return out


def grammar_knowledge(held_out: Sequence[Pair], sample: int) -> tuple[Grammaticality, Agreement]:
    """Trigrams and partners of a large sample of the grammar without the held-out sentences.

    Args:
        held_out: Pairs that must not be in it.
        sample: How many sentences.

    Chapter: 13_novel_sentences
    """
    texts = {pair.text for pair in held_out}
    drawn = [raw.pair for raw in islice(Grammar(seed=APART).draw(), sample)]
    drawn = [pair for pair in drawn if pair.text not in texts]
    return Grammaticality(drawn), Agreement(drawn)


def yardsticks(held_out: Sequence[Pair], seed: int, *, size: int) -> Mapping[str, list[Pair]]:
    """Sentences that are right, and three kinds that aren't.

    Args:
        held_out: Of dev and test, which the grammar has made.
        seed: Of the mistakes.
        size: How many at most.

    Returns:
        By name: the held-out pairs; with their words shuffled; with the text of another pair; and
        with one gloss exchanged for another.

    Chapter: 13_novel_sentences
    """
    rng = np.random.default_rng([seed, 131])
    pairs = list(held_out)[:size]
    known = sorted({gloss for pair in held_out for gloss in pair.glosses})

    def shuffled(pair: Pair) -> Pair:
        words = pair.text.split()
        return replace(pair, text=" ".join([*rng.permutation(words[:-1]), words[-1]]))

    def slipped(pair: Pair) -> Pair:
        at = int(rng.integers(len(pair.glosses)))
        others = [gloss for gloss in known if gloss != pair.glosses[at]]
        new = others[int(rng.integers(len(others)))]
        return replace(pair, glosses=(*pair.glosses[:at], new, *pair.glosses[at + 1 :]))

    return {
        "held-out": pairs,
        "words shuffled": [shuffled(pair) for pair in pairs],
        "text of another": [
            replace(pair, text=other.text)
            for pair, other in zip(pairs, [*pairs[1:], pairs[0]], strict=True)
        ],
        "one gloss wrong": [slipped(pair) for pair in pairs],
    }


def overlap(train: Sequence[Pair], held_out: Sequence[Pair]) -> dict:
    """What dev and test share with training before anything is added: counts of sentences.

    Args:
        train: Training pairs.
        held_out: Of dev and test.

    Chapter: 13_novel_sentences
    """
    texts, glosses = {p.text for p in train}, {p.glosses for p in train}
    return {
        "held_out": len(held_out),
        "same_text": sum(p.text in texts for p in held_out),
        "same_glosses": sum(p.glosses in glosses for p in held_out),
    }
