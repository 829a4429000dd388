"""`.npz`: this library's own file for one pose sequence, numpy arrays and nothing else."""

import json
import math
import zipfile
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from slt_lib.pose.errors import PoseFileError
from slt_lib.pose.io.guard import LARGEST_FILE, atomic_write, checked_fps, refusing
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import skeleton

KIND_OF = {"positions": "f", "confidence": "f", "fps": "f", "skeleton": "U", "meta": "U"}


def write_npz(pose: PoseSequence, path: str | Path) -> None:
    """Writes a pose sequence, `meta` included, as numpy arrays.

    Args:
        pose: One of the known skeletons; `meta` of plain values.
        path: The file to write.

    Chapter: 01_signing_poses
    """
    meta = json.dumps(dict(pose.meta), default=str)
    with atomic_write(path) as stream:
        np.savez(
            stream,
            positions=np.ascontiguousarray(pose.positions),
            confidence=np.ascontiguousarray(pose.confidence),
            fps=np.float64(pose.fps),
            skeleton=pose.skeleton.name,
            meta=meta,
        )


def read_npz(path: str | Path) -> PoseSequence:
    """Reads what `write_npz` wrote (lists in `meta` come back as tuples).

    Raises:
        PoseFileError: If the file is damaged, or a member is missing or of another kind.

    Chapter: 01_signing_poses
    """
    path = Path(path)
    with (
        refusing(path, "a pose .npz file", "Write it again with write_npz."),
        zipfile.ZipFile(path) as archive,
    ):
        parts = {name: _member(archive, name, path) for name in KIND_OF}
        meta = json.loads(str(parts["meta"]))
        return PoseSequence(
            parts["positions"],
            parts["confidence"],
            checked_fps(float(parts["fps"])),
            skeleton(str(parts["skeleton"])),
            {k: tuple(v) if isinstance(v, list) else v for k, v in meta.items()},
        )


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> np.ndarray:
    """One array, its announced size held against the member's before memory is taken."""
    info = archive.getinfo(f"{name}.npy")
    with archive.open(info) as stream:
        header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        shape, fortran, dtype = header[npy.read_magic(stream)](stream)
        size = math.prod(shape) * dtype.itemsize
        if dtype.kind != KIND_OF[name] or fortran or stream.tell() + size != info.file_size:
            raise PoseFileError(
                f"Its {name} array is not what write_npz writes.",
                file=path,
                fix="Write it again with write_npz.",
            )
        if size > LARGEST_FILE:
            raise PoseFileError(f"Its {name} array takes {size >> 20} MB.", file=path)
        data = stream.read(size)
        if stream.read(1) or len(data) != size:
            raise PoseFileError(f"Its {name} array is cut off.", file=path)
    return np.frombuffer(data, dtype).reshape(shape)
