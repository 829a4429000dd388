"""A corpus made ready for training: keypoints in one block, words as numbers, batches by index."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.translation.features import FPS, read_pose
from slt_lib.translation.vocabulary import BOS, EOS, PAD, Vocabulary


@dataclass(frozen=True, eq=False)
class Batch:
    """Some sentences, padded to the longest: poses or pictures.

    Attributes:
        positions: [batch, frames, 60, 3], None for video.
        seen: bool [batch, frames, 60], None for video.
        frames: int [batch], how many are real.
        gloss: int [batch, glosses]; gloss_lengths: int [batch].
        tokens: int [batch, words + 2], from `BOS` to `EOS`, then `PAD`.
        domain: int [batch], which origin.
        pictures: uint8 [batch, frames, 3, H, W], None for poses.

    Chapter: 09_pose_to_text
    """

    positions: Tensor | None
    seen: Tensor | None
    frames: Tensor
    gloss: Tensor
    gloss_lengths: Tensor
    tokens: Tensor
    domain: Tensor
    pictures: Tensor | None = None

    def to(self, device) -> "Batch":
        """The batch on another device."""
        return self._each(lambda value: value.to(device))

    def select(self, rows: Tensor) -> "Batch":
        """Some of its sentences, by number, with the same padding."""
        return self._each(lambda value: value[rows])

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        return Batch(**{k: None if v is None else change(v) for k, v in vars(self).items()})

    @property
    def mask(self) -> Tensor:
        """Which frames are real, bool [batch, frames]."""
        longest = (self.seen if self.pictures is None else self.pictures).shape[1]
        return torch.arange(longest, device=self.frames.device) < self.frames.unsqueeze(1)

    @property
    def words(self) -> Tensor:
        """Words of every target, `EOS` counted, int [batch]."""
        return (self.tokens[:, 1:] != PAD).sum(1)


@dataclass(frozen=True, eq=False)
class TranslationData:
    """Sentences in memory, ready to be batched.

    Attributes:
        positions: float16 [all frames, 60, 3]; seen: bool [all frames, 60].
        starts: Where each sentence begins in them, int [sentences + 1].
        names: Of the sentences.
        glosses, texts: As words; what a model knows of them is decided by its vocabularies.
        domain: Which origin each has, int [sentences].

    Chapter: 09_pose_to_text
    """

    positions: np.ndarray
    seen: np.ndarray
    starts: np.ndarray
    names: tuple[str, ...]
    glosses: tuple[tuple[str, ...], ...]
    texts: tuple[str, ...]
    domain: np.ndarray

    @classmethod
    def from_corpus(
        cls, corpus: Iterable[Utterance], *, max_frames: int = 1200, domain: int = 0
    ) -> "TranslationData":
        """Read a corpus; an item without a frame gets one in which nothing was seen.

        Args:
            corpus: Utterances with poses in the shoulder frame.
            max_frames: Longer sentences are cut there, at 25 frames per second.
            domain: Their origin, for domain tokens.

        Raises:
            SLTError: If there is no item, or one has no pose.

        Chapter: 09_pose_to_text
        """
        positions, seen, names, glosses, texts = [], [], [], [], []
        for item in corpus:
            if item.pose is None:
                raise SLTError(f"{item.name} has no pose.", fix="Join annotation and poses first.")
            enough = math.ceil(max_frames * max(1, item.pose.fps / FPS))
            where, mask = read_pose(item.pose[:enough])
            if not len(where):
                where, mask = np.zeros((1, 60, 3), np.float16), np.zeros((1, 60), bool)
            positions.append(where[:max_frames])
            seen.append(mask[:max_frames])
            names.append(item.name)
            glosses.append(tuple(item.gloss))
            texts.append(" ".join(item.text.split()))
        if not names:
            raise SLTError("There is no sentence to translate.", fix="Give a corpus with items.")
        starts = np.cumsum([0] + [len(p) for p in positions])
        return cls(
            np.concatenate(positions), np.concatenate(seen), starts, tuple(names),
            tuple(glosses), tuple(texts), np.full(len(names), domain),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.names)

    @property
    def lengths(self) -> np.ndarray:
        """Frames of every sentence, int [sentences]."""
        return np.diff(self.starts)

    def select(self, indices: Sequence[int] | np.ndarray) -> "TranslationData":
        """Some of the sentences, in the order given."""
        chosen = np.asarray(indices, int)
        frames = np.concatenate([np.arange(self.starts[i], self.starts[i + 1]) for i in chosen])
        return TranslationData(
            self.positions[frames], self.seen[frames], np.cumsum([0, *self.lengths[chosen]]),
            tuple(self.names[i] for i in chosen), tuple(self.glosses[i] for i in chosen),
            tuple(self.texts[i] for i in chosen), self.domain[chosen],
        )  # fmt: skip

    def with_texts(self, texts: Sequence[str]) -> "TranslationData":
        """The same signing under other texts."""
        return replace(self, texts=tuple(" ".join(text.split()) for text in texts))

    def batch(self, indices: Sequence[int] | np.ndarray, codec: "Codec") -> Batch:
        """Some sentences as one padded batch.

        Args:
            indices: Which.
            codec: The model's vocabularies.

        Chapter: 09_pose_to_text
        """
        chosen = np.asarray(indices, int)
        frames = self.lengths[chosen]
        at = self.starts[chosen][:, None] + np.arange(frames.max())
        inside = np.arange(frames.max()) < frames[:, None]
        at = np.where(inside, at, 0)
        positions = torch.from_numpy(self.positions[at]).float()
        seen = torch.from_numpy(self.seen[at] & inside[..., None])
        words = targets([self.glosses[i] for i in chosen], [self.texts[i] for i in chosen], codec)
        return Batch(
            positions * seen.unsqueeze(-1), seen, torch.from_numpy(frames), **words,
            domain=torch.from_numpy(self.domain[chosen]),
        )  # fmt: skip

    @classmethod
    def joined(cls, parts: Sequence["TranslationData"]) -> "TranslationData":
        """Several sets as one."""
        lengths = np.concatenate([part.lengths for part in parts])
        return cls(
            np.concatenate([p.positions for p in parts]), np.concatenate([p.seen for p in parts]),
            np.cumsum([0, *lengths]), sum((p.names for p in parts), ()),
            sum((p.glosses for p in parts), ()), sum((p.texts for p in parts), ()),
            np.concatenate([p.domain for p in parts]),
        )  # fmt: skip

    def content(self) -> Iterator[bytes]:
        """What tells this set from others, piece by piece."""
        yield json.dumps([self.names, self.texts, self.glosses]).encode()
        yield self.lengths.tobytes()
        yield self.domain.tobytes()
        yield self.positions[:: max(1, len(self.positions) // 1000)].tobytes()


@dataclass(frozen=True)
class Codec:
    """A model's two vocabularies.

    Attributes:
        gloss: Of the gloss head.
        text: Of the decoder.

    Chapter: 09_pose_to_text
    """

    gloss: Vocabulary
    text: Vocabulary

    @classmethod
    def build(cls, *data: TranslationData, min_count: int = 1) -> "Codec":
        """The vocabularies of some training data.

        Args:
            data: Training data only.
            min_count: Rarer words are unknown.

        Chapter: 09_pose_to_text
        """
        glosses = [g for part in data for g in part.glosses]
        texts = [t.split() for part in data for t in part.texts]
        return cls(Vocabulary.build(glosses, min_count), Vocabulary.build(texts, min_count))

    def encode_text(self, text: str) -> list[int]:
        """A sentence as numbers, from `BOS` to `EOS`."""
        return [BOS, *self.text.encode(text.split()), EOS]

    def decode_text(self, numbers: Iterable[int]) -> str:
        """A sentence from numbers."""
        return " ".join(self.text.decode(numbers))


def concatenate(parts: Sequence):
    """Several data sets of one kind, poses or video, as one.

    Raises:
        SLTError: If they are of both kinds.

    Chapter: 10_pretraining
    """
    if len({type(part) for part in parts}) != 1:
        raise SLTError("Poses and videos can't be one data set.", fix="Give only one kind.")
    return type(parts[0]).joined(parts)


def targets(
    glosses: Sequence[Sequence[str]], texts: Sequence[str], codec: Codec
) -> dict[str, Tensor]:
    """What a batch's sentences are to become: `gloss`, `gloss_lengths` and `tokens` of `Batch`."""
    gloss = [codec.gloss.encode(one) for one in glosses]
    return {
        "gloss": _padded(gloss),
        "gloss_lengths": torch.tensor([len(g) for g in gloss]),
        "tokens": _padded([codec.encode_text(text) for text in texts]),
    }


def _padded(rows: list[list[int]]) -> Tensor:
    out = np.full((len(rows), max(1, *(len(row) for row in rows)) if rows else 1), PAD)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return torch.from_numpy(out)
