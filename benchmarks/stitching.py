"""Stitching speed: ours against `spoken-to-signed`, same words, same process, side by side.

Both sides have their dictionary in memory: ours has prepared each sign (canonical, cropped) at
its first use, the peer has parsed its files. The two take turns, so that a busy machine slows
both; medians of `ROUNDS`.
"""

import contextlib
import io
import statistics
import time
from copy import deepcopy

from spoken_to_signed.gloss_to_pose.concatenate import concatenate_poses

from slt_lib.dictionary import from_lexicon
from slt_lib.pose.io import bundled_lexicon
from slt_lib.stitching.peer import load_for_peer
from slt_lib.stitching.stitcher import Stitcher

NAME = "stitching"
ROUNDS = 5
WORDS = ("HALLO", "REGEN", "WETTER", "SONNE", "WOLKEN")


def run() -> dict:
    """Time both stitchers on one sentence and on its single words.

    Returns:
        `ours_ms_per_frame`, `peer_ms_per_frame`, `speedup` for the words as one sentence; the
        same with `word_` for the words one by one; `first_use_ms`, what preparing the
        dictionary's signs costs once.
    """
    dictionary = from_lexicon()
    lexicon = bundled_lexicon()
    stitcher = Stitcher(dictionary)
    started = time.perf_counter()
    for sign in dictionary:
        stitcher.prepare(sign)
    first_use = (time.perf_counter() - started) * 1e3
    files = {gloss: lexicon / dictionary.signs(gloss)[0].source for gloss in dictionary.glosses}
    table = {"first_use_ms": first_use, "words": " ".join(WORDS), "rounds": ROUNDS}
    for prefix, sentences in (("", [list(WORDS)]), ("word_", [[w] for w in WORDS])):
        spelled = [[files[letter] for word in s for letter in word] for s in sentences]
        clips = [load_for_peer(paths) for paths in spelled]
        ours, peer = [], []
        for _ in range(ROUNDS + 1):  # the first is a warm-up
            ours.append(_ours(stitcher, sentences))
            peer.append(_peer(clips))
        mine, theirs = statistics.median(ours[1:]), statistics.median(peer[1:])
        table |= {
            f"{prefix}ours_ms_per_frame": mine,
            f"{prefix}peer_ms_per_frame": theirs,
            f"{prefix}speedup": theirs / mine,
        }
    return table


def _ours(stitcher: Stitcher, sentences) -> float:
    """Milliseconds per output frame."""
    started = time.perf_counter()
    frames = sum(len(stitcher.stitch(sentence).pose) for sentence in sentences)
    return (time.perf_counter() - started) * 1e3 / frames


def _peer(clips) -> float:
    """Milliseconds per output frame; copying the clips (the peer changes them) isn't counted."""
    seconds = frames = 0
    for poses in clips:
        copies = deepcopy(poses)
        started = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            result = concatenate_poses(copies)
        seconds += time.perf_counter() - started
        frames += len(result.body.data)
    return seconds * 1e3 / frames
