"""What JupyterLab is told about the book: citations, pages, headings, numbers of figures."""

import json
import re

import nbformat
import pytest
from conftest import ROOT, notebook, write_notebook

from slt_lib.cli.project import Project, read_notebook
from slt_lib.lab import references

KNOWN = references(ROOT)
CHAPTERS = Project.open(ROOT).chapters


def test_citations_are_named_by_authors_and_year():
    graves, bigand = KNOWN["cited"]["graves2006"], KNOWN["cited"]["bigand2021"]
    assert (graves["who"], graves["year"], graves["url"]) == ("Graves et al.", "2006", "")
    assert bigand["url"] == "https://doi.org/10.3389/fbioe.2021.710132"
    assert graves["full"].startswith("Alex Graves, Santiago Fernández") and "2006" in graves["full"]
    assert not [
        one for one in KNOWN["cited"].values() if re.search(r"[{}\\]", "".join(one.values()))
    ]


def test_pages_and_headings_are_named_by_their_titles():
    assert KNOWN["pages"]["book/ethics"] == {
        "title": "Ethics and language",
        "file": "book/ethics.md",
    }
    assert KNOWN["labels"]["ch-stitching"] == {
        "text": "Stitching, step by step",
        "page": "notebooks/03_stitching",
    }


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_everything_that_a_chapter_refers_to_is_known(chapter):
    cells = read_notebook(chapter.path)["cells"]
    prose = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")
    roles = re.findall(r"\{(cite:[pt]|doc|ref|numref)\}`(?:[^`<]*<)?([^`>]+)>?`", prose)
    for role, target in roles:
        names = re.split(r",\s*", target) if role.startswith("cite") else [target.strip()]
        for name in names:
            page = name.removeprefix("/").removeprefix("../")
            page = page if "/" in page else f"notebooks/{page}"
            place = {"doc": "pages"}.get(role, "cited" if "cite" in role else "labels")
            assert (page if role == "doc" else name) in KNOWN[place], f"{role} {name}"


def test_figures_are_numbered_by_chapter_and_other_notebooks_left_alone(project):
    chapter = notebook("Three", "1")
    for name in ("fig-a", "fig-b"):
        shown = {"mystnb": {"figure": {"name": name}}}
        chapter.cells.append(nbformat.v4.new_code_cell("1", id=name, metadata=shown))
    write_notebook(project, "03_three", chapter)
    (project / "notebooks" / "notes.ipynb").write_text("not a notebook", "utf8")
    found = references(project)
    assert found["labels"]["fig-b"] == {"text": "Fig. 3.2", "page": "notebooks/03_three"}
    assert {"notebooks/01_one", "notebooks/03_three"} <= set(found["pages"])
    assert "notebooks/notes" not in found["pages"]
    assert json.loads(json.dumps(found)) == found
