"""Plotly traces, drawn on matplotlib axes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba

from slt_lib.plots.style import INK

DASH = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-.", "longdash": (0, (8, 3))}
SYMBOLS = {"circle": "o", "square": "s", "diamond": "D", "cross": "P", "x": "X",
           "triangle-up": "^", "triangle-down": "v", "star": "*", "circle-open": "o"}  # fmt: skip
POINTS = 0.72  # matplotlib's points per CSS pixel


def colour(value: object, opacity: float = 1.0) -> tuple[float, float, float, float]:
    """A CSS colour (`#rgb`, name, `rgb(...)`, `rgba(...)`) as red, green, blue, alpha in 0-1."""
    text = str(value).strip()
    if text.startswith("rgb"):
        numbers = [float(n) for n in text[text.index("(") + 1 : -1].split(",")]
        r, g, b, a = (*(n / 255 for n in numbers[:3]), *(numbers[3:] or [1.0]))
        return r, g, b, a * opacity
    r, g, b, a = to_rgba(text)
    return r, g, b, a * opacity


def colour_map(scale: object) -> LinearSegmentedColormap | str:
    """A plotly colour scale as a matplotlib colour map."""
    if isinstance(scale, str):
        return scale.lower()
    if not scale:
        return "viridis"
    return LinearSegmentedColormap.from_list("scale", [(at, colour(c)) for at, c in scale])


def _numbers(values: object, count: int = 0) -> np.ndarray:
    return np.arange(count) if values is None else np.asarray(values)


def _scatter(ax: Axes, trace: dict, layout: dict) -> None:
    y = _numbers(trace.get("y"), len(_numbers(trace.get("x"))))
    x = _numbers(trace.get("x"), len(y))
    line, marker = trace.get("line") or {}, trace.get("marker") or {}
    mode = trace.get("mode", "lines" if len(x) > 20 else "lines+markers")
    opacity = trace.get("opacity", 1.0)
    look = colour(line.get("color", trace["colour"]), opacity)
    if trace.get("fill", "none") != "none":
        plain = colour(line.get("color", trace["colour"]), 0.5)
        _fill(ax, trace, x, y, colour(trace["fillcolor"]) if "fillcolor" in trace else plain)
    ax.slt_last_line = (x, y)  # what a later trace's fill may reach to
    step = {"hv": "steps-post", "vh": "steps-pre", "hvh": "steps-mid"}.get(line.get("shape"))
    if "lines" in mode and line.get("width", 2) > 0:
        ax.plot(x, y, color=look, lw=line.get("width", 2) * POINTS,
                ls=DASH.get(line.get("dash", "solid"), "--"), drawstyle=step)  # fmt: skip
    if "markers" in mode:
        _dots(ax, x, y, marker, trace["colour"], opacity)
    if "text" in mode:
        said = trace.get("text", [])
        said = [said] * len(x) if isinstance(said, str) else said
        for at, up, words in zip(x, y, said, strict=False):
            ax.text(at, up, str(words), ha="center", va="bottom", clip_on=True)


def _fill(ax: Axes, trace: dict, x, y, look) -> None:
    if trace["fill"] in ("toself", "tonext"):
        ax.fill(x, y, facecolor=look, lw=0)
    elif trace["fill"] == "tonexty" and hasattr(ax, "slt_last_line"):
        ax.fill_between(x, y, np.interp(x, *ax.slt_last_line), facecolor=look, lw=0)
    elif trace["fill"] == "tozerox":
        ax.fill_betweenx(y, x, facecolor=look, lw=0)
    else:
        ax.fill_between(x, y, facecolor=look, lw=0)


def _dots(ax: Axes, x, y, marker: dict, other: str, opacity: float) -> None:
    paint = marker.get("color", other)
    size = np.broadcast_to(marker.get("size", 6), len(x)).astype(float) * POINTS
    shape = SYMBOLS.get(marker.get("symbol", "circle"), "o")
    if isinstance(paint, list | np.ndarray) and len(paint) and not isinstance(paint[0], str):
        look = {"c": paint, "cmap": colour_map(marker.get("colorscale"))}
    elif isinstance(paint, list | np.ndarray):
        look = {"c": [colour(p, opacity) for p in paint]}
    else:
        look = {"color": [colour(paint, opacity * marker.get("opacity", 1.0))]}
    ax.scatter(x, y, s=size**2, marker=shape, lw=0, **look)


def _heatmap(ax: Axes, trace: dict, layout: dict) -> None:
    z = np.array(trace["z"], dtype=float)
    x, y = (_centres(trace.get(k), n) for k, n in (("x", z.shape[1]), ("y", z.shape[0])))
    low, high = trace.get("zmin"), trace.get("zmax")
    image = ax.pcolormesh(x, y, z, cmap=colour_map(trace.get("colorscale")), vmin=low, vmax=high,
                          shading="nearest", rasterized=True)  # fmt: skip
    for name, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
        words = trace.get(name)
        if words is not None and len(words) and isinstance(words[0], str):
            axis.set_ticks(range(len(words)), labels=list(words))
    if trace.get("showscale", True):
        left, bottom, width, height = ax.get_position().bounds
        key = ax.figure.add_axes((left + width + 0.015, bottom, 0.012, height))
        ax.figure.colorbar(image, cax=key).outline.set_visible(False)
        title = ((trace.get("colorbar") or {}).get("title") or {}).get("text", "")
        key.set_title(title, fontsize=7.5, loc="left")


def _centres(values, count: int) -> np.ndarray:
    """Where the cells' middles are: the numbers given, or 0, 1, 2 ... for words or nothing."""
    if values is None or len(values) == 0 or isinstance(values[0], str):
        return np.arange(count)
    return np.asarray(values, dtype=float)


