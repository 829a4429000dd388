"""Avatars and Gaussians on disk: `.npz` for ours, `.ply` for every viewer; nothing is unpickled."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from slt_lib.pose.errors import SLTError
from slt_lib.pose.io.guard import atomic_write, read_bytes, refusing
from slt_lib.rendering.avatar import Avatar
from slt_lib.rendering.gaussians import DEGREES, Gaussians

FORMAT = 1
_END = b"end_header\n"
_NAMES = [field.name for field in fields(Avatar)]
_WHOLE = {"faces": torch.int64, "triangles": torch.int64, "labels": torch.uint8}
_FIX = "Save the avatar again, or get the file again."


def save_avatar(avatar: Avatar, path: str | Path, rest: Tensor) -> None:
    """Write an avatar as `.npz`, and beside it as `.ply` how it stands at rest.

    Args:
        avatar: What.
        path: Of the `.npz`; the `.ply` has the same name but for its end.
        rest: The mesh at rest, metres, float [V, 3].

    Raises:
        SLTError: If the path doesn't end in .npz or the mesh isn't the avatar's.

    Chapter: 06_signsplat
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise SLTError("An avatar is kept as .npz.", file=path, fix="End the path in .npz.")
    write_ply(avatar.posed(rest), path.with_suffix(".ply"))
    arrays = {name: getattr(avatar, name).detach().cpu().numpy() for name in _NAMES}
    with atomic_write(path) as stream:
        np.savez(stream, format=FORMAT, **arrays)


def load_avatar(path: str | Path) -> Avatar:
    """Read the `.npz` of `save_avatar`.

    Raises:
        SLTError: If it isn't there, is damaged or holds something else.

    Chapter: 06_signsplat
    """
    path = Path(path)
    with refusing(path, "an avatar", _FIX), np.load(path, allow_pickle=False) as file:
        missing = [name for name in ("format", *_NAMES) if name not in file]
        if missing:
            raise SLTError(f"It is no avatar: no {', '.join(missing)}.")
        if int(file["format"]) != FORMAT:
            raise SLTError(f"Format {int(file['format'])} is newer than this library.")
        tensors = {name: torch.from_numpy(file[name]) for name in _NAMES}
        for name, tensor in tensors.items():
            if tensor.dtype != _WHOLE.get(name, torch.float32):
                raise SLTError(f"{name} is {tensor.dtype}.")
            if tensor.is_floating_point() and not tensor.isfinite().all():
                raise SLTError(f"{name} isn't finite.")
        return Avatar(**tensors)


def write_ply(gaussians: Gaussians, path: str | Path) -> None:
    """Write Gaussians in the layout of 3-D Gaussian splatting, which viewers read.

    Scales are logarithms there, opacities logits, and colours are ordered by channel.
    """
    g, count = gaussians, len(gaussians)
    opacities = g.opacities.detach().clamp(1e-6, 1 - 1e-6).logit()
    columns = [g.means, torch.zeros(count, 3), g.sh[:, 0], g.sh[:, 1:].mT.flatten(1),
               opacities[:, None], g.scales.log(), g.quats]  # fmt: skip
    table = torch.cat([column.detach().cpu().float() for column in columns], 1).numpy()
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {count}",
             *(f"property float {name}" for name in _properties(g.sh.shape[1]))]  # fmt: skip
    with atomic_write(path) as stream:
        stream.write("\n".join(lines).encode() + b"\n" + _END)
        stream.write(table.astype("<f4").tobytes())


def read_ply(path: str | Path) -> Gaussians:
    """Read Gaussians in the layout of 3-D Gaussian splatting (binary, float).

    Raises:
        SLTError: If the file isn't there, is cut short, or has other columns or values.
    """
    path = Path(path)
    with refusing(path, "Gaussians in a .ply", _FIX):
        header, found, data = read_bytes(path).partition(_END)
        lines = header.decode("ascii", "replace").split("\n")
        if not found or lines[:2] != ["ply", "format binary_little_endian 1.0"]:
            raise SLTError("It isn't a binary .ply file.")
        words = [line.split() for line in lines[2:] if line and not line.startswith("comment")]
        if words[0][:2] != ["element", "vertex"] or any(w[:2] != ["property", "float"]
                                                         for w in words[1:]):  # fmt: skip
            raise SLTError("It holds more than vertices of floats.")
        names = [word[2] for word in words[1:]]
        rows = int(words[0][2])
        if len(data) != 4 * rows * len(names):
            raise SLTError(f"It has {len(data)} bytes of data, not {4 * rows * len(names)}.")
        table = torch.from_numpy(np.frombuffer(data, "<f4").reshape(rows, -1).astype(np.float32))
        return _gaussians(table, names).checked()


def _gaussians(table: Tensor, names: list[str]) -> Gaussians:
    rest = sum(name.startswith("f_rest_") for name in names)
    bases = rest // 3 + 1
    wanted = _properties(bases)
    missing = [name for name in wanted if name not in names and name not in ("nx", "ny", "nz")]
    if missing or rest % 3 or bases not in [(degree + 1) ** 2 for degree in DEGREES]:
        raise SLTError(f"It holds no Gaussians: no {', '.join(missing) or 'whole colours'}.")

    def columns(*chosen: str) -> Tensor:
        return table[:, [names.index(name) for name in chosen]]

    level = columns(*(f"f_dc_{c}" for c in range(3)))
    slopes = columns(*(f"f_rest_{k}" for k in range(rest))).view(len(table), 3, bases - 1).mT
    return Gaussians(
        columns("x", "y", "z"), columns(*(f"rot_{k}" for k in range(4))),
        columns(*(f"scale_{k}" for k in range(3))).exp(), columns("opacity")[:, 0].sigmoid(),
        torch.cat([level[:, None], slopes], 1),
    )  # fmt: skip


def _properties(bases: int) -> list[str]:
    return [
        *"xyz", "nx", "ny", "nz", *(f"f_dc_{c}" for c in range(3)),
        *(f"f_rest_{k}" for k in range(3 * (bases - 1))), "opacity",
        *(f"scale_{k}" for k in range(3)), *(f"rot_{k}" for k in range(4)),
    ]  # fmt: skip
