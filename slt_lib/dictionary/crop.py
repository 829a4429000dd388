"""Distance crop: which part of a recorded sign carries the sign.

A sign in a dictionary is recorded in citation form: the hands come up from rest, sign, and
go down again. How far wrists and fingers have travelled shows it: the curve climbs steeply
on the way up and on the way down, and lies flat in a hold (Walsh et al., BMVC 2024, step 3).
A share of the whole travel would cut the hold of a finger-spelled letter as readily as the way
up, so the two ways are found first, and only they are cut.

Depth isn't used: it is the estimator's guess, and its noise would count as travel.
"""

from dataclasses import dataclass

import numpy as np

from slt_lib.pose.errors import PoseError
from slt_lib.pose.sequence import PoseSequence

TIPS = tuple(f"{f}_TIP" for f in ("THUMB", "INDEX_FINGER", "MIDDLE_FINGER", "RING_FINGER", "PINKY"))
SMOOTH_SECONDS = 0.1  # heights are averaged over this long before a hand's way is looked for
LEAST_CLIMB = 0.25  # shoulder widths; a hand that climbs less was not at rest
AT_REST = 0.1  # shoulder widths; a hand that has sunk further was not waiting at rest
SLOW = 0.15  # a way ends where the hand climbs slower than this share of its fastest
ARRIVED = 0.95  # share of the way's travel after which the hand counts as arrived
IDLE_HAND = 0.2  # a hand that travels less than this share of the other one is idle


@dataclass(frozen=True, eq=False)
class Crop:
    """The part of a recording that carries the sign.

    Attributes:
        start: First frame kept.
        end: Frame after the last one kept; at least start + 1.
        travel: How far wrists and fingertips have travelled up to each frame, both hands
            together, float [frames], shoulder widths if the pose is normalised.
        rule: "distance" or "elbow".

    Chapter: 02_dictionary
    """

    start: int
    end: int
    travel: np.ndarray
    rule: str

    @property
    def kept(self) -> float:
        """Share of all travel that lies in the part kept, 0 to 1 (1 if nothing moved)."""
        total = float(self.travel[-1])
        return float(self.travel[self.end - 1] - self.travel[self.start]) / total if total else 1.0

    def __call__(self, pose: PoseSequence) -> PoseSequence:
        """The frames kept."""
        return pose[self.start : self.end]


def travel(pose: PoseSequence) -> dict[str, np.ndarray]:
    """How far each hand has travelled up to each frame.

    A step counts for the joints that both frames saw; their mean is the hand's step. A frame
    that saw nothing of the hand adds nothing. The rest jitter (the tenth percentile of the
    steps) is taken off each step, so that a hold stays flat.

    Returns:
        {"right": float [frames], "left": float [frames]}, in the pose's unit, starting at 0.

    Chapter: 02_dictionary
    """
    curves = {}
    for side in ("right", "left"):
        joints = _tracked(pose, side)
        steps = np.linalg.norm(np.diff(pose.positions[:, joints, :2], axis=0), axis=-1)
        both = pose.mask[1:, joints] & pose.mask[:-1, joints]
        step = (steps * both).sum(1) / np.maximum(both.sum(1), 1)
        seen = both.any(1)
        if seen.any():
            step = np.where(seen, np.maximum(step - np.quantile(step[seen], 0.1), 0), 0)
        curves[side] = np.concatenate([[0.0], np.cumsum(step)])[: len(pose)]
    return curves


def distance_crop(pose: PoseSequence) -> Crop:
    """Cut the hands' way up from rest and their way back down; keep all between.

    Each hand that takes part is looked at by itself; the sign begins when the first hand has
    arrived and ends when the last one leaves. A hand that neither rises nor sinks at an end
    of the recording (a sign cut out of continuous signing) is not cut there.

    Args:
        pose: One isolated sign, normalised (lengths are read as shoulder widths).

    Raises:
        PoseError: If the sequence is empty.

    Chapter: 02_dictionary
    """
    _need_frames(pose)
    curves = travel(pose)
    total = sum(curves.values())
    most = max(curve[-1] for curve in curves.values())
    spans = []
    for side, curve in curves.items():
        frames, height = _heights(pose, side)
        if len(frames) >= 2 and curve[-1] > 0 and curve[-1] >= IDLE_HAND * most:
            up = _arrival(frames, height, curve)
            down = _arrival(frames[::-1], height[::-1], curve)
            if up < down:
                spans.append((up, down + 1))
    start = min((s for s, _ in spans), default=0)
    end = max((e for _, e in spans), default=len(pose))
    return Crop(start, end, total, "distance")


