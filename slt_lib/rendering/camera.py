"""Where a camera stands and what it sees: a pinhole, as in OpenCV and gsplat."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from slt_lib.body.evidence import TO_BODY
from slt_lib.body.fit import Fit
from slt_lib.pose.errors import SLTError

SIGNING_SPACE = (0.0, 0.08, 0.05)  # what a camera looks at by default: the chest, metres


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera; world axes are the body's (x to its left, y up, z to its front, metres).

    Attributes:
        viewmat: World to camera (x right, y down, z forward), float [4, 4].
        K: Focal lengths and principal point in pixels, float [3, 3].
        width, height: Of the picture, pixels.

    Raises:
        SLTError: If a picture has no pixels, or a matrix another shape.

    Chapter: 06_signsplat
    """

    viewmat: Tensor
    K: Tensor
    width: int
    height: int

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1:
            raise SLTError(f"A camera can't have {self.width}×{self.height} pixels.",
                           fix="Give positive ones.")  # fmt: skip
        if self.viewmat.shape != (4, 4) or self.K.shape != (3, 3):
            raise SLTError(f"A camera's matrices are [4, 4] and [3, 3], not "
                           f"{list(self.viewmat.shape)} and {list(self.K.shape)}.")  # fmt: skip

    @property
    def eye(self) -> Tensor:
        """Where it stands in the world, float [3]."""
        return -self.viewmat[:3, :3].T @ self.viewmat[:3, 3]

    def project(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Where points [..., 3] fall in the picture: pixels [..., 2], and their depth [...]."""
        seen = points @ self.viewmat[:3, :3].T + self.viewmat[:3, 3]
        flat = seen @ self.K.T
        return flat[..., :2] / flat[..., 2:], seen[..., 2]

    def resized(self, width: int, height: int) -> "Camera":
        """The same view in a picture of another size."""
        factor = torch.tensor([[width / self.width], [height / self.height], [1.0]])
        return replace(self, K=self.K * factor, width=width, height=height)


def recorded_camera(fit: Fit, width: int, height: int, *, distance: float = 20.0) -> Camera:
    """The camera that sees a fitted body where it is in its recording.

    A fit knows no perspective (it has one scale for near and far), so the camera stands far away.

    Args:
        fit: To a recording in pixels, as it was read.
        width, height: Of its pictures, pixels.
        distance: From the body, metres.

    Chapter: 06_signsplat
    """
    x, y, _ = fit.origin + np.median(fit.place, 0) * TO_BODY * fit.width
    focal = fit.scale * fit.width * distance
    viewmat = torch.diag(torch.tensor([1.0, -1.0, -1.0, 1.0]))
    viewmat[2, 3] = distance
    K = torch.tensor([[focal, 0, float(x)], [0, focal, float(y)], [0, 0, 1.0]])
    return Camera(viewmat, K, width, height)


def orbit(
    yaw: float = 0.0,
    pitch: float = 0.0,
    *,
    distance: float = 2.2,
    target: tuple[float, float, float] = SIGNING_SPACE,
    span: float = 1.25,
    width: int = 256,
    height: int = 256,
) -> Camera:
    """A camera on a sphere around the signer, looking at a point of theirs.

    Args:
        yaw: Degrees to the signer's left; 0 is straight ahead of them.
        pitch: Degrees upwards.
        distance: From the target, metres.
        target: Metres.
        span: How much of the world the picture's smaller side shows at the target, metres.
        width, height: Of the picture, pixels.

    Raises:
        SLTError: If a size is not positive, or the camera stands right above or below.

    Chapter: 06_signsplat
    """
    if min(width, height) < 1 or min(distance, span) <= 0:
        raise SLTError(
            f"A camera can't have {width}×{height} pixels, {distance} m of distance and {span} m "
            "of span.",
            fix="Give positive ones.",
        )
    if abs(pitch) >= 90:
        raise SLTError(f"A pitch of {pitch}° has no upright picture.", fix="Stay within ±89°.")
    y, p = math.radians(yaw), math.radians(pitch)
    back = torch.tensor([math.sin(y) * math.cos(p), math.sin(p), math.cos(y) * math.cos(p)])
    right = torch.tensor([math.cos(y), 0.0, -math.sin(y)])
    down = torch.linalg.cross(-back, right)
    turn = torch.stack([right, down, -back])
    viewmat = torch.eye(4)
    viewmat[:3, :3] = turn
    viewmat[:3, 3] = -turn @ (torch.tensor(target) + distance * back)
    focal = min(width, height) * distance / span
    K = torch.tensor([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
    return Camera(viewmat, K, width, height)
