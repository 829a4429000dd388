"""The data sets of chapter 13: the same number of added sentences, from other sources."""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import slt_lib
from slt_lib.corpus.sentences.collect import Checks, Collected, collect, leaked
from slt_lib.corpus.sentences.grammar_source import Grammar
from slt_lib.corpus.sentences.pairs import Pair, Source
from slt_lib.corpus.sentences.pairs_file import PairsFile
from slt_lib.corpus.sentences.paraphrases import Embed, Paraphrases
from slt_lib.corpus.sentences.recombine import Recombination
from slt_lib.corpus.sentences.repair import Repair
from slt_lib.dictionary import load_dictionary
from slt_lib.experiments.data import DATASETS, QUARTER, Data, blind
from slt_lib.experiments.scale import scale as scale_of
from slt_lib.pose.errors import SLTError
from slt_lib.translation.data import TranslationData

RECORDED = Path(slt_lib.__file__).parents[1] / "book" / "recorded" / "13_novel_sentences"
WRITTEN = "{}_model.jsonl"  # what a model wrote and the checks accepted, by the model's name
PAIRS = RECORDED / WRITTEN.format("small")
SOURCES = ("ngram", "llm", "grammar")
DRAWN = 1  # seed of the sources: corpora stay the same for all seeds of training


class NovelData(Data):
    """As `Data`, with new sentences of several sources.

    Args:
        pairs: File with the language model's pairs, or the name of the model that wrote recorded
            ones, "small" or "gemma"; by default the small one's.
        embed: Of `sentence_vectors`: then pairs whose text paraphrases one of dev or test are
            refused, too. By default held-out texts and glosses are compared exactly.
        more: As for `Data`.

    Chapter: 13_novel_sentences
    """

    def __init__(
        self, *args, pairs: str | Path = "", embed: Embed | None = None, **more
    ) -> None:  # fmt: skip
        super().__init__(*args, **more)
        self._same |= {"pairs": pairs, "embed": embed}
        self.embed = embed
        own = self.world is None  # the recorded pairs are of the weather world
        self.pairs_file = pairs_of(pairs) if pairs else None if own else PAIRS
        self._collected: dict[str, Collected] = {}

    @property
    def makers(self) -> Mapping[str, Callable[[Data], TranslationData]]:
        """All data sets by name."""
        return DATASETS | NOVEL_SETS

    def pairs(self, split: str) -> list[Pair]:
        """Glosses and texts of a split."""
        corpus = self.splits[split]
        return [Pair(tuple(g), t) for g, t in zip(corpus.glosses, corpus.texts, strict=True)]

    def held_out(self) -> list[Pair]:
        """Glosses and texts that must not come up in training."""
        return [*self.pairs("dev"), *self.pairs("test")]

    def checks(self, *, any_words: bool = False, every: int = 1) -> Checks:
        """New checks, which have seen nothing yet.

        Args:
            any_words: Whether texts may have words that training hasn't.
            every: Training is every so-many-th training sentence only.
        """
        dictionary, train = self.signs(), self.pairs("train")[::every]
        words = None if any_words else {w for pair in train for w in pair.text.split()}
        repair, found = Repair(dictionary.glosses, dictionary.lookup), None
        if self.embed is not None:
            found = self.paraphrases(self.embed)
        return Checks(repair, train, self.held_out(), words, found)

    @cache  # noqa: B019
    def paraphrases(self, embed: Embed) -> Paraphrases:
        """What finds paraphrases of the held-out texts.

        Args:
            embed: Of `sentence_vectors`.
        """
        return Paraphrases([pair.text for pair in self.held_out()], self.pairs("train"), embed)

    @cache  # noqa: B019  (one per experiment, and it lives as long)
    def signs(self):
        """The dictionary."""
        if not self.dictionary:
            raise SLTError("New sentences need a dictionary.", fix="Give dictionary=... as well.")
        return load_dictionary(self.dictionary)

    @property
    def sources(self) -> tuple[str, ...]:
        """Those of `SOURCES` that this corpus has."""
        there = {"ngram": True, "llm": self.pairs_file, "grammar": self.world}
        return tuple(name for name in SOURCES if there[name])

    def source(self, name: str) -> Source:
        """A source of sentences by name.

        Raises:
            SLTError: If the corpus has no such source.
        """
        if name not in self.sources:
            raise SLTError(f"This corpus has no source {name!r}.", fix="Leave its arms out.")
        if name == "ngram":
            return Recombination(self.pairs("train"), seed=DRAWN)
        return Grammar(seed=DRAWN) if name == "grammar" else PairsFile(self.pairs_file)

    @property
    def added(self) -> int:
        """How many sentences every source adds: as many as the one that has fewest."""
        return min(len(self.collected(name).pairs) for name in self.sources)

    def collected(self, name: str) -> Collected:
        """What came of a source: no more than the size wants and a language model's file has."""
        if name not in self._collected:
            n = self.scale.novel
            if name != "llm" and self.pairs_file:
                n = min(n, len(self.collected("llm").pairs))
            checks = self.checks(any_words=name == "grammar")
            self._collected[name] = collect(self.source(name), n, checks)
        return self._collected[name]

    def sentences_of(self, name: str) -> list[Pair]:
        """The sentences that a source adds.

        Raises:
            SLTError: If there are none, or one of them is in dev or test.
        """
        if self.added == 0:
            few = min(self.sources, key=lambda one: len(self.collected(one).pairs))
            raise SLTError(
                f"The source {few} has no usable sentence.", fix="Is the training set too small?"
            )
        found = self.collected(name).pairs[: self.added]
        if leaked(found, self.held_out()):
            raise SLTError(f"A sentence of {name} is in dev or test.", fix="Report it, please.")
        return found

    @cache  # noqa: B019
    def sentences_of_quarter(self) -> list[Pair]:
        """N-gram sentences of a model that knows a quarter of the training set only.

        Raises:
            SLTError: If one of them is in dev or test.
        """
        known, checks = self.pairs("train")[::QUARTER], self.checks(every=QUARTER)
        found = collect(Recombination(known, seed=DRAWN), self.scale.novel, checks)
        if leaked(found.pairs, self.held_out()):
            raise SLTError("An n-gram sentence is in dev or test.", fix="Report it, please.")
        return found.pairs


