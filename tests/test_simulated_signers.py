"""Simulated signers: anatomy in its place, plausible poses, looks that stick to the body."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from slt_lib.body import BodyMotion, load_body, posed_vertices
from slt_lib.body.joints import INDEX, TIPS
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.camera import orbit
from slt_lib.rendering.captures import capture, capture_set, chest
from slt_lib.rendering.handshapes import HANDSHAPES, hand_turns
from slt_lib.rendering.paint import paint
from slt_lib.rendering.poses import signing_poses, signing_sequence
from slt_lib.rendering.regions import BODY, FACE, HANDS, face_labels, on_vertices
from slt_lib.rendering.signers import Garment, make_signer, rgb


@pytest.fixture(scope="module")
def body():
    return load_body()


@pytest.fixture(scope="module")
def tips(body):
    """Finger tips of the left hand in every shape, metres, by shape and finger."""
    turns = np.zeros((len(HANDSHAPES), 55, 3), np.float32)
    for i, shape in enumerate(HANDSHAPES):
        turns[i, 25:40], turns[i, 40:55] = hand_turns(shape), hand_turns(shape, "right")
    vertices = posed_vertices(body, BodyMotion(turns, 25)).numpy()
    return {shape: {side: {f: vertices[i, v] for f, v in TIPS[side].items()} for side in TIPS}
            for i, shape in enumerate(HANDSHAPES)}  # fmt: skip


def apart(hand, one, other):
    return np.linalg.norm(hand["left"][one] - hand["left"][other])


def test_hands_begin_at_the_wrists_and_the_face_is_in_front_of_the_head(body):
    labels, middle = face_labels(body), body.smplx.v_template.numpy()[body.faces].mean(1)
    assert np.abs(middle[labels == HANDS, 0]).min() > 0.68
    face = middle[labels == FACE]
    assert face[:, 1].min() > 0.24 and face[:, 1].max() < 0.48 and np.abs(face[:, 0]).max() < 0.09
    assert set(labels) == {BODY, HANDS, FACE}
    flat = face_labels(body)
    assert (flat == HANDS).sum() > 3000 and (flat == FACE).sum() > 2000


def test_lips_nails_palms_and_eyes_are_where_they_belong(body):
    found = on_vertices(body)
    assert np.abs(found.points[found.lips > 0, 0]).max() < 0.03
    assert np.all(np.abs(found.points[found.lips > 0, 1] - 0.306) < 0.02)
    nails = found.points[found.nails > 0]
    assert len(nails) >= 20 and np.abs(nails[:, 0]).min() > 0.79
    palm, back = found.palms > 0.9, (found.hand > 0.9) & (found.palms < 0.1)
    assert found.normals[palm, 1].max() < 0 < found.normals[back, 1].min()
    assert np.isfinite(found.eye).sum() == 144


def test_flat_hands_are_stretched_and_fists_closed(tips):
    for finger in ("index", "middle", "ring", "pinky"):
        assert tips["flat"]["left"][finger][0] > 0.86
        assert tips["fist"]["left"][finger][0] < 0.84
    assert tips["point"]["left"]["index"][0] > 0.9 > 0.85 > tips["point"]["left"]["middle"][0]
    assert apart(tips["two"], "index", "middle") > 1.3 * apart(tips["together"], "index", "middle")
    assert apart(tips["spread"], "index", "pinky") > 1.2 * apart(tips["flat"], "index", "pinky")


@pytest.mark.parametrize("shape", ["pinch", "round"])
def test_thumb_and_index_meet_where_the_shape_says_so(tips, shape):
    assert apart(tips[shape], "thumb", "index") < 0.02


def test_right_hands_mirror_left_ones(tips):
    for hand in tips.values():
        for finger, point in hand["left"].items():
            assert np.abs(point * [-1, 1, 1] - hand["right"][finger]).max() < 2e-3


def test_an_unknown_handshape_is_refused_with_those_that_there_are():
    with pytest.raises(SLTError, match="flat"):
        hand_turns("banana")


def test_poses_keep_hands_before_the_trunk_and_off_each_other(body):
    motion = signing_poses(body, 24, seed=5)
    with torch.no_grad():
        joints = body.smplx(**motion.parameters()).joints.numpy()
    wrists = joints[:, [INDEX["left_wrist"], INDEX["right_wrist"]]]
    elbows = joints[:, [INDEX["left_elbow"], INDEX["right_elbow"]]]
    assert (wrists[..., 2] > 0.15).all()
    assert (elbows[..., 1] < 0.2).mean() > 0.9
    assert np.linalg.norm(wrists[:, 0] - wrists[:, 1], axis=-1).min() > 0.06
    assert np.linalg.norm(wrists - joints[:, None, INDEX["head"]], axis=-1).min() > 0.1


def test_seeds_decide_poses_and_builds_change_them(body):
    first, again = (signing_poses(body, 3, seed=1) for _ in range(2))
    assert np.array_equal(first.rotations, again.rotations)
    assert not np.array_equal(first.rotations, signing_poses(body, 3, seed=2).rotations)
    for seed in range(6):  # heavy and light ones find poses too
        betas = np.random.default_rng(seed).choice([-2.0, 2.0], 10)
        assert len(signing_poses(body, 4, seed=seed, betas=betas)) == 4
    with pytest.raises(SLTError, match="0 poses"):
        signing_poses(body, 0, seed=0)


def test_a_sequence_is_smooth_passes_its_poses_and_rests_there(body):
    motion = signing_sequence(body, 60, seed=3, fps=25, seconds=0.8)
    steps = np.abs(np.diff(motion.rotations, axis=0)).max((1, 2))
    assert len(motion) == 60 and steps.max() < 0.6
    poses = signing_poses(body, 4, seed=3)
    held = np.abs(motion.rotations - poses.rotations[1]).max((1, 2))
    assert (held < 1e-3).sum() >= 4
    with pytest.raises(SLTError, match="0 frames"):
        signing_sequence(body, 0, seed=3)


def test_signers_cover_a_wide_range_and_dress_so_that_hands_stand_out():
    signers = [make_signer(seed) for seed in range(60)]
    light = np.array([rgb(s.skin).mean() for s in signers])
    assert light.min() < 0.25 and light.max() > 0.8 and light.std() > 0.15
    assert len({s.hairstyle for s in signers}) >= 6 and len({s.top.pattern for s in signers}) >= 5
    assert np.std([s.betas[0] for s in signers]) > 0.5
    for s in signers:
        contrast = abs((rgb(s.top.colour) - rgb(s.skin)) @ [0.3, 0.59, 0.11])
        assert contrast > 0.15
    again = make_signer(7)
    assert again.skin == signers[7].skin and np.array_equal(again.betas, signers[7].betas)


def test_wrong_patterns_and_colours_are_refused():
    with pytest.raises(SLTError, match="stripes"):
        Garment("#112233", pattern="tartan")
    with pytest.raises(SLTError, match="#8d5b3c"):
        rgb("brown")
    with pytest.raises(SLTError, match="curly"):
        replace(make_signer(0), hairstyle="mohawk")


def test_sleeves_end_where_they_are_cut_and_hands_stay_bare(body):
    signer = make_signer(0)
    middle = body.smplx.v_template.numpy()[body.faces].mean(1)
    upper_arm = (np.abs(middle[:, 0]) > 0.4) & (np.abs(middle[:, 0]) < 0.6)
    colours = {}
    for sleeves in ("short", "long"):
        top = Garment("#ff0000", sleeves=sleeves)
        texels = paint(body, replace(signer, top=top), rows=2).texels.mean(1)
        colours[sleeves] = texels
    red = np.array([1.0, 0, 0])
    assert np.abs(colours["long"][upper_arm] - red).max() < 0.25
    assert np.abs(colours["short"][upper_arm] - red).max(1).min() > 0.3
    hands = face_labels(body) == HANDS
    assert np.allclose(colours["long"][hands][:, 0], colours["short"][hands][:, 0], atol=0.5)
    assert np.abs(colours["long"][np.abs(middle[:, 0]) > 0.75] - red).max(1).min() > 0.3


def test_captures_know_their_pixels_and_training_shares_nothing_with_what_is_held_out(body):
    signer = make_signer(1)
    train, held = capture_set(body, signer, poses=3, views=2, held_out=3, seed=0, size=96)
    assert train.pictures.shape == (6, 96, 96, 3) and len(held) == 3
    assert np.array_equal(train.motion.rotations[0], train.motion.rotations[1])
    shared = np.abs(train.motion.rotations[:, None] - held.motion.rotations).max((2, 3)).min()
    assert shared > 0.1
    for captures in (train, held):
        assert np.array_equal(captures.regions > 0, captures.masks >= 0.5)
        share = [(captures.regions == k).mean() for k in (BODY, HANDS, FACE)]
        assert share[0] > 0.1 and share[1] > 0.008 and share[2] > 0.005
        outside = np.abs(captures.pictures / 255 - captures.background)[captures.masks == 0]
        assert outside.max() < 0.003
    again, _ = capture_set(body, signer, poses=3, views=2, held_out=1, seed=0, size=96)
    assert np.array_equal(train.pictures, again.pictures)
    some = train[[4, 1]]
    assert np.array_equal(some.pictures[1], train.pictures[1]) and len(some.cameras) == 2
    assert len(train[2:]) == 4 and len(train[5]) == 1


def test_captures_that_do_not_belong_together_are_refused(body):
    motion, view = signing_poses(body, 3, seed=0), orbit(width=32, height=32)
    with pytest.raises(SLTError, match="camera per pose"):
        capture(body, make_signer(0), motion, [view, view])
    taken = capture(body, make_signer(0), motion, [view])
    with pytest.raises(SLTError, match="belong"):
        replace(taken, motion=motion[:2])
    with pytest.raises(SLTError, match="size"):
        replace(taken, cameras=[view.resized(16, 16)] * 3)


def test_cameras_follow_tall_and_short_builds(body):
    heights = [chest(body, betas)[1] for betas in (np.zeros(10), np.eye(10)[0] * 2)]
    assert heights[0] == pytest.approx(0.08, abs=0.01) and abs(heights[1] - heights[0]) > 0.005


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (-4, 10)])
def test_cameras_without_pixels_are_refused(size):
    with pytest.raises(SLTError, match="positive"):
        orbit().resized(*size)
    with pytest.raises(SLTError, match="matrices"):
        replace(orbit(), K=torch.eye(4))
