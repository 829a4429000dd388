"""How are video clips laid out on disk? Arrow shards, a clip per row, a JPEG file per frame.

Why JPEG: at 128 pixels on one busy core of two, H.264 (libx264) takes a quarter of the space but
gives 400 frames a second, and a frame in the middle only after those before it; WebP gives 2,000;
JPEG with colours at full resolution gives 2,400, each frame on its own.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from slt_lib.corpus.corpus import open_shard
from slt_lib.corpus.shards import corpus_hash
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io.guard import atomic_write, checked_fps
from slt_lib.rendering.video import jpeg

FORMAT, VERSION = "slt-clips", 1
ABOUT = "clips.json"
QUALITY = 90  # of JPEG
AGAIN = "Delete it and make the clips again: shards that are whole aren't made twice."
SCHEMA = pa.schema(
    [
        ("name", pa.string()), ("gloss", pa.list_(pa.string())), ("text", pa.string()),
        ("signer", pa.string()), ("fps", pa.float64()), ("frames", pa.int32()),
        ("height", pa.int32()), ("width", pa.int32()), ("pictures", pa.list_(pa.binary())),
        ("checks", pa.list_(pa.uint32())), ("digest", pa.binary(32)),
    ]
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Clip:
    """A signed sentence on video.

    Attributes:
        name: Within its set.
        gloss: Glosses in signing order.
        text: The spoken-language sentence.
        signer: Who signs; "" where nobody said.
        frames: uint8 [frames, H, W, 3], RGB.
        fps: Frames per second.

    Raises:
        SLTError: If there is no frame, or it is no such array.

    Chapter: 11_video_to_text
    """

    name: str
    gloss: tuple[str, ...]
    text: str
    signer: str
    frames: np.ndarray
    fps: float

    def __post_init__(self) -> None:
        shape, kind = self.frames.shape, self.frames.dtype
        if kind != np.uint8 or len(shape) != 4 or shape[3] != 3 or 0 in shape:
            raise SLTError(f"{self.name}: frames are uint8 [frames, H, W, 3] and at least one, "
                           f"not {kind} {list(shape)}.")  # fmt: skip
        checked_fps(self.fps)


def new_about(key: str, clips: int, shard: int) -> dict:
    """What is written down about clips before the first is made.

    Args:
        key: What they are made of.
        clips: How many there will be.
        shard: How many in each file.
    """
    return {"format": FORMAT, "version": VERSION, "key": key, "clips": clips, "shard": shard}


def write_about(folder: Path, about: dict) -> None:
    """Write down what a folder's clips are; with their hash once they are complete."""
    with atomic_write(folder / ABOUT) as file:
        file.write(json.dumps(about, indent=1).encode())


def read_about(folder: Path) -> dict:
    """What `write_about` wrote.

    Raises:
        SLTError: If it isn't there or is of another kind.
    """
    try:
        about = json.loads((folder / ABOUT).read_text("utf8"))
        known = (about["format"], about["version"]) == (FORMAT, VERSION)
        known = known and min(int(about["clips"]), int(about["shard"])) > 0
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SLTError(f"It holds no clips ({error}).", file=folder,
                       fix="Make them with write_clips or pack_recordings.") from error  # fmt: skip
    if not known:
        raise SLTError("Its clips are of another version.", file=folder, fix="Make them again.")
    return about


def read_shard(path: Path) -> pa.Table:
    """A shard's rows, mapped from its file.

    Raises:
        SLTError: If it is missing, damaged or of another kind.
    """
    table = open_shard(path, AGAIN).data.table
    if not table.schema.equals(SCHEMA):
        raise SLTError("The shard has other columns than clips have.", file=path, fix=AGAIN)
    return table


def table_hash(table: pa.Table) -> str:
    """One sha256 for all clips of a table, in order."""
    return corpus_hash(table.column("digest").to_pylist())


def kind_of(row: pa.Table) -> tuple[float, int, int]:
    """Frame rate, height and width of the first row."""
    return tuple(row.column(name)[0].as_py() for name in ("fps", "height", "width"))


def write_shard(path: Path, clips: Iterable[Clip], first: tuple | None, bar: tqdm) -> None:
    """Write one shard, clip by clip, atomically.

    Args:
        path: The shard's file.
        clips: Its clips, made as they are written.
        first: The kind that all must be of (`kind_of`), None for that of the first.
        bar: Moved on by each clip.

    Raises:
        SLTError: If a clip is of another frame rate or size.
    """
    with atomic_write(path) as file, pa.ipc.new_stream(file, SCHEMA) as out:
        for clip in clips:
            row = _row(clip)
            kind = row["fps"], row["height"], row["width"]
            first = first or kind
            if kind != first:
                raise SLTError(
                    f"{clip.name}: {kind[0]:g} fps and {kind[2]}×{kind[1]} pixels, clips before "
                    f"it had {first[0]:g} fps and {first[2]}×{first[1]}.",
                    fix="Make all clips of one frame rate and size.",
                )
            arrays = [pa.array([row[field.name]], field.type) for field in SCHEMA]
            out.write_batch(pa.record_batch(arrays, schema=SCHEMA))
            bar.update()


def _row(clip: Clip) -> dict:
    """A clip as the values of a shard's row."""
    frames, height, width, _ = clip.frames.shape
    row = {
        "name": clip.name, "gloss": list(clip.gloss), "text": clip.text, "signer": clip.signer,
        "fps": float(clip.fps), "frames": frames, "height": height, "width": width,
    }  # fmt: skip
    pictures = [jpeg(frame, QUALITY) for frame in clip.frames]
    digest = hashlib.sha256(json.dumps(row, sort_keys=True).encode())
    for picture in pictures:
        digest.update(picture)
    checks = [zlib.crc32(picture) for picture in pictures]
    return row | {"pictures": pictures, "checks": checks, "digest": digest.digest()}
