"""From a folder to corpora and signs: nothing lost, nothing leaked, nothing done twice."""

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from own_toys import sentences, write_clean

from slt_lib.cli import app
from slt_lib.corpus import Corpus, write_corpus
from slt_lib.corpus.check.splits import plain_text
from slt_lib.corpus.ingest import by_split, ingest
from slt_lib.corpus.own import open_source
from slt_lib.dictionary import load_dictionary
from slt_lib.experiments.own_damage import Damaged
from slt_lib.experiments.own_formats import FORMATS, npz_folder, slrtp_folder
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import write_pose
from slt_lib.pose.resample import to_fps


@pytest.fixture(scope="session")
def clean(tmp_path_factory):
    return write_clean(tmp_path_factory.mktemp("own") / "clean")


def make(data, out, **how):
    return ingest(data, out, progress=False, **how)


def test_corpora_that_went_through_files_are_the_same_to_the_last_bit(clean, tmp_path):
    made = make(clean, tmp_path / "out", origin="simulated")
    assert made.sizes == {"train": 32, "dev": 6, "test": 6}
    for split, items in sentences().items():
        plain = (replace(i, name=f"poses/{i.name}", spans=None) for i in items)
        direct = write_corpus(tmp_path / split, plain)
        assert Corpus.open(made.corpus / split).hash == direct.hash
    signs = load_dictionary(made.dictionary)
    assert {g for i in sentences()["train"] for g in i.gloss} <= set(signs.glosses)


def test_what_is_there_is_not_made_again(clean, tmp_path):
    folder = Damaged.copy(clean, tmp_path / "own")
    out = tmp_path / "out"
    assert make(folder.path, out).done == ("train", "dev", "test", "dictionary")
    assert make(folder.path, out).done == ()
    folder.rows[35]["text"] = "ein anderer satz ."
    assert make(folder.save(), out).done == ("dev",)
    folder.change(2, lambda pose: pose[3:])
    assert make(folder.path, out).done == ("train",)
    folder.index.pop()
    assert make(folder.save(), out).done == ("dictionary",)


