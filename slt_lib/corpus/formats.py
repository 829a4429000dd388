"""How does a corpus come from, and go to, the field's formats? One item at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Literal

from slt_lib.corpus.corpus import ABOUT, Corpus
from slt_lib.pose.errors import PoseFileError, SLTError
from slt_lib.pose.io import (
    Utterance,
    iter_skels,
    read_corpus_csv,
    read_pose,
    read_slrtp,
    write_corpus_csv,
    write_pose,
    write_skels,
    write_slrtp,
)
from slt_lib.pose.resample import to_fps
from slt_lib.pose.skeleton import PROGRESSIVE_50, SLRTP_FILE_178, Skeleton

KNOWN = (
    "Known: a folder by write_corpus, a folder of .pose files with one *corpus.csv, an SLRTP .pt "
    "file, a .skels file."
)


def read_corpus(path: str | Path, fps: float = 25.0) -> Iterator[Utterance]:
    """The items of a corpus in any format that holds poses, as they are in the file.

    `write_corpus(folder, read_corpus(path))` makes a corpus of it; no more than an item is held
    in memory.

    Args:
        path: A corpus' folder; a folder of `.pose` files whose names and sentences stand in the
            one `*corpus.csv` in it; an SLRTP `.pt` file; a `.skels` file with others beside it.
        fps: Frame rate of `.pt` and `.skels`, which don't hold it.

    Raises:
        PoseFileError: If it is of another kind, or damaged.

    Chapter: 04_synthetic_corpus
    """
    path = Path(path)
    if (path / ABOUT).is_file():
        return iter(Corpus.open(path))
    if path.is_dir():
        return _read_folder(path)
    if path.suffix == ".pt":
        return iter(read_slrtp(path, fps).values())
    if path.suffix == ".skels":
        return iter_skels(path.with_suffix(""), fps)
    raise PoseFileError("It isn't a corpus with poses of a known format.", file=path, fix=KNOWN)


def export_corpus(
    utterances: Iterable[Utterance],
    path: str | Path,
    format: Literal["slrtp", "skels", "pose"],
    *,
    fps: float = 25.0,
) -> None:
    """Write a corpus in one of the field's formats; no more than an item is held in memory.

    Origins, spans and recipes are lost in all of them, confidences and our face in the first
    two, signers in `.skels`.

    Args:
        utterances: A `Corpus`, or whatever gives utterances with poses.
        path: The `.pt` file; for "skels" the path without suffix; for "pose" a new folder, which
            gets one `.pose` file per item and a `corpus.csv`.
        format: Which.
        fps: Frame rate of "slrtp" and "skels", which don't say theirs; poses are converted.

    Raises:
        SLTError: If an item doesn't fit the format, or a folder holds other things.

    Chapter: 04_synthetic_corpus
    """
    if format == "slrtp":
        write_slrtp((_on(item, SLRTP_FILE_178, fps) for item in utterances), path)
    elif format == "skels":
        write_skels((_on(item, PROGRESSIVE_50, fps) for item in utterances), path)
    elif format == "pose":
        _write_folder(utterances, Path(path))
    else:
        raise SLTError(f"There is no format {format!r}.", fix="slrtp, skels or pose.")


def _on(item: Utterance, skeleton: Skeleton, fps: float) -> Utterance:
    if item.pose is None:
        return item  # the writer says what is wrong
    return replace(item, pose=to_fps(item.pose, fps).to(skeleton))


def _read_folder(folder: Path) -> Iterator[Utterance]:
    tables = sorted(folder.glob("*corpus.csv"))
    if len(tables) != 1:
        raise PoseFileError(f"It holds {len(tables)} *corpus.csv.", file=folder, fix=KNOWN)
    for item in read_corpus_csv(tables[0]):
        pose = read_pose(pose_path(folder, item.name))
        yield replace(item, pose=pose, frames=len(pose))


def _write_folder(utterances: Iterable[Utterance], folder: Path) -> None:
    if folder.is_file() or (folder.exists() and any(folder.iterdir())):
        raise SLTError("There are other things.", file=folder, fix="Choose a new folder.")

    def stored() -> Iterator[Utterance]:
        for item in utterances:
            file = pose_path(folder, item.name)
            if item.pose is None or file.exists():
                what = "has no pose" if item.pose is None else "stands twice"
                raise SLTError(f"{item.name!r} {what}.", file=folder)
            write_pose(item.pose, file)
            yield replace(item, pose=None)

    write_corpus_csv(stored(), folder / "corpus.csv")  # last: it makes the folder complete


def pose_path(folder: Path, name: str) -> Path:
    """An item's `.pose` file, which is inside the folder.

    Raises:
        PoseFileError: If the name can't be a file's, or leads out of the folder.
    """
    where = PurePosixPath(name)
    if not where.name or where.is_absolute() or ".." in where.parts or set(name) & set("\\\0"):
        raise PoseFileError(
            f"{name!r} can't be a file's name.", file=folder, fix="Rename the item."
        )
    return folder / f"{name}.pose"
