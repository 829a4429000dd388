"""Rendered pictures side by side, and a body that can be turned."""

import base64
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from slt_lib.plots.style import PARTS, FigureError, finish
from slt_lib.rendering.video import jpeg

MOST_VERTICES = 30_000  # with more, a page of some figures would weigh tens of megabytes
SKIN = "#b9a89c"


def picture_grid(
    rows: Sequence[Sequence[np.ndarray]], *, alt: str, columns: Sequence[str] = (),
    names: Sequence[str] = (), height: int | None = None,
) -> go.Figure:  # fmt: skip
    """Pictures in rows and columns, small enough for a page.

    Args:
        rows: Of pictures, uint8 [H, W, 3] or [H, W]; each row has equally many.
        alt: What they show, for somebody who can't see them.
        columns: A title for each column.
        names: A label for each row.
        height: Pixels; by default as the pictures need it.

    Raises:
        FigureError: If rows differ in length, there is no picture, or labels don't fit.

    Chapter: 06_signsplat
    """
    counts = {len(row) for row in rows}
    if len(counts) != 1 or 0 in counts:
        raise FigureError(f"Rows of {sorted(counts)} pictures make no grid.")
    wide = counts.pop()
    if len(columns) not in (0, wide) or len(names) not in (0, len(rows)):
        raise FigureError(f"{len(columns)} titles and {len(names)} names don't fit {len(rows)}×"
                          f"{wide} pictures.")  # fmt: skip
    fig = make_subplots(
        len(rows), wide, column_titles=list(columns) or None, row_titles=list(names) or None,
        horizontal_spacing=0.008, vertical_spacing=0.012,
    )  # fmt: skip
    for r, row in enumerate(rows, start=1):
        for c, picture in enumerate(row, start=1):
            fig.add_image(source=_uri(picture), hoverinfo="skip", row=r, col=c)
    fig.update_xaxes(visible=False, constrain="domain")
    fig.update_yaxes(visible=False, constrain="domain")
    fig.update_layout(margin={"l": 8, "r": 30 if names else 8, "t": 34 if columns else 8, "b": 8})
    shape = np.shape(rows[0][0])
    needed = 60 + round(len(rows) * 740 / wide * shape[0] / shape[1])
    return finish(fig, alt=alt, height=height or min(900, needed))


def turntable(
    pictures: Sequence[np.ndarray], labels: Sequence[str], *, alt: str, first: int = 0,
    height: int = 420,
) -> go.Figure:  # fmt: skip
    """Pictures of one thing from several sides, one at a time, with a slider.

    Args:
        pictures: uint8 [H, W, 3], all of one size.
        labels: What the slider says of each.
        alt: What they show, for somebody who can't see them.
        first: Which is shown at first.
        height: Pixels.

    Raises:
        FigureError: If there is no picture, or labels don't fit.

    Chapter: 06_signsplat
    """
    if not pictures or len(labels) != len(pictures):
        raise FigureError(f"{len(labels)} labels don't fit {len(pictures)} pictures.")
    fig = go.Figure()
    for i, picture in enumerate(pictures):
        fig.add_image(source=_uri(picture), hoverinfo="skip", visible=i == first)
    steps = [
        {"method": "restyle", "label": label,
         "args": ["visible", [k == i for k in range(len(pictures))]]}
        for i, label in enumerate(labels)
    ]  # fmt: skip
    fig.update_xaxes(visible=False, constrain="domain")
    fig.update_yaxes(visible=False, constrain="domain")
    fig.update_layout(
        sliders=[{"active": first, "steps": steps, "pad": {"t": 8}}],
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
    )
    return finish(fig, alt=alt, height=height)


