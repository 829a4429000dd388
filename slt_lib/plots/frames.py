"""Single frames of signing, side by side on one flat picture."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from slt_lib.plots.player import Lines, in_view, view_box
from slt_lib.plots.style import PART_NAMES, PARTS, FigureError, finish
from slt_lib.pose.sequence import PoseSequence

FLAT_WIDTHS = {"body": 3, "face": 1, "right_hand": 1.8, "left_hand": 1.8}


def skeleton_frames(
    poses: PoseSequence | Mapping[str, PoseSequence],
    frames: int | Sequence[int] = 6,
    *,
    alt: str,
    title: str = "",
) -> go.Figure:
    """Frames of signing from the front: one row per sequence, one column per frame.

    Args:
        poses: One sequence, or several by name. Any unit.
        frames: How many, evenly spaced over each sequence; or which ones (each must exist in
            every sequence).
        alt: What the frames show, for somebody who can't see it.
        title: Text above the figure.

    Returns:
        A figure of flat lines. Unseen joints are gaps; hips are left out.

    Raises:
        FigureError: If there is no frame, or one that a sequence doesn't have.

    Chapter: 01_signing_poses
    """
    named = poses if isinstance(poses, Mapping) else {"": poses}
    chosen = {name: _chosen(name, pose, frames) for name, pose in named.items()}
    columns = max(map(len, chosen.values()), default=0)
    if columns == 0:
        raise FigureError("There is no frame to show.")
    across, upward, _ = view_box(list(named.values()))
    wide, high = np.ptp(across), np.ptp(upward) + 0.35
    fig = go.Figure()
    for part in ("body", "face", "right_hand", "left_hand"):
        cells = [
            _cell(pose, part, f, -across[0] + c * wide, upward[0] - r * high)
            for r, (name, pose) in enumerate(named.items())
            for c, f in enumerate(chosen[name])
        ]
        x, y, dots = (np.concatenate(values) for values in zip(*cells, strict=True))
        joined = all(Lines.of(pose.skeleton, part).joined for pose in named.values())
        fig.add_scatter(
            x=x, y=y, mode="lines+markers" if joined else "markers",
            name=PART_NAMES[part], hoverinfo="skip",
            line={"color": PARTS[part], "width": FLAT_WIDTHS[part]},
            marker={"color": PARTS[part], "size": dots, "line": {"width": 0}},
        )  # fmt: skip
    for r, (name, pose) in enumerate(named.items()):
        for c, f in enumerate(chosen[name]):
            fig.add_annotation(
                x=(c + 0.5) * wide, y=-(r + 1) * high + 0.28, text=f"{f / pose.fps:.2f} s",
                showarrow=False, yanchor="top", font={"size": 11},
            )  # fmt: skip
        if name:
            fig.add_annotation(
                x=0, y=-r * high, text=f"<b>{name}</b>", showarrow=False, xanchor="left",
                yanchor="top",
            )  # fmt: skip
    hidden = {"visible": False, "fixedrange": True}
    fig.update_xaxes(range=[0, columns * wide], **hidden)
    fig.update_yaxes(range=[-len(named) * high, 0], scaleanchor="x", **hidden)
    top = 40 if title else 6
    fig.update_layout(showlegend=False, margin={"l": 4, "r": 4, "t": top, "b": 4})
    height = top + 10 + round(len(named) * high * min(240, 740 / columns / wide))
    return finish(fig, alt=alt, title=title, height=height)


def _chosen(name: str, pose: PoseSequence, frames: int | Sequence[int]) -> np.ndarray:
    """Which frames of a sequence are shown, int [columns]."""
    if isinstance(frames, int):
        count = min(frames, len(pose))
        return np.floor((np.arange(count) + 0.5) * len(pose) / max(count, 1)).astype(int)
    wanted = np.array(frames, dtype=int)
    if wanted.size and not (wanted.min() >= 0 and wanted.max() < len(pose)):
        raise FigureError(
            f"The sequence {name!r} has no frame {wanted.max()}.".replace(" ''", ""),
            fix=f"It has {len(pose)} frames, counted from 0.",
        )
    return wanted


def _cell(
    pose: PoseSequence, part: str, frame: int, right: float, down: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y and dot sizes of one part in one cell, each float32 [points + 1], a gap at the end."""
    lines = Lines.of(pose.skeleton, part)
    hips = [pose.skeleton.index[h] for h in ("RIGHT_HIP", "LEFT_HIP") if h in pose.skeleton.index]
    shown = pose.mask[frame : frame + 1].copy()
    shown[:, hips] = False
    points = lines.points(in_view(pose)[frame : frame + 1], shown)[0]
    gap = np.float32([np.nan])
    x, y = points[:, 0] + right, down - points[:, 1]
    dots = lines.dots * (0.55 if part != "body" else 0.0)
    return np.append(x, gap), np.append(y, gap), np.append(dots, 0).astype(np.float32)
