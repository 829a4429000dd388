"""A signer's looks as Gaussians that hang on a body mesh: what moves the mesh moves them."""

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor

from slt_lib.body.model import Body
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.binding import Frames, frames, product
from slt_lib.rendering.gaussians import Gaussians
from slt_lib.rendering.regions import BODY, FACE, HANDS, face_labels

DENSITY = {BODY: 1.0, HANDS: 4.0, FACE: 3.0}  # Gaussians per area, against the body's
_FLAT, _SLOPE = 0.28209479177387814, 0.4886025119029199  # spherical harmonics of degrees 0 and 1
LIGHTS = 9  # harmonics of the surface's direction up to degree 2


@dataclass(frozen=True, eq=False)
class Avatar:
    """N Gaussians on the triangles of a mesh, and the light they were seen in.

    Lengths are in sizes of their triangle, directions in its frame (see `binding.Frames`): so they
    follow any pose and any build. A colour is the surface's own, times the light that its
    direction gets, plus a slope by the direction of view.

    Attributes:
        faces: The mesh's, int64 [F, 3].
        labels: The region of each triangle (see `regions`), uint8 [F].
        triangles: On which each hangs, int64 [N].
        weights: Where on it: its corners' weights, float [N, 3].
        offsets: From there, float [N, 3].
        quats: Rotations (w, x, y, z), float [N, 4].
        scales: Logarithms of the standard deviations, float [N, 3].
        opacities: Logits, float [N].
        normals: Where the surface faces, of any length, float [N, 3].
        colours: Of the surface, 0 to 1, float [N, 3].
        slopes: Of the colours by the direction of view, float [N, 3, 3]: direction, colour.
        light: Spherical harmonics, by the world's directions, of the light on a surface that faces
            there, float [9, 3].

    Source: Qian et al., GaussianAvatars, CVPR 2024 (https://arxiv.org/abs/2312.02069).
    """

    faces: Tensor
    labels: Tensor
    triangles: Tensor
    weights: Tensor
    offsets: Tensor
    quats: Tensor
    scales: Tensor
    opacities: Tensor
    normals: Tensor
    colours: Tensor
    slopes: Tensor
    light: Tensor

    def __len__(self) -> int:
        return len(self.triangles)

    @property
    def regions(self) -> Tensor:
        """The region of each Gaussian, uint8 [N]."""
        return self.labels[self.triangles]

    def posed(self, vertices: Tensor) -> Gaussians:
        """The Gaussians where a pose has them.

        Args:
            vertices: Of the mesh, metres, float [V, 3].

        Raises:
            SLTError: If the mesh has too few.
        """
        if vertices.ndim != 2 or len(vertices) <= int(self.faces.max()):
            raise SLTError(f"Vertices of shape {list(vertices.shape)} aren't this avatar's mesh.",
                           fix="Pose the body that it was made on.")  # fmt: skip
        used, place = torch.unique(self.triangles, return_inverse=True)
        return self.on(frames(vertices, self.faces[used])[place])

    def on(self, there: Frames) -> Gaussians:
        """The Gaussians where the triangles are, given the frames of each one's own."""
        size = there.sizes[:, None]
        at = (there.corners * self.weights[..., None]).sum(1)
        facing = torch.nn.functional.normalize(_turned(there.turns, self.normals), dim=-1)
        lit = self.colours * (_bases(facing) @ self.light).clamp(min=0)
        slope = (there.turns[..., None] * self.slopes[:, None]).sum(2)  # by world direction
        sh = torch.cat(
            [((lit - 0.5) / _FLAT)[:, None], slope[:, [1, 2, 0]] * _SLOPE_SIGNS[:, None]], 1
        )
        return Gaussians(
            at + size * _turned(there.turns, self.offsets), product(there.quats, self.quats),
            size * self.scales.exp(), self.opacities.sigmoid(), sh,
        )  # fmt: skip


_SLOPE_SIGNS = torch.tensor([-1.0, 1.0, -1.0]) / _SLOPE


def _turned(turns: Tensor, vectors: Tensor) -> Tensor:
    return (turns * vectors[:, None]).sum(-1)


def _bases(d: Tensor) -> Tensor:
    """Polynomials of directions [N, 3] that span the harmonics up to degree 2, [N, 9]."""
    x, y, z = d.unbind(-1)
    return torch.stack(
        [torch.ones_like(x), x, y, z, x * y, y * z, x * z, x * x - y * y, 3 * z * z - 1], -1
    )


def new_avatar(body: Body, count: int, *, seed: int = 0, betas: Tensor | None = None) -> Avatar:
    """Grey Gaussians spread over a body, denser on hands and face.

    Args:
        body: Whose mesh.
        count: How many.
        seed: Of their places.

    Raises:
        SLTError: If the count is below 1.
    """
    if count < 1:
        raise SLTError(f"An avatar can't have {count} Gaussians.", fix="Give it some thousands.")
    labels = face_labels(body)
    rest = frames(body.smplx.v_template, body.faces)
    density = rest.sizes.numpy().astype(float) ** 2 / 2 * np.vectorize(DENSITY.get)(labels)
    rng = np.random.default_rng(seed)
    # systematic sampling: as even as can be
    places = (np.arange(count) + rng.uniform()) / count * density.sum()
    triangles = torch.from_numpy(np.searchsorted(np.cumsum(density), places).clip(max=len(labels) - 1))
    corner = np.sort(rng.uniform(size=(count, 2)), 1)
    weights = np.diff(corner, axis=1, prepend=0, append=1).astype(np.float32)
    per = density.sum() / count / np.vectorize(DENSITY.get)(labels)  # m² that one has to cover
    wide = torch.from_numpy(np.sqrt(per)).float()[triangles] / rest.sizes[triangles]
    scales = torch.stack([0.55 * wide, 0.55 * wide, 0.2 * wide], -1).log()
    normals = torch.zeros(count, 3)
    normals[:, 2] = 1
    light = torch.zeros(LIGHTS, 3)
    light[0] = 1
    return Avatar(
        body.faces, torch.from_numpy(labels), triangles, torch.from_numpy(weights),
        torch.zeros(count, 3), torch.tensor([1.0, 0, 0, 0]).repeat(count, 1), scales,
        torch.full((count,), 2.0), normals, torch.full((count, 3), 0.5), torch.zeros(count, 3, 3),
        light,
    )  # fmt: skip
