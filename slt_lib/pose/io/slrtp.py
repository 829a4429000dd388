"""The `.pt` files of the SLRTP 2025 sign language production challenge.

Source: https://github.com/walsharry/SLRTP-Sign-Production-Evaluation. A torch file with
`{name: {name, text, gloss, poses_3d [frames, 178, 3], speaker}}`.
"""

import pickle
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from slt_lib.pose.errors import PoseFileError, UnsafeFileError
from slt_lib.pose.io.absence import seen_joints
from slt_lib.pose.io.guard import atomic_write, checked_fps, refusing
from slt_lib.pose.io.utterance import Utterance
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_FILE_178

KEYS = ("name", "text", "gloss", "poses_3d", "speaker")
FIX = "Wanted: {name: {name, text, gloss, poses_3d [frames, 178, 3], speaker}} by torch.save."


class SlrtpFile(Mapping[str, Utterance]):
    """A challenge file as a mapping from name to utterance; an item is decoded when asked for.

    Joints at exactly zero and hands that repeat the frame before are masked, and
    `pose.meta["notes"]` says which were found. The face stays in the file's own order (see
    `SLRTP_FILE_178`). Every access decodes anew: nothing is kept, so that a corpus of any
    length fits in memory.

    Raises:
        PoseFileError: From an access, if that item is damaged.

    Chapter: 01_signing_poses
    """

    def __init__(self, path: Path, items: dict, fps: float) -> None:
        self.path, self.fps, self._items = path, fps, items
        self._size = path.stat().st_size

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def said(self, name: str) -> Utterance:
        """What is written about an item; its poses aren't looked at.

        Raises:
            PoseFileError: If it lacks a key, or has something else than text.

        Chapter: 15_your_own_data
        """
        item = self._items[name]
        with refusing(self.path, f"item {name!r}", FIX):
            missing = [k for k in KEYS if k not in item] if isinstance(item, dict) else KEYS
            if missing:
                raise PoseFileError(f"{name!r} has no {', '.join(missing)}.", file=self.path)
            if not all(isinstance(item[key], str) for key in ("name", "text", "gloss", "speaker")):
                raise PoseFileError(f"{name!r} has something else than text.", file=self.path)
        gloss = tuple(item["gloss"].split())
        return Utterance(item["name"], gloss, item["text"], item["speaker"])

    def __getitem__(self, name: str) -> Utterance:
        said, item = self.said(name), self._items[name]
        with refusing(self.path, f"item {name!r}", FIX):
            positions = self._positions(name, item["poses_3d"])
            seen, notes = seen_joints(positions, SLRTP_FILE_178)
            meta = {"file": str(self.path), "notes": notes}
            pose = PoseSequence(positions, seen, self.fps, SLRTP_FILE_178, meta)
        return replace(said, pose=pose, frames=len(pose))

    def _positions(self, name: str, tensor: object) -> np.ndarray:
        """A tensor as float32 [frames, 178, 3], never more bytes than the file has."""
        import torch

        plain = type(tensor) is torch.Tensor and tensor.layout == torch.strided
        shape = tuple(tensor.shape) if plain else ()
        if len(shape) != 3 or shape[1:] != (178, 3) or not tensor.is_floating_point():
            raise PoseFileError(
                f"The poses of {name!r} are {shape or type(tensor).__name__}, "
                "not [frames, 178, 3] of floats.",
                file=self.path,
                fix=FIX,
            )
        if tensor.device.type != "cpu" or tensor.numel() * tensor.element_size() > self._size:
            raise PoseFileError(
                f"The poses of {name!r} claim more than the file holds.", file=self.path, fix=FIX
            )
        return tensor.detach().to(torch.float32).numpy()


