"""Real sentences to be held against: 16 of the DGS Corpus, with dictionary recordings.

Each sentence comes twice (fluent-pose-synthesis, MIT; poses of the DGS Corpus, research terms):
`_original`, the real signing, its sign segments joined over 0.2 s, and `_updated`, the same with
segments replaced by dictionary recordings. The joins are found again (`split_at_gaps`), so the
recordings can be stitched by every method. The data aren't part of this project.
"""

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from pose_format import Pose

from slt_lib.dictionary import Dictionary, Sign
from slt_lib.dictionary.sign import record as record_sign
from slt_lib.pose.canonical import canonicalise
from slt_lib.pose.depth import fix_depth
from slt_lib.pose.errors import PoseFileError, SLTError
from slt_lib.pose.io import read_pose
from slt_lib.pose.normalise import normalise
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.stitching.compare import compare_with_real, split_at_gaps
from slt_lib.stitching.peer import from_peer, peer_stitch, with_depth
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.spectrum import Spectrum, spectrum
from slt_lib.stitching.stitcher import Stitcher

FOLDER = "../shared/data/dgs_corpus_stitched"
ARMS: dict[str, StitchSettings | None] = {
    "raw": None,
    "peer": None,
    "ours": StitchSettings(),
    "minimum-jerk": StitchSettings(transition="minimum-jerk"),
    "fixed-6-hz": StitchSettings(smoothing="fixed", cutoff=6.0),
    "no-filter": StitchSettings(smoothing="none"),
    "no-crop": StitchSettings(crop="none"),
    "own-tempo": StitchSettings(durations=None),
    "way-in": StitchSettings(way_in=0.25),
    "reduced": StitchSettings(reduction=0.06),
}


@dataclass(frozen=True, eq=False)
class RealSentence:
    """A real sentence and recordings of its signs.

    Attributes:
        name: Its name in the data.
        real: The real signing, normalised, 178 joints.
        seconds: From the first gloss's start to the last one's end, as annotated.
        joined: The recordings as the data joins them, normalised.
        spans: Where each recording stands in `joined`.
        signs: The recordings, one sign each.
        clips: The recordings for the peer.
        replaced: Whether any segment was replaced by a dictionary recording.
    """

    name: str
    real: PoseSequence
    seconds: float
    joined: PoseSequence
    spans: Sequence[tuple[int, int]]
    signs: Sequence[Sign]
    clips: Sequence[Pose]
    replaced: bool


def read_sentences(folder: str | Path = FOLDER) -> list[RealSentence]:
    """All sentence pairs of a folder.

    Raises:
        PoseFileError: If there is none, or a file of a pair is missing or damaged.

    Chapter: 03_stitching
    """
    files = sorted(Path(folder).glob("*_metadata.json"), key=lambda f: (len(f.name), f.name))
    if not files:
        raise PoseFileError(
            "There are no sentence pairs (*_metadata.json) here.",
            file=folder,
            fix="Point it at fluent-pose-synthesis' assets/sample_dataset.",
        )
    return [_read_sentence(file) for file in files]


def _read_sentence(file: Path) -> RealSentence:
    name = file.name.removesuffix("_metadata.json")
    try:
        glosses = json.loads(file.read_text("utf8"))["sentence"]["glosses"]
        seconds = (glosses["end"][-1] - glosses["start"][0]) / 1000
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise PoseFileError(f"No timed glosses ({error!r}).", file=file) from error
    original = fix_depth(read_pose(file.with_name(f"{name}_original.pose")))
    path = file.with_name(f"{name}_updated.pose")
    as_stored = read_pose(path)
    spans, updated = split_at_gaps(as_stored), fix_depth(as_stored)
    raw = with_depth(Pose.read(path.read_bytes()), updated)
    return RealSentence(
        name=name,
        real=normalise(original.to(SLRTP_178)),
        seconds=seconds,
        joined=normalise(updated.to(SLRTP_178)),
        spans=spans,
        signs=[
            record_sign(f"{name} {i}", partial(_part, updated, *span), f"{path.name} {span}")
            for i, span in enumerate(spans)
        ],
        clips=[Pose(raw.header, raw.body[start:end]) for start, end in spans],
        replaced=len(updated) != len(original),
    )


def _part(pose: PoseSequence, start: int, end: int) -> PoseSequence:
    return pose[start:end]


def real_spectrum(sentences: Sequence[RealSentence], leave_out: str = "") -> Spectrum:
    """The velocity spectrum of real signing, one sentence left out: no aim of its own.

    Chapter: 03_stitching
    """
    kept = [canonicalise(s.real) for s in sentences if s.name != leave_out]
    return spectrum(kept, kept[0].fps)


def stitch_as(
    arm: str, sentence: RealSentence, reference: Spectrum, seed: int | None
) -> tuple[PoseSequence, Sequence[tuple[int, int]] | None]:
    """A sentence's recordings, stitched by one method.

    Args:
        arm: Key of `ARMS`: `raw` joins as the data does, `peer` is spoken-to-signed.
        sentence: Whose recordings.
        reference: Real signing, for matched smoothing.
        seed: For durations drawn at random; None takes medians.

    Returns:
        (normalised sequence, (start, end) of its signs, None where the method doesn't tell).

    Raises:
        SLTError: If there is no such arm.

    Chapter: 03_stitching
    """
    if arm not in ARMS:
        raise SLTError(f"No arm is named {arm!r}.", fix=f"Known: {', '.join(ARMS)}.")
    if arm == "raw":
        return sentence.joined, sentence.spans
    if arm == "peer":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # it divides by masked distances
            return from_peer(peer_stitch(sentence.clips)), None
    settings = ARMS[arm]
    own = reference if settings.smoothing == "matched" else None
    stitched = Stitcher(Dictionary(sentence.signs), settings, own).stitch_signs(
        sentence.signs, seed=seed
    )
    return stitched.pose, stitched.spans


def record(arm: str, seed: int, folder: str = FOLDER) -> dict:
    """One arm over all sentences, measured against the real signing sentence by sentence.

    Durations are drawn with the seed; arms without a duration model give the same every time.

    Returns:
        The median of each measure of `compare_with_real` over the sentences with dictionary
        recordings; `sentences`, the measures of each of them by name; `unchanged`, those of the
        others, in which every method joins the real segments again.

    Chapter: 03_stitching
    """
    sentences = read_sentences(folder)
    rows: dict[str, dict] = {"sentences": {}, "unchanged": {}}
    for i, sentence in enumerate(sentences):
        reference = real_spectrum(sentences, leave_out=sentence.name)
        stitched = stitch_as(arm, sentence, reference, seed * 1000 + i)
        measured = compare_with_real({arm: stitched}, sentence.real, sentence.seconds, reference)
        kind = "sentences" if sentence.replaced else "unchanged"
        rows[kind][sentence.name] = {k: _rounded(v) for k, v in measured[arm].items()}
    replaced = rows["sentences"].values()
    measures = next(iter(replaced), {})
    return {**{k: _median([row[k] for row in replaced]) for k in measures}, **rows}


def _median(values: Sequence[float | None]) -> float | None:
    seen = [v for v in values if v is not None]
    return round(float(np.median(seen)), 5) if seen else None


def _rounded(value: float) -> float | None:
    return round(value, 5) if np.isfinite(value) else None
