"""A static picture of a plotly figure, for print and for pages without JavaScript.

Draws what the book's figures are made of (lines, dots, filled areas, bars, boxes, histograms,
heat maps, 3-D lines, meshes, pictures; axes, legends, annotations, shapes) with matplotlib,
no browser needed.
"""

from io import BytesIO

from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image

from slt_lib.plots.packing import array
from slt_lib.plots.picture_axes import draw_axes, draw_texts, plain
from slt_lib.plots.picture_solids import SOLIDS
from slt_lib.plots.picture_traces import DRAWERS as LINES
from slt_lib.plots.picture_traces import draw_bars, draw_lines_3d
from slt_lib.plots.style import INK, FigureError

WIDTH = 7.6  # inches of 100 CSS pixels: the width of the book's text
DPI = 150
COLOURS = 64  # lines and flat areas need no more, and the file is a third as big
DRAWERS = LINES | SOLIDS
STRIP = 5  # frames shown of an animation
LOOK = {
    "font.family": "DejaVu Sans", "font.size": 8.5, "text.color": INK, "axes.labelcolor": INK,
    "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.linewidth": 0.6,
    "grid.color": INK, "grid.alpha": 0.25, "grid.linewidth": 0.5, "axes.spines.top": False,
    "axes.spines.right": False, "lines.solid_capstyle": "butt", "axes.axisbelow": True,
    "xtick.minor.size": 0, "ytick.minor.size": 0,
}  # fmt: skip


def picture(figure: dict) -> bytes:
    """A WebP image of a figure, transparent, legible on white and on black.

    Args:
        figure: Plotly JSON: `data`, `layout`, maybe `frames`.

    Returns:
        The image file's bytes. A player becomes a strip of frames, one row per signer.

    Raises:
        FigureError: If the figure has a kind of trace that can't be drawn.
    """
    figure = decoded(figure)
    layout = figure.get("layout", {})
    with rc_context(LOOK):
        strip = "player" in layout.get("meta", {})
        canvas = _strip(figure) if strip else _still(figure)
        photo = any(trace.get("type") in SOLIDS for trace in figure.get("data", []))
        return _webp(canvas, photo)


def decoded(value):
    """Plotly JSON with its `{"dtype", "bdata"}` turned into numpy arrays."""
    values = array(value)
    if values is not None:
        return values
    if isinstance(value, dict):
        return {k: decoded(v) for k, v in value.items()}
    return [decoded(v) for v in value] if isinstance(value, list) else value


def _webp(canvas: Figure, photo: bool) -> bytes:
    png = BytesIO()
    canvas.savefig(png, transparent=True, dpi=DPI, bbox_inches="tight", pad_inches=0.04)
    out = BytesIO()
    if photo:
        Image.open(png).save(out, format="webp", quality=85, method=6)
        return out.getvalue()
    few = Image.open(png).quantize(COLOURS, method=Image.Quantize.FASTOCTREE).convert("RGBA")
    few.save(out, format="webp", lossless=True, method=6)
    return out.getvalue()


def _still(figure: dict) -> Figure:
    layout = figure["layout"]
    canvas = Figure(figsize=(WIDTH, layout.get("height", 400) / 100))
    drawn = [t for t in figure.get("data", []) if t.get("visible", True) is True]
    axes = draw_axes(canvas, drawn, layout)
    colours = layout.get("template", {}).get("layout", {}).get("colorway", [INK])
    for i, trace in enumerate(drawn):
        kind = trace.get("type", "scatter")
        trace.setdefault("colour", colours[i % len(colours)])
        if kind == "bar":
            continue
        if kind not in DRAWERS:
            raise FigureError(
                f"A {kind!r} trace has no static picture.",
                fix=f"Use one of: {', '.join((*DRAWERS, 'bar'))}.",
            )
        DRAWERS[kind](axes[_place(trace)], trace, layout)
    for place in dict.fromkeys(_place(t) for t in drawn if t.get("type") == "bar"):
        bars = [t for t in drawn if t.get("type") == "bar" and _place(t) == place]
        draw_bars(axes[place], bars, layout.get("barmode", "group"))
    draw_texts(canvas, axes, drawn, layout)
    return canvas


def _place(trace: dict) -> tuple[str, str]:
    if trace.get("type", "").endswith("3d"):
        return (trace.get("scene", "scene"), "")
    return trace.get("xaxis", "x"), trace.get("yaxis", "y")


def _strip(figure: dict) -> Figure:
    """A player as a strip of frames, one row per signer."""
    layout, data = figure["layout"], figure["data"]
    frames = figure.get("frames") or [{"data": data}]
    scenes = list(dict.fromkeys(trace.get("scene", "scene") for trace in data))
    count = min(STRIP, len(frames))
    shown = [round((i + 0.5) * len(frames) / count - 0.5) for i in range(count)]
    names = [plain(a["text"]) for a in layout.get("annotations", [])] or [""]
    box = layout.get(scenes[0], {}) if scenes else {}
    tall = _height(box) * WIDTH / STRIP + 0.42
    rows = max(1, len(scenes))
    canvas = Figure(figsize=(WIDTH, tall * rows))
    player = layout["meta"]["player"]
    for r, scene in enumerate(scenes):
        for c, f in enumerate(shown):
            wide, high = 1 / STRIP, (tall - 0.42) / (tall * rows)
            ax = canvas.add_axes(
                (c * wide + (STRIP - count) * wide / 2, 1 - (r + 1) / rows + 0.2 / tall / rows,
                 wide, high)
            )  # fmt: skip
            for trace, xyz in zip(data, frames[f]["data"], strict=True):
                if trace.get("scene", "scene") == scene:
                    draw_lines_3d(ax, {**trace, **xyz}, layout, thin=0.42)
            said = (player["labels"][f] if player["labels"] else [""] * len(scenes))[r]
            when = f"{f / player['fps']:.2f} s"
            ax.text(0.5, -0.02, f"{when}  {plain(said)}", transform=ax.transAxes, ha="center",
                    va="top", fontsize=7.5)  # fmt: skip
        if r < len(names) and names[r]:
            canvas.text(0.01, 1 - (r + 0.06) / rows, names[r], weight="bold", va="top")
    return canvas


def _height(scene: dict) -> float:
    """How high a scene's box is in front view, as a share of its width."""
    ratio = scene.get("aspectratio", {"x": 1, "z": 1})
    return min(1.6, ratio["z"] / ratio["x"])
