"""Figures of chapter 13: what falls out on the way to a usable sentence, and what is left."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from slt_lib.plots.style import COLOURS, INK, FigureError, finish

STAGES = {
    "asked": "asked for", "parsed": "a pair", "in_vocabulary": "known glosses",
    "well_formed": "well formed", "novel": "new", "accepted": "accepted",
}  # fmt: skip


def funnel(counts: Mapping[str, Mapping[str, int]], *, alt: str) -> go.Figure:
    """How many sentences of each source get how far, in percent of those asked for.

    Args:
        counts: Counts by stage (`collect.STAGES`) by source.
        alt: What the figure shows.

    Raises:
        FigureError: If there is nothing to show.

    Chapter: 13_novel_sentences
    """
    counts = {name: one for name, one in counts.items() if one.get("asked")}
    if not counts:
        raise FigureError("No source was asked.", fix="Draw some sentences first.")
    fig = go.Figure()
    for number, (name, one) in enumerate(counts.items()):
        fig.add_bar(
            x=list(STAGES.values()), y=[100 * one[stage] / one["asked"] for stage in STAGES],
            name=name, marker_color=COLOURS[number % len(COLOURS)],
            customdata=[one[stage] for stage in STAGES],
            hovertemplate=name + ", %{x}: %{customdata} (%{y:.0f} %)<extra></extra>",
        )  # fmt: skip
    fig.update_layout(barmode="group")
    fig.update_yaxes(title_text="of those asked for (%)", range=[0, 105])
    return finish(fig, alt=alt)


def shares(
    rows: Mapping[str, Mapping[str, float]], measures: Mapping[str, str], *, alt: str,
    marks: Sequence[str] = (),
) -> go.Figure:  # fmt: skip
    """Shares of sentences by measure: a row per kind of sentence, a point per measure.

    Args:
        rows: 0 to 1 by measure, by kind of sentence.
        measures: What to call the measures that are shown.
        alt: What the figure shows.
        marks: Kinds that are yardsticks; below a line.

    Chapter: 13_novel_sentences
    """
    fig = go.Figure()
    for number, (key, says) in enumerate(measures.items()):
        fig.add_scatter(
            x=[100 * row[key] for row in rows.values()], y=list(rows), mode="markers", name=says,
            marker={"size": 12, "color": COLOURS[number], "symbol": number,
                    "line": {"width": 1, "color": INK}},
            hovertemplate="%{y}, " + says + ": %{x:.0f} %<extra></extra>",
        )  # fmt: skip
    if marks:
        line = len(rows) - len(marks) - 0.5
        fig.add_hline(y=line, line={"dash": "dot", "color": INK})
    fig.update_yaxes(autorange="reversed", type="category")
    fig.update_xaxes(title_text="of the sentences (%)", range=[-3, 103])
    return finish(fig, alt=alt, height=130 + 38 * len(rows))
