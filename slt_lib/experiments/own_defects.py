"""Defects put into a whole folder on purpose: what does the check say to each?"""

import pickle
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from slt_lib.experiments.own_damage import Damaged, Wanted
from slt_lib.pose.io import read_pose, write_pose


def _row(n: int) -> str:
    return f"row {n + 2}"  # after the header, counted from 1


# Each puts one defect into row n (or a row of the lexicon) and says what has to be found.


def _empty_text(f: Damaged, n: int) -> Wanted:
    f.rows[n]["text"] = " "
    return "empty_text", "annotations.csv", _row(n)


def _empty_gloss(f: Damaged, n: int) -> Wanted:
    f.rows[n]["glosses"] = ""
    return "empty_gloss", "annotations.csv", _row(n)


def _duplicate_name(f: Damaged, n: int) -> Wanted:
    f.rows.append({**f.rows[n], "text": "etwas ganz anderes ."})
    return "duplicate_name", "annotations.csv", _row(len(f.rows) - 1)


def _row_without_file(f: Damaged, n: int) -> Wanted:
    f.file(n).unlink()
    return "row_without_file", "annotations.csv", _row(n)


def _file_without_row(f: Damaged, n: int) -> Wanted:
    write_pose(read_pose(f.file(n))[2:], f.path / "poses" / "extra.pose")
    return "file_without_row", "extra.pose", ""


def _truncated(f: Damaged, n: int) -> Wanted:
    f.bytes(f.file(n), f.file(n).read_bytes()[:-1000])
    return "unreadable", f.file(n).name, ""


def _not_numbers(f: Damaged, n: int) -> Wanted:
    pose = read_pose(f.file(n))
    f.change(n, lambda pose: pose)
    data = bytearray(f.file(n).read_bytes())
    size = 4 * len(pose) * 178  # confidences come last, after the positions
    data[-4 * size : -4 * size + 4] = np.float32(np.nan).tobytes()
    f.bytes(f.file(n), bytes(data))
    return "not_numbers", f.file(n).name, ""


def _no_frames(f: Damaged, n: int) -> Wanted:
    f.change(n, lambda pose: pose[:0])
    return "no_frames", f.file(n).name, ""


def _one_frame(f: Damaged, n: int) -> Wanted:
    f.change(n, lambda pose: pose[10:11])
    return "one_frame", f.file(n).name, ""


def _never_seen(f: Damaged, n: int) -> Wanted:
    f.change(n, lambda pose: pose.hide(np.arange(8, 50)))
    return "never_seen", f.file(n).name, ""


def _upside_down(f: Damaged, n: int) -> Wanted:
    f.change(n, lambda p: p.replace(positions=p.positions * np.float32([1, -1, 1])))
    return "upside_down", f.file(n).name, ""


def _swapped_hands(f: Damaged, n: int) -> Wanted:
    order = np.r_[0:8, 29:50, 8:29, 50:178]
    f.change(n, lambda p: p.replace(positions=p.positions[:, order],
                                    confidence=p.confidence[:, order]))  # fmt: skip
    return "swapped", f.file(n).name, ""


def _mirrored(f: Damaged, n: int) -> Wanted:
    f.change(n, lambda p: p.replace(positions=p.positions * np.float32([-1, 1, 1])))
    return "swapped", f.file(n).name, ""


def _other_unit(f: Damaged, n: int) -> Wanted:
    f.change(n, lambda p: p.replace(positions=p.positions * 200 + 300))
    return "unit", f.file(n).name, ""


def _joint_order(f: Damaged, n: int) -> Wanted:
    order = np.r_[0, 2, 1, 3, 5, 4, 6:178]  # elbows and wrists exchanged
    f.change(n, lambda p: p.replace(positions=p.positions * np.float32([1, 4, 1]),
                                    confidence=p.confidence[:, order]))  # fmt: skip
    return "proportions", f.file(n).name, ""


def _outlier_length(f: Damaged, n: int) -> Wanted:
    f.rows[n]["text"] = "sehr langer satz " * 120
    return "outlier_length", f.file(n).name, ""


def _same_recording(f: Damaged, n: int) -> Wanted:
    f.bytes(f.file(n), f.file(n + 1).read_bytes())
    return "same_recording", f.file(n + 1).name, ""


def _leak(f: Damaged, n: int) -> Wanted:
    f.rows[n]["text"] = f.rows[0]["text"]
    return "leak", "annotations.csv", _row(n)


def _near_leak(f: Damaged, n: int) -> Wanted:
    f.rows[n]["text"] = f.rows[1]["text"].replace(" .", "!").title()
    return "near_leak", "annotations.csv", _row(n)


def _mark_up(f: Damaged, n: int) -> Wanted:
    f.rows[n]["text"] = "es <b>regnet</b> im norden heute noch ."
    return "mark_up", "annotations.csv", _row(n)


