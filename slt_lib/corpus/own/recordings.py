"""The recordings under a folder, found by name whatever they end in."""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from slt_lib.corpus.own.rows import Recording
from slt_lib.pose.io.single import VIDEO_SUFFIXES, read

POSES = (".pose", ".npz")


class Recordings:
    """Recordings by name: the path within the folder, without its ending.

    A pose file is taken before a video of the same name, which is kept beside it.

    Args:
        folder: Where they are, in subfolders too. Folders with an `index.csv` (lexicons), with a
            corpus or with results of `slt-book ingest` are left out, and so is what is hidden.
    """

    def __init__(self, folder: Path) -> None:
        self.counts: dict[str, int] = defaultdict(int)
        files: dict[str, list[Path]] = defaultdict(list)
        for path in _files(folder):
            suffix = path.suffix.lower()
            self.counts[suffix] += 1
            name = path.relative_to(folder).as_posix()[: -len(suffix)]
            files[name].append(path)
        self.by_name = {name: _recording(name, paths) for name, paths in sorted(files.items())}
        self.by_last: dict[str, list[str]] = defaultdict(list)
        for name in self.by_name:
            self.by_last[name.rpartition("/")[2]].append(name)

    def find(self, name: str, split: str) -> Recording | None:
        """The recording of a name: as it stands, in the split's folder, or the only one in any."""
        for full in (name, f"{split}/{name}"):
            if full in self.by_name:
                return self.by_name[full]
        others = self.by_last.get(name, [])
        return self.by_name[others[0]] if len(others) == 1 else None


def _files(folder: Path) -> Iterator[Path]:
    marks = ("index.csv", "corpus.json", "dictionary.json", "ingest.json")
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            if not any((path / mark).is_file() for mark in marks):
                yield from _files(path)
        elif path.suffix.lower() in (*POSES, *VIDEO_SUFFIXES):
            yield path


def _recording(name: str, paths: list[Path]) -> Recording:
    def rank(path: Path) -> int:
        return (*POSES, *VIDEO_SUFFIXES).index(path.suffix.lower())

    first = min(paths, key=rank)
    videos = [path for path in paths if path.suffix.lower() in VIDEO_SUFFIXES]
    posed = first.suffix.lower() in POSES
    video = videos[0] if videos else None
    return Recording(name, first, "", partial(read, first), video, posed)
