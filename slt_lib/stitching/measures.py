"""How good is stitched signing? Measures that never read a joint that wasn't seen."""

from collections.abc import Sequence

import numpy as np
import scipy  # its submodules are imported when they are first named

from slt_lib.pose.errors import SLTError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching.transition import HAND_PROBES as HANDS

Spans = Sequence[tuple[int, int]]


def derivative(pose: PoseSequence, order: int, joints: np.ndarray = HANDS) -> np.ndarray:
    """Size of a time derivative of some joints' positions, NaN where a frame of it wasn't seen.

    Args:
        pose: The sequence.
        order: 1 velocity, 2 acceleration, 3 jerk.
        joints: Joint numbers; wrists and fingertips by default.

    Returns:
        float [frames - order, joints], units per second to the power of `order`; value t
        uses frames t to t + order.
    """
    seen = np.where(pose.mask[:, joints, None], pose.positions[:, joints], np.nan)
    return np.linalg.norm(np.diff(seen, order, axis=0), axis=-1) * pose.fps**order


def seam_profile(pose: PoseSequence, spans: Spans) -> dict[str, float]:
    """Velocity jump, acceleration and jerk at joins, over the same inside signs.

    A derivative's value belongs to a join if its frames touch both sides of a sign's start
    or end that faces another sign; to the inside if all its frames lie within one sign.

    Args:
        pose: The stitched sequence.
        spans: (start, end) of every sign, end exclusive, in order.

    Returns:
        `velocity_jump_ratio` (changes of velocity from frame to frame),
        `acceleration_ratio`, `jerk_ratio`, and `jerk_inside`; NaN if there is no join or
        nothing was seen there.

    Chapter: 03_stitching
    """
    edges = [e for _, e in spans[:-1]] + [s for s, _ in spans[1:]]
    result = {}
    for name, order in (("acceleration", 2), ("jerk", 3)):
        values = derivative(pose, order)
        first = np.arange(len(values))
        at_join = np.zeros(len(values), bool)
        for edge in edges:
            at_join |= (first < edge) & (first + order >= edge)
        inside = np.zeros(len(values), bool)
        for start, end in spans:
            inside |= (first >= start) & (first + order < end)
        result[f"{name}_ratio"] = _ratio(_mean(values[at_join]), _mean(values[inside]))
        result[f"{name}_inside"] = _mean(values[inside])
    jumps = np.abs(np.diff(derivative(pose, 1), axis=0))
    at = np.zeros(len(jumps), bool)
    at[[t for e in edges for t in (e - 2, e - 1) if 0 <= t < len(jumps)]] = True
    result["velocity_jump_ratio"] = _ratio(_mean(jumps[at]), _mean(jumps[~at]))
    return result


def _ratio(part: float, whole: float) -> float:
    """NaN where signs stand still: there is nothing to compare with."""
    return part / whole if whole else float("nan")


def _mean(values: np.ndarray) -> float:
    values = values[np.isfinite(values)]
    return float(values.mean()) if values.size else float("nan")


def hand_travel(
    pose: PoseSequence,
    joints: np.ndarray = HANDS,
    steps: np.ndarray | None = None,
    over: float = 0.0,
) -> float:
    """How far wrists and fingertips move in all, shoulder widths summed over joints and steps.

    Args:
        pose: The sequence.
        joints: Joint numbers.
        steps: Which steps from frame to frame count, bool [frames - 1]; None counts all.
        over: Seconds over which positions are averaged first; from frame to frame, trembling adds
            up to as much as signing.

    Chapter: 03_stitching
    """
    seen = pose.confidence.take(joints, 1) > 0
    both = seen[1:] & seen[:-1]
    places = pose.positions.take(joints, 1)
    if (width := round(over * pose.fps)) > 1:
        counted = scipy.ndimage.uniform_filter1d(seen.astype(float), width, axis=0)[..., None]
        sums = scipy.ndimage.uniform_filter1d(places * seen[..., None], width, axis=0)
        places = sums / np.maximum(counted, 1 / width)
    moves = places[1:] - places[:-1]
    lengths = np.sqrt(np.einsum("tjc,tjc->tj", moves, moves)) * both
    return float(lengths.sum() if steps is None else lengths[steps].sum())


