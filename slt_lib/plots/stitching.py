"""Figures of chapter 3: step by step, seams, the filter laboratory, stitched against real."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from slt_lib.plots.style import METHODS, PARTS, finish, method_line
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching.measures import derivative
from slt_lib.stitching.spectrum import Spectrum

SHADE, EDGE = "rgba(43,131,224,0.12)", "rgba(43,131,224,0.35)"
COLORS = ("#2b83e0", "#e8622c", "#0f9b7a", "#a06ac4", "#c2902a", "#8b8f98")
Spans = Sequence[tuple[int, int]]


def _height(pose: PoseSequence, joint: str) -> np.ndarray:
    """A joint's height over time, NaN where it wasn't seen, float32 [frames]."""
    j = pose.skeleton.index[joint]
    return np.where(pose.mask[:, j], -pose.positions[:, j, 1], np.nan).astype(np.float32)


def _shade(fig: go.Figure, start: float, end: float, row: int) -> None:
    """Shade the time of a sign in one row; after its traces, since empty rows take no shade."""
    fig.add_vrect(x0=start, x1=end, fillcolor=SHADE, line_width=1, line_color=EDGE, row=row, col=1)


def heights(
    stages: Mapping[str, PoseSequence],
    bounds: Mapping[str, Spans],
    *,
    alt: str,
    one_scale: bool = False,
) -> go.Figure:
    """One row per sequence: how high the right hand is over time, and where each sign stands.

    Args:
        stages: By name, such as the sequence after each step (`Stitched.stages`).
        bounds: (start, end) frames of the signs in each of them; shaded.
        alt: What it shows, for somebody who can't see it.
        one_scale: All rows show the same heights; else each row its own.

    Chapter: 03_stitching
    """
    fig = make_subplots(
        len(stages),
        1,
        shared_xaxes=True,
        shared_yaxes="all" if one_scale else False,
        vertical_spacing=0.25 / len(stages),
        subplot_titles=list(stages),
    )
    lines = {"wrist": ("RIGHT_WRIST", PARTS["body"]),
             "index fingertip": ("RIGHT_HAND.INDEX_FINGER_TIP", PARTS["right_hand"])}  # fmt: skip
    for row, (step, pose) in enumerate(stages.items(), start=1):
        seconds = (np.arange(len(pose)) / pose.fps).astype(np.float32)
        for name, (joint, color) in lines.items():
            fig.add_scatter(
                x=seconds, y=_height(pose, joint), name=name, mode="lines", legendgroup=name,
                showlegend=row == 1, line={"color": color, "width": 2},
                hovertemplate="%{x:.2f} s: %{y:.2f}<extra>" + name + "</extra>", row=row, col=1,
            )  # fmt: skip
        for start, end in bounds.get(step, ()):
            _shade(fig, (start - 0.5) / pose.fps, (end - 0.5) / pose.fps, row)
    fig.update_annotations(x=0, xanchor="left", font_size=12)
    fig.update_yaxes(tickfont_size=10, nticks=3)
    fig.update_xaxes(title_text="time (s)", row=len(stages))
    height = 110 * len(stages) + 90
    fig.update_layout(legend={"y": 1 + 35 / height})
    return finish(fig, alt=alt, height=height)


def seams(methods: Mapping[str, tuple[PoseSequence, Spans]], *, alt: str) -> go.Figure:
    """How fast the hands move over time, one row per method; shaded where a sign is.

    Args:
        methods: Sequence and (start, end) of its signs, by a key of `METHODS` or any name.
        alt: What it shows, for somebody who can't see it.

    Chapter: 03_stitching
    """
    fig = make_subplots(
        len(methods), 1, shared_xaxes=True, vertical_spacing=0.08, subplot_titles=list(methods)
    )
    for row, (name, (pose, spans)) in enumerate(methods.items(), start=1):
        values = derivative(pose, 1)
        seen = np.isfinite(values).any(1)
        speed = np.full(len(values), np.nan, np.float32)
        speed[seen] = np.nanmean(values[seen], axis=1)
        seconds = ((np.arange(len(speed)) + 1) / pose.fps).astype(np.float32)
        look = method_line(name, width=2) if name in METHODS else {"color": COLORS[row % 6]}
        fig.add_scatter(x=seconds, y=speed, name=name, mode="lines", line=look, showlegend=False,
                        hovertemplate="%{x:.2f} s: %{y:.1f}<extra></extra>",
                        row=row, col=1)  # fmt: skip
        for start, end in spans:
            _shade(fig, start / pose.fps, end / pose.fps, row)
    fig.update_annotations(x=0, xanchor="left", font_size=12)
    fig.update_yaxes(title_text="widths / s", title_font_size=11, rangemode="tozero")
    fig.update_xaxes(title_text="time (s)", row=len(methods))
    return finish(fig, alt=alt, height=150 * len(methods) + 80)


def spectra(spectrums: Mapping[str, Spectrum], part: str, *, alt: str) -> go.Figure:
    """Velocity power over frequency of one body part, in decibels below its slow movement.

    Args:
        spectrums: By name.
        part: `body`, `right_hand`, `left_hand` or `face`.
        alt: What it shows, for somebody who can't see it.

    Chapter: 03_stitching
    """
    fig = go.Figure()
    for i, (name, one) in enumerate(spectrums.items()):
        if part not in one.power:
            continue
        power, slow = one.power[part], (one.hertz > 0.3) & (one.hertz <= 3)
        level = np.maximum(power / max(power[slow].mean(), 1e-12), 1e-6)
        look = method_line(name, width=2.2) if name in METHODS else {"color": COLORS[i % 6]}
        fig.add_scatter(x=one.hertz.astype(np.float32), y=(10 * np.log10(level)).astype(np.float32),
                        name=name, mode="lines", line=look,
                        hovertemplate="%{x:.1f} Hz: %{y:.1f} dB")  # fmt: skip
    fig.update_xaxes(title_text="frequency (Hz)")
    fig.update_yaxes(title_text="power (dB)", range=[-42, 6])
    return finish(fig, alt=alt, height=360)


def responses(gains: Mapping[str, tuple[np.ndarray, np.ndarray]], *, alt: str) -> go.Figure:
    """Gain over frequency of several filters, as measured on sine waves.

    Args:
        gains: (hertz, gain) by name, as `frequency_response` gives them.
        alt: What it shows, for somebody who can't see it.

    Chapter: 03_stitching
    """
    fig = go.Figure()
    for i, (name, (hertz, gain)) in enumerate(gains.items()):
        fig.add_scatter(x=hertz.astype(np.float32), y=gain.astype(np.float32), name=name,
                        mode="lines", line={"color": COLORS[i % 6], "width": 2.2},
                        hovertemplate="%{x:.1f} Hz: %{y:.0%}")  # fmt: skip
    fig.update_xaxes(title_text="frequency (Hz)")
    fig.update_yaxes(title_text="what is left", tickformat=".0%", rangemode="tozero")
    return finish(fig, alt=alt, height=340)


def against_real(
    arms: Mapping[str, Mapping[str, Mapping]],
    measures: Mapping[str, str],
    names: Mapping[str, str] | None = None,
    *,
    alt: str,
) -> go.Figure:
    """Every sentence as a dot, every method as a row, a panel per measure, two side by side.

    Args:
        arms: Recorded summary by method: `sentences.<name>.<measure>` to its `values` by seed,
            of which the first is shown.
        measures: Key of a measure to the title of its panel.
        names: Key of a method to what the reader is told it is; by default the key.
        alt: What it shows, for somebody who can't see it.

    Chapter: 03_stitching
    """
    lines = -(-len(measures) // 2)  # two panels side by side, so that a telephone shows them
    fig = make_subplots(
        rows=lines,
        cols=min(2, len(measures)),
        shared_yaxes=True,
        horizontal_spacing=0.04,
        vertical_spacing=0.24 / lines,
        subplot_titles=list(measures.values()),
    )
    rows = list(arms)[::-1]
    for number, key in enumerate(measures):
        for i, arm in enumerate(rows):
            found = {
                full.split(".")[1]: one["values"][0]
                for full, one in arms[arm].items()
                if full.startswith("sentences.") and full.endswith(f".{key}")
            }
            if found:
                color = METHODS.get(arm, "#a06ac4")
                for trace in _dots(found, i, color):
                    fig.add_trace(trace, row=number // 2 + 1, col=number % 2 + 1)
    fig.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[(names or {}).get(arm, arm) for arm in rows],
        range=[-0.6, len(rows) - 0.4],
    )
    fig.update_xaxes(rangemode="tozero", nticks=5)
    fig.update_annotations(font_size=12)
    return finish(fig, alt=alt, height=60 + lines * (60 + 30 * len(rows)))


def _dots(values: Mapping[str, float], row: int, color: str) -> list[go.Scatter]:
    """A row of dots, one per sentence, and a bar at their median."""
    numbers = np.float32(list(values.values()))
    middle = float(np.median(numbers))
    dots = go.Scatter(
        x=numbers,
        y=np.float32(row + np.linspace(-0.22, 0.22, len(numbers))),
        mode="markers",
        marker={"size": 5, "opacity": 0.5, "color": color},
        text=list(values),
        hovertemplate="%{text}: %{x:.2f}<extra></extra>",
        showlegend=False,
    )
    bar = go.Scatter(
        x=[middle, middle],
        y=[row - 0.34, row + 0.34],
        mode="lines",
        line={"color": color, "width": 4},
        hovertemplate=f"median {middle:.2f}<extra></extra>",
        showlegend=False,
    )
    return [dots, bar]


def travel_bars(ratios: Mapping[str, float], *, alt: str) -> go.Figure:
    """Hand travel of a regressor's answer over that of the real takes, by gloss; 1 is all of it.

    Args:
        ratios: By gloss.
        alt: What it shows, for somebody who can't see it.

    Chapter: 03_stitching
    """
    fig = go.Figure(
        go.Bar(
            x=list(ratios),
            y=np.float32(list(ratios.values())),
            marker_color=METHODS["peer"],
            hovertemplate="%{x}: %{y:.2f}<extra></extra>",
        )
    )
    fig.add_hline(y=1, line={"color": METHODS["real"], "width": 2})
    fig.update_yaxes(title_text="hand travel, predicted / real", rangemode="tozero")
    fig.update_xaxes(title_text="gloss")
    return finish(fig, alt=alt, height=320)
