"""Entries to the SLRTP 2025 challenge: signing that was made, as its evaluator reads it.

Source: https://github.com/walsharry/SLRTP-Sign-Production-Evaluation, main.py. A torch file with
`{name: float32 [frames, 178, 3]}`, a sequence for every sentence of the split, at 25 frames per
second; the evaluator itself takes every second frame.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slt_lib.pose.errors import PoseError, PoseFileError
from slt_lib.pose.io.absence import seen_joints
from slt_lib.pose.io.guard import atomic_write, refusing
from slt_lib.pose.io.slrtp import load_archive
from slt_lib.pose.io.utterance import Utterance
from slt_lib.pose.normalise import normalise, shoulder_frame
from slt_lib.pose.resample import to_fps
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_FILE_178

FPS = 25.0
SHAPE = (178, 3)
LONG = 1.5  # times the real signing's length, on average: an entry so long is pointed at
FIX = "Wanted: {name: float32 tensor [frames, 178, 3]} by torch.save; write_entry makes it."


@dataclass(frozen=True)
class Place:
    """Where a challenge file has its signers, and how large they are.

    Attributes:
        middle: Between the shoulders, in the file's unit, float32 [3].
        width: Of the shoulders, in the file's unit.

    Chapter: 14_novel_motion_and_appearance
    """

    middle: np.ndarray
    width: float


def place_of(items: Iterable[Utterance]) -> Place:
    """The usual place and size of a challenge file's signers; the format says neither.

    Args:
        items: Such as the first hundred of `read_slrtp("train.pt").values()`.

    Raises:
        PoseError: If no sequence shows both shoulders.

    Chapter: 14_novel_motion_and_appearance
    """
    middles, widths = [], []
    for item in items:
        try:
            middle, width = shoulder_frame(item.pose)
        except PoseError:
            continue
        middles.append(np.median(middle, 0))
        widths.append(width)
    if not widths:
        raise PoseError("No sequence shows both shoulders.", fix="Give the challenge's train.pt.")
    return Place(np.median(middles, 0).astype(np.float32), float(np.median(widths)))


def write_entry(items: Iterable[Utterance], path: str | Path, place: Place | None = None) -> None:
    """Write signing that was made as an entry to the challenge.

    Joints that weren't seen become zeros, the format's absence. So does a face of ours: the order
    of the challenge's 128 face points isn't published, and in another order they would be noise.

    Args:
        items: Each with a pose and a name of its own, the challenge's.
        path: The `.pt` file.
        place: Where the challenge's signers are; None leaves the shoulders' middle at 0 and their
            width at 1, which its back-translator wasn't trained on.

    Raises:
        PoseFileError: If there is no item, a name stands twice, or a sequence is missing, empty,
            not finite or without shoulders.

    Chapter: 14_novel_motion_and_appearance
    """
    import torch

    entry, path = {}, Path(path)
    for item in items:
        if item.name in entry:
            raise PoseFileError(f"Two sequences are named {item.name!r}.", file=path,
                                fix="Keep one of them.")  # fmt: skip
        with refusing(path, f"an entry ({item.name!r})", "Make that sequence again."):
            entry[item.name] = torch.from_numpy(_coordinates(item.pose, place))
    if not entry:
        raise PoseFileError("There is no sequence to enter.", file=path, fix="Give some.")
    with atomic_write(path) as stream:
        torch.save(entry, stream)


def _coordinates(pose: PoseSequence | None, place: Place | None) -> np.ndarray:
    """A sequence as the format has it: in its place, 25 frames per second, zeros if not seen."""
    if pose is None or not len(pose):
        raise PoseError("It has no frame.")
    pose = normalise(to_fps(pose, FPS)).to(SLRTP_FILE_178)
    positions = pose.positions
    if place is not None:
        positions = positions * place.width + place.middle
    positions = np.where(pose.mask[..., None], positions, 0).astype(np.float32)
    if not np.isfinite(positions).all():
        raise PoseError("A joint that was seen is nowhere (not finite).")
    return positions


@dataclass(frozen=True)
class Entry:
    """What an entry holds, and what is wrong with it.

    Attributes:
        frames: Of every sequence, by name; 0 for what is no sequence.
        problems: What the evaluator would stumble over, each with the sequence's name.
        notes: What it takes, and whoever sends it should know.

    Chapter: 14_novel_motion_and_appearance
    """

    frames: Mapping[str, int]
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def check_entry(path: str | Path, wanted: Mapping[str, int] | Iterable[str] = ()) -> Entry:
    """Read an entry as the evaluator would, and say everything that is wrong with it at once.

    Args:
        path: The `.pt` file.
        wanted: Names of the split's sentences, with the frames of their real signing if known;
            empty checks no names.

    Raises:
        UnsafeFileError: If the file asks for code to be run when it is opened.
        PoseFileError: If it can't be read at all.

    Chapter: 14_novel_motion_and_appearance
    """
    path = Path(path)
    with refusing(path, "an entry to the SLRTP challenge", FIX):
        entry = load_archive(path)
    lengths = wanted if isinstance(wanted, Mapping) else dict.fromkeys(wanted)
    problems = [] if entry else ["It holds no sequence."]
    problems += [f"{name}: missing" for name in lengths if name not in entry]
    problems += [f"{name}: not a sentence of the split" for name in entry if lengths and
                 name not in lengths]  # fmt: skip
    frames, absent = {}, []
    for name, tensor in entry.items():
        wrong = _wrong(tensor)
        frames[name] = 0 if wrong else len(tensor)
        if wrong:
            problems.append(f"{name}: {wrong}")
        else:
            absent.append(~seen_joints(tensor.numpy(), SLRTP_FILE_178)[0])
    return Entry(frames, tuple(problems), tuple(_notes(absent, frames, lengths)))


def _wrong(tensor: object) -> str:
    """What the evaluator would stumble over in one sequence; empty if nothing."""
    import torch

    if isinstance(tensor, dict):
        return "a dictionary as in the challenge's own files; an entry has the tensor alone"
    if type(tensor) is not torch.Tensor or tensor.layout != torch.strided:
        return f"a {type(tensor).__name__}, not a plain tensor"
    if tensor.dtype != torch.float32:
        return f"numbers are {str(tensor.dtype).removeprefix('torch.')}, not float32"
    if tensor.ndim != 3 or tuple(tensor.shape[1:]) != SHAPE:
        return f"shape {tuple(tensor.shape)}, not (frames, 178, 3)"
    if not len(tensor):
        return "no frame"
    bad = ~torch.isfinite(tensor).all(-1).all(-1)
    if bad.any():
        return f"{int(bad.sum())} frames with NaN or infinity"
    if not tensor.any():
        return "nothing but zeros"
    return ""


def _notes(absent: list[np.ndarray], frames: Mapping[str, int], lengths: Mapping) -> list[str]:
    notes = []
    if absent:
        gone = np.concatenate(absent)
        for part, ids in SLRTP_FILE_178.groups.items():
            share = gone[:, ids].all(1).mean() if len(ids) else 0
            if share > 0:
                notes.append(f"{part.replace('_', ' ')}: absent (zeros, or the frame before again) "
                             f"in {share:.0%} of all frames")  # fmt: skip
    ratios = [frames[n] / length for n, length in lengths.items() if length and frames.get(n)]
    if ratios and np.mean(ratios) > LONG:
        notes.append(f"{np.mean(ratios):.2f} times as long as the real signing on average: is it "
                     "at 25 frames per second?")  # fmt: skip
    if ratios and np.mean(ratios) < 1 / LONG:
        notes.append(f"only {np.mean(ratios):.2f} of the real signing's length on average: the "
                     "evaluator halves the frame rate itself")  # fmt: skip
    return notes
