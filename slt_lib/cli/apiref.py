"""The API reference: one page per package, and links between functions and chapters."""

import importlib
import inspect
import pkgutil
import re
from dataclasses import dataclass
from pathlib import Path

import slt_lib

CHAPTER_LINE = re.compile(r"^\s*Chapters?: *(?P<names>\d\d_\w+(?:, *\d\d_\w+)*)\s*$")
LEFT_OUT = ("slt_lib.cli", "slt_lib.lab", "slt_lib.__main__")


@dataclass(frozen=True)
class Entry:
    """A public function or class: full name, first line of its docstring, its chapters."""

    name: str
    purpose: str
    chapters: tuple[str, ...]


def modules() -> list[str]:
    """The library's public modules, the command line and JupyterLab's part apart."""
    found = pkgutil.walk_packages(slt_lib.__path__, "slt_lib.")
    return sorted(
        module.name
        for module in found
        if not module.name.startswith(LEFT_OUT) and not re.search(r"\._", module.name)
    )


def entries(module: str) -> list[Entry]:
    """The documented public functions and classes that a module defines, as in its source."""
    loaded = importlib.import_module(module)
    members = [
        member
        for name, member in vars(loaded).items()
        if (inspect.isfunction(member) or inspect.isclass(member))
        and member.__module__ == module
        and not name.startswith("_")
        and inspect.getdoc(member)
    ]
    return [_entry(member) for member in members]


def entries_by_chapter() -> dict[str, list[Entry]]:
    """Chapter name to the functions whose docstring names it, in the packages' order."""
    chapters: dict[str, list[Entry]] = {}
    for module in modules():
        for entry in entries(module):
            for chapter in entry.chapters:
                chapters.setdefault(chapter, []).append(entry)
    return chapters


def chapter_names(docstring: str) -> tuple[str, ...]:
    """The chapters that a docstring's `Chapter:` line names."""
    for line in docstring.splitlines():
        if match := CHAPTER_LINE.match(line):
            return tuple(re.split(r", *", match["names"]))
    return ()


def write_api_pages(folder: Path) -> None:
    """Write the reference's pages in MyST Markdown: `index.md` and one per package.

    Args:
        folder: Where to write; made if it isn't there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    packages: dict[str, list[str]] = {}
    for module in modules():
        if entries(module):
            packages.setdefault(".".join(module.split(".")[:2]), []).append(module)
    rows = []
    for package, names in packages.items():
        doc = inspect.getdoc(importlib.import_module(package)) or ""
        lines = [f"# {package}", "", doc, ""]
        for name in names:
            lines += [f"## {name}", "", *_automodule(name), ""]
        (folder / f"{package}.md").write_text("\n".join(lines), "utf8")
        rows.append(f"| {{doc}}`{package}` | {doc.splitlines()[0] if doc else ''} |")
    index = [
        "# Library reference",
        "",
        "Every public function of `slt_lib`, from its docstring, with the shapes and units of its",
        "arrays, the errors it raises and the chapter that explains it. Packages import one way",
        "only, along the way of the data: poses, dictionary, stitching, and figures last.",
        "",
        "| package | the question it answers |",
        "|---|---|",
        *rows,
        "",
        "All names in alphabetical order: {ref}`genindex`.",
        "",
    ]
    (folder / "index.md").write_text("\n".join(index), "utf8")


def chapter_links(chapter: str) -> str:
    """The list of functions that a chapter explains, in MyST Markdown ("" if there are none)."""
    found = entries_by_chapter().get(chapter, [])
    lines = [f"- {{py:obj}}`~{entry.name}`: {entry.purpose}" for entry in found]
    return "\n".join(["## Library functions of this chapter", "", *lines]) if lines else ""


def _entry(member: object) -> Entry:
    doc = inspect.getdoc(member)
    return Entry(
        f"{member.__module__}.{member.__qualname__}", doc.splitlines()[0], chapter_names(doc)
    )


def _automodule(name: str) -> list[str]:
    options = ["   :members:", "   :member-order: bysource"]
    return ["```{eval-rst}", f".. automodule:: {name}", *options, "```"]
