"""Plotly figures in the built book: a plug-in for myst-nb that knows plotly's mimetype."""

from hashlib import sha256
from html import escape
from typing import ClassVar

from docutils import nodes

from slt_lib.plots.packing import pack
from slt_lib.plots.picture import picture
from slt_lib.plots.style import FigureError

PLOTLY = "application/vnd.plotly.v1+json"


class PlotlyRenderer:
    """Writes a figure's data, its label and a static picture of it into the page.

    `static/book_figures.js` draws the figure there; the picture stands in until then, and in
    print. Other builders (say, LaTeX) get the picture alone. Registered as the entry point
    `plotly` of the group `myst_nb.mime_renderers`.

    Raises:
        FigureError: From `handle_mime`, if the figure has no alt text.

    Chapter: 01_signing_poses
    """

    mime_priority_overrides: ClassVar = [("*", PLOTLY, 1)]

    @staticmethod
    def handle_mime(renderer, data, inline: bool) -> list[nodes.Element] | None:
        """Docutils nodes for a plotly output, or None for any other one."""
        if data.mime_type != PLOTLY or inline:
            return None
        alt = (data.content.get("layout", {}).get("meta") or {}).get("alt", "")
        if not alt:
            raise FigureError(
                "A plotly figure has no alt text.",
                file=f"cell {data.cell_index}",
                fix="End it with slt_lib.plots.finish(fig, alt=...).",
            )
        image = _picture_node(renderer, data, alt)
        if renderer.renderer.nb_config.builder_name not in ("html", "dirhtml", "singlehtml"):
            return [image]
        begin = f'<figure class="slt-figure" role="figure" aria-label="{escape(alt)}">'
        script = f'<script type="application/octet-stream">{pack(_lean(data.content))}</script>'
        return [
            nodes.raw("", begin + script, format="html"),
            image,
            nodes.raw("", "</figure>", format="html"),
        ]


def _picture_node(renderer, data, alt: str) -> nodes.image:
    """The figure's static picture as an image node; its file goes where myst-nb keeps outputs."""
    content = picture(data.content)
    name = f"{sha256(content).hexdigest()}.webp"
    uri = renderer.write_file([name], content, exists_ok=True)
    return nodes.image(uri=uri, alt=alt, classes=["dark-light"])  # as it is in both themes


def _lean(figure: dict) -> dict:
    """A player's figure without the controls that the page replaces by its own."""
    layout = figure["layout"]
    if "player" not in layout["meta"]:
        return figure
    poster = [{"active": s["active"]} for s in layout.get("sliders", [])]
    return {**figure, "layout": {**layout, "sliders": poster, "updatemenus": []}}
