"""Figures of chapter 4: a corpus in numbers, sentences over time, how far domains are apart."""

from collections.abc import Mapping, Sequence
from textwrap import wrap

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from slt_lib.corpus.movement import SPEEDS, Movement
from slt_lib.corpus.probe import Probe
from slt_lib.corpus.statistics import PERCENTILES, RANKS, CorpusStatistics
from slt_lib.plots.style import COLOURS, HEAT, INK, METHODS, FigureError, finish
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
                x=np.arange(len(shares), dtype=np.float32),
                y=shares,
                name=name,
                mode="lines",
                line=_line(name),
                legendgroup=name,
                showlegend=column == 1,
                hovertemplate="%{x}: %{y:.1%}",
                row=1,
                col=column,
            )
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
                x=np.float32(RANKS)[curve > 0],
                y=curve[curve > 0],
                name=name,
                mode="lines+markers",
                line=_line(name),
                marker={"size": 5},
                legendgroup=name,
                showlegend=column == 1,
                hovertemplate="rank %{x}: %{y:.2%}",
                row=1,
                col=column,
            )
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
                    x=np.float32([at[low], at[high]]),
                    y=np.float32([row, row]),
                    mode="lines",
                    line={"color": color, "width": width},
                    showlegend=False,
                    row=1,
                    col=column,
                    hovertemplate=f"{low} to {high} percent: %{{x:.2f}} s<extra>{name}</extra>",
                )
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


def crop_errors(starts: Sequence[float], ends: Sequence[float], *, alt: str) -> go.Figure:
    """How far a crop's ends are from the simulator's own times, sign by sign.

    Args:
        starts, ends: Seconds after (below 0: before) the planned time, one per sign.
        alt: What it shows, for somebody who can't see it.

    Raises:
        FigureError: If there is no sign.

    Chapter: 04_synthetic_corpus
    """
    if not len(starts):
        raise FigureError("There is no sign to show.", fix="Crop some.")
    fig = go.Figure()
    edges = np.arange(-0.51, 0.52, 0.02)
    for name, off, method in (("start", starts, "ours"), ("end", ends, "peer")):
        shares = np.histogram(np.clip(off, -0.5, 0.5), edges)[0] / len(off)
        fig.add_bar(
            x=np.float32(edges[:-1] + 0.01),
            y=np.float32(shares),
            name=name,
            width=0.02,
            marker_color=METHODS[method],
            opacity=0.6,
            marker_line_width=0,
            hovertemplate="%{x:+.2f} s: %{y:.0%}",
        )
    fig.add_vrect(x0=-0.2, x1=0.2, fillcolor=INK, opacity=0.12, line_width=0)
    fig.add_vline(x=0, line={"dash": "dot", "color": INK})
    fig.update_xaxes(title_text="seconds after the simulator's own time", range=[-0.52, 0.52])
    fig.update_yaxes(title_text="share of the signs", tickformat=".0%", rangemode="tozero")
    return finish(fig, alt=alt, height=320).update_layout(barmode="overlay")


def lengths_compared(
    real: Sequence[float], made: Sequence[float], whole: Sequence[bool], *, alt: str
) -> go.Figure:
    """How long sentences are stitched, against how long they are really signed.

    Args:
        real, made: Seconds of each sentence.
        whole: Whether all of its glosses had a sign.
        alt: What it shows, for somebody who can't see it.

    Raises:
        FigureError: If there is no sentence.

    Chapter: 04_synthetic_corpus
    """
    real, made, whole = np.float32(real), np.float32(made), np.asarray(whole, bool)
    if not len(real):
        raise FigureError("There is no sentence to show.", fix="Stitch some.")
    fig, top = go.Figure(), float(max(real.max(), made.max())) * 1.05
    fig.add_scatter(
        x=np.float32([0, top]),
        y=np.float32([0, top]),
        mode="lines",
        hoverinfo="skip",
        line={"dash": "dot", "color": INK},
        name="equally long",
    )
    kinds = (
        ("every gloss has a sign", whole, METHODS["ours"], "circle"),
        ("a sign is missing", ~whole, METHODS["peer"], "diamond-open"),
    )
    for name, some, colour, symbol in kinds:
        if some.any():
            fig.add_scatter(
                x=real[some], y=made[some], mode="markers", name=name,
                marker={"size": 7, "opacity": 0.75, "color": colour, "symbol": symbol},
                hovertemplate="real %{x:.1f} s, stitched %{y:.1f} s<extra></extra>",
            )  # fmt: skip
    fig.update_xaxes(title_text="really signed (s)", range=[0, top])
    fig.update_yaxes(title_text="stitched (s)", range=[0, top])
    return finish(fig, alt=alt, height=400)


