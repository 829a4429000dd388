"""Everybody on one body: bones get their length, directions stay, nobody is invented."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slt_lib.pose.bones import bone_length_variation, set_bone_lengths
from slt_lib.pose.canonical import canonicalise
from slt_lib.pose.errors import PoseError
from slt_lib.pose.face import read_faces
from slt_lib.pose.proportions import canonical_body, estimate_body
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import HOLISTIC_586, SLRTP_178


def made_pose(frames: int, seed: int, hole: float = 0.0) -> PoseSequence:
    """A body that moves at random around the canonical one, some joints unseen."""
    rng = np.random.default_rng(seed)
    positions = rng.normal(0, 0.3, (frames, 178, 3)).astype(np.float32)
    positions[:, [0, 3], 0] += [-0.5, 0.5]
    positions[:, 50:] = canonical_body().face + rng.normal(0, 0.01, (frames, 128, 3)) + [0, -0.6, 0]
    confidence = (rng.random((frames, 178)) >= hole).astype(np.float32)
    return PoseSequence(positions, confidence, 25.0)


def slow_bone_lengths(positions, mask, lengths, skeleton=SLRTP_178):
    """One joint and one frame at a time: the reference for `set_bone_lengths`."""
    out = np.where(mask[..., None], positions, 0)
    for t in range(len(positions)):
        for j, name in enumerate(skeleton.joints):
            parent = skeleton.parents[j]
            rooted = name.endswith("_SHOULDER")
            if not mask[t, j] or (parent < 0 and not rooted):
                continue
            up = parent
            while up >= 0 and not mask[t, up]:
                up = skeleton.parents[up]
            start_old = positions[t, up] if up >= 0 else np.zeros(3)
            start_new = out[t, up] if up >= 0 else np.zeros(3)
            bone = positions[t, j] - start_old
            if rooted or (up == parent and up >= 0):
                norm = np.linalg.norm(bone)
                bone = bone * (lengths[j] / norm) if norm > 1e-8 else bone
            out[t, j] = start_new + bone
    return out


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 6), st.integers(0, 10**6), st.sampled_from([0.0, 0.1, 0.6]))
def test_fast_bones_agree_with_the_slow_walk(frames, seed, hole):
    pose = made_pose(frames, seed, hole)
    lengths = canonical_body().bones
    fast = set_bone_lengths(pose.positions, pose.mask, lengths)
    np.testing.assert_allclose(
        fast, slow_bone_lengths(pose.positions, pose.mask, lengths), atol=2e-5
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 8), st.integers(0, 10**6), st.sampled_from([0.0, 0.2]))
def test_canonical_poses_have_canonical_bones_and_the_same_mask(frames, seed, hole):
    pose = made_pose(frames, seed, hole)
    canonical = canonicalise(pose)
    np.testing.assert_array_equal(canonical.mask, pose.mask)
    assert not canonical.positions[~canonical.mask].any()
    variation = bone_length_variation(canonical)
    assert np.isnan(variation) or variation < 1e-4


def test_build_does_not_matter():
    """A signer with longer arms and smaller hands, same angles, becomes the same canonical pose."""
    pose = canonicalise(made_pose(5, 3))
    other = canonical_body().bones * np.where(np.arange(178) < 8, 1.3, 0.7)
    other[[0, 3]] = 0.5
    longer = set_bone_lengths(pose.positions, pose.mask, other)
    back = set_bone_lengths(longer, pose.mask, canonical_body().bones)
    np.testing.assert_allclose(back[:, :50], pose.positions[:, :50], atol=1e-5)


def test_the_face_keeps_its_turn_and_gets_the_canonical_size():
    body, pose = canonical_body(), made_pose(6, 1)
    angle = np.radians(25)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    positions = pose.positions.copy()
    centre = positions[:, 50:].mean(1, keepdims=True)
    positions[:, 50:] = (positions[:, 50:] - centre) @ turn.T * 1.7 + centre
    canonical = canonicalise(pose.replace(positions=positions))
    faces = read_faces(canonical.positions, canonical.mask, body)
    np.testing.assert_allclose(faces.turn, np.broadcast_to(turn, (6, 3, 3)), atol=0.05)
    size = np.sqrt((canonical.positions[:, 50:] - faces.centre).var(1).sum(-1)).mean()
    assert size == pytest.approx(np.sqrt(body.face.var(0).sum()), rel=0.02)


def test_the_shipped_body_is_what_the_bundled_recordings_give(measurable_recordings):
    body, shipped = estimate_body(measurable_recordings), canonical_body()
    np.testing.assert_allclose(body.bones[:50], shipped.bones[:50], rtol=0.01, atol=0.002)
    np.testing.assert_allclose(body.face, shipped.face, atol=0.002)
    assert body.face_distance == pytest.approx(shipped.face_distance, rel=0.02)


def test_bad_skeletons_are_refused():
    pose = PoseSequence(np.zeros((2, 586, 3)), np.ones((2, 586)), 25, HOLISTIC_586)
    with pytest.raises(PoseError, match="SLRTP_178"):
        canonicalise(pose)
    with pytest.raises(PoseError, match="bone"):
        estimate_body([made_pose(3, 0).hide(np.arange(8, 29))])
