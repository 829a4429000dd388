"""The Sphinx side of the book's figures: scripts and styles, on the pages that have any."""

from importlib.resources import files
from pathlib import Path

from docutils import nodes

STATIC = ("book_figures.css", "book_player.js", "book_figures.js")


def setup(app) -> dict:
    """Registers the extension.

    Chapter: 01_signing_poses
    """
    app.connect("config-inited", _add_files)
    app.connect("html-page-context", _add_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _add_files(app, config) -> None:
    """Lets Sphinx copy our files and plotly's own script into `_static`."""
    ours = Path(str(files("slt_lib.plots") / "static"))
    plotly = Path(str(files("plotly") / "package_data" / "plotly.min.js"))
    config.html_static_path.extend(str(path) for path in (*map(ours.joinpath, STATIC), plotly))


def _add_scripts(app, page: str, template: str, context: dict, doctree) -> None:
    if doctree is None or not has_figure(doctree):
        return
    app.add_css_file("book_figures.css")
    app.add_js_file("book_player.js", loading_method="defer")
    app.add_js_file("book_figures.js", loading_method="defer")


def has_figure(doctree: nodes.document) -> bool:
    """Whether the page holds a figure that our script draws."""
    return any('<figure class="slt-figure"' in raw.astext() for raw in doctree.findall(nodes.raw))
