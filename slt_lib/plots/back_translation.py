"""Figure of chapter 14: what is read in signing that was made, and how it moves."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from slt_lib.plots.style import COLOURS, INK, FigureError, finish

MOVES = (("duration_ratio", "duration", "circle"), ("travel_ratio", "wrists' travel", "diamond"))


def read_and_moved(
    found: Mapping[str, Mapping], says: Mapping[str, str], *, alt: str, key: str = "bleu4",
    label: str = "BLEU-4 of the back-translation",
) -> go.Figure:  # fmt: skip
    """Two panels with a row per production: what a translator read, and how it moved.

    Args:
        found: By production, as of `motion_arms.back_translated`: lists over seeds.
        says: What to call the productions, in order; others are left out.
        alt: What the figure shows.
        key: Of the measure on the left.
        label: Of its axis.

    Raises:
        FigureError: If none of them is there.

    Chapter: 14_novel_motion_and_appearance
    """
    rows = {name: text for name, text in says.items() if name in found}
    if not rows:
        raise FigureError("There is no production to show.", fix="Run back-translation first.")
    fig = make_subplots(1, 2, shared_yaxes=True, horizontal_spacing=0.03)
    points = [(v, rows[name]) for name in rows for v in found[name][key]]
    fig.add_scatter(
        x=[v for v, _ in points], y=[text for _, text in points], mode="markers",
        name="BLEU, a point per seed", marker={"color": COLOURS[0], "size": 8},
        hovertemplate="%{y}: %{x:.2f}<extra></extra>", row=1, col=1,
    )  # fmt: skip
    for (move, name, symbol), colour in zip(MOVES, COLOURS[1:], strict=False):
        fig.add_scatter(
            x=[float(np.mean(found[row][move])) for row in rows], y=list(rows.values()),
            mode="markers", name=f"{name}, times the real one's",
            marker={"color": colour, "size": 10, "symbol": symbol},
            hovertemplate="%{y}: %{x:.2f}<extra></extra>", row=1, col=2,
        )  # fmt: skip
    fig.add_vline(x=1, line={"dash": "dot", "color": INK}, row=1, col=2)
    fig.update_yaxes(autorange="reversed")
    fig.update_xaxes(title_text=label, rangemode="tozero", row=1, col=1)
    fig.update_xaxes(title_text="times the real signing's", rangemode="tozero", row=1, col=2)
    return finish(fig, alt=alt, height=150 + 34 * len(rows))
