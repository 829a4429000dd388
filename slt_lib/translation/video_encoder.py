"""From pictures to a memory: every frame a vector, then what poses go through as well."""

import importlib
import importlib.util
from pathlib import Path

import torch
from torch import Tensor, nn

from slt_lib.pose.errors import SLTError
from slt_lib.translation.data import Batch
from slt_lib.translation.encoder import TemporalEncoder
from slt_lib.translation.layers import shorten
from slt_lib.translation.settings import ModelSettings

AT_ONCE = 512  # pictures that are looked at together where no gradient is needed


class VideoEncoder(nn.Module):
    """A frame encoder on real frames only, then time as in `TransformerEncoder`.

    Next to a frame's vector stands its difference to the one before, as poses have velocity.

    Args:
        settings: Of the model; `frames` names the frame encoder.

    Raises:
        SLTError: If the frame encoder can't be had.

    Chapter: 11_video_to_text
    """

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        self.paired, width = settings.stride > 1, settings.width
        self.frames = frame_encoder(settings.frames, width)
        self.project, self.norm_in = nn.Linear(2 * width, width), nn.LayerNorm(width)
        self.time = TemporalEncoder(settings)

    def forward(
        self, batch: Batch, mask: Tensor, extra: Tensor | None
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """States, their mask and no streams; arguments as `TransformerEncoder`."""
        vectors = self.look(batch.pictures[mask])
        x = vectors.new_zeros(*mask.shape, vectors.shape[1])
        x[mask] = vectors
        real = mask.unsqueeze(-1)
        change = torch.zeros_like(x)
        change[:, 1:] = (x[:, 1:] - x[:, :-1]) * real[:, 1:]
        x = torch.cat([x, change], -1)
        if self.paired:
            x, mask = mean_of_pairs(x, mask), shorten(mask)
        return *self.time(self.norm_in(self.project(x)), mask, extra), {}

    def look(self, pictures: Tensor) -> Tensor:
        """Vectors [N, width] of pictures [N, 3, H, W]."""
        if torch.is_grad_enabled():
            return self.frames(pictures)
        return torch.cat([self.frames(part) for part in pictures.split(AT_ONCE)])


def mean_of_pairs(x: Tensor, mask: Tensor) -> Tensor:
    """Every two frames as the mean of those that are real.

    Args:
        x: [batch, frames, channels], 0 where not real.
        mask: bool [batch, frames].

    Returns:
        [batch, frames / 2 rounded up, channels].
    """
    odd = x.shape[1] % 2
    x, mask = nn.functional.pad(x, (0, 0, 0, odd)), nn.functional.pad(mask, (0, odd))
    count = (mask[:, ::2].to(x.dtype) + mask[:, 1::2]).clamp(min=1)
    return (x[:, ::2] + x[:, 1::2]) / count.unsqueeze(-1)


def frame_encoder(name: str, width: int) -> nn.Module:
    """A new frame encoder: any module from pictures [N, 3, H, W] to vectors [N, width].

    Args:
        name: "package.module:Class", or "file.py:Class"; a file is run. It is called with
            `width=`.
        width: Of the vectors.

    Raises:
        SLTError: If there is no such module or class, or it is no torch module.

    Chapter: 11_video_to_text
    """
    where, _, kind = name.rpartition(":")
    fix = "Give package.module:Class or file.py:Class, a torch module that takes width=."
    try:
        made = getattr(_module(where), kind)
        if not (isinstance(made, type) and issubclass(made, nn.Module)):
            raise TypeError(f"{kind} is no torch module")
        return made(width=width)
    except Exception as error:  # whatever other people's code happens to raise
        why = f"{type(error).__name__}: {error}"[:200]
        raise SLTError(f"The frame encoder {name!r} can't be made ({why}).", fix=fix) from error


def _module(where: str):
    if not where.endswith(".py"):
        return importlib.import_module(where)
    path = Path(where)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_frame_weights(encoder: VideoEncoder, path: str | Path) -> None:
    """Give the frame encoder weights that it was trained to elsewhere, where name and shape fit.

    Args:
        encoder: Whose frame encoder.
        path: A state dict, as `torch.save(module.state_dict(), path)` writes it.

    Raises:
        SLTError: If the file is missing, holds no state dict, or none of its weights fits.

    Chapter: 11_video_to_text
    """
    fix = "Give a file by torch.save(frame_encoder.state_dict(), ...), or no frames_weights."
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
        own = encoder.frames.state_dict()
        fitting = {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape}
    except Exception as error:  # whatever unpickling a damaged file happens to raise
        why = f"{type(error).__name__}: {error}"[:200]
        raise SLTError(f"Not readable as a frame encoder's weights ({why}).", file=path,
                       fix=fix) from error  # fmt: skip
    if not fitting:
        raise SLTError(f"None of its {len(weights)} weights fits the frame encoder.", file=path,
                       fix=fix)  # fmt: skip
    encoder.frames.load_state_dict(fitting, strict=False)
