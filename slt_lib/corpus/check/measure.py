"""One recording looked at once: a few numbers that all questions are asked of."""

import hashlib
from dataclasses import dataclass

import numpy as np

from slt_lib.corpus.own.finding import Finding, of_error
from slt_lib.corpus.own.rows import Item, cut
from slt_lib.pose.errors import MissingPartError, PoseFileError, SLTError
from slt_lib.pose.io.absence import NOT_NUMBERS
from slt_lib.pose.io.video_file import VideoFile, look_through
from slt_lib.pose.sequence import PoseSequence

NAN = float("nan")


@dataclass(frozen=True)
class Measured:
    """What was measured on an item.

    Attributes:
        frames, fps: Of its sentence; 0 and NaN where it couldn't be read.
        right, left: Share of the frames that see each hand.
        unseen: Share of hand joints unseen, over all frames.
        shoulders: Share of the frames that see both shoulders.
        not_numbers: Whether points weren't numbers.
        width: Shoulder width in the file's own unit, and `arm`, `palm`: upper arm and palm over it.
        image: Width and height that the file states, 0 where it doesn't.
        largest: Largest coordinate across or down the image.
        up: How far the signer's head is above the hips or elbows, shoulder widths.
        facing: The left shoulder's x minus the right one's, shoulder widths.
        crossed: Share of the frames in which hands are at the other arm's end.
        digest: Of its positions.
        skeleton: Name of its skeleton.
        video: Frame rate, width and height of its video; None without one.

    Chapter: 15_your_own_data
    """

    frames: int = 0
    fps: float = NAN
    right: float = NAN
    left: float = NAN
    unseen: float = NAN
    shoulders: float = NAN
    not_numbers: bool = False
    width: float = NAN
    arm: float = NAN
    palm: float = NAN
    image: tuple[int, int] = (0, 0)
    largest: float = NAN
    up: float = NAN
    facing: float = NAN
    crossed: float = NAN
    digest: str = ""
    skeleton: str = ""
    video: tuple[float, int, int] | None = None


def look(item: Item) -> tuple[Measured, list[Finding]]:
    """Read an item's recording to its end, and forget it again.

    Args:
        item: Of a source.

    Returns:
        What was measured, and what was found to be unreadable.

    Chapter: 15_your_own_data
    """
    found: list[Finding] = []
    recording = item.recording
    if recording is None:
        return Measured(), found
    seen = Measured()
    if recording.video is not None:
        try:
            film = look_through(recording.video)
        except PoseFileError as error:
            return seen, [of_error(error, recording.video, kind="video")]
        seen = Measured(len(film.times), film.fps, video=(film.fps, film.width, film.height))
        found += _unsteady(film)
    if not recording.posed:
        return seen, found
    try:
        whole = recording.read()
    except MissingPartError:
        raise
    except SLTError as error:
        return Measured(video=seen.video), [
            *found, of_error(error, recording.file, recording.place)
        ]  # fmt: skip
    if seen.video is not None and seen.frames != len(whole):
        what = f"It has {seen.frames} frames, {recording.file.name} has {len(whole)}."
        fix = "Estimate its poses again, from this very file."
        found.append(Finding("frame_count", recording.video, "", what, fix))
    try:
        pose = cut(whole, item.row.span, recording.file)
    except PoseFileError as error:
        found.append(Finding("span", item.row.file, item.row.place, error.what, error.fix))
        pose = whole
    return measured(pose, seen.video), found


def _unsteady(film: VideoFile) -> list[Finding]:
    if film.steady:
        return []
    what = f"Its frames don't follow each other evenly (about {film.fps:.1f} per second)."
    fix = "Give it a constant frame rate: ffmpeg -i IN -vsync cfr -r 25 OUT."
    return [Finding("odd_video", film.path, "", what, fix)]


