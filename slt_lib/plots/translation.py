"""Figures of chapter 9: what a translator sees, how it learns, where it looks."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from slt_lib.plots.style import COLOURS, HEAT, INK, PART_NAMES, PARTS, FigureError, finish

LOSSES = {"text": "words", "gloss": "glosses", "text_ctc": "words by CTC"}
STREAM_NAMES = {**PART_NAMES, "body": "Arms and shoulders"}


def hand_frames(
    raw: Mapping[str, np.ndarray], own: Mapping[str, np.ndarray], *, alt: str
) -> go.Figure:
    """The same hand at several places: where it is, and as seen from its own wrist.

    Args:
        raw: Joints of each hand as in the pose, float [21, 2 or 3], NaN where not seen.
        own: The same from its wrist, in the same order.
        alt: What the figure shows.

    Chapter: 09_pose_to_text
    """
    titles = ("as in the pose", "from its own wrist")
    fig = make_subplots(1, 2, subplot_titles=titles, horizontal_spacing=0.1)
    for column, hands in enumerate((raw, own), start=1):
        for i, (name, joints) in enumerate(hands.items()):
            x, y = _fingers(np.asarray(joints, np.float32))
            fig.add_scatter(
                x=x, y=y, mode="lines+markers", name=name, legendgroup=name,
                showlegend=column == 1, marker={"size": 4}, hoverinfo="name",
                line={"color": COLOURS[i % len(COLOURS)], "width": 2}, row=1, col=column,
            )  # fmt: skip
        anchor = "x" if column == 1 else "x2"
        fig.update_yaxes(autorange="reversed", scaleanchor=anchor, row=1, col=column)
    fig.update_xaxes(title_text="to the right")
    fig.update_yaxes(title_text="down", col=1)
    return finish(fig, alt=alt, height=360).update_layout(legend={"y": 1.12}, margin_t=76)


def _fingers(joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lines from the wrist along each finger, with gaps between, x and y."""
    order = [j for first in range(1, 21, 4) for j in (0, *range(first, first + 4), -1)]
    points = np.vstack([joints[:, :2], np.full((1, 2), np.nan, np.float32)])[order]
    return points[:, 0], points[:, 1]


def seen_over_time(shares: Mapping[str, np.ndarray], fps: float, *, alt: str) -> go.Figure:
    """How much of each stream was seen in every frame.

    Args:
        shares: Share of a stream's joints that were seen, float [frames], by stream.
        fps: Frames per second.
        alt: What the figure shows.

    Chapter: 09_pose_to_text
    """
    fig, names = go.Figure(), list(shares)[::-1]
    for row, name in enumerate(names):
        share = np.asarray(shares[name], np.float32)
        at = np.arange(len(share), dtype=np.float32) / np.float32(fps)
        fig.add_scatter(
            x=at, y=row + 0.75 * share, mode="lines", line={"width": 0.6, "color": PARTS[name]},
            showlegend=False, hovertemplate="%{x:.2f} s<extra>" + STREAM_NAMES[name] + "</extra>",
        )  # fmt: skip
        fig.add_scatter(
            x=at, y=np.full(len(at), row, np.float32), mode="lines", fill="tonexty",
            line_width=0, fillcolor=PARTS[name], opacity=0.5, showlegend=False, hoverinfo="skip",
        )  # fmt: skip
    fig.update_yaxes(
        tickvals=[row + 0.35 for row in range(len(names))],
        ticktext=[STREAM_NAMES[name] for name in names], showgrid=False,
        range=[-0.15, len(names) - 0.05],
    )  # fmt: skip
    fig.update_xaxes(title_text="time (s)")
    return finish(fig, alt=alt, height=250)


