"""Axes, titles, legends, annotations and shapes of a plotly layout, on a matplotlib figure."""

import re
from html import unescape

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from slt_lib.plots.picture_traces import DASH, POINTS, colour
from slt_lib.plots.style import INK

MARGIN = {"l": 56, "r": 16, "t": 48, "b": 44}
SMALLEST = {"l": 62, "r": 14, "t": 20, "b": 46}  # room for tick labels that plotly makes by itself


def plain(text: object) -> str:
    """Plotly's bit of HTML as plain text."""
    return unescape(re.sub(r"<[^>]+>", "", re.sub(r"<br */?>", "\n", str(text or ""))))


def draw_axes(canvas: Figure, traces: list[dict], layout: dict) -> dict[tuple[str, str], Axes]:
    """One matplotlib axes per pair of plotly axes (or per scene) that a trace uses."""
    solid = [t for t in traces if t.get("type", "").endswith("3d")]
    flat = [t for t in traces if not t.get("type", "").endswith("3d")]
    pairs = dict.fromkeys((t.get("xaxis", "x"), t.get("yaxis", "y")) for t in flat)
    axes: dict[tuple[str, str], Axes] = {}
    for x, y in pairs:
        across, upward = axis_of(layout, x), axis_of(layout, y)
        under = upward.get("overlaying")
        domain = axis_of(layout, under) if under else upward
        box = _box(canvas, layout, across.get("domain", [0, 1]), domain.get("domain", [0, 1]))
        ax = canvas.add_axes(box, facecolor="none")
        axes[x, y] = ax
        if under:
            ax.yaxis.tick_right()
            ax.yaxis.set_label_position("right")
            ax.spines["right"].set_visible(True)
    for (x, y), ax in axes.items():
        _share(axes, layout, x, y, ax)
    for scene in dict.fromkeys(t.get("scene", "scene") for t in solid):
        domain = layout.get(scene, {}).get("domain") or {}
        place = _box(canvas, layout, domain.get("x", [0, 1]), domain.get("y", [0, 1]))
        axes[scene, ""] = canvas.add_axes(place)
    return axes


def axis_of(layout: dict, name: str) -> dict:
    """The settings of axis `x`, `y2`, ... in a layout."""
    return layout.get(f"{name[0]}axis{name[1:]}") or {}


def _box(canvas: Figure, layout: dict, x: list, y: list) -> tuple[float, float, float, float]:
    wide, high = canvas.get_size_inches() * 100
    margin = {**MARGIN, **(layout.get("margin") or {})}
    left, right, top, bottom = (max(margin[k], SMALLEST[k]) for k in ("l", "r", "t", "b"))
    if any(t in layout for t in ("coloraxis",)):
        right += 50
    across, upward = (wide - left - right) / wide, (high - top - bottom) / high
    return (
        left / wide + x[0] * across, bottom / high + y[0] * upward,
        (x[1] - x[0]) * across, (y[1] - y[0]) * upward,
    )  # fmt: skip


def _share(axes: dict, layout: dict, x: str, y: str, ax: Axes) -> None:
    """Links axes that plotly keeps on one range."""
    for name, side in ((x, 0), (y, 1)):
        target = axis_of(layout, name).get("matches")
        other = next((a for key, a in axes.items() if key[side] == target and a is not ax), None)
        if other is not None:
            (ax.sharex if side == 0 else ax.sharey)(other)


def draw_texts(canvas: Figure, axes: dict, traces: list[dict], layout: dict) -> None:
    """Everything around the traces: ticks, titles, shapes, annotations, legend."""
    for (x, y), ax in axes.items():
        if y:
            _axis(ax, ax.xaxis, axis_of(layout, x), "x")
            _axis(ax, ax.yaxis, axis_of(layout, y), "y")
    for shape in layout.get("shapes") or []:
        _shape(axes, shape)
    for note in layout.get("annotations") or []:
        _note(canvas, axes, note, layout)
    title = plain((layout.get("title") or {}).get("text"))
    if title:
        canvas.text(0.02, 0.985, title, fontsize=10.5, va="top")
    _legend(canvas, traces, layout)


def _axis(ax: Axes, axis, settings: dict, side: str) -> None:
    log = settings.get("type") == "log"
    if log:
        (ax.set_xscale if side == "x" else ax.set_yscale)("log")
    span, limits = settings.get("range"), ax.set_xlim if side == "x" else ax.set_ylim
    if span and not isinstance(span[0], str) and None not in span:
        limits(*(10 ** np.array(span, dtype=float) if log else span))
    if settings.get("scaleanchor"):
        ax.set_aspect(settings.get("scaleratio", 1))
    if settings.get("autorange") == "reversed":
        low, high = sorted(ax.get_xlim() if side == "x" else ax.get_ylim())
        limits(high, low)
    axis.set_label_text(plain((settings.get("title") or {}).get("text")))
    if settings.get("tickvals") is not None:
        words = settings.get("ticktext")
        axis.set_ticks(settings["tickvals"], labels=None if words is None else map(plain, words))
    if "%" in settings.get("tickformat", ""):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    if side == "x":
        _tip_long_labels(ax)
    if settings.get("showticklabels") is False or settings.get("visible") is False:
        axis.set_tick_params(labelbottom=False, labelleft=False, length=0)
    axis.grid(settings.get("showgrid", True) and settings.get("visible", True))
    axis.set_tick_params(length=0)
    if settings.get("visible") is False:
        for spine in ("bottom", "left") if side == "x" else ("left",):
            ax.spines[spine].set_visible(False)


