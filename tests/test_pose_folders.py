"""`out` is the project's folder, wherever a kernel stands."""

from pathlib import Path

import papermill
import pytest
from conftest import ROOT, notebook, write_notebook

from slt_lib.cli.project import Project, read_notebook
from slt_lib.pose.io.folders import build_folder, find_project


@pytest.mark.parametrize("standing", [".", "notebooks", "notebooks/deep"])
def test_relative_out_is_the_project_s(project, monkeypatch, standing):
    (project / standing).mkdir(exist_ok=True)
    monkeypatch.chdir(project / standing)
    for out in ("build", "../beside"):
        assert build_folder(out).resolve() == (project / out).resolve()
        assert build_folder(build_folder(out)) == build_folder(out)  # a cell is run twice
    assert find_project() == project


def test_root_leaves_out_as_it_is(project, monkeypatch):
    monkeypatch.chdir(project)
    assert build_folder("build") == Path("build")  # a page that prints it names no machine


def test_absolute_and_home_folders_are_taken_as_given(project, monkeypatch):
    monkeypatch.chdir(project / "notebooks")
    assert build_folder(project / "else") == project / "else"
    assert build_folder("~/signing") == Path.home() / "signing"


def test_without_a_project_the_working_folder_counts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_project() is None
    assert build_folder("build") == Path("build")


@pytest.mark.parametrize("standing", [".", "notebooks", ".."])
def test_papermill_writes_from_any_folder(project, monkeypatch, standing):
    code = (
        "from slt_lib.pose.io.folders import build_folder\n"
        "folder = build_folder(out)\nfolder.mkdir()\n(folder / 'done').touch()"
    )
    write_notebook(project, "01_one", notebook("One", code))
    monkeypatch.chdir(project / standing)
    source = project / "notebooks" / "01_one.ipynb"
    papermill.execute_notebook(str(source), str(project / "ran.ipynb"), progress_bar=False)
    where = project.parent if standing == ".." else project  # outside: where papermill was called
    assert (where / "build" / "done").is_file()


@pytest.mark.parametrize("chapter", Project.open(ROOT).chapters, ids=lambda chapter: chapter.name)
def test_chapter_asks_for_its_folder(chapter):
    cells = read_notebook(chapter.path)["cells"]
    code = "".join(cell["source"] for cell in cells if cell["cell_type"] == "code")
    assert "build_folder(out)" in code and "Path(out)" not in code
