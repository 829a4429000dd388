"""Distance crop: which part of a recorded sign carries the sign.

A sign in a dictionary is recorded in citation form: the hands come up from rest, sign, and
go down again. Each of the two ways is one *stroke*: the hand's speed rises and falls once
(Walsh et al., BMVC 2024, step 3, track how far the wrists have moved). So a hand has arrived
where its first stroke ends, and leaves where its last one begins; what lies between is the sign.
A share of the whole travel would cut the hold of a finger-spelled letter as readily as the way
up, and a summed travel would take an idle hand that only trembles for one that signs.

Depth isn't used: it is the estimator's guess.
"""

from dataclasses import dataclass

import numpy as np

from slt_lib.pose.errors import PoseError
from slt_lib.pose.sequence import PoseSequence

TIPS = tuple(f"{f}_TIP" for f in ("THUMB", "INDEX_FINGER", "MIDDLE_FINGER", "RING_FINGER", "PINKY"))
SIDES = ("RIGHT", "LEFT")
SMOOTH_SECONDS = 0.14  # positions are averaged over this long: trembling isn't a stroke
LEAST_REACH = 0.08  # shoulder widths; a hand that gets no further away from rest does nothing
IDLE_HAND = 0.3  # nor does one that gets less than this share of the other hand's reach, ...
SELDOM_SEEN = 0.2  # ... or is seen in less than this share of the frames that saw the other one
LEAST_WAY = 0.25  # shoulder widths, or the next share of the reach if that is less: so far away
LEAST_SHARE = 0.2  # from rest a stroke must take the hand to be its way (it may shift at rest)
LOWER = 0.2  # rest is lower than the hand mostly is, by this share of its range of heights, ...
RETURNS = 0.25  # ... or the recording begins and ends in one place, to this share of the reach
SLOW = 0.2  # a stroke is nearly over when its speed has fallen to this share of its peak
SHORT_SIGN = 0.6  # what lasts less than this share of the shorter way may not be the whole sign
LEAST_SHAPE = 0.1  # shoulder widths that fingertips move about the wrist when the hand forms


@dataclass(frozen=True, eq=False)
class Crop:
    """The part of a recording that carries the sign.

    Attributes:
        start: First frame kept.
        end: Frame after the last one kept; at least start + 1.
        travel: How far wrists and fingertips have travelled up to each frame, both hands
            together, float [frames], shoulder widths if the pose is normalised.
        rule: "distance" or "elbow".
        rise: Frame in which the first hand leaves its rest; `start` if no way was found.
        fall: Frame after the one in which the last hand is back; `end` if no way was found.

    Chapter: 02_dictionary
    """

    start: int
    end: int
    travel: np.ndarray
    rule: str
    rise: int
    fall: int

    @property
    def kept(self) -> float:
        """Share of all travel that lies in the part kept, 0 to 1 (1 if nothing moved)."""
        total = float(self.travel[-1])
        return float(self.travel[self.end - 1] - self.travel[self.start]) / total if total else 1.0

    def __call__(self, pose: PoseSequence) -> PoseSequence:
        """The frames kept."""
        return pose[self.start : self.end]