def body_figure(
    vertices: np.ndarray, faces: np.ndarray, joints: np.ndarray | None = None,
    parents: Sequence[int] = (), *, alt: str, opacity: float = 0.6, height: int = 480,
) -> go.Figure:  # fmt: skip
    """A posed mesh that can be turned, with the skeleton inside it.

    Args:
        vertices: Metres, float [V, 3], y up and z to the signer's front.
        faces: int [F, 3].
        joints: Metres, float [J, 3].
        parents: The parent of each joint, -1 for none.
        alt: What it shows, for somebody who can't see it.
        opacity: Of the mesh, where there is a skeleton.
        height: Pixels.

    Raises:
        FigureError: If the mesh is too large for a page or joints and parents don't fit.

    Chapter: 06_signsplat
    """
    if len(vertices) > MOST_VERTICES:
        raise FigureError(f"A mesh of {len(vertices)} vertices is too large for a page.",
                          fix=f"Show at most {MOST_VERTICES}.")  # fmt: skip
    if joints is not None and len(joints) != len(parents):
        raise FigureError(f"{len(joints)} joints have {len(parents)} parents.")
    points = _upright(vertices)
    fig = go.Figure(_mesh(points, faces, 1.0 if joints is None else opacity))
    if joints is not None:
        fig.add_trace(_bones(_upright(joints), parents))
    fig.update_layout(
        scene=_scene(points), margin={"l": 0, "r": 0, "t": 8, "b": 0}, showlegend=False
    )
    return finish(fig, alt=alt, height=height)


def _mesh(points: np.ndarray, faces: np.ndarray, opacity: float) -> go.Mesh3d:
    """The skin, in plotly's axes."""
    corners = np.asarray(faces).astype(np.uint16)
    return go.Mesh3d(
        **dict(zip("xyz", points.T, strict=True)), **dict(zip("ijk", corners.T, strict=True)),
        color=SKIN, opacity=opacity, hoverinfo="skip",
        lighting={"ambient": 0.55, "diffuse": 0.6, "specular": 0.05},
        lightposition={"x": 1000, "y": -2000, "z": 2000},
    )  # fmt: skip


def _bones(joints: np.ndarray, parents: Sequence[int]) -> go.Scatter3d:
    """A line from each joint to its parent, in plotly's axes."""
    ends = [(joints[j], joints[p], [np.nan] * 3) for j, p in enumerate(parents) if p >= 0]
    lines = np.concatenate(ends).astype(np.float32)
    return go.Scatter3d(
        **dict(zip("xyz", lines.T, strict=True)), mode="lines", hoverinfo="skip",
        line={"color": PARTS["right_hand"], "width": 4},
    )  # fmt: skip


def _scene(points: np.ndarray) -> dict:
    """A box around points without axes, seen from the front."""
    low, high = points.min(0) - 0.02, points.max(0) + 0.02
    ratio = (high - low) / (high - low).max()
    # Axes that aren't "visible" still draw their numbers somewhere: these have none to draw.
    bare = {
        "showgrid": False, "zeroline": False, "showline": False, "showbackground": False,
        "showspikes": False, "title": {"text": ""}, "ticks": "", "showticklabels": False,
        "tickmode": "array", "tickvals": [1e3], "ticktext": [""],
    }  # fmt: skip
    axes = {
        f"{a}axis": {**bare, "range": [float(low[k]), float(high[k])]} for k, a in enumerate("xyz")
    }
    camera = {"eye": {"x": 0.3, "y": -1.45, "z": 0.1}, "up": {"x": 0, "y": 0, "z": 1}}
    ratio = dict(zip("xyz", ratio.tolist(), strict=True))
    return {**axes, "aspectmode": "manual", "aspectratio": ratio, "camera": camera}


def _upright(points: np.ndarray) -> np.ndarray:
    """Into plotly's axes, where z is up and a signer looks towards -y, float32."""
    x, y, z = np.asarray(points, np.float32).T
    return np.stack([x, -z, y], 1)


def _uri(picture: np.ndarray) -> str:
    """A picture as a JPEG inside a URI."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg(picture, 92)).decode()
