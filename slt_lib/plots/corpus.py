"""Figures of chapter 4: a corpus in numbers, sentences over time, how far domains are apart."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from slt_lib.corpus.movement import SPEEDS, Movement
from slt_lib.corpus.probe import Probe
from slt_lib.corpus.statistics import PERCENTILES, RANKS, CorpusStatistics
from slt_lib.plots.style import COLOURS, HEAT, METHODS, FigureError, finish
from slt_lib.pose.io import Utterance

LOOKS = {
    "PHOENIX14T": {"color": METHODS["real"], "dash": "solid"},
    "broadcast": {"color": "#a06ac4", "dash": "dash"},
    "stitched": {"color": METHODS["ours"], "dash": "dot"},
    "dictionary": {"color": METHODS["raw"], "dash": "dashdot"},
}
TOKENS = {"words": "words", "glosses": "signs"}


def _line(name: str) -> dict:
    return {"width": 2.2, **LOOKS.get(name, {"color": COLOURS[5]})}


def sentence_lengths(corpora: Mapping[str, CorpusStatistics], *, alt: str) -> go.Figure:
    """How many words and how many signs sentences have, a curve per corpus.

    Args:
        corpora: Statistics by name; names of `LOOKS` get their colours.
        alt: What it shows, for somebody who can't see it.

    Chapter: 04_synthetic_corpus
    """
    fig = make_subplots(1, 2, subplot_titles=list(TOKENS.values()), horizontal_spacing=0.09)
    for column, kind in enumerate(TOKENS, start=1):
        for name, one in corpora.items():
            shares = np.float32(getattr(one, kind).lengths)
            fig.add_scatter(
                x=np.arange(len(shares), dtype=np.float32), y=shares, name=name, mode="lines",
                line=_line(name), legendgroup=name, showlegend=column == 1,
                hovertemplate="%{x}: %{y:.1%}", row=1, col=column,
            )  # fmt: skip
    fig.update_xaxes(title_text="in a sentence", range=[0, 32])
    fig.update_yaxes(tickformat=".0%", rangemode="tozero")
    fig.update_yaxes(title_text="share of the sentences", col=1)
    fig = finish(fig, alt=alt, height=340)
    return fig.update_layout(legend={"y": 1.14}, margin_t=72)


def rank_frequency(corpora: Mapping[str, CorpusStatistics], *, alt: str) -> go.Figure:
    """How often the most frequent word comes, the second, the third; logarithmic both ways.

    Args:
        corpora: Statistics by name.
        alt: What it shows, for somebody who can't see it.

    Chapter: 04_synthetic_corpus
    """
    fig = make_subplots(1, 2, subplot_titles=list(TOKENS.values()), horizontal_spacing=0.09)
    for column, kind in enumerate(TOKENS, start=1):
        for name, one in corpora.items():
            curve = np.float32(getattr(one, kind).curve)
            fig.add_scatter(
                x=np.float32(RANKS)[curve > 0], y=curve[curve > 0], name=name,
                mode="lines+markers", line=_line(name), marker={"size": 5}, legendgroup=name,
                showlegend=column == 1, hovertemplate="rank %{x}: %{y:.2%}", row=1, col=column,
            )  # fmt: skip
    ticks = {"tickvals": [1, 10, 100, 1000], "ticktext": ["1", "10", "100", "1000"]}
    fig.update_xaxes(type="log", title_text="rank", **ticks)
    fig.update_yaxes(type="log", tickvals=[1e-4, 1e-3, 1e-2, 1e-1],
                     ticktext=["0.01%", "0.1%", "1%", "10%"])  # fmt: skip
    fig.update_yaxes(title_text="share of all", col=1)
    fig = finish(fig, alt=alt, height=360)
    return fig.update_layout(legend={"y": 1.14}, margin_t=72)


def hand_speeds(movements: Mapping[str, Movement], *, alt: str) -> go.Figure:
    """How fast the faster wrist is, as a share of the frames, a curve per source.

    Args:
        movements: By name.
        alt: What it shows, for somebody who can't see it.

    Chapter: 04_synthetic_corpus
    """
    fig = go.Figure()
    middle = ((SPEEDS[1:] + SPEEDS[:-1]) / 2).astype(np.float32)
    for name, one in movements.items():
        fig.add_scatter(x=middle, y=np.float32(one.speeds), name=name, mode="lines",
                        line=_line(name), hovertemplate="%{x:.1f}: %{y:.1%}")  # fmt: skip
    fig.update_xaxes(title_text="speed of the faster wrist (shoulder widths / s)", range=[0, 10])
    fig.update_yaxes(title_text="share of the frames", tickformat=".0%", rangemode="tozero")
    return finish(fig, alt=alt, height=340)


def durations(corpora: Mapping[str, CorpusStatistics], *, alt: str) -> go.Figure:
    """How long signs and sentences last: the middle half as a bar, 10 to 90 percent as a line.

    Args:
        corpora: Statistics by name; those without times are left out.
        alt: What it shows, for somebody who can't see it.

    Chapter: 04_synthetic_corpus
    """
    panels = {"sign_seconds": "signs (s)", "seconds": "sentences (s)"}
    names = list(corpora)[::-1]
    fig = make_subplots(1, 2, shared_yaxes=True, subplot_titles=list(panels.values()),
                        horizontal_spacing=0.05)  # fmt: skip
    for column, kind in enumerate(panels, start=1):
        for row, name in enumerate(names):
            times = getattr(corpora[name], kind)
            if times is None:
                continue
            at = dict(zip(PERCENTILES, np.float32(times), strict=True))
            color = _line(name)["color"]
            for low, high, width in ((10, 90, 2), (25, 75, 12)):
                fig.add_scatter(
                    x=np.float32([at[low], at[high]]), y=np.float32([row, row]), mode="lines",
                    line={"color": color, "width": width}, showlegend=False, row=1, col=column,
                    hovertemplate=f"{low} to {high} percent: %{{x:.2f}} s<extra>{name}</extra>",
                )  # fmt: skip
            fig.add_scatter(
                x=np.float32([at[50]]), y=np.float32([row]), mode="markers", showlegend=False,
                marker={"symbol": "line-ns", "size": 16, "line": {"width": 2.5, "color": "#fff"}},
                hovertemplate=f"median %{{x:.2f}} s<extra>{name}</extra>", row=1, col=column,
            )  # fmt: skip
    fig.update_yaxes(tickvals=list(range(len(names))), ticktext=names, showgrid=False,
                     range=[-0.6, len(names) - 0.4])  # fmt: skip
    fig.update_xaxes(rangemode="tozero")
    return finish(fig, alt=alt, height=110 + 44 * len(names))


def timelines(sentences: Mapping[str, Utterance], *, alt: str) -> go.Figure:
    """When each sign of a sentence is made, a row per rendering; a gloss keeps its colour.

    Args:
        sentences: Utterances with poses and spans, by the name of the rendering.
        alt: What it shows, for somebody who can't see it.

    Raises:
        FigureError: If one has no spans.

    Chapter: 04_synthetic_corpus
    """
    glosses = list(dict.fromkeys(g for one in sentences.values() for g in one.gloss))
    colour = {gloss: COLOURS[i % len(COLOURS)] for i, gloss in enumerate(glosses)}
    fig, names = go.Figure(), list(sentences)[::-1]
    for row, name in enumerate(names):
        one = sentences[name]
        if one.spans is None or one.pose is None:
            raise FigureError(f"{name!r} has no spans to draw.", fix="Take an item with spans.")
        for gloss, (start, end) in zip(one.gloss, one.spans, strict=True):
            if end <= start:
                continue
            left, right = start / one.pose.fps, end / one.pose.fps
            fig.add_shape(type="rect", x0=left, x1=right, y0=row - 0.34, y1=row + 0.34,
                          fillcolor=colour[gloss], opacity=0.45, line_width=1,
                          line_color=colour[gloss])  # fmt: skip
            fig.add_annotation(x=(left + right) / 2, y=row, text=gloss, showarrow=False,
                               textangle=-90 if right - left < 0.09 * len(gloss) else 0,
                               font={"size": 9})  # fmt: skip
    ends = [one.pose.seconds for one in sentences.values()]
    fig.add_scatter(x=np.float32([0, max(ends)]), y=np.float32([0, 0]), mode="lines",
                    line_width=0, showlegend=False, hoverinfo="skip")  # fmt: skip
    fig.update_xaxes(title_text="time (s)", range=[0, max(ends)])
    fig.update_yaxes(tickvals=list(range(len(names))), ticktext=names, showgrid=False,
                     range=[-0.6, len(names) - 0.4])  # fmt: skip
    return finish(fig, alt=alt, height=80 + 92 * len(names))


def confusions(probes: Mapping[str, Probe], *, alt: str) -> go.Figure:
    """What a domain probe took each domain for, a panel per probe.

    Args:
        probes: By what stands above the panel; all of the same domains.
        alt: What it shows, for somebody who can't see it.

    Chapter: 04_synthetic_corpus
    """
    fig = make_subplots(1, len(probes), subplot_titles=list(probes), horizontal_spacing=0.06,
                        shared_yaxes=True)  # fmt: skip
    for column, probe in enumerate(probes.values(), start=1):
        fig.add_heatmap(
            x=list(probe.domains), y=list(probe.domains), z=np.float32(probe.confusion),
            zmin=0, zmax=1, colorscale=HEAT, showscale=False, texttemplate="%{z:.0%}",
            hovertemplate="%{y} taken for %{x}: %{z:.0%}<extra></extra>", row=1, col=column,
        )  # fmt: skip
    fig.update_yaxes(autorange="reversed", showgrid=False)
    fig.update_yaxes(title_text="is", col=1)
    fig.update_xaxes(title_text="was taken for", showgrid=False)
    return finish(fig, alt=alt, height=320)
