"""A dictionary cut out of continuous signing, by frame alignments."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from slt_lib.dictionary.alignment import GlossSpan, gloss_spans
from slt_lib.dictionary.dictionary import Dictionary
from slt_lib.dictionary.quality import assess
from slt_lib.dictionary.sign import Sign, number_variants, to_sign_pose
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.sequence import PoseSequence


def from_alignments(
    utterances: Iterable[Utterance],
    poses: Mapping[str, PoseSequence] | None = None,
    signed_language: str = "gsg",
) -> Dictionary:
    """The signs of a continuous corpus, each take of a gloss a variant of it.

    Args:
        utterances: Sentences with glosses and alignment. Those without a pose still help to
            name the recogniser's signs (`gloss_spans`), so give the whole annotation.
        poses: Poses by sentence name, where the utterances carry none; may be lazy.
        signed_language: ISO 639-3 code to note in each sign.

    Returns:
        A dictionary whose signs know their sentence of origin (`Dictionary.excluding`).

    Raises:
        SLTError: If no sentence has a pose and an alignment, or they differ in length.

    Chapter: 02_dictionary
    """
    utterances = list(utterances)
    if poses is None:
        poses = {u.name: u.pose for u in utterances if u.pose is not None}
    spans = gloss_spans(utterances)
    frames = {u.name: len(u.alignment) for u in utterances if u.alignment is not None}
    named = [name for name in spans if name in poses]
    if not named:
        raise SLTError(
            "No sentence has both a pose and a frame alignment.",
            fix="Sentence names must agree between the poses and the annotation.",
        )
    signs = (
        sign
        for name in named
        for sign in _cut(name, poses, spans[name], frames[name], signed_language)
    )
    return Dictionary(number_variants(signs))


def _cut(name: str, poses: Mapping, spans: Iterable[GlossSpan], frames: int, language: str):
    pose = poses[name]
    if len(pose) != frames:
        raise SLTError(
            f"Sentence {name} has {len(pose)} frames of pose and {frames} of alignment.",
            fix="Use the poses at the frame rate that the alignment was made at.",
        )
    for span in spans:
        yield Sign(
            gloss=span.gloss,
            fps=pose.fps,
            frames=span.end - span.start,
            read=partial(_read_span, poses, name, span.start, span.end),
            source=f"{name}, frames {span.start} to {span.end - 1}",
            sentence=name,
            signed_language=language,
            quality=assess(pose[span.start : span.end]),
        )


def _read_span(poses: Mapping, name: str, start: int, end: int) -> PoseSequence:
    """The whole sentence is put in the shoulder frame, so that its takes share one scale."""
    return to_sign_pose(poses[name])[start:end]


def from_spans(utterances: Sequence[Utterance], signed_language: str = "gsg") -> Dictionary:
    """The signs of a corpus whose sentences say when each gloss was signed.

    Args:
        utterances: With poses and spans, such as a `Corpus` (poses are read when played); those
            without spans are left out.
        signed_language: ISO 639-3 code to note in each sign.

    Returns:
        A dictionary whose signs know their sentence of origin (`Dictionary.excluding`).

    Raises:
        SLTError: If no sentence has spans.

    Chapter: 12_ablations
    """
    signs = [s for i in range(len(utterances)) for s in _spans_of(utterances, i, signed_language)]
    if not signs:
        raise SLTError("No sentence says when its glosses were signed.", fix="Align it first.")
    return Dictionary(number_variants(signs))


def _spans_of(utterances: Sequence[Utterance], number: int, language: str):
    item = utterances[number]
    if item.spans is None or item.pose is None:
        return
    for gloss, (start, end) in zip(item.gloss, item.spans, strict=True):
        if end - start < 2:
            continue
        yield Sign(
            gloss=gloss,
            fps=item.pose.fps,
            frames=end - start,
            read=partial(_read_item, utterances, number, start, end),
            source=f"{item.name}, frames {start} to {end - 1}",
            sentence=item.name,
            signed_language=language,
            quality=assess(item.pose[start:end]),
        )


def _read_item(utterances: Sequence[Utterance], number: int, start: int, end: int) -> PoseSequence:
    return to_sign_pose(utterances[number].pose)[start:end]
