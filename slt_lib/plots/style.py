"""The book's look: colours, fonts, and the last step of every figure."""

import plotly.graph_objects as go

from slt_lib.pose.errors import SLTError

INK = "#7d8594"  # axes and text until the page's theme says better: legible on white and black
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"

PARTS = {
    "body": "#7d8594",
    "right_hand": "#e8622c",
    "left_hand": "#2b83e0",
    "face": "#a06ac4",
}
PART_NAMES = {
    "body": "Body",
    "right_hand": "Right hand",
    "left_hand": "Left hand",
    "face": "Face",
}
METHODS = {
    "ours": "#2b83e0",
    "peer": "#e8622c",
    "raw": "#8b8f98",
    "real": "#0f9b7a",
}
DASHES = {"ours": "solid", "peer": "dash", "raw": "dot", "real": "solid"}
COLOURS = ["#2b83e0", "#e8622c", "#0f9b7a", "#a06ac4", "#c2902a", "#d1497f", "#8b8f98"]
HEAT = [[0, "rgba(43,131,224,0)"], [0.5, "rgba(43,131,224,0.45)"], [1, "rgba(43,131,224,1)"]]

_AXIS = {
    "gridcolor": "rgba(125,133,148,0.22)",
    "linecolor": "rgba(125,133,148,0.6)",
    "zeroline": False,
    "ticks": "",
    "automargin": True,
    "title": {"standoff": 8, "font": {"size": 13}},
}
TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 13, "color": INK},
        "title": {"font": {"size": 15}, "x": 0.02, "xanchor": "left"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": COLOURS,
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "margin": {"l": 56, "r": 16, "t": 48, "b": 44},
        "hoverlabel": {"font": {"family": FONT}},
    },
)


class FigureError(SLTError):
    """A figure that can't be drawn, or that not every reader could use."""


def method_line(method: str, **more) -> dict:
    """Colour and dash of a method's line: `ours`, `peer`, `raw` or `real`.

    Args:
        method: Key of `METHODS`.
        more: Further line properties, e.g. `width`.

    Raises:
        FigureError: If there is no such method.

    Chapter: 03_stitching
    """
    if method not in METHODS:
        raise FigureError(f"No colour for {method!r}.", fix=f"Known: {', '.join(METHODS)}.")
    return {"color": METHODS[method], "dash": DASHES[method], **more}


def finish(fig: go.Figure, *, alt: str, title: str = "", height: int = 380) -> go.Figure:
    """The last step of every figure: the book's look, a height, and its alt text.

    Args:
        fig: The figure; changed in place.
        alt: What it shows, for somebody who can't see it. At least a short sentence.
        title: Text above the figure, if the caption isn't enough.
        height: Pixels.

    Returns:
        The same figure, with `layout.meta["alt"]` set.

    Raises:
        FigureError: If the alt text is missing or too short to say anything.

    Chapter: 01_signing_poses
    """
    alt = " ".join(alt.split())
    if len(alt) < 15:
        raise FigureError(
            f"The alt text {alt!r} says too little.", fix="Describe what the figure shows."
        )
    meta = {**(fig.layout.meta or {}), "alt": alt}
    fig.update_layout(template=TEMPLATE, height=height, meta=meta)
    if title:
        fig.update_layout(title_text=title)
    return fig
