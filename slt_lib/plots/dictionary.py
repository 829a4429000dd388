"""Figures of chapter 2: the quality of recordings, the crop, the coverage of a corpus."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from slt_lib.dictionary import STEPS, Coverage, Crop, Sign, distance_crop, elbow_crop
from slt_lib.dictionary.quality import BONE_CV, JITTER, VERDICTS
from slt_lib.plots.style import METHODS, PARTS, FigureError, finish, method_line

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
            mode="markers", name=f"{verdict} ({len(some)})", text=[_hover(s) for s in some],
            hovertemplate="%{text}<extra></extra>",
            marker={"size": 7, "opacity": 0.75, **VERDICT_LOOK[verdict]},
        )  # fmt: skip
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


def crop_curve(signs: Mapping[str, Sign], *, alt: str) -> go.Figure:
    """The travel of wrists and fingers over time, and what each crop rule keeps of it.

    Args:
        signs: Signs by the name to show above them, side by side.
        alt: What it shows, for somebody who can't see it.

    Raises:
        FigureError: If there is no sign.

    Chapter: 02_dictionary
    """
    if not signs:
        raise FigureError("There is no sign to show.")
    fig = make_subplots(1, len(signs), subplot_titles=list(signs), horizontal_spacing=0.07)
    for column, sign in enumerate(signs.values(), start=1):
        pose = sign.pose
        ours, peer = distance_crop(pose), elbow_crop(pose)
        seconds = (np.arange(len(pose)) / pose.fps).astype(np.float32)
        top, first = float(ours.travel[-1]) or 1.0, column == 1
        kept = slice(ours.start, ours.end)
        fig.add_scatter(
            x=seconds[kept], y=np.full(ours.end - ours.start, top, np.float32), fill="tozeroy",
            mode="none", fillcolor="rgba(43,131,224,0.18)", name="kept by distance",
            showlegend=first, hoverinfo="skip", legendgroup="ours", row=1, col=column,
        )  # fmt: skip
        fig.add_scatter(
            x=seconds, y=ours.travel.astype(np.float32), mode="lines", name="travel so far",
            line={"color": PARTS["face"], "width": 3}, showlegend=first,
            hovertemplate="%{x:.2f} s: %{y:.2f}<extra></extra>", row=1, col=column,
        )  # fmt: skip
        fig.add_scatter(
            x=seconds[[peer.start, peer.end - 1]], y=np.float32([1.06 * top] * 2),
            mode="lines+markers", name="kept by the elbow rule", showlegend=first,
            line=method_line("peer", width=3), marker={"size": 7, "color": METHODS["peer"]},
            hoverinfo="skip", row=1, col=column,
        )  # fmt: skip
    fig.update_xaxes(title_text="time (s)")
    fig.update_yaxes(title_text="distance (shoulder widths)", col=1)
    fig.update_layout(legend={"y": 1.16})
    fig = finish(fig, alt=alt, height=380)
    return fig.update_layout(margin_t=92)


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
        ("kept by distance", "ours", 11, lambda pose: _span(distance_crop(pose))),
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
