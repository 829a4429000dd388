"""Figures of the rehearsal: what grows with the number of sentences, and what doesn't."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from slt_lib.plots.style import COLOURS, FigureError, finish

PANELS = (
    ("core-minutes", (("stitching", "stitching", 1 / 60), ("epoch", "an epoch", 1 / 60))),
    ("disk (GB)", (("disk_mb", "corpus and keypoints", 1e-3),)),
    ("memory (GB)", (("peak_mb", "all processes", 1e-3), ("own_mb", "the first process", 1e-3))),
)  # fmt: skip


def growth(
    measured: Mapping[str, Sequence[float | None]], *, alt: str,
    lines: Mapping[str, Mapping[str, float]] | None = None,
) -> go.Figure:  # fmt: skip
    """Computing, disk and memory against the number of sentences, with the model's lines.

    Args:
        measured: `sentences`; core-seconds `stitching` and `epoch`; `disk_mb`, `peak_mb`,
            `own_mb`: lists over sizes, None where a size wasn't measured.
        alt: What the figure shows.
        lines: `base` and `rate` by the same names, where the model has a line.

    Raises:
        FigureError: If there is no size.

    Chapter: 15_your_own_data
    """
    count = list(measured.get("sentences", ()))
    if not count:
        raise FigureError("There is no size to show.", fix="Run a rehearsal first.")
    fig = make_subplots(1, len(PANELS), horizontal_spacing=0.1)
    colours = iter(COLOURS)
    for column, (label, series) in enumerate(PANELS, 1):
        for key, name, unit in series:
            colour = next(colours)
            values = [None if v is None else v * unit for v in measured[key]]
            fig.add_scatter(
                x=count, y=values, mode="markers", name=name, row=1, col=column,
                marker={"color": colour, "size": 9},
                hovertemplate="%{x:,} sentences: %{y:.3g}<extra>" + name + "</extra>",
            )  # fmt: skip
            if line := (lines or {}).get(key):
                ends = [0, max(count)]
                fig.add_scatter(
                    x=ends, y=[unit * (line["base"] + line["rate"] * n) for n in ends],
                    mode="lines", line={"color": colour, "dash": "dot"}, showlegend=False,
                    hoverinfo="skip", row=1, col=column,
                )  # fmt: skip
        fig.update_yaxes(title_text=label, rangemode="tozero", row=1, col=column)
        fig.update_xaxes(title_text="sentences", rangemode="tozero", nticks=4, row=1, col=column)
    return finish(fig, alt=alt, height=340)
