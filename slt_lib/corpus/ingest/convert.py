"""Recordings as corpora hold them: one skeleton, one frame, one rate; signs where they are."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from slt_lib.corpus.check.lexicon import lexicon_rows
from slt_lib.corpus.own import Item
from slt_lib.dictionary import Dictionary, from_folder, gloss_spans
from slt_lib.dictionary.lexicon import sign_of
from slt_lib.dictionary.sign import number_variants, to_sign_pose
from slt_lib.pose.io import Utterance, write_lexicon
from slt_lib.pose.io.lexicon import LexiconEntry
from slt_lib.pose.normalise import shoulder_frame
from slt_lib.pose.resample import to_fps
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178

FPS = 25.0  # of corpora: what all chapters work at
NORMALISED = 2e-3  # shoulder widths: what float16 leaves of a pose that was in the shoulder frame


def in_shoulder_frame(
    items: Iterable[Item], origin: str, spans: Mapping[str, tuple] | None = None
) -> Iterator[Utterance]:
    """Items as corpora hold them: 178 joints, shoulder frame, 25 frames per second.

    The face of an SLRTP file is masked: which of its points is which of ours is not known.

    Args:
        items: Of a source.
        origin: Of the utterances, unless the item says its own.
        spans: Of some, by name, in frames of the recording.

    Chapter: 15_your_own_data
    """
    for item in items:
        said = item.read()
        if not len(said.pose):
            continue
        pose = to_fps(_normalised(said.pose), FPS)
        known = said.spans or (spans or {}).get(said.name)
        if known is not None:
            scale = FPS / said.pose.fps
            known = tuple((round(a * scale), round(b * scale)) for a, b in known)
        yield replace(said, pose=pose, frames=len(pose), origin=said.origin or origin,
                      alignment=None, spans=known)  # fmt: skip


def aligned_spans(items: Iterable[Item]) -> dict[str, tuple[tuple[int, int], ...]]:
    """When each gloss was signed, from PHOENIX14T's frame alignments, where they tell all glosses.

    Args:
        items: With alignments; the more, the better (`gloss_spans`).

    Chapter: 15_your_own_data
    """
    said = {i.said.name: i.said for i in items if i.said.alignment is not None}
    found = gloss_spans(said.values()) if said else {}
    return {
        name: tuple((one.start, one.end) for one in spans)
        for name, spans in found.items()
        if tuple(one.gloss for one in spans) == said[name].gloss
    }


def _normalised(pose: PoseSequence) -> PoseSequence:
    """In the shoulder frame; a pose that is there already isn't touched, to the last bit."""
    if pose.skeleton is SLRTP_178:
        middle, width = shoulder_frame(pose)
        if abs(width - 1) < NORMALISED and np.abs(middle).max() < NORMALISED:
            return pose
    return to_sign_pose(pose)


def read_signs(lexicon: Path) -> Dictionary:
    """What a lexicon holds, rows that can't be used left out (the check has named them).

    Args:
        lexicon: A folder with `index.csv`, or of recordings named by gloss.

    Chapter: 15_your_own_data
    """
    if not (lexicon / "index.csv").is_file():
        return from_folder(lexicon)
    rows, _ = lexicon_rows(lexicon)
    return Dictionary(number_variants(sign_of(entry) for _, entry in rows))


def export_lexicon(
    dictionary: Dictionary, folder: str | Path, *, signed_language: str, spoken_language: str = "de"
) -> None:
    """Write a dictionary as a lexicon folder: a `.pose` file per recording, and `index.csv`.

    Args:
        dictionary: Its usable signs are written.
        folder: A new folder.
        signed_language: ISO 639-3 code; qaa to qtz are free for private use.
        spoken_language: ISO 639-1 code of the glosses.

    Chapter: 15_your_own_data
    """
    folder = Path(folder)

    def signs() -> Iterator[tuple[LexiconEntry, PoseSequence]]:
        for number, sign in enumerate(dictionary):
            path = f"{signed_language}/{number:05d}.pose"
            known = sign.gloss.lower(), sign.gloss, sign.priority
            row = LexiconEntry(folder, path, spoken_language, signed_language, 0, 0, *known)
            yield row, sign.pose

    write_lexicon(signs(), folder)