def _tip_long_labels(ax: Axes) -> None:
    """Turns tick labels that would run into each other, as plotly does."""
    words = [label.get_text() for label in ax.get_xticklabels()]
    room = ax.get_position().width * ax.figure.get_size_inches()[0] * 14  # characters
    spelled = any(letter.isalpha() for word in words for letter in word)
    if spelled and max(map(len, words)) * len(words) > room:
        ax.tick_params(axis="x", rotation=45)
        for label in ax.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")


def _at(axes: dict, ref: str, side: int) -> Axes | None:
    return next((ax for key, ax in axes.items() if key[side] == ref), None)


def _shape(axes: dict, shape: dict) -> None:
    """Lines and rectangles, whether they span the axes (`x domain`) or sit in the data."""
    xref, yref = shape.get("xref", "x"), shape.get("yref", "y")
    x_name, y_name = xref.split()[0], yref.split()[0]
    keys = [key for key in axes if x_name in (key[0], "paper") and y_name in (key[1], "paper")]
    line = shape.get("line") or {}
    look = colour(line.get("color", INK), shape.get("opacity", 1.0))
    for key in keys:
        ax = axes[key]
        x = [shape["x0"], shape["x1"]]
        y = [shape["y0"], shape["y1"]]
        across, upward = xref != x_name or xref == "paper", yref != y_name or yref == "paper"
        place = (ax.get_yaxis_transform() if across else ax.get_xaxis_transform()) if (
            across != upward) else (ax.transAxes if across else ax.transData)  # fmt: skip
        ax.autoscale(False)
        if shape.get("type") == "rect":
            fill = colour(shape.get("fillcolor", "rgba(0,0,0,0)"), shape.get("opacity", 1.0))
            ax.fill([x[0], x[1], x[1], x[0]], [y[0], y[0], y[1], y[1]], transform=place,
                    facecolor=fill, edgecolor=look, lw=line.get("width", 0) * POINTS)  # fmt: skip
        else:
            ax.plot(x, y, transform=place, color=look, lw=line.get("width", 2) * POINTS,
                    ls=DASH.get(line.get("dash", "solid"), "--"))  # fmt: skip


def _note(canvas: Figure, axes: dict, note: dict, layout: dict) -> None:
    xref, yref = note.get("xref", "x"), note.get("yref", "y")
    whole = _box(canvas, layout, [0, 1], [0, 1])
    x, y = note.get("x", 0.5), note.get("y", 0.5)
    put, place = canvas.text, canvas.transFigure
    if xref == "paper" and yref == "paper":
        x, y = whole[0] + x * whole[2], whole[1] + y * whole[3]
    else:
        ax = _at(axes, xref.split()[0], 0) or _at(axes, yref.split()[0], 1)
        if ax is None:
            return
        across, upward = " " in xref or xref == "paper", " " in yref or yref == "paper"
        place = ax.transAxes if across and upward else ax.transData
        if across != upward:
            place = ax.get_yaxis_transform() if across else ax.get_xaxis_transform()
        put = ax.text
    sides = {"left": "left", "right": "right", "center": "center", "auto": "center"}
    heights = {"top": "top", "bottom": "bottom", "middle": "center", "auto": "center"}
    font = note.get("font") or {}
    put(x, y, plain(note.get("text")), transform=place,
        ha=sides[note.get("xanchor", "auto")], va=heights[note.get("yanchor", "auto")],
        fontsize=font.get("size", 12) * POINTS,
        rotation=-note.get("textangle", 0),
        color=colour(font.get("color", INK)))  # fmt: skip


def _legend(canvas: Figure, traces: list[dict], layout: dict) -> None:
    """A legend above the figure, where more than one trace has a name to show."""
    named = [
        t for t in traces
        if t.get("name") and t.get("showlegend", t.get("type") != "heatmap")
    ]  # fmt: skip
    if layout.get("showlegend") is False or (len(named) < 2 and not layout.get("showlegend")):
        return
    handles = [_handle(trace) for trace in named]
    high = 0.99 - (0.25 / canvas.get_size_inches()[1] if layout.get("title") else 0)
    canvas.legend(handles, [plain(t["name"]) for t in named], loc="upper left", frameon=False,
                  bbox_to_anchor=(0.07, high), ncols=min(5, len(named)), labelcolor=INK,
                  borderaxespad=0)  # fmt: skip


def _handle(trace: dict) -> Line2D:
    line, marker = trace.get("line") or {}, trace.get("marker") or {}
    paint = line.get("color") or marker.get("color") or trace.get("fillcolor") or trace["colour"]
    look = colour(paint if isinstance(paint, str) else trace["colour"])
    if trace.get("type", "scatter").startswith("scatter") and "lines" in trace.get("mode", "lines"):
        dash = DASH.get(line.get("dash", "solid"), "--")
        return Line2D([], [], color=look, ls=dash, lw=max(1.0, line.get("width", 2) * POINTS))
    return Line2D([], [], color=look, ls="", marker="s")
