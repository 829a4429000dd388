"""The text files of Progressive Transformers: `.skels` with `.files`, `.gloss` and `.text`.

Source: https://github.com/BenSaunders27/ProgressiveTransformersSLP (Saunders et al., ECCV 2020).
One line per sequence; per frame 50 joints x 3 numbers and a counter k / frames.
"""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from slt_lib.pose.errors import PoseFileError
from slt_lib.pose.io.absence import seen_joints
from slt_lib.pose.io.guard import LARGEST_FILE, atomic_write, checked_fps, read_bytes, refusing
from slt_lib.pose.io.utterance import Utterance
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import PROGRESSIVE_50

PER_FRAME = len(PROGRESSIVE_50) * 3 + 1
TO_OUR_AXES = np.float32([1, 1, -1])  # z points toward the camera in the file
LONGEST_LINE = 128 << 20
FIX = "Each line holds 151 numbers per frame: 50 joints x 3, then the counter."


def read_skels(stem: str | Path, fps: float = 25.0) -> list[Utterance]:
    """Reads `<stem>.skels` and, line by line beside it, `.files`, `.gloss` and `.text`.

    As `iter_skels`, all at once.

    Chapter: 02_dictionary
    """
    return list(iter_skels(stem, fps))


def iter_skels(stem: str | Path, fps: float = 25.0) -> Iterator[Utterance]:
    """The sequences of `<stem>.skels` and the files beside it, one at a time.

    z is turned to our axes (away from the camera). Joints at exactly zero and hands that repeat
    the frame before are masked, and `pose.meta["notes"]` says which were found.

    Args:
        stem: Path without suffix ("data/train"); `.gloss` and `.text` may be missing.
        fps: Frame rate, which the format doesn't hold; PHOENIX14T has 25.

    Raises:
        PoseFileError: If a line is damaged or the files' line counts differ.

    Chapter: 02_dictionary
    """
    path = Path(f"{stem}.skels")
    names = _lines(Path(f"{stem}.files"))
    sides = {kind: Path(f"{stem}.{kind}") for kind in ("gloss", "text")}
    texts = {k: _lines(p) if p.is_file() else [""] * len(names) for k, p in sides.items()}
    rows = list(zip(names, texts["gloss"], texts["text"], strict=False))
    number = 0
    with refusing(path, "a .skels file", FIX):
        fps = checked_fps(fps)
        for number, line in enumerate(_long_lines(path), 1):
            pose = _pose(line, number, path, fps)
            if number <= len(rows):
                name, gloss, text = rows[number - 1]
                yield Utterance(name, tuple(gloss.split()), text, pose=pose, frames=len(pose))
    counts = {".skels": number, ".files": len(names)}
    counts |= {f".{kind}": len(lines) for kind, lines in texts.items()}
    if len(set(counts.values())) > 1:
        raise PoseFileError(
            f"Line counts differ: {counts}.", file=path, fix="Every sequence has one line in each."
        )


def skels_line(path: str | Path, start: int, number: int, fps: float = 25.0) -> PoseSequence:
    """One sequence of a `.skels` file, read on its own.

    Args:
        path: The file.
        start: Where its line begins, in bytes (`line_starts`).
        number: Of the line, from 1, for messages.
        fps: As for `iter_skels`.

    Raises:
        PoseFileError: If the line is damaged.

    Chapter: 15_your_own_data
    """
    path = Path(path)
    with refusing(path, "a .skels file", FIX), path.open("rb") as stream:
        stream.seek(start)
        return _pose(stream.readline(LONGEST_LINE), number, path, checked_fps(fps))


def line_starts(path: str | Path) -> list[int]:
    """Where each line of a `.skels` file begins, in bytes.

    Raises:
        PoseFileError: If the file can't be read.

    Chapter: 15_your_own_data
    """
    starts, at = [], 0
    with refusing(Path(path), "a .skels file", FIX):
        for line in _long_lines(Path(path)):
            starts.append(at)
            at += len(line)
    return starts


def _lines(path: Path) -> list[str]:
    with refusing(path, "a text file", "It has to be UTF-8 text."):
        text = read_bytes(path, LARGEST_FILE).decode("utf-8-sig")
        return text.removesuffix("\n").split("\n") if text else []


def _long_lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while line := stream.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE:
                raise PoseFileError(f"A line is longer than {LONGEST_LINE >> 20} MB.", file=path)
            yield line


def _pose(line: bytes, number: int, path: Path, fps: float) -> PoseSequence:
    numbers = np.array(line.split(), dtype=np.float32)
    frames, rest = divmod(len(numbers), PER_FRAME)
    if rest:
        raise PoseFileError(
            f"Line {number} has {len(numbers)} numbers, not a multiple of {PER_FRAME}.",
            file=path,
            fix=FIX,
        )
    table = numbers.reshape(frames, PER_FRAME)
    _check_counter(table[:, -1], number, path)
    positions = table[:, :-1].reshape(frames, len(PROGRESSIVE_50), 3)
    seen, notes = seen_joints(positions, PROGRESSIVE_50)
    meta = {"file": str(path), "notes": notes}
    return PoseSequence(positions * TO_OUR_AXES, seen, fps, PROGRESSIVE_50, meta)


def _check_counter(counter: np.ndarray, number: int, path: Path) -> None:
    """The counter runs from 0 in steps of 1 / frames: if not, the columns have slipped."""
    frames = len(counter)
    expected = np.arange(frames) / max(frames, 1)
    if not (np.abs(counter - expected) < 1e-3).all():
        raise PoseFileError(
            f"Line {number}'s counter (each frame's last number) doesn't run from 0 to 1.",
            file=path,
            fix=FIX,
        )


def write_skels(utterances: Iterable[Utterance], stem: str | Path) -> None:
    """Writes `<stem>.skels`, `.files`, `.gloss` and `.text`, which `read_skels` reads.

    Absent joints are written as zeros. The format holds no frame rate and no confidence.

    Args:
        utterances: Each with a pose on the PROGRESSIVE_50 skeleton.
        stem: Path without suffix.

    Raises:
        PoseFileError: If a pose is missing, on another skeleton, or a text has a line break.

    Chapter: 02_dictionary
    """
    rows: dict[str, list[str]] = {"files": [], "gloss": [], "text": []}
    path = Path(f"{stem}.skels")
    with atomic_write(path) as stream:
        for item in utterances:
            if item.pose is None or item.pose.skeleton is not PROGRESSIVE_50:
                raise PoseFileError(
                    f"{item.name!r} has no pose on the skeleton {PROGRESSIVE_50.name!r}.",
                    file=path,
                    fix="Convert it with .to(PROGRESSIVE_50).",
                )
            row = {"files": item.name, "gloss": " ".join(item.gloss), "text": item.text}
            for kind, text in row.items():
                if "\n" in text or "\r" in text:
                    raise PoseFileError(
                        f"The {kind} of {item.name!r} has a line break.", file=path, fix="Join it."
                    )
                rows[kind].append(text)
            stream.write(_line(item.pose))
    for kind, lines in rows.items():
        with atomic_write(Path(f"{stem}.{kind}")) as stream:
            stream.write("".join(f"{line}\n" for line in lines).encode())


def _line(pose: PoseSequence) -> bytes:
    frames = len(pose)
    flat = (pose.positions * TO_OUR_AXES).reshape(frames, math.prod(pose.positions.shape[1:]))
    counter = (np.arange(frames) / max(frames, 1)).astype(np.float32)
    numbers = np.concatenate([flat, counter[:, None]], axis=1) + np.float32(0)  # no -0
    return (" ".join(map(str, numbers.ravel())) + "\n").encode()
