"""What a recording says of the body: keypoints turned into what a fit compares itself with."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from slt_lib.pose.bones import join_wrists
from slt_lib.pose.depth import fix_depth
from slt_lib.pose.errors import PoseError
from slt_lib.pose.normalise import shoulder_frame
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178

TO_BODY = np.float32([1, -1, -1])  # our keypoints' axes against SMPL-X's
BONES = [(0, 4 * finger + 1) for finger in range(5)]
BONES += [(4 * finger + k, 4 * finger + k + 1) for finger in range(5) for k in (1, 2, 3)]
HAND_STARTS = (8, 29)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Keypoints of several sequences, one after the other: F frames of S sequences.

    Lengths are in shoulder widths; axes are SMPL-X's: x to the signer's left, y up, z to the front.

    Attributes:
        points: First 50 keypoints, float32 [F, 50, 3]; 0 where unseen.
        sure: How sure the estimator is of each, float32 [F, 50]; 0 is unseen.
        bones: Directions of the 20 bones of the right and the left hand, unit vectors, float32
            [F, 2, 20, 3]; 0 where unseen.
        bone_seen: bool [F, 2, 20].
        face: 128 face points around their centre, float32 [F, 128, 3].
        face_seen: In which frames the whole face was, bool [F].
        sequence: To which sequence a frame belongs, int64 [F].
        pairs: Frames that follow each other in one sequence, int64 [P]: k and k + 1.
        rate: Frames per second of each frame's sequence, float32 [F].
        deep: Whether depth was measured in space (1) or guessed from one picture (0), [S].
        width: Shoulder width in the sequence's own unit, [S].
        origin: What is 0 here, in the sequence's own unit and axes, [S, 3].
        signer: Whose each sequence is, int64 [S], numbered from 0.
        starts: First frame of each sequence, and F, ints [S + 1].

    Chapter: 05_body
    """

    points: Tensor
    sure: Tensor
    bones: Tensor
    bone_seen: Tensor
    face: Tensor
    face_seen: Tensor
    sequence: Tensor
    pairs: Tensor
    rate: Tensor
    deep: Tensor
    width: Tensor
    origin: Tensor
    signer: Tensor
    starts: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.points)


def gather(
    poses: Sequence[PoseSequence], deep: bool = False, signers: Sequence[str] = ()
) -> Evidence:
    """What sequences say of their signers' bodies.

    Args:
        poses: Any skeletons with shoulders; pixels, metres or shoulder widths. Each has a frame.
        deep: Whether their depth was measured (several cameras, or lifted to 3-D with the arms'
            lengths), not guessed by an estimator that saw one picture.
        signers: Who signs in each; by default somebody else in every sequence.

    Raises:
        PoseError: If there is no sequence, one is empty, or one shows no pair of shoulders; if
            signers are not as many as sequences.

    Source: Ivashechkin, Mendez, Bowden, SignSplat, 2025, for the terms that this feeds.
    Chapter: 05_body
    """
    if not poses:
        raise PoseError("There is no sequence to fit a body to.", fix="Give at least one.")
    if signers and len(signers) != len(poses):
        raise PoseError(f"{len(signers)} signers were named for {len(poses)} sequences.",
                        fix="Name one per sequence, or none.")  # fmt: skip
    numbers = np.unique(signers, return_inverse=True)[1] if signers else np.arange(len(poses))
    parts = [_points(pose) for pose in poses]
    points = np.concatenate([part[0] for part in parts])
    sure = np.concatenate([part[1] for part in parts])
    lengths = [len(part[0]) for part in parts]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    sequence = np.repeat(np.arange(len(poses)), lengths)
    bones, bone_seen = _bones(points, sure)
    face, whole = points[:, 50:], (sure[:, 50:] > 0).all(1)
    face = np.where(whole[:, None, None], face - face.mean(1, keepdims=True), 0)
    arrays = (
        points[:, :50], sure[:, :50], bones, bone_seen, face.astype(np.float32), whole, sequence,
        np.flatnonzero(sequence[1:] == sequence[:-1]),
        np.repeat([pose.fps for pose in poses], lengths).astype(np.float32),
        np.full(len(poses), float(deep), np.float32),
        np.array([part[2] for part in parts], np.float32),
        np.array([part[3] for part in parts], np.float32),
        numbers.astype(np.int64),
    )  # fmt: skip
    return Evidence(*map(torch.from_numpy, arrays), tuple(starts.tolist()))


def _points(pose: PoseSequence) -> tuple[np.ndarray, np.ndarray, float, np.ndarray]:
    """178 keypoints in the body's axes and shoulder widths, their confidence, the unit, the 0."""
    if not len(pose):
        raise PoseError("The sequence has no frame.", fix="Leave it out.")
    pose = fix_depth(pose).to(SLRTP_178)
    origin, width = shoulder_frame(pose)
    middle = np.median(origin, 0)
    positions = (join_wrists(pose) - middle) / np.float32(width) * TO_BODY
    positions[~pose.mask] = 0
    return positions.astype(np.float32), pose.confidence, width, middle


def _bones(points: np.ndarray, sure: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.transpose(BONES)
    vectors, seen = [], []
    for start in HAND_STARTS:
        bone = points[:, start + b] - points[:, start + a]
        length = np.linalg.norm(bone, axis=-1, keepdims=True)
        good = (sure[:, start + a] > 0) & (sure[:, start + b] > 0) & (length[..., 0] > 1e-6)
        vectors.append(np.where(good[..., None], bone / np.maximum(length, 1e-6), 0))
        seen.append(good)
    return np.stack(vectors, 1).astype(np.float32), np.stack(seen, 1)
