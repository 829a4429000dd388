"""A corpus: many signed sentences in a folder, opened without being read."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, islice
from pathlib import Path

import numpy as np

from slt_lib.corpus.shards import DTYPES, corpus_hash, from_row, write_shard
from slt_lib.pose.errors import PoseFileError, SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.io.guard import atomic_write
from slt_lib.pose.skeleton import SKELETONS, Skeleton, skeleton

FORMAT, VERSION = "slt-corpus", 1
ABOUT = "corpus.json"


class Corpus:
    """Signed sentences on disk, as a Hugging Face dataset behind our own poses.

    Columns (`names`, `glosses`, `texts`, `signers`, `origins`, `frames`) are read without
    touching a pose; an item's pose is read when the item is asked for.

    Args:
        dataset: A `datasets.Dataset` with the columns of `shards.schema`.
        skeleton: Its skeleton.
        folder: Where it lies; None for a selection or several together.

    Chapter: 04_synthetic_corpus
    """

    def __init__(self, dataset, skeleton: Skeleton, folder: Path | None = None) -> None:
        self.dataset = dataset.with_format("arrow")
        self.skeleton, self.folder = skeleton, folder

    @classmethod
    def open(cls, folder: str | Path) -> "Corpus":
        """The corpus in a folder.

        Raises:
            PoseFileError: If it holds none, or a shard is missing or damaged.

        Chapter: 04_synthetic_corpus
        """
        folder = Path(folder)
        about = read_about(folder)
        parts = [open_shard(folder / name) for name in about["shards"]]
        import datasets

        corpus = cls(datasets.concatenate_datasets(parts), skeleton(about["skeleton"]), folder)
        if (len(corpus), corpus.hash) != (about["items"], about["hash"]):
            raise PoseFileError(
                f"Its shards don't hold the {about['items']} items that were written.",
                file=folder,
                fix="Make the corpus again.",
            )
        return corpus

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, item: int) -> Utterance:
        item = int(item)
        if not -len(self) <= item < len(self):
            raise IndexError(f"Item {item} of {len(self)}.")
        item %= len(self)
        return from_row(self.dataset[item : item + 1], self.skeleton, self.folder)

    def __iter__(self) -> Iterator[Utterance]:
        return (self[i] for i in range(len(self)))

    def _column(self, name: str) -> list:
        if not len(self):
            return []
        return self.dataset.select_columns([name])[:].column(name).to_pylist()

    @cached_property
    def names(self) -> list[str]:
        """Every item's name."""
        return self._column("name")

    @cached_property
    def glosses(self) -> list[tuple[str, ...]]:
        """Every item's glosses."""
        return [tuple(gloss) for gloss in self._column("gloss")]

    @cached_property
    def texts(self) -> list[str]:
        """Every item's text."""
        return self._column("text")

    @cached_property
    def signers(self) -> list[str]:
        """Every item's signer."""
        return self._column("signer")

    @cached_property
    def origins(self) -> list[str]:
        """Every item's origin."""
        return self._column("origin")

    @cached_property
    def frames(self) -> np.ndarray:
        """Every item's number of frames, int [items]."""
        return np.array(self._column("frames"), dtype=int)

    @cached_property
    def spans(self) -> list[tuple[tuple[int, int], ...] | None]:
        """Every item's gloss spans, None where unknown."""
        flat = self._column("spans")
        return [None if s is None else tuple(zip(s[::2], s[1::2], strict=True)) for s in flat]

    @cached_property
    def fps(self) -> float:
        """The items' common frame rate.

        Raises:
            SLTError: If they have several.
        """
        found = sorted(set(self._column("fps")))
        if len(found) != 1:
            raise SLTError(f"The items have frame rates of {found}.", fix="Ask each item's pose.")
        return found[0]

    @cached_property
    def hash(self) -> str:
        """sha256 over names, glosses, texts, signers, poses and masks of all items, in order."""
        return corpus_hash(self._column("digest"))

    def select(self, indices: Sequence[int] | np.ndarray) -> "Corpus":
        """Some items, in the order given; nothing is copied.

        Chapter: 04_synthetic_corpus
        """
        return Corpus(self.dataset.select([int(i) for i in indices]), self.skeleton)

    def find(self, name: str) -> int:
        """The number of the item of a name.

        Raises:
            SLTError: If there is none.
        """
        try:
            return self.names.index(name)
        except ValueError as error:
            raise SLTError(f"The corpus has no item {name!r}.", file=self.folder) from error


