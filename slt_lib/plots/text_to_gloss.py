"""Figures of text-to-gloss: how long each sign of a sentence lasts, by several accounts."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from slt_lib.plots.style import COLOURS, FigureError, finish


def timelines(rows: Mapping[str, Sequence[tuple[str, float]]], *, alt: str) -> go.Figure:
    """One sentence several times over: a bar per gloss, as long as its sign.

    Args:
        rows: By account, such as "simulated signer": (gloss, seconds) in signing order. The same
            gloss has the same colour in every row.
        alt: What the figure shows.

    Raises:
        FigureError: If there is nothing to show.

    Chapter: 13_novel_sentences
    """
    glosses = list(dict.fromkeys(gloss for row in rows.values() for gloss, _ in row))
    if not glosses:
        raise FigureError("There is no sign to show.", fix="Give rows of (gloss, seconds).")
    colours = {gloss: COLOURS[i % len(COLOURS)] for i, gloss in enumerate(glosses)}
    fig = go.Figure()
    for place in range(max(map(len, rows.values()))):
        there = [(name, *row[place]) for name, row in rows.items() if place < len(row)]
        fig.add_bar(
            y=[name for name, _, _ in there], x=[seconds for _, _, seconds in there],
            text=[gloss for _, gloss, _ in there], orientation="h", name=f"sign {place + 1}",
            marker={"color": [colours[gloss] for _, gloss, _ in there], "line": {"width": 1}},
            textposition="inside", insidetextanchor="middle", textangle=0,
            hovertemplate="%{text}: %{x:.2f} s<extra></extra>",
        )  # fmt: skip
    fig.update_layout(barmode="stack", showlegend=False)
    fig.update_layout(uniformtext={"minsize": 8, "mode": "hide"})
    fig.update_yaxes(autorange="reversed")
    fig.update_xaxes(title_text="seconds")
    return finish(fig, alt=alt, height=90 + 52 * len(rows))
