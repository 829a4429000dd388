"""A signer's looks as Gaussians that hang on a body mesh: what moves the mesh moves them."""

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from slt_lib.body.model import Body
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.binding import Frames, frames, product
from slt_lib.rendering.conventions import LEVEL
from slt_lib.rendering.gaussians import Gaussians
from slt_lib.rendering.regions import BODY, FACE, HANDS, face_labels

DENSITY = {BODY: 1.0, HANDS: 4.0, FACE: 3.0}  # Gaussians per area, against the body's
SLOPE = 0.4886025119029199  # the spherical harmonics of degree 1, along their axes
LUMA = (0.299, 0.587, 0.114)
SHAPE = (0.55, 0.55, 0.2)  # of a new Gaussian: its deviations, against its distance to the next
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
    Chapter: 06_signsplat
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

    def __post_init__(self) -> None:
        count = len(self.triangles)
        shapes = {
            "faces": (len(self.faces), 3), "labels": (len(self.faces),), "triangles": (count,),
            "weights": (count, 3), "offsets": (count, 3), "quats": (count, 4),
            "scales": (count, 3), "opacities": (count,), "normals": (count, 3),
            "colours": (count, 3), "slopes": (count, 3, 3), "light": (LIGHTS, 3),
        }  # fmt: skip
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise SLTError(f"An avatar's {name} must be {list(shape)}, not "
                               f"{list(getattr(self, name).shape)}.")  # fmt: skip
        if count and not 0 <= int(self.triangles.min()) <= int(self.triangles.max()) < len(
            self.faces
        ):
            raise SLTError("An avatar's Gaussians hang on triangles that its mesh doesn't have.")

    def __len__(self) -> int:
        return len(self.triangles)

    @property
    def regions(self) -> Tensor:
        """The region of each Gaussian, uint8 [N]."""
        return self.labels[self.triangles]

    def to(self, device: str | torch.device) -> "Avatar":
        """The same with every tensor on another device."""
        tensors = {field.name: getattr(self, field.name).to(device) for field in fields(self)}
        return Avatar(**tensors)

    def posed(self, vertices: Tensor) -> Gaussians:
        """The Gaussians where a pose has them.

        Args:
            vertices: Of the mesh, metres, float [V, 3], on any device.

        Raises:
            SLTError: If the mesh has too few.
        """
        if vertices.ndim != 2 or len(vertices) <= int(self.faces.max()):
            raise SLTError(f"Vertices of shape {list(vertices.shape)} aren't this avatar's mesh.",
                           fix="Pose the body that it was made on.")  # fmt: skip
        return self.on(frames(vertices.to(self.faces.device), self.faces[self.triangles]))

    def on(self, there: Frames) -> Gaussians:
        """The Gaussians where their triangles are, given the frame of each one's own."""
        size = there.sizes[:, None]
        at = torch.bmm(self.weights[:, None], there.corners)[:, 0]
        facing = normalize(_turned(there.turns, self.normals), dim=-1)
        lit = self.colours * (_bases(facing) @ self.light).clamp(min=0)
        x, y, z = torch.bmm(there.turns, self.slopes).unbind(1)
        sh = torch.stack([(lit - 0.5) / LEVEL, -y / SLOPE, z / SLOPE, -x / SLOPE], 1)
        return Gaussians(
            at + size * _turned(there.turns, self.offsets), product(there.quats, self.quats),
            size * self.scales.exp(), self.opacities.sigmoid(), sh,
        )  # fmt: skip

    def recoloured(self, where: Tensor, colour: tuple[float, float, float]) -> "Avatar":
        """Another colour for some Gaussians; their pattern stays as light and dark.

        Args:
            where: bool [N], such as `avatar.regions == HANDS`.
            colour: What they are on average where they face the front, 0 to 1.

        Raises:
            SLTError: If `where` doesn't fit or chooses none.
        """
        if where.shape != (len(self),) or not where.any():
            raise SLTError(f"A choice of shape {list(where.shape)} recolours none of "
                           f"{len(self)} Gaussians.")  # fmt: skip
        like = {"device": self.colours.device}
        bright = self.colours[where].clamp(min=0) @ torch.tensor(LUMA, **like)
        shade = bright / bright.mean().clamp(min=1e-6)
        new = self.colours.clone()
        front = (_bases(torch.tensor([[0.0, 0.0, 1.0]], **like)) @ self.light).clamp(min=1e-3)
        new[where] = shade[:, None] * torch.tensor(colour, **like) / front
        return replace(self, colours=new)


def _turned(turns: Tensor, vectors: Tensor) -> Tensor:
    return torch.bmm(turns, vectors[..., None])[..., 0]


def _bases(d: Tensor) -> Tensor:
    """Polynomials of directions [N, 3] that span the harmonics up to degree 2, [N, 9]."""
    x, y, z = d.unbind(-1)
    return torch.stack(
        [torch.ones_like(x), x, y, z, x * y, y * z, x * z, x * x - y * y, 3 * z * z - 1], -1
    )


def new_avatar(body: Body, count: int, *, seed: int = 0) -> Avatar:
    """Grey Gaussians spread evenly over a body, denser on hands and face.

    Args:
        body: Whose mesh.
        count: How many.
        seed: Of their places.

    Raises:
        SLTError: If the count is below 1.

    Chapter: 06_signsplat
    """
    if count < 1:
        raise SLTError(f"An avatar can't have {count} Gaussians.", fix="Give it some thousands.")
    rng, labels = np.random.default_rng(seed), face_labels(body)
    rest, density = frames(body.smplx.v_template, body.faces), np.vectorize(DENSITY.get)(labels)
    total = np.cumsum(rest.sizes.numpy().astype(float) ** 2 / 2 * density)
    steps = (np.arange(count) + rng.uniform()) / count * total[-1]  # one Gaussian each
    chosen = np.searchsorted(total, steps).clip(max=len(labels) - 1)
    cuts = np.sort(rng.uniform(size=(count, 2)), 1)
    weights = np.diff(cuts, axis=1, prepend=0, append=1).astype(np.float32)
    apart = np.sqrt(total[-1] / count / density[chosen]) / rest.sizes.numpy()[chosen]
    scales = np.log(apart[:, None] * SHAPE).astype(np.float32)
    light = torch.zeros(LIGHTS, 3)
    light[0] = 1
    return Avatar(
        faces=body.faces, labels=torch.from_numpy(labels), triangles=torch.from_numpy(chosen),
        weights=torch.from_numpy(weights), offsets=torch.zeros(count, 3),
        quats=torch.tensor([1.0, 0, 0, 0]).repeat(count, 1), scales=torch.from_numpy(scales),
        opacities=torch.full((count,), 2.0), normals=torch.tensor([0, 0, 1.0]).repeat(count, 1),
        colours=torch.full((count, 3), 0.5), slopes=torch.zeros(count, 3, 3), light=light,
    )  # fmt: skip
