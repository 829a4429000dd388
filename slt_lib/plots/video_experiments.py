"""Figures of chapter 11: known signers against others, artifacts against errors, doses."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from slt_lib.plots.style import COLOURS, INK, FigureError, finish

KINDS = (("seen", "signers it knows", "circle"), ("unseen", "signers it never saw", "diamond-open"))


def seen_and_unseen(
    values: Mapping[str, Mapping[str, Sequence[float]]], *, alt: str,
    names: Mapping[str, str] | None = None,
) -> go.Figure:  # fmt: skip
    """BLEU-4 of every arm on known signers and on others: a point per seed, means joined.

    Args:
        values: By arm, "seen" and "unseen": BLEU-4 per seed.
        alt: What the figure shows.
        names: What to call the arms.

    Raises:
        FigureError: If there is nothing to show.

    Chapter: 11_video_to_text
    """
    if not values:
        raise FigureError("There are no arms to show.", fix="Run some first.")
    labels = [(names or {}).get(arm, arm) for arm in values]
    fig = go.Figure()
    for label, both in zip(labels, values.values(), strict=True):
        fig.add_scatter(
            x=[float(np.mean(both[key])) for key, *_ in KINDS], y=[label, label], mode="lines",
            line={"color": INK, "width": 2}, showlegend=False, hoverinfo="skip",
        )  # fmt: skip
    for (key, name, symbol), colour in zip(KINDS, COLOURS, strict=False):
        rows = [(x, label) for label, both in zip(labels, values.values(), strict=True)
                for x in both[key]]  # fmt: skip
        fig.add_scatter(
            x=[x for x, _ in rows], y=[label for _, label in rows], mode="markers", name=name,
            marker={"color": colour, "size": 9, "symbol": symbol, "line": {"width": 2}},
            hovertemplate="%{y}: %{x:.2f}<extra></extra>",
        )  # fmt: skip
    fig.update_yaxes(autorange="reversed")
    fig.update_xaxes(title_text="BLEU-4 on test", rangemode="tozero")
    return finish(fig, alt=alt, height=130 + 34 * len(labels))


def artifacts_and_errors(
    score: np.ndarray, error: np.ndarray, names: Sequence[str], *, alt: str,
    label: str = "error beyond that on the capture (1 − chrF)",
) -> go.Figure:  # fmt: skip
    """Artifact score of every rendered clip against what its translation lost.

    Args:
        score, error: [renderers, sentences].
        names: Of the renderers.
        alt: What the figure shows.
        label: Of the error.

    Raises:
        FigureError: If names and renderers don't fit.

    Chapter: 11_video_to_text
    """
    if len(names) != len(score) or np.shape(score) != np.shape(error):
        raise FigureError(f"{len(names)} names don't fit scores {np.shape(score)}.")
    fig = go.Figure()
    fig.add_hline(y=0, line={"dash": "dot", "color": INK})
    for name, x, y, colour, symbol in zip(
        names, score, error, COLOURS, ("circle", "x"), strict=False
    ):
        fig.add_scatter(
            x=np.float32(x), y=np.float32(y), mode="markers", name=name, opacity=0.75,
            marker={"color": colour, "size": 7, "symbol": symbol},
            hovertemplate="score %{x:.2f}, error %{y:+.2f}<extra></extra>",
        )  # fmt: skip
    fig.update_xaxes(title_text="artifact score of the clip")
    fig.update_yaxes(title_text=label)
    return finish(fig, alt=alt)


def dose_response(
    curves: Mapping[str, Mapping[str, Sequence]], *, alt: str, key: str = "bleu4",
    label: str = "BLEU-4 on test",
) -> go.Figure:  # fmt: skip
    """A measure against the strength of damage: a line of means per kind, a point per seed.

    Args:
        curves: By kind, `strength` and, under the key, a list over seeds per strength.
        alt: What the figure shows.
        key: Of the measure.
        label: Of its axis.

    Chapter: 11_video_to_text
    """
    fig = go.Figure()
    for (kind, one), colour in zip(curves.items(), COLOURS, strict=False):
        fig.add_scatter(
            x=list(one["strength"]), y=[float(np.mean(v)) for v in one[key]], mode="lines",
            name=kind.replace("_", " "), line={"color": colour},
        )  # fmt: skip
        points = [(s, v) for s, values in zip(one["strength"], one[key], strict=True)
                  for v in values]  # fmt: skip
        fig.add_scatter(
            x=[s for s, _ in points], y=[v for _, v in points], mode="markers", showlegend=False,
            marker={"color": colour, "size": 7}, hovertemplate="%{x}: %{y:.2f}<extra></extra>",
        )  # fmt: skip
    fig.update_xaxes(title_text="strength of the damage")
    fig.update_yaxes(title_text=label, rangemode="tozero")
    return finish(fig, alt=alt)
