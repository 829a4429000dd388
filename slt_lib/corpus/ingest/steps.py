"""From somebody's folder to what the chapters take: corpora `train`, `dev`, `test`, a dictionary.

Every step is skipped where its result is there and its input hasn't changed.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from slt_lib.corpus.check import Report, check_data
from slt_lib.corpus.check.report import lexicon_of
from slt_lib.corpus.corpus import write_corpus
from slt_lib.corpus.ingest.choose import by_split, usable
from slt_lib.corpus.ingest.convert import aligned_spans, in_shoulder_frame, read_signs
from slt_lib.corpus.own import Item
from slt_lib.corpus.own.rows import SPLITS
from slt_lib.dictionary import save_dictionary
from slt_lib.pose.io.guard import atomic_write

ABOUT = "ingest.json"


@dataclass(frozen=True)
class Ingested:
    """What a folder of data became.

    Attributes:
        corpus: A folder with corpora `train`, `dev` and `test`: chapter 10's parameter `corpus`.
        dictionary: A saved dictionary, None without a lexicon: the parameter `dictionary`.
        sizes: Sentences by split.
        left_out: Sentences with errors, if they were to be left out.
        done: Which steps had anything to do.

    Chapter: 15_your_own_data
    """

    corpus: Path
    dictionary: Path | None
    sizes: dict[str, int]
    left_out: tuple[str, ...]
    done: tuple[str, ...]


def ingest(
    data: str | Path, out: str | Path, *, lexicon: str | Path | None = None, fps: float = 25.0,
    seed: int = 0, resplit: bool = False, leave_out: bool = False, origin: str = "real",
    progress: bool = True, report: Report | None = None,
) -> Ingested:  # fmt: skip
    """Check a folder of data, and make corpora and a dictionary of it.

    Args:
        data: As for `check_data`.
        out: A folder of its own; what is complete in it stays.
        lexicon: As for `check_data`.
        fps: Frame rate of formats that don't hold theirs.
        seed: Of the splits, where they are made here.
        resplit: Make splits even where the data have some.
        leave_out: Leave out sentences with errors, instead of refusing.
        origin: Of the corpora's items: "real", or "simulated".
        progress: Whether to show bars.
        report: Of `check_data`, if it was run already.

    Raises:
        SLTError: If the check found errors that can't be left out.

    Chapter: 15_your_own_data
    """
    data, out = Path(data), Path(out)
    report = report or check_data(data, lexicon, fps=fps, progress=progress)
    items, dropped = usable(report, resplit, leave_out)
    parts = by_split(items, seed, resplit)
    key = _key(report, parts, (fps, origin))
    done, spans = [], None
    before = _read_about(out)
    for split in SPLITS:
        folder = out / "corpus" / split
        if before.get(split) == key[split] and (folder / "corpus.json").is_file():
            continue
        spans = spans if spans is not None else aligned_spans(report.looked.items)
        bar = tqdm(parts[split], split, unit="item", leave=False, disable=not progress)
        write_corpus(folder, in_shoulder_frame(bar, origin, spans))
        before[split] = key[split]
        _write_about(out, before)
        done.append(split)
    dictionary = _dictionary(lexicon_of(data, lexicon), out, before, done)
    sizes = {split: len(parts[split]) for split in SPLITS}
    return Ingested(out / "corpus", dictionary, sizes, tuple(dropped), tuple(done))


def _dictionary(lexicon: Path | None, out: Path, before: dict, done: list[str]) -> Path | None:
    """A saved dictionary is taken where it is; any other lexicon is read once and saved."""
    if lexicon is None:
        return None
    if (lexicon / "dictionary.json").is_file():
        return lexicon
    folder = out / "dictionary"
    key = _hash([_file_state(path) for path in sorted(lexicon.rglob("*")) if path.is_file()])
    if before.get("dictionary") != key or not (folder / "dictionary.json").is_file():
        save_dictionary(read_signs(lexicon), folder)
        before["dictionary"] = key
        _write_about(out, before)
        done.append("dictionary")
    return folder


def _key(report: Report, parts: dict[str, list[Item]], more: tuple) -> dict[str, str]:
    """Of everything that a split's corpus is made from: what was measured has the poses' hash."""
    measured = dict(zip(map(id, report.looked.items), report.looked.measured, strict=True))
    return {
        split: _hash([*more, *((i.said.name, i.said.text, i.said.gloss, i.said.signer, i.row.span,
                                measured[id(i)].digest, measured[id(i)].fps,
                                _file_state(i.recording.file)) for i in items)])
        for split, items in parts.items()
    }  # fmt: skip


def _file_state(path: Path) -> tuple[str, int, int]:
    about = path.stat()
    return path.name, about.st_size, about.st_mtime_ns


def _hash(values: object) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()


def _read_about(out: Path) -> dict:
    try:
        return json.loads((out / ABOUT).read_text("utf8"))
    except (OSError, ValueError):
        return {}


def _write_about(out: Path, about: dict) -> None:
    with atomic_write(out / ABOUT) as file:
        file.write(json.dumps(about, indent=1).encode())
