"""The data sets that arms name, made when first asked for and kept on disk."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import numpy as np
from filelock import FileLock

from slt_lib.corpus.corpus import Corpus
from slt_lib.corpus.synthetic import (
    Variation,
    corpus_durations,
    corpus_rests,
    corpus_spectrum,
    generate_corpus,
    measure_dropouts,
)
from slt_lib.corpus.synthetic.recipe import dictionary_hash
from slt_lib.corpus.weather.grammar import paraphrase
from slt_lib.corpus.weather.world import World, make_world, novel_sentences
from slt_lib.dictionary import load_dictionary, save_dictionary
from slt_lib.experiments.scale import Scale
from slt_lib.pose.errors import SLTError
from slt_lib.stitching.settings import StitchSettings
from slt_lib.translation.checkpoint import fingerprint
from slt_lib.translation.data import TranslationData, concatenate

REAL, SYNTHETIC = 0, 1  # domains
QUARTER = 4


class Data:
    """Everything that the arms of one size are trained and tested on.

    Args:
        scale: The sizes.
        work: Folder for worlds and corpora; shared by all arms and seeds.
        processes: To make corpora with.
        corpus, dictionary: The user's own: a folder with corpora `train`, `dev` and `test`, and a
            saved dictionary (without one, nothing can be stitched). By default the weather world's.
        known: Only the first so many training sentences are known; 0: all of one's own corpus,
            those of the scale in the weather world.

    Raises:
        SLTError: If a dictionary is given without a corpus.

    Chapter: 10_pretraining
    """

    def __init__(
        self, scale: Scale, work: str | Path, *, processes: int = 1,
        corpus: str | Path = "", dictionary: str | Path = "", dask_address: str | None = None,
        known: int = 0,
    ) -> None:  # fmt: skip
        self.scale, self.processes, self.dask_address = scale, processes, dask_address or None
        self._same = {"work": work, "corpus": corpus, "dictionary": dictionary}
        if dictionary and not corpus:
            raise SLTError("A dictionary of one's own goes with a corpus.", fix="Give both.")
        self.splits: dict[str, Corpus] = {}
        if corpus:
            self.splits = {s: Corpus.open(Path(corpus) / s) for s in ("train", "dev", "test")}
        self.dictionary = Path(dictionary) if dictionary else None
        self.world: World | None = None
        if not corpus:
            folder = Path(work) / "worlds" / fingerprint(scale.world)
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{folder}.lock"):
                self.world = make_world(folder, scale.world, processes=processes)
            self.splits = {s: getattr(self.world, s) for s in ("train", "dev", "test")}
            self.dictionary = self.world.dictionary
        whole = self.splits["train"]
        if known > len(whole):
            raise SLTError(f"There are {len(whole)} training sentences, not {known}.")
        if known := known or (scale.real if self.world else 0):
            self.splits["train"] = whole.select(range(known))
        self.work = Path(work) / self._key()
        self.work.mkdir(parents=True, exist_ok=True)
        self._sets: dict[str, TranslationData] = {}

    def _key(self) -> str:
        """Of everything that the folder's contents depend on; other data, another folder."""
        named = [self.scale.novel, len(self.splits["train"])]
        if self.world:
            named.append(asdict(self.scale.world))
        else:
            named += [corpus.hash for corpus in self.splits.values()]
            named += [dictionary_hash(self.dictionary)] if self.dictionary else []
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:10]

    @cache  # noqa: B019  (one per experiment, and it lives as long)
    def with_known(self, count: int) -> "Data":
        """The same corpus and dictionary, of which only so many training sentences are known.

        Everything that is learnt from training sentences (words, durations, rests, filters, which
        sentences are stitched) is then learnt from these alone.

        Raises:
            SLTError: If there are fewer.
        """
        return type(self)(
            self.scale, processes=self.processes, dask_address=self.dask_address, known=count,
            **self._same,
        )  # fmt: skip

    @property
    def makers(self) -> Mapping[str, Callable[["Data"], TranslationData]]:
        """Every data set by name, and what makes it."""
        return DATASETS

    @property
    def hash(self) -> str:
        """Of the corpus that everything is measured on."""
        if self.world is not None:
            return self.world.hash
        return hashlib.sha256("".join(c.hash for c in self.splits.values()).encode()).hexdigest()

    def __getitem__(self, name: str) -> TranslationData:
        """The data set of a name; "a+b" are two in one.

        Raises:
            SLTError: If there is none of that name.
        """
        if name not in self._sets:
            if "+" in name:
                self._sets[name] = concatenate([self[part] for part in name.split("+")])
            elif name in self.makers:
                with FileLock(self.work / f"{name}.lock"):
                    self._sets[name] = self.makers[name](self)
            else:
                known = ", ".join(self.makers)
                raise SLTError(f"There is no data {name!r}.", fix=f"Known: {known}.")
        return self._sets[name]

    @cache  # noqa: B019  (one per experiment, and it lives as long)
    def matched(self, every: int = 1) -> tuple[StitchSettings, dict]:
        """How real training sentences are signed: durations; spectrum and drop-outs.

        Args:
            every: Look at every so-many-th only: what an arm with little real data may know.
        """
        train = self.splits["train"].select(range(0, len(self.splits["train"]), every))
        return matched_to(train, None if any(train.spans) else self.aligned(every))

    def aligned(self, every: int = 1) -> list:
        """When each gloss was signed in every so-many-th training sentence, told by their model."""
        from slt_lib.experiments.cutting import forced_spans

        return forced_spans(self, every)

    def start(self, seed: int) -> None:
        """What a seed's first phase starts from: new weights."""
        return None

    def sentences(self) -> list[tuple[tuple[str, ...], str]]:
        """Glosses and text of the training sentences."""
        train = self.splits["train"]
        return list(zip(train.glosses, train.texts, strict=True))

    def stitched(
        self, name: str, *, sentences=None, dictionary: Path | None = None,
        stitch: dict | None = None, vary: dict | None = None, every: int = 1,
    ) -> TranslationData:  # fmt: skip
        """A synthetic corpus, ready for training.

        Args:
            name: Of its folder.
            sentences: (glosses, text) of each; the training sentences by default.
            dictionary: By default the corpus' own.
            stitch, vary: What differs from the plain way in settings and variation.
            every: As for `matched`.

        Raises:
            SLTError: If there is no dictionary.
        """
        if not (dictionary or self.dictionary):
            raise SLTError("Stitching needs a dictionary.", fix="Give dictionary=... as well.")
        settings, more = self.matched(every)
        made = generate_corpus(
            self.work / name,
            self.sentences() if sentences is None else sentences,
            dictionary or self.dictionary,
            stitch=replace(settings, **(stitch or {})),
            reference=more["reference"],
            variation=replace(more["variation"], **(vary or {})),
            processes=self.processes,
            dask_address=self.dask_address,
        )
        return TranslationData.from_corpus(made, domain=SYNTHETIC)