def read_slrtp(path: str | Path, fps: float = 25.0) -> SlrtpFile:
    """Opens a challenge file; its sequences are mapped from disk, not loaded.

    Args:
        path: A file such as `train.pt`.
        fps: Frame rate, which the format doesn't hold; PHOENIX14T has 25 (the challenge's own
            back-translation model works on every second frame, 12.5).

    Raises:
        UnsafeFileError: If the file asks for code to be run when it is opened.
        PoseFileError: If it is damaged or holds something else.

    Chapter: 01_signing_poses
    """
    path = Path(path)
    with refusing(path, "an SLRTP .pt file", FIX):
        fps = checked_fps(fps)
        return SlrtpFile(path, load_archive(path), fps)


def load_archive(path: Path) -> dict:
    """What a torch archive maps from names, read without running anything that is in it.

    Raises:
        UnsafeFileError: If the file asks for code to be run when it is opened.
        PoseFileError: If torch can't read it.
        ValueError: If it isn't a mapping from names.
    """
    import torch

    _check_archive(path)
    try:
        items = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        raise _refusal(error, path) from error
    if not isinstance(items, dict) or not all(isinstance(key, str) for key in items):
        raise ValueError("not a mapping from names to sequences")
    return items


def _check_archive(path: Path) -> None:
    """Only archives as torch has written since 1.6, whose members can't swell when unpacked."""
    with path.open("rb") as stream:
        if stream.read(2) != b"PK":
            raise UnsafeFileError(
                "It is no torch archive. Bare pickles and torch files from before 2020 run "
                "whatever is in them, so they are not opened.",
                file=path,
                fix="Get it from its publisher, or save it again with a torch of today.",
            )
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    size = path.stat().st_size
    packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
    if packed or sum(member.file_size for member in members) > size:
        raise PoseFileError("It is not an archive that torch wrote.", file=path, fix=FIX)


def _refusal(error: Exception, path: Path) -> PoseFileError:
    """What torch's restricted loader said, in one line of ours."""
    text = str(error)
    found = re.search(r"GLOBAL (\S{1,80})|Unsupported class (\S{1,80})", text)
    asked = found and (found[1] or found[2])
    if operand := re.search(r"Unsupported operand (\d+)", text):
        asked = f"pickle instruction {operand[1]}"
    if asked:
        return UnsafeFileError(
            f"It asks for {asked} when it is opened, which poses don't need.",
            file=path,
            fix="It may be malicious: don't open it with torch.load. " + FIX,
        )
    return PoseFileError(f"torch can't read it ({text[:120]}).", file=path, fix=FIX)


def write_slrtp(utterances: Iterable[Utterance], path: str | Path) -> None:
    """Writes a challenge file; absent joints become zeros, confidences are not held.

    The format is one pickle, written at once. So the poses wait in a nameless file beside it,
    mapped into memory: a corpus of any length is written, and needs its size on disk twice.

    Args:
        utterances: Each with a pose on the SLRTP_FILE_178 skeleton, whose face is in the
            challenge's order, and a name of its own.
        path: The `.pt` file to write.

    Raises:
        PoseFileError: If a pose is missing or on another skeleton, or a name stands twice.

    Chapter: 01_signing_poses
    """
    import torch

    items, path = {}, Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent) as waiting:
        for item in utterances:
            if item.pose is None or item.pose.skeleton is not SLRTP_FILE_178:
                raise PoseFileError(
                    f"{item.name!r} has no pose on the skeleton {SLRTP_FILE_178.name!r}.",
                    file=path,
                    fix="Convert it with .to(SLRTP_FILE_178); a face of ours stays masked there.",
                )
            if item.name in items:
                raise PoseFileError(f"Two sequences are named {item.name!r}.", file=path)
            items[item.name] = {
                "name": item.name,
                "text": item.text,
                "gloss": " ".join(item.gloss),
                "poses_3d": len(item.pose),
                "speaker": item.signer,
            }
            waiting.write(item.pose.positions.tobytes())
        waiting.flush()
        positions = np.zeros((0, 178, 3), np.float32)
        if waiting.tell():
            positions = np.memmap(waiting, np.float32, "r+").reshape(-1, 178, 3)
        start = 0
        for item in items.values():
            end = start + item["poses_3d"]
            item["poses_3d"], start = torch.from_numpy(positions[start:end]), end
        with atomic_write(path) as stream:
            torch.save(items, stream)
