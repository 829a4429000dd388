"""The moving picture on the book's first page: a finger-spelled word as an animated SVG.

`python -m slt_lib.plots.hero book/_static/hero.svg` draws it again. It plays inside an `<img>`,
without a script; readers who asked for less motion see it stand still.
"""

import sys
from pathlib import Path

import numpy as np

from slt_lib.dictionary import from_lexicon
from slt_lib.plots.player import Lines, in_view
from slt_lib.plots.style import FONT, INK, PARTS
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching.stitcher import Segment, Stitcher

WORD = "GEBÄRDE"  # German for: sign
SECONDS = 0.44  # per letter
PAUSE = 18  # frames that the last letter stays
UNIT = 1450  # tenths of a pixel per shoulder width
MIDDLE = (3600, 2050)  # where the shoulders' mid-point is, tenths of a pixel
STROKES = {"body": 90, "face": 22, "right_hand": 44, "left_hand": 44}


def hero(word: str = WORD, seconds: float = SECONDS) -> str:
    """An animated SVG of a word, stitched from the bundled German finger alphabet.

    Args:
        word: Letters of the German finger alphabet.
        seconds: How long each letter lasts.

    Returns:
        The SVG's text, 720 by 400 pixels, transparent; 25 frames per second, in a loop.

    Raises:
        MissingSignError: If the alphabet lacks a letter.

    Chapter: 03_stitching
    """
    stitcher = Stitcher(from_lexicon(signed_language="gsg"))
    stitched = stitcher.stitch(list(word), seconds=[seconds] * len(word))
    return draw(stitched.pose, stitched.segments, word)


def draw(pose: PoseSequence, segments: tuple[Segment, ...], word: str) -> str:
    """The SVG of a sequence and of the word below it, letter by letter."""
    frames = [*range(len(pose)), *[len(pose) - 1] * PAUSE]
    lasts = f'dur="{len(frames) / pose.fps:.2f}s" repeatCount="indefinite" calcMode="discrete"'
    moving, still = [], []
    poster = segments[len(segments) // 2].end - 1
    for part in ("body", "face", "right_hand", "left_hand"):
        lines = Lines.of(pose.skeleton, part)
        shown = pose.mask.copy()
        shown[:, _hips(pose)] = False
        paths = [_path(points) for points in _scaled(lines.points(in_view(pose), shown))]
        if not any(paths):
            continue
        look = f'stroke="{PARTS[part]}" stroke-width="{STROKES[part]}"'
        look += f' fill="{PARTS[part]}" fill-opacity=".08"' if part == "face" else ""
        still.append(f'<path {look} d="{paths[poster]}"/>')
        values = ";".join(paths[f] or "M0 0" for f in frames)
        moving.append(f'<path {look}><animate attributeName="d" {lasts} values="{values}"/></path>')
    letters = [_letter(i, c, word, segments, frames, lasts) for i, c in enumerate(word)]
    plain = [_letter(i, c, word, segments, [], "") for i, c in enumerate(word)]
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 7200 4000" fill="none"
 stroke-linecap="round" stroke-linejoin="round" font-family="{FONT}" font-size="340"
 font-weight="600" text-anchor="middle">
<style>.still{{display:none}}@media (prefers-reduced-motion:reduce){{.still{{display:inline}}
.moving{{display:none}}}}</style>
<g class="moving">{"".join(moving + letters)}</g>
<g class="still">{"".join(still + plain)}</g>
</svg>
"""


def _hips(pose: PoseSequence) -> np.ndarray:
    return pose.skeleton.ids("RIGHT_HIP", "LEFT_HIP")


def _scaled(points: np.ndarray) -> np.ndarray:
    """Shoulder widths to tenths of a pixel, float [frames, points, 2]."""
    return points[..., :2] * UNIT + MIDDLE


def _path(points: np.ndarray) -> str:
    """A polyline with gaps as SVG path data, in whole numbers, relative to the last point."""
    words, last = [], None
    for point in points:
        if not np.isfinite(point).all():
            last = None
            continue
        x, y = np.round(point).astype(int)
        words.append(f"M{x} {y}" if last is None else f"l{x - last[0]} {y - last[1]}")
        last = (x, y)
    return "".join(words).replace(" -", "-")


def _letter(i: int, letter: str, word: str, segments, frames: list[int], lasts: str) -> str:
    """One letter of the word; it lights up while it is being signed."""
    x = MIDDLE[0] + (i - (len(word) - 1) / 2) * 420
    begin = f'<text x="{x:.0f}" y="3880" fill='
    if not frames:
        return f'{begin}"{INK}">{letter}</text>'
    span = range(segments[i].start, segments[i].end)
    values = ";".join(PARTS["right_hand"] if f in span else INK for f in frames)
    animate = f'<animate attributeName="fill" {lasts} values="{values}"/>'
    return f'{begin}"{INK}">{letter}{animate}</text>'


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(hero(), encoding="utf-8")
