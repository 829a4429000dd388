"""Figures of the experiments: arms against each other, training curves, distances."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from slt_lib.plots.style import COLOURS, INK, FigureError, finish


def arms(
    values: Mapping[str, Sequence[float]], *, alt: str, names: Mapping[str, str] | None = None,
    baseline: str = "real_only", title: str = "",
    floors: Mapping[str, Sequence[float]] | None = None,
) -> go.Figure:  # fmt: skip
    """BLEU-4 of every arm: a point per seed, a bar for the mean, a line for the baseline.

    Args:
        values: BLEU-4 per seed, by arm.
        alt: What the figure shows.
        names: What to call the arms.
        baseline: The arm whose mean is drawn as a line; may be missing.
        title: Above the figure.
        floors: BLEU-4 per seed of the same translations, dealt to other sentences, by arm.

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
    known = {arm: f for arm, f in (floors or {}).items() if arm in values and f}
    if known:
        fig.add_scatter(
            y=[(names or {}).get(arm, arm) for arm in known],
            x=[float(np.mean(f)) for f in known.values()], mode="markers", name="floor",
            marker={"symbol": "line-ns", "size": 18, "line": {"width": 3, "color": INK}},
            hovertemplate="dealt to other sentences: %{x:.2f}<extra></extra>",
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


def contrasts(
    found: Mapping[str, Mapping], *, alt: str, names: Mapping[str, str] | None = None
) -> go.Figure:
    """Differences between arms with their intervals; filled where they count.

    A difference counts if its interval leaves out 0 and its corrected p is below .05.

    Args:
        found: As of `experiments.tables.contrasts`.
        alt: What the figure shows.
        names: What to call them.

    Raises:
        FigureError: If there is nothing to show.

    Chapter: 10_pretraining
    """
    if not found:
        raise FigureError("There are no differences to show.", fix="Record some arms first.")
    fig = go.Figure()
    for counts, name in ((True, "counts"), (False, "can't be told")):
        some = {k: one for k, one in found.items() if counts == does_count(one)}
        middle, low, high = (
            [one[key] for one in some.values()] for key in ("difference", "ci_low", "ci_high")
        )
        fig.add_scatter(
            x=middle, y=[(names or {}).get(k, k) for k in some], mode="markers", name=name,
            marker={"size": 11, "color": COLOURS[0], "line": {"width": 2, "color": COLOURS[0]},
                    "symbol": "circle" if counts else "circle-open"},
            error_x={
                "type": "data", "symmetric": False, "color": COLOURS[0],
                "array": np.subtract(high, middle), "arrayminus": np.subtract(middle, low),
            },
            customdata=[[one["ci_low"], one["ci_high"], one["p_holm"]] for one in some.values()],
            hovertemplate="%{y}: %{x:+.2f} (%{customdata[0]:.2f} to %{customdata[1]:.2f}), "
                          "corrected p %{customdata[2]:.4f}<extra></extra>",
        )  # fmt: skip
    fig.add_vline(x=0, line={"dash": "dot", "color": INK})
    order = [(names or {}).get(k, k) for k in found]
    fig.update_yaxes(categoryorder="array", categoryarray=order[::-1])
    fig.update_xaxes(title_text="difference in BLEU-4, with 95 % interval")
    return finish(fig, alt=alt, height=140 + 34 * len(found))


def does_count(contrast: Mapping) -> bool:
    """Whether a contrast's interval leaves out 0 and its corrected p is below .05."""
    return contrast["p_holm"] < 0.05 and not contrast["ci_low"] <= 0 <= contrast["ci_high"]


def exchange(found: Mapping, *, alt: str, names: Mapping[str, str] | None = None) -> go.Figure:
    """BLEU-4 by the number of real sentences, and how far stitched signing moves the curve.

    Args:
        found: As of `experiments.exchange.exchange`.
        alt: What the figure shows.
        names: What to call the arms.

    Raises:
        FigureError: If there is nothing to show.

    Chapter: 10_pretraining
    """
    if not found:
        raise FigureError("No number of sentences is complete.", fix="Record all three arms.")
    fig, sizes = go.Figure(), found["sizes"]
    curves = [key for key in found if key not in ("sizes", "seeds", "worth", "worth_at")]
    for i, arm in enumerate(curves):
        fig.add_scatter(
            x=sizes, y=found[arm], mode="lines+markers", name=(names or {}).get(arm, arm),
            line={"color": COLOURS[i % len(COLOURS)]},
            hovertemplate="%{x} real sentences: %{y:.1f}<extra></extra>",
        )  # fmt: skip
    if "worth" in found and not found["worth"].get(
        "at_least"
    ):  # from real only's number of sentences to what it would need
        at, reached = sizes.index(1200), found[curves[-1]][sizes.index(1200)]
        fig.add_scatter(
            x=[sizes[at], sizes[at] + found["worth"]["sentences"]], y=[reached] * 2, mode="lines",
            name="what stitched signing is worth", line={"dash": "dot", "color": INK},
            hoverinfo="skip",
        )  # fmt: skip
    fig.update_xaxes(type="log", title_text="real sentences", tickvals=sizes,
                     ticktext=[f"{n:,}" for n in sizes])  # fmt: skip
    fig.update_yaxes(title_text="BLEU-4 on test", rangemode="tozero")
    return finish(fig, alt=alt)
