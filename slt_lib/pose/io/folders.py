"""Where does a chapter write? Into the project's build folder, wherever its kernel stands."""

from pathlib import Path


def find_project(start: str | Path = ".") -> Path | None:
    """The nearest folder, from `start` upwards, that holds the book's table of contents.

    Chapter: 01_signing_poses
    """
    start = Path(start).resolve()
    for folder in (start, *start.parents):
        if (folder / "book" / "_toc.yml").is_file():
            return folder
    return None


def build_folder(out: str | Path) -> Path:
    """Where a chapter's `out` is: counted from the project's root, if the kernel stands in it.

    JupyterLab starts a kernel in `notebooks/`, `slt-book run` in the root, papermill wherever it
    was called; `build` is one folder for all of them. Outside a project it is counted from the
    working folder, and an absolute path stays as it is.

    A call again changes nothing, so the cell that opens the folder may be run twice. In the root,
    where the book is made, the path stays relative: its pages name no machine's folders.

    Chapter: 01_signing_poses
    """
    out, root = Path(out).expanduser(), find_project()
    return out if root in (None, Path.cwd()) else root / out
