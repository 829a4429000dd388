"""Can every row of a lexicon be played, and which of the corpus' glosses have no sign?"""

import csv
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tqdm import tqdm

from slt_lib.corpus.check.languages import is_signed, is_spoken
from slt_lib.corpus.check.looked import Looked
from slt_lib.corpus.own import Finding
from slt_lib.corpus.own.finding import of_error
from slt_lib.corpus.own.tables import decoded
from slt_lib.dictionary import Dictionary, Sign, SignQuality, assess, coverage, from_folder
from slt_lib.dictionary.store import load_dictionary
from slt_lib.pose.errors import MissingPartError, SLTError
from slt_lib.pose.io import LexiconEntry
from slt_lib.pose.io.guard import read_bytes, refusing
from slt_lib.pose.io.lexicon import COLUMNS, LARGEST_INDEX, lexicon_entry
from slt_lib.pose.io.single import read
from slt_lib.pose.sequence import PoseSequence

LAYOUT = f"The first line of an index.csv is {','.join(COLUMNS)}."


def look_up(folder: Path, progress: bool = True) -> tuple[Dictionary, list[Finding]]:
    """Read all of a lexicon: a folder with `index.csv`, of recordings, or a saved dictionary.

    Args:
        folder: The user's.
        progress: Whether to show a bar.

    Returns:
        A dictionary that knows which glosses can be signed, and what was found.

    Chapter: 15_your_own_data
    """
    try:
        if (folder / "dictionary.json").is_file():
            return load_dictionary(folder), []
        if not (folder / "index.csv").is_file():
            own = from_folder(folder)
            return own, [_rejected(folder / s.source, "", s.quality.why) for s in own.rejected]
        entries, found = lexicon_rows(folder)
    except SLTError as error:
        return Dictionary(), [of_error(error, folder, kind="lexicon_file")]
    signs = []
    for place, entry in tqdm(entries, "lexicon", unit="sign", leave=False, disable=not progress):
        found += _languages(entry, place)
        try:
            whole = read(entry.file)
        except MissingPartError:
            raise
        except SLTError as error:
            found.append(of_error(error, entry.file, place, kind="lexicon_file"))
            continue
        problem = _part(entry, whole, place)
        found += problem
        if any(one.severity == "error" for one in problem):
            continue
        signs.append(_known(entry, whole))
    return Dictionary(signs), found


def lexicon_rows(folder: Path) -> tuple[list[tuple[str, LexiconEntry]], list[Finding]]:
    """The rows of an `index.csv` that can be used, with their place; and what is wrong with others.

    Args:
        folder: Of the lexicon.

    Raises:
        PoseFileError: If there is no index.

    Chapter: 15_your_own_data
    """
    index = folder / "index.csv"
    with refusing(index, "a lexicon index", LAYOUT):
        text, found = decoded(read_bytes(index, LARGEST_INDEX), index)
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        what = f"Columns {', '.join(missing)} are missing."
        return [], [*found, Finding("columns", index, "row 1", what, LAYOUT)]
    entries = []
    for row in reader:
        place = f"row {reader.line_num}"
        try:
            entries.append((place, lexicon_entry(folder, row)))
        except ValueError as error:
            what = f"{str(error)[:1].upper()}{str(error)[1:]}."
            fix = "Correct the row (times in milliseconds, end 0 for the recording's end)."
            found.append(Finding("lexicon_row", index, place, what, fix))
    return entries, found


def _languages(entry: LexiconEntry, place: str) -> Iterator[Finding]:
    index = entry.folder / "index.csv"
    if not is_signed(entry.signed_language):
        what = f"{entry.signed_language!r} is the code of no sign language that we know."
        fix = "Write its ISO 639-3 code (gsg for DGS, ase for ASL, bfi for BSL)."
        yield Finding("language", index, place, what, fix)
    if not is_spoken(entry.spoken_language):
        what = f"{entry.spoken_language!r} is no code of a spoken language."
        yield Finding("language", index, place, what, "Write its ISO 639-1 code (de, en).")


def _part(entry: LexiconEntry, whole: PoseSequence, place: str) -> list[Finding]:
    """Whether the sign is in its recording, and can be seen there."""
    index, long = entry.folder / "index.csv", 1000 * whole.seconds
    if entry.start and entry.start >= long:
        what = f"The sign starts at {entry.start} ms, {entry.path} ends at {long:.0f} ms."
        return [Finding("span", index, place, what, "Correct start and end (milliseconds).")]
    found = []
    if entry.end > long + 1000 / whole.fps:
        what = f"The sign ends at {entry.end} ms, {entry.path} at {long:.0f} ms: that is taken."
        found.append(Finding("lexicon_end", index, place, what, "Write 0 for the end."))
    quality = assess(whole)
    if quality.verdict == "rejected":
        found.append(_rejected(entry.file, place, quality.why))
    return found


def _rejected(file: Path, place: str, why: tuple[str, ...]) -> Finding:
    fix = "Record the sign again, or remove it: its gloss has no sign now."
    return Finding("lexicon_file", file, place, " ".join(why), fix)


def _known(entry: LexiconEntry, whole: PoseSequence) -> Sign:
    quality = SignQuality(len(whole), verdict="good")
    return Sign(entry.glosses or entry.words, whole.fps, len(whole), partial(read, entry.file),
                quality=quality)  # fmt: skip


def ask(looked: Looked, dictionary: Dictionary, folder: Path) -> Iterator[Finding]:
    """Glosses of the corpus that the dictionary can't sign, the most frequent first.

    Args:
        looked: The corpus.
        dictionary: Of `look_up`.
        folder: Where it is.
    """
    lacking = coverage((item.said.gloss for item in looked.items), dictionary).missing
    for gloss, count in lacking.items():
        spelled = dictionary.lookup(gloss).step == "fingerspelling"
        how = "would be finger-spelled" if spelled else "is left out of stitched sentences"
        yield Finding("gloss_without_sign", folder, f"gloss {gloss!r}",
                      f"It comes {count}x in the corpus, has no sign, and {how}.",
                      "Record it, or name a synonym (chapter 2).")  # fmt: skip
