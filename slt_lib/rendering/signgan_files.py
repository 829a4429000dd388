"""Generators and their trainings on disk: written whole or not at all, and safe to open."""

from dataclasses import asdict
from pathlib import Path

import torch

from slt_lib.pose.errors import SLTError
from slt_lib.pose.io.guard import atomic_write
from slt_lib.rendering.signgan import GanShape, SignGAN

FORMAT, TRAINING = "slt-signgan-1", "slt-signgan-training-1"
_FIX = "Train it again, or get the file again."


def save_signgan(gan: SignGAN, path: str | Path) -> None:
    """Write a generator.

    Args:
        gan: Trained.
        path: Of the `.pt` file.

    Chapter: 07_signgan
    """
    weights = {name: value.detach().cpu().clone() for name, value in gan.state_dict().items()}
    with atomic_write(path) as file:
        torch.save({"format": FORMAT, "shape": asdict(gan.shape), "weights": weights}, file)


def load_signgan(path: str | Path) -> SignGAN:
    """Read the file of `save_signgan`. Only plain values and tensors are accepted.

    Raises:
        SLTError: If it isn't there, is damaged or holds something else.

    Chapter: 07_signgan
    """
    content = _read(path, FORMAT, "a generator")
    try:
        gan = SignGAN(GanShape(**content["shape"]))
        gan.load_state_dict(content["weights"])
    except (KeyError, TypeError, RuntimeError, AttributeError) as error:
        raise SLTError(f"It is no generator of ours ({type(error).__name__}).", file=path,
                       fix=_FIX) from error  # fmt: skip
    return gan.eval()


def write_state(path: Path, key: str, step: int, seconds: float, parts: dict) -> None:
    """Write a training's checkpoint: modules and optimisers, after so many steps."""
    states = {name: part.state_dict() for name, part in parts.items()}
    with atomic_write(path) as file:
        torch.save({"format": TRAINING, "key": key, "step": step, "seconds": seconds,
                    "states": states}, file)  # fmt: skip


def read_state(path: Path, key: str, parts: dict) -> tuple[int, float]:
    """Load a training's checkpoint into modules and optimisers.

    Returns:
        How many steps were made, and the seconds that they took; 0 if there is no checkpoint.

    Raises:
        SLTError: If the file is damaged, or of a training with other settings or captures.
    """
    if not path.is_file():
        return 0, 0.0
    content = _read(path, TRAINING, "a training")
    if content.get("key") != key:
        raise SLTError(
            "The folder holds a training with other settings or captures.", file=path.parent,
            fix="Choose a new folder, or delete this one.",
        )  # fmt: skip
    for name, part in parts.items():
        part.load_state_dict(content["states"][name])
    return int(content["step"]), float(content["seconds"])


def _read(path: str | Path, kind: str, what: str) -> dict:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise SLTError("There is no such file.", file=path, fix="Check the path.") from error
    except Exception as error:  # whatever unpickling a damaged file happens to raise
        raise SLTError(f"It can't be read as {what} ({type(error).__name__}).", file=path,
                       fix=_FIX) from error  # fmt: skip
    if not isinstance(content, dict) or content.get("format") != kind:
        raise SLTError(f"It isn't {what}.", file=path, fix=_FIX)
    return content
