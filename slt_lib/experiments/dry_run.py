"""Do the full sizes hold together? Each model is built, and learns from two batches on the CPU.

What comes out is no result about signing: batches are made up. It is parameters, memory and work
per batch, so that wrong settings are found before a GPU is booked.
"""

import gc
import math
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from slt_lib.experiments.memory import MemoryWatch
from slt_lib.pose.errors import SLTError

BATCHES = 2
STATE = 16  # bytes per parameter: weight, gradient and Adam's two means, float32
SPEED = 1e13  # floating-point operations a second that a GPU is taken to do in practice
ROOM = 1.5  # what a GPU's software and the gaps in its memory add, gigabytes


@dataclass(frozen=True)
class Job:
    """A model that is ready to learn.

    Attributes:
        learn: Learns from `BATCHES` batches, and says numbers that must be finite: their losses,
            or how large the weights are in the end.
        parameters: That are trained.
        tried: Items in a batch here.
        batch: Items in a batch of the profile.
        updates: Of the profile's whole training.
        item: What an item is.
        countable: Whether its operations are torch's own, so that they can be counted.
    """

    learn: Callable[[], Sequence[float]]
    parameters: int
    tried: int
    batch: int
    updates: int
    item: str = "sentences"
    countable: bool = True


@dataclass(frozen=True)
class Case:
    """A model of the book.

    Attributes:
        name: What it is.
        chapters: Where it is trained.
        make: From a profile's name to a job.
    """

    name: str
    chapters: tuple[str, ...]
    make: Callable[[str], Job]


@dataclass(frozen=True)
class Tried:
    """What a dry run of a model found.

    Attributes:
        name, chapters: As of the case.
        error: Why it failed, "" if it didn't; nothing else is known then.
        parameters, tried, batch, updates, item: As of the job.
        numbers: As the job said them.
        seconds, cpu_seconds: Per batch, here; on all cores.
        peak_mb: What the process held more than before the model was built.
        kept_mb: What the forward pass keeps for the backward one, of the largest batch tried.
        operations: Floating-point operations of a batch tried, without those of attention
            itself, which torch doesn't count on CPUs; 0 where they can't be counted.
    """

    name: str
    chapters: tuple[str, ...]
    error: str = ""
    parameters: int = 0
    tried: int = 1
    batch: int = 1
    updates: int = 0
    item: str = ""
    numbers: tuple[float, ...] = ()
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0
    kept_mb: float = 0.0
    operations: float = 0.0

    @property
    def gpu_gb(self) -> float:
        """Memory that the profile's batch needs in float32: state, what is kept, and room."""
        kept = self.kept_mb * self.batch / self.tried / 1e3
        return STATE * self.parameters / 1e9 + kept + ROOM

    @property
    def gpu_hours(self) -> float | None:
        """Of the whole training at `SPEED`; None where operations can't be counted."""
        work = self.operations * self.batch / self.tried * self.updates
        return work / SPEED / 3600 if work else None

    def line(self) -> str:
        """As a line for a terminal."""
        hours = "" if self.gpu_hours is None else f", about {self.gpu_hours:.3g} hours in all"
        return (
            f"{self.name}: {self.parameters / 1e6:.2f} M parameters; {self.tried} of {self.batch} "
            f"{self.item} in {self.cpu_seconds:.1f} CPU seconds and {self.peak_mb / 1e3:.2f} GB "
            f"here; on a GPU {self.gpu_gb:.1f} GB{hours}"
        )

    def row(self) -> dict:
        """As plain numbers, for JSON."""
        return asdict(self) | {"gpu_gb": round(self.gpu_gb, 2), "gpu_hours": self.gpu_hours}


def dry_run(cases: Sequence[Case], profile: str = "paper") -> Iterator[Tried]:
    """Try models one after the other; one that fails doesn't stop the others.

    Args:
        cases: Which.
        profile: Whose sizes.

    Yields:
        What was found of each.

    Chapter: 15_your_own_data
    """
    for case in cases:
        gc.collect()
        try:
            yield _try(case, profile)
        except (SLTError, RuntimeError, ValueError, TypeError, MemoryError) as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            why = str(error) if isinstance(error, SLTError) else (
                f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})")  # fmt: skip
            yield Tried(case.name, case.chapters, error=why[:500])


def _try(case: Case, profile: str) -> Tried:
    with MemoryWatch() as memory:
        job = case.make(profile)
        with _counted() as counted:
            began, used = time.perf_counter(), time.process_time()
            numbers = tuple(map(float, job.learn()))
            seconds = (time.perf_counter() - began) / BATCHES
            computed = (time.process_time() - used) / BATCHES
    if not numbers or not all(map(math.isfinite, numbers)):
        raise ValueError(f"it doesn't learn: {numbers}")
    return Tried(
        case.name, case.chapters, "", job.parameters, job.tried, job.batch, job.updates, job.item,
        numbers, round(seconds, 3), round(computed, 3),
        round(memory.peak_mb - memory.start_mb, 1),
        round(counted.most / 1e6, 3), counted.operations() / BATCHES * job.countable,
    )  # fmt: skip


class _Kept:
    """Bytes that autograd keeps between a forward pass and its backward pass, at most."""

    most = 0

    def __init__(self) -> None:
        self.now: dict[int, int] = {}
        self.returning = False

    def pack(self, tensor: torch.Tensor) -> torch.Tensor:
        """Counts a storage once; weights, which are there anyway, not at all."""
        if self.returning:
            self.now, self.returning = {}, False
        base = tensor if tensor._base is None else tensor._base
        if not (base.is_leaf and base.requires_grad):
            storage = tensor.untyped_storage()
            self.now[storage.data_ptr()] = storage.nbytes()
            self.most = max(self.most, sum(self.now.values()))
        return tensor

    def unpack(self, tensor: torch.Tensor) -> torch.Tensor:
        """The backward pass has begun."""
        self.returning = True
        return tensor


@contextmanager
def _counted() -> Iterator[_Kept]:
    """Count what is kept and what is computed."""
    kept, counter = _Kept(), FlopCounterMode(display=False)
    kept.operations = lambda: float(counter.get_total_flops())
    with torch.autograd.graph.saved_tensors_hooks(kept.pack, kept.unpack), counter:
        yield kept
