"""Figures of the rendering comparison: what a damage does to a score, renderers in one video."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from slt_lib.plots.style import COLOURS, FigureError, finish


def strength_lines(
    strengths: Sequence[float], scores: Mapping[str, Sequence[float]], *, alt: str,
    label: str = "artifact score", height: int = 380,
) -> go.Figure:  # fmt: skip
    """A score against the strength of a damage, a line per kind.

    Args:
        strengths: 0 to 1.
        scores: Of each kind, as many as strengths.
        alt: What the figure shows, for somebody who can't see it.
        label: Of the upright axis.
        height: Pixels.

    Raises:
        FigureError: If there is no line, or one isn't as long as the strengths.

    Chapter: 08_rendering_comparison
    """
    if not scores or any(len(values) != len(strengths) for values in scores.values()):
        raise FigureError(f"{len(strengths)} strengths don't fit the scores of {list(scores)}.")
    fig = go.Figure()
    for k, (kind, values) in enumerate(scores.items()):
        fig.add_scatter(
            x=list(strengths), y=[float(v) for v in values], mode="lines+markers", name=kind,
            line={"color": COLOURS[k % len(COLOURS)]},
            hovertemplate=f"{kind}, strength %{{x}}: %{{y:.2f}}<extra></extra>",
        )  # fmt: skip
    fig.update_xaxes(title_text="strength of the damage", range=[-0.02, 1.02])
    fig.update_yaxes(title_text=label, rangemode="tozero")
    return finish(fig, alt=alt, height=height)


def beside(videos: Sequence[np.ndarray], scale: int = 3, gap: int = 4) -> np.ndarray:
    """Frames of several renderers next to each other, enlarged.

    Args:
        videos: Each uint8 [F, H, W, 3], all of one shape.
        scale: Pixels shown for one, along each side.
        gap: White pixels between them.

    Returns:
        uint8 [F, scale · H, all widths and gaps, 3].

    Raises:
        FigureError: If there is none, or shapes differ.

    Chapter: 08_rendering_comparison
    """
    if not videos or len({video.shape for video in videos}) != 1:
        raise FigureError(f"Videos {[v.shape for v in videos]} don't go side by side.")
    count, height, width = videos[0].shape[:3]
    size = width * scale, height * scale
    white = np.full((count, size[1], gap, 3), 255, np.uint8)
    parts = []
    for video in videos:
        larger = [Image.fromarray(frame).resize(size, Image.BICUBIC) for frame in video]
        parts += [np.stack([np.asarray(frame) for frame in larger]), white]
    return np.concatenate(parts[:-1], 2)
