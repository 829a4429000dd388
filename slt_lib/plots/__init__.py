"""Plotly figures, one function per figure; the player that shows signing in 3-D.

Conventions, for every figure of the book:

- A figure is a `plotly.graph_objects.Figure` that ends in `finish(fig, alt=...)`. `finish` gives
  it the book's look and refuses a figure without alt text. The alt text says what the figure
  shows, for somebody who can't see it; it is kept in `layout.meta["alt"]`.
- Colours come from `PARTS` (body parts) and `METHODS` (ours, peer, raw, real). Each is legible on
  white and on black and told apart by colour-blind readers; lines of methods differ in dash too
  (`method_line`). Don't set font or background colours: the page sets them by theme.
- A masked joint is NaN in a trace, never a coordinate. Leave `connectgaps` off.
- Big arrays are float32 numpy arrays, never lists: they travel as bytes.
- A chapter's cell shows a figure as its last line and has the metadata
  `{"mystnb": {"figure": {"name": "fig-...", "caption": "..."}}}`.
- In the book, `slt_lib.plots.mime` writes the figure and a static picture of it into the page,
  and `static/book_figures.js` draws it when it comes into view. In JupyterLab plotly draws it.
"""

from slt_lib.plots.frames import skeleton_frames
from slt_lib.plots.player import skeleton_player
from slt_lib.plots.style import METHODS, PARTS, FigureError, finish, method_line
from slt_lib.plots.tracks import confidence_over_time, trajectories

__all__ = [
    "METHODS",
    "PARTS",
    "FigureError",
    "confidence_over_time",
    "finish",
    "method_line",
    "skeleton_frames",
    "skeleton_player",
    "trajectories",
]