def _histogram(ax: Axes, trace: dict, layout: dict) -> None:
    sideways = trace.get("x") is None
    values = _numbers(trace.get("y") if sideways else trace.get("x"))
    bins = trace.get("nbinsx") or trace.get("nbinsy") or "auto"
    edges = trace.get("xbins") or {}
    if {"start", "end", "size"} <= edges.keys():
        bins = np.arange(edges["start"], edges["end"] + edges["size"] / 2, edges["size"])
    paint = (trace.get("marker") or {}).get("color", trace["colour"])
    kind = trace.get("histnorm", "")
    share = (
        np.full(len(values), 1 / max(1, len(values)))
        if kind in ("probability", "percent")
        else None
    )
    ax.hist(values, bins=bins, color=colour(paint, trace.get("opacity", 1.0)), rwidth=0.95,
            density="density" in kind, weights=share,
            orientation="horizontal" if sideways else "vertical")  # fmt: skip


def _box(ax: Axes, trace: dict, layout: dict) -> None:
    sideways = trace.get("orientation") == "h" or trace.get("y") is None
    values, group = trace.get("x" if sideways else "y"), trace.get("y" if sideways else "x")
    values = np.asarray(values, dtype=float)
    names = [trace.get("name", "")] * len(values) if group is None else list(group)
    taken = ax.__dict__.setdefault("slt_places", {})
    paint = colour((trace.get("marker") or {}).get("color", trace["colour"]))
    draw = ax.violinplot if trace["type"] == "violin" else ax.boxplot
    for name in dict.fromkeys(names):
        place = taken.setdefault(name, len(taken))
        mine = values[[n == name for n in names]]
        mine = mine[np.isfinite(mine)]
        if not len(mine):
            continue
        made = draw([mine], positions=[place], widths=0.6, orientation=_way(sideways))
        for piece in (p for group in made.values() for p in np.atleast_1d(group)):
            piece.set_color(paint)
    axis = ax.yaxis if sideways else ax.xaxis
    axis.set_ticks(list(taken.values()), labels=[str(name) for name in taken])


def _way(sideways: bool) -> str:
    return "horizontal" if sideways else "vertical"


def draw_bars(ax: Axes, bars: list[dict], mode: str) -> None:
    """All the bar traces of one pair of axes: side by side, stacked or laid over each other."""
    sideways = bars[0].get("orientation") == "h"
    across, along = ("y", "x") if sideways else ("x", "y")
    names = list(dict.fromkeys(n for bar in bars for n in _names(bar, across, along)))
    words = any(isinstance(n, str) for n in names)
    place = {n: i if words else n for i, n in enumerate(names)}
    gap = min(np.diff(sorted(place.values())), default=1)
    wide = 0.8 * gap / (len(bars) if mode == "group" else 1)
    base: dict = {}
    for i, bar in enumerate(bars):
        at = np.array([place[n] for n in _names(bar, across, along)], float)
        shift = wide * (i - (len(bars) - 1) / 2) if mode == "group" else 0.0
        length = np.nan_to_num(np.asarray(bar[along], dtype=float))
        start = [base.get(a, 0.0) if mode in ("stack", "relative") else 0.0 for a in at]
        base.update({a: s + n for a, s, n in zip(at, start, length, strict=True)})
        paint = (bar.get("marker") or {}).get("color", bar["colour"])
        many = isinstance(paint, list | np.ndarray)
        look = [colour(p) for p in paint] if many else colour(paint, bar.get("opacity", 1.0))
        error = (bar.get(f"error_{along}") or {}).get("array")
        if sideways:
            ax.barh(at + shift, length, wide, left=start, color=look, xerr=error, ecolor=INK)
            _words_inside(ax, bar, at, np.asarray(start), length)
        else:
            ax.bar(at + shift, length, wide, bottom=start, color=look, yerr=error, ecolor=INK)
    if words:
        axis = ax.yaxis if sideways else ax.xaxis
        axis.set_ticks(range(len(names)), labels=[str(n) for n in names])