def elbow_crop(pose: PoseSequence, margin: int = 5) -> Crop:
    """The rule of `spoken-to-signed`: first to last frame with a wrist above its elbow.

    Args:
        pose: One isolated sign.
        margin: Frames kept on either side.

    Raises:
        PoseError: If the sequence is empty.

    Source: `get_signing_boundary` in spoken-to-signed 0.4.0 (Moryossef et al. 2023).
    Chapter: 02_dictionary
    """
    _need_frames(pose)
    first, last = [], []
    for side in ("RIGHT", "LEFT"):
        wrist, elbow = pose.skeleton.ids(f"{side}_WRIST", f"{side}_ELBOW")
        seen = pose.mask[:, wrist] & pose.mask[:, elbow]
        above = np.flatnonzero(seen & (pose.positions[:, wrist, 1] < pose.positions[:, elbow, 1]))
        if len(above):
            at = np.flatnonzero(pose.mask[:, wrist])
            first.append(max(at[0], above[0] - margin))
            last.append(min(at[-1] + 1, above[-1] + 1 + margin))
    total = sum(travel(pose).values())
    return Crop(int(min(first, default=0)), int(max(last, default=len(pose))), total, "elbow")


def _tracked(pose: PoseSequence, side: str) -> np.ndarray:
    names = [f"{side.upper()}_HAND.{point}" for point in ("WRIST", *TIPS)]
    return pose.skeleton.ids(*names)


def _heights(pose: PoseSequence, side: str) -> tuple[np.ndarray, np.ndarray]:
    """Frames that saw the wrist, and how high it was in them (up is positive), smoothed.

    The arm's wrist is often still seen where the hand itself is lost: on its way.
    """
    hand, arm = pose.skeleton.ids(f"{side.upper()}_HAND.WRIST", f"{side.upper()}_WRIST")
    joint = arm if pose.mask[:, arm].sum() >= pose.mask[:, hand].sum() else hand
    frames = np.flatnonzero(pose.mask[:, joint])
    height = -pose.positions[frames, joint, 1].astype(np.float64)
    width = 2 * round(SMOOTH_SECONDS * pose.fps / 2) + 1
    if len(height) < 2 or width < 3:
        return frames, height
    padded = np.pad(height, width // 2, mode="edge")
    return frames, np.convolve(padded, np.full(width, 1 / width), mode="valid")


def _arrival(frames: np.ndarray, height: np.ndarray, curve: np.ndarray) -> int:
    """Frame at which a hand has arrived from rest; run on reversed arrays: at which it leaves.

    Its way is the first steady climb that is long enough, if the hand rested until then.

    Args:
        frames: Frames that saw the hand, int [n], in the order walked.
        height: Height of its wrist in them, float [n].
        curve: Its travel, float [all frames].
    """
    climb = np.diff(height) / np.abs(np.diff(frames))
    slow = climb <= SLOW * max(climb.max(), 0)
    waits = slow.tolist()
    rests = (np.maximum.accumulate(height) - height < AT_REST).tolist()
    begin = 0
    while begin < len(climb) and rests[begin]:
        if waits[begin]:
            begin += 1
            continue
        stop = begin + int(np.argmax(np.append(slow[begin:], True)))
        if height[stop] - height[begin] >= LEAST_CLIMB:
            way = np.abs(curve[frames[begin : stop + 1]] - curve[frames[begin]])
            return int(frames[begin + int(np.argmax(way >= ARRIVED * way[-1]))])
        begin = stop
    return int(frames[0])


def _need_frames(pose: PoseSequence) -> None:
    if len(pose) == 0:
        raise PoseError("The sequence is empty: there is nothing to crop.")
