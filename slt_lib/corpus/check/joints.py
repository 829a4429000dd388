"""What did the pose estimator see, and is it where a body can have it?"""

from collections.abc import Iterator

import numpy as np

from slt_lib.corpus.check.looked import Looked, at_recording
from slt_lib.corpus.check.measure import Measured
from slt_lib.corpus.own import Finding, Item
from slt_lib.pose.skeleton import SLRTP_FILE_178

HARDLY = 0.2  # share of the frames that see the better seen hand
UPSIDE_DOWN = -0.3  # shoulder widths
TURNED = -0.3  # shoulder widths from right to left shoulder; the image's right is the signer's left
CROSSED = 0.8  # share of the frames in which hands are at the wrong arms
ARM, PALM = (0.35, 2.5), (0.08, 1.0)  # over the shoulder width, in the image
TIMES = 8.0  # how much larger or smaller than the others' a shoulder width may be
ESTIMATE = "Estimate the poses again, or leave the recording out."


def ask(looked: Looked) -> Iterator[Finding]:
    """Hands and shoulders never seen, numbers that are none, bodies that can't be."""
    usual = _usual_widths(looked)
    if SLRTP_FILE_178.name in usual:
        yield Finding("face_order", looked.source.path, "", "SLRTP files keep faces in an order "
                      "of their own.", "Nothing to do: `slt-book ingest` masks them.")  # fmt: skip
    for item, m in looked.pairs:
        if not m.skeleton:
            continue  # a video whose poses are not estimated yet
        if m.not_numbers:
            yield at_recording("not_numbers", item, "It holds NaN or infinity; these points are "
                               "taken as unseen.", ESTIMATE)  # fmt: skip
        if m.right == m.left == 0 or not m.shoulders:
            part = "shoulder" if not m.shoulders else "hand"
            yield at_recording("never_seen", item, f"No {part} is seen in any frame.", ESTIMATE)
            continue
        if max(m.right, m.left) < HARDLY:
            yield at_recording("mostly_unseen", item, "The better seen hand is seen in "
                               f"{max(m.right, m.left):.0%} of the frames.", ESTIMATE)  # fmt: skip
        yield from _body(item, m)
        yield from _unit(item, m, usual[m.skeleton])


def _body(item: Item, m: Measured) -> Iterator[Finding]:
    if m.up < UPSIDE_DOWN:
        yield at_recording("upside_down", item, "The head is below the shoulders: y points up.",
                           "Change the sign of y: here, y grows downwards.")  # fmt: skip
    if m.facing < TURNED or m.crossed > CROSSED:
        what = (
            "The signer's right shoulder is at the image's right."
            if m.facing < TURNED
            else "The right hand is at the left arm's wrist, and the left hand at the right one's."
        )
        fix = "Exchange left and right: right is the signer's, which a camera sees at its left."
        yield at_recording("swapped", item, what, fix)
    bones = (("upper arm", m.arm, ARM), ("palm", m.palm, PALM))
    off = [f"the {name} is {value:.2f}" for name, value, room in bones if not _within(value, *room)]
    if off:
        yield at_recording("proportions", item, f"In shoulder widths, {' and '.join(off)}.",
                           "Look at a frame: the joints may be in another order, or x and y "
                           "have different units.")  # fmt: skip


def _within(value: float, low: float, high: float) -> bool:
    return np.isnan(value) or low <= value <= high


def _usual_widths(looked: Looked) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for _, m in looked.pairs:
        found.setdefault(m.skeleton, []).append(m.width)
    return {name: float(np.nanmedian([np.nan, *w])) if not np.isnan(w).all() else np.nan
            for name, w in found.items()}  # fmt: skip


def _unit(item: Item, m: Measured, usual: float) -> Iterator[Finding]:
    ratio = m.width / usual if usual else np.nan
    if not _within(ratio, 1 / TIMES, TIMES):
        what = f"Its shoulders are {m.width:.3g} apart, those of most others {usual:.3g}."
    elif min(m.image) > 16 and m.largest <= 2:
        what = (f"It states a picture of {m.image[0]} x {m.image[1]} pixels, and no coordinate is "
                f"above {m.largest:.2g}.")  # fmt: skip
    else:
        return
    yield at_recording("unit", item, what, "Bring all to one unit, pixels best: shares of width "
                       "and height distort the body.")  # fmt: skip
