"""Steps 4 and 5: every sign at its duration, and the frames between two signs.

`join_signs` is the obvious way, sign after sign. `assemble` does the same for the whole
sentence with two look-ups of frames, and is what the stitcher uses; a test holds them equal.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise, zip_longest

import numpy as np

from slt_lib.pose.errors import SLTError
from slt_lib.pose.resample import mix, resample, shares
from slt_lib.pose.sequence import PoseSequence, concatenate
from slt_lib.pose.skeleton import Skeleton
from slt_lib.stitching.duration import Ways
from slt_lib.stitching.rests import SentenceRests
from slt_lib.stitching.transition import (
    LOOKED_AT,
    Join,
    Kind,
    bridge,
    measure_join,
    measure_joins,
)

# Makes the positions [frames, 50, 3] between each of some pairs of signs.
Bridge = Callable[
    [Sequence[tuple[PoseSequence, PoseSequence]], Sequence[int]], Sequence[np.ndarray]
]


@dataclass(frozen=True)
class Segment:
    """Where a sign stands in the output (frames, end exclusive), and which sign it is."""

    gloss: str
    variant: int
    start: int
    end: int


def set_duration(pose: PoseSequence, frames: int, fps: float) -> PoseSequence:
    """Step 4: a sign in exactly so many output frames, whatever its own frame rate.

    Chapter: 03_stitching
    """
    return resample(pose, frames).replace(fps=fps, meta={})


def join_signs(
    timed: Sequence[PoseSequence], kind: Kind, holds: Sequence[int] = ()
) -> tuple[PoseSequence, list[tuple[int, int]], list[Join]]:
    """Step 5: signs one after the other, with as many frames between as the way asks for.

    Args:
        timed: The signs at their durations, all of one skeleton and frame rate.
        kind: What lies between (`bridge`).
        holds: Frames for which the hands stay where each sign but the last leaves them: pauses.

    Returns:
        (the sequence, (start, end) of every sign in it, what was measured at every join).

    Chapter: 03_stitching
    """
    parts, spans, joins = [timed[0]], [(0, len(timed[0]))], []
    for (before, after), hold in zip_longest(pairwise(timed), holds, fillvalue=0):
        join = _shown([measure_join(before, after)], kind)[0]
        parts += [before[-1:]] * hold + [bridge(before, after, join.frames, kind), after]
        start = spans[-1][1] + hold + join.frames
        spans.append((start, start + len(after)))
        joins.append(join)
    return concatenate(parts), spans, joins


def assemble(
    signs: Sequence[PoseSequence],
    frames: Sequence[int],
    fps: float,
    kind: Kind,
    ways: Ways = "apart",
    rests: SentenceRests | None = None,
    ends: tuple[PoseSequence, PoseSequence] | None = None,
) -> tuple[PoseSequence, PoseSequence, list[tuple[int, int]], list[Join]]:
    """Steps 4 and 5 for a whole sentence at once.

    Resampling and linear transitions are both blends of two frames, so all signs are
    resampled by one look-up, and sentence and transitions are laid out by a second.

    Args:
        signs: Canonical, cropped signs, each at its own frame rate, at least one frame long.
        frames: Output frames of every sign, at least 1.
        fps: Frame rate of the output.
        kind: What lies between two signs.
        ways: What `frames` count besides the signs (`DurationModel`).
        rests: How long nothing is signed, and where; None for nowhere.
        ends: With `rests`: the way to the first sign, and that from the last one back to rest.
            Where a recording has none, the hands rest where the sign begins or ends.

    Returns:
        (the resampled signs one after the other, the joined sequence, (start, end) of every
        sign in the joined sequence, what was measured at every join).

    Raises:
        SLTError: If `rests` have another number of pauses than there are joins, or than none.
    """
    frames, rests = np.asarray(frames), rests or SentenceRests()
    if len(rests.pauses) not in (0, len(signs) - 1):
        raise SLTError(
            f"{len(rests.pauses)} pauses were given for {len(signs)} signs.",
            fix="Give one behind each sign but the last, or none.",
        )
    way_in, way_out = ends or (signs[0][:0], signs[0][:0])
    if ends is not None:
        way_in = way_in if len(way_in) else signs[0][:1]
        way_out = way_out if len(way_out) else signs[-1][-1:]
    come = measure_join(way_in[:1], signs[0]).frames if len(way_in) else 0
    if ways != "apart":
        joins = _shown(_find_joins(signs, frames, fps), kind)
        frames = np.array(without_ways(frames, joins, ways, come))
    # What is laid out: rest and way in, the signs, way out and rest.
    before = _coming(way_in, come, round(rests.before * fps) + come * (ways == "before"))
    after = _leaving(way_out, signs[-1], round(rests.after * fps))
    parts = [part for part, _ in before] + list(signs) + [part for part, _ in after]
    counts = np.array([*(n for _, n in before), *frames, *(n for _, n in after)])
    timed = _blended(parts, fps, counts, *_resampling(parts, counts))
    stops = np.cumsum(counts)
    # Between two signs there are a pause, if any, and a transition; between the others, nothing.
    first, last = len(before), len(before) + len(signs)
    joins = _shown(measure_joins(timed, stops)[first : last - 1], kind)
    gaps, holds = np.zeros((2, len(parts) - 1), int)
    gaps[first : last - 1] = [join.frames for join in joins]
    if any(rests.pauses):
        holds[first : last - 1] = [round(pause * fps) for pause in rests.pauses]
    joined = _with_transitions(timed, *_layout(stops, gaps, holds))
    starts = stops - counts + np.concatenate([[0], np.cumsum(gaps + holds)])
    spans = [(int(a), int(a + n)) for a, n in zip(starts, counts, strict=True)][first:last]
    if kind == "minimum-jerk":
        joined = _rebridge(joined, spans, joins, kind)
    alone = slice(int(counts[:first].sum()), int(counts[:last].sum()))
    return timed[alone] if before or after else timed, joined, spans, joins


Parts = list[tuple[PoseSequence, int]]  # pieces of recordings, and how many frames each is shown


def _coming(way: PoseSequence, needs: int, frames: int) -> Parts:
    """What is shown before the first sign: rest, then its recording's way up, `frames` in all.

    Args:
        way: Of the recording; may be empty.
        needs: Frames that the way takes. If there are fewer, only its last part is shown.
        frames: How many there are.
    """
    if not len(way) or frames < 1:
        return []
    shown = way[len(way) - max(1, round(len(way) * min(1, frames / needs))) :]
    rest = [(way[:1], frames - needs)] if frames > needs else []
    return [*rest, (shown, min(frames, needs))]


def _leaving(way: PoseSequence, sign: PoseSequence, frames: int) -> Parts:
    """What is shown after the last sign: the way down, then rest; the mirror of `_coming`."""
    if not len(way) or frames < 1:
        return []
    needs = measure_join(sign, way[-1:]).frames
    shown = way[: max(1, round(len(way) * min(1, frames / needs)))]
    rest = [(way[-1:], frames - needs)] if frames > needs else []
    return [(shown, min(frames, needs)), *rest]


def _find_joins(signs: Sequence[PoseSequence], frames: np.ndarray, fps: float) -> list[Join]:
    """What `measure_joins` would find, with no more frames resampled than it looks at."""
    resampling, ends = _resampling(signs, frames), np.cumsum(frames)
    within = np.arange(ends[-1]) - np.repeat(ends - frames, frames)
    near = np.minimum(within, np.repeat(frames - 1, frames) - within) < LOOKED_AT
    frames = np.minimum(frames, 2 * LOOKED_AT)
    timed = _blended(signs, fps, frames, *(part[near] for part in resampling))
    return measure_joins(timed, np.cumsum(frames))


def _blended(
    signs: Sequence[PoseSequence], fps: float, frames: np.ndarray, low: np.ndarray,
    high: np.ndarray, share: np.ndarray,
) -> PoseSequence:  # fmt: skip
    """`blend` for several signs, so many frames of each, one sign after the other."""
    share = shares(share)
    high = np.where(share == 0, low, high)
    return mix(
        _empty(signs[0].skeleton, fps), _rows(signs, frames, low), _rows(signs, frames, high), share
    )


@lru_cache
def _empty(joints: Skeleton, fps: float) -> PoseSequence:
    """No frame: what others are made like (`moved`)."""
    return PoseSequence(np.zeros((0, len(joints), 3)), np.zeros((0, len(joints))), fps, joints)


def _rows(
    signs: Sequence[PoseSequence], frames: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Positions and confidence of some rows of every sign, one sign after the other."""
    joints = len(signs[0].skeleton)
    positions = np.empty((len(rows), joints, 3), np.float32)
    confidence, end = np.empty((len(rows), joints), np.float32), 0
    for sign, count in zip(signs, frames.tolist(), strict=True):
        here, end = slice(end, end + count), end + count
        sign.positions.take(rows[here], 0, positions[here], "clip")
        sign.confidence.take(rows[here], 0, confidence[here], "clip")
    return positions, confidence