def write_corpus(
    folder: str | Path,
    utterances: Iterable[Utterance],
    *,
    dtype: str = "float16",
    shard_items: int = 512,
) -> Corpus:
    """Write a corpus; items are read as they are written, and the folder appears when complete.

    Args:
        folder: A new folder, or one that holds a corpus, which is replaced.
        utterances: At least one, all with poses of one skeleton.
        dtype: "float16" or "float32", of the stored positions.
        shard_items: Items per shard.

    Raises:
        SLTError: If there is no item, the folder holds other things, or an item can't be stored.

    Chapter: 04_synthetic_corpus
    """
    folder = Path(folder)
    check_storage(dtype, shard_items)
    check_folder(folder)
    items = iter(utterances)
    first = next(items, None)
    if first is None:
        raise SLTError("There is no item to write.", file=folder)
    joints = first.pose.skeleton if first.pose is not None else None
    fresh, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{x}") for x in ("new", "old"))
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        digests, names = [], []
        while first is not None:
            part = chain([first], islice(items, shard_items - 1))
            names.append(shard_name(len(names)))
            digests += write_shard(fresh / names[-1], part, dtype, joints)
            first = next(items, None)
        write_about(fresh, names, digests, joints)
        if folder.exists():
            folder.replace(old)
        fresh.replace(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return Corpus.open(folder)


def concatenate_corpora(corpora: Sequence[Corpus]) -> Corpus:
    """Several corpora as one; nothing is copied.

    Raises:
        SLTError: If there is none, or their skeletons differ.

    Chapter: 04_synthetic_corpus
    """
    if not corpora or len({c.skeleton.name for c in corpora}) != 1:
        raise SLTError("Corpora of one skeleton can be put together, and at least one.")
    import datasets

    return Corpus(datasets.concatenate_datasets([c.dataset for c in corpora]), corpora[0].skeleton)


def shard_name(number: int) -> str:
    """The file of a shard."""
    return f"shard-{number:05d}.arrow"


def check_storage(dtype: str, shard_items: int) -> None:
    """Refuse a type of numbers that shards can't hold, and shards without items."""
    if dtype not in DTYPES:
        raise SLTError(f"Positions can't be stored as {dtype!r}.", fix="float16 or float32.")
    if shard_items < 1:
        raise SLTError(f"A shard can't have {shard_items} items.", fix="At least one.")


def check_folder(folder: Path) -> None:
    """Refuse to replace a folder that holds anything but a corpus."""
    if folder.is_file() or (
        folder.exists() and not (folder / ABOUT).is_file() and any(folder.iterdir())
    ):
        raise SLTError("The folder holds other things.", file=folder, fix="Choose a new folder.")


def write_about(
    folder: Path, shards: Sequence[str], digests: Sequence[bytes], skeleton: Skeleton
) -> None:
    """Write what makes a folder of shards a corpus; the last step."""
    about = {
        "format": FORMAT, "version": VERSION, "skeleton": skeleton.name, "items": len(digests),
        "hash": corpus_hash(digests), "shards": list(shards),
    }  # fmt: skip
    with atomic_write(folder / ABOUT) as file:
        file.write(json.dumps(about, indent=1).encode())


def read_about(folder: Path) -> dict:
    """What `write_about` wrote.

    Raises:
        PoseFileError: If it isn't there or is of another kind.
    """
    try:
        about = json.loads((folder / ABOUT).read_text("utf8"))
        known = (about["format"], about["version"]) == (FORMAT, VERSION)
        known = known and all(key in about for key in ("items", "hash", "skeleton"))
        known = known and about["shards"] == [shard_name(i) for i in range(len(about["shards"]))]
        known = known and len(about["shards"]) > 0 and about["skeleton"] in SKELETONS
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PoseFileError(
            f"It holds no complete corpus ({error}).", file=folder, fix="Make it with write_corpus."
        ) from error
    if not known:
        raise PoseFileError("It is a corpus of another version.", file=folder, fix="Make it again.")
    return about


def open_shard(path: Path, fix: str = "Delete it and make the corpus again."):
    """One shard as a memory-mapped `datasets.Dataset`.

    The lists' offsets are checked: Arrow ends the whole process when it follows a wrong one.

    Args:
        path: The shard's file.
        fix: What to do where it is damaged.

    Raises:
        PoseFileError: If it is missing or damaged.
    """
    import datasets

    try:
        shard = datasets.Dataset.from_file(str(path))
        shard.data.table.validate(full=True)
        return shard
    except Exception as error:  # whatever the parsers below happen to raise
        raise PoseFileError(
            f"The shard can't be read ({type(error).__name__}: {error}).",
            file=path,
            fix=fix,
        ) from error
