"""Joints and keypoints without a mesh agree with the mesh; limits and angles agree with scipy."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from slt_lib.body import BodyMotion, check_limits, load_body, posed_vertices, to_skeleton
from slt_lib.body.joints import INDEX, NAMES, PARENTS, TIPS
from slt_lib.body.kinematics import Rig, chain, rotation_matrices
from slt_lib.body.limits import HINGES, limits, matrices, to_angles, to_rotations
from slt_lib.body.skeleton import keypoints_seen, motion_keypoints
from slt_lib.pose.errors import PoseError
from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.rendering.poses import signing_poses


@pytest.fixture(scope="module")
def body():
    return load_body()


def within_limits(frames, seed=0, fps=25.0):
    low, high, _ = limits()
    rng = np.random.default_rng(seed)
    angles = low + (high - low) * rng.random((frames, *low.shape))
    return BodyMotion(
        to_rotations(angles), fps, rng.normal(0, 1, 10), rng.normal(0, 1, (frames, 10))
    )


def test_keypoints_are_where_the_mesh_has_them(body):
    motion = within_limits(4)
    out = body.smplx(**motion.parameters())
    vertices, joints = out.vertices, out.joints[:, :55]
    ours = motion_keypoints(body, motion)
    for name in ("RIGHT_SHOULDER", "LEFT_ELBOW", "LEFT_WRIST", "RIGHT_HIP"):
        there = joints[:, INDEX[name.lower()]].numpy()
        assert np.abs(ours[:, SLRTP_178.index[name]] - there).max() < 1e-4
    tips = {"LEFT_HAND.INDEX_FINGER_TIP": TIPS["left"]["index"],
            "RIGHT_HAND.THUMB_TIP": TIPS["right"]["thumb"]}  # fmt: skip
    for name, vertex in tips.items():
        off = np.abs(ours[:, SLRTP_178.index[name]] - vertices[:, vertex].numpy()).max()
        assert off < 1e-3  # a tip's skin hangs on the last joint almost alone
    face = body.face_points.on(vertices.numpy(), body.faces.numpy())
    assert np.abs(ours[:, 50:] - face).max() < 2e-3  # skinning inside a triangle is a mean


def test_levels_give_what_walking_the_tree_gives():
    rng = np.random.default_rng(1)
    rest = torch.from_numpy(rng.normal(size=(3, 55, 3)).astype(np.float32))
    turns = torch.from_numpy(Rotation.random(165, random_state=2).as_matrix()).float()
    turns = turns.reshape(3, 55, 3, 3)
    joints, world = chain(rest, turns)
    for frame in range(3):
        place, turn = {}, {}
        for j, parent in enumerate(PARENTS):
            above = turn[parent] if parent >= 0 else torch.eye(3)
            turn[j] = above @ turns[frame, j]
            place[j] = rest[frame, j] if parent < 0 else (
                place[parent] + above @ (rest[frame, j] - rest[frame, parent]))  # fmt: skip
            torch.testing.assert_close(joints[frame, j], place[j], atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(world[frame, j], turn[j], atol=1e-5, rtol=1e-4)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([0.0, 1e-9, 1e-4, 1.0, 3.1, 6.0]))
def test_rotation_matrices_are_scipys_at_any_angle(seed, angle):
    axis = np.random.default_rng(seed).normal(size=3)
    turn = angle * axis / np.linalg.norm(axis)
    ours = rotation_matrices(torch.from_numpy(turn))
    np.testing.assert_allclose(ours, Rotation.from_rotvec(turn).as_matrix(), atol=1e-7)


def test_a_gradient_at_no_turn_is_finite():
    turn = torch.zeros(2, 3, requires_grad=True)
    rotation_matrices(turn).sum().backward()
    assert torch.isfinite(turn.grad).all()


def test_angles_become_the_same_turns_by_matrices_and_by_rotations_and_come_back():
    low, high, _ = limits()
    angles = low + (high - low) * np.random.default_rng(0).random((5, 55, 3))
    turned = to_rotations(angles)
    by_scipy = Rotation.from_rotvec(turned.reshape(-1, 3)).as_matrix().reshape(5, 55, 3, 3)
    np.testing.assert_allclose(matrices(torch.from_numpy(angles)), by_scipy, atol=1e-5)
    np.testing.assert_allclose(to_angles(turned)[:, HINGES], angles[:, HINGES], atol=1e-4)


def test_right_limits_mirror_the_left_ones():
    low, high, rest = limits()
    left, right = INDEX["left_elbow"], INDEX["right_elbow"]
    np.testing.assert_allclose(low[right], [low[left][0], -high[left][1], -high[left][2]])
    np.testing.assert_allclose(rest[right], rest[left] * [1, -1, -1])
    assert ((low <= rest) & (rest <= high)).all()


def test_a_pose_outside_the_limits_is_refused_by_joint_and_frame():
    motion = within_limits(3)
    check_limits(motion)
    bent = motion.rotations.copy()
    bent[1, INDEX["left_index2"]] = [0, 0, 1.2]  # bent backwards
    with pytest.raises(PoseError, match=r"frame 1, left_index2 turns 69° about z"):
        check_limits(BodyMotion(bent, 25))
    check_limits(motion[:0])


def test_a_motion_of_another_shape_or_with_nan_is_refused():
    with pytest.raises(PoseError, match=r"rotations must be \(2, 55, 3\)"):
        BodyMotion(np.zeros((2, 52, 3)), 25)
    with pytest.raises(PoseError, match="finite"):
        BodyMotion(np.full((1, 55, 3), np.nan), 25)
    with pytest.raises(PoseError, match="frame rate"):
        BodyMotion(np.zeros((1, 55, 3)), 0)
    with pytest.raises(PoseError, match="betas"):
        BodyMotion(np.zeros((1, 55, 3)), 25, betas=np.zeros(300))


def test_what_was_not_seen_is_masked_in_the_skeleton(body):
    motion = within_limits(2)
    seen = np.ones((2, len(NAMES)), bool)
    seen[0, INDEX["left_elbow"]] = False  # so the left wrist and hand are a guess
    seen[1, INDEX["right_index3"]] = False
    pose = to_skeleton(body, BodyMotion(motion.rotations, 25, seen=seen))
    masked = [{SLRTP_178.joints[j] for j in np.flatnonzero(~row)} for row in pose.mask]
    hand = {name for name in SLRTP_178.joints if name.startswith("LEFT_HAND")}
    assert masked[0] == {"LEFT_WRIST"} | hand
    assert masked[1] == {"RIGHT_HAND.INDEX_FINGER_TIP"}
    assert not keypoints_seen(np.zeros((1, 55), bool)).any()


def test_no_frame_has_no_mesh_and_no_keypoint(body):
    nothing = within_limits(1)[:0]
    assert posed_vertices(body, nothing).shape == (0, body.vertices, 3)
    assert len(to_skeleton(body, nothing)) == 0


def test_a_rig_follows_shape_as_the_model_does(body):
    betas = np.random.default_rng(3).normal(0, 1, 10)
    motion = BodyMotion(np.zeros((1, 55, 3)), 25, betas)
    joints = body.smplx(**motion.parameters()).joints[0, :55]
    ours = Rig.of(body).rest(torch.from_numpy(motion.betas)[None])[0][0]
    torch.testing.assert_close(ours, joints, atol=1e-4, rtol=0)


def test_limits_know_locked_elbows_turned_signers_and_our_own_poses(body):
    _, _, rest = limits()
    angles = np.repeat(rest[None], 2, 0).astype(float)
    angles[:, INDEX["left_elbow"]] = [0.8, -np.pi / 2, 0.0]  # at a right angle: gimbal lock
    angles[:, INDEX["right_elbow"]] = [-0.8, np.pi / 2, 0.05]
    turned = to_rotations(angles)
    turned[1, 0] = [np.pi, 0, 0]  # as estimators have it whose y goes down
    check_limits(BodyMotion(turned, 25))
    by_angles = matrices(torch.from_numpy(to_angles(turned).astype(float)))
    by_scipy = Rotation.from_rotvec(turned.reshape(-1, 3)).as_matrix().reshape(2, 55, 3, 3)
    np.testing.assert_allclose(by_angles[0], by_scipy[0], atol=1e-4)
    check_limits(signing_poses(body, 40, seed=3))


def test_a_step_through_a_motion_lowers_its_frame_rate():
    motion = within_limits(7)
    assert motion[::2].fps == 12.5 and len(motion[::2]) == 4
    assert len(motion[3]) == 1 and motion[3].fps == 25
    np.testing.assert_array_equal(motion[-1].rotations[0], motion.rotations[-1])