def matched_to(train: Corpus, spans: Sequence | None = None) -> tuple[StitchSettings, dict]:
    """How the sentences of a corpus are signed, for stitching as they are.

    Args:
        train: Sentences.
        spans: Of their glosses, where the corpus has none itself.

    Returns:
        Settings with durations and rests; and, as `generate_corpus` takes them, spectrum and
        drop-outs.

    Chapter: 10_pretraining, 14_novel_motion_and_appearance
    """
    settings = StitchSettings(
        missing="skip",
        durations=corpus_durations(train, spans),
        rests=corpus_rests(train, spans),
    )
    return settings, {
        "reference": corpus_spectrum(train),
        "variation": Variation(dropouts=measure_dropouts(train)),
    }


def _real(split: str) -> Callable[[Data], TranslationData]:
    return lambda data: TranslationData.from_corpus(data.splits[split], domain=REAL)


def _quarter(data: Data) -> TranslationData:
    return data["real"].select(np.arange(0, len(data["real"]), QUARTER))


def _synthetic_quarter(data: Data) -> TranslationData:
    """The synthetic versions of the quarter's sentences, matched to nothing but them."""
    return data.stitched("synthetic_25", sentences=data.sentences()[::QUARTER], every=QUARTER)


def _novel(data: Data, name: str = "novel", every: int = 1) -> TranslationData:
    if data.world is None:
        raise SLTError("Novel sentences come from the weather world's grammar.",
                       fix="Leave out the arm with novel sentences.")  # fmt: skip
    return data.stitched(name, sentences=_novel_pairs(data), every=every)


def _novel_pairs(data: Data) -> list[tuple[tuple[str, ...], str]]:
    """Glosses and texts of the novel sentences; none without the world's grammar."""
    if data.world is None:
        return []
    return [(s.gloss, s.text) for s in novel_sentences(data.world, data.scale.novel, seed=1)]


def _novel_quarter(data: Data) -> TranslationData:
    """The novel sentences, matched to nothing but the quarter."""
    return _novel(data, "novel_25", QUARTER)


def _coverage(share: int) -> Callable[[Data], TranslationData]:
    return lambda data: data.stitched(f"coverage_{share}", dictionary=_subset(data, share))


