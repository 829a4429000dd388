"""Which way between two poses is closest to what a signer does? Frames are hidden and filled in."""

from collections.abc import Mapping, Sequence

import numpy as np

from slt_lib.pose.bones import bone_vectors
from slt_lib.pose.errors import SLTError
from slt_lib.pose.proportions import canonical_body
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching.assemble import Bridge
from slt_lib.stitching.transition import bridge

HANDS, FINGERS = np.r_[8:50], np.r_[9:29, 30:50]
ENDS = 4  # frames that must stand on either side


def straight(kind: str) -> Bridge:
    """The stitcher's own ways, `linear` or `minimum-jerk`, as a `Bridge`."""
    return lambda pairs, frames: [
        bridge(a, b, n, kind).positions[:, :50] for (a, b), n in zip(pairs, frames, strict=True)
    ]


def gap_errors(
    poses: Sequence[PoseSequence], frames: int, ways: Mapping[str, Bridge], *, most: int = 40
) -> dict[str, dict[str, np.ndarray]]:
    """Hide some frames of recordings, fill them in several ways, compare with what was there.

    Where the hands move most is where the gap is put, one per recording.

    Args:
        poses: Canonical 178-joint recordings.
        frames: Length of the gap.
        ways: How to fill it, by name.
        most: Gaps.

    Returns:
        By way and gap, float [gaps]: `off`, the mean error of hand keypoints in shoulder widths;
        `turned`, that of finger bones' directions in degrees; `bones`, the largest error of a
        finger bone's length as a share of it.

    Raises:
        SLTError: If no recording is long enough with a hand in view.

    Chapter: 05_body
    """
    cuts = [(pose, at) for pose in poses if (at := _busiest(pose, frames)) is not None][:most]
    if not cuts:
        raise SLTError(f"No recording shows a hand for {frames + 2 * ENDS} frames.",
                       fix="Give longer ones, or hide fewer frames.")  # fmt: skip
    pairs = [(pose[:at], pose[at + frames :]) for pose, at in cuts]
    out = {}
    for name, way in ways.items():
        made = way(pairs, [frames] * len(pairs))
        errors = [
            _errors(_bridgeable(pose, at, frames), got)
            for (pose, at), got in zip(cuts, made, strict=True)
        ]
        out[name] = dict(zip(("off", "turned", "bones"), np.transpose(errors), strict=True))
    return out


def _busiest(pose: PoseSequence, frames: int) -> int | None:
    """Where a hand that is seen throughout moves furthest in so many frames."""
    best, found = 0.0, None
    for at in range(ENDS, len(pose) - frames - ENDS + 1):
        seen = pose.mask[at - 1 : at + frames + 1, HANDS].all(0)
        if seen.sum() < 21:
            continue
        way = pose.positions[at + frames, HANDS] - pose.positions[at - 1, HANDS]
        moved = float(np.linalg.norm(way[seen], axis=-1).mean())
        if moved > best:
            best, found = moved, at
    return found


def _bridgeable(pose: PoseSequence, at: int, frames: int) -> PoseSequence:
    """The hidden frames, with only the joints that both of the gap's ends saw."""
    both = pose.mask[at - 1] & pose.mask[at + frames]
    hidden = pose[at : at + frames]
    return hidden.replace(confidence=hidden.confidence * both)


def _errors(true: PoseSequence, made: np.ndarray) -> tuple[float, float, float]:
    """Of hand keypoints, finger bones' directions, and the worst of the bones' lengths."""
    off = np.linalg.norm(made[:, HANDS] - true.positions[:, HANDS], axis=-1)
    whole = np.concatenate([made, true.positions[:, 50:]], 1)
    theirs, ours = (
        bone_vectors(points, true.mask, true.skeleton)[:, FINGERS]
        for points in (true.positions, whole)
    )
    lengths = [np.linalg.norm(bones, axis=-1) for bones in (theirs, ours)]
    cosine = (theirs * ours).sum(-1) / np.maximum(lengths[0] * lengths[1], 1e-9)
    turned = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    bent = np.abs(lengths[1] / canonical_body().bones[FINGERS] - 1)
    return float(off[true.mask[:, HANDS]].mean()), float(np.nanmean(turned)), float(np.nanmax(bent))
