"""How is a corpus laid out on disk? Arrow shards of flat lists, read through a memory map.

A shard is an Arrow stream file, as Hugging Face `datasets` reads and writes. Positions are one
flat list per item (float16 by default, a two-thousandth of a shoulder width at arm's length),
confidences one of bytes: 0 stays 0 and nothing else becomes 0, so the mask is exact.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.io.guard import atomic_write
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import Skeleton

DTYPES = {"float16": pa.float16(), "float32": pa.float32()}
BATCH = 16  # items in a record batch: whoever opens a shard holds some kilobytes for each batch


def schema(dtype: str) -> pa.Schema:
    """The columns of a shard.

    Args:
        dtype: "float16" or "float32", of the positions.
    """
    return pa.schema(
        [
            ("name", pa.string()), ("gloss", pa.list_(pa.string())), ("text", pa.string()),
            ("signer", pa.string()), ("origin", pa.string()), ("fps", pa.float64()),
            ("frames", pa.int32()), ("poses", pa.large_list(DTYPES[dtype])),
            ("mask", pa.large_list(pa.uint8())), ("spans", pa.list_(pa.int32())),
            ("recipe", pa.string()), ("digest", pa.binary(32)),
        ]
    )  # fmt: skip


def to_row(utterance: Utterance, dtype: str, skeleton: Skeleton) -> dict:
    """One item as the values of a shard's row.

    Args:
        utterance: With a pose; another skeleton is converted.
        dtype: Of the stored positions.
        skeleton: Of the corpus.

    Raises:
        SLTError: If it has no pose, or its positions don't fit the type.
    """
    if utterance.pose is None:
        raise SLTError(
            f"{utterance.name}: there is no pose to store.", fix="Join annotation and poses first."
        )
    pose = utterance.pose.to(skeleton)
    with np.errstate(over="ignore"):
        positions = np.ascontiguousarray(pose.positions, dtype=dtype)
        largest = np.abs(pose.positions).max(initial=0).astype(dtype)
    if not np.isfinite(largest):
        raise SLTError(
            f"{utterance.name}: positions are too large for {dtype}.",
            fix="Normalise the poses (shoulder widths), or store float32.",
        )
    mask = np.ceil(pose.confidence * 255).astype(np.uint8)
    spans = None if utterance.spans is None else np.int32(utterance.spans).ravel()
    row = {
        "name": utterance.name, "gloss": list(utterance.gloss), "text": utterance.text,
        "signer": utterance.signer, "origin": utterance.origin, "fps": pose.fps,
        "frames": len(pose),
    }  # fmt: skip
    content = hashlib.sha256(json.dumps(row, sort_keys=True).encode())
    content.update(positions.tobytes())
    content.update(mask.tobytes())
    recipe = "" if utterance.recipe is None else json.dumps(dict(utterance.recipe))
    return row | {
        "poses": positions.ravel(), "mask": mask.ravel(), "spans": spans, "recipe": recipe,
        "digest": content.digest(),
    }  # fmt: skip


def write_shard(
    path: Path, utterances: Iterable[Utterance], dtype: str, skeleton: Skeleton
) -> list[bytes]:
    """Write one shard, some items at a time, atomically.

    Args:
        path: The shard's file.
        utterances: Its items, in order; read as they are written.
        dtype, skeleton: Of the corpus.

    Returns:
        The sha256 of each item's content.

    Raises:
        SLTError: As `to_row`.
    """
    digests, columns, items = [], schema(dtype), iter(utterances)
    with atomic_write(path) as file, pa.ipc.new_stream(file, columns) as out:
        while rows := [to_row(one, dtype, skeleton) for one in islice(items, BATCH)]:
            digests += [row["digest"] for row in rows]
            arrays = [_array([row[field.name] for row in rows], field.type) for field in columns]
            out.write_batch(pa.record_batch(arrays, schema=columns))
    return digests


def _array(values: list, kind: pa.DataType) -> pa.Array:
    """A column of a batch; lists of numbers go in without being unpacked."""
    if not any(isinstance(value, np.ndarray) for value in values):
        return pa.array(values, kind)
    known = [np.zeros(0, int) if value is None else value for value in values]
    ends = pa.array(np.cumsum([0, *map(len, known)]), _offsets(kind))
    made = pa.LargeListArray if pa.types.is_large_list(kind) else pa.ListArray
    missing = pa.array([value is None for value in values])
    return made.from_arrays(ends, pa.array(np.concatenate(known), kind.value_type), mask=missing)


def _offsets(kind: pa.DataType) -> pa.DataType:
    return pa.int64() if pa.types.is_large_list(kind) else pa.int32()


def from_row(row: pa.Table, skeleton: Skeleton, file: Path | None = None) -> Utterance:
    """The item in a one-row table; its numbers are read straight from the mapped file.

    Args:
        row: One row with the columns of `schema`.
        skeleton: Of the corpus.
        file: Where it stands, for messages.

    Raises:
        SLTError: If the row's lists don't have the lengths that its frames ask for, or its
            recipe can't be read.
    """
    one = {c: row.column(c)[0].as_py() for c in row.column_names if c not in ("poses", "mask")}
    frames, joints = one["frames"], len(skeleton)
    poses, mask = (_flat(row.column(c)) for c in ("poses", "mask"))
    try:
        recipe = json.loads(one["recipe"]) if one["recipe"] else None
        whole = len(poses) == frames * joints * 3 and len(mask) == frames * joints
    except ValueError:
        whole = False
    if not whole:
        raise SLTError(f"Item {one['name']!r} is damaged.", file=file, fix="Make the corpus again.")
    pose = PoseSequence(
        poses.reshape(frames, joints, 3).astype(np.float32),
        mask.reshape(frames, joints).astype(np.float32) / np.float32(255),
        one["fps"],
        skeleton,
        meta={"unit": "shoulder width"},
    )
    spans = one["spans"]
    return Utterance(
        name=one["name"],
        gloss=tuple(one["gloss"]),
        text=one["text"],
        signer=one["signer"],
        pose=pose,
        frames=frames,
        origin=one["origin"],
        spans=None if spans is None else tuple(zip(spans[::2], spans[1::2], strict=True)),
        recipe=recipe,
    )


def _flat(column: pa.ChunkedArray) -> np.ndarray:
    """The numbers of a one-row list column, without a copy."""
    values = column.chunk(0).flatten()
    return values.to_numpy(zero_copy_only=True)


def corpus_hash(digests: Sequence[bytes]) -> str:
    """One sha256 for items in an order, as 64 hexadecimal digits."""
    return hashlib.sha256(b"".join(digests)).hexdigest()
