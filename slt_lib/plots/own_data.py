"""Figures of chapter 15: what the check sees, and which glosses have a sign."""

import numpy as np
import plotly.graph_objects as go

from slt_lib.corpus.check import Report
from slt_lib.dictionary import Coverage
from slt_lib.plots.style import COLOURS, INK, FigureError, finish

GRAVE = {"error": COLOURS[1], "warning": COLOURS[4], "note": COLOURS[6]}
SYMBOLS = {"error": "x", "warning": "diamond", "none": "circle"}
HANDS = {"right": "right hand", "left": "left hand"}


def _gravest(report: Report) -> dict[int, str]:
    """The gravest finding in each item's recording, by the item's number."""
    by_file: dict[tuple, str] = {}
    for one in (*report.of("warning"), *report.of("error")):
        by_file[one.file, one.place] = one.severity
    found = {}
    for number, item in enumerate(report.looked.items):
        one = item.recording
        places = [(one.file, one.place)] if one else []
        found[number] = next((by_file[p] for p in places if p in by_file), "none")
    return found


def hands_seen(report: Report, *, alt: str) -> go.Figure:
    """How much of its time each recording shows each hand, the least seen first.

    Args:
        report: Of `check_data`.
        alt: What the figure shows.

    Raises:
        FigureError: If no recording could be read.

    Chapter: 15_your_own_data
    """
    pairs = [(i, m) for i, m in report.looked.pairs if not np.isnan(m.right)]
    if not pairs:
        raise FigureError("There is no recording to show.", fix="See what the check says.")
    pairs.sort(key=lambda pair: max(pair[1].right, pair[1].left))
    fig = go.Figure()
    for number, (side, name) in enumerate(HANDS.items()):
        fig.add_scatter(
            x=np.arange(len(pairs)), y=[round(getattr(m, side), 3) for _, m in pairs],
            mode="markers", name=name, text=[i.said.name for i, _ in pairs],
            marker={"color": COLOURS[1 - number], "symbol": ("circle", "diamond")[number],
                    "size": 7},
            hovertemplate=f"%{{text}}: {name} in %{{y:.0%}} of the frames<extra></extra>",
        )  # fmt: skip
    fig.update_xaxes(title_text="recordings, the least seen first", showticklabels=False)
    fig.update_yaxes(title_text="frames that show it", tickformat=".0%", range=[-0.04, 1.06])
    return finish(fig, alt=alt, height=320)


def lengths(report: Report, *, alt: str) -> go.Figure:
    """How long each recording lasts for how many words; what the check flagged stands out.

    Args:
        report: Of `check_data`.
        alt: What the figure shows.

    Chapter: 15_your_own_data
    """
    grave = _gravest(report)
    fig = go.Figure()
    for severity, name in (("none", "nothing found"), ("warning", "warning"), ("error", "error")):
        some = [
            (item, m)
            for n, (item, m) in enumerate(
                zip(report.looked.items, report.looked.measured, strict=True)
            )
            if m.frames and grave[n] == severity
        ]
        fig.add_scatter(
            x=[max(1, len(i.said.text.split())) for i, _ in some],
            y=[round(m.frames / m.fps, 2) for _, m in some], mode="markers", name=name,
            text=[i.said.name for i, _ in some],
            marker={"color": GRAVE.get(severity, COLOURS[0]), "symbol": SYMBOLS[severity],
                    "size": 7 if severity == "none" else 10},
            hovertemplate="%{text}: %{x} words, %{y} s<extra></extra>",
        )  # fmt: skip
    words = [1, 2, 5, 10, 20, 50, 100, 200, 400]
    ticks = {"tickvals": words, "ticktext": [str(w) for w in words], "tickangle": 0}
    fig.update_xaxes(title_text="words of the sentence", type="log", **ticks)
    seconds = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]
    fig.update_yaxes(title_text="seconds of signing", type="log", tickvals=seconds,
                     ticktext=[f"{s:g}" for s in seconds])  # fmt: skip
    return finish(fig, alt=alt, height=380)


def covered(coverage: Coverage, *, alt: str) -> go.Figure:
    """Which share of glosses a lexicon can sign, and how each was found: all signs, all glosses.

    Args:
        coverage: Of `check_data`, or `slt_lib.dictionary.coverage`.
        alt: What the figure shows.

    Chapter: 15_your_own_data
    """
    rows = [row for row in coverage.rows() if row["types"]]
    fig = go.Figure()
    for number, row in enumerate(rows):
        shares = [row["type_share"], row["token_share"]]
        colour = INK if row["step"] == "missing" else COLOURS[number % len(COLOURS)]
        fig.add_bar(
            y=["different glosses", "glosses as often as signed"], x=shares, orientation="h",
            name=row["step"], marker_color=colour,
            hovertemplate=f"{row['step']}: %{{x:.1%}}<extra></extra>",
        )  # fmt: skip
    fig.update_layout(barmode="stack")
    fig.update_xaxes(tickformat=".0%", title_text="share", range=[0, 1])
    fig.update_yaxes(autorange="reversed")
    return finish(fig, alt=alt, height=210)