def measured(pose: PoseSequence, video: tuple[float, int, int] | None = None) -> Measured:
    """The numbers of a pose as it is in its file.

    Chapter: 15_your_own_data
    """
    mask, groups = pose.mask, pose.skeleton.groups
    hands = np.concatenate([groups["right_hand"], groups["left_hand"]])
    image = (int(pose.meta.get("width") or 0), int(pose.meta.get("height") or 0))
    known = {
        "frames": len(pose), "fps": pose.fps, "image": image, "video": video,
        "not_numbers": NOT_NUMBERS in pose.meta.get("notes", ()),
        "digest": hashlib.sha256(pose.positions.tobytes()).hexdigest(),
        "skeleton": pose.skeleton.name,
    }  # fmt: skip
    if not len(pose):
        return Measured(**known)
    ends = pose.skeleton.ids("RIGHT_SHOULDER", "LEFT_SHOULDER")
    both = mask[:, ends].all(1)
    known |= {
        "right": float(mask[:, groups["right_hand"]].any(1).mean()),
        "left": float(mask[:, groups["left_hand"]].any(1).mean()),
        "unseen": 1 - float(mask[:, hands].mean()),
        "shoulders": float(both.mean()),
    }
    if not both.any():
        return Measured(**known)
    flat = pose.positions[..., :2]
    apart = flat[both][:, ends[1]] - flat[both][:, ends[0]]
    width = float(np.median(np.linalg.norm(apart, axis=-1)))
    image_joints = [j for n, g in groups.items() if n != "world" for j in g]
    known |= {"width": width, "largest": float(np.abs(flat[:, image_joints]).max(initial=0))}
    if width < 1e-9:
        return Measured(**known)
    return Measured(
        **known, facing=float(np.median(apart[:, 0])) / width, up=_up(pose) / width,
        arm=_longest(pose, "RIGHT_SHOULDER", "RIGHT_ELBOW") / width,
        palm=_longest(pose, "RIGHT_HAND.WRIST", "RIGHT_HAND.MIDDLE_FINGER_MCP") / width,
        crossed=_crossed(pose, width),
    )  # fmt: skip


def _longest(pose: PoseSequence, a: str, b: str) -> float:
    """A bone's length in the image, in the frames that foreshorten it least; either side's."""
    lengths = []
    for swap in (("", ""), ("RIGHT", "LEFT")):
        i, j = pose.skeleton.ids(a.replace(*swap), b.replace(*swap))
        both = pose.mask[:, i] & pose.mask[:, j]
        bone = (pose.positions[both, i] - pose.positions[both, j])[:, :2]
        lengths += [np.quantile(np.linalg.norm(bone, axis=-1), 0.9)] if both.any() else []
    return float(max(lengths)) if lengths else NAN


def _up(pose: PoseSequence) -> float:
    """How far heads are above shoulders, and shoulders above hips (or else elbows), y downwards."""
    index, mask, y = pose.skeleton.index, pose.mask, pose.positions[..., 1]
    ends = pose.skeleton.ids("RIGHT_SHOULDER", "LEFT_SHOULDER")
    head = [index["NOSE"]] if "NOSE" in index else list(pose.group("face"))
    low = [index[n] for n in ("RIGHT_HIP", "LEFT_HIP") if n in index]
    if not mask[:, low].any():
        low = [index["RIGHT_ELBOW"], index["LEFT_ELBOW"]]

    def height(joints) -> float:
        seen = mask[:, joints]
        return float(np.median(y[:, joints][seen])) if seen.any() else NAN

    middle = height(ends)
    return float(np.nansum([middle - height(head), height(low) - middle]))


def _crossed(pose: PoseSequence, width: float) -> float:
    """Share of frames in which a hand is at the other arm's wrist, of those that could tell."""
    names = ("RIGHT_WRIST", "LEFT_WRIST", "RIGHT_HAND.WRIST", "LEFT_HAND.WRIST")
    right, left, *hands = pose.skeleton.ids(*names)
    at, mask = pose.positions[..., :2], pose.mask

    def far(a: int, b: int) -> np.ndarray:
        return np.linalg.norm(at[:, a] - at[:, b], axis=-1)

    apart = mask[:, right] & mask[:, left] & (far(right, left) > 0.5 * width)
    told, crossed = 0, 0
    for hand, own, other in ((hands[0], right, left), (hands[1], left, right)):
        here = apart & mask[:, hand]
        told += int(here.sum())
        crossed += int((far(hand, other) < far(hand, own))[here].sum())
    return crossed / told if told >= 3 else NAN
