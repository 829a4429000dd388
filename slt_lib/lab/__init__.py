"""The book in JupyterLab: what its citations and references stand for.

`jupyterlab-myst` shows one notebook at a time. It knows neither the book's bibliography nor its
other pages, nor the captions of figures. A small extension of the server says what they are, and
`extension/static/remoteEntry.js`, loaded by JupyterLab as it is, writes it into the chapters.
"""

import json
import re
from pathlib import Path

from slt_lib.pose.io.folders import find_project

TARGET = re.compile(r"^\((?P<label>[^)\n]+)\)=\n+#+ (?P<title>.+)$", re.MULTILINE)
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


def references(root: Path) -> dict:
    """What chapters cite and refer to, in words.

    Args:
        root: The project's folder.

    Returns:
        `cited`, of each key in the bibliography: `who`, `year`, `full` (the whole entry) and `url`.
        `pages`, of each page such as `book/ethics`: `title` and `file`. `labels`, of each heading
        and figure that has one: `text` ("Fig. 3.2", or the heading's title) and `page`.
    """
    pages, labels = {}, {}
    for path in sorted([*root.glob("book/**/*.md"), *root.glob("notebooks/[0-9][0-9]_*.ipynb")]):
        name = path.relative_to(root).with_suffix("").as_posix()
        text, figures = _read(path)
        title = TITLE.search(text)
        file = path.relative_to(root).as_posix()
        pages[name] = {"title": title[1] if title else path.stem, "file": file}
        for target in TARGET.finditer(text):
            labels[target["label"]] = {"text": target["title"], "page": name}
        for number, label in enumerate(figures, 1):  # as the HTML book counts: by chapter
            labels[label] = {"text": f"Fig. {int(path.stem[:2])}.{number}", "page": name}
    return {"cited": _bibliography(root / "book" / "references.bib"), "pages": pages} | {
        "labels": labels
    }


def _read(path: Path) -> tuple[str, list[str]]:
    """A page's Markdown, and the labels of its figures in their order."""
    text = path.read_text("utf8")
    if path.suffix == ".md":
        return text, []
    cells = json.loads(text)["cells"]
    figures = [cell["metadata"].get("mystnb", {}).get("figure", {}).get("name") for cell in cells]
    prose = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return "\n\n".join(prose), [label for label in figures if label]


def _bibliography(path: Path) -> dict[str, dict[str, str]]:
    from pybtex.database import parse_file
    from pybtex.plugin import find_plugin

    entries = parse_file(path).entries
    style = find_plugin("pybtex.style.formatting", "plain")()
    full = {entry.key: entry.text for entry in style.format_entries(entries.values())}
    return {
        key: {
            "who": _who(entry.persons.get("author") or entry.persons["editor"]),
            "year": entry.fields.get("year", "n.d."),
            "full": full[key].render_as("text"),
            "url": _url(entry.fields),
        }
        for key, entry in entries.items()
    }


def _url(fields: dict) -> str:
    doi = fields.get("doi", "")
    return fields.get("url", f"https://doi.org/{doi}" if doi else "")


def _who(people: list) -> str:
    names = [
        " ".join(str(part) for part in one.rich_prelast_names + one.rich_last_names)
        for one in people
    ]
    return " and ".join(names) if len(names) < 3 else f"{names[0]} et al."


def _jupyter_server_extension_points() -> list[dict]:
    return [{"module": "slt_lib.lab"}]


def _load_jupyter_server_extension(server) -> None:
    """Answer `slt-book/references` with the references of the project that the server shows."""
    from jupyter_server.base.handlers import APIHandler
    from jupyter_server.utils import url_path_join
    from tornado.web import authenticated

    folder = Path(server.root_dir)

    class References(APIHandler):
        @authenticated
        def get(self) -> None:
            root = find_project(folder)
            found = references(root) if root else {}
            # pages above the server's folder can be named, but not opened
            below = root is not None and folder.resolve() == root
            self.finish(json.dumps(found | {"linked": below}))

    address = url_path_join(server.web_app.settings["base_url"], "slt-book/references")
    server.web_app.add_handlers(".*$", [(address, References)])