def training(history: Sequence[Mapping], *, alt: str) -> go.Figure:
    """Losses and BLEU-4 on dev along a training; drawn again after every look, it is live.

    Args:
        history: The looks of `train`: update, losses, bleu4.
        alt: What the figure shows.

    Raises:
        FigureError: If there was no look yet.

    Chapter: 09_pose_to_text
    """
    if not history:
        raise FigureError("There was no look at dev yet.", fix="Train first.")
    updates = [look["update"] for look in history]
    titles = ("loss per target", "BLEU-4 on dev")
    fig = make_subplots(1, 2, subplot_titles=titles, horizontal_spacing=0.1)
    for i, (key, name) in enumerate(LOSSES.items()):
        if key in history[0]:
            fig.add_scatter(
                x=updates, y=[look[key] for look in history], mode="lines+markers", name=name,
                line={"color": COLOURS[i]}, row=1, col=1,
            )  # fmt: skip
    fig.add_scatter(
        x=updates, y=[look["bleu4"] for look in history], mode="lines+markers", row=1, col=2,
        name="BLEU-4", line={"color": COLOURS[3]}, showlegend=False,
    )  # fmt: skip
    fig.update_xaxes(title_text="update")
    fig.update_yaxes(rangemode="tozero")
    return finish(fig, alt=alt, height=330).update_layout(legend={"y": 1.14}, margin_t=76)


def weights(curves: Mapping[str, Mapping[float, float]], *, alt: str) -> go.Figure:
    """BLEU-4 on dev against the weight of CTC in joint decoding, a line per training.

    Args:
        curves: BLEU-4 by weight, by the name of the training.
        alt: What the figure shows.

    Chapter: 09_pose_to_text
    """
    fig = go.Figure()
    for i, (name, found) in enumerate(curves.items()):
        at = sorted(found)
        fig.add_scatter(
            x=at, y=[found[w] for w in at], mode="lines+markers", name=name,
            line={"color": COLOURS[i % len(COLOURS)]},
        )  # fmt: skip
    fig.update_xaxes(title_text="weight of CTC")
    fig.update_yaxes(title_text="BLEU-4 on dev", rangemode="tozero")
    return finish(fig, alt=alt, height=330)


def looks(
    attention: np.ndarray, words: Sequence[str], glosses: Mapping[str, Sequence[tuple]],
    seconds_per_step: float, *, alt: str,
) -> go.Figure:  # fmt: skip
    """Where the decoder looks for each word, above it when each sign is made.

    Args:
        attention: Weights, float [words, steps], each row summing to 1.
        words: As said.
        glosses: Rows of (gloss, start, end) in seconds, by the row's name.
        seconds_per_step: Of the encoder.
        alt: What the figure shows.

    Chapter: 09_pose_to_text
    """
    steps = attention.shape[1]
    heights = [0.2 * len(glosses), 1 - 0.2 * len(glosses)]
    fig = make_subplots(2, 1, shared_xaxes=True, row_heights=heights, vertical_spacing=0.03)
    for row, signs in enumerate(glosses.values()):
        for i, (gloss, start, end) in enumerate(signs):
            fig.add_shape(
                type="rect", x0=start, x1=end, y0=row - 0.4, y1=row + 0.4, line_width=1,
                fillcolor=COLOURS[i % len(COLOURS)], opacity=0.4, row=1, col=1,
            )  # fmt: skip
            narrow = end - start < 0.012 * len(gloss) * steps * seconds_per_step
            fig.add_annotation(x=(start + end) / 2, y=row, text=gloss, showarrow=False,
                               textangle=-90 if narrow else 0, font={"size": 8},
                               row=1, col=1)  # fmt: skip
        fig.add_scatter(x=[0, steps * seconds_per_step], y=[row, row], mode="lines",
                        line_width=0, showlegend=False, hoverinfo="skip", row=1, col=1)  # fmt: skip
    at = (np.arange(steps, dtype=np.float32) + 0.5) * np.float32(seconds_per_step)
    fig.add_heatmap(
        x=at, y=list(range(len(words))), z=np.float32(attention), colorscale=HEAT,
        showscale=False, hovertemplate="%{x:.1f} s: %{z:.0%}<extra></extra>", row=2, col=1,
    )  # fmt: skip
    fig.update_yaxes(tickvals=list(range(len(glosses))), ticktext=list(glosses), showgrid=False,
                     range=[len(glosses) - 0.5, -0.5], row=1, col=1)  # fmt: skip
    fig.update_yaxes(tickvals=list(range(len(words))), ticktext=list(words), showgrid=False,
                     autorange="reversed", row=2, col=1)  # fmt: skip
    fig.update_xaxes(title_text="time (s)", row=2, col=1, linecolor=INK)
    return finish(fig, alt=alt, height=190 + 24 * len(words) + 50 * len(glosses))
