"""Do frames, frame rates and lengths agree with what was written down?"""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from slt_lib.corpus.check.looked import Looked, at_recording, at_row
from slt_lib.corpus.own import Finding

FEW, MANY = 1 / 8, 15.0  # seconds per word over their median; PHOENIX14T has 0.4 to 12.5
OTHER_RATE = 0.02  # 29.97 and 30 are one rate, 24 and 25 are two
LEAST = 10  # sentences to take a median of


def ask(looked: Looked) -> Iterator[Finding]:
    """Empty and one-frame recordings, other frame counts or rates than said, odd lengths."""
    rates = Counter(round(m.fps, 2) for _, m in looked.pairs if not m.video)
    usual = rates.most_common(1)[0][0] if rates else None
    if not looked.source.rated:
        yield Finding("no_rate", looked.source.path, "", f"Taken as {usual or 25:g} per second.",
                      "Give --fps if they have another.")  # fmt: skip
    unread = {f.file for f in looked.findings} | {
        (f.file, f.place) for f in looked.findings if f.place
    }
    for item, m in zip(looked.items, looked.measured, strict=True):
        one = item.recording
        if one is None:
            continue
        if not m.frames:
            if one.file not in unread and (one.file, one.place) not in unread and one.posed:
                yield at_recording("no_frames", item, "It has no frame.",
                                   "Export it again, or leave it out.")  # fmt: skip
            continue
        if m.frames == 1:
            yield at_recording("one_frame", item, "It has a single frame, which is no movement.",
                               "Export it again, or leave it out.")  # fmt: skip
        said = item.said.frames
        if said is not None and said != m.frames:
            yield at_row("frame_count", item, f"It is said to have {said} frames and has "
                         f"{m.frames}.", "Use the poses at the frame rate that the annotation was "
                         "made at, or correct it.")  # fmt: skip
        if not m.video and usual and abs(m.fps / usual - 1) > OTHER_RATE:
            yield at_recording("mixed_fps", item, f"It has {m.fps:g} frames per second, most have "
                               f"{usual:g}.", "Fine if it was filmed so: rates are converted. If "
                               "not, correct the file's.")  # fmt: skip
    yield from _unaligned(looked)
    yield from _outliers(looked)


def _unaligned(looked: Looked) -> Iterator[Finding]:
    without = [item for item in looked.items if item.said.alignment is None]
    for item in without if len(without) < len(looked.items) else ():
        yield at_row("no_alignment", item, f"{item.said.name!r} has no frame alignment.",
                     "No sign can be cut out of it by alignment; train on it.")  # fmt: skip


def _outliers(looked: Looked) -> Iterator[Finding]:
    """Sentences far longer or shorter than their words let expect; a last word counts double."""
    pairs = [(i, m) for i, m in looked.pairs if i.said.text.strip() and m.frames > 1]
    if len(pairs) < LEAST:
        return
    per = np.array([m.frames / m.fps / (len(i.said.text.split()) + 1) for i, m in pairs])
    middle = float(np.median(per))
    for (item, m), one in zip(pairs, per, strict=True):
        if not FEW <= one / middle <= MANY:
            yield at_recording(
                "outlier_length", item, f"{m.frames / m.fps:.1f} s for "
                f"{len(item.said.text.split())} words; usual are {middle:.2f} s per word.",
                "Look at it: the wrong recording, the wrong sentence, or uncut.",
            )  # fmt: skip