def pairs_of(llm: str | Path) -> Path:
    """The file that a language model's pairs are recorded in, or the file that is named itself.

    Args:
        llm: Name of a model, such as "gemma", or a file's path, which has an ending.

    Chapter: 13_novel_sentences
    """
    return Path(llm) if Path(llm).suffix else RECORDED / WRITTEN.format(llm)


def written_pairs() -> dict[str, Path]:
    """The recorded files of language models' pairs, by the models' names.

    Chapter: 13_novel_sentences
    """
    before, _, after = WRITTEN.partition("{}")
    found = sorted(RECORDED.glob(WRITTEN.format("*")))
    return {path.name.removeprefix(before).removesuffix(after): path for path in found}


def _more(source: str) -> Callable[[NovelData], TranslationData]:
    """The stitched new sentences of a source."""

    def make(data: NovelData) -> TranslationData:
        sentences = [(pair.glosses, pair.text) for pair in data.sentences_of(source)]
        key = hashlib.sha256(repr(sentences).encode()).hexdigest()[:8]
        return data.stitched(f"more_{source}_{key}", sentences=sentences)

    return make


def _more_ngram_quarter(data: NovelData) -> TranslationData:
    """N-gram sentences fitted on chapter 12's quarter alone: as many as there are, at most as
    chapter 12 has novel ones."""
    pairs = data.sentences_of_quarter()
    sentences = [(pair.glosses, pair.text) for pair in pairs]
    return data.stitched(f"more_ngram_25_{len(pairs)}", sentences=sentences, every=QUARTER)


def _more_permuted(data: NovelData) -> TranslationData:
    """As many training sentences, their glosses re-ordered: no new text."""
    sentences = data.sentences()[: data.added]
    return data.stitched(
        f"more_permuted_{data.added}", sentences=sentences, vary={"reorder": "local"}
    )


NOVEL_SETS: dict[str, Callable[[NovelData], TranslationData]] = {
    "more_permuted": _more_permuted,
    **{f"more_{source}": _more(source) for source in SOURCES},
    "more_ngram_25": _more_ngram_quarter,
    "text_ngram": blind("synthetic+more_ngram"),
}
_data: dict[tuple, NovelData] = {}


def novel_data_of(
    size: str, work: str, corpus: str = "", dictionary: str = "", processes: int = 1,
    pairs: str = "",
) -> NovelData:  # fmt: skip
    """The data of a size, opened once per process.

    Args:
        size: A key of `scale.SCALES`.
        work: Folder for corpora and trainings.
        corpus, dictionary: As for `Data`.
        processes: To make corpora with.
        pairs: As for `NovelData`.

    Chapter: 13_novel_sentences
    """
    key = (size, str(work), corpus, dictionary, pairs)
    if key not in _data:
        _data[key] = NovelData(
            scale_of(size), work, corpus=corpus, dictionary=dictionary, processes=processes,
            pairs=pairs,
        )  # fmt: skip
    return _data[key]
