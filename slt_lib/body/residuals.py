"""How well a fitted body explains what was seen, and whether to believe it."""

from dataclasses import dataclass, field

import numpy as np

from slt_lib.body.evidence import BONES, HAND_STARTS, gather
from slt_lib.body.fit import Fit
from slt_lib.body.model import Body
from slt_lib.body.skeleton import motion_keypoints
from slt_lib.dictionary.quality import BODY_CONFIDENCE, SHOULDER_SHARE, SHOULDER_VARIATION, assess
from slt_lib.pose.sequence import PoseSequence

PICTURE = 500.0  # body errors are told in pixels of a picture this wide
WORST_BODY, WORST_HANDS = 25.0, 20.0  # pixels of 500 and degrees: medians of a fit to believe
SURE = 0.5  # body keypoints below this confidence are mostly out of the picture


@dataclass(frozen=True, eq=False)
class Residuals:
    """Errors of a fit where something was seen, NaN elsewhere.

    Attributes:
        body: Of shoulders, elbows, wrists and hips in the picture's plane, in shoulder widths,
            float [frames, 8]; keypoints of confidence 0.5 and more.
        space: Of the first 50 keypoints in space, metres at the body's own scale, [frames, 50].
        hands: Angles between hand bones in space, degrees, [frames, 2, 20], right then left.
        width: Shoulder width in the recording's unit.
        picture: The picture's width in the same unit; NaN if it isn't known.

    Chapter: 05_body
    """

    body: np.ndarray
    space: np.ndarray
    hands: np.ndarray
    width: float
    picture: float

    @property
    def body_px(self) -> np.ndarray:
        """`body` in pixels of a picture 500 wide; of 125 per shoulder width if it isn't known."""
        share = self.width / self.picture if np.isfinite(self.picture) else 0.25
        return self.body * share * PICTURE

    @property
    def medians(self) -> dict[str, float]:
        """Median body error in pixels, hand error in degrees; mean error in space, centimetres."""
        return {
            "body_px": _over(np.median, self.body_px),
            "hand_deg": _over(np.median, self.hands),
            "space_cm": _over(np.mean, self.space) * 100,
        }


@dataclass(frozen=True)
class FitVerdict:
    """Whether a recording was fitted, or refused, and why.

    Attributes:
        fitted: False if the recording isn't good enough, or the fit can't be believed.
        why: The reasons for a refusal, each a plain sentence.
    """

    fitted: bool
    why: tuple[str, ...] = field(default=())


def placed(body: Body, fit: Fit) -> np.ndarray:
    """The fit's 178 keypoints where the recording has them: shoulder widths, SMPL-X's axes.

    Returns:
        float32 [frames, 178, 3], around the shoulders' usual place.

    Chapter: 05_body
    """
    points = motion_keypoints(body, fit.motion)
    return points * np.float32(fit.scale) + fit.place[:, None]


def residuals(body: Body, pose: PoseSequence, fit: Fit) -> Residuals:
    """How far a fit is from the recording it was made from.

    Args:
        body: That was fitted.
        pose: The recording.
        fit: As `fit_bodies` gave it for this recording.

    Chapter: 05_body
    """
    seen, ours = gather([pose]), placed(body, fit)[:, :50]
    theirs, sure = seen.points.numpy(), seen.sure.numpy()
    off = ours - theirs
    flat = np.linalg.norm(off[:, :8, :2], axis=-1)
    space = np.linalg.norm(off, axis=-1) / fit.scale
    a, b = np.transpose(BONES)
    bones = np.stack([ours[:, s + b] - ours[:, s + a] for s in HAND_STARTS], 1)
    cosine = (bones * seen.bones.numpy()).sum(-1) / np.linalg.norm(bones, axis=-1)
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return Residuals(
        np.where(sure[:, :8] >= SURE, flat, np.nan),
        np.where(sure > 0, space, np.nan),
        np.where(seen.bone_seen.numpy(), angle, np.nan),
        fit.width,
        float(pose.meta.get("width") or np.nan) if "unit" not in pose.meta else np.nan,
    )


def worth_fitting(pose: PoseSequence, deep: bool = False) -> FitVerdict:
    """Whether a recording, as it was read, shows a body well enough to fit one to it.

    The shoulders must be seen, be neither tiny nor the whole picture, and keep their width: many
    recordings are close-ups of a hand, and the rest of the body was invented by the estimator.

    Args:
        pose: In its own unit.
        deep: Whether its depth was measured: then it need only be there, a hand and both shoulders.

    Chapter: 05_body
    """
    quality = assess(pose)
    if quality.verdict == "rejected":
        return FitVerdict(False, quality.why)
    if deep:
        return FitVerdict(True)
    low, high = SHOULDER_SHARE
    share, sure = quality.shoulder_share, quality.body_confidence
    checks = [
        (share < low, f"The signer is far away: shoulders span {share:.0%} of the picture."),
        (share > high, f"The signer is too close: shoulders span {share:.0%} of the picture."),
        (quality.shoulder_variation > SHOULDER_VARIATION,
         f"The shoulder width varies by {quality.shoulder_variation:.0%}: the body is a guess."),
        (sure < BODY_CONFIDENCE, f"Shoulders or nose were seen with confidence {sure:.2f} only."),
    ]  # fmt: skip
    why = tuple(sentence for failed, sentence in checks if failed)
    return FitVerdict(not why, why)


def verdict(found: Residuals) -> FitVerdict:
    """Whether a fit can be believed.

    Chapter: 05_body
    """
    median = found.medians
    checks = [
        (not np.isfinite(found.body).any(), "No frame showed the body surely enough."),
        (median["body_px"] > WORST_BODY,
         f"The body is {median['body_px']:.0f} of 500 pixels off in the middle."),
        (median["hand_deg"] > WORST_HANDS,
         f"Hand bones are {median['hand_deg']:.0f}° off in the middle."),
    ]  # fmt: skip
    why = tuple(sentence for failed, sentence in checks if failed)
    return FitVerdict(not why, why)


def _over(statistic, values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(statistic(known)) if len(known) else float("nan")
