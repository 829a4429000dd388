"""The peer to compare with: `spoken-to-signed` (Moryossef et al. 2023), run as it is."""

import contextlib
import io
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
from pose_format import Pose
from spoken_to_signed.gloss_to_pose.concatenate import concatenate_poses

from slt_lib.pose.depth import fix_depth
from slt_lib.pose.errors import PoseFileError
from slt_lib.pose.io import read_pose
from slt_lib.pose.normalise import normalise
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import REDUCED_178, SLRTP_178


def load_for_peer(paths: Sequence[Path]) -> list[Pose]:
    """The recordings of a sentence in the peer's own type.

    Their depth is mended as ours is (chapter 1), so that stitchers are compared, not readers.

    Raises:
        PoseFileError: If one can't be read.
    """
    poses = []
    for path in paths:
        try:
            poses.append(with_depth(Pose.read(Path(path).read_bytes()), fix_depth(read_pose(path))))
        except Exception as error:
            raise PoseFileError(
                f"Not a .pose file that pose-format reads ({error}).", file=path
            ) from error
    return poses


def with_depth(clip: Pose, mended: PoseSequence) -> Pose:
    """The peer's copy of a recording with the depth that our reader gives it; changed in place."""
    clip.body.data[:, 0, :, 2] = mended.positions[:, :, 2]
    return clip


def peer_stitch(poses: Sequence[Pose], hide_idle_hands: bool = True) -> Pose:
    """The peer's stitching of some recordings: trim, cap, join, smooth, correct wrists, scale.

    Its progress prints are swallowed. It changes its input, so it gets copies.

    Args:
        poses: The recordings.
        hide_idle_hands: Whether low hands are hidden, as the peer does. A measure that leaves
            unseen joints out then doesn't see their errors.

    Chapter: 03_stitching
    """
    with contextlib.redirect_stdout(io.StringIO()):
        return concatenate_poses(deepcopy(list(poses)), hide_idle_hands=hide_idle_hands)


def from_peer(pose: Pose) -> PoseSequence:
    """The peer's result on our skeleton, in the shoulder frame.

    Chapter: 03_stitching
    """
    positions = np.ma.getdata(pose.body.data)[:, 0]
    read = PoseSequence(positions, pose.body.confidence[:, 0], pose.body.fps, REDUCED_178)
    return normalise(read.to(SLRTP_178))
