"""Sphinx extension of the book: links from functions to chapters and back, offline MathJax."""

import importlib.util
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from slt_lib.cli.apiref import CHAPTER_LINE, chapter_links

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: "Sphinx") -> dict:
    """Connect the extension; Sphinx calls this."""
    app.connect("autodoc-process-docstring", link_chapter, priority=400)
    app.connect("source-read", append_links)
    app.connect("html-page-context", drop_scripts, priority=900)
    app.connect("html-page-context", mend_roles)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def link_chapter(
    app: "Sphinx", what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Turn a docstring's `Chapter: 01_signing_poses` into a link to that page, if it is there."""
    for number, line in enumerate(lines):
        if match := CHAPTER_LINE.match(line):
            links = [
                f":doc:`/notebooks/{chapter}`"
                if f"notebooks/{chapter}" in app.env.found_docs
                else f"chapter {int(chapter[:2])}"
                for chapter in re.split(r", *", match["names"])
            ]
            lines[number] = f"Explained in {', '.join(links)}."


def append_links(app: "Sphinx", docname: str, source: list[str]) -> None:
    """End a chapter's page with the list of the library's functions that it explains.

    Only the page gets it: the notebook that a reader downloads stays as it was executed.
    """
    folder, _, name = docname.rpartition("/")
    links = chapter_links(name) if folder == "notebooks" else ""
    if links:
        notebook = json.loads(source[0])
        cell = {"cell_type": "markdown", "id": "library-functions", "metadata": {}, "source": links}
        notebook["cells"].append(cell)
        source[0] = json.dumps(notebook)


def drop_scripts(app: "Sphinx", page: str, template: str, context: dict, doctree: object) -> None:
    """Keep each script once, and none of thebe's.

    Jupyter Book adds thebe (live cells, which need a server on the web) although nothing uses
    it, and its script twice, which is an error in every page.
    """
    seen, kept = set(), []
    for script in context.get("script_files", []):
        body = getattr(script, "attributes", {}).get("body") or ""
        key = (str(getattr(script, "filename", script)), body)
        if key not in seen and "thebe" not in "".join(key).lower():
            seen.add(key)
            kept.append(script)
    context["script_files"] = kept


def mend_roles(app: "Sphinx", page: str, template: str, context: dict, doctree: object) -> None:
    """Take docutils' roles off bibliographies: a list without list items, and a retired role."""
    for role in (' role="list"', ' role="doc-biblioentry"'):
        context["body"] = context.get("body", "").replace(role, "")


def copy_mathjax(app: "Sphinx", error: Exception | None) -> None:
    """Copy the one file of MathJax that the pages use out of its wheel (the rest is 20 MB)."""
    if error is None and app.builder.format == "html":
        package = importlib.util.find_spec("sphinx-mathjax-offline")
        source = Path(package.origin).parent / "static" / "mathjax" / "tex-svg.js"
        target = Path(app.outdir) / "_static" / "mathjax"
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
