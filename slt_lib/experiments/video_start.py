"""What every video arm starts from: a translator of poses whose front end learned to see."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from slt_lib.experiments.lots import share
from slt_lib.experiments.scale import Scale
from slt_lib.pose.io.guard import atomic_write
from slt_lib.translation.checkpoint import fingerprint, load_translator
from slt_lib.translation.data import TranslationData
from slt_lib.translation.distil import distil
from slt_lib.translation.settings import ModelSettings
from slt_lib.translation.train import train

if TYPE_CHECKING:
    from slt_lib.experiments.videos import VideoWorld


@dataclass(frozen=True)
class StartSettings:
    """How a start is made.

    Attributes:
        teacher: World and training of the translator of poses: chapter 10's "real only".
        updates: In which the front end learns to say of video what the teacher says of poses.
        real: Updates on real video that follow.

    Chapter: 11_video_to_text
    """

    teacher: Scale
    updates: int
    real: int


def start(world: "VideoWorld", seed: int) -> Path:
    """The folder that a seed's arms start from, made if it isn't there.

    It knows the poses of all real training sentences and the real training clips of seen signers:
    no rendering, and nobody who is tested as unseen.

    Args:
        world: Whose clips.
        seed: Of teacher and student.

    Chapter: 11_video_to_text
    """
    how, model = world.video.start, world.scale.model
    key = fingerprint(how, replace(model, frames_weights=Path(model.frames_weights).parent.name))
    folder = world.captures / "starts" / f"start-{seed}-{key}"
    share({folder / "best.pt": partial(_begin, world, folder, seed)})
    return folder


def teacher_model(model: ModelSettings) -> ModelSettings:
    """A translator of poses with the same layers as one of video, a state each 0.16 s.

    Chapter: 11_video_to_text
    """
    return replace(model, encoder="transformer", stride=4, frames_weights="")


def teacher(world: "VideoWorld", seed: int) -> Path:
    """The training of a seed's translator of poses.

    Chapter: 11_video_to_text
    """
    how, model = world.video.start.teacher, teacher_model(world.scale.model)
    poses = {s: TranslationData.from_corpus(getattr(world.world, s)) for s in ("train", "dev")}
    folder = world.root / "teachers" / f"{seed}-{fingerprint(how, model, world.hash)}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        return train(folder, model, how.phase(1.0, 1.0), poses["train"], poses["dev"],
                     seed=seed).folder  # fmt: skip


def _begin(world: "VideoWorld", folder: Path, seed: int) -> None:
    taught = load_translator(teacher(world, seed))
    poses = TranslationData.from_corpus(world.world.train).select(world.split("train")[1])
    scale, how = world.scale, world.video.start
    augment = scale.augment if scale.augment is not True else None
    seeing = distil(
        folder / "seeing", taught, scale.model, world["real"], poses, updates=how.updates,
        seed=seed, batch_size=scale.batch_size, augment=augment,
    )  # fmt: skip
    settings = replace(scale.phase(1.0, 1.0), updates=how.real, eval_every=-(-how.real // 4))
    done = train(folder / "real", scale.model, settings, world["real"], world["dev"], seed=seed,
                 initial=seeing)  # fmt: skip
    with atomic_write(folder / "best.pt") as file:
        file.write((done.folder / "best.pt").read_bytes())
