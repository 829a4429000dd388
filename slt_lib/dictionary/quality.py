"""How good a recording of a sign is, measured before anyone relies on it."""

import math
from dataclasses import dataclass, field

import numpy as np

from slt_lib.pose.bones import bone_length_variation
from slt_lib.pose.errors import PoseError
from slt_lib.pose.normalise import shoulder_frame
from slt_lib.pose.sequence import PoseSequence

VERDICTS = ("good", "poor", "rejected")
SHOULDER_SHARE = (0.12, 0.5)  # shoulder width over image width: 60 to 250 of 500 pixels
SHOULDER_VARIATION = 0.10
BODY_CONFIDENCE = 0.95
SHORTEST = 0.12  # seconds
HAND_SEEN = 0.5  # share of frames in which the better seen hand must be there
JITTER = 0.02  # shoulder widths
QUARTER_OF_NORMAL = 0.3186  # a quarter of all |x| is smaller, for standard normal x
BONE_CV = 0.25


@dataclass(frozen=True)
class SignQuality:
    """What was measured on a recording, and what follows.

    Attributes:
        frames: Number of frames.
        seen_right: Share of the right hand's joints seen, over all frames, 0 to 1.
        seen_left: The same of the left hand.
        jitter: Noise of the worse hand's wrist and fingers in the image plane, in shoulder widths:
            the standard deviation of the white noise that would explain the calmest quarter of
            its third differences (the rest may be fast signing).
        bone_cv: Mean coefficient of variation of the arm and hand bones' lengths.
        shoulder_share: Shoulder width over image width; NaN where the image isn't known.
        shoulder_variation: Coefficient of variation of the shoulder width.
        body_confidence: The least of the mean confidences of shoulders and nose.
        verdict: "good", "poor" (used when nothing better is there) or "rejected" (unusable).
        why: The reasons for a verdict other than good, each a plain sentence.

    Chapter: 02_dictionary
    """

    frames: int
    seen_right: float = 0.0
    seen_left: float = 0.0
    jitter: float = float("nan")
    bone_cv: float = float("nan")
    shoulder_share: float = float("nan")
    shoulder_variation: float = float("nan")
    body_confidence: float = float("nan")
    verdict: str = "rejected"
    why: tuple[str, ...] = field(default=())

    @property
    def seen(self) -> float:
        """Share of joints seen of the better seen hand, 0 to 1."""
        return max(self.seen_right, self.seen_left)

    @property
    def rank(self) -> tuple:
        """Sorts the best recording first: by verdict, joints seen, jitter."""
        order = VERDICTS.index(self.verdict)
        return order, -round(self.seen, 2), 1.0 if math.isnan(self.jitter) else self.jitter


def rejected(frames: int, why: str) -> SignQuality:
    """The quality of a recording that can't be used at all."""
    return SignQuality(frames=frames, why=(why,))


def assess(pose: PoseSequence) -> SignQuality:
    """Measure a recording as it was read, in its own skeleton and unit.

    Args:
        pose: Any skeleton with shoulders and hands; the nose is used where there is one.

    Returns:
        Its quality; "rejected" if it is empty, shows no pair of shoulders or no hand.

    Chapter: 02_dictionary
    """
    if len(pose) == 0:
        return rejected(0, "The recording has no frame.")
    try:
        _, width = shoulder_frame(pose)
    except PoseError as error:
        return rejected(len(pose), error.what)
    seen = {side: float(pose.mask[:, _hand(pose, side)].mean()) for side in ("RIGHT", "LEFT")}
    if max(seen.values()) == 0:
        return rejected(len(pose), "No frame shows a hand.")
    image = pose.meta.get("width") if "unit" not in pose.meta else None  # None once normalised
    measured = {
        "seen_right": seen["RIGHT"],
        "seen_left": seen["LEFT"],
        "jitter": _jitter(pose, width),
        "bone_cv": bone_length_variation(pose),
        "shoulder_share": width / image if image else float("nan"),
        "shoulder_variation": _shoulder_variation(pose, width),
        "body_confidence": _body_confidence(pose),
    }
    why = _complaints(measured, pose.seconds)
    return SignQuality(len(pose), **measured, verdict="poor" if why else "good", why=why)


def _complaints(measured: dict, seconds: float) -> tuple[str, ...]:
    low, high = SHOULDER_SHARE
    share, seen = measured["shoulder_share"], max(measured["seen_right"], measured["seen_left"])
    checks = [
        (seconds < SHORTEST, f"It lasts {seconds:.2f} s, under {SHORTEST} s."),
        (seen < HAND_SEEN, f"The better seen hand shows {seen:.0%} of its joints."),
        (share < low, f"The signer is far away: shoulders span {share:.0%} of the image."),
        (share > high, f"The signer is too close: shoulders span {share:.0%} of the image."),
        (
            measured["shoulder_variation"] > SHOULDER_VARIATION,
            f"The shoulder width varies by {measured['shoulder_variation']:.0%}: "
            "the body may be a guess.",
        ),
        (
            measured["body_confidence"] < BODY_CONFIDENCE,
            f"Shoulders or nose were seen with confidence {measured['body_confidence']:.2f} only.",
        ),
        (
            measured["jitter"] > JITTER,
            f"The hands jitter by {measured['jitter']:.3f} shoulder widths, or never keep still.",
        ),
        (measured["bone_cv"] > BONE_CV, f"Bone lengths vary by {measured['bone_cv']:.0%}."),
    ]
    return tuple(sentence for failed, sentence in checks if failed)


def _hand(pose: PoseSequence, side: str) -> np.ndarray:
    return pose.group(f"{side.lower()}_hand")


def _jitter(pose: PoseSequence, width: float) -> float:
    """The worse hand's noise: a still hand says nothing about a trembling one."""
    noise = [_noise(pose, _hand(pose, side)) / width for side in ("RIGHT", "LEFT")]
    return float(np.fmax(*noise))


def _noise(pose: PoseSequence, joints: np.ndarray) -> float:
    """Standard deviation of the noise; a third difference has 1 + 9 + 9 + 1 times its variance."""
    four = pose.mask[:, joints]
    four = four[3:] & four[2:-1] & four[1:-2] & four[:-3]
    if not four.any():
        return float("nan")
    third = np.abs(np.diff(pose.positions[:, joints, :2], n=3, axis=0))[four]
    return float(np.quantile(third, 0.25) / QUARTER_OF_NORMAL / np.sqrt(20))


def _shoulder_variation(pose: PoseSequence, width: float) -> float:
    right, left = pose.skeleton.ids("RIGHT_SHOULDER", "LEFT_SHOULDER")
    both = pose.mask[:, right] & pose.mask[:, left]
    span = (pose.positions[both, right] - pose.positions[both, left])[:, :2]
    return float(np.linalg.norm(span, axis=-1).std() / width)


def _body_confidence(pose: PoseSequence) -> float:
    names = ("RIGHT_SHOULDER", "LEFT_SHOULDER", "NOSE")
    joints = [pose.skeleton.index[n] for n in names if n in pose.skeleton.index]
    return float(pose.confidence[:, joints].mean(0).min())
