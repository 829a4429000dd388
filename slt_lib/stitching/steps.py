"""Steps 3 to 7, one function each; `Stitcher.stitch` calls them in this order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from slt_lib.dictionary import Sign
from slt_lib.dictionary.crop import distance_crop, elbow_crop
from slt_lib.pose.bones import set_bone_lengths
from slt_lib.pose.proportions import canonical_body
from slt_lib.pose.resample import resample
from slt_lib.pose.sequence import PoseSequence, concatenate
from slt_lib.stitching import filters
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.spectrum import Spectrum, group_power, match_cutoff, part_positions
from slt_lib.stitching.transition import Join, Kind, bridge, measure_join


@dataclass(frozen=True)
class Segment:
    """Where a sign stands in the output (frames, end exclusive), and which sign it is."""

    gloss: str
    variant: int
    start: int
    end: int


def crop_sign(pose: PoseSequence, how: str) -> PoseSequence:
    """Step 3: the part of a recording that is the sign (see chapter 2)."""
    if how == "none":
        return pose
    crop = distance_crop(pose) if how == "distance" else elbow_crop(pose)
    return pose[crop.start : crop.end]


def set_duration(pose: PoseSequence, frames: int, fps: float) -> PoseSequence:
    """Step 4: a sign in exactly so many output frames, whatever its own frame rate."""
    return resample(pose, frames).replace(fps=fps, meta={})


def join_signs(
    signs: Sequence[Sign], timed: Sequence[PoseSequence], kind: Kind
) -> tuple[PoseSequence, list[Segment], list[Join]]:
    """Step 5: signs one after the other, with as many frames between as the way asks for.

    Args:
        signs: What they are.
        timed: Their movements, all at one frame rate.
        kind: What lies between (`bridge`).

    Chapter: 03_stitching
    """
    parts, segments, joins = (
        [timed[0]],
        [Segment(signs[0].gloss, signs[0].variant, 0, len(timed[0]))],
        [],
    )
    for sign, before, after in zip(signs[1:], timed, timed[1:], strict=False):
        join = measure_join(before, after)
        parts += [bridge(before, after, join.frames, kind), after]
        start = segments[-1].end + join.frames
        segments.append(Segment(sign.gloss, sign.variant, start, start + len(after)))
        joins.append(join)
    return concatenate(parts), segments, joins


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
    mask = pose.mask
    for name, joints in pose.skeleton.groups.items():
        wanted = reference.power.get(name)
        power = group_power(part_positions(pose.positions, name, joints), mask[:, joints])
        if wanted is not None and power is not None:
            cutoffs[name] = match_cutoff(power, wanted, fps, filters.ORDER)
            by_joint[joints] = cutoffs[name]
    return filters.filter_joints(pose, by_joint), cutoffs


def restore_bones(pose: PoseSequence) -> PoseSequence:
    """Last: filters and transitions bend bones, so every bone gets its canonical length back."""
    positions = set_bone_lengths(pose.positions, pose.mask, canonical_body().bones, pose.skeleton)
    return pose.replace(positions=positions)
