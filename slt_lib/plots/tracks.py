"""Joints over time: where they went, and how sure the estimator was of them."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from slt_lib.plots.style import (
    COLOURS,
    HEAT,
    METHODS,
    PART_NAMES,
    PARTS,
    FigureError,
    finish,
    method_line,
)
from slt_lib.pose.sequence import PoseSequence

SHARE_WIDTH = {"face": 6, "body": 3.5, "right_hand": 2, "left_hand": 2}  # thin ones lie on top


def confidence_over_time(pose: PoseSequence, *, alt: str, title: str = "") -> go.Figure:
    """How sure the pose estimator was: every joint as a heat map, each part's share seen as a line.

    Args:
        pose: At least one frame.
        alt: What it shows, for somebody who can't see it.
        title: Text above the figure.

    Raises:
        FigureError: If the sequence is empty.

    Chapter: 01_signing_poses
    """
    if len(pose) == 0:
        raise FigureError("There is no frame to show.")
    parts = [part for part in PARTS if len(pose.group(part))]
    order = np.concatenate([pose.group(part) for part in parts])
    rows = np.concatenate(  # every part is one unit high, however many joints it has
        [i + (np.arange(n) + 0.5) / n for i, n in enumerate(len(pose.group(p)) for p in parts)]
    )
    seconds = _seconds(pose)
    fig = make_subplots(2, 1, shared_xaxes=True, row_heights=[0.34, 0.66], vertical_spacing=0.06)
    for part in sorted(parts, key=lambda part: -SHARE_WIDTH[part]):
        share = pose.mask[:, pose.group(part)].mean(1).astype(np.float32)
        fig.add_scatter(
            x=seconds, y=share, name=PART_NAMES[part], mode="lines",
            line={"color": PARTS[part], "width": SHARE_WIDTH[part]},
            hovertemplate=f"%{{x:.2f}} s: %{{y:.0%}} of {PART_NAMES[part].lower()} seen",
        )  # fmt: skip
    fig.add_heatmap(
        z=pose.confidence[:, order].T, x=seconds, y=rows.astype(np.float32), colorscale=HEAT,
        zmin=0, zmax=1, name="",
        hovertemplate="%{x:.2f} s: %{z:.2f}",
        colorbar={"title": {"text": "confidence", "side": "right"}, "len": 0.66, "y": 0,
                  "yanchor": "bottom", "thickness": 10, "outlinewidth": 0},
        row=2, col=1,
    )  # fmt: skip
    fig.update_yaxes(title_text="share seen", range=[-0.04, 1.04], tickformat=".0%", row=1)
    fig.update_yaxes(
        tickvals=np.arange(len(parts)) + 0.5, ticktext=[PART_NAMES[p] for p in parts],
        range=[len(parts), 0], showgrid=False, row=2,
    )  # fmt: skip
    for edge in range(1, len(parts)):
        fig.add_hline(y=edge, line={"width": 1, "color": "rgba(125,133,148,0.6)"}, row=2)
    fig.update_xaxes(title_text="time (s)", row=2)
    return finish(fig, alt=alt, title=title, height=460)


def trajectories(
    poses: PoseSequence | Mapping[str, PoseSequence],
    joints: Sequence[str],
    *,
    alt: str,
    title: str = "",
    unit: str = "shoulder widths",
) -> go.Figure:
    """Where joints are over time, x and y, with a gap wherever a joint was not seen.

    Args:
        poses: One sequence, or several by name to lay over each other. A name that is a key of
            `METHODS` takes that method's colour and dash.
        joints: Joint names, e.g. `RIGHT_HAND.INDEX_FINGER_TIP`; one column each.
        alt: What it shows, for somebody who can't see it.
        title: Text above the figure.
        unit: Unit of the positions, for the axes.

    Raises:
        FigureError: If there is no sequence or no joint, or a skeleton lacks a joint.

    Chapter: 01_signing_poses
    """
    named = poses if isinstance(poses, Mapping) else {"": poses}
    if not named or not joints:
        raise FigureError("There is no trajectory to draw.", fix="Give a sequence and a joint.")
    fig = make_subplots(
        2, len(joints), shared_xaxes=True, vertical_spacing=0.08, horizontal_spacing=0.08,
        column_titles=[joint_name(joint).replace(", ", ",<br>") for joint in joints],
    )  # fmt: skip
    for name, pose in named.items():
        for column, joint in enumerate(joints, start=1):
            if joint not in pose.skeleton.index:
                raise FigureError(f"Skeleton {pose.skeleton.name!r} has no joint {joint!r}.")
            for axis in (0, 1):
                fig.add_scatter(
                    x=_seconds(pose), y=_track(pose, joint, axis), mode="lines",
                    line=_line(list(named), name, joint), name=name or joint_name(joint),
                    legendgroup=name, showlegend=bool(name) and column == 1 and axis == 0,
                    row=axis + 1, col=column,
                )  # fmt: skip
    fig.update_yaxes(title_text=f"x, to the right<br>({unit})", row=1, col=1)
    fig.update_yaxes(autorange="reversed", row=2)
    fig.update_yaxes(title_text=f"y, downwards<br>({unit})", row=2, col=1)
    fig.update_xaxes(title_text="time (s)", row=2)
    fig.update_annotations(font_size=14)
    fig.update_layout(hovermode="x", legend_y=1.13)
    finish(fig, alt=alt, title=title, height=440)
    return fig.update_layout(margin_t=76 if len(named) > 1 else 56)


def joint_name(joint: str) -> str:
    """A joint's name as people write it: `Right hand, index finger tip`."""
    words = joint.replace("PIP", "middle joint").replace("MCP", "knuckle")
    return words.replace(".", ", ").replace("_", " ").lower().capitalize()


def _seconds(pose: PoseSequence) -> np.ndarray:
    return (np.arange(len(pose)) / pose.fps).astype(np.float32)


def _track(pose: PoseSequence, joint: str, axis: int) -> np.ndarray:
    """One coordinate over time, float32 [frames]; NaN where the joint was not seen."""
    j = pose.skeleton.index[joint]
    return np.where(pose.mask[:, j], pose.positions[:, j, axis], np.float32(np.nan))


def _line(names: list[str], name: str, joint: str) -> dict:
    if name in METHODS:
        return method_line(name, width=2)
    if len(names) > 1:  # one colour per sequence, in all panels
        return {"width": 2, "color": COLOURS[names.index(name) % len(COLOURS)]}
    return {"width": 2, "color": PARTS["right_hand" if joint.startswith("RIGHT") else "left_hand"]}