def _upper_case(f: Damaged, n: int) -> Wanted:
    f.rows[n]["text"] = "MORGEN REGEN NORD"
    return "upper_case", "annotations.csv", _row(n)


def _span_outside(f: Damaged, n: int) -> Wanted:
    f.rows[n] |= {"start": "1000", "end": "900000"}
    return "span", "annotations.csv", _row(n)


def _end_before_start(f: Damaged, n: int) -> Wanted:
    f.rows[n] |= {"start": "900", "end": "300"}
    return "span", "annotations.csv", _row(n)


def _split_name(f: Damaged, n: int) -> Wanted:
    f.rows[n]["split"] = "trian"
    return "split_name", "annotations.csv", _row(n)


def _other_rate(f: Damaged, n: int) -> Wanted:
    f.change(n, lambda pose: replace(pose, fps=30.0))
    return "mixed_fps", f.file(n).name, ""


def _no_rate(f: Damaged, n: int) -> Wanted:
    data = f.file(n).read_bytes()
    at = data.rindex(np.float32(25).tobytes(), 0, len(data) - 16 * 178 * len(read_pose(f.file(n))))
    f.bytes(f.file(n), data[:at] + np.float32(0).tobytes() + data[at + 4 :])
    return "frame_rate", f.file(n).name, ""


def _lexicon_file(f: Damaged, n: int) -> Wanted:
    (f.path / "lexicon" / f.index[n]["path"]).unlink()
    return "lexicon_file", f.index[n]["path"], _row(n)


def _lexicon_times(f: Damaged, n: int) -> Wanted:
    f.index[n] |= {"start": "900", "end": "300"}
    return "lexicon_row", "index.csv", _row(n)


def _language(f: Damaged, n: int) -> Wanted:
    f.index[n]["signed_language"] = "german"
    return "language", "index.csv", _row(n)


def _gloss_without_sign(f: Damaged, n: int) -> Wanted:
    f.rows[n]["glosses"] += " QUAXQUAX?"
    return "gloss_without_sign", "lexicon", "gloss 'QUAXQUAX?'"


def _evil_pickle(f: Damaged, n: int) -> Wanted:
    f.bytes(f.path / "extra.pkl", pickle.dumps(print, protocol=2 + 2 * (n % 2)))
    return "unsafe", "extra.pkl", ""


def _evil_torch(f: Damaged, n: int) -> Wanted:
    import torch

    torch.save({"a": f.__class__}, f.path / "evil.pt")
    return "unsafe", "evil.pt", ""


def _encoding(f: Damaged, n: int) -> Wanted:
    f.encoding, f.rows[n]["text"] = "cp1252", "schnee über den höhen und dichte wolken ."
    return "encoding", "annotations.csv", ""


def _delimiter(f: Damaged, n: int) -> Wanted:
    f.delimiter = ";"
    return "delimiter", "annotations.csv", "row 1"


DEFECTS: dict[str, Callable[[Damaged, int], Wanted]] = {
    "empty text": _empty_text,
    "empty gloss": _empty_gloss,
    "duplicate name": _duplicate_name,
    "row without file": _row_without_file,
    "file without row": _file_without_row,
    "truncated": _truncated,
    "not numbers": _not_numbers,
    "no frames": _no_frames,
    "one frame": _one_frame,
    "never seen": _never_seen,
    "upside down": _upside_down,
    "swapped hands": _swapped_hands,
    "mirrored": _mirrored,
    "other unit": _other_unit,
    "joint order": _joint_order,
    "outlier length": _outlier_length,
    "same recording": _same_recording,
    "leak": _leak,
    "near leak": _near_leak,
    "mark up": _mark_up,
    "upper case": _upper_case,
    "span outside": _span_outside,
    "end before start": _end_before_start,
    "split name": _split_name,
    "other rate": _other_rate,
    "no rate": _no_rate,
    "lexicon file": _lexicon_file,
    "lexicon times": _lexicon_times,
    "language": _language,
    "gloss without sign": _gloss_without_sign,
    "evil pickle": _evil_pickle,
    "evil torch": _evil_torch,
    "encoding": _encoding,
    "delimiter": _delimiter,
}
IN_TEST = ("leak", "near leak")  # go into a sentence of test


def spoil(clean: Path, path: Path, names: Sequence[str] = tuple(DEFECTS)) -> dict[str, Wanted]:
    """A damaged copy of a whole folder; hardly a sentence has more than one defect.

    Args:
        clean: The whole folder: its first 32 rows are of train, its last five of test.
        path: The copy, a new folder.
        names: Keys of `DEFECTS`.

    Returns:
        What has to be found, by name: kind, end of the file's name, place ("" for any).

    Chapter: 15_your_own_data
    """
    folder = Damaged.copy(clean, path)
    last = len(folder.rows) - 1
    wanted = {}
    for number, name in enumerate(names):
        row = last - IN_TEST.index(name) if name in IN_TEST else 2 + number % 30
        wanted[name] = DEFECTS[name](folder, row)
    folder.save()
    return wanted
