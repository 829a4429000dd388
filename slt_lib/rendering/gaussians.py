"""A cloud of coloured 3-D Gaussians, as in 3-D Gaussian splatting."""

from dataclasses import dataclass

import torch
from torch import Tensor

from slt_lib.pose.errors import SLTError

DEGREES = (0, 1, 2, 3)


@dataclass(frozen=True, eq=False)
class Gaussians:
    """N Gaussians in the world; every tensor may want gradients.

    Attributes:
        means: Centres, metres, float [N, 3].
        quats: Rotations as quaternions (w, x, y, z) of any length but 0, float [N, 4].
        scales: Standard deviations along the own axes, metres, above 0, float [N, 3].
        opacities: 0 to 1, float [N].
        sh: Colour as spherical harmonics of the direction of view, float [N, K, 3] for
            K = (degree + 1)² and degrees 0 to 3; the colour is their sum plus 0.5, not below 0.

    Raises:
        SLTError: If shapes contradict each other or aren't floating point.

    Source: Kerbl et al., 3D Gaussian Splatting for Real-Time Radiance Field Rendering, 2023.
    Chapter: 06_signsplat
    """

    means: Tensor
    quats: Tensor
    scales: Tensor
    opacities: Tensor
    sh: Tensor

    def __post_init__(self) -> None:
        count = len(self.means) if self.means.ndim else 0
        bases = self.sh.shape[1] if self.sh.ndim == 3 else 0
        if bases not in [(degree + 1) ** 2 for degree in DEGREES]:
            raise SLTError(
                f"Colours of shape {list(self.sh.shape)} are no spherical harmonics.",
                fix="Give [N, K, 3] with a K of 1, 4, 9 or 16.",
            )
        shapes = {"means": (count, 3), "quats": (count, 4), "scales": (count, 3),
                  "opacities": (count,), "sh": (count, bases, 3)}  # fmt: skip
        for name, shape in shapes.items():
            given = getattr(self, name)
            if given.shape != shape or not given.is_floating_point():
                raise SLTError(f"The Gaussians' {name} must be floating point {list(shape)}, not "
                               f"{given.dtype} {list(given.shape)}.")  # fmt: skip

    def __len__(self) -> int:
        return len(self.means)

    @property
    def degree(self) -> int:
        """Of the spherical harmonics."""
        return DEGREES[[1, 4, 9, 16].index(self.sh.shape[1])]

    def checked(self) -> "Gaussians":
        """Itself, once its values have been looked at.

        Raises:
            SLTError: If something isn't finite, a scale isn't above 0, a rotation has no length
                or an opacity leaves 0 to 1.
        """
        for name in ("means", "quats", "scales", "opacities", "sh"):
            if not torch.isfinite(getattr(self, name)).all():
                raise SLTError(f"The Gaussians' {name} must be finite.")
        if (self.scales <= 0).any():
            raise SLTError("The Gaussians' scales must be above 0.")
        if (self.quats.norm(dim=-1) == 0).any():
            raise SLTError("A quaternion of zeros is no rotation.")
        if ((self.opacities < 0) | (self.opacities > 1)).any():
            raise SLTError("The Gaussians' opacities must be from 0 to 1.")
        return self
