"""Every format read and written: real files where there are some, and nothing lost on the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slt_lib.pose.depth import Z_PIXEL, Z_SHARE, fix_depth
from slt_lib.pose.errors import PoseError, PoseFileError
from slt_lib.pose.io import (
    Utterance,
    bundled_lexicon,
    read,
    read_lexicon,
    read_npz,
    read_pose,
    write_corpus_csv,
    write_npz,
    write_pose,
    write_skels,
)
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import (
    BODY_HANDS_50,
    HOLISTIC_586,
    SKELETONS,
    SLRTP_178,
)


def random_pose(skeleton, frames=7, fps=25.0, seed=0, confidence=None, **meta):
    rng = np.random.default_rng(seed)
    positions = rng.normal(0, 100, (frames, len(skeleton), 3)).astype(np.float32)
    if confidence is None:
        confidence = rng.random(positions.shape[:2], np.float32)
        confidence[confidence < 0.3] = 0
    return PoseSequence(positions, confidence, fps, skeleton, meta)


def assert_same(a: PoseSequence, b: PoseSequence):
    assert a.skeleton is b.skeleton
    assert a.fps == b.fps
    assert np.array_equal(a.positions, b.positions)
    assert np.array_equal(a.confidence, b.confidence)


# .pose


@given(
    st.sampled_from(list(SKELETONS.values())),
    st.integers(0, 4),
    st.sampled_from([12.5, 24.0, 25.0, float(np.float32(29.97)), 60.0]),
    st.integers(0, 2**16),
)
@settings(max_examples=40, deadline=None)
def test_a_pose_file_holds_every_skeleton(tmp_path_factory, skeleton, frames, fps, seed):
    path = tmp_path_factory.mktemp("pose") / "a.pose"
    pose = random_pose(skeleton, frames, fps, seed, width=640, height=480, depth=7)
    write_pose(pose, path)
    again = read_pose(path)
    assert_same(again, pose)
    assert {k: again.meta[k] for k in ("width", "height", "depth")} == dict(pose.meta)


def test_the_bundled_recordings_are_all_read():
    entries = read_lexicon(bundled_lexicon())
    assert (len(entries), len({entry.path for entry in entries})) == (626, 600)
    assert len({entry.signed_language for entry in entries}) == 20
    poses = {entry.path: entry.read() for entry in entries}
    assert {pose.skeleton for pose in poses.values()} == {HOLISTIC_586}
    assert {round(pose.fps, 2) for pose in poses.values()} == {24, 25, 29.97, 30}
    assert sum(map(len, poses.values())) == 15514
    for pose in poses.values():
        assert pose.confidence.max() <= 1
        assert not pose.positions[~pose.mask].any()


def test_real_pose_files_come_back_as_they_were(shared_data, tmp_path):
    from pose_format import Pose

    files = sorted(shared_data.rglob("*.pose"))
    assert len(files) == 36
    for file in files:
        pose = read_pose(file)
        theirs = Pose.read(file.read_bytes()).body
        assert np.array_equal(pose.mask, theirs.confidence[:, 0] > 0)
        seen = pose.positions[pose.mask]
        assert np.array_equal(seen, theirs.data.data[:, 0][pose.mask])
        write_pose(pose, tmp_path / "a.pose")
        assert_same(read_pose(tmp_path / "a.pose"), pose)
        assert np.array_equal(pose.to(SLRTP_178).to(pose.skeleton).positions, pose.positions)


def test_of_several_people_the_first_that_is_seen_is_read(tmp_path):
    from pose_format import Pose

    pose = random_pose(BODY_HANDS_50)
    write_pose(pose, tmp_path / "a.pose")
    crowd = Pose.read((tmp_path / "a.pose").read_bytes())
    nobody = np.zeros_like(crowd.body.data.data)
    crowd.body.data = np.ma.concatenate([nobody, crowd.body.data, nobody], axis=1)
    confidence = crowd.body.confidence
    crowd.body.confidence = np.concatenate([confidence * 0, confidence, confidence * 0], axis=1)
    with (tmp_path / "b.pose").open("wb") as stream:
        crowd.write(stream)
    again = read_pose(tmp_path / "b.pose")
    assert_same(again, pose)
    assert again.meta["notes"] == ("3 people in the file, number 2 read",)


def test_confidences_above_one_and_points_that_are_no_numbers_are_noted(tmp_path):
    from pose_format import Pose

    write_pose(random_pose(BODY_HANDS_50, confidence=np.ones((7, 50))), tmp_path / "a.pose")
    other = Pose.read((tmp_path / "a.pose").read_bytes())
    other.body.confidence[0, 0, 0] = 1.5
    other.body.data[1, 0, 1] = np.nan
    with (tmp_path / "b.pose").open("wb") as stream:
        other.write(stream)
    pose = read_pose(tmp_path / "b.pose")
    assert pose.confidence[0, 0] == 1
    assert not pose.mask[1, 1] and pose.mask.sum() == 7 * 50 - 1
    assert len(pose.meta["notes"]) == 2


# depth


def turning_hand(factor, width=500, frames=30):
    """A stiff right hand that turns about its long axis, z in shares of the image width."""
    rng = np.random.default_rng(3)
    hand = rng.normal(0, 40, (21, 3))
    turn = np.linspace(0, 2, frames)
    x = hand[:, 0] * np.cos(turn)[:, None] + hand[:, 2] * np.sin(turn)[:, None]
    z = hand[:, 2] * np.cos(turn)[:, None] - hand[:, 0] * np.sin(turn)[:, None]
    y = np.broadcast_to(hand[:, 1], x.shape)
    positions = np.zeros((frames, len(HOLISTIC_586), 3), np.float32)
    confidence = np.zeros(positions.shape[:2], np.float32)
    ids = HOLISTIC_586.groups["right_hand"]
    positions[:, ids] = np.stack([x, y, z / factor], -1) + 250
    confidence[:, ids] = 1
    meta = {"z_unit": Z_SHARE, "width": width}
    return PoseSequence(positions, confidence, 25, HOLISTIC_586, meta)


@pytest.mark.parametrize("factor", [350, 500, 640, 780])
def test_depth_is_told_from_hands_that_keep_their_size(factor):
    fixed = fix_depth(turning_hand(factor))
    assert abs(fixed.meta["z_factor"] / factor - 1) < 0.02
    assert fixed.meta["z_factor_from"] == "hand bones"
    assert fix_depth(fixed) is fixed


def test_depth_without_a_hand_takes_the_usual_factor():
    pose = turning_hand(500).hide(HOLISTIC_586.groups["right_hand"])
    assert fix_depth(pose).meta["z_factor"] == 640
    assert fix_depth(pose.replace(meta={**pose.meta, "z_scale": 540})).meta["z_factor"] == 540
    with pytest.raises(PoseError, match="before normalising"):
        fix_depth(pose.replace(meta={**pose.meta, "unit": "shoulder width"}))


def test_the_bundled_recordings_have_flat_depth_until_it_is_fixed(tmp_path):
    for entry in read_lexicon(bundled_lexicon())[::60]:
        pose = read_pose(entry.file)
        assert pose.meta["z_unit"] == Z_SHARE
        fixed = fix_depth(pose)
        assert 300 <= fixed.meta["z_factor"] <= 800
        assert np.array_equal(fixed.mask, pose.mask)
        assert np.array_equal(fixed.positions[..., :2], pose.positions[..., :2])
        assert np.array_equal(
            fixed.positions[:, pose.group("world")], pose.positions[:, pose.group("world")]
        )
        write_pose(fixed, tmp_path / "a.pose")
        assert read_pose(tmp_path / "a.pose").meta["z_unit"] == Z_PIXEL


# .npz and dispatch


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=lambda s: s.name)
def test_npz_loses_nothing(tmp_path, skeleton):
    pose = random_pose(skeleton, fps=29.97, width=640, notes=("left hand: not seen",))
    write_npz(pose, tmp_path / "a.npz")
    again = read(tmp_path / "a.npz")
    assert_same(again, pose)
    assert again.meta == pose.meta
    write_npz(pose[:0], tmp_path / "empty.npz")
    assert len(read_npz(tmp_path / "empty.npz")) == 0


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(PoseFileError, match=r"Known endings: \.pose, \.npz"):
        read(tmp_path / "a.bvh")


def test_a_writer_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.csv"
    write_corpus_csv([Utterance("one", ("A",), "a")], path)
    before = path.read_bytes()
    with pytest.raises(PoseFileError, match="line break"):
        write_corpus_csv([Utterance("two", ("B",), "b\nc")], path)
    pose = random_pose(BODY_HANDS_50)
    with pytest.raises(PoseFileError):
        write_skels([Utterance("x", pose=pose)], tmp_path / "s")
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]


# .skels