def travel(pose: PoseSequence) -> dict[str, np.ndarray]:
    """How far each hand has travelled up to each frame: what figures show, not what decides.

    A step counts for the joints that both frames saw; their mean is the hand's step. A frame
    that saw nothing of the hand adds nothing. The rest jitter (the tenth percentile of the
    steps) is taken off each step, so that a hold stays flat.

    Returns:
        {"right": float [frames], "left": float [frames]}, in the pose's unit, starting at 0.

    Chapter: 02_dictionary
    """
    curves = {}
    for side in ("right", "left"):
        joints = pose.skeleton.ids(*(f"{side.upper()}_HAND.{p}" for p in ("WRIST", *TIPS)))
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
    arrived and ends when the last one leaves. A hand that wasn't at rest at an end of the
    recording is not cut there. A recording cut out of continuous signing has no rest to cut:
    leave it as it is.

    Args:
        pose: One isolated sign, normalised (lengths are read as shoulder widths).

    Raises:
        PoseError: If the sequence is empty.

    Chapter: 02_dictionary
    """
    _need_frames(pose)
    tracks = {side: _wrist(pose, side) for side in _seen_hands(pose)}
    reaches = {side: _reach(path) for side, (_, path) in tracks.items()}
    least = max(LEAST_REACH, IDLE_HAND * max(reaches.values()))
    hands = [
        _sign_of_hand(pose, side, *tracks[side], reach)
        for side, reach in reaches.items()
        if reach >= least
    ]
    rise, start, end, fall = 0, 0, len(pose), len(pose)
    if hands:
        rises, starts, ends, falls = zip(*hands, strict=True)
        start, end = min(starts), max(ends)
        rise, fall = min(*rises, start), max(*falls, end)
    return Crop(start, end, sum(travel(pose).values()), "distance", rise, fall)


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
    for side in SIDES:
        wrist, elbow = pose.skeleton.ids(f"{side}_WRIST", f"{side}_ELBOW")
        seen = pose.mask[:, wrist] & pose.mask[:, elbow]
        above = np.flatnonzero(seen & (pose.positions[:, wrist, 1] < pose.positions[:, elbow, 1]))
        if len(above):
            at = np.flatnonzero(pose.mask[:, wrist])
            first.append(max(at[0], above[0] - margin))
            last.append(min(at[-1] + 1, above[-1] + 1 + margin))
    total = sum(travel(pose).values())
    start, end = int(min(first, default=0)), int(max(last, default=len(pose)))
    return Crop(start, end, total, "elbow", start, end)


def _seen_hands(pose: PoseSequence) -> list[str]:
    """The sides whose hand was seen; both, if none was.

    An arm's wrist is guessed even while its hand hangs out of the picture, and the guess drifts.
    """
    seen = {s: pose.mask[:, pose.skeleton.index[f"{s}_HAND.WRIST"]].sum() for s in SIDES}
    return [s for s in SIDES if seen[s] >= SELDOM_SEEN * max(seen.values())]


def _wrist(pose: PoseSequence, side: str) -> tuple[np.ndarray, np.ndarray]:
    """Frames that saw a wrist, int [n], and where it was in them, float [n, 2], smoothed.

    The arm's wrist is often still seen where the hand itself is lost: on its way.
    """
    hand, arm = pose.skeleton.ids(f"{side}_HAND.WRIST", f"{side}_WRIST")
    joint = arm if pose.mask[:, arm].sum() >= pose.mask[:, hand].sum() else hand
    frames = np.flatnonzero(pose.mask[:, joint])
    return frames, _smooth(pose.positions[frames, joint, :2], pose.fps)


def _handshape(pose: PoseSequence, side: str) -> tuple[np.ndarray, np.ndarray]:
    """Frames that saw the wrist and all fingertips, and the tips about the wrist, float [n, 10]."""
    wrist, *tips = pose.skeleton.ids(*(f"{side}_HAND.{p}" for p in ("WRIST", *TIPS)))
    frames = np.flatnonzero(pose.mask[:, [wrist, *tips]].all(1))
    about = pose.positions[frames][:, tips, :2] - pose.positions[frames][:, [wrist], :2]
    return frames, _smooth(about.reshape(len(frames), 2 * len(TIPS)), pose.fps)


def _smooth(path: np.ndarray, fps: float) -> np.ndarray:
    """A moving average over `SMOOTH_SECONDS`; the ends are held."""
    path, width = path.astype(np.float64), 2 * round(SMOOTH_SECONDS * fps / 2) + 1
    if len(path) < 2 or width < 3:
        return path
    padded = np.pad(path, ((width // 2 + 1, width // 2), (0, 0)), mode="edge")
    sums = np.cumsum(padded, 0)
    return (sums[width:] - sums[:-width]) / width


def _reach(path: np.ndarray) -> float:
    """How far a hand gets away from where it began, and from where it ends, at once."""
    if len(path) < 2:
        return 0.0
    away = [np.linalg.norm(path - end, axis=-1) for end in (path[0], path[-1])]
    return float(np.minimum(*away).max())


def _sign_of_hand(
    pose: PoseSequence, side: str, frames: np.ndarray, path: np.ndarray, reach: float
) -> tuple[int, int, int, int]:
    """Frames in which a hand leaves its rest, has arrived, leaves again and is back (exclusive).

    Args:
        pose: The recording.
        side: "RIGHT" or "LEFT".
        frames, path: Of its wrist.
        reach: How far it gets.
    """
    least, last = min(LEAST_WAY, LEAST_SHARE * reach), len(path) - 1
    rise, up = _stroke(frames, path, pose.fps, least) if _at_rest(path, reach) else (0, 0)
    back = path[::-1]
    fall, down = _stroke(frames[::-1], back, pose.fps, least) if _at_rest(back, reach) else (0, 0)
    arrived, leaves = frames[up], frames[last - down]
    # A sign that itself leads away from the place of rest, or back to it, looks like a way: the two
    # strokes then meet. The hand is formed on the real ways, so the hand shape tells them apart.
    ways = arrived - frames[0], frames[last] - leaves
    if up and down and leaves - arrived < SHORT_SIGN * min(ways):
        formed, dissolves = _formed(pose, side)
        arrived, leaves = min(arrived, formed), max(leaves, dissolves)
    if leaves < arrived:
        arrived, leaves = frames[0], frames[last]
    return int(frames[rise]), int(arrived), int(leaves) + 1, int(frames[last - fall]) + 1


def _at_rest(path: np.ndarray, reach: float) -> bool:
    """Whether a hand's path begins at rest: low, or where it comes back to in the end."""
    height = -path[:, 1]
    lower = np.median(height) - height[0] > LOWER * np.ptp(height)
    return bool(lower or np.linalg.norm(path[0] - path[-1]) < RETURNS * reach)


