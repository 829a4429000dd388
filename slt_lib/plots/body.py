"""Figures of chapter 5: errors of fits over time and over recordings, ways between poses."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from slt_lib.body.residuals import Residuals
from slt_lib.plots.style import COLOURS, INK, FigureError, finish


def residuals_over_time(
    found: Mapping[str, Residuals], fps: Mapping[str, float], *, alt: str
) -> go.Figure:
    """Median error of body and hands in every frame, a line per fit.

    Args:
        found: Of fits, by name.
        fps: Of their recordings.
        alt: What the figure shows.

    Raises:
        FigureError: If there is nothing to show.

    Chapter: 05_body
    """
    if not found:
        raise FigureError("There are no residuals to show.")
    titles = ("body (pixels of 500)", "hand bones (degrees)")
    fig = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.12, subplot_titles=titles)
    for i, (name, one) in enumerate(found.items()):
        for row, values in enumerate((one.body_px, one.hands.reshape(len(one.hands), -1)), 1):
            fig.add_scatter(
                x=(np.arange(len(values)) / fps[name]).astype(np.float32), y=_medians(values),
                name=name, mode="lines", line={"color": COLOURS[i % len(COLOURS)]},
                legendgroup=name, showlegend=row == 1, row=row, col=1,
            )  # fmt: skip
    fig.update_annotations(x=0, xanchor="left", font_size=12)
    fig.update_xaxes(title_text="time (s)", row=2)
    fig.update_yaxes(rangemode="tozero")
    fig.update_layout(legend={"y": 1.08})
    return finish(fig, alt=alt, height=420)


def _medians(values: np.ndarray) -> np.ndarray:
    """Median per frame, NaN (a gap in the line) where nothing was seen, float32 [frames]."""
    out = np.full(len(values), np.nan, np.float32)
    seen = np.isfinite(values).any(1)
    out[seen] = np.nanmedian(values[seen], 1)
    return out


def errors_of_recordings(outcomes: Sequence[Mapping], *, alt: str) -> go.Figure:
    """Every recording's median error of body against that of its hands.

    Args:
        outcomes: As `experiments.bodies.Outcome`, as dictionaries.
        alt: What the figure shows.

    Raises:
        FigureError: If nothing was fitted.

    Chapter: 05_body
    """
    tried = [one for one in outcomes if one["body_px"] is not None]
    if not tried:
        raise FigureError("No recording was fitted.")
    fig = go.Figure()
    for outcome, colour in (("fitted", COLOURS[0]), ("refused", COLOURS[1])):
        some = [one for one in tried if one["outcome"] == outcome]
        fig.add_scatter(
            x=[one["body_px"] for one in some], y=[one["hand_deg"] for one in some],
            mode="markers", name=f"{outcome} ({len(some)})",
            marker={"color": colour, "size": 6, "opacity": 0.55},
            text=[one["name"] for one in some], hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
    fig.update_xaxes(title_text="body, median (pixels of 500)", rangemode="tozero")
    fig.update_yaxes(title_text="hand bones, median (degrees)", rangemode="tozero")
    return finish(fig, alt=alt)


def gap_bars(
    errors: Mapping[int, Mapping[str, Mapping[str, np.ndarray]]], fps: float, *, alt: str
) -> go.Figure:
    """How far filled-in frames are from the hidden ones, by way of filling and length of the gap.

    Args:
        errors: As `experiments.gaps.gap_errors`, by frames hidden.
        fps: Of the recordings.
        alt: What the figure shows.

    Chapter: 05_body
    """
    measures = {"off": "hand keypoints (shoulder widths)", "turned": "finger bones (degrees)",
                "bones": "worst finger bone (% of its length)"}  # fmt: skip
    fig = make_subplots(1, 3, subplot_titles=list(measures.values()), horizontal_spacing=0.08)
    ways = list(next(iter(errors.values())))
    for i, way in enumerate(ways):
        for column, key in enumerate(measures, 1):
            factor = 100 if key == "bones" else 1
            values = [one[way][key] * factor for one in errors.values()]
            spread = [float(v.std(ddof=1) / np.sqrt(len(v))) if len(v) > 1 else 0 for v in values]
            fig.add_bar(
                x=[f"{1000 * n / fps:.0f} ms" for n in errors], y=[float(v.mean()) for v in values],
                error_y={"type": "data", "array": spread, "color": INK, "thickness": 1},
                name=way, legendgroup=way, showlegend=column == 1,
                marker_color=COLOURS[i % len(COLOURS)], row=1, col=column,
            )  # fmt: skip
    fig.update_annotations(font_size=11)
    fig.update_yaxes(rangemode="tozero")
    fig.update_layout(legend={"y": 1.14})
    return finish(fig, alt=alt, height=340)
