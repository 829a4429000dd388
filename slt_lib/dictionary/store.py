"""A dictionary on disk: a folder whose poses stay there until a sign is played.

Its files::

    dictionary.json   format version, skeleton, synonyms
    index.csv         one readable row per recording, with its quality
    signs.arrow       Arrow IPC file; one record batch per sign, read when the sign is played:
                      positions float32 [frames * 178 * 3], confidence float32 [frames * 178]
    prepared-*.arrow  what stitching made of the signs (`prepare_dictionary`); may be deleted

The file is read, not mapped: a mapped file counts as memory of the process once all its signs
have been played, and 7,206 signs are a gigabyte.

A row deleted from `index.csv` takes its sign out of the dictionary.
"""

import csv
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from slt_lib.dictionary.dictionary import Dictionary
from slt_lib.dictionary.quality import VERDICTS, SignQuality
from slt_lib.dictionary.sign import Sign
from slt_lib.pose.errors import PoseFileError, SLTError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178

FORMAT, VERSION = "slt-dictionary", 1
FLOATS = pa.list_(pa.float32())
SCHEMA = pa.schema([("gloss", pa.string()), ("positions", FLOATS), ("confidence", FLOATS)])
SIGN_COLUMNS = {
    "gloss": str, "variant": int, "fps": float, "frames": int, "signed_language": str,
    "source": str, "sentence": str, "priority": int,
}  # fmt: skip
MEASURES = tuple(f.name for f in fields(SignQuality) if f.name not in ("frames", "why"))
COLUMNS = ("row", *SIGN_COLUMNS, *MEASURES, "why")