def _stroke(frames: np.ndarray, path: np.ndarray, fps: float, least: float) -> tuple[int, int]:
    """The first stroke that leads far enough away; run on reversed arrays: the last one.

    Args:
        frames: Frames that saw it, int [n], in the order walked.
        path: Positions in them, float [n, axes].
        fps: Frames per second.
        least: How far away from its first position it must lead.

    Returns:
        Where it begins and where it is over, numbers from 0 to n - 1.
    """
    speed = np.linalg.norm(np.diff(path, axis=0), axis=-1) / np.abs(np.diff(frames)) * fps
    away = np.linalg.norm(path - path[0], axis=-1)
    far = np.flatnonzero(away >= least)
    if not len(far):
        return 0, 0
    # Walk on from there until the hand is slow or turns back, and back from the peak until it was.
    at, noise, peak = min(far[0], len(speed) - 1), np.quantile(speed, 0.1), speed[: far[0]].max()
    while at < len(speed):
        peak = max(peak, speed[at])
        slow = max(SLOW * peak, 1.5 * noise if noise < 0.3 * peak else 0)
        if speed[at] <= slow or away[at + 1] < away[at]:
            break
        at += 1
    begin = int(speed[:at].argmax())
    while begin and speed[begin - 1] > slow:
        begin -= 1
    # A minimum-jerk movement (Flash & Hogan 1985) is that slow for a known share of its time
    # before it is over: v(τ) = 16 τ² (1 - τ)² of its peak.
    share = 0.5 - np.sqrt(0.25 - np.sqrt(min(slow / peak, 0.5)) / 4)
    length = (at - begin) / (1 - share * (1 + (begin > 0)))
    return begin, int(min(round(at + share * length), len(speed)))


def _formed(pose: PoseSequence, side: str) -> tuple[int, int]:
    """Frames in which the sign's hand shape has formed, and in which it dissolves.

    A hand that keeps its shape, or wasn't seen, says nothing: (frames, 0).
    """
    frames, shape = _handshape(pose, side)
    found = []
    for step in (1, -1):
        at, path = frames[::step], shape[::step]
        far = np.linalg.norm(path - path[:1], axis=-1).max(initial=0)
        _, over = _stroke(at, path, pose.fps, far / 2) if far > LEAST_SHAPE else (0, 0)
        found.append(at[over] if over else None)
    formed, dissolves = found
    return len(pose) if formed is None else formed, 0 if dissolves is None else dissolves


def _need_frames(pose: PoseSequence) -> None:
    if len(pose) == 0:
        raise PoseError("The sequence is empty: there is nothing to crop.")
