"""Are the videos ones that a pose estimator can use?"""

from collections import Counter
from collections.abc import Iterator

from slt_lib.corpus.check.looked import Looked
from slt_lib.corpus.own import Finding
from slt_lib.pose.errors import MissingPartError
from slt_lib.pose.video import video_command

RATES = (12.0, 125.0)
SMALLEST = 64  # pixels; below, hands are a smear
ESTIMATED_PER_SECOND = 24  # frames, of MediaPipe Holistic on two cores (chapter 1)


def ask(looked: Looked) -> Iterator[Finding]:
    """Odd frame rates and sizes; poses that are still to be estimated."""
    films = [(i.recording.video, m.video, m.frames, i.recording.posed)
             for i, m in zip(looked.items, looked.measured, strict=True) if m.video]  # fmt: skip
    sizes = Counter(video[1:] for _, video, _, _ in films)
    usual = sizes.most_common(1)[0][0] if sizes else None
    for path, (fps, width, height), _, _ in films:
        if not RATES[0] <= fps <= RATES[1]:
            yield Finding("odd_video", path, "", f"It has {fps:.1f} frames per second.",
                          "Hands move faster than that: film at 25 or more.")  # fmt: skip
        if min(width, height) < SMALLEST:
            yield Finding("odd_video", path, "", f"It has {width} x {height} pixels.",
                          f"Export it larger: {SMALLEST} a side at least.")  # fmt: skip
        elif (width, height) != usual:
            yield Finding("odd_video", path, "", f"It has {width} x {height} pixels, most have "
                          f"{usual[0]} x {usual[1]}.", "Fine if it shows the same part of the "
                          "signer; if not, crop it alike.")  # fmt: skip
    yield from _estimates(looked, [(path, frames) for path, _, frames, posed in films if not posed])


def _estimates(looked: Looked, films: list) -> Iterator[Finding]:
    if not films:
        return
    frames = sum(n for _, n in films)
    minutes = frames / ESTIMATED_PER_SECOND / 60
    yield Finding("estimate", looked.source.path, "", f"{len(films)} videos have no poses: "
                  f"{frames:,} frames, about {minutes:.0f} minutes of estimating.",
                  "`slt-book ingest` estimates them once and keeps them.")  # fmt: skip
    try:
        video_command()
    except MissingPartError as error:
        yield Finding("video_environment", films[0][0], "", error.what, error.fix)
