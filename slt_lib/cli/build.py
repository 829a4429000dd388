"""`slt-book build`: stage the pages and the executed chapters, and make the HTML book."""

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import yaml

from slt_lib.cli.apiref import write_api_pages
from slt_lib.cli.figures import fill
from slt_lib.cli.project import BookError, Project
from slt_lib.cli.report import read_report
from slt_lib.cli.status import status_page

HOSTS = re.compile(r"https://(github|gitlab)\.com/[^/]+/[^/]+")


def build(project: Project, out: Path, say: Callable[[str], None]) -> Path:
    """Make the HTML book from what `slt-book run` executed.

    The pages are built from a staged copy, so that nothing else in the project folder can get
    in; the old book is replaced only when the new one is complete.

    Args:
        project: The project.
        out: The build folder.
        say: Called with what is going on.

    Returns:
        The book's first page, `<out>/html/index.html`.

    Raises:
        BookError: If a chapter wasn't executed or failed, or the build gave a warning.
    """
    report = read_report(out)
    notebooks = [_executed(project, report, out, chapter.name) for chapter in project.chapters]
    stage = out / "stage"
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(
        project.root / "book",
        stage / "book",
        ignore=shutil.ignore_patterns("*.json", "*.jsonl"),
    )
    (stage / "notebooks").mkdir()
    for notebook in notebooks:
        shutil.copy2(notebook, stage / "notebooks")
    config = book_config(project)
    (stage / "_config.yml").write_text(yaml.safe_dump(config, allow_unicode=True), "utf8")
    (stage / "book" / "status.md").write_text(status_page(report), "utf8")
    for page in (stage / "book").glob("*.md"):
        page.write_text(fill(page.read_text("utf8"), project.root / "book" / "recorded"), "utf8")
    write_api_pages(stage / "book" / "api")
    say(f"Building {len(notebooks)} chapters and their pages ...")
    made = _jupyter_book(stage)
    _check_pages(made, project)
    html = out / "html"
    shutil.rmtree(html, ignore_errors=True)
    made.replace(html)
    return html / "index.html"


def _executed(project: Project, report: dict, out: Path, name: str) -> Path:
    """The executed notebook of a chapter, if its last run was good."""
    notebook = out / "notebooks" / f"{name}.ipynb"
    entry = report["chapters"].get(name, {})
    if entry.get("ok") is False:
        raise BookError(
            f"{name} failed in its last run: {entry.get('error')}",
            fix=f"Mend it and run it again: slt-book run {name}",
        )
    if not notebook.is_file():
        raise BookError(
            f"{name} hasn't been executed: there is no {project.relative(notebook)}.",
            fix=f"Run it first: slt-book run {name} --out {project.relative(out)}",
        )
    return notebook


def book_config(project: Project) -> dict:
    """`_config.yml`, with the repository's buttons if pyproject.toml names its address.

    Raises:
        BookError: If there is no `_config.yml`, or the address isn't one that has buttons.
    """
    file = project.root / "_config.yml"
    if not file.is_file():
        raise BookError("There is no _config.yml.", file=project.root)
    config = yaml.safe_load(file.read_text("utf8"))
    settings = project.settings()
    address = settings.get("repository", "").rstrip("/").removesuffix(".git")
    if not address:
        return config
    host = HOSTS.fullmatch(address)
    if not host:
        raise BookError(
            f"The repository's address is {address!r}.",
            file="pyproject.toml",
            fix="[tool.slt-book] wants https://github.com/OWNER/NAME, https://gitlab.com/OWNER/NAME,"
            " or nothing.",
        )
    branch = settings.get("branch", "main")
    config["repository"] = {"url": address, "branch": branch, "path_to_book": ""}
    config["launch_buttons"] = {
        "notebook_interface": "jupyterlab",
        "binderhub_url": "https://mybinder.org",
    }
    if host.group(1) == "github":
        config["launch_buttons"]["colab_url"] = "https://colab.research.google.com"
    config["html"] |= {"use_repository_button": True, "use_issues_button": True}
    return config


def _jupyter_book(stage: Path) -> Path:
    """Build the staged book with warnings as errors; where its HTML is."""
    command = [
        str(Path(sysconfig.get_path("scripts")) / "jupyter-book"),
        *("build", str(stage), "--toc", "book/_toc.yml"),
        *("-W", "-n", "--keep-going", "-q"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    warnings = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr).replace(f"{stage}/", "")
    (stage.parent / "build.log").write_text(done.stdout + warnings, "utf8")
    if done.returncode:
        lines = [line for line in warnings.splitlines() if re.search(r"WARNING|ERROR|rror:", line)]
        raise BookError(
            "The pages have warnings, which count as errors here:\n"
            + "\n".join(lines[:30] or warnings.splitlines()[-15:]),
            fix=f"\nThe whole log: {stage.parent / 'build.log'}",
        )
    return stage / "_build" / "html"


def _check_pages(html: Path, project: Project) -> None:
    """Refuse a build that says it went well and has left pages out."""
    wanted = ["index", "search", "genindex", "book/status", "book/api/index"]
    wanted += [f"notebooks/{chapter.name}" for chapter in project.chapters]
    missing = [page for page in wanted if not (html / f"{page}.html").is_file()]
    if missing:
        raise BookError(
            f"Jupyter Book made no page for {', '.join(missing)}.",
            fix="Does book/_toc.yml list them?",
        )
