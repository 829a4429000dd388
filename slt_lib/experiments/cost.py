"""How long will the chapters' trainings take with these data, and how much memory and disk?

A model, not a promise: time is updates times the frames of a batch times a rate that was measured
on one core, plus the search over the test sentences. Chapter 15 compares it with what a run took.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from slt_lib.experiments.protocols import PRETRAINING
from slt_lib.experiments.scale import Scale
from slt_lib.pose.errors import SLTError

# One core of a two-core cloud machine: CPU times of recorded runs of chapter 15 (width 64) and of
# the fastest ones of chapters 9 and 12 (width 96), two layers each of encoder and decoder.
PER_FRAME_AND_WIDTH = 2.7e-9  # seconds of an update per frame of its batch and width squared
PER_FRAME = 1.9e-5  # seconds of an update per frame of its batch, whatever the width
SEARCH = 0.02  # seconds per sentence translated, and look at dev
READ = 1.5e-4  # seconds per frame to read, stitch or convert
LOOKS = 4  # at dev, per phase
BASE_MB = 650.0  # Python, torch and the rest
BYTES_IN_MEMORY = 60 * (3 * 2 + 1)  # a frame ready for training
BYTES_ON_DISK = 178 * (3 * 2 + 1)  # a frame of a corpus


@dataclass(frozen=True)
class Cost:
    """What some trainings are expected to take.

    Attributes:
        seconds: On one core.
        memory_mb, disk_mb: At most.

    Chapter: 15_your_own_data
    """

    seconds: float
    memory_mb: float
    disk_mb: float

    def as_text(self) -> str:
        """In one line."""
        return (
            f"about {self.seconds / 60:.1f} minutes on one core, {self.memory_mb:.0f} MB of "
            f"memory, {self.disk_mb:.0f} MB of disk"
        )


def expected_cost(
    sizes: dict[str, int], frames: int, scale: Scale,
    arms: Sequence[str] = ("real_only", "equal_compute", "pretrain_finetune", "joint"),
) -> Cost:  # fmt: skip
    """The cost of training and testing some arms once.

    Args:
        sizes: Sentences by split, or {"no split": n}.
        frames: Of all sentences together.
        scale: The sizes of model and training.
        arms: Of chapter 10.

    Raises:
        SLTError: If there is nothing to train on.

    Chapter: 15_your_own_data
    """
    total = sum(sizes.values())
    if not total or not frames:
        raise SLTError("There is nothing to train on.", fix="See what `slt-book check` says.")
    held = {s: sizes.get(s, round(0.1 * total)) for s in ("dev", "test")}
    units = sum(p.length for arm in arms for p in PRETRAINING[arm].phases)
    phases = sum(len(PRETRAINING[arm].phases) for arm in arms)
    batch = min(scale.batch_size, total) * frames / total
    layers = scale.model.encoder_layers + scale.model.decoder_layers
    rate = PER_FRAME + PER_FRAME_AND_WIDTH * layers / 4 * scale.model.width**2
    training = units * scale.updates * batch * rate
    searching = SEARCH * (LOOKS * phases * held["dev"] + len(arms) * held["test"])
    frames_held = frames * (2 if any("synthetic" in p.data for a in arms
                                     for p in PRETRAINING[a].phases) else 1)  # fmt: skip
    return Cost(
        seconds=training + searching + READ * 2 * frames_held,
        memory_mb=BASE_MB + 2 * frames_held * BYTES_IN_MEMORY / 2**20,
        disk_mb=frames_held * BYTES_ON_DISK / 2**20,
    )
