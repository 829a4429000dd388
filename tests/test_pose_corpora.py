"""Corpora, annotations and lexicons read and written: real files where there are some."""

from pathlib import Path

import numpy as np
import pytest
from test_pose_io import assert_same, random_pose

from slt_lib.pose.errors import PoseFileError
from slt_lib.pose.io import (
    LexiconEntry,
    Utterance,
    read_annotations,
    read_corpus_csv,
    read_lexicon,
    read_pose,
    read_skels,
    read_slrtp,
    write_corpus_csv,
    write_lexicon,
    write_skels,
    write_slrtp,
)
from slt_lib.pose.skeleton import (
    BODY_HANDS_50,
    PROGRESSIVE_50,
    SLRTP_178,
    SLRTP_FILE_178,
)


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