def _words_inside(ax: Axes, bar: dict, at: np.ndarray, start: np.ndarray, length: np.ndarray):
    """A sideways bar's own words in its middle, if it has any and they have room."""
    if bar.get("textposition") != "inside":
        return
    widest = max(ax.get_xlim()[1], (start + length).max(initial=0.0))
    for y, x, wide, words in zip(at, start, length, bar["text"], strict=True):
        if wide > 0.011 * widest * len(words):
            ax.text(x + wide / 2, y, words, ha="center", va="center", color="white", size="small")


def _names(bar: dict, across: str, along: str) -> list:
    return list(_numbers(bar.get(across), len(bar[along])).tolist())


def draw_lines_3d(ax: Axes, trace: dict, layout: dict, thin: float = 1.0) -> None:
    """3-D lines and dots as the figure's camera sees them, without perspective."""
    scene = layout.get(trace.get("scene", "scene"), {})
    points = np.stack([np.asarray(trace[axis], dtype=float) for axis in "xyz"], axis=-1)
    x, y, _ = onto_picture(ax, points, scene).T
    line, marker = trace.get("line") or {}, trace.get("marker") or {}
    paint = line.get("color", marker.get("color", trace.get("colour", INK)))
    if "lines" in trace.get("mode", "lines"):
        ax.plot(x, y, color=colour(paint), lw=line.get("width", 2) * POINTS * thin,
                solid_capstyle="round")  # fmt: skip
    if "markers" in trace.get("mode", ""):
        size = np.broadcast_to(marker.get("size", 6), len(x)).astype(float) * POINTS * thin
        keep = np.isfinite(x) & (size > 0)
        ax.scatter(x[keep], y[keep], s=size[keep] ** 2, color=colour(paint), lw=0)


def onto_picture(ax: Axes, points: np.ndarray, scene: dict) -> np.ndarray:
    """Points [N, 3] of a scene to the right, up and towards the viewer; sets the axes' limits."""
    right, up = _camera(scene)
    corners = np.array([scene.get(f"{a}axis", {}).get("range") or _span(points[:, i])
                        for i, a in enumerate("xyz")], dtype=float)  # fmt: skip
    ratio = scene.get("aspectratio") or dict.fromkeys("xyz", 1.0)
    scale = np.array([ratio[a] for a in "xyz"]) / np.maximum(np.ptp(corners, axis=1), 1e-9)
    half = np.abs(np.stack([right, up]) * [ratio[a] for a in "xyz"]).sum(1) / 2
    ax.set(xlim=(-half[0], half[0]), ylim=(-half[1], half[1]), aspect="equal")
    ax.set_axis_off()
    return (points - corners.mean(1)) * scale @ np.stack([right, up, np.cross(right, up)], 1)


def _span(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (known.min(), known.max()) if len(known) else (0.0, 1.0)


def _camera(scene: dict) -> tuple[np.ndarray, np.ndarray]:
    """The picture's right and up as directions in the scene."""
    camera = scene.get("camera") or {}
    eye = np.array([(camera.get("eye") or {}).get(a, 1.25) for a in "xyz"], dtype=float)
    top = camera.get("up") or {"x": 0, "y": 0, "z": 1}
    up = np.array([top.get(a, 0) for a in "xyz"], dtype=float)
    right = np.cross(up, eye)
    right /= np.linalg.norm(right)
    up = np.cross(eye, right)
    return right, up / np.linalg.norm(up)


DRAWERS = {
    "scatter": _scatter, "scattergl": _scatter, "heatmap": _heatmap, "histogram": _histogram,
    "box": _box, "violin": _box, "scatter3d": draw_lines_3d,
}  # fmt: skip
