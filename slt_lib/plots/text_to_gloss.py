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
    fig = go.Figure()
    for number, gloss in enumerate(glosses):
        bars = []  # (row, start, seconds)
        for name, row in rows.items():
            at = 0.0
            for other, seconds in row:
                bars += [(name, at, seconds)] if other == gloss else []
                at += seconds
        fig.add_bar(
            y=[b[0] for b in bars], base=[b[1] for b in bars], x=[b[2] for b in bars],
            orientation="h", name=gloss, marker_color=COLOURS[number % len(COLOURS)],
            text=gloss, textposition="inside", insidetextanchor="middle", textangle=0,
            hovertemplate=f"{gloss}: %{{x:.2f}} s<extra></extra>", marker_line_width=1,
        )  # fmt: skip
    fig.update_layout(barmode="overlay", showlegend=False)
    fig.update_layout(uniformtext={"minsize": 8, "mode": "hide"})
    fig.update_yaxes(autorange="reversed")
    fig.update_xaxes(title_text="seconds")
    return finish(fig, alt=alt, height=90 + 52 * len(rows))
