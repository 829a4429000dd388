"""Which sentences are in which batch? A pure function of the seed and the update's number."""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from lightning_fabric import Fabric

from slt_lib.pose.errors import SLTError
from slt_lib.translation.data import Batch, Codec, concatenate
from slt_lib.translation.loss import Totals
from slt_lib.translation.picture_augment import vary
from slt_lib.translation.settings import TrainSettings
from slt_lib.translation.video_data import Sentences

BUCKET = 8  # batches that are sorted by length together


@dataclass(frozen=True, eq=False)
class Mixture:
    """Several data sets, each with a share of every batch that may change during training.

    Attributes:
        parts: (data, share): a number, or a function of the progress from 0 to 1. Shares are
            taken relative to their sum.

    Chapter: 12_ablations
    """

    parts: Sequence[tuple[Sentences, float | Callable[[float], float]]]

    def shares(self, progress: float) -> np.ndarray:
        """The parts' shares at some progress, float [parts], with sum 1.

        Raises:
            SLTError: If they are negative or all 0.
        """
        found = np.array([s(progress) if callable(s) else s for _, s in self.parts], float)
        if (found < 0).any() or not found.sum() > 0:
            raise SLTError(f"Shares of {found.tolist()} can't be had.")
        return found / found.sum()


def epoch_batch(lengths: np.ndarray, size: int, seed: int, update: int) -> np.ndarray:
    """The sentences of one batch when all are seen once per epoch, int [size or fewer].

    Sentences are shuffled, sorted by length within groups of some batches, and the batches
    shuffled again, so that little is padded and no epoch is like another.

    Args:
        lengths: Frames of every sentence, int [sentences].
        size: Sentences per batch.
        seed: Of the order.
        update: Number of the batch since the start of training.

    Chapter: 09_pose_to_text
    """
    per_epoch = max(1, -(-len(lengths) // size))
    epoch, place = divmod(update, per_epoch)
    return _epoch(lengths.tobytes(), str(lengths.dtype), size, seed, epoch)[place]


@lru_cache(4)
def _epoch(lengths: bytes, dtype: str, size: int, seed: int, epoch: int) -> list[np.ndarray]:
    frames = np.frombuffer(lengths, dtype)
    rng = np.random.default_rng([seed, epoch, 1])
    order = rng.permutation(len(frames))
    batches = []
    for start in range(0, len(order), BUCKET * size):
        group = order[start : start + BUCKET * size]
        group = group[np.argsort(frames[group], kind="stable")]
        batches += [group[i : i + size] for i in range(0, len(group), size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def mixed_batch(
    mixture: Mixture, size: int, seed: int, update: int, updates: int
) -> list[np.ndarray]:
    """The sentences of one batch drawn from several data sets, an int array per part.

    Args:
        mixture: The parts and their shares.
        size: Sentences per batch.
        seed: Of the draw.
        update: Number of the batch.
        updates: Of the whole training, for the progress.

    Chapter: 12_ablations
    """
    rng = np.random.default_rng([seed, update, 2])
    counts = rng.multinomial(size, mixture.shares(update / max(1, updates - 1)))
    chosen = []
    for (data, _), count in zip(mixture.parts, counts, strict=True):
        pool = rng.permutation(len(data))[: max(count * 4, 1)]
        pool = pool[np.argsort(data.lengths[pool], kind="stable")]
        start = int(rng.integers(max(1, len(pool) - count + 1)))
        window = pool[start : start + count]
        missing = count - len(window)
        extra = rng.integers(len(data), size=missing) if missing > 0 else window[:0]
        chosen.append(np.concatenate([window, extra]).astype(int))
    return chosen


def batches(
    data: Sentences | Mixture, settings: TrainSettings, codec: Codec, seed: int,
    updates: range, fabric: Fabric, stride: int,
) -> Iterator[tuple[Batch, Totals, int]]:  # fmt: skip
    """`next_batch` of some updates, each made in the background while the last one is used."""

    def make(update: int) -> tuple[Batch, Totals, int]:
        return next_batch(data, settings, codec, seed, update, fabric, stride)

    with ThreadPoolExecutor(1) as ahead:
        coming = [ahead.submit(make, update) for update in updates[:1]]
        for update in updates:
            now = coming.pop().result()
            if update + updates.step in updates:
                coming.append(ahead.submit(make, update + updates.step))
            yield now


def next_batch(
    data: Sentences | Mixture, settings: TrainSettings, codec: Codec, seed: int,
    update: int, fabric: Fabric, stride: int,
) -> tuple[Batch, Totals, int]:  # fmt: skip
    """This device's part of a batch, varied; targets and sentences of the whole batch."""
    if isinstance(data, Mixture):
        chosen = mixed_batch(data, settings.batch_size, seed, update, settings.updates)
        pairs = zip(data.parts, chosen, strict=True)
        whole = concatenate([part.select(rows) for (part, _), rows in pairs if len(rows)])
        rows = np.arange(len(whole))
    else:
        whole, rows = data, epoch_batch(data.lengths, settings.batch_size, seed, update)
    batch = whole.batch(rows, codec)
    generator = torch.Generator().manual_seed(
        int(np.random.SeedSequence([seed, update, 3]).generate_state(1)[0])
    )
    batch = vary(batch, settings.augment, generator)
    totals = Totals.of(batch, stride)
    if fabric.world_size > 1:
        mine = torch.arange(len(rows))[fabric.global_rank :: fabric.world_size]
        if not len(mine):  # fewer sentences than devices: one that counts nothing
            mine, totals = torch.zeros(1, dtype=torch.long), Totals(*[math.inf] * 3)
        batch = batch.select(mine)
    return batch.to(fabric.device), totals, len(rows)
