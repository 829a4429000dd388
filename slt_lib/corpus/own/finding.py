"""What can be wrong with somebody's data, how grave it is, and how one thing found is told."""

from dataclasses import dataclass
from pathlib import Path

from slt_lib.pose.errors import SLTError, UnsafeFileError

# Every kind of finding: how grave it is, and its heading. Errors stop `slt-book ingest`.
KINDS = {
    "no_data": ("error", "nothing to read"),
    "unsafe": ("error", "files that would run code"),
    "unreadable": ("error", "files or items that can't be read"),
    "frame_rate": ("error", "frame rates missing or impossible"),
    "video": ("error", "videos that can't be decoded"),
    "video_environment": ("error", "videos without poses, and no way to estimate them"),
    "encoding": ("error", "tables that aren't UTF-8"),
    "delimiter": ("error", "tables with another delimiter"),
    "columns": ("error", "tables without the columns"),
    "fields": ("error", "rows with too few or too many fields"),
    "span": ("error", "times outside the recording"),
    "split_name": ("error", "splits of unknown name"),
    "split_missing": ("error", "a split is missing"),
    "row_without_file": ("error", "rows without a recording"),
    "duplicate_name": ("error", "names that stand twice"),
    "frame_count": ("error", "frame counts that disagree"),
    "empty_text": ("error", "sentences without text"),
    "no_frames": ("error", "recordings without a frame"),
    "never_seen": ("error", "recordings that show no hand, or no shoulders"),
    "upside_down": ("error", "y axis upside down"),
    "swapped": ("error", "left and right exchanged"),
    "lexicon_row": ("error", "lexicon rows that can't be used"),
    "lexicon_file": ("error", "lexicon rows without a readable recording"),
    "proportions": ("warning", "bodies of impossible proportions"),
    "unit": ("warning", "positions in another unit"),
    "file_without_row": ("warning", "recordings that no row names"),
    "one_frame": ("warning", "recordings of one frame"),
    "not_numbers": ("warning", "points that are not numbers"),
    "mostly_unseen": ("warning", "hands hardly ever seen"),
    "outlier_length": ("warning", "lengths that don't fit the sentence"),
    "same_recording": ("warning", "one recording under two names"),
    "empty_gloss": ("warning", "sentences without glosses"),
    "mark_up": ("warning", "mark-up in texts"),
    "upper_case": ("warning", "texts in capitals"),
    "leak": ("warning", "sentences of dev or test that also stand in train"),
    "near_leak": ("warning", "sentences that differ from train in case or punctuation only"),
    "too_little": ("warning", "too little data"),
    "mixed_fps": ("warning", "frame rates that differ from the others"),
    "odd_video": ("warning", "videos of odd rate or size"),
    "gloss_without_sign": ("warning", "glosses without a sign"),
    "language": ("warning", "languages that aren't known"),
    "disk": ("warning", "disk space"),
    "same_signer": ("note", "signers in train and in test"),
    "no_splits": ("note", "no splits given"),
    "no_glosses": ("note", "no glosses"),
    "small": ("note", "a small corpus"),
    "estimate": ("note", "poses to be estimated"),
    "face_order": ("note", "faces in an unpublished order"),
    "no_alignment": ("note", "sentences without frame alignment"),
    "no_rate": ("note", "frame rates that the format doesn't hold"),
    "lexicon_end": ("note", "lexicon rows that end behind the recording"),
}
SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing found: where it is, what it is, and what to do.

    Attributes:
        kind: A key of `KINDS`.
        file: The file it is in.
        place: Where in it ("row 12", "line 3", "item 'x'"); "" for the whole file.
        what: What is wrong, in one sentence.
        fix: What to do about it.

    Chapter: 15_your_own_data
    """

    kind: str
    file: Path
    place: str
    what: str
    fix: str

    @property
    def severity(self) -> str:
        """ "error", "warning" or "note"."""
        return KINDS[self.kind][0]

    @property
    def where(self) -> str:
        """File and place in it."""
        return f"{self.file}, {self.place}" if self.place else str(self.file)

    def as_dict(self) -> dict:
        """As plain values."""
        about = {"severity": self.severity, "kind": self.kind, "file": str(self.file)}
        return about | {"place": self.place, "what": self.what, "fix": self.fix}


def of_error(error: SLTError, file: Path, place: str = "", kind: str = "unreadable") -> Finding:
    """A reader's refusal as a finding.

    Args:
        error: What the reader raised.
        file, place: Where, unless the error names another file.
        kind: Of the finding, where the error isn't of a kind of its own.
    """
    if isinstance(error, UnsafeFileError):
        kind = "unsafe"
    elif "frame rate" in error.what:
        kind = "frame_rate"
    fix = error.fix or "Export or download it again, or leave it out."
    if kind == "frame_rate":
        fix = "Write the recording's true frame rate into the file, or leave it out."
    return Finding(kind, Path(error.file or file), place, error.what, fix)
