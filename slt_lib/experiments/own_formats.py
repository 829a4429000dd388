"""One small simulated corpus, written in every format that a user may bring.

Whoever tests the way from a folder to a translator needs folders. These hold the weather world's
sentences: simulated signing, in the field's files.
"""

import gzip
import pickle
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from slt_lib.corpus.formats import export_corpus, pose_path
from slt_lib.corpus.ingest import export_lexicon
from slt_lib.corpus.own import write_annotations
from slt_lib.dictionary import Dictionary
from slt_lib.pose.io import Utterance, write_corpus_csv, write_npz, write_pose
from slt_lib.pose.io.guard import atomic_write
from slt_lib.pose.resample import to_fps
from slt_lib.pose.sequence import PoseSequence
from slt_lib.rendering.drawing import draw_skeletons
from slt_lib.rendering.keypoints import pose_keypoints
from slt_lib.rendering.video import write_video

Parts = Mapping[str, Sequence[Utterance]]
LANGUAGE = "qaa"  # for private use: these signs are of no sign language
PICTURE = 64  # pixels a side of made videos
SHOULDERS = 16  # pixels between the shoulders in them


def _named(parts: Parts) -> Iterator[tuple[str, str, Utterance]]:
    """Split, plain name and utterance of every sentence."""
    for split, items in parts.items():
        for item in items:
            yield split, item.name.replace("/", "_"), item


def pose_folder(parts: Parts, folder: Path, *, splits: bool = True) -> None:
    """`.pose` files and `annotations.csv`, the book's own layout.

    Args:
        parts: Utterances by split.
        folder: A new folder.
        splits: Whether the table says which split a sentence is in.

    Chapter: 15_your_own_data
    """
    rows = []
    for split, items in parts.items():
        for item in items:
            write_pose(item.pose, pose_path(folder, item.name))
            rows.append((f"{item.name}.pose", split if splits else "", item))
    write_annotations(rows, folder / "annotations.csv")


def npz_folder(parts: Parts, folder: Path) -> None:
    """`.npz` files and `annotations.csv` without splits.

    Chapter: 15_your_own_data
    """
    rows = []
    for _, name, item in _named(parts):
        write_npz(item.pose, folder / f"{name}.npz")
        rows.append((f"{name}.npz", "", item))
    write_annotations(rows, folder / "annotations.csv")


def phoenix_folder(parts: Parts, folder: Path) -> None:
    """`.pose` files and three `*.corpus.csv`, as PHOENIX14T names them.

    Chapter: 15_your_own_data
    """
    for split, items in parts.items():
        said = []
        for item in items:
            name = item.name.replace("/", "_")
            write_pose(item.pose, folder / "poses" / split / f"{name}.pose")
            said.append(replace(item, name=name))
        write_corpus_csv(said, folder / "annotations" / f"PHOENIX-2014-T.{split}.corpus.csv")


def slrtp_folder(parts: Parts, folder: Path) -> None:
    """`train.pt`, `dev.pt` and `test.pt`, as the SLRTP 2025 challenge has them: without our face.

    Chapter: 15_your_own_data
    """
    for split, items in parts.items():
        export_corpus(items, folder / f"{split}.pt", "slrtp")


def skels_folder(parts: Parts, folder: Path) -> None:
    """`.skels`, `.files`, `.gloss` and `.text` per split, as Progressive Transformers has them.

    Chapter: 15_your_own_data
    """
    for split, items in parts.items():
        export_corpus(items, folder / split, "skels")


def annotated_folder(parts: Parts, folder: Path) -> None:
    """`.skels` with the gzip annotations of sign-language-transformers, alignments left out.

    Chapter: 15_your_own_data
    """
    skels_folder(parts, folder / "skels")
    for split, items in parts.items():
        rows = [
            {"name": i.name, "signer": i.signer, "gloss": " ".join(i.gloss), "text": i.text,
             "num_frames": len(to_fps(i.pose, 25.0)), "sign": None, "alignments": {}}
            for i in items
        ]  # fmt: skip
        with atomic_write(folder / f"own.{split}.gz") as file:
            file.write(gzip.compress(pickle.dumps(rows, protocol=2)))


def video_folder(parts: Parts, folder: Path) -> None:
    """Videos of drawn skeletons, the `.pose` files that an estimator would give, and a table.

    Chapter: 15_your_own_data
    """
    rows = []
    for split, name, item in _named(parts):
        pose = in_pixels(item.pose)
        write_pose(pose, folder / f"{name}.pose")
        drawn = draw_skeletons(pose_keypoints(pose, PICTURE, PICTURE))
        write_video(drawn, folder / f"{name}.mp4", pose.fps)
        rows.append((f"{name}.mp4", split, item))
    write_annotations(rows, folder / "annotations.csv")


def in_pixels(pose: PoseSequence) -> PoseSequence:
    """A pose of the shoulder frame in the pixels of a square picture.

    Chapter: 15_your_own_data
    """
    shift = np.float32([PICTURE / 2, 0.45 * PICTURE, 0])
    places = pose.positions * np.float32(SHOULDERS) + shift
    meta = {"width": PICTURE, "height": PICTURE, "depth": PICTURE}
    return PoseSequence(places, pose.confidence, pose.fps, pose.skeleton, meta)


FORMATS: dict[str, Callable[[Parts, Path], None]] = {
    ".pose and annotations.csv": pose_folder,
    ".npz and annotations.csv, no splits": npz_folder,
    ".pose and PHOENIX *.corpus.csv": phoenix_folder,
    "SLRTP train.pt, dev.pt, test.pt": slrtp_folder,
    ".skels, .gloss, .text, .files": skels_folder,
    "annotation .gz and .skels": annotated_folder,
    "videos, .pose and annotations.csv": video_folder,
}


def with_lexicon(dictionary: Dictionary, glosses: Container[str], folder: Path) -> None:
    """A lexicon folder beside the data, of those signs of a dictionary that the data need.

    Args:
        dictionary: The signs.
        glosses: That are needed.
        folder: The data's.

    Chapter: 15_your_own_data
    """
    needed = Dictionary(sign for sign in dictionary if sign.gloss in glosses)
    export_lexicon(needed, folder / "lexicon", signed_language=LANGUAGE)
