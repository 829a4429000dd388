"""`report.json`: what each chapter took, and whether it is still up to date."""

import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
from functools import cache
from pathlib import Path

import slt_lib
from slt_lib.cli.project import Chapter, Project, read_notebook, write_json


def read_report(out: Path) -> dict:
    """The report of a build folder; an empty one if there is none or it can't be read."""
    try:
        report = json.loads((out / "report.json").read_text("utf8"))
        if isinstance(report.get("chapters"), dict):
            return report
    except (OSError, ValueError, AttributeError):
        pass
    return {"profile": None, "chapters": {}}


def write_entry(out: Path, profile: str, name: str, entry: dict) -> None:
    """Put one chapter's entry into the report, atomically: an interruption keeps the rest."""
    report = read_report(out)
    report["profile"] = profile
    report["machine"] = machine()
    report["chapters"][name] = entry
    write_json(out / "report.json", report)


def fingerprint(project: Project, chapter: Chapter, parameters: dict) -> str:
    """A hash of all that a chapter's outputs depend on.

    Its source without outputs, the library's source, the installed packages' versions, the
    recorded results that it shows, and its parameters (the profile among them).
    """
    recorded = project.root / "book" / "recorded"
    parts = [
        chapter_source(chapter.path),
        json.dumps(parameters, sort_keys=True, default=str),
        _library_hash(),
        *_hashes([recorded / f"{chapter.name}.json", *(recorded / chapter.name).glob("*.json")]),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def chapter_source(path: Path) -> str:
    """What a notebook says and does: its cells' types, sources and tags, without outputs."""
    cells = read_notebook(path)["cells"]
    return json.dumps([[c["cell_type"], c["source"], c["metadata"].get("tags")] for c in cells])


def machine() -> str:
    """The machine in a few words, without its name: `Linux x86_64, 2 CPUs, Python 3.12.1`."""
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, "
        f"Python {platform.python_version()}"
    )


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@cache
def _library_hash() -> str:
    """A hash of `slt_lib` (its command line apart) and of every installed package's version."""
    folder = Path(slt_lib.__file__).parent
    files = [
        file
        for file in folder.rglob("*")
        if file.is_file() and not {"cli", "__pycache__"} & set(file.relative_to(folder).parts)
    ]
    versions = sorted(
        f"{distribution.metadata['Name']}=={distribution.version}"
        for distribution in importlib.metadata.distributions()
    )
    parts = [platform.python_version(), *versions, *_hashes(files)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _hashes(files: list[Path]) -> list[str]:
    """Name and content hash of each file that is there, in a fixed order."""
    return [
        f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}"
        for file in sorted(files)
        if file.is_file()
    ]
