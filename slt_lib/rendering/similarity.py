"""SSIM as a loss: the windows' sums as two products with banded matrices, fast on a CPU."""

from functools import lru_cache

import torch
from torch import Tensor

WINDOW, DEVIATION = 11, 1.5  # pixels
_C1, _C2 = 0.01**2, 0.03**2


def similarity(a: Tensor, b: Tensor) -> Tensor:
    """The mean structural similarity of two pictures over the windows that lie inside them.

    Args:
        a, b: 0 to 1, float [H, W, C], 11 pixels or more a side.

    Source: Wang et al., Image quality assessment: from error visibility to structural similarity,
        2004, with its constants; torchmetrics' with padding left out.
    """
    height, width, channels = a.shape
    maps = torch.cat([a, b, a * a, b * b, a * b], -1).permute(2, 0, 1)
    down, across = (_band(side).to(a.device) for side in (height, width))
    means = down @ maps @ across.T
    ma, mb, aa, bb, ab = means.view(5, channels, *means.shape[1:])
    likeness = (2 * ma * mb + _C1) * (2 * (ab - ma * mb) + _C2)
    return (likeness / ((ma**2 + mb**2 + _C1) * (aa - ma**2 + bb - mb**2 + _C2))).mean()


@lru_cache(maxsize=512)
def _band(size: int) -> Tensor:
    """A Gaussian window at every place, float [size - 10, size]."""
    window = torch.exp(-0.5 * ((torch.arange(WINDOW) - WINDOW // 2) / DEVIATION) ** 2)
    out = torch.zeros(size - WINDOW + 1, size)
    for row in range(len(out)):
        out[row, row : row + WINDOW] = window / window.sum()
    return out