def _shown(joins: list[Join], kind: Kind) -> list[Join]:
    """Joins as measured, with no frame in them if nothing shall lie between signs."""
    return [replace(join, frames=0) for join in joins] if kind == "none" else joins


def without_ways(
    frames: Sequence[int], joins: Sequence[Join], ways: Ways, come: int = 0
) -> list[int]:
    """Frames of the signs alone, from durations that count ways.

    Args:
        frames: Output frames of every sign, ways included.
        joins: What was measured between each two signs.
        ways: Which ways are included: "half" of those on either side, or those "before".
        come: Frames of the way to the first sign, if "before" includes one.

    Returns:
        At least 2 frames a sign, or what it had.

    Chapter: 03_stitching
    """
    between = np.array([join.frames for join in joins], dtype=float)
    counted = np.insert(between, 0, come)
    if ways == "half":
        counted = (np.append(between, 0) + np.insert(between, 0, 0)) / 2
    alone = np.asarray(frames) - np.floor(counted + 0.5).astype(int)
    return np.maximum(alone, np.minimum(frames, 2)).tolist()


def _resampling(signs: Sequence[PoseSequence], frames: np.ndarray) -> tuple[np.ndarray, ...]:
    """Which two frames of its sign each resampled frame blends, and how (see `resample`)."""
    lengths = np.array([len(sign) for sign in signs])
    within = np.arange(frames.sum()) - np.repeat(np.cumsum(frames) - frames, frames)
    last = lengths - 1
    step = np.where(frames > 1, last / np.maximum(frames - 1, 1), 0)
    times = within * np.repeat(step, frames) + np.repeat(np.where(frames > 1, 0, last / 2), frames)
    last = np.repeat(last, frames)
    low = np.minimum((times + 1e-4).astype(int), last)
    return low, np.minimum(low + 1, last), times - low


