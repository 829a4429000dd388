"""What does a translator see of a pose? Sixty joints, each in a frame that suits it.

The wrists say where the hands are; a hand's own joints say what shape it has, so they are taken
from its wrist. A joint that wasn't seen is 0 and says so.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from slt_lib.pose.resample import to_fps
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178

FPS = 25.0
FACE = (61, 291, 13, 14, 0, 17, 105, 334, 107, 336)  # mouth corners, lips, brows of the face mesh
STREAMS = {"body": slice(0, 8), "right_hand": slice(8, 29), "left_hand": slice(29, 50),
           "face": slice(50, 60)}  # fmt: skip
JOINTS = 60
CHANNELS = 7  # place, velocity, and whether it was seen
HAND_SCALE, FACE_SCALE, VELOCITY_SCALE = 3.0, 5.0, 3.0


@lru_cache
def keypoints() -> np.ndarray:
    """The sixty joints of the 178-joint skeleton: body, hands, ten of the face, int [60].

    Chapter: 09_pose_to_text
    """
    face = SLRTP_178.ids(*(f"FACE.{point}" for point in FACE))
    return np.concatenate([np.arange(50), face])


def read_pose(pose: PoseSequence) -> tuple[np.ndarray, np.ndarray]:
    """The keypoints of a pose at 25 frames per second.

    Args:
        pose: Any skeleton and frame rate, in the shoulder frame (`normalise`).

    Returns:
        Positions float16 [frames, 60, 3], 0 where not seen, and seen bool [frames, 60].

    Chapter: 09_pose_to_text
    """
    if len(pose) and not np.isclose(pose.fps, FPS, rtol=1e-3):
        pose = to_fps(pose, FPS)
    pose = pose.to(SLRTP_178)
    seen = pose.mask[:, keypoints()]
    positions = np.clip(pose.positions[:, keypoints()], -20, 20) * seen[..., None]
    return positions.astype(np.float16), seen


def pose_features(positions: Tensor, seen: Tensor) -> Tensor:
    """Per-joint channels: hands from their wrist, the face from its middle, body as it is.

    Args:
        positions: [batch, frames, 60, 3], 0 where not seen.
        seen: bool [batch, frames, 60].

    Returns:
        [batch, frames, 60, 7]: place (3), velocity (3), seen (1); 0 where not seen. A hand's
        joint counts as seen only if its wrist is.

    Chapter: 09_pose_to_text
    """
    seen, local = seen.clone(), positions.clone()
    for name in ("right_hand", "left_hand"):
        part = STREAMS[name]
        local[:, :, part] = (positions[:, :, part] - positions[:, :, part][:, :, :1]) * HAND_SCALE
        seen[:, :, part] &= seen[:, :, part][:, :, :1].clone()  # one frame alone needs its own
    face, weight = positions[:, :, STREAMS["face"]], seen[:, :, STREAMS["face"]].unsqueeze(-1)
    middle = (face * weight).sum(2, keepdim=True) / weight.sum(2, keepdim=True).clamp(min=1)
    local[:, :, STREAMS["face"]] = (face - middle) * FACE_SCALE
    flag = seen.unsqueeze(-1).to(positions.dtype)
    local = local * flag
    both = flag[:, 1:] * flag[:, :-1]
    velocity = torch.zeros_like(local)
    velocity[:, 1:] = (local[:, 1:] - local[:, :-1]) * both * VELOCITY_SCALE
    return torch.cat([local, velocity, flag], -1)


def pool_pairs(features: Tensor) -> Tensor:
    """Every two frames as one: the mean of those that saw a joint; seen is how many of the two.

    At 25 frames per second half of them say as much, and cost half.

    Args:
        features: Of `pose_features`, [batch, frames, 60, 7].

    Returns:
        [batch, frames / 2 rounded up, 60, 7].

    Chapter: 09_pose_to_text
    """
    if features.shape[1] % 2:
        features = torch.cat([features, torch.zeros_like(features[:, :1])], 1)
    total = features[:, ::2] + features[:, 1::2]
    seen = total[..., -1:]
    return torch.cat([total[..., :-1] / seen.clamp(min=1), seen / 2], -1)
