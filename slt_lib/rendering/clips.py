"""Many video clips on disk, their frames compressed: what a video translator is fed from."""

import zlib
from collections.abc import Callable, Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image
from tqdm import tqdm

from slt_lib.corpus.corpus import shard_name
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.clip_shards import (
    ABOUT,
    AGAIN,
    Clip,
    kind_of,
    new_about,
    read_about,
    read_shard,
    table_hash,
    write_about,
    write_shard,
)


class Clips:
    """Clips in a folder; a frame is read when it is asked for.

    What is written about clips is in memory; their pictures stay on disk, however many they are.

    Attributes:
        folder: Where they lie.
        fps: Frames per second, of all.
        height, width: Of all pictures.
        hash: sha256 over everything that is in them, in order.

    Chapter: 11_video_to_text
    """

    def __init__(self, folder: Path, about: dict, table: pa.Table) -> None:
        self.folder, self._table = folder, table
        self.hash = about["hash"]
        one = table.slice(0, 1)
        self.fps, self.height, self.width = (
            one.column(name)[0].as_py() for name in ("fps", "height", "width")
        )

    @classmethod
    def open(cls, folder: str | Path) -> "Clips":
        """The clips in a folder.

        Raises:
            SLTError: If it holds none or not all of them, or a shard is missing or damaged.

        Chapter: 11_video_to_text
        """
        folder = Path(folder)
        about = read_about(folder)
        if "hash" not in about:
            raise SLTError("Its clips aren't complete.", file=folder,
                           fix="Make them again: what is there is kept.")  # fmt: skip
        shards = range(-(-about["clips"] // about["shard"]))
        table = pa.concat_tables([read_shard(folder / shard_name(i)) for i in shards])
        if table_hash(table) != about["hash"]:
            raise SLTError(
                f"Its shards don't hold the {about['clips']} clips that were written.",
                file=folder,
                fix="Delete the folder and make the clips again.",
            )
        return cls(folder, about, table)

    def __reduce__(self):
        return Clips.open, (self.folder,)  # other processes map the files themselves

    def __len__(self) -> int:
        return len(self._table)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every clip's name."""
        return tuple(self._table.column("name").to_pylist())

    @cached_property
    def glosses(self) -> tuple[tuple[str, ...], ...]:
        """Every clip's glosses."""
        return tuple(map(tuple, self._table.column("gloss").to_pylist()))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Every clip's text."""
        return tuple(self._table.column("text").to_pylist())

    @cached_property
    def signers(self) -> tuple[str, ...]:
        """Every clip's signer."""
        return tuple(self._table.column("signer").to_pylist())

    @cached_property
    def lengths(self) -> np.ndarray:
        """Every clip's frames, int [clips]."""
        return np.array(self._table.column("frames").to_pylist(), int)

    def frames(self, clip: int, which: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
        """Pictures of one clip, uint8 [frames, H, W, 3].

        Args:
            clip: Its number.
            which: Numbers of the frames wanted, in any order; None for all. The others aren't
                decoded.

        Raises:
            SLTError: If a frame is damaged on disk.

        Chapter: 11_video_to_text
        """
        row = self._table.slice(range(len(self))[clip], 1)
        pictures, checks = (row.column(c)[0].values for c in ("pictures", "checks"))
        which = np.arange(len(pictures))[slice(None) if which is None else np.asarray(which, int)]
        out = np.empty((len(which), self.height, self.width, 3), np.uint8)
        for place, number in enumerate(which.tolist()):
            file = pictures[number].as_buffer()
            if zlib.crc32(file) != checks[number].as_py():
                raise SLTError(f"Frame {number} of clip {self.names[clip]!r} is damaged.",
                               file=self._file(clip), fix=AGAIN)  # fmt: skip
            out[place] = Image.open(BytesIO(file))
        return out

    def _file(self, clip: int) -> Path:
        return self.folder / shard_name(range(len(self))[clip] // read_about(self.folder)["shard"])


def write_clips(
    folder: str | Path, count: int, make: Callable[[int], Clip], *, key: str, shard: int = 64,
    progress: bool = True,
) -> Clips:  # fmt: skip
    """Write clips, shard by shard; a call that was interrupted goes on at the first missing shard.

    Args:
        folder: A new folder, or one that an earlier call with the same key left.
        count: Number of clips.
        make: Makes the clip of a number from 0 to count - 1, and always the same one. It isn't
            called for clips of shards that are there.
        key: What is made, in any words: settings, seeds, hashes of what clips are made from.
        shard: Clips per shard.
        progress: Whether to show a bar on standard error.

    Raises:
        SLTError: If there is no clip, the folder holds something else, or frame rates or
            sizes differ.

    Chapter: 11_video_to_text
    """
    folder = Path(folder)
    if count < 1 or shard < 1:
        raise SLTError(f"{count} clips in shards of {shard} can't be written.", file=folder)
    about = new_about(key, count, shard)
    _claim(folder, about)
    starts = range(0, count, shard)
    files = [folder / shard_name(i) for i in range(len(starts))]
    bar = tqdm(total=count, desc=folder.name, unit="clip", leave=False, disable=not progress)
    first = None
    with bar:
        for start, file in zip(starts, files, strict=True):
            numbers = range(start, min(start + shard, count))
            if not file.is_file():
                write_shard(file, map(make, numbers), first, bar)
            first = first or kind_of(read_shard(file).slice(0, 1))
            bar.update(numbers.stop - bar.n)
    write_about(folder, about | {"hash": table_hash(pa.concat_tables(map(read_shard, files)))})
    for left in folder.glob(".shard-*"):  # of calls that were killed
        left.unlink()
    return Clips.open(folder)


def _claim(folder: Path, about: dict) -> None:
    """Mark the folder as holding these clips, unless it holds something else."""
    if (folder / ABOUT).is_file():
        there = read_about(folder)
        if {name: there.get(name) for name in about} != about:
            raise SLTError("The folder holds other clips (settings, seeds, number or sources).",
                           file=folder, fix="Choose a new folder, or delete this one.")  # fmt: skip
        return
    if folder.is_file() or (folder.is_dir() and any(folder.glob("[!.]*"))):
        raise SLTError("The folder holds other things.", file=folder, fix="Choose a new folder.")
    write_about(folder, about)
