"""The canonical skeleton: everybody's movements on one body.

Two signers' coordinates differ because their arms do. The canonical skeleton keeps the
*directions* of all bones, frame by frame, and replaces their *lengths* by one fixed set
(Walsh et al., BMVC 2024, step 2). The face, which has no bones, is refitted: its turn and
its expression are kept, its shape and place become canonical.
"""

from slt_lib.pose.bones import join_wrists, lift_arms, set_bone_lengths
from slt_lib.pose.face import refit_face
from slt_lib.pose.proportions import CanonicalBody, canonical_body
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178


def canonicalise(pose: PoseSequence, body: CanonicalBody | None = None) -> PoseSequence:
    """The same movements on the canonical body; the mask is kept.

    Depths first (`join_wrists`, `lift_arms`): a pose estimator guesses body, hand and
    face depth apart from each other. Then the bones, then the face.

    Args:
        pose: A normalised sequence on the 178- or the 50-joint skeleton.
        body: Proportions; by default those of the bundled recordings.

    Raises:
        PoseError: If the skeleton is another one.

    Chapter: 01_signing_poses
    """
    body = body or canonical_body()
    mask, lengths = pose.mask, body.bones[: len(pose.skeleton)]
    positions = lift_arms(join_wrists(pose), mask, lengths)
    positions = set_bone_lengths(positions, mask, lengths, pose.skeleton)
    if pose.skeleton is SLRTP_178:
        refit_face(positions, mask, body)
    return pose.replace(positions=positions)
