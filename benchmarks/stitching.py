"""Stitching speed: ours against `spoken-to-signed`, same words, same process, side by side.

Four rows, each beside the peer's own time for the sentence:

- `new`: a saved and prepared dictionary is opened, a stitcher made, its filter's reference (the
  dictionary's own spectrum) read, and the sentence stitched.
- `cold`: a stitcher that has its reference stitches the sentence; it meets all signs for the
  first time and reads them out of the preparation.
- `warm`: it has met them all.
- `from_files`: as `new`, from `.pose` files that nobody prepared: all are read and looked at,
  the reference is measured, the sentence's signs are made canonical and cropped.

What is prepared once for all (`prepare_dictionary`) is in no row but the last; `prepare_ms` says
what it costs, and `save_ms` what saving the dictionary costs before. The peer prepares nothing:
it trims its recordings anew in every sentence. Finding and parsing its files is not counted.

The two take turns of about the same length, so that a busy machine slows both; a row is the
median of `ROUNDS` turns, in CPU time.
"""

import contextlib
import io
import statistics
import tempfile
import time
from copy import deepcopy
from pathlib import Path

from spoken_to_signed.gloss_to_pose.concatenate import concatenate_poses

from slt_lib.dictionary import from_lexicon, load_dictionary, save_dictionary
from slt_lib.pose.io import bundled_lexicon
from slt_lib.stitching.peer import load_for_peer
from slt_lib.stitching.prepared import prepare_dictionary
from slt_lib.stitching.stitcher import Stitcher

NAME = "stitching"
ROUNDS = 7
WORDS = ("HALLO", "REGEN", "WETTER", "SONNE", "WOLKEN")
REPEATS = {"new": 10, "cold": 20, "warm": 100, "from_files": 1}  # of ours in one turn
AT_LEAST = {"new": 10, "cold": 20, "warm": 100}  # times as fast as the peer


def run() -> dict:
    """Time both stitchers on one sentence, with ours at four stages of its work.

    Returns:
        For each row `ours_ms_per_frame`, `peer_ms_per_frame`, `speedup` and, where there is
        one, the bar `at_least`; `save_ms`, `prepare_ms`; how many frames each makes of the words.
    """
    letters, clips = from_lexicon(), _clips()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "letters"
        save_ms = _milliseconds(lambda: save_dictionary(letters, folder))
        prepare_ms = _milliseconds(lambda: prepare_dictionary(folder))
        table = {
            "words": " ".join(WORDS),
            "rounds": ROUNDS,
            "frames": len(Stitcher(letters).stitch(WORDS).pose),
            "peer_frames": len(_concatenated(deepcopy(clips)).body.data),
            "save_ms": save_ms,
            "prepare_ms": prepare_ms,
        }
        for row, stage in _stages(folder).items():
            ours, peer = [], []
            for _ in range(ROUNDS + 1):  # the first is a warm-up
                ours.append(stage() / table["frames"])
                copies = deepcopy(clips)  # the peer changes them
                spent = _milliseconds(lambda copies=copies: _concatenated(copies))
                peer.append(spent / table["peer_frames"])
            mine, theirs = statistics.median(ours[1:]), statistics.median(peer[1:])
            table[row] = {
                "ours_ms_per_frame": mine,
                "peer_ms_per_frame": theirs,
                "speedup": theirs / mine,
            }
            if row in AT_LEAST:
                table[row]["at_least"] = AT_LEAST[row]
    return table


def _stages(folder: Path) -> dict:
    """For each row, a turn of ours: gives milliseconds per sentence."""

    def from_files() -> None:
        Stitcher(from_lexicon()).stitch(WORDS)

    def new() -> None:
        Stitcher(load_dictionary(folder)).stitch(WORDS)

    def warm() -> None:
        met.stitch(WORDS)

    def cold() -> float:
        unmet = [Stitcher(load_dictionary(folder)) for _ in range(REPEATS["cold"])]
        return _milliseconds(lambda: [one.stitch(WORDS) for one in unmet]) / len(unmet)

    def repeated(work) -> float:
        times = REPEATS[work.__name__]
        return _milliseconds(lambda: [work() for _ in range(times)]) / times

    met = Stitcher(load_dictionary(folder))
    return {
        "new": lambda: repeated(new),
        "cold": cold,
        "warm": lambda: repeated(warm),
        "from_files": lambda: repeated(from_files),
    }


def _clips() -> list:
    """The words' recordings as the peer has them, letter by letter."""
    letters, lexicon = from_lexicon(), bundled_lexicon()
    return load_for_peer([lexicon / letters.signs(x)[0].source for word in WORDS for x in word])


def _concatenated(clips: list):
    """The peer's stitching, its progress prints swallowed."""
    with contextlib.redirect_stdout(io.StringIO()):
        return concatenate_poses(clips)


def _milliseconds(work) -> float:
    """CPU time of some work."""
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1e3
