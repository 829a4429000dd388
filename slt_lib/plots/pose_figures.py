"""Figures of chapter 1: single frames from the front, bones over time, depth, sizes of hands."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from slt_lib.plots.player import Lines
from slt_lib.plots.style import METHODS, PART_NAMES, PARTS, FigureError, finish
from slt_lib.plots.tracks import joint_name
from slt_lib.pose.bones import bone_vectors
from slt_lib.pose.sequence import PoseSequence

TALLEST = 2.5  # medians; bones that were read without depth seem to grow tenfold
FAINT = "rgba(125,133,148,0.35)"
LINE_WIDTH = {"body": 3, "right_hand": 2, "left_hand": 2, "face": 1.2}


def front_views(
    panels: Mapping[str, PoseSequence], frame: int, *, alt: str, height: int = 380
) -> go.Figure:
    """One frame of some sequences from the front, side by side; a joint's name on hover.

    Sequences of one unit (`meta["unit"]`, pixels where there is none) share their axes.

    Args:
        panels: Sequences by name, each with that frame.
        frame: Which frame.
        alt: What it shows, for somebody who can't see it.
        height: Pixels.

    Raises:
        FigureError: If there is no sequence, or one is too short.

    Chapter: 01_signing_poses
    """
    if not panels or any(not 0 <= frame < len(pose) for pose in panels.values()):
        raise FigureError(f"There is no frame {frame} to show.")
    fig = make_subplots(1, len(panels), subplot_titles=list(panels), horizontal_spacing=0.06)
    boxes = _boxes(panels, frame)
    for column, pose in enumerate(panels.values(), start=1):
        for part in PARTS:
            if pose.mask[frame, pose.group(part)].any():
                fig.add_scatter(**_front(pose, part, frame), row=1, col=column)
        (left, right), (top, bottom) = boxes[pose.meta.get("unit", "pixels")]
        fig.update_xaxes(range=[left, right], constrain="domain", row=1, col=column)
        fig.update_yaxes(
            range=[bottom, top], scaleanchor=f"x{column if column > 1 else ''}",
            constrain="domain", row=1, col=column,
        )  # fmt: skip
    fig.update_layout(showlegend=False)
    return finish(fig, alt=alt, height=height)


def _boxes(panels: Mapping[str, PoseSequence], frame: int) -> dict[str, np.ndarray]:
    """For every unit a box [2, 2] (x, y) around what its panels show, with a margin."""
    seen: dict[str, list[np.ndarray]] = {}
    for pose in panels.values():
        shown = np.concatenate([pose.group(part) for part in PARTS])
        points = pose.positions[frame, shown][pose.mask[frame, shown], :2]
        seen.setdefault(pose.meta.get("unit", "pixels"), []).append(points)
    boxes = {}
    for unit, points in seen.items():
        points = np.concatenate(points)
        low, high = (points.min(0), points.max(0)) if len(points) else (np.zeros(2), np.ones(2))
        margin = 0.06 * max((high - low).max(), 1e-6)
        boxes[unit] = np.stack([low - margin, high + margin], axis=1)
    return boxes


def _front(pose: PoseSequence, part: str, frame: int) -> dict:
    lines = Lines.of(pose.skeleton, part)
    one = pose[frame : frame + 1]
    points = lines.points(one.positions, one.mask)[0]
    names = [f"{j}: {joint_name(pose.skeleton.joints[j])}" if j >= 0 else "" for j in lines.joints]
    return {
        "x": points[:, 0], "y": points[:, 1], "mode": "lines+markers", "name": PART_NAMES[part],
        "line": {"color": PARTS[part], "width": LINE_WIDTH[part]},
        "marker": {"color": PARTS[part], "size": 2 if part == "face" else 5},
        "text": names, "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip


def bone_lengths_over_time(panels: Mapping[str, PoseSequence], *, alt: str) -> go.Figure:
    """Length of every arm and hand bone over time, as a multiple of its own median (up to 2.5).

    Args:
        panels: Sequences by name, side by side; on any skeleton with arms or hands.
        alt: What it shows, for somebody who can't see it.

    Raises:
        FigureError: If there is no sequence.

    Chapter: 01_signing_poses
    """
    if not panels:
        raise FigureError("There is no sequence to measure.")
    fig = make_subplots(
        1, len(panels), shared_yaxes=True, subplot_titles=list(panels), horizontal_spacing=0.05
    )
    for column, pose in enumerate(panels.values(), start=1):
        seconds = (np.arange(len(pose)) / pose.fps).astype(np.float32)
        vectors = bone_vectors(pose.positions, pose.mask, pose.skeleton)
        named = set()
        for part in ("right_hand", "left_hand", "body"):
            bones = [j for _, j in pose.skeleton.bones if j in pose.group(part)]
            for j in bones:
                length = np.linalg.norm(vectors[:, j], axis=-1)
                if not np.isfinite(length).any():
                    continue
                middle = max(float(np.nanmedian(length)), 1e-9)
                fig.add_scatter(
                    x=seconds, y=(length / middle).astype(np.float32), mode="lines",
                    line={"color": PARTS[part], "width": 1.2}, name=PART_NAMES[part],
                    legendgroup=part, showlegend=column == 1 and part not in named,
                    hovertemplate=f"{joint_name(pose.skeleton.joints[j])}: %{{y:.2f}}",
                    row=1, col=column,
                )  # fmt: skip
                named.add(part)
    fig.update_xaxes(title_text="time (s)")
    top = max((float(np.nanmax(trace.y)) for trace in fig.data), default=1.0)
    fig.update_yaxes(range=[0, min(1.05 * top, TALLEST)])
    fig.update_yaxes(title_text="bone length / its median", row=1, col=1)
    fig.update_layout(legend={"y": -0.2, "yanchor": "top"})
    return finish(fig, alt=alt, height=400)


def depth_curves(
    factors: np.ndarray, curves: Mapping[str, np.ndarray], chosen: str, *, alt: str
) -> go.Figure:
    """How much hand bones vary in length under each factor of depth.

    Args:
        factors: float [n], pixels per unit of z.
        curves: By recording, the bone-length variation under each factor, float [n].
        chosen: The recording to draw in colour, with its best factor marked.
        alt: What it shows, for somebody who can't see it.

    Raises:
        FigureError: If `chosen` is none of the recordings.

    Chapter: 01_signing_poses
    """
    if chosen not in curves:
        raise FigureError(f"There is no curve of {chosen!r}.")
    fig = go.Figure()
    for name in sorted(curves, key=lambda name: name == chosen):  # the chosen one lies on top
        mine = name == chosen
        line = {"color": METHODS["ours"], "width": 3} if mine else {"color": FAINT, "width": 1.2}
        fig.add_scatter(
            x=factors.astype(np.float32), y=curves[name].astype(np.float32), mode="lines",
            line=line, name=name, showlegend=False,
            hovertemplate=f"{name}: %{{y:.1%}} at %{{x:.0f}}<extra></extra>",
        )  # fmt: skip
    best = int(np.argmin(curves[chosen]))
    fig.add_scatter(
        x=[factors[best]], y=[curves[chosen][best]], mode="markers+text", showlegend=False,
        marker={"size": 11, "color": METHODS["ours"]}, hoverinfo="skip",
        text=[f"{chosen}: {factors[best]:.0f}"], textposition="bottom center",
        textfont={"color": METHODS["ours"]},
    )  # fmt: skip
    fig.update_xaxes(title_text="pixels per unit of z", type="log",
                     tickvals=[100, 200, 300, 500, 800, 1300, 2000])  # fmt: skip
    fig.update_yaxes(title_text="variation of hand bones", tickformat=".0%", rangemode="tozero")
    return finish(fig, alt=alt, height=380)


def hand_sizes(
    before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray], *, alt: str
) -> go.Figure:
    """Length of the palm of many recordings, by signed language, on two bodies.

    Args:
        before: By language, palm lengths on the signers' own bones, float [recordings].
        after: The same on the canonical skeleton, same keys and shapes; shoulder widths.
        alt: What it shows, for somebody who can't see it.

    Raises:
        FigureError: If the two don't have the same languages.

    Chapter: 01_signing_poses
    """
    if set(before) != set(after) or not before:
        raise FigureError("Both bodies need the same languages.")
    order = sorted(before, key=lambda language: np.nanmedian(before[language]))
    looks = {
        "own bones": (before, {"color": METHODS["peer"], "size": 5, "opacity": 0.6}),
        "canonical skeleton": (after, {"color": METHODS["ours"], "symbol": "diamond", "size": 8}),
    }
    fig = go.Figure()
    for name, (sizes, marker) in looks.items():
        fig.add_scatter(
            x=[language for language in order for _ in sizes[language]],
            y=np.concatenate([sizes[language] for language in order]).astype(np.float32),
            mode="markers", name=name, marker=marker,
            hovertemplate="%{x}: %{y:.3f}<extra>" + name + "</extra>",
        )  # fmt: skip
    fig.update_xaxes(title_text="signed language (ISO 639-3)", showgrid=False, tickangle=-60)
    fig.update_yaxes(title_text="palm length<br>(shoulder widths)", type="log",
                     tickvals=[0.05, 0.1, 0.2, 0.3, 0.5, 1, 2])  # fmt: skip
    return finish(fig, alt=alt, height=380)
