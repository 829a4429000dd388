"""The packages' order, and rules that a reader of the code relies on."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from slt_lib.cli.apiref import chapter_names, entries, modules
from slt_lib.cli.project import Project, files_of, parameters_of, read_notebook

CHAPTERS = Project.open(ROOT).chapters
by_name = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)


def test_packages_import_only_backwards():
    script = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [script, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_importing_the_library_stays_light():
    heavy = ["torch", "pandas", "matplotlib", "papermill", "pose_format", "spoken_to_signed"]
    code = f"import sys, slt_lib, slt_lib.pose; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_docstrings_name_chapters_of_the_book_or_later_ones():
    known = {chapter.name for chapter in CHAPTERS}
    last = max(known, default="")
    unknown = {
        (entry.name, name)
        for module in modules()
        for entry in entries(module)
        for name in entry.chapters
        if name not in known and name < last
    }
    assert not unknown


def test_chapter_line_is_found_in_a_docstring():
    doc = "Do.\n\nArgs:\n    x: A thing.\n\nChapter: 01_signing_poses, 03_stitching"
    assert chapter_names(doc) == ("01_signing_poses", "03_stitching")
    assert chapter_names("See Chapter: 01 of the book") == ()


def test_every_page_of_the_book_is_in_its_table_of_contents():
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text("utf8"))
    listed = {*files_of(toc), toc["root"]}
    pages = {f"book/{page.stem}" for page in (ROOT / "book").glob("*.md")}
    notebooks = {f"notebooks/{path.stem}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert pages | notebooks <= listed


@by_name
def test_chapter_is_laid_out_as_the_others(chapter):
    notebook = read_notebook(chapter.path)
    cells = notebook["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    text = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert all(cell["id"] for cell in cells)
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
    assert cells[0]["source"].count("# ") and cells[0]["cell_type"] == "markdown"
    for part in ("You will learn", "Needs", "Produces", "Time", "## Summary", "## Exercises"):
        assert part in text, f"{part!r} is missing"
    assert f"papermill notebooks/{chapter.name}.ipynb" in text
    assert "{bibliography}" in text or "{cite" in text
    tags = [tag for cell in code for tag in cell["metadata"].get("tags", [])]
    assert re.search(r"\{solution", text) or "hide-cell" in tags


HIDDEN = {  # a tag of the HTML book, and what closes the same in JupyterLab
    "hide-cell": {"source_hidden": True, "outputs_hidden": True},
    "hide-input": {"source_hidden": True},
    "hide-output": {"outputs_hidden": True},
}


@by_name
def test_what_the_page_hides_is_closed_in_jupyterlab_too(chapter):
    for cell in read_notebook(chapter.path)["cells"]:
        tags = set(cell["metadata"].get("tags", [])) & set(HIDDEN)
        wanted = {key: value for tag in tags for key, value in HIDDEN[tag].items()}
        assert cell["metadata"].get("jupyter", {}) == wanted, cell["id"]


@by_name
def test_parameters_are_typed_and_explained(chapter):
    parameters = parameters_of(chapter)
    assert {"profile", "out"} <= set(parameters)
    for parameter in parameters.values():
        assert parameter.type != "NoneType" and parameter.help, parameter.name


@by_name
def test_plain_papermill_reads_its_parameters(chapter):
    cells = read_notebook(chapter.path)["cells"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    assert json.dumps(tagged[0]["source"]).count("profile: str") == 1


@by_name
def test_a_chapter_with_references_cites_something(chapter):
    cells = read_notebook(chapter.path)["cells"]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    assert ("{bibliography}" in text) == ("{cite:" in text)
