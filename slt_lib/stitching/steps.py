"""Steps 3, 6 and 7, one function each. Steps 4 and 5 are in `assemble`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from slt_lib.dictionary.crop import distance_crop, elbow_crop
from slt_lib.pose.bones import set_bone_lengths
from slt_lib.pose.proportions import canonical_body
from slt_lib.pose.resample import resample
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching import filters
from slt_lib.stitching.assemble import Segment
from slt_lib.stitching.measures import hand_travel
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.spectrum import Spectrum, cutoff_grid, match_cutoff, part_power

KEPT_TRAVEL = 0.93  # of the hands' way, at least, must survive matched smoothing
TREMBLING = 0.12  # seconds; what hands do for less than this may be smoothed away


@dataclass(frozen=True, eq=False)
class CroppedSign:
    """A recording from leaving rest to being back, and which part of it is the sign.

    Attributes:
        pose: All of it, at the recording's own frame rate.
        start, end: Of the sign in it, in frames, end exclusive.
    """

    pose: PoseSequence
    start: int
    end: int

    def way_in(self, kept: float = 0.0) -> PoseSequence:
        """The way up from rest, but for what is kept with the sign; may be empty."""
        return self.pose[: self._start(kept)]

    def sign(self, kept: float = 0.0) -> PoseSequence:
        """The sign, and before it the last part of its way in.

        Args:
            kept: Share of the way's frames that is kept with the sign.
        """
        return self.pose[self._start(kept) : self.end]

    def way_out(self) -> PoseSequence:
        """The way back to rest; may be empty."""
        return self.pose[self.end :]

    def _start(self, kept: float) -> int:
        return self.start - round(kept * self.start)


def crop_sign(pose: PoseSequence, how: str) -> CroppedSign:
    """Step 3: the part of a recording that is the sign, with the ways beside it (see chapter 2)."""
    if how == "none":
        return CroppedSign(pose, 0, len(pose))
    crop = distance_crop(pose) if how == "distance" else elbow_crop(pose)
    return CroppedSign(pose[crop.rise : crop.fall], crop.start - crop.rise, crop.end - crop.rise)


def set_tempo(
    pose: PoseSequence, segments: list[Segment], tempo: float
) -> tuple[PoseSequence, list[Segment]]:
    """Step 6: the whole sentence `tempo` times faster.

    Chapter: 03_stitching
    """
    frames = max(len(segments), round(len(pose) / tempo))
    if frames == len(pose):
        return pose, segments
    factor = frames / len(pose)
    starts = [int(s.start * factor) for s in segments]
    ends = [max(a + 1, round(s.end * factor)) for a, s in zip(starts, segments, strict=True)]
    moved = [replace(s, start=a, end=b) for s, a, b in zip(segments, starts, ends, strict=True)]
    return resample(pose, frames), moved


def smooth_out(
    pose: PoseSequence,
    segments: Sequence[Segment],
    settings: StitchSettings,
    reference: Spectrum | None,
) -> tuple[PoseSequence, dict[str, float]]:
    """Step 7: as smooth as real signing, and canonical bones again.

    `matched` finds a cutoff for each body part (`match_cutoff`) and filters every part with
    its own, in one pass; hands are measured from their wrist. Smoothness must not be bought
    with articulation: if the hands would travel less than 93 % of their way within signs, all
    cutoffs are raised until they don't.

    Returns:
        (filtered sequence, cutoff in hertz by body part). Parts that are no rougher than real
        signing need no filter and are left out, and so are all for other filters.

    Chapter: 03_stitching
    """
    fps, cutoff = pose.fps, settings.cutoff
    simple = {
        "fixed": lambda track: filters.butterworth(track, cutoff, fps),
        "gaussian": lambda track: filters.gaussian(track, cutoff, fps),
        "savitzky-golay": lambda track: filters.savitzky_golay(track, 1 / cutoff, fps),
        "one-euro": lambda track: filters.one_euro(track, fps, slowest=cutoff),
    }
    restore = restore_bones if settings.canonical else lambda bent: bent
    if settings.smoothing == "none":
        return restore(pose), {}
    if settings.smoothing != "matched":
        return restore(filters.apply_filter(pose, simple[settings.smoothing])), {}
    highest, signs = cutoff_grid(fps)[-1], steps_in_signs(segments, len(pose))
    measured = {p: power for p, power in part_power(pose).items() if p in reference.power}
    cutoffs = {}
    if measured:
        wanted = np.stack([reference.power[part] for part in measured])
        best = match_cutoff(np.stack([*measured.values()]), wanted, fps, filters.ORDER)
        cutoffs = dict(zip(measured, best.tolist(), strict=True))
    while True:
        cutoffs = {part: hertz for part, hertz in cutoffs.items() if hertz < highest}
        smooth = restore(filters.filter_parts(pose, cutoffs) if cutoffs else pose)
        if not cutoffs or _travel(smooth, signs) >= KEPT_TRAVEL * _travel(pose, signs):
            return smooth, cutoffs
        cutoffs = {part: hertz * 1.25 for part, hertz in cutoffs.items()}


def _travel(pose: PoseSequence, signs: np.ndarray) -> float:
    """How far the hands go within signs, trembling aside."""
    return hand_travel(pose, steps=signs, over=TREMBLING)


def steps_in_signs(segments: Sequence[Segment], frames: int) -> np.ndarray:
    """Which steps from frame to frame lie within one sign, bool [frames - 1]."""
    inside = np.zeros(max(frames - 1, 0), bool)
    for segment in segments:
        inside[segment.start : segment.end - 1] = True
    return inside


def restore_bones(pose: PoseSequence) -> PoseSequence:
    """Last: filters and transitions bend bones, so every bone gets its canonical length back."""
    positions = set_bone_lengths(pose.positions, pose.mask, canonical_body().bones, pose.skeleton)
    return pose.moved(positions)