def test_errors_stop_before_anything_is_written_unless_left_out(clean, tmp_path):
    folder = Damaged.copy(clean, tmp_path / "own")
    folder.bytes(folder.file(4), b"no pose")
    folder.rows[5]["text"] = ""
    folder.index[0] |= {"start": "9", "end": "3"}
    with pytest.raises(SLTError, match="found 3 errors"):
        make(folder.save(), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    made = make(folder.path, tmp_path / "out", leave_out=True)
    assert made.sizes["train"] == 30 and len(made.left_out) == 2
    assert len(load_dictionary(made.dictionary)) == len(folder.index) - 1


def test_splits_are_made_by_sentence(tmp_path):
    parts = sentences()
    again = [replace(i, name=f"again{n}", text=i.text.upper().replace(".", "!"))
             for n, i in enumerate(parts["train"][:20])]  # fmt: skip
    npz_folder({"train": [*parts["train"], *again]}, tmp_path / "data")
    items = open_source(tmp_path / "data").items
    first, second, other = (by_split(some, seed) for some, seed in
                            ((items, 0), (items[::-1], 0), (items, 1)))  # fmt: skip

    def names(made):
        return {split: {i.said.name for i in some} for split, some in made.items()}

    assert names(first) == names(second) != names(other)
    texts = [{plain_text(i.said.text) for i in some} for some in first.values()]
    assert not texts[0] & texts[1] and not texts[0] & texts[2] and not texts[1] & texts[2]
    assert sum(map(len, first.values())) == 52 and min(map(len, first.values())) >= 5
    with pytest.raises(SLTError, match="nothing in"):
        by_split(items[:1])


def test_given_splits_are_kept_unless_others_are_asked_for(clean, tmp_path):
    folder = Damaged.copy(clean, tmp_path / "own")
    for row in folder.rows:
        row["split"] = {"test": ""}.get(row["split"], row["split"])
    with pytest.raises(SLTError, match="errors"):
        make(folder.save(), tmp_path / "out")
    assert sum(make(folder.path, tmp_path / "out", resplit=True).sizes.values()) == 44


def test_other_frame_rates_and_spans_are_converted(tmp_path):
    item = sentences()["train"][0]
    fast = replace(item, pose=to_fps(item.pose, 50.0))
    for n in range(6):
        write_pose(fast.pose, tmp_path / "data" / f"{n}.pose")
    long = int(1000 * fast.pose.seconds)
    lines = [f"{n}.pose,satz {n} .,A B,,ich,{100 * n},{long if n else ''}" for n in range(6)]
    header = "file,text,glosses,split,signer,start,end"
    (tmp_path / "data" / "t.csv").write_text("\n".join([header, *lines]))
    made = make(tmp_path / "data", tmp_path / "out")
    every = [u for s in ("train", "dev", "test") for u in Corpus.open(made.corpus / s)]
    for one in every:
        n = int(one.name[0])
        left = (len(fast.pose) - 5 * n) / 2
        assert one.pose.fps == 25 and abs(len(one.pose) - left) <= 1 and one.signer == "ich"


def test_faces_of_slrtp_files_stay_masked(tmp_path):
    slrtp_folder(sentences(), tmp_path / "data")
    made = make(tmp_path / "data", tmp_path / "out")
    one = Corpus.open(made.corpus / "train")[0]
    assert one.pose.skeleton.name == "slrtp178" and not one.pose.mask[:, 50:].any()
    shoulders = one.pose.positions[:, [0, 3]].mean(1)
    assert np.abs(shoulders).max() < 2e-3


def test_frame_alignments_become_spans(shared_data, tmp_path):
    made = make(shared_data / "phoenix14t", tmp_path, leave_out=True, resplit=True)
    assert sum(made.sizes.values()) == 10 and len(made.left_out) == 8247
    spans = [
        s for split in ("train", "dev", "test") for s in Corpus.open(made.corpus / split).spans
    ]
    assert sum(s is not None for s in spans) >= 5
    assert all(b > a for one in spans if one for a, b in one)


def test_the_command_says_what_chapters_take(clean, tmp_path):
    done = CliRunner().invoke(app, ["ingest", str(clean), str(tmp_path / "out")])
    assert done.exit_code == 0, done.stderr
    assert f"-p corpus {tmp_path / 'out' / 'corpus'}" in done.stdout
    assert f"-p dictionary {tmp_path / 'out' / 'dictionary'}" in done.stdout
    bad = CliRunner().invoke(app, ["ingest", str(tmp_path / "none"), str(tmp_path / "out")])
    assert bad.exit_code == 1 and "no such folder" in bad.stderr


def test_videos_become_clips(tmp_path):
    some = {split: items[:6] for split, items in sentences().items()}
    FORMATS["videos, .pose and annotations.csv"](some, tmp_path / "data")
    done = CliRunner().invoke(
        app, ["ingest", str(tmp_path / "data"), str(tmp_path / "out"), "--clips", "32"]
    )
    assert done.exit_code == 0, done.stderr
    from slt_lib.rendering.clips import Clips

    clips = Clips.open(tmp_path / "out" / "clips" / "dev")
    assert len(clips) == 6 and clips.height == 32 and clips.fps == 12.5


def test_poses_of_videos_are_estimated_where_they_are_missing(tmp_path, monkeypatch):
    """The video environment is a command; a stand-in writes the poses it would."""
    some = {split: items[:2] for split, items in sentences().items()}
    FORMATS["videos, .pose and annotations.csv"](some, tmp_path / "data")
    kept = tmp_path / "kept.pose"
    for file in sorted((tmp_path / "data").glob("*.pose")):
        file.rename(kept)
    command = tmp_path / "env" / "bin" / "video_to_pose"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\ncp {kept} "$4"\n')
    command.chmod(0o755)
    monkeypatch.setenv("SLT_VIDEO_ENV", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SLTError, match="video environment"):
        make(tmp_path / "data", tmp_path / "out")
    monkeypatch.setenv("SLT_VIDEO_ENV", str(tmp_path / "env"))
    made = make(tmp_path / "data", tmp_path / "out")
    assert made.sizes == {"train": 2, "dev": 2, "test": 2}
    assert all(len(u.pose) for u in Corpus.open(made.corpus / "train"))


def test_a_name_may_not_lead_out_of_the_folder(tmp_path):
    (tmp_path / "data").mkdir()
    write_pose(sentences()["dev"][0].pose, tmp_path / "secret.pose")
    (tmp_path / "data" / "t.csv").write_text("file,text\n../secret.pose,regen .\n")
    source = open_source(tmp_path / "data")
    assert not source.items and source.findings[0].kind == "row_without_file"
