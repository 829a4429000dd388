"""Chapters opened, run and read in JupyterLab, as most readers will meet them."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import papermill
import pytest
from conftest import ROOT
from playwright.sync_api import Page, sync_playwright
from test_book import FLAGS

from slt_lib.cli.doctor import find_browser
from slt_lib.lab import references

READ = ["01_signing_poses", "09_pose_to_text"]
RAW = re.compile(
    r":class:|:label:|\{[a-z:]+\}`|^\(.*\)=|`{3,}|\{(?:bibliography|admonition)\}", re.M
)
LOAD, RUN = 120_000, 240_000  # milliseconds to open and to run a chapter on a machine that is busy

# Every code cell has run, or one has failed.
ENDED = """() => {
  const cells = jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model)
    .filter(model => model.type === "code");
  const wrong = output => output.output_type === "error";
  const failed = cells.some(model => model.sharedModel.outputs.some(wrong));
  return failed || cells.every(model => model.executionCount && model.executionState === "idle");
}"""
# The notebook as it stands, saved or not.
NOTEBOOK = "() => jupyterapp.shell.currentWidget.content.model.toJSON()"
# Bring a cell into the window: scrolling by pixels misses some, as heights are estimates till then.
SHOW = "cell => jupyterapp.shell.currentWidget.content.scrollToItem(cell, 'start')"
# What stands in the window, or null until a cell does and all is drawn (JupyterLab draws the near).
SEEN = """([cell, figures]) => {
  const view = document.querySelector(".jp-WindowedPanel-outer").getBoundingClientRect();
  const near = part => {
    const box = part.getBoundingClientRect();
    return part.checkVisibility() && box.bottom > view.top && box.top < view.bottom;
  };
  const all = (parts, what = part => part.innerText) =>
    [...document.querySelectorAll(parts)].filter(near).map(what);
  const place = part => part.closest("[data-windowed-list-index]").dataset.windowedListIndex;
  if (!all("[data-windowed-list-index]", place).includes(`${cell}`)) return null;
  const plotly = ".jp-RenderedPlotly";
  const drawn = figure => !!figure.querySelector(".main-svg")
    && [...figure.querySelectorAll(".gl-container canvas")].every(canvas => canvas.width > 0);
  const rendered = cell => cell.querySelector(".myst")?.innerText;
  if (!all(".jp-MarkdownCell", rendered).every(Boolean)) return null;
  const shows = cell => !figures.includes(cell.dataset.windowedListIndex)
    || !!cell.querySelector(plotly) && [...cell.querySelectorAll(plotly)].every(drawn);
  if (!all(".jp-CodeCell", shows).every(Boolean)) return null;
  return {
    prose: all(".jp-MarkdownCell .jp-InputArea"),
    links: all(".myst a"),
    captions: all(".slt-caption").filter(Boolean),
    open: all(".myst details[open]"),
    closed: all(".jp-InputPlaceholder", place),
    shown: all(".jp-OutputArea-output", place),
    figures: all(plotly, place),
  };
}"""

pytestmark = pytest.mark.book


@pytest.fixture(scope="module")
def chromium() -> str:
    executable = find_browser()
    if not executable:
        pytest.skip("no Chromium on the path, and SLT_CHROMIUM names none")
    return executable


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A project of its own: the book's pages, and the chapters with `profile = "smoke"`."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "book", root / "book", ignore=shutil.ignore_patterns("*.json*"))
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    for chapter in READ:
        path = str(root / "notebooks" / f"{chapter}.ipynb")
        papermill.execute_notebook(path, path, {"profile": "smoke"}, prepare_only=True)
    return root


@pytest.fixture(scope="module")
def lab(chromium, project, tmp_path_factory):
    """The address of a JupyterLab that knows this checkout's extension, and no user's settings."""
    home = tmp_path_factory.mktemp("jupyter")
    (home / "labextensions").mkdir()
    (home / "labextensions" / "slt-book").symlink_to(ROOT / "slt_lib" / "lab" / "extension")
    (home / "jupyter_server_config.d").mkdir()
    shutil.copy(ROOT / "slt_lib" / "lab" / "server.json", home / "jupyter_server_config.d")
    folders = {
        "JUPYTER_PATH": home,
        "JUPYTER_CONFIG_PATH": home,
        "JUPYTER_CONFIG_DIR": home / "own",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--LabApp.expose_app_in_browser=True",
    ]
    environment = os.environ | {name: str(path) for name, path in folders.items()}
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=project, env=environment, stdout=log, stderr=log)
    try:
        yield _answering(f"http://127.0.0.1:{port}", server, home / "log")
    finally:
        server.terminate()  # it ends its kernels
        server.wait(20)


def _answering(address: str, server: subprocess.Popen, log: Path) -> str:
    for _ in range(150):
        try:
            urlopen(f"{address}/api", timeout=5)
            return address
        except (URLError, OSError):
            assert server.poll() is None, log.read_text("utf8")
            time.sleep(0.2)
    raise AssertionError(log.read_text("utf8"))


@pytest.fixture
def tab(chromium):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser.new_page(viewport={"width": 1280, "height": 1400})
        browser.close()


@pytest.mark.parametrize("chapter", READ)
def test_chapter_runs_and_reads_well(project, lab, tab, chapter):
    tab.goto(f"{lab}/lab/tree/notebooks/{chapter}.ipynb?reset")
    tab.locator(".jp-MarkdownCell .myst").first.wait_for(timeout=LOAD)
    tab.get_by_role("menuitem", name="Run", exact=True).click()
    tab.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    tab.wait_for_function(ENDED, timeout=RUN, polling=500)
    cells = tab.evaluate(NOTEBOOK)["cells"]
    errors = [o["evalue"] for cell in cells for o in cell.get("outputs", []) if "evalue" in o]
    assert not errors

    plotly = {
        str(i) for i, cell in enumerate(cells) if "application/vnd.plotly" in json.dumps(cell)
    }
    hidden = {str(i) for i, c in enumerate(cells) if "hide-cell" in c["metadata"].get("tags", [])}
    seen = _scrolled(tab, len(cells), sorted(plotly - hidden))
    prose = "\n".join(seen["prose"])
    assert not RAW.findall(prose)
    assert not [key for key in references(project)["cited"] if re.search(rf"\b{key}\b", prose)]
    assert not re.findall(r"\bfig-\w+", prose)
    assert not [link for link in seen["links"] if re.match(r"[/.]*(book/|\d\d_)", link)]

    # every figure is drawn and has its caption; what the page hides is closed here, too
    captions = {
        c["metadata"]["mystnb"]["figure"]["caption"] for c in cells if "mystnb" in c["metadata"]
    }
    assert seen["figures"] == plotly - hidden
    assert len(captions) == len(seen["captions"])
    assert hidden and hidden <= seen["closed"] and not hidden & seen["shown"]
    assert not seen["open"]

    # it has written into the project's build folder
    assert (project / "build" / "results" / f"{chapter}.json").is_file()
    assert not (project / "notebooks" / "build").exists()


def _scrolled(tab: Page, cells: int, figures: list[str]) -> dict[str, set]:
    """All that is seen on the way from the notebook's first cell to its last."""
    seen: dict[str, set] = {}
    for cell in range(cells):
        tab.evaluate(SHOW, cell)
        settled = tab.wait_for_function(SEEN, arg=[cell, figures], timeout=LOAD)
        for name, found in settled.json_value().items():
            seen.setdefault(name, set()).update(found)
    return seen
