"""Figures of chapter 2: the quality of recordings, the crop, the coverage of a corpus."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots
from scipy.ndimage import uniform_filter1d

from slt_lib.dictionary import STEPS, Coverage, Crop, Sign, distance_crop, elbow_crop
from slt_lib.dictionary.crop import SMOOTH_SECONDS
from slt_lib.dictionary.quality import BONE_CV, JITTER, VERDICTS
from slt_lib.plots.style import METHODS, PARTS, FigureError, finish, method_line
from slt_lib.pose.normalise import dominant_hand
from slt_lib.pose.sequence import PoseSequence

VERDICT_LOOK = {
    "good": {"color": "#0f9b7a", "symbol": "circle"},
    "poor": {"color": "#e8622c", "symbol": "diamond"},
    "rejected": {"color": "#8b8f98", "symbol": "x"},
}
STEP_COLORS = dict(
    zip(
        STEPS,
        ("#0f9b7a", "#54b99c", "#2b83e0", "#7db2ee", "#a06ac4", "#c2902a", "#8b8f98"),
        strict=True,
    )
)
JITTER_TICKS = (0.0001, 0.001, 0.01, 0.1)
FAINT = "rgba(125,133,148,0.35)"
KEPT, STROKE = "rgba(43,131,224,0.18)", "rgba(194,144,42,0.45)"


def quality_map(signs: Sequence[Sign], *, alt: str) -> go.Figure:
    """Every recording by how much its hands jitter and how much its bones change length.

    Args:
        signs: Recordings with their quality; those that couldn't be measured are left out.
        alt: What it shows, for somebody who can't see it.

    Chapter: 02_dictionary
    """
    fig = go.Figure()
    for verdict in VERDICTS:
        some = [s for s in signs if s.quality.verdict == verdict and s.quality.jitter > 0]
        if not some:
            continue
        fig.add_scatter(
            x=np.float32([s.quality.jitter for s in some]),
            y=np.float32([s.quality.bone_cv for s in some]),
            mode="markers",
            name=f"{verdict} ({len(some)})",
            text=[_hover(s) for s in some],
            hovertemplate="%{text}<extra></extra>",
            marker={"size": 7, "opacity": 0.75, **VERDICT_LOOK[verdict]},
        )
    limit = {"width": 1.2, "dash": "dash", "color": FAINT}
    fig.add_vline(x=JITTER, line=limit)
    fig.add_hline(y=BONE_CV, line=limit)
    fig.update_xaxes(
        title_text="jitter of the hands (shoulder widths)",
        type="log",
        tickvals=list(JITTER_TICKS),
        ticktext=list(map(str, JITTER_TICKS)),
    )
    fig.update_yaxes(title_text="variation of bone lengths", tickformat=".0%", type="log",
                     tickvals=[0.05, 0.1, 0.25, 0.5, 1])  # fmt: skip
    return finish(fig, alt=alt, height=400)


def _hover(sign: Sign) -> str:
    language = f", {sign.signed_language}" if sign.signed_language else ""
    return "<br>".join(
        [f"<b>{sign.gloss}</b>{language}: {sign.quality.verdict}", *sign.quality.why]
    )


def crop_strokes(signs: Mapping[str, Sign], *, alt: str) -> go.Figure:
    """How high and how fast the busier wrist is over time, its ways up and down, what is kept.

    Args:
        signs: Signs by the name to show above them, side by side.
        alt: What it shows, for somebody who can't see it.

    Raises:
        FigureError: If there is no sign.

    Chapter: 02_dictionary
    """
    if not signs:
        raise FigureError("There is no sign to show.")
    fig = make_subplots(
        2, len(signs), shared_xaxes=True, shared_yaxes="rows", subplot_titles=list(signs),
        horizontal_spacing=0.05, vertical_spacing=0.06,
    )  # fmt: skip
    for column, sign in enumerate(signs.values(), start=1):
        pose = sign.pose
        ours, peer = distance_crop(pose), elbow_crop(pose)
        at, path = _busy_wrist(pose)
        seconds, height = (at / pose.fps).astype(np.float32), (-path[:, 1]).astype(np.float32)
        speed = np.linalg.norm(np.diff(path, axis=0), axis=1) / np.diff(seconds)
        between = (seconds[1:] + seconds[:-1]) / 2
        for row, x, y, name, color in (
            (1, seconds, height, "height", PARTS["body"]),
            (2, between, speed.astype(np.float32), "speed", PARTS["face"]),
        ):
            fig.add_scatter(
                x=x,
                y=y,
                mode="lines",
                name=f"{name} of the wrist",
                showlegend=column == 1,
                line={"color": color, "width": 3},
                hovertemplate=f"%{{x:.2f}} s: %{{y:.2f}}<extra>{name}</extra>",
                row=row,
                col=column,
            )
        ways = [(between < ours.start / pose.fps), (between > (ours.end - 1) / pose.fps)]
        for number, way in enumerate(ways):
            fig.add_scatter(
                x=between[way],
                y=speed[way].astype(np.float32),
                fill="tozeroy",
                mode="none",
                fillcolor=STROKE,
                name="ways up and down",
                legendgroup="ways",
                hoverinfo="skip",
                showlegend=column == 1 and not number,
                row=2,
                col=column,
            )
        fig.add_scatter(
            x=np.float32([peer.start, peer.end - 1]) / pose.fps,
            y=np.float32([height.max() + 0.12 * max(np.ptp(height), 0.1)] * 2),
            mode="lines+markers", name="kept by the elbow rule", showlegend=column == 1,
            line=method_line("peer", width=3), marker={"size": 7, "color": METHODS["peer"]},
            hoverinfo="skip", row=1, col=column,
        )  # fmt: skip
        for row in (1, 2):
            fig.add_vrect(
                x0=ours.start / pose.fps,
                x1=(ours.end - 1) / pose.fps,
                fillcolor=KEPT,
                line_width=0,
                name="kept by the distance crop",
                legendgroup="ours",
                showlegend=column == 1 and row == 1,
                row=row,
                col=column,
            )
    fig.update_xaxes(title_text="time (s)", row=2)
    fig.update_yaxes(title_text="height (widths)", row=1, col=1)
    fig.update_yaxes(title_text="speed (widths / s)", rangemode="tozero", row=2, col=1)
    fig.update_layout(legend={"y": 1.1})
    fig = finish(fig, alt=alt, height=480)
    return fig.update_layout(margin_t=110)


def _busy_wrist(pose: PoseSequence) -> tuple[np.ndarray, np.ndarray]:
    """Frames that saw the dominant arm's wrist, and where it was, smoothed as for the crop."""
    wrist = pose.skeleton.index[f"{dominant_hand(pose).upper()}_WRIST"]
    at = np.flatnonzero(pose.mask[:, wrist])
    path, width = pose.positions[at, wrist, :2].astype(float), round(SMOOTH_SECONDS * pose.fps)
    return at, uniform_filter1d(path, max(width // 2 * 2 + 1, 1), axis=0, mode="nearest")


def crop_spans(signs: Sequence[Sign], *, alt: str) -> go.Figure:
    """How long each recording is, and which part of it the two crop rules keep.

    Args:
        signs: Recordings, drawn left to right in this order.
        alt: What it shows, for somebody who can't see it.

    Chapter: 02_dictionary
    """
    fig = go.Figure()
    spans = (
        ("whole recording", "raw", 3, lambda pose: (0, len(pose))),
        ("kept by the elbow rule", "peer", 7, lambda pose: _span(elbow_crop(pose))),
        ("kept by the distance crop", "ours", 11, lambda pose: _span(distance_crop(pose))),
    )
    for label, method, width, rule in spans:
        ends = [np.divide(rule(sign.pose), sign.fps) for sign in signs]
        fig.add_scatter(
            x=np.repeat(np.arange(len(signs), dtype=np.float32), 3),
            y=np.float32([y for start, end in ends for y in (start, end, np.nan)]),
            mode="lines", name=label, line={"color": METHODS[method], "width": width},
            hovertemplate="%{y:.2f} s",
        )  # fmt: skip
    fig.update_xaxes(
        tickvals=list(range(len(signs))), ticktext=[s.gloss for s in signs], showgrid=False,
        range=[-0.7, len(signs) - 0.3], title_text="letter", tickangle=0,
    )  # fmt: skip
    fig.update_yaxes(title_text="time (s)")
    return finish(fig, alt=alt, height=380)


def _span(crop: Crop) -> tuple[int, int]:
    return crop.start, crop.end


def coverage_bars(covered: Mapping[str, Coverage], *, alt: str, count: str = "tokens") -> go.Figure:
    """Share of a corpus that each step of the look-up finds, a bar per dictionary.

    Args:
        covered: Coverage by the name of the dictionary.
        alt: What it shows, for somebody who can't see it.
        count: "tokens" or "types".

    Chapter: 02_dictionary
    """
    fig = go.Figure()
    names = list(covered)[::-1]
    for step in STEPS:
        counts = [getattr(covered[name], count) for name in names]
        shares = np.float32([c[step] / max(sum(c.values()), 1) for c in counts])
        if shares.any():
            fig.add_bar(
                y=names, x=shares, orientation="h", name=step,
                marker={"color": STEP_COLORS[step]},
                hovertemplate=f"%{{y}}: %{{x:.1%}} {step}<extra></extra>",
            )  # fmt: skip
    fig.update_layout(barmode="stack", bargap=0.35, legend_traceorder="normal")
    fig.update_yaxes(ticksuffix="  ")
    fig.update_xaxes(title_text=f"share of {count}", tickformat=".0%", dtick=0.25, range=[0, 1.01])
    return finish(fig, alt=alt, height=150 + 52 * len(names))


def missing_bars(covered: Coverage, *, alt: str, top: int = 25) -> go.Figure:
    """The glosses most often without a sign of their own, most frequent first.

    Args:
        covered: The coverage of a corpus.
        alt: What it shows, for somebody who can't see it.
        top: How many to show.

    Chapter: 02_dictionary
    """
    glosses = list(covered.missing)[:top]
    counts = [covered.missing[gloss] for gloss in glosses]
    fig = go.Figure()
    fig.add_bar(
        x=glosses, y=counts, marker={"color": STEP_COLORS["fingerspelling"]},
        hovertemplate="%{x}: %{y}<extra></extra>",
    )  # fmt: skip
    fig.update_xaxes(type="category", tickangle=-50)
    fig.update_yaxes(title_text="times in the corpus")
    return finish(fig, alt=alt, height=380)
