"""Steps 3, 6 and 7, one function each. Steps 4 and 5 are in `assemble`."""

from dataclasses import replace

import numpy as np

from slt_lib.dictionary.crop import distance_crop, elbow_crop
from slt_lib.pose.bones import set_bone_lengths
from slt_lib.pose.proportions import canonical_body
from slt_lib.pose.resample import resample
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching import filters
from slt_lib.stitching.assemble import Segment
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.spectrum import Spectrum, match_cutoff, part_power


def crop_sign(pose: PoseSequence, how: str) -> PoseSequence:
    """Step 3: the part of a recording that is the sign (see chapter 2)."""
    if how == "none":
        return pose
    crop = distance_crop(pose) if how == "distance" else elbow_crop(pose)
    return pose[crop.start : crop.end]


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
    pose: PoseSequence, settings: StitchSettings, reference: Spectrum | None
) -> tuple[PoseSequence, dict[str, float]]:
    """Step 7: as smooth as real signing.

    `matched` finds a cutoff for each body part (`match_cutoff`) and filters every part with
    its own, in one pass; hands are measured from their wrist.

    Returns:
        (filtered sequence, cutoff in hertz by body part; empty for other filters).

    Chapter: 03_stitching
    """
    fps, cutoff = pose.fps, settings.cutoff
    simple = {
        "fixed": lambda track: filters.butterworth(track, cutoff, fps),
        "gaussian": lambda track: filters.gaussian(track, cutoff, fps),
        "savitzky-golay": lambda track: filters.savitzky_golay(track, 1 / cutoff, fps),
        "one-euro": lambda track: filters.one_euro(track, fps),
    }
    if settings.smoothing == "none":
        return pose, {}
    if settings.smoothing != "matched":
        return filters.apply_filter(pose, simple[settings.smoothing]), {}
    cutoffs, by_joint = {}, np.full(len(pose.skeleton), 0.48 * fps)
    for name, wanted in reference.power.items():
        power = part_power(pose, name)
        if power is not None:
            cutoffs[name] = match_cutoff(power, wanted, fps, filters.ORDER)
            by_joint[pose.skeleton.groups[name]] = cutoffs[name]
    return filters.filter_joints(pose, by_joint), cutoffs


def restore_bones(pose: PoseSequence) -> PoseSequence:
    """Last: filters and transitions bend bones, so every bone gets its canonical length back."""
    positions = set_bone_lengths(pose.positions, pose.mask, canonical_body().bones, pose.skeleton)
    return pose.moved(positions)
