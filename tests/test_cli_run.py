"""`slt-book run`: parameters checked, failures named, what is up to date skipped."""

import json

import nbformat
import pytest
from conftest import in_process, notebook, write_notebook

from slt_lib.cli.parameters import typed
from slt_lib.cli.project import BookError, Parameter, Project


def report(root):
    return json.loads((root / "build" / "report.json").read_text("utf8"))


def test_runs_once_then_skips_until_something_changes(project):
    first = in_process("run", "--profile", "smoke", root=project)
    assert first.exit_code == 0, first.stderr
    chapters = report(project)["chapters"]
    assert report(project)["profile"] == "smoke"
    assert list(chapters) == ["01_one", "02_two"]
    for entry in chapters.values():
        assert entry["ok"] and not entry["skipped"]
        assert entry["seconds"] > 0 and entry["peak_mb"] > 10
    results = project / "build" / "results" / "02_two.json"
    assert json.loads(results.read_text("utf8")) == {"seed": 0, "profile": "smoke"}

    again = in_process("run", "--profile", "smoke", root=project)
    assert again.stdout.count("skipped") == 2
    skipped = report(project)["chapters"]
    assert all(entry["skipped"] for entry in skipped.values())
    assert skipped["01_one"]["seconds"] == chapters["01_one"]["seconds"]

    write_notebook(project, "01_one", notebook("One", "print('other')"))
    results.unlink()  # an output that is gone is made again too
    changed = in_process("run", "--profile", "smoke", root=project)
    assert "skipped" not in changed.stdout and results.is_file()


def test_recorded_results_are_part_of_what_a_chapter_depends_on(project):
    in_process("run", "--only", "1", root=project)
    folder = project / "book" / "recorded" / "01_one"
    folder.mkdir(parents=True)
    (folder / "ours-0.json").write_text("{}", "utf8")
    assert "skipped" not in in_process("run", "1", root=project).stdout
    assert "skipped" in in_process("run", "01_one", root=project).stdout
    assert "skipped" not in in_process("run", "01", "--force", root=project).stdout


def test_failing_cell_is_named_and_its_output_kept_apart(project):
    done = in_process("run", "-p", "seed", "13", root=project)
    assert done.exit_code == 1
    assert "02_two, cell 3 (id work): ValueError: unlucky" in done.stderr
    assert "-p seed applies to 02_two only" in done.stdout
    assert (project / "build" / "failed" / "02_two.ipynb").is_file()
    assert not (project / "build" / "notebooks" / "02_two.ipynb").exists()
    chapters = report(project)["chapters"]
    assert chapters["01_one"]["ok"] and not chapters["02_two"]["ok"]
    assert "02_two failed" in in_process("build", root=project).stderr
    assert in_process("run", root=project).exit_code == 0
    assert not (project / "build" / "failed" / "02_two.ipynb").exists()


def test_dead_kernel_is_a_named_failure(project):
    write_notebook(project, "01_one", notebook("One", "import os; os._exit(1)"))
    done = in_process("run", "1", root=project)
    assert done.exit_code == 1 and "01_one, cell 3 (id work): DeadKernelError" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-p", "sed", "1"), "Did you mean seed?"),
        (("-p", "seed", "x"), "02_two wants seed as int"),
        (("-p", "out", "elsewhere"), "Use --out"),
        (("7",), "No chapter '7'"),
        (("1", "--from", "2"), "--from"),
    ],
)
def test_wrong_requests_are_refused_before_anything_runs(project, arguments, message):
    done = in_process("run", *arguments, root=project)
    assert done.exit_code == 1 and message in done.stderr
    assert not (project / "build").exists()


def test_from_and_executed_notebook_without_machine_paths(project):
    assert in_process("run", "--from", "2", "-p", "seed", "3", root=project).exit_code == 0
    assert list(report(project)["chapters"]) == ["02_two"]
    path = project / "build" / "notebooks" / "02_two.ipynb"
    executed = nbformat.read(path, as_version=4)
    assert executed.metadata.papermill.parameters == {"seed": 3}
    assert str(project) not in path.read_text("utf8")


def test_missing_notebook_or_project_is_one_clear_error(project, tmp_path_factory):
    (project / "notebooks" / "01_one.ipynb").write_text("no notebook", "utf8")
    assert "isn't a notebook" in in_process("run", root=project).stderr
    (project / "notebooks" / "01_one.ipynb").unlink()
    assert "there is no notebooks/01_one.ipynb" in in_process("run", root=project).stderr
    empty = tmp_path_factory.mktemp("empty")
    assert "No book/_toc.yml" in in_process("run", root=empty).stderr


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "3", 3),
        ("float", "1e-3", 1e-3),
        ("float", "2", 2.0),
        ("bool", "true", True),
        ("str", "007", "007"),
        ("list[int]", "[0, 42]", [0, 42]),
        ("str|None", "none", None),
        ("int|None", "none", None),
    ],
)
def test_values_get_the_declared_type(kind, text, value):
    got = typed(text, Parameter("x", kind, None, ""), "01_one")
    assert got == value and type(got) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"), [("int", "1.5"), ("int", "true"), ("bool", "1"), ("list[int]", "3")]
)
def test_values_of_another_type_are_refused(kind, text):
    with pytest.raises(BookError, match="01_one wants x"):
        typed(text, Parameter("x", kind, None, ""), "01_one")


def test_chapters_go_by_number_or_name(project):
    opened = Project.open(project)
    assert {opened.chapter(name).name for name in ("1", "01", "01_one")} == {"01_one"}
