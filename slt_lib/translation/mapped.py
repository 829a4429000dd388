"""A corpus made ready for training once, and read through a memory map from then on."""

import json
from pathlib import Path

import numpy as np
from filelock import FileLock
from tqdm import tqdm

from slt_lib.corpus.corpus import Corpus
from slt_lib.pose.errors import PoseFileError
from slt_lib.pose.io.guard import atomic_write
from slt_lib.translation.data import TranslationData
from slt_lib.translation.features import JOINTS

ABOUT = "ready.json"
AT_ONCE = 256  # sentences in memory while it is made
FILES = {"positions": (np.float16, (JOINTS, 3)), "seen": (np.bool_, (JOINTS,))}


def mapped(
    corpus: Corpus, folder: str | Path, *, max_frames: int = 1200, domain: int = 0
) -> TranslationData:
    """What `TranslationData.from_corpus` gives, with keypoints that stay on disk.

    Only words, and where each sentence begins, are in memory. Processes that train together read
    the same files, so the system keeps them once.

    Args:
        corpus: Poses in the shoulder frame.
        folder: For the keypoints; made when first asked for.
        max_frames, domain: As for `from_corpus`.

    Raises:
        PoseFileError: If the folder holds the keypoints of another corpus, or is damaged.

    Chapter: 15_your_own_data
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    key = {"corpus": corpus.hash, "max_frames": max_frames}
    with FileLock(folder / "ready.lock"):
        if not (folder / ABOUT).is_file():
            _write(corpus, folder, key, max_frames)
    try:
        about = json.loads((folder / ABOUT).read_text("utf8"))
        starts = np.cumsum([0, *about["lengths"]])
        arrays = {
            name: np.memmap(folder / f"{name}.bin", kind, "r", shape=(int(starts[-1]), *shape))
            for name, (kind, shape) in FILES.items()
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PoseFileError(
            f"Its keypoints can't be read ({error}).", file=folder, fix="Delete the folder."
        ) from error
    if about["key"] != key:
        raise PoseFileError(
            "It holds the keypoints of another corpus.", file=folder,
            fix="Choose a new folder, or delete this one.",
        )  # fmt: skip
    texts = tuple(" ".join(text.split()) for text in corpus.texts)
    return TranslationData(
        arrays["positions"], arrays["seen"], starts, tuple(corpus.names), tuple(corpus.glosses),
        texts, np.full(len(corpus), domain),
    )  # fmt: skip


def _write(corpus: Corpus, folder: Path, key: dict, max_frames: int) -> None:
    """Both files, then the one that says that they are complete."""
    lengths: list[int] = []
    names = [folder / f"{name}.bin" for name in FILES]
    with atomic_write(names[0]) as positions, atomic_write(names[1]) as seen:
        for start in tqdm(range(0, len(corpus), AT_ONCE), "keypoints", unit="lot", leave=False):
            lot = (corpus[i] for i in range(start, min(start + AT_ONCE, len(corpus))))
            part = TranslationData.from_corpus(lot, max_frames=max_frames)
            positions.write(part.positions.tobytes())
            seen.write(part.seen.tobytes())
            lengths += part.lengths.tolist()
    with atomic_write(folder / ABOUT) as file:
        file.write(json.dumps({"key": key, "lengths": lengths}).encode())