class StoredPoses:
    """The poses of a saved dictionary, each read when asked for; pickles as its path.

    Args:
        file: A `signs.arrow`.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self):
        return StoredPoses, (self.file,)

    @cached_property
    def reader(self) -> pa.RecordBatchFileReader:
        """The open file.

        Raises:
            PoseFileError: If it is missing or damaged.
        """
        try:
            self._stamp = _stamp(self.file)  # before opening: never newer than what is read
            return pa.ipc.open_file(pa.OSFile(str(self.file)))
        except (OSError, pa.ArrowException) as error:
            raise PoseFileError(
                f"It can't be opened ({error}).", file=self.file, fix="Save the dictionary again."
            ) from error

    @property
    def stamp(self) -> list[int]:
        """Bytes and time of change (ns) of the file when it was opened."""
        _ = self.reader
        return self._stamp

    def is_replaced(self) -> bool:
        """Whether the file that is open has gone or another one has taken its place."""
        try:
            return self.stamp != _stamp(self.file)
        except OSError:
            return True

    def read(self, row: int, fps: float, frames: int) -> PoseSequence:
        """The pose of one sign, straight from the file.

        Raises:
            PoseFileError: If the file doesn't hold it.
        """
        try:
            batch = self.reader.get_batch(row)
            batch.validate(full=True)
            positions, confidence = floats(batch, "positions"), floats(batch, "confidence")
            return PoseSequence(
                positions.reshape(frames, len(SLRTP_178), 3),
                confidence.reshape(frames, len(SLRTP_178)),
                fps,
                meta={"unit": "shoulder width"},
            )
        except (pa.ArrowException, KeyError, ValueError, OSError) as error:
            raise PoseFileError(
                f"Sign {row} is damaged ({error}).",
                file=self.file,
                fix="Save the dictionary again.",
            ) from error


@dataclass(frozen=True, eq=False, slots=True)
class StoredPose:
    """Reads one sign of a saved dictionary, for `Sign.read`.

    Attributes:
        poses: Where it is stored; row: which one it is.
        fps, frames: As the index has them.
    """

    poses: StoredPoses
    row: int
    fps: float
    frames: int

    def __call__(self) -> PoseSequence:
        """The pose.

        Raises:
            PoseFileError: If the file doesn't hold it.
        """
        return self.poses.read(self.row, self.fps, self.frames)


def _stamp(file: Path) -> list[int]:
    status = file.stat()
    return [status.st_size, status.st_mtime_ns]


def floats(batch: pa.RecordBatch, column: str) -> np.ndarray:
    """The numbers of a one-row column, float32 [n] (`to_numpy` would import pandas first)."""
    values = batch.column(column).flatten()
    return np.frombuffer(values.buffers()[1], np.float32, len(values), values.offset * 4)


def save_dictionary(dictionary: Dictionary, folder: str | Path) -> None:
    """Write a dictionary as a folder; a dictionary that stands there is replaced as a whole.

    Args:
        dictionary: Its poses are read one after the other.
        folder: A new folder, or one that holds a dictionary.

    Raises:
        SLTError: If the folder holds something else.

    Chapter: 02_dictionary
    """
    folder = Path(folder)
    if folder.exists() and not (folder / "dictionary.json").is_file() and any(folder.iterdir()):
        raise SLTError("The folder holds other things.", file=folder, fix="Choose a new folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{x}") for x in ("new", "old"))
    fresh.mkdir()
    try:
        _write(dictionary, fresh)
        if folder.exists():
            folder.replace(old)
        try:
            fresh.replace(folder)
        except OSError:  # another process has made a folder there in this very moment
            shutil.rmtree(folder, ignore_errors=True)
            (old if old.exists() else fresh).replace(folder)
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _write(dictionary: Dictionary, folder: Path) -> None:
    rows = []
    with pa.OSFile(str(folder / "signs.arrow"), "wb") as file, pa.ipc.new_file(file, SCHEMA) as out:
        for row, sign in enumerate(dictionary):
            pose = sign.read()
            arrays = [pa.array([sign.gloss])] + [
                pa.ListArray.from_arrays([0, values.size], pa.array(values.ravel()))
                for values in (pose.positions, pose.confidence)
            ]
            out.write_batch(pa.record_batch(arrays, schema=SCHEMA))
            rows.append(_row(row, sign))
    rows += [_row("", sign) for sign in dictionary.rejected]
    with (folder / "index.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    about = {
        "format": FORMAT,
        "version": VERSION,
        "skeleton": SLRTP_178.name,
        "synonyms": dictionary.synonyms,
    }
    (folder / "dictionary.json").write_text(json.dumps(about, indent=1, ensure_ascii=False))


def _row(row: int | str, sign: Sign) -> dict:
    known = {name: getattr(sign, name) for name in SIGN_COLUMNS}
    quality = asdict(sign.quality)
    why = json.dumps(quality["why"], ensure_ascii=False)
    measures = {name: quality[name] for name in MEASURES}
    return {"row": row} | known | measures | {"why": why, "sentence": sign.sentence or ""}


def load_dictionary(folder: str | Path) -> Dictionary:
    """Open a saved dictionary; poses are read from the file when a sign is played.

    Args:
        folder: As written by `save_dictionary`.

    Raises:
        PoseFileError: If a part is missing, damaged or of another version.

    Chapter: 02_dictionary
    """
    folder = Path(folder)
    about = _about(folder / "dictionary.json")
    poses = StoredPoses(folder / "signs.arrow")
    signs = list(_signs(folder / "index.csv", poses))
    return Dictionary(signs, about["synonyms"])


def _about(file: Path) -> dict:
    try:
        about = json.loads(file.read_text(encoding="utf-8"))
        found = about["format"], about["version"], about["skeleton"]
        about["synonyms"].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PoseFileError(
            f"It doesn't describe a dictionary ({error!r}).",
            file=file,
            fix="Make one with save_dictionary.",
        ) from error
    if found != (FORMAT, VERSION, SLRTP_178.name):
        raise PoseFileError(
            f"It is of format {found}, not {(FORMAT, VERSION, SLRTP_178.name)}.",
            file=file,
            fix="Build the dictionary again with this version.",
        )
    return about


def _signs(file: Path, poses: StoredPoses) -> Iterator[Sign]:
    stored = poses.reader.num_record_batches
    try:
        with file.open(newline="", encoding="utf-8") as rows:
            for row in csv.DictReader(rows, strict=True):
                yield _sign(row, poses, stored)
    except (OSError, KeyError, ValueError, TypeError, csv.Error) as error:
        raise PoseFileError(
            f"A row can't be read ({error!r}).", file=file, fix="Correct it or delete the row."
        ) from error


def _sign(row: dict, poses: StoredPoses, stored: int) -> Sign:
    known = {name: kind(row[name]) for name, kind in SIGN_COLUMNS.items()}
    known["sentence"] = known["sentence"] or None
    measures = {name: row[name] if name == "verdict" else float(row[name]) for name in MEASURES}
    quality = SignQuality(frames=known["frames"], why=tuple(json.loads(row["why"])), **measures)
    if row["row"] and not 0 <= int(row["row"]) < stored:
        raise ValueError(f"row {row['row']} of {stored}")
    if quality.verdict not in VERDICTS:
        raise ValueError(f"verdict {quality.verdict!r}")
    number = int(row["row"]) if row["row"] else -1
    read = StoredPose(poses, number, known["fps"], known["frames"])
    return Sign(read=read, quality=quality, **known)
