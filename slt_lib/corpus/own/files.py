"""Files that hold many sentences: SLRTP `.pt`, `.skels`, annotation pickles, corpora of ours."""

import pickletools
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from slt_lib.corpus.corpus import Corpus
from slt_lib.corpus.own.finding import Finding, of_error
from slt_lib.corpus.own.rows import SPLIT_OF, SPLITS, Recording, Row
from slt_lib.corpus.own.tables import split_of
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance, read_annotations, read_slrtp
from slt_lib.pose.io.guard import read_bytes, refusing
from slt_lib.pose.io.skels import line_starts, skels_line
from slt_lib.pose.io.slrtp import SlrtpFile
from slt_lib.pose.sequence import PoseSequence

Part = tuple[list[Row], list[Recording], list[Finding]]
LARGEST_PICKLE = 64 << 20
ALIKE = "Every sequence has one line in .skels, .files, .gloss and .text."


def from_slrtp(path: Path, fps: float) -> Part:
    """The sentences of an SLRTP `.pt` file."""
    try:
        held = read_slrtp(path, fps)
    except SLTError as error:
        return [], [], [of_error(error, path)]
    rows, recordings, found = [], [], []
    for key in held:
        place = f"item {key!r}"
        try:
            said = held.said(key)
        except SLTError as error:
            found.append(of_error(error, path, place))
            continue
        rows.append(Row(said, split_of(path), path, place))
        recordings.append(Recording(said.name, path, place, partial(_slrtp_pose, held, key)))
    return rows, recordings, found


def _slrtp_pose(held: SlrtpFile, key: str) -> PoseSequence:
    return held[key].pose


def from_skels(path: Path, fps: float) -> Part:
    """The sentences of a `.skels` file and the text files beside it."""
    beside = {kind: path.with_suffix(f".{kind}") for kind in ("files", "gloss", "text")}
    try:
        starts = line_starts(path)
        lines = {kind: _lines(file) for kind, file in beside.items()}
    except SLTError as error:
        return [], [], [of_error(error, path)]
    found = [
        Finding("fields", beside[kind], "", f"It has {len(some)} lines, {path.name} has "
                f"{len(starts)}.", ALIKE)
        for kind, some in lines.items()
        if some is not None and len(some) != len(starts)
    ]  # fmt: skip
    if lines["files"] is None:
        what = f"{beside['files'].name} with the sequences' names is missing."
        return [], [], [Finding("no_data", path, "", what, ALIKE)]
    rows, recordings = [], []
    for number, (name, start) in enumerate(zip(lines["files"], starts, strict=False), 1):
        gloss, text = (
            some[number - 1] if some and number <= len(some) else ""
            for some in (lines["gloss"], lines["text"])
        )
        place = f"line {number}"
        split = split_of(path) or SPLIT_OF.get(name.partition("/")[0], "")
        rows.append(Row(Utterance(name, tuple(gloss.split()), text), split, path, place))
        read = partial(skels_line, path, start, number, fps)
        recordings.append(Recording(name, path, place, read))
    return rows, recordings, found


def _lines(path: Path) -> list[str] | None:
    if not path.is_file():
        return None
    with refusing(path, "a text file", "It has to be UTF-8 text: iconv -f cp1252 -t utf-8."):
        text = read_bytes(path).decode("utf-8-sig")
    return text.removesuffix("\n").split("\n") if text else []


def from_annotations(path: Path) -> Part:
    """The sentences of a sign-language-transformers annotation file (gzip pickle)."""
    try:
        said = read_annotations(path)
    except SLTError as error:
        return [], [], [of_error(error, path)]
    split = split_of(path)
    rows = [Row(one, split, path, f"item {one.name!r}") for one in said]
    return rows, [], []


def from_corpora(folder: Path) -> Part:
    """The sentences of a folder with our own corpora `train`, `dev` and `test`."""
    rows, recordings, found = [], [], []
    for split in SPLITS:
        part = folder / split
        if not (part / "corpus.json").is_file():
            continue
        try:
            corpus = Corpus.open(part)
        except SLTError as error:
            found.append(of_error(error, part))
            continue
        for number, name in enumerate(corpus.names):
            said = Utterance(name, corpus.glosses[number], corpus.texts[number],
                             corpus.signers[number], origin=corpus.origins[number],
                             spans=corpus.spans[number])  # fmt: skip
            place = f"item {name!r}"
            rows.append(Row(said, split, part, place))
            read = partial(_corpus_pose, corpus, number)
            recordings.append(Recording(name, part, place, read))
    return rows, recordings, found


def _corpus_pose(corpus: Corpus, number: int) -> PoseSequence:
    return corpus[number].pose


def pickles(paths: Iterable[Path]) -> list[Finding]:
    """Pickles, which aren't read; those that would run something are named as what they are.

    Args:
        paths: Files ending in `.pkl` or `.pickle`.
    """
    found = []
    for path in paths:
        asks = _asks(path)
        if asks:
            what = f"It asks for {asks} to be run when it is opened."
            fix = "Don't open it with pickle. Delete it, or get the data as .pose, .npz or .csv."
            found.append(Finding("unsafe", path, "", what, fix))
    return found


def _asks(path: Path) -> str:
    """The first thing that a pickle would call, "" if none or if it isn't a pickle."""
    try:
        strings: list[str] = []
        for opcode, argument, _ in pickletools.genops(read_bytes(path, LARGEST_PICKLE)):
            if opcode.name == "GLOBAL":
                return str(argument).replace(" ", ".")[:80]
            if opcode.name == "STACK_GLOBAL":
                return ".".join(strings[-2:])[:80]
            if "UNICODE" in opcode.name:
                strings.append(str(argument))
    except Exception:  # whatever a damaged pickle makes of the parser: nothing opens it
        return ""
    return ""
