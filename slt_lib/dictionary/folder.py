"""A dictionary from a folder of recordings that are named by their gloss."""

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from slt_lib.dictionary.dictionary import Dictionary
from slt_lib.dictionary.lexicon import from_lexicon
from slt_lib.dictionary.sign import number_variants, record
from slt_lib.pose.errors import PoseFileError
from slt_lib.pose.io import read
from slt_lib.pose.io.single import VIDEO_SUFFIXES

POSE_SUFFIXES = (".pose", ".npz")


def from_folder(folder: str | Path) -> Dictionary:
    """The signs of a user's folder, whatever it holds.

    With an `index.csv` it is a lexicon (`from_lexicon`); else its `.pose` and `.npz` files are
    taken (`from_pose_folder`), and if there are none, its videos (`from_videos`).

    Args:
        folder: The folder.

    Raises:
        PoseFileError: If it holds none of these.
        MissingPartError: If it holds videos and the video environment isn't there.

    Chapter: 02_dictionary
    """
    folder = Path(folder)
    if (folder / "index.csv").is_file():
        return from_lexicon(folder, signed_language="")
    suffixes = {path.suffix.lower() for path in folder.rglob("*")}
    if suffixes & set(VIDEO_SUFFIXES) and not suffixes & set(POSE_SUFFIXES):
        return from_videos(folder)
    return from_pose_folder(folder)


def from_pose_folder(folder: str | Path, signed_language: str = "") -> Dictionary:
    """The signs in a folder of `.pose` and `.npz` files.

    `REGEN.pose` shows REGEN; `REGEN_2.pose`, or any file in a subfolder `REGEN`, shows another
    take of it.

    Args:
        folder: The folder.
        signed_language: ISO 639-3 code to note in each sign.

    Raises:
        PoseFileError: If the folder holds no such file.

    Chapter: 02_dictionary
    """
    return _from_files(folder, POSE_SUFFIXES, signed_language)


def from_videos(folder: str | Path, signed_language: str = "") -> Dictionary:
    """The signs in a folder of videos, named as in `from_pose_folder`.

    Args:
        folder: The folder.
        signed_language: ISO 639-3 code to note in each sign.

    Raises:
        PoseFileError: If the folder holds no video.
        MissingPartError: If the video environment isn't there.

    Chapter: 02_dictionary
    """
    return _from_files(folder, VIDEO_SUFFIXES, signed_language)


def _from_files(folder: str | Path, suffixes: Iterable[str], signed_language: str) -> Dictionary:
    folder = Path(folder)
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() in suffixes)
    if not files:
        raise PoseFileError(
            f"The folder holds no file ending in {', '.join(suffixes)}.",
            file=folder,
            fix="Name the recordings by their gloss (REGEN.pose).",
        )
    return Dictionary(
        number_variants(
            record(
                _gloss(path, folder),
                partial(read, path),
                path.relative_to(folder).as_posix(),
                signed_language=signed_language,
            )
            for path in files
        )
    )


def _gloss(path: Path, folder: Path) -> str:
    return path.parent.name if path.parent != folder else re.sub(r"_\d+$", "", path.stem)
