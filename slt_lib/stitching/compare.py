"""Stitched against real: the same recordings joined in several ways, measured alike.

The DGS Corpus sentences of Moryossef et al.'s fluent-pose-synthesis data come in pairs: the
real signing (its sign segments, joined over 0.2 s), and the same with most segments replaced
by dictionary recordings. `split_at_gaps` finds the joins again, exactly, because a linear
bridge has no acceleration; so the dictionary recordings can be stitched by every method and
the result held against the real signing of the same sentence.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from slt_lib.pose.bones import bone_length_variation
from slt_lib.pose.canonical import canonicalise
from slt_lib.pose.errors import PoseError, SLTError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching import measures
from slt_lib.stitching.filters import runs
from slt_lib.stitching.spectrum import Spectrum, spectrum, spectrum_distance

BRIDGE = 5  # frames in 0.2 s at 25 fps


def split_at_gaps(pose: PoseSequence, frames: int = BRIDGE) -> list[tuple[int, int]]:
    """Where the segments of a sequence are that was joined by linear bridges.

    Args:
        pose: Any skeleton; as recorded, not normalised or filtered.
        frames: Length of a bridge; stretches without acceleration of at least this length
            are bridges.

    Returns:
        (start, end) of every segment, end exclusive.

    Chapter: 03_stitching
    """
    bend = np.linalg.norm(np.diff(pose.positions, 2, axis=0), axis=-1)
    seen = pose.mask
    bend[~(seen[2:] & seen[1:-1] & seen[:-2])] = np.nan
    rounding = 1e-5 * np.abs(pose.positions).max(initial=0)
    straight = np.array([_median(row) <= rounding for row in bend], dtype=bool)
    bridges = [(a + 1, b + 1) for a, b in runs(straight) if b - a >= frames]
    edges = [0, *(t for bridge in bridges for t in bridge), len(pose)]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]


def _median(values: np.ndarray) -> float:
    seen = values[np.isfinite(values)]
    return float(np.median(seen)) if seen.size else np.inf


def compare_with_real(
    methods: Mapping[str, tuple[PoseSequence, Sequence[tuple[int, int]] | None]],
    real: PoseSequence,
    real_seconds: float,
    reference: Spectrum,
    canonical: bool = True,
) -> dict[str, dict[str, float]]:
    """Measure several stitchings of one sentence against its real signing.

    Args:
        methods: By name, a normalised 178-joint sequence and (start, end) of its signs, None
            where a method doesn't tell.
        real: The real signing, normalised.
        real_seconds: How long it lasts without artificial gaps.
        reference: Velocity spectrum of real signing at the sequences' frame rate.
        canonical: Compare on canonical bodies; off for 2-D signing, whose depth would be made up.

    Returns:
        By method: `length_ratio`, `dtw_mje` (the same body on both sides, shoulder widths),
        `spectrum_distance` (dB), `bone_length_cv`, `travel_ratio` (hand travel over the real
        one's), and `jerk_ratio` at joins where they are known. NaN where nothing can be measured.

    Chapter: 03_stitching
    """
    on_body = canonicalise if canonical else lambda as_it_is: as_it_is
    wanted, table = on_body(real), {}
    for name, (pose, spans) in methods.items():
        ours = on_body(pose)
        row = {
            "length_ratio": measures.length_ratio(pose, real_seconds),
            "bone_length_cv": bone_length_variation(pose),
            "travel_ratio": measures.hand_travel(ours) / measures.hand_travel(wanted),
            "jerk_ratio": measures.seam_profile(ours, spans)["jerk_ratio"]
            if spans
            else float("nan"),
        }
        try:
            row["dtw_mje"] = measures.dtw_mean_joint_error(ours, wanted)
            row["spectrum_distance"] = spectrum_distance(spectrum([ours], reference.fps), reference)
        except (PoseError, SLTError):
            row |= {"dtw_mje": float("nan"), "spectrum_distance": float("nan")}
        table[name] = row
    return table
