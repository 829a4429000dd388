"""Which formats are in a folder, and which recording belongs to which sentence?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from slt_lib.corpus.own.files import (
    Part,
    from_annotations,
    from_corpora,
    from_skels,
    from_slrtp,
    pickles,
)
from slt_lib.corpus.own.finding import Finding
from slt_lib.corpus.own.recordings import Recordings
from slt_lib.corpus.own.rows import SPLITS, Item, Recording, Row
from slt_lib.corpus.own.tables import LAYOUT, read_table
from slt_lib.pose.errors import PoseFileError

KNOWN = (
    "Known: recordings (.pose, .npz, video) with a table (.csv), SLRTP .pt files, .skels files, "
    "sign-language-transformers annotation (.gz) with .skels or .pose, corpora of write_corpus. "
    + LAYOUT
)


@dataclass
class Source:
    """Somebody's data, listed and not yet read.

    Attributes:
        path: The folder or file.
        formats: What was found: {format: number of files}.
        items: Every sentence with its recording, in the tables' order.
        unclaimed: Recordings that no row names.
        findings: What was wrong with tables and files.
        rated: Whether the files say their frame rates.

    Chapter: 15_your_own_data
    """

    path: Path
    formats: dict[str, int] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    unclaimed: list[Recording] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    rated: bool = True


def open_source(path: str | Path, fps: float = 25.0) -> Source:
    """List what is in a folder of data, in any of the known formats or several.

    Args:
        path: The folder, or one file.
        fps: Frame rate of `.pt` and `.skels`, which don't hold it.

    Raises:
        PoseFileError: If there is no such folder or file.

    Chapter: 15_your_own_data
    """
    path = Path(path)
    if not path.exists():
        raise PoseFileError("There is no such folder.", file=path, fix="Check its spelling.")
    source = Source(path)
    folder = path if path.is_dir() else path.parent
    rows: list[Row] = []
    held: list[Recording] = []

    def add(format: str, part: Part) -> None:
        source.formats[format] = source.formats.get(format, 0) + 1
        rows.extend(part[0])
        held.extend(part[1])
        source.findings.extend(part[2])

    for format, suffix, read in _many(fps):
        for file in _of_kind(path, suffix):
            add(format, read(file))
    if any((folder / split / "corpus.json").is_file() for split in SPLITS) and path.is_dir():
        add("corpora", from_corpora(folder))
    recordings = None
    if path.is_dir() or path.suffix == ".csv":
        recordings = Recordings(folder)
        for suffix, count in sorted(recordings.counts.items()):
            source.formats[suffix] = count
        for file in (f for f in _of_kind(path, ".csv") if f.name != "index.csv"):
            add("table", _table(file))
    source.findings += pickles([*_of_kind(path, ".pkl"), *_of_kind(path, ".pickle")])
    source.rated = not any(one.file.suffix in (".pt", ".skels") for one in held)
    _join(source, rows, held, recordings)
    return source


def _many(fps: float) -> list[tuple[str, str, Callable[[Path], Part]]]:
    return [
        ("annotation .gz", ".gz", from_annotations),
        ("SLRTP .pt", ".pt", lambda file: from_slrtp(file, fps)),
        (".skels", ".skels", lambda file: from_skels(file, fps)),
    ]


def _table(path: Path) -> Part:
    rows, found = read_table(path)
    return rows, [], found


def _of_kind(path: Path, suffix: str) -> list[Path]:
    """Files of an ending: in the folder and in folders in it; or the one file that was named."""
    if path.is_file():
        return [path] if path.suffix == suffix else []
    files = [*path.glob(f"*{suffix}"), *path.glob(f"*/*{suffix}")]
    own = (f for f in sorted(files) if not f.name.startswith(".") and not _packed(f))
    return [f for f in own if not (f.parent / "index.csv").is_file() or f.parent == path]


def _packed(path: Path) -> bool:
    """Whether it is something else that was compressed, such as a backup."""
    return path.suffix == ".gz" and path.with_suffix("").suffix in (".tar", ".csv", ".json", ".txt")


def _join(
    source: Source, rows: list[Row], held: list[Recording], recordings: Recordings | None
) -> None:
    """Find every row's recording. A row of a table counts before one beside the poses."""
    by_name = {one.name: one for one in reversed(held)}
    own = {(one.file, one.place): one for one in held}
    told = {row.said.name for row in rows if (row.file, row.place) not in own}
    claimed: set[str] = set()
    for row in rows:
        name, beside = row.said.name, (row.file, row.place) in own
        if beside and name in told:
            continue  # the annotation says more of it than the file with the poses
        found = own.get((row.file, row.place)) or by_name.get(name)
        if found is None and recordings is not None:
            found = recordings.find(row.recording or name, row.split)
        if found is not None:
            claimed.add(found.name)
        source.items.append(Item(row, found))
    if recordings is not None:
        source.unclaimed = [one for n, one in recordings.by_name.items() if n not in claimed]
    if not source.items:
        what = "No sentence was found in it." if source.formats else "Nothing in it is known."
        source.findings.append(Finding("no_data", source.path, "", what, KNOWN))
