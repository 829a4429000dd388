"""Every format read and written: real files where there are some, and nothing lost on the way."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slt_lib.pose.depth import Z_PIXEL, Z_SHARE, fix_depth
from slt_lib.pose.errors import MissingPartError, PoseError, PoseFileError
from slt_lib.pose.io import (
    LexiconEntry,
    Utterance,
    bundled_lexicon,
    read,
    read_annotations,
    read_corpus_csv,
    read_lexicon,
    read_npz,
    read_pose,
    read_skels,
    read_slrtp,
    write_corpus_csv,
    write_lexicon,
    write_npz,
    write_pose,
    write_skels,
    write_slrtp,
)
from slt_lib.pose.normalise import normalise
from slt_lib.pose.resample import to_fps
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import (
    BODY_HANDS_50,
    HOLISTIC_586,
    PROGRESSIVE_50,
    SKELETONS,
    SLRTP_178,
    SLRTP_FILE_178,
)
from slt_lib.pose.video import video_command, video_to_pose


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


def test_real_skels_are_read_and_come_back(shared_data, tmp_path):
    for part in ("train", "dev"):
        stem = shared_data / "phoenix14t" / "skels" / part
        items = read_skels(stem)
        assert len(items) == 5
        assert all(item.pose.skeleton is PROGRESSIVE_50 for item in items)
        first = np.array(Path(f"{stem}.skels").read_text().split()[:6], np.float32)
        assert np.array_equal((items[0].pose.positions[0, :2] * [1, 1, -1]).ravel(), first)
        write_skels(items, tmp_path / part)
        for a, b in zip(items, read_skels(tmp_path / part), strict=True):
            assert (a.name, a.gloss, a.text) == (b.name, b.gloss, b.text)
            assert_same(a.pose, b.pose)
        for kind in ("files", "gloss", "text"):
            assert (
                Path(f"{tmp_path / part}.{kind}").read_text() == Path(f"{stem}.{kind}").read_text()
            )
        annotated = read_annotations(shared_data / "phoenix14t" / f"phoenix14t.{part}.gz")
        known = {item.name: item for item in annotated}
        assert all(known[item.name].frames == item.frames for item in items)
        assert all(known[item.name].gloss == item.gloss for item in items)


def test_absence_in_skels_is_found_and_masked(tmp_path):
    pose = random_pose(PROGRESSIVE_50, 10, confidence=np.ones((10, 50)))
    positions = pose.positions.copy()
    positions[:, 1] = 0  # the neck is the origin
    left, right = pose.group("left_hand"), pose.group("right_hand")
    positions[4:6, right] = positions[3, right]
    positions[8] = positions[7]
    confidence = pose.confidence.copy()
    confidence[2:5, left] = 0
    confidence[9, 3] = 0
    pose = pose.replace(positions=positions, confidence=confidence)
    write_skels([Utterance("a", ("X",), "y", pose=pose)], tmp_path / "s")
    again = read_skels(tmp_path / "s")[0].pose
    expected = confidence.copy()
    expected[4:6, right] = 0
    expected[8] = 0
    assert np.array_equal(again.confidence, expected)
    assert again.meta["notes"] == (
        "body: 1 of 10 frames repeat the frame before",
        "right hand: 3 of 10 frames repeat the frame before",
        "left hand: 3 of 10 frames are zeros",
        "left hand: 1 of 10 frames repeat the frame before",
    )


def test_skels_whose_columns_slipped_are_refused(tmp_path):
    pose = random_pose(PROGRESSIVE_50, 5)
    write_skels([Utterance("a", pose=pose)], tmp_path / "s")
    skels = tmp_path / "s.skels"
    numbers = skels.read_text().split()
    skels.write_text(" ".join(numbers[1:] + numbers[:1]))
    with pytest.raises(PoseFileError, match="counter"):
        read_skels(tmp_path / "s")
    skels.write_text(" ".join(numbers[:-1]))
    with pytest.raises(PoseFileError, match="754 numbers"):
        read_skels(tmp_path / "s")
    skels.write_text((" ".join(numbers) + "\n") * 2)
    with pytest.raises(PoseFileError, match="Line counts differ"):
        read_skels(tmp_path / "s")


# SLRTP


def test_slrtp_files_are_read_one_sequence_at_a_time(tmp_path):
    poses = {f"dev/{k}": random_pose(SLRTP_FILE_178, k, seed=k) for k in range(5)}
    items = [
        Utterance(name, ("HEUTE", "REGEN"), "heute regnet es", "Signer01", pose)
        for name, pose in poses.items()
    ]
    write_slrtp(iter(items), tmp_path / "dev.pt")
    corpus = read_slrtp(tmp_path / "dev.pt")
    assert list(corpus) == list(poses) and len(corpus) == 5
    for item in items:
        again = corpus[item.name]
        assert (again.gloss, again.text, again.signer) == (item.gloss, item.text, item.signer)
        assert np.array_equal(again.pose.mask, item.pose.mask)
        assert np.array_equal(again.pose.positions, item.pose.positions)
        assert again.pose.fps == 25
    assert not corpus["dev/4"].pose.to(SLRTP_178).mask[:, SLRTP_178.groups["face"]].any()
    with pytest.raises(KeyError):
        corpus["dev/9"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda item: item.pop("speaker"), "has no speaker"),
        (lambda item: item.update(text=3), "something else than text"),
        (lambda item: item.update(poses_3d=item["poses_3d"][:, :177]), r"\(7, 177, 3\)"),
        (lambda item: item.update(poses_3d=item["poses_3d"].long()), "of floats"),
        (lambda item: item.update(poses_3d="none"), "str"),
        (
            lambda item: item.update(poses_3d=item["poses_3d"][:1].expand(10**9, 178, 3)),
            "claim more than the file holds",
        ),
    ],
)
def test_a_wrong_slrtp_item_is_refused_by_name(tmp_path, change, words):
    import torch

    write_slrtp([Utterance("a", pose=random_pose(SLRTP_FILE_178))], tmp_path / "a.pt")
    items = torch.load(tmp_path / "a.pt", weights_only=True)
    change(items["a"])
    torch.save(items, tmp_path / "b.pt")
    with pytest.raises(PoseFileError, match=words):
        read_slrtp(tmp_path / "b.pt")["a"]


# annotation


def test_the_whole_phoenix_annotation_is_read(shared_data):
    folder = shared_data / "phoenix14t"
    parts = {p: read_annotations(folder / f"phoenix14t.{p}.gz") for p in ("train", "dev", "test")}
    assert {part: len(items) for part, items in parts.items()} == {
        "train": 7096, "dev": 519, "test": 642,
    }  # fmt: skip
    assert len({gloss for item in parts["train"] for gloss in item.gloss}) == 1085
    assert len({word for item in parts["train"] for word in item.text.split()}) >= 2887
    everything = [item for items in parts.values() for item in items]
    assert len({item.signer for item in everything}) == 9
    assert sum(item.alignment is None for item in everything) == 27
    for item in everything:
        assert item.alignment is None or len(item.alignment) == item.frames


def test_csv_keeps_every_field(tmp_path):
    items = [
        Utterance("01April_2010-1", ("JETZT", "WETTER"), "jetzt „das“ wetter", "Signer08",
                  meta={"video": "01April_2010-1/1/*.png", "start": "-1", "end": "-1"}),
        Utterance("02", (), "", "", meta={"video": "", "start": "0", "end": "12"}),
    ]  # fmt: skip
    write_corpus_csv(items, tmp_path / "a.corpus.csv")
    assert (tmp_path / "a.corpus.csv").read_text("utf-8").splitlines()[:2] == [
        "name|video|start|end|speaker|orth|translation",
        "01April_2010-1|01April_2010-1/1/*.png|-1|-1|Signer08|JETZT WETTER|jetzt „das“ wetter",
    ]
    for a, b in zip(items, read_corpus_csv(tmp_path / "a.corpus.csv"), strict=True):
        assert (a.name, a.gloss, a.text, a.signer) == (b.name, b.gloss, b.text, b.signer)
        assert dict(a.meta) == dict(b.meta)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name|video\n", "other columns"),
        ("name|video|start|end|speaker|orth|translation\na|b|c\n", "Row 2 has not 7"),
        ("name|video|start|end|speaker|orth|translation\n1|2|3|4|5|6|7|8\n", "Row 2 has not 7"),
        ("", "other columns"),
    ],
)
def test_a_csv_of_another_shape_is_refused(tmp_path, text, words):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(PoseFileError, match=words):
        read_corpus_csv(tmp_path / "a.csv")


# lexicons


def test_a_lexicon_folder_comes_back(shared_data, tmp_path):
    entries = read_lexicon(shared_data / "lexicon_sgg")
    write_lexicon([(entry, read_pose(entry.file)) for entry in entries], tmp_path)
    for a, b in zip(entries, read_lexicon(tmp_path), strict=True):
        assert (a.path, a.words, a.glosses, a.start, a.end) == (
            b.path, b.words, b.glosses, b.start, b.end,
        )  # fmt: skip
        assert_same(a.read(), b.read())


def test_a_row_can_name_a_part_of_its_recording(tmp_path):
    pose = random_pose(BODY_HANDS_50, 50, fps=25)
    rows = [(0, 0, 50), (400, 0, 40), (400, 800, 10), (0, 9000, 50), (0, 30, 1)]
    whole = [
        (LexiconEntry(tmp_path, "x/a.pose", "de", "gsg", start, end, "a, b", "A", 0), pose)
        for start, end, _ in rows
    ]
    write_lexicon(whole, tmp_path)
    entries = read_lexicon(tmp_path)
    assert [len(entry.read()) for entry in entries] == [frames for *_, frames in rows]
    assert entries[0].words == "a, b"
    late = LexiconEntry(tmp_path, "x/a.pose", "de", "gsg", 5000, 0, "a", "A", 0)
    with pytest.raises(PoseFileError, match="starts at 5000 ms"):
        late.read()


def test_bad_rows_are_named_by_number(tmp_path):
    header = "path,spoken_language,signed_language,start,end,words,glosses,priority\n"
    good = "a.pose,de,gsg,0,0,a,A,0\n"
    bad = "../b.pose,de,gsg,0,0,b,B,0\nc.pose,de,gsg,zero,0,c,C,0\nd.pose,de\ne.pose,,,9,3,,,0\n"
    (tmp_path / "index.csv").write_text(header + good + bad)
    with pytest.raises(PoseFileError) as caught:
        read_lexicon(tmp_path)
    for words in ("row 3: path", "row 4: start 'zero'", "row 5: not as many", "row 6: start 9"):
        assert words in str(caught.value)
    (tmp_path / "index.csv").write_text(header.replace("words,", "") + good)
    with pytest.raises(PoseFileError, match="words"):
        read_lexicon(tmp_path)
    with pytest.raises(PoseFileError, match="no such file"):
        read_lexicon(tmp_path / "nowhere")


# video


@pytest.fixture(scope="module")
def video_environment():
    try:
        return video_command()
    except MissingPartError as error:
        pytest.skip(f"needs the video environment ({error.fix})")


def test_a_real_video_gives_a_pose_in_every_frame(shared_data, tmp_path, video_environment):
    video = shared_data / "video" / "signing_540x720.mp4"
    pose = video_to_pose(video, cache=tmp_path)
    assert len(pose) == 58 and abs(pose.fps - 29.92) < 0.01
    for part in ("body", "face"):
        assert pose.mask[:, pose.group(part)].any(1).all()
    assert fix_depth(pose).meta["z_factor"] == 540
    assert len(to_fps(normalise(pose.to(SLRTP_178)), 25)) == 48
    assert_same(video_to_pose(video, cache=tmp_path), pose)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_video_that_is_none_is_refused(tmp_path, video_environment):
    (tmp_path / "a.mp4").write_bytes(b"not a video")
    with pytest.raises(PoseFileError, match="MediaPipe could not read it"):
        video_to_pose(tmp_path / "a.mp4", cache=None)


def test_a_slow_estimate_is_given_up(shared_data, video_environment):
    video = shared_data / "video" / "signing_540x720.mp4"
    with pytest.raises(PoseFileError, match=r"longer than 0\.2 s"):
        video_to_pose(video, cache=None, timeout=0.2)


def test_without_the_video_environment_the_way_to_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("SLT_VIDEO_ENV", str(tmp_path))
    (tmp_path / "a.mp4").write_bytes(b"film")
    with pytest.raises(MissingPartError, match="make video-env"):
        read(tmp_path / "a.mp4")
