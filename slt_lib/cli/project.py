"""The project folder: which chapters the book has, in which order, with which parameters."""

import ast
import json
import os
import re
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import yaml

from slt_lib.pose.errors import SLTError


class BookError(SLTError):
    """A command that can't be carried out on this project: which part, why, what to do."""


@dataclass(frozen=True)
class Chapter:
    """One notebook of the book: its name (`01_signing_poses`) and its source file."""

    name: str
    path: Path


@dataclass(frozen=True)
class Parameter:
    """One line of a chapter's parameters cell, `name: type = default  # help`."""

    name: str
    type: str
    default: object
    help: str


@dataclass(frozen=True)
class Project:
    """The project's root folder and its chapters in the order of `book/_toc.yml`."""

    root: Path
    chapters: tuple[Chapter, ...]

    @classmethod
    def open(cls, root: Path) -> "Project":
        """The project in a folder.

        Args:
            root: Folder that holds `book/_toc.yml`.

        Raises:
            BookError: If there is no table of contents, or it names a notebook that isn't there.
        """
        root = root.resolve()
        toc = root / "book" / "_toc.yml"
        if not toc.is_file():
            raise BookError(
                "No book/_toc.yml here.",
                file=root,
                fix="Run it in the project's root or give --root.",
            )
        files = files_of(yaml.safe_load(toc.read_text("utf8")) or {})
        paths = [root / f"{file}.ipynb" for file in files if file.startswith("notebooks/")]
        for path in paths:
            if not path.is_file():
                raise BookError(
                    f"It lists {path.stem}, and there is no notebooks/{path.name}.",
                    file=toc,
                    fix="Add the notebook or take it out of the table of contents.",
                )
        return cls(root, tuple(Chapter(path.stem, path) for path in paths))

    def chapter(self, name: str) -> Chapter:
        """The chapter called `01_signing_poses`, `01` or `1`.

        Raises:
            BookError: If there is none.
        """
        for chapter in self.chapters:
            number = re.match(r"\d+", chapter.name)
            if name == chapter.name or (
                number and name.isdigit() and int(name) == int(number.group())
            ):
                return chapter
        known = [chapter.name for chapter in self.chapters]
        raise BookError(f"No chapter {name!r}.{did_you_mean(name, known)}", fix=_list(known))

    def relative(self, path: Path) -> str:
        """A path as the notebooks see it: from the root if it is inside, else absolute."""
        path = path.resolve()
        return (
            path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)
        )

    def settings(self) -> dict:
        """The `[tool.slt-book]` table of pyproject.toml (empty if there is none)."""
        file = self.root / "pyproject.toml"
        if not file.is_file():
            return {}
        return tomllib.loads(file.read_text("utf8")).get("tool", {}).get("slt-book", {})


def parameters_of(chapter: Chapter) -> dict[str, Parameter]:
    """The typed parameters that a chapter declares, by name.

    Raises:
        BookError: If the file isn't a notebook.
    """
    from papermill import inspect_notebook

    read_notebook(chapter.path)  # refuses what isn't one, in our own words
    found = {}
    for name, entry in inspect_notebook(str(chapter.path)).items():
        try:
            default = ast.literal_eval(entry["default"])
        except (ValueError, SyntaxError):
            default = entry["default"]
        kind = entry["inferred_type_name"].replace(" ", "")
        kind = type(default).__name__ if kind == "None" else kind
        found[name] = Parameter(name, kind, default, entry["help"])
    return found


def read_notebook(path: Path) -> dict:
    """A notebook as plain JSON values, with each cell's source as one string.

    Raises:
        BookError: If the file isn't a notebook.
    """
    try:
        notebook = json.loads(path.read_text("utf8"))
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])
    except (ValueError, KeyError, TypeError) as error:
        raise BookError("It isn't a notebook.", file=path, fix=f"({error})") from error
    return notebook


def did_you_mean(name: str, known: list[str]) -> str:
    """The sentence " Did you mean X?", or nothing."""
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return f" Did you mean {close[0]}?" if close else ""


def write_json(path: Path, value: object) -> None:
    """Write a JSON file so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    text = json.dumps(value, indent=2, ensure_ascii=False)
    temporary.write_text(text + "\n", "utf8")
    temporary.replace(path)


def files_of(toc: object) -> list[str]:
    """Every `file:` of a parsed `_toc.yml`, such as `book/glossary`, in reading order."""
    if isinstance(toc, dict):
        own = [toc["file"].removesuffix(".ipynb")] if "file" in toc else []
        return own + [file for value in toc.values() for file in files_of(value)]
    if isinstance(toc, list):
        return [file for value in toc for file in files_of(value)]
    return []


def _list(names: list[str]) -> str:
    return f"Chapters: {', '.join(names)}." if names else "The book has no chapters yet."