def _layout(ends: np.ndarray, gaps: np.ndarray, holds: np.ndarray) -> tuple[np.ndarray, ...]:
    """Which two resampled frames each frame of the sentence blends: transitions blend two signs.

    Args:
        ends: Of each part, int [parts], frames.
        gaps, holds: Frames of the transition, and of the pause ahead of it, int [parts - 1].
    """
    total, added = int(ends[-1]), gaps + holds
    low = np.repeat(np.arange(total), 1 + _at(total, ends[:-1] - 1, added))
    share = np.zeros(len(low))
    first = np.repeat(ends[:-1] + np.cumsum(added) - gaps, gaps)
    within = np.arange(gaps.sum()) - np.repeat(np.cumsum(gaps) - gaps, gaps)
    share[first + within] = (within + 1) / (np.repeat(gaps, gaps) + 1)
    return low, np.minimum(low + 1, total - 1), share


def _with_transitions(
    timed: PoseSequence, low: np.ndarray, high: np.ndarray, share: np.ndarray
) -> PoseSequence:
    """`blend`, where most frames are taken as they are: only the others are computed."""
    positions, confidence = timed.positions.take(low, 0), timed.confidence.take(low, 0)
    between = np.flatnonzero(share)
    before = positions[between], confidence[between]
    after = timed.positions.take(high[between], 0), timed.confidence.take(high[between], 0)
    made = mix(timed, before, after, shares(share[between]))
    positions[between], confidence[between] = made.positions, made.confidence
    return timed.moved(positions, confidence)


def _at(size: int, where: np.ndarray, values: np.ndarray) -> np.ndarray:
    out = np.zeros(size, int)
    out[where] = values
    return out


def _rebridge(
    pose: PoseSequence, spans: list[tuple[int, int]], joins: Sequence[Join], kind: Kind
) -> PoseSequence:
    """The same sequence with its transitions of another kind; pauses stay."""
    positions = pose.positions.copy()
    for ((start, end), (then, stop)), join in zip(pairwise(spans), joins, strict=True):
        between = bridge(pose[start:end], pose[then:stop], join.frames, kind)
        positions[then - join.frames : then] = between.positions
    return pose.replace(positions=positions)


def bridge_with(pose: PoseSequence, spans: list[tuple[int, int]], bridge: Bridge) -> PoseSequence:
    """The same sequence with arms and hands between its signs moved in another way.

    Args:
        pose: The joined sequence, first 50 joints arms and hands.
        spans: (start, end) of every sign in it.
        bridge: Makes the positions; which joints are seen there stays as it is.
    """
    ways = [(a, b) for a, b in pairwise(spans) if b[0] > a[1]]
    if not ways:
        return pose
    pairs = [(pose[slice(*a)], pose[slice(*b)]) for a, b in ways]
    positions = pose.positions.copy()
    made = bridge(pairs, [b[0] - a[1] for a, b in ways])
    for (a, b), between in zip(ways, made, strict=True):
        positions[a[1] : b[0], :50] = between
    return pose.replace(positions=positions)