def hand_travel_ratio(pose: PoseSequence, spans: Spans, sources: Sequence[PoseSequence]) -> float:
    """Hand travel inside the output's signs over that of the cropped, resampled sources.

    1: nothing lost. Well under 1: over-smoothed. Steps count where both sequences saw them.

    Args:
        pose: The stitched sequence.
        spans: (start, end) of every sign.
        sources: Every sign as it went into the join, as long as its span.

    Chapter: 03_stitching
    """
    ours = theirs = 0.0
    for (start, end), source in zip(spans, sources, strict=True):
        part = pose[start:end]
        if len(part) == len(source):
            both = part.mask & source.mask
            part = part.replace(confidence=part.confidence * both)
            source = source.replace(confidence=source.confidence * both)
        ours, theirs = ours + hand_travel(part), theirs + hand_travel(source)
    return ours / theirs if theirs else float("nan")


def invented_joints(
    pose: PoseSequence,
    spans: Spans,
    sources: Sequence[PoseSequence],
    ways: Sequence[int] | None = None,
) -> int:
    """How many (frame, joint) pairs the output shows that no source saw. Must be 0.

    Inside a sign, a joint may show only if its source saw it; in a transition, only if both
    sources saw it at the join; in a pause, if the sign before it did. Rests at the two ends, which
    come from other frames of the recordings, aren't looked at.

    Args:
        pose: The stitched sequence.
        spans: (start, end) of every sign.
        sources: Every sign as it went into the join.
        ways: Frames of the transition before each sign but the first; what a gap has more is a
            pause. By default gaps are transitions.
    """
    seen, count, last, left = pose.mask, 0, 0, None
    for place, ((start, end), source) in enumerate(zip(spans, sources, strict=True)):
        whole = len(source) == end - start
        count += int((seen[start:end] & ~(source.mask if whole else source.mask.any(0))).sum())
        if left is not None:
            leaves = last if ways is None else start - ways[place - 1]
            count += int((seen[last:leaves] & ~left).sum())
            count += int((seen[leaves:start] & ~(left & source.mask[0])).sum())
        last, left = end, source.mask[-1]
    return count


def dtw_mean_joint_error(
    a: PoseSequence, b: PoseSequence, joints: np.ndarray | None = None
) -> float:
    """Mean joint error of two sequences along their best time alignment, mask-aware.

    Frames in which none of the joints was seen are dropped first (they would dominate). The
    cost of two frames is the mean distance over joints both saw; two frames that share no
    joint cost as much as the average pair.

    Args:
        a, b: Sequences of one skeleton, in one unit.
        joints: Joint numbers to compare; body and hands by default.

    Raises:
        SLTError: If a sequence has no frame with such a joint, or they never share one.

    Chapter: 03_stitching
    """
    joints = np.arange(50) if joints is None else joints
    tracks = []
    for pose in (a, b):
        seen = pose.mask[:, joints]
        tracks.append((pose.positions[:, joints][seen.any(1)], seen[seen.any(1)]))
    (pa, sa), (pb, sb) = tracks
    shared = sa.astype(np.float32) @ sb.astype(np.float32).T
    if not len(pa) or not len(pb) or not shared.any():
        raise SLTError("The two sequences share no frame with a joint that both saw.")
    distance = np.zeros((len(pa), len(pb)))
    for j in range(len(joints)):
        both = sa[:, j, None] & sb[None, :, j]
        distance += np.linalg.norm(pa[:, None, j] - pb[None, :, j], axis=-1) * both
    cost = np.where(shared > 0, distance / np.maximum(shared, 1), np.nan)
    return _best_path_mean(np.where(np.isnan(cost), np.nanmean(cost), cost))


def _best_path_mean(cost: np.ndarray) -> float:
    """Mean cost along the cheapest monotone path from corner to corner of [n, m] costs."""
    n, m = cost.shape
    total = np.full((n + 1, m + 1), np.inf)
    steps = np.zeros((n + 1, m + 1), int)
    total[0, 0] = 0
    for d in range(2, n + m + 1):  # anti-diagonals: all cells with i + j = d at once
        i = np.arange(max(1, d - m), min(n, d - 1) + 1)
        j = d - i
        before = np.stack([total[i - 1, j - 1], total[i - 1, j], total[i, j - 1]])
        count = np.stack([steps[i - 1, j - 1], steps[i - 1, j], steps[i, j - 1]])
        best = before.argmin(0)
        total[i, j] = before[best, np.arange(len(i))] + cost[i - 1, j - 1]
        steps[i, j] = count[best, np.arange(len(i))] + 1
    return float(total[n, m] / steps[n, m])


def length_ratio(pose: PoseSequence, real_seconds: float) -> float:
    """How much longer the signing lasts than real signing of the same glosses."""
    return pose.seconds / real_seconds
