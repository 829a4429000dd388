"""What several tests share: the real data beside the project, toy projects, the built book."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner, Result

from slt_lib.cli import app

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings that stands beside the project, if it is there."""
    folder = Path(os.environ.get("SLT_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("no ../shared/data beside the project, and SLT_SHARED_DATA names none")
    return folder


@pytest.fixture(scope="session")
def measurable_recordings() -> list:
    """The bundled recordings worth measuring a body on: steady shoulders, 30 frames or more."""
    from slt_lib.dictionary import from_lexicon

    kept = []
    for sign in from_lexicon(signed_language=""):
        q = sign.quality
        framed = 0.12 < q.shoulder_share < 0.5 and q.shoulder_variation < 0.1
        if framed and q.body_confidence >= 0.95 and sign.frames >= 30:
            kept.append(sign.pose)
    return kept


def in_process(*arguments: object, root: Path) -> Result:
    """Run the command line in this process: quick, since papermill is imported once."""
    command, *rest = map(str, arguments)
    return CliRunner().invoke(app, [command, "--root", str(root), *rest])


def slt_book(*arguments: object, root: Path) -> subprocess.CompletedProcess:
    """Run the command line as a user does, in a process of its own."""
    command = [sys.executable, "-m", "slt_lib", *map(str, arguments)]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def notebook(title: str, code: str, parameters: str = "", **metadata: object):
    """A toy chapter: a title, a parameters cell, one cell of code."""
    declared = f'profile: str = "book"  # size\nout: str = "build"  # where\n{parameters}'
    cells = [
        nbformat.v4.new_markdown_cell(f"# {title}", id="title"),
        nbformat.v4.new_code_cell(declared, id="parameters", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(code, id="work"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, **metadata})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two toy chapters, the second with a parameter and results of its own."""
    (tmp_path / "book").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "book" / "intro.md").write_text("# Toy book\n", "utf8")
    (tmp_path / "book" / "_toc.yml").write_text(
        "format: jb-book\nroot: book/intro\nparts:\n- caption: Toys\n  chapters:\n"
        "  - file: notebooks/01_one\n  - file: notebooks/02_two\n"
        "- chapters:\n  - file: book/status\n  - file: book/api/index\n"
        "  - glob: book/api/slt_lib.*\n",
        "utf8",
    )
    shutil.copy(ROOT / "_config.yml", tmp_path)
    shutil.copytree(ROOT / "book" / "_static", tmp_path / "book" / "_static")
    shutil.copy(ROOT / "book" / "references.bib", tmp_path / "book")
    results = (
        "import json, pathlib\n"
        "folder = pathlib.Path(out) / 'results'\n"
        "folder.mkdir(parents=True, exist_ok=True)\n"
        "(folder / '02_two.json').write_text(json.dumps({'seed': seed, 'profile': profile}))\n"
        "if seed == 13:\n    raise ValueError('unlucky')"
    )
    write_notebook(tmp_path, "01_one", notebook("One", "print('one')"))
    write_notebook(tmp_path, "02_two", notebook("Two", results, "seed: int = 0  # of all\n"))
    return tmp_path


def write_notebook(root: Path, name: str, content: nbformat.NotebookNode) -> None:
    """Put a notebook into a toy project."""
    nbformat.write(content, root / "notebooks" / f"{name}.ipynb")


@pytest.fixture(scope="session")
def built_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build folder of the whole real book in the smoke profile."""
    out = tmp_path_factory.mktemp("book")
    for command in (["run", "--profile", "smoke"], ["build"]):
        done = slt_book(*command, "--out", out, root=ROOT)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return out
