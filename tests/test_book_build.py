"""`slt-book build` on toy books: what it refuses, and what a page gets."""

import json

import pytest
from conftest import in_process, notebook, write_notebook

from slt_lib.cli.build import book_config
from slt_lib.cli.project import BookError, Project
from slt_lib.cli.status import status_page


def test_refuses_chapters_that_were_not_executed(project):
    done = in_process("build", root=project)
    assert done.exit_code == 1
    assert "01_one hasn't been executed" in done.stderr and "slt-book run 01_one" in done.stderr


def test_builds_pages_links_and_downloads(project):
    text = "# One\n\nMath $x^2$."
    chapter = notebook("One", "print('one')")
    chapter.cells[0].source = text
    write_notebook(project, "01_signing_poses", chapter)
    toc = project / "book" / "_toc.yml"
    toc.write_text(toc.read_text("utf8").replace("01_one", "01_signing_poses"), "utf8")
    assert in_process("run", root=project).exit_code == 0
    done = in_process("build", root=project)
    assert done.exit_code == 0, done.stderr
    assert "02_two" in done.stdout and done.stdout.strip().endswith("build/html/index.html")
    html = project / "build" / "html"
    page = (html / "notebooks" / "01_signing_poses.html").read_text("utf8")
    assert 'href="../_sources/notebooks/01_signing_poses.ipynb"' in page
    assert "Library functions of this chapter" in page and "PoseSequence" in page
    assert "../_static/mathjax/tex-svg.js" in page and "unpkg.com" not in page
    for button in ("mybinder.org", "colab.research"):
        assert button not in page
    downloaded = json.loads((html / "_sources/notebooks/01_signing_poses.ipynb").read_text("utf8"))
    assert len(downloaded["cells"]) == 3  # as executed: nothing is added to it
    reference = (html / "book" / "api" / "slt_lib.pose.html").read_text("utf8")
    assert "../../notebooks/01_signing_poses.html" in reference
    status = (html / "book" / "status.html").read_text("utf8")
    assert "02_two" in status or ">Two<" in status
    mathjax = html / "_static" / "mathjax"
    assert [file.name for file in mathjax.iterdir()] == ["tex-svg.js"]


def test_warnings_are_errors_and_the_old_book_stays(project):
    assert in_process("run", root=project).exit_code == 0
    old = project / "build" / "html" / "index.html"
    old.parent.mkdir(parents=True)
    old.write_text("old", "utf8")
    (project / "book" / "intro.md").write_text("# Toy\n\n{doc}`nowhere`\n", "utf8")
    done = in_process("build", root=project)
    assert done.exit_code == 1 and "nowhere" in done.stderr
    assert old.read_text("utf8") == "old"


def test_repository_address_in_its_one_place_brings_the_launch_buttons(project):
    opened = Project.open(project)
    assert "launch_buttons" not in book_config(opened)
    (project / "pyproject.toml").write_text(
        '[tool.slt-book]\nrepository = "https://github.com/someone/book"\n', "utf8"
    )
    config = book_config(opened)
    assert config["repository"]["url"] == "https://github.com/someone/book"
    assert {"binderhub_url", "colab_url"} <= set(config["launch_buttons"])
    (project / "pyproject.toml").write_text('[tool.slt-book]\nrepository = "git@host:x"\n', "utf8")
    with pytest.raises(BookError, match="wants https://github"):
        book_config(opened)


def test_status_page_tells_failures_and_unknown_figures():
    page = status_page(
        {
            "profile": "book",
            "chapters": {
                "01_one": {"ok": True, "seconds": 12.34, "peak_mb": 512.4, "profile": "book"},
                "02_two": {"ok": False, "seconds": None, "peak_mb": None, "profile": "smoke"},
            },
        }
    )
    assert "| {doc}`/notebooks/01_one` | done | 12.3 | 512 MB | book |" in page
    assert "| {doc}`/notebooks/02_two` | failed | - |  | smoke |" in page