def zero_shot(*, alt: str) -> go.Figure:
    """The yardstick as a picture: what a translator is trained on, and what it must read.

    Args:
        alt: What it shows, for somebody who can't see it.

    Chapter: 04_synthetic_corpus
    """
    fig = go.Figure()
    rows = {
        1.0: (
            ("stitched<br>signing", METHODS["ours"]),
            ("translator<br>learns", INK),
            ("its text", INK),
        ),
        0.0: (("real<br>signing", METHODS["real"]), ("translator<br>reads", INK), ("BLEU-4", INK)),
    }
    for y, boxes in rows.items():
        for x, (text, colour) in enumerate(boxes):
            fig.add_shape(
                type="rect",
                x0=x - 0.36,
                x1=x + 0.36,
                y0=y - 0.27,
                y1=y + 0.27,
                line={"color": colour, "width": 2},
                fillcolor=colour,
                opacity=0.25,
            )
            fig.add_annotation(x=x, y=y, text=text, showarrow=False, font={"size": 13})
    arrows = [
        (0.37, 1, 0.63, 1),
        (1.63, 1, 1.37, 1),
        (0.37, 0, 0.63, 0),
        (1.37, 0, 1.63, 0),
        (1, 0.72, 1, 0.28),
    ]
    for x0, y0, x1, y1 in arrows:
        fig.add_annotation(
            x=x1,
            y=y1,
            ax=x0,
            ay=y0,
            xref="x",
            yref="y",
            axref="x",
            ayref="y",
            showarrow=True,
            arrowhead=2,
            arrowwidth=1.6,
            arrowcolor=INK,
            text="",
        )
    fig.add_scatter(
        x=np.float32([-0.4, 2.4]),
        y=np.float32([-0.3, 1.3]),
        mode="markers",
        marker_opacity=0,
        hoverinfo="skip",
        showlegend=False,
    )
    fig.update_xaxes(visible=False, range=[-0.4, 2.4], fixedrange=True)
    fig.update_yaxes(visible=False, range=[-0.35, 1.35], fixedrange=True)
    return finish(fig, alt=alt, height=240).update_layout(margin={"l": 8, "r": 8, "t": 8, "b": 8})


def ladder(
    values: Mapping[str, Sequence[float]],
    floors: Mapping[str, Sequence[float]],
    *,
    alt: str,
    names: Mapping[str, str],
    reference: str = "",
) -> go.Figure:
    """BLEU-4 of each way of stitching: a bar for the mean, a point per seed, its floor as a tick.

    Args:
        values: BLEU-4 per seed, by rung, in the order shown; "real" gets the colour of real data.
        floors: BLEU-4 per seed of the same translations dealt to other sentences, by rung.
        alt: What it shows, for somebody who can't see it.
        names: What to call the rungs.
        reference: The rung whose mean is drawn as a line; may be missing.

    Raises:
        FigureError: If there is nothing to show.

    Chapter: 04_synthetic_corpus
    """
    if not values:
        raise FigureError("There are no rungs to show.", fix="Record some first.")
    labels = {rung: wrapped(names.get(rung, rung)) for rung in values}
    fig = go.Figure()
    fig.add_bar(
        y=list(labels.values()), x=np.float32([np.mean(v) for v in values.values()]),
        orientation="h", name="mean", opacity=0.45, hovertemplate="%{x:.1f}<extra></extra>",
        marker_color=[METHODS["real" if rung == "real" else "ours"] for rung in values],
    )  # fmt: skip
    looks = (
        (
            "one seed",
            values,
            {
                "symbol": "circle",
                "size": 8,
                "color": COLOURS[1],
                "line": {"width": 1, "color": INK},
            },
        ),
        ("floor", floors, {"symbol": "line-ns", "size": 15, "line": {"width": 2.5, "color": INK}}),
    )
    for name, measured, marker in looks:
        points = [(x, labels[r]) for r in values for x in measured.get(r, ())]
        fig.add_scatter(
            x=np.float32([x for x, _ in points]), y=[label for _, label in points], name=name,
            mode="markers", marker=marker, hovertemplate=f"{name}: %{{x:.1f}}<extra></extra>",
        )  # fmt: skip
    if reference in values:
        fig.add_vline(x=float(np.mean(values[reference])), line={"dash": "dot", "color": INK})
    fig.update_yaxes(autorange="reversed", showgrid=False)
    fig.update_xaxes(title_text="BLEU-4 on dev", rangemode="tozero")
    return finish(fig, alt=alt, height=130 + 46 * len(labels))


def wrapped(text: str, width: int = 22) -> str:
    """A label in lines of about a width, for an axis that a phone shows, too."""
    return "<br>".join(wrap(text, width))
