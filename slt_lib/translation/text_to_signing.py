"""Text in, signing out: a text-to-gloss model drives the stitcher.

Each gloss is looked up in the dictionary, which splits, counts or finger-spells what it doesn't
have; the signs get the durations that the model predicts, the sentence its cutoff, the face what
the model says it does. What couldn't be signed is said in plain sentences.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from slt_lib.dictionary import Lookup
from slt_lib.pose.errors import SLTError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching.face import Expressions
from slt_lib.stitching.stitcher import Stitched, Stitcher
from slt_lib.translation.text_to_gloss.model import TextToGloss
from slt_lib.translation.text_to_gloss.reading import Reading, read_text

LETTER_SECONDS = 0.32  # of a finger-spelled letter, its way counted
SHORTEST_PART = 0.2  # seconds of a sign that is a part of a gloss
LOWEST_CUTOFF = 2.0  # hertz


@dataclass(frozen=True, eq=False)
class Signed:
    """A text and its signing.

    Attributes:
        reading: What was made of the text.
        stitched: The signing, with its segments, one per sign.
        lookups: How each gloss was found in the dictionary.

    Chapter: 13_novel_sentences
    """

    reading: Reading
    stitched: Stitched
    lookups: tuple[Lookup, ...]

    @property
    def pose(self) -> PoseSequence:
        """The finished sequence, 178 joints."""
        return self.stitched.pose

    @property
    def labels(self) -> list[str]:
        """What is signed in each frame, for a player; "" between signs."""
        out = [""] * len(self.pose)
        for segment in self.stitched.segments:
            out[segment.start : segment.end] = [segment.gloss] * (segment.end - segment.start)
        return out

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader should know: unknown words, glosses without a sign of their own."""
        return (*self.reading.notes, *filter(None, map(_remark, self.lookups)))


def sign_text(
    text: str,
    model: TextToGloss,
    stitcher: Stitcher,
    *,
    expressions: Expressions | None = None,
    beam: int = 4,
) -> Signed:
    """From any German text to continuous signing.

    Args:
        text: One sentence or several.
        model: A text-to-gloss model.
        stitcher: With its dictionary. Its settings hold for what the model never learnt: their
            durations without a duration head, their smoothing without a cutoff.
        expressions: Faces by the model's names (`named_expressions`), laid over those of the
            recordings; None leaves these alone.
        beam: Hypotheses kept in the search.

    Raises:
        SLTError: If nothing of the text can be signed; it says what was tried.

    Chapter: 13_novel_sentences
    """
    return sign_reading(read_text(text, model, beam), model, stitcher, expressions=expressions)


def sign_reading(
    reading: Reading, model: TextToGloss, stitcher: Stitcher, *,
    expressions: Expressions | None = None,
) -> Signed:  # fmt: skip
    """As `sign_text`, for a text that was read."""
    find = stitcher.dictionary.lookup
    lookups = tuple(find(g, missing=stitcher.settings.missing) for g in reading.glosses)
    if not any(found.signs for found in lookups):
        tried = " ".join(reading.notes + tuple(filter(None, map(_remark, lookups))))
        raise SLTError(
            f"Nothing of this text can be signed: {reading.text!r}. {tried}",
            fix="Use words of the training texts, or a dictionary with letters.",
        )
    driven = copy(stitcher)
    driven.settings = replace(stitcher.settings, **_smoothing(reading, stitcher))
    stitched = driven.stitch_signs(
        [sign for found in lookups for sign in found.signs],
        seconds=_per_sign(reading.seconds, lookups),
    )
    if expressions is not None and reading.faces is not None:
        codes = [model.codec.faces.index(face)
                 for face, found in zip(reading.faces, lookups, strict=True)
                 for _ in found.signs]  # fmt: skip
        face = expressions.put(stitched.pose, stitched.spans, codes, keep=True)
        stitched = replace(stitched, pose=face)
    return Signed(reading, stitched, lookups)


def _smoothing(reading: Reading, stitcher: Stitcher) -> dict:
    """The settings that the predicted cutoff changes."""
    if reading.cutoff is None:
        return {}
    highest = 0.48 * stitcher.settings.fps
    return {"smoothing": "fixed", "cutoff": float(np.clip(reading.cutoff, LOWEST_CUTOFF, highest))}


def _per_sign(seconds: Sequence[float] | None, lookups: Sequence[Lookup]) -> list[float] | None:
    """A duration for every sign: a letter has its own, the parts of a gloss share the gloss's."""
    if seconds is None:
        return None
    out: list[float] = []
    for whole, found in zip(seconds, lookups, strict=True):
        n = len(found.signs)
        if found.step == "fingerspelling" or n > 4:
            out += [LETTER_SECONDS] * n
        else:
            out += [max(whole / n, SHORTEST_PART)] * n if n > 1 else [whole] * n
    return out


def _remark(found: Lookup) -> str:
    """How a gloss was found, if not under its own name."""
    if not found.signs:
        return f"{found.gloss} has no sign and is left out. {found.tried[-1]}"
    if found.step in ("exact", "normalised"):
        return ""
    return f"{found.gloss} has no sign of its own. {found.tried[-1]}"
