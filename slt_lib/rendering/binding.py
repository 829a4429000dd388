"""Where a mesh's triangles are: the frames that Gaussians hang on."""

from dataclasses import dataclass

import torch
from torch import Tensor

SMALLEST = 1e-5  # metres: what a triangle's size is at least, so that slivers don't divide by 0


@dataclass(frozen=True, eq=False)
class Frames:
    """The triangles of a posed mesh.

    Attributes:
        corners: Metres, float [F, 3, 3]: corner, axis.
        turns: From a triangle's own axes (along its first edge; within it; out of it) to the
            world's, as columns, float [F, 3, 3].
        quats: The same as quaternions (w, x, y, z), float [F, 4].
        sizes: The square root of twice the area, metres, float [F].
    """

    corners: Tensor
    turns: Tensor
    quats: Tensor
    sizes: Tensor

    def __getitem__(self, triangles: Tensor) -> "Frames":
        """Those of some triangles, in that order."""
        return Frames(self.corners[triangles], self.turns[triangles], self.quats[triangles],
                      self.sizes[triangles])  # fmt: skip


def frames(vertices: Tensor, faces: Tensor) -> Frames:
    """The frames of a mesh's triangles.

    Args:
        vertices: Metres, float [V, 3].
        faces: int64 [F, 3].
    """
    corners = vertices[faces]
    edge, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normal = torch.linalg.cross(edge, other)
    sizes = normal.norm(dim=-1).sqrt()
    along = edge / edge.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    out = normal / normal.norm(dim=-1, keepdim=True).clamp(min=1e-20)
    turns = torch.stack([along, torch.linalg.cross(out, along), out], -1)
    return Frames(corners, turns, quaternions(turns), sizes.clamp(min=SMALLEST))


def quaternions(turns: Tensor) -> Tensor:
    """Rotation matrices [..., 3, 3] as unit quaternions (w, x, y, z) [..., 4].

    Source: Shepperd, Quaternion from Rotation Matrix, 1978: divide by the largest part.
    """
    (a, b, c), (d, e, f), (g, h, i) = (row.unbind(-1) for row in turns.unbind(-2))
    found = torch.stack([
        torch.stack([1 + a + e + i, h - f, c - g, d - b], -1),
        torch.stack([h - f, 1 + a - e - i, b + d, c + g], -1),
        torch.stack([c - g, b + d, 1 - a + e - i, f + h], -1),
        torch.stack([d - b, c + g, f + h, 1 - a - e + i], -1),
    ], -2)  # fmt: skip
    largest = torch.stack([a + e + i, a, e, i], -1).argmax(-1)
    chosen = found.gather(-2, largest[..., None, None].expand(*largest.shape, 1, 4)).squeeze(-2)
    return torch.nn.functional.normalize(chosen, dim=-1)


def product(a: Tensor, b: Tensor) -> Tensor:
    """Quaternions [..., 4]: first the turn b, then a."""
    aw, ax, ay, az = a.unbind(-1)
    bw, bx, by, bz = b.unbind(-1)
    return torch.stack([
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    ], -1)  # fmt: skip


def matrices(quats: Tensor) -> Tensor:
    """Quaternions (w, x, y, z) of any length [N, 4] as rotation matrices [N, 3, 3]."""
    w, x, y, z = torch.nn.functional.normalize(quats, dim=-1).unbind(-1)
    return torch.stack([
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ], -1).view(-1, 3, 3)  # fmt: skip
