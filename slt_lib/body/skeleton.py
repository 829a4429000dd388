"""From a body back to a skeleton: the inverse of fitting."""

import numpy as np
import torch

from slt_lib.body.evidence import TO_BODY
from slt_lib.body.joints import INDEX, NAMES, PARENTS
from slt_lib.body.kinematics import KEYPOINTS, LAST, Rig, keypoints, rotation_matrices
from slt_lib.body.model import Body
from slt_lib.body.motion import BodyMotion
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178

_TRUNK = {"pelvis", "spine1", "spine2", "spine3", "left_collar", "right_collar"}


def motion_keypoints(body: Body, motion: BodyMotion) -> np.ndarray:
    """The 178 keypoints of a body in every frame.

    Returns:
        Metres, SMPL-X's axes, its pelvis at home (`transl` is not added), float32 [F, 178, 3].

    Chapter: 05_body
    """
    with torch.no_grad():
        return keypoints(
            Rig.of(body),
            torch.from_numpy(motion.betas).expand(len(motion), -1),
            rotation_matrices(torch.from_numpy(motion.rotations)),
            torch.from_numpy(motion.expression),
        ).numpy()


def to_skeleton(body: Body, motion: BodyMotion) -> PoseSequence:
    """The skeleton of a body: the inverse of `fit_bodies`.

    Args:
        body: Whose keypoints.
        motion: What it does.

    Returns:
        178 joints in metres, in the axes of our poses (x to the picture's right, y down, z away
        from the camera). A keypoint is masked where a turn on the way to it was not seen.

    Chapter: 05_body
    """
    points = (motion_keypoints(body, motion) + motion.transl[:, None]) * TO_BODY
    unit = {"unit": "metre"} if len(motion) else {}
    return PoseSequence(points, keypoints_seen(motion.seen), motion.fps, SLRTP_178, unit)


def keypoints_seen(seen: np.ndarray) -> np.ndarray:
    """Which of the 178 keypoints rest on something seen, bool [F, 178], from turns [F, 55].

    A keypoint is seen if all turns between the trunk and it were; a shoulder, if the trunk was; a
    hip, if its own joint was (legs never turn, so that says whether the hip itself was seen).
    """
    known = np.ones_like(seen)
    for joint, parent in enumerate(PARENTS):
        if parent >= 0 and NAMES[parent] not in _TRUNK:
            known[:, joint] = known[:, parent] & seen[:, parent]
    tips = known[:, list(LAST)] & seen[:, list(LAST)]
    hands = np.concatenate([known, tips], 1)[:, list(KEYPOINTS)]
    hands[:, [0, 3]] = seen[:, [INDEX["pelvis"]]]
    hands[:, [6, 7]] = seen[:, [INDEX["right_hip"], INDEX["left_hip"]]]
    face = seen[:, [INDEX["head"]]] & seen[:, [INDEX["neck"]]]
    return np.concatenate([hands, np.repeat(face, 128, 1)], 1)
