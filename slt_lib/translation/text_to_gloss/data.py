"""What can a corpus teach a text-to-gloss model? Glosses; and durations, smoothness, faces if any.

What a corpus doesn't say is marked as unknown (NaN, or None), never guessed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from slt_lib.dictionary.alignment import gloss_spans
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.stitching.spectrum import sentence_cutoff
from slt_lib.translation.text_to_gloss.words import join_words

ALIGNED_FPS = 25.0  # of an alignment whose sentence has no pose: PHOENIX14T's


@dataclass(frozen=True, eq=False)
class GlossSentences:
    """Sentences to learn from: words, glosses, and what is known of how they were signed.

    Attributes:
        names: Of the sentences.
        words: Of every sentence, at least one.
        glosses: Of every sentence, in signing order, at least one.
        seconds: How long each gloss lasts, the ways to it counted; float [glosses], NaN unknown.
        cutoff: Hertz, of each sentence's own smoothness; float [sentences], NaN unknown.
        faces: What the face does on each gloss, None where unknown.

    Chapter: 13_novel_sentences
    """

    names: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    glosses: tuple[tuple[str, ...], ...]
    seconds: tuple[np.ndarray, ...]
    cutoff: np.ndarray
    faces: tuple[tuple[str | None, ...], ...]

    @classmethod
    def from_corpus(
        cls,
        corpus: Iterable[Utterance],
        *,
        faces: Mapping[str, Sequence[str]] | None = None,
        rough: Mapping[str, np.ndarray] | None = None,
    ) -> "GlossSentences":
        """Read a corpus. Sentences without text or glosses are left out.

        Durations are those of the items' spans, or of their frame alignment.

        Args:
            corpus: Utterances; poses are needed for cutoffs alone.
            faces: By name of a sentence, what the face does on each of its glosses.
            rough: Velocity power of unfiltered stitched signing by body part, float [bins] at
                25 frames per second (`Stitcher` with smoothing "none", `part_power`): what a
                sentence's cutoff is measured against. None leaves cutoffs unknown.

        Raises:
            SLTError: If no sentence is left, or faces don't fit their glosses.

        Chapter: 13_novel_sentences
        """
        items = [_Item.of(one, rough) for one in corpus]
        items = [item for item in items if item.words and item.glosses]
        if not items:
            raise SLTError("No sentence has both a text and glosses.", fix="Give another corpus.")
        aligned = gloss_spans(i.aligned for i in items if i.aligned is not None)
        return cls(
            tuple(item.name for item in items),
            tuple(item.words for item in items),
            tuple(item.glosses for item in items),
            tuple(item.durations(aligned.get(item.name, ())) for item in items),
            np.array([item.cutoff for item in items]),
            tuple(_faces_of(item, (faces or {}).get(item.name)) for item in items),
        )

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[Sequence[str], str]]) -> "GlossSentences":
        """Sentences of which nothing is known but (glosses, text).

        Chapter: 13_novel_sentences
        """
        made = (Utterance(str(i), tuple(g), text) for i, (g, text) in enumerate(pairs))
        return cls.from_corpus(made)

    @classmethod
    def joined(cls, parts: Sequence["GlossSentences"]) -> "GlossSentences":
        """Several sets as one, such as signed sentences and pairs that nobody signed.

        Chapter: 13_novel_sentences
        """
        rows = {f: sum((getattr(p, f) for p in parts), ()) for f in cls.__annotations__
                if f != "cutoff"}  # fmt: skip
        return cls(cutoff=np.concatenate([part.cutoff for part in parts]), **rows)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def lengths(self) -> np.ndarray:
        """Words of every sentence, int [sentences]."""
        return np.array([len(words) for words in self.words])

    @property
    def face_names(self) -> tuple[str, ...]:
        """Everything that faces do here, none first."""
        seen = {face for sentence in self.faces for face in sentence if face is not None}
        return tuple(sorted(seen))

    def content(self) -> tuple:
        """What tells this set from others."""
        seconds = tuple(np.round(one, 6).tolist() for one in self.seconds)
        cutoff = np.round(self.cutoff, 6).tolist()
        return (self.names, self.words, self.glosses, seconds, cutoff, self.faces)


@dataclass
class _Item:
    """One sentence on its way into the set."""

    name: str
    words: tuple[str, ...]
    glosses: tuple[str, ...]
    spans: tuple[tuple[int, int], ...] | None
    fps: float
    cutoff: float
    aligned: Utterance | None

    @classmethod
    def of(cls, one: Utterance, rough: Mapping[str, np.ndarray] | None) -> "_Item":
        cutoff = np.nan
        if rough is not None and one.pose is not None:
            cutoff = sentence_cutoff(one.pose, rough)
        aligned = one if one.spans is None and one.alignment is not None else None
        fps = ALIGNED_FPS if one.pose is None else one.pose.fps
        return cls(one.name, join_words(one.text), tuple(one.gloss), one.spans, fps, cutoff,
                   aligned)  # fmt: skip

    def durations(self, aligned: Sequence) -> np.ndarray:
        """Seconds of every gloss, float [glosses]; NaN for one that wasn't signed or found."""
        out = np.full(len(self.glosses), np.nan)
        if self.spans is not None:
            spans = self.spans[: len(out)]
            out[: len(spans)] = [(end - start) / self.fps for start, end in spans]
        left = list(aligned)
        for k, gloss in enumerate(self.glosses):
            if left and left[0].gloss == gloss:
                span = left.pop(0)
                out[k] = (span.end - span.start) / self.fps
        return np.where(out > 0, out, np.nan)


def _faces_of(item: _Item, faces: Sequence[str] | None) -> tuple[str | None, ...]:
    if faces is None:
        return (None,) * len(item.glosses)
    if len(faces) != len(item.glosses):
        raise SLTError(
            f"{item.name} has {len(item.glosses)} glosses and {len(faces)} faces.",
            fix="Give one for each gloss.",
        )
    return tuple(faces)
