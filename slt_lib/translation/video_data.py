"""Clips on disk as training data: words in memory, pictures read when a batch is made."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch

from slt_lib.pose.errors import SLTError
from slt_lib.rendering.clips import Clips
from slt_lib.translation.data import Batch, Codec, TranslationData, targets

WORKERS = 2  # threads that decode one batch


@dataclass(frozen=True, eq=False)
class VideoData:
    """Signed sentences on video, with what `TranslationData` says of poses.

    Attributes:
        clips: Folders of clips, all of one frame rate and size.
        places: Which folder and which clip in it, int [sentences, 2].
        names: Of the sentences.
        glosses, texts: As words.
        domain: Which origin each has, int [sentences].

    Raises:
        SLTError: If frame rates or sizes differ.

    Chapter: 11_video_to_text
    """

    clips: tuple[Clips, ...]
    places: np.ndarray
    names: tuple[str, ...]
    glosses: tuple[tuple[str, ...], ...]
    texts: tuple[str, ...]
    domain: np.ndarray

    def __post_init__(self) -> None:
        kinds = {(c.fps, c.width, c.height) for c in self.clips}
        if len(kinds) > 1:
            said = "; ".join(f"{f:g} fps, {w}×{h} pixels" for f, w, h in sorted(kinds))
            raise SLTError(f"Clips of several kinds can't be one data set: {said}.",
                           fix="Make all of one frame rate and size.")  # fmt: skip

    @classmethod
    def from_clips(cls, clips: Clips, domain: int = 0) -> "VideoData":
        """All clips of a folder.

        Args:
            clips: The folder's.
            domain: Their origin, for domain tokens.

        Chapter: 11_video_to_text
        """
        places = np.stack([np.zeros(len(clips), int), np.arange(len(clips))], 1)
        texts = tuple(" ".join(text.split()) for text in clips.texts)
        return cls((clips,), places, clips.names, clips.glosses, texts, np.full(len(clips), domain))

    def __len__(self) -> int:
        return len(self.names)

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.clips[0].fps

    @cached_property
    def lengths(self) -> np.ndarray:
        """Frames of every sentence, int [sentences]."""
        return np.array([self.clips[folder].lengths[clip] for folder, clip in self.places], int)

    def select(self, indices: Sequence[int] | np.ndarray) -> "VideoData":
        """Some of the sentences, in the order given; no picture is read."""
        chosen = np.asarray(indices, int)
        return VideoData(
            self.clips, self.places[chosen], tuple(self.names[i] for i in chosen),
            tuple(self.glosses[i] for i in chosen), tuple(self.texts[i] for i in chosen),
            self.domain[chosen],
        )  # fmt: skip

    def with_texts(self, texts: Sequence[str]) -> "VideoData":
        """The same signing under other texts."""
        return replace(self, texts=tuple(" ".join(text.split()) for text in texts))

    def batch(self, indices: Sequence[int] | np.ndarray, codec: Codec) -> Batch:
        """Some sentences as one padded batch; their pictures are decoded now.

        Args:
            indices: Which.
            codec: The model's vocabularies.

        Raises:
            SLTError: If a frame is damaged on disk.

        Chapter: 11_video_to_text
        """
        chosen = np.asarray(indices, int)
        frames, one = self.lengths[chosen], self.clips[0]
        pictures = np.zeros((len(chosen), frames.max(), one.height, one.width, 3), np.uint8)

        def read(row: int) -> None:
            folder, clip = self.places[chosen[row]]
            pictures[row, : frames[row]] = self.clips[folder].frames(clip)

        with ThreadPoolExecutor(WORKERS) as threads:
            list(threads.map(read, range(len(chosen))))
        words = targets([self.glosses[i] for i in chosen], [self.texts[i] for i in chosen], codec)
        return Batch(
            positions=None, seen=None, frames=torch.from_numpy(frames), **words,
            domain=torch.from_numpy(self.domain[chosen]),
            pictures=torch.from_numpy(pictures).permute(0, 1, 4, 2, 3),
        )  # fmt: skip

    @classmethod
    def joined(cls, parts: Sequence["VideoData"]) -> "VideoData":
        """Several sets as one; no picture is read."""
        clips = sum((p.clips for p in parts), ())
        before = np.cumsum([0, *(len(p.clips) for p in parts)])
        places = [p.places + np.array([n, 0]) for p, n in zip(parts, before, strict=False)]
        return cls(
            clips, np.concatenate(places), sum((p.names for p in parts), ()),
            sum((p.glosses for p in parts), ()), sum((p.texts for p in parts), ()),
            np.concatenate([p.domain for p in parts]),
        )  # fmt: skip

    def content(self) -> Iterator[bytes]:
        """What tells this set from others, piece by piece: the clips' hashes, not their pixels."""
        yield repr([self.names, self.texts, self.glosses, [c.hash for c in self.clips]]).encode()
        yield self.places.tobytes()
        yield self.domain.tobytes()


Sentences = TranslationData | VideoData  # what can be translated
