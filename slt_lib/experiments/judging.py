"""Who judges rendered pictures: a regressor of joints, its limits, and all measures at once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from slt_lib.body.model import Body
from slt_lib.rendering.artifacts import Limits, artifact_scores, limits_of
from slt_lib.rendering.captures import STUDIO, Captures, capture_set
from slt_lib.rendering.keypoints import PictureKeypoints, body_keypoints, together
from slt_lib.rendering.quality import flicker, picture_quality
from slt_lib.rendering.regressor import PoseRegressor, RegressorSettings
from slt_lib.rendering.regressor_training import Validation, train_regressor, validated
from slt_lib.rendering.signers import make_signer

TEACHERS = tuple(range(100, 112))  # seeds of signers that no renderer ever sees
TESTERS = (120, 121, 122)  # and of those that the limits are found with


@dataclass(frozen=True, eq=False)
class Judge:
    """A regressor of joints, what it may miss, and how good it is on signers it didn't know.

    Chapter: 08_rendering_comparison
    """

    regressor: PoseRegressor
    limits: Limits
    validation: Validation


def make_judge(
    body: Body, *, size: int = 64, seed: int = 0, poses: int = 60,
    teachers: Sequence[int] = TEACHERS, testers: Sequence[int] = TESTERS,
    settings: RegressorSettings | None = None,
) -> Judge:  # fmt: skip
    """Train a judge on captures of simulated signers, and find its limits on others'.

    Args:
        body: The signers' body model.
        size: Of the captures, pixels.
        seed: Of poses and cameras, and of the training unless there are settings.
        poses: Captures of each signer.
        teachers, testers: Seeds of signers to train with, and to check with.
        settings: Of the regressor.

    Chapter: 08_rendering_comparison
    """
    lessons, tests = (
        [capture_set(body, make_signer(k), poses=poses, views=1, held_out=1, seed=1000 * seed + k,
                     size=size, cameras=STUDIO)[0] for k in signers]
        for signers in (teachers, testers)
    )  # fmt: skip
    shown, found = _together(body, lessons)
    regressor = train_regressor(shown, found, settings or RegressorSettings(seed=seed),
                                progress=False)  # fmt: skip
    shown, found = _together(body, tests)
    checked = validated(regressor, shown, found, seed=seed)
    return Judge(regressor, limits_of(regressor, shown, found), checked)


def _together(body: Body, several: Sequence[Captures]) -> tuple[np.ndarray, PictureKeypoints]:
    """Pictures and keypoints of several captures, one after the other."""
    found = together([body_keypoints(body, one.motion, one.cameras) for one in several])
    return np.concatenate([one.pictures for one in several]), found


def measured(
    body: Body, judge: Judge, shown: np.ndarray, true: Captures, *, moving: bool = False
) -> dict:
    """Everything that is measured of one renderer's pictures under one condition.

    Args:
        body: What the captures' motion poses.
        judge: Who looks for joints.
        shown: Rendered, uint8 [N, H, W, 3].
        true: Captures of the same poses from the same cameras.
        moving: Whether they are frames of one movement; else there is no flicker.

    Returns:
        `psnr` and `ssim` by region, `structure_failures` and `hands_found` (shares of frames and
        hands), `blur`, `artifact_score`, and of a movement `flicker` (against the truth).

    Raises:
        SLTError: If shapes differ.

    Chapter: 08_rendering_comparison
    """
    quality = asdict(picture_quality(shown, true))
    found = body_keypoints(body, true.motion, true.cameras)
    scores = artifact_scores(judge.regressor, shown, found, judge.limits, moving=moving)
    result = {
        "psnr": quality["psnr"], "ssim": quality["ssim"],
        "structure_failures": scores.structure, "hands_found": 1 - scores.hands_lost,
        "blur": scores.blur, "artifact_score": scores.score,
    }  # fmt: skip
    return result | ({"flicker": flicker(shown, true)} if moving else {})