def _subset(data: Data, share: int) -> Path:
    """The folder of a dictionary with a share of the glosses, in percent."""
    folder = data.work / f"dictionary_{share}"
    if not folder.is_dir():
        save_dictionary(load_dictionary(data.dictionary).subset(share / 100), folder)
    return folder


def _wrong(name: str) -> Callable[[Data], TranslationData]:
    """Every sentence of a data set under the text and glosses of another one."""
    return lambda data: _mispaired(data[name])


def _mispaired(right: TranslationData) -> TranslationData:
    """The same signing, each under the next one's text and glosses in a cycle of random order."""
    other = np.roll(np.random.default_rng(0).permutation(len(right)), 1)
    place = np.empty(len(right), int)
    place[np.roll(other, 1)] = other  # a cycle: nobody keeps their own
    return replace(
        right,
        texts=tuple(right.texts[i] for i in place),
        glosses=tuple(right.glosses[i] for i in place),
    )


def blind(name: str) -> Callable[[Data], TranslationData]:
    """The texts of a data set, and nothing to be seen: one frame each, all joints masked."""

    def make(data: Data) -> TranslationData:
        seeing = data[name]
        count = len(seeing)
        return replace(
            seeing,
            positions=np.zeros((count, *seeing.positions.shape[1:]), seeing.positions.dtype),
            seen=np.zeros((count, seeing.seen.shape[1]), bool),
            starts=np.arange(count + 1),
        )

    return make


def _paraphrased(data: Data) -> TranslationData:
    if data.world is None:
        raise SLTError(
            "Paraphrases come from the weather world's grammar.", fix="Leave the arm out."
        )
    by_text = {s.text: s.meaning for s in data.world.sentences("train")}
    held_out, synthetic = {*data["dev"].texts, *data["test"].texts}, data["synthetic"]
    others = [(text, paraphrase(by_text[text], seed=1)) for text in synthetic.texts]
    return synthetic.with_texts([t if other in held_out else other for t, other in others])


def _switched(name: str, **how) -> Callable[[Data], TranslationData]:
    return lambda data: data.stitched(name, **how)


def _both(name: str, **how) -> Callable[[Data], TranslationData]:
    """Training sentences and novel ones (own corpora have none), stitched in another way."""

    def make(data: Data) -> TranslationData:
        return data.stitched(name, sentences=[*data.sentences(), *_novel_pairs(data)], **how)

    return make


def _few_signs(share: int) -> Callable[[Data], TranslationData]:
    return lambda data: _both(f"few_signs_{share}", dictionary=_subset(data, share))(data)


def _cut_signs(data: Data) -> TranslationData:
    from slt_lib.experiments.cutting import corpus_dictionary

    return _both("cut_signs", dictionary=corpus_dictionary(data))(data)


def _cut(data: Data) -> TranslationData:
    from slt_lib.experiments.cutting import corpus_dictionary

    return data.stitched("cut_from_corpus", dictionary=corpus_dictionary(data))


DATASETS: dict[str, Callable[[Data], TranslationData]] = {
    "real": _real("train"),
    "dev": _real("dev"),
    "test": _real("test"),
    "real_25": _quarter,
    "synthetic": _switched("synthetic"),
    "synthetic_25": _synthetic_quarter,
    "novel": _novel,
    "novel_25": _novel_quarter,
    **{f"coverage_{share}": _coverage(share) for share in (25, 50, 75)},
    "wrong_sentences": _wrong("synthetic"),
    "mispaired": _wrong("novel"),
    "texts": blind("real+novel"),
    "text_only": blind("real"),
    "text_novel_25": blind("real_25+novel_25"),
    "paraphrased": _paraphrased,
    "reorder": _switched("reorder", vary={"reorder": "local"}),
    "no_speed": _switched("no_speed", vary={"speed": (1.0, 1.0), "curve": 0.0, "durations": False}),
    "no_canonical": _switched("no_canonical", stitch={"canonical": False}),
    "no_transition": _switched("no_transition", stitch={"transition": "none"}),
    "no_crop": _switched("no_crop", stitch={"crop": "none"}),
    "no_filter": _switched("no_filter", stitch={"smoothing": "none"}),
    "cut_from_corpus": _cut,
    "uncropped": _both("uncropped", stitch={"crop": "none"}),
    "uncanonical": _both("uncanonical", stitch={"canonical": False}),
    "jumping": _both("jumping", stitch={"transition": "none"}),
    "one_tempo": _both("one_tempo", vary={"speed": (1.0, 1.0), "curve": 0.0, "durations": False}),
    "shuffled": _both("shuffled", vary={"reorder": "local"}),
    "cut_signs": _cut_signs,
    **{f"few_signs_{share}": _few_signs(share) for share in (25, 50)},
}
