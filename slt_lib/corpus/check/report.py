"""`check_data`: read everything, ask everything, and say it so that it can be mended."""

import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from slt_lib.corpus.check import joints, lengths, lexicon, names, splits, texts, videos
from slt_lib.corpus.check.looked import Looked
from slt_lib.corpus.check.measure import Measured, look
from slt_lib.corpus.own import Finding, Source, open_source
from slt_lib.corpus.own.finding import KINDS, SEVERITIES
from slt_lib.corpus.own.rows import SPLITS
from slt_lib.dictionary import Coverage, coverage

QUESTIONS = (names, texts, splits, lengths, joints, videos)
BYTES_PER_FRAME = 178 * (3 * 2 + 1) + 64  # of a corpus of ours: positions, mask, columns
COPIES = 3  # the corpus, its synthetic twin, and what is between
SHOWN = 5  # findings of a kind that a text lists in full


@dataclass
class Report:
    """What was found in somebody's data.

    Attributes:
        path: The data.
        findings: Errors first, then warnings, then notes.
        counts: Sentences by split, signers, glosses, words, frames, seconds, frame rates, shares
            of joints unseen.
        formats: Number of files by format.
        coverage: Of the glosses by the lexicon; None without one.
        looked: Items and their measures, for figures.

    Chapter: 15_your_own_data
    """

    path: Path
    findings: list[Finding]
    counts: dict
    formats: dict[str, int]
    coverage: Coverage | None = None
    looked: Looked | None = field(default=None, repr=False)

    def of(self, severity: str) -> list[Finding]:
        """The findings of a severity."""
        return [one for one in self.findings if one.severity == severity]

    def as_dict(self) -> dict:
        """As plain values, for `--json`."""
        covered = self.coverage and {"rows": self.coverage.rows(), "missing": self.coverage.missing}
        return {
            "path": str(self.path), "formats": self.formats, "counts": self.counts,
            "coverage": covered, "findings": [one.as_dict() for one in self.findings],
        }  # fmt: skip

    def as_text(self) -> str:
        """For a terminal: counts, then findings by kind, the gravest first."""
        lines = [f"{self.path}: " + ", ".join(f"{n} {f}" for f, n in self.formats.items())]
        lines += [f"  {name}: {_plain(value)}" for name, value in self.counts.items()]
        kinds: dict[str, list[Finding]] = {}
        for one in self.findings:
            kinds.setdefault(one.kind, []).append(one)
        for kind, some in kinds.items():
            lines += ["", f"{KINDS[kind][0].upper()}: {KINDS[kind][1]} ({len(some)})"]
            lines += [f"  {one.where}: {one.what}" for one in some[:SHOWN]]
            lines += [f"  ... and {len(some) - SHOWN} more (--json lists all)"] * (
                len(some) > SHOWN
            )
            lines += [f"  -> {fix}" for fix in dict.fromkeys(one.fix for one in some[:SHOWN])]
        total = Counter(one.severity for one in self.findings)
        said = [f"{total[s]} {s}{'s' * (total[s] != 1)}" for s in SEVERITIES]
        return "\n".join([*lines, "", ", ".join(said) + "."])


def check_data(
    path: str | Path, lexicon_folder: str | Path | None = None, *, fps: float = 25.0,
    progress: bool = True,
) -> Report:  # fmt: skip
    """Read all of somebody's data, item by item, and report what is in it and what is wrong.

    Nothing is written. Memory holds the tables and some numbers per item, never two poses.

    Args:
        path: A folder, or a file, of any format that `open_source` knows.
        lexicon_folder: A lexicon with `index.csv`, a folder of recordings, or a saved dictionary;
            by default the data's own folder `lexicon`, if there is one.
        fps: Frame rate of formats that don't hold theirs.
        progress: Whether to show bars on standard error.

    Raises:
        PoseFileError: If there is no such folder or file.

    Chapter: 15_your_own_data
    """
    source = open_source(path, fps)
    looked = look_at(source, progress)
    findings = [*source.findings, *looked.findings]
    for question in QUESTIONS:
        findings += question.ask(looked)
    covered, folder = None, lexicon_of(source.path, lexicon_folder)
    if folder is not None:
        dictionary, found = lexicon.look_up(folder, progress)
        findings += [*found, *lexicon.ask(looked, dictionary, folder)]
        covered = coverage((i.said.gloss for i in looked.items), dictionary)
    findings += _disk(looked)
    order = {kind: number for number, kind in enumerate(KINDS)}
    findings.sort(key=lambda one: (SEVERITIES.index(one.severity), order[one.kind]))
    return Report(source.path, findings, _counts(looked), source.formats, covered, looked)


def lexicon_of(path: Path, given: str | Path | None) -> Path | None:
    """The lexicon that goes with some data: the one given, or the folder `lexicon` in it."""
    if given:
        return Path(given)
    inside = path / "lexicon"
    return inside if (inside / "index.csv").is_file() else None


def look_at(source: Source, progress: bool = True) -> Looked:
    """Read every recording of a source, one after the other.

    Args:
        source: Of `open_source`.
        progress: Whether to show a bar.

    Chapter: 15_your_own_data
    """
    looked = Looked(source)
    for item in tqdm(source.items, "checking", unit="item", leave=False, disable=not progress):
        measured, found = look(item)
        looked.items.append(item)
        looked.measured.append(measured)
        looked.findings.extend(found)
    return looked


def _counts(looked: Looked) -> dict:
    by_split = looked.splits()
    sizes = {s or "no split": len(by_split[s]) for s in (*SPLITS, "") if s in by_split}
    pairs, said = looked.pairs, [item.said for item in looked.items]
    rates = Counter(round(m.fps, 2) for _, m in pairs)
    posed = [m for _, m in pairs if m.skeleton]
    return {
        "sentences": sizes,
        "recordings": len(pairs),
        "signers": len({one.signer for one in said if one.signer}),
        "glosses": len({g for one in said for g in one.gloss}),
        "words": len({w for one in said for w in one.text.split()}),
        "frames": sum(m.frames for _, m in pairs),
        "minutes": round(sum(m.frames / m.fps for _, m in pairs if m.fps > 0) / 60, 2),
        "fps": {f"{rate:g}": count for rate, count in rates.most_common(5)},
        "hand joints unseen": _mean(posed, "unseen"),
        "frames with a right hand": _mean(posed, "right"),
        "frames with a left hand": _mean(posed, "left"),
    }


def _mean(measured: Iterable[Measured], name: str) -> float | None:
    values = [getattr(m, name) for m in measured if not np.isnan(getattr(m, name))]
    return round(float(np.mean(values)), 3) if values else None


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} ({count})" for name, count in value.items()) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _disk(looked: Looked) -> list[Finding]:
    frames = sum(m.frames for _, m in looked.pairs)
    needed, free = COPIES * frames * BYTES_PER_FRAME, shutil.disk_usage(looked.source.path).free
    if needed < free:
        return []
    what = f"About {needed >> 20} MB are needed for corpora, {free >> 20} MB are free."
    return [Finding("disk", looked.source.path, "", what, "Make room, or write elsewhere.")]
