"""Figures of the experiments: arms against each other, training curves, distances."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from slt_lib.plots.style import COLOURS, INK, FigureError, finish


def arms(
    values: Mapping[str, Sequence[float]], *, alt: str, names: Mapping[str, str] | None = None,
    baseline: str = "real_only", title: str = "",
) -> go.Figure:  # fmt: skip
    """BLEU-4 of every arm: a point per seed, a bar for the mean, a line for the baseline.

    Args:
        values: BLEU-4 per seed, by arm.
        alt: What the figure shows.
        names: What to call the arms.
        baseline: The arm whose mean is drawn as a line; may be missing.
        title: Above the figure.

    Raises:
        FigureError: If there is nothing to show.

    Chapter: 10_pretraining
    """
    if not values:
        raise FigureError("There are no arms to show.", fix="Run some first.")
    labels = [(names or {}).get(arm, arm) for arm in values]
    means = [float(np.mean(v)) for v in values.values()]
    fig = go.Figure()
    fig.add_bar(
        y=labels, x=means, orientation="h", marker_color=COLOURS[0], opacity=0.45, name="mean",
        hovertemplate="%{y}: %{x:.2f}<extra></extra>",
    )  # fmt: skip
    fig.add_scatter(
        y=[label for label, v in zip(labels, values.values(), strict=True) for _ in v],
        x=[x for v in values.values() for x in v], mode="markers", name="one seed",
        marker={"color": COLOURS[1], "size": 8, "line": {"width": 1, "color": INK}},
        hovertemplate="%{y}: %{x:.2f}<extra></extra>",
    )  # fmt: skip
    if baseline in values:
        fig.add_vline(x=float(np.mean(values[baseline])), line={"dash": "dot", "color": INK})
    fig.update_yaxes(autorange="reversed")
    fig.update_xaxes(title_text="BLEU-4 on test", rangemode="tozero")
    return finish(fig, alt=alt, title=title, height=120 + 34 * len(labels))


def learning_curves(
    histories: Mapping[str, Sequence[Mapping]], *, alt: str, key: str = "bleu4",
    label: str = "BLEU-4 on dev",
) -> go.Figure:  # fmt: skip
    """A measure along training, a line per run.

    Args:
        histories: Looks of each run, as of `train`; phases one after the other.
        alt: What the figure shows.
        key: Of the measure.
        label: Of the axis.

    Chapter: 10_pretraining
    """
    fig = go.Figure()
    for i, (name, looks) in enumerate(histories.items()):
        fig.add_scatter(
            x=[look["update"] for look in looks], y=[look[key] for look in looks],
            mode="lines+markers", name=name, line={"color": COLOURS[i % len(COLOURS)]},
        )  # fmt: skip
    fig.update_xaxes(title_text="update")
    fig.update_yaxes(title_text=label, rangemode="tozero")
    return finish(fig, alt=alt)


def agreement(looks: Sequence[Sequence[Mapping]], *, alt: str) -> go.Figure:
    """How well real and synthetic gradients agree along joint training, against real ones.

    Args:
        looks: Of each seed, with update, gradient_cosine and gradient_cosine_real.
        alt: What the figure shows.

    Chapter: 12_ablations
    """
    fig = go.Figure()
    kinds = (("gradient_cosine", "real and synthetic", COLOURS[1]),
             ("gradient_cosine_real", "real and other real", COLOURS[0]))  # fmt: skip
    for key, name, colour in kinds:
        for number, run in enumerate(looks):
            fig.add_scatter(
                x=[look["update"] for look in run], y=[look[key] for look in run], name=name,
                mode="lines+markers", line={"color": colour}, legendgroup=name,
                showlegend=number == 0,
            )  # fmt: skip
    fig.add_hline(y=0, line={"dash": "dot", "color": INK})
    fig.update_xaxes(title_text="update of joint training")
    fig.update_yaxes(title_text="cosine of gradients")
    return finish(fig, alt=alt)


def dose(
    values: Mapping[float, Sequence[float]], *, alt: str, baseline: float | None = None
) -> go.Figure:
    """BLEU-4 against a dose: points per seed, a line through the means.

    Args:
        values: BLEU-4 per seed, by dose.
        alt: What the figure shows.
        baseline: BLEU-4 without any, drawn as a line.

    Chapter: 12_ablations
    """
    doses = sorted(values)
    fig = go.Figure()
    fig.add_scatter(
        x=doses, y=[float(np.mean(values[d])) for d in doses], mode="lines", name="mean",
        line={"color": COLOURS[0]},
    )  # fmt: skip
    fig.add_scatter(
        x=[d for d in doses for _ in values[d]], y=[v for d in doses for v in values[d]],
        mode="markers", name="one seed", marker={"color": COLOURS[1], "size": 8},
    )  # fmt: skip
    if baseline is not None:
        fig.add_hline(y=baseline, line={"dash": "dot", "color": INK})
    fig.update_xaxes(title_text="glosses of the dictionary (%)")
    fig.update_yaxes(title_text="BLEU-4 on test")
    return finish(fig, alt=alt)
