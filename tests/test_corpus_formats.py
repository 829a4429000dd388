"""Corpora in the field's formats: in and out one item at a time; annotation that gets signed."""

import subprocess
import sys
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from slt_lib.corpus import Corpus, export_corpus, read_corpus, write_corpus
from slt_lib.corpus.weather.annotated import simulate_annotations
from slt_lib.pose.errors import PoseFileError, SLTError
from slt_lib.pose.io import (
    Utterance,
    iter_skels,
    read_annotations,
    read_corpus_csv,
    read_skels,
    read_slrtp,
    write_corpus_csv,
    write_slrtp,
)
from slt_lib.pose.resample import to_fps
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import BODY_HANDS_50, PROGRESSIVE_50, SLRTP_178, SLRTP_FILE_178


def item(number=0, frames=6, fps=25.0, **known):
    """An utterance without its left hand in two frames, as formats without a mask can say it."""
    rng = np.random.default_rng(number)
    pose = PoseSequence(rng.normal(size=(frames, 178, 3)), np.ones((frames, 178)), fps)
    known = {"gloss": ("REGEN", "ÄÖ"), "text": "regen .", "signer": "S1"} | known
    hidden = pose.hide(pose.group("left_hand"), slice(1, 3))
    return Utterance(f"train/{number}", pose=hidden, frames=frames, **known)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Corpus:
    items = [item(0), item(1, frames=1, gloss=(), text=""), item(2, spans=((0, 2), (2, 6)))]
    return write_corpus(tmp_path_factory.mktemp("c") / "corpus", items, dtype="float32")


@pytest.mark.parametrize(
    ("format", "file", "told", "kept"),
    [
        ("pose", "folder", ("name", "gloss", "text", "signer"), 178),
        ("slrtp", "dev.pt", ("name", "gloss", "text", "signer"), 50),
        ("skels", "dev.v1.skels", ("name", "gloss", "text"), 48),
    ],
)
def test_a_corpus_goes_out_and_comes_back(corpus, tmp_path, format, file, told, kept):
    path = tmp_path / "new" / file
    export_corpus(corpus, path.with_suffix("") if format == "skels" else path, format)
    back = write_corpus(tmp_path / "back", read_corpus(path), dtype="float32")
    assert len(back) == len(corpus) and back.fps == corpus.fps
    for new, old in zip(back, corpus, strict=True):
        assert [getattr(new, n) for n in told] == [getattr(old, n) for n in told]
        places = new.pose.skeleton.index
        ours, theirs = zip(*((i, places[j]) for j, i in SLRTP_178.index.items() if j in places),
                           strict=True)  # fmt: skip
        assert len(ours) == kept
        assert np.array_equal(new.pose.mask[:, theirs], old.pose.mask[:, ours])
        np.testing.assert_allclose(
            new.pose.positions[:, theirs], old.pose.positions[:, ours], atol=1e-6
        )
    if format == "slrtp":  # nobody knows which of our face points is which of the file's
        assert not any(u.pose.mask[:, 50:].any() for u in back)
    assert {p.name for p in tmp_path.iterdir()} == {"new", "back"}


def test_a_corpus_reads_as_itself(corpus):
    assert [u.name for u in read_corpus(corpus.folder)] == corpus.names


def test_frame_rates_are_converted_where_the_format_cannot_say_them(tmp_path):
    fast = item(3, frames=12, fps=60.0)
    for format, name in (("slrtp", "a.pt"), ("skels", "a")):
        export_corpus([fast], tmp_path / name, format)
        file = tmp_path / ("a.pt" if format == "slrtp" else "a.skels")
        back = next(iter(read_corpus(file))).pose
        wanted = to_fps(fast.pose, 25.0)
        right = back.group("right_hand")
        assert (len(back), back.fps) == (5, 25.0) and len(wanted) == 5
        assert np.allclose(
            back.positions[:, right], wanted.positions[:, SLRTP_178.groups["right_hand"]]
        )
    export_corpus([fast], tmp_path / "b.pt", "slrtp", fps=60.0)
    assert len(next(iter(read_corpus(tmp_path / "b.pt", fps=60.0))).pose) == 12
    export_corpus([fast], tmp_path / "poses", "pose")
    assert next(read_corpus(tmp_path / "poses")).pose.fps == 60.0


def test_other_peoples_annotation_beside_pose_files_is_read(corpus, tmp_path):
    export_corpus(corpus, tmp_path / "p", "pose")
    (tmp_path / "p" / "corpus.csv").rename(tmp_path / "p" / "PHOENIX.dev.corpus.csv")
    assert [u.text for u in read_corpus(tmp_path / "p")] == corpus.texts
    write_corpus_csv([Utterance("train/9")], tmp_path / "p" / "more.corpus.csv")
    with pytest.raises(PoseFileError, match=r"2 \*corpus.csv"):
        list(read_corpus(tmp_path / "p"))
    (tmp_path / "p" / "PHOENIX.dev.corpus.csv").unlink()
    with pytest.raises(PoseFileError, match=r"9\.pose"):
        list(read_corpus(tmp_path / "p"))
    for name in ("../x", "/x", "a/../../x", "..", "a\\b"):
        write_corpus_csv([Utterance(name)], tmp_path / "p" / "more.corpus.csv")
        with pytest.raises(PoseFileError, match="can't be a file's name"):
            list(read_corpus(tmp_path / "p"))


def test_what_is_no_corpus_is_one_clear_error(tmp_path):
    (tmp_path / "a.gz").write_bytes(b"")
    for path in (tmp_path / "a.gz", tmp_path, tmp_path / "nowhere"):
        with pytest.raises(PoseFileError) as error:
            list(read_corpus(path))
        assert error.value.file == path and ".skels" in error.value.fix
    for path in (tmp_path / "none.pt", tmp_path / "none.skels"):
        with pytest.raises(PoseFileError):
            list(read_corpus(path))
    with pytest.raises(SLTError, match="no format 'bvh'"):
        export_corpus([item()], tmp_path / "x", "bvh")
    with pytest.raises(SLTError, match="other things"):
        export_corpus([item()], tmp_path, "pose")


@pytest.mark.parametrize("format", ["slrtp", "skels", "pose"])
def test_what_does_not_fit_leaves_no_corpus_behind(tmp_path, format):
    wrong = [replace(item(1), pose=None)]
    wrong += [replace(item(1), name="../up")] if format == "pose" else []
    wrong += [item(0)] if format != "skels" else [replace(item(1), text="a\nb")]
    for number, bad in enumerate(wrong):
        with pytest.raises(SLTError):
            export_corpus([item(0), bad], tmp_path / str(number), format)
        left = [p.name for p in tmp_path.rglob("*") if p.is_file()]
        assert all(name.endswith(".pose") for name in left) and "up.pose" not in left
        if left:
            with pytest.raises(PoseFileError):
                list(read_corpus(tmp_path / str(number)))


@pytest.mark.parametrize("lengths", [[], [0], [3, 0, 2], [2] * 5])
def test_a_challenge_file_is_what_torch_would_write(tmp_path, lengths):
    import torch

    items = [
        replace(item(i, frames=n), pose=item(i, frames=n).pose.to(SLRTP_FILE_178))
        for i, n in enumerate(lengths)
    ]
    write_slrtp(iter(items), tmp_path / "a.pt")
    plain = torch.load(tmp_path / "a.pt", weights_only=True)
    assert list(plain) == [u.name for u in items]
    for one in items:
        row = plain[one.name]
        assert list(row) == ["name", "text", "gloss", "poses_3d", "speaker"]
        assert row["poses_3d"].dtype == torch.float32 and row["poses_3d"].shape[1:] == (178, 3)
        assert np.array_equal(row["poses_3d"].numpy(), one.pose.positions)
        assert row["poses_3d"].untyped_storage().nbytes() == one.pose.positions.nbytes
    assert (tmp_path / "a.pt").stat().st_size < 9_000 + sum(lengths) * 178 * 12 + 1_000 * len(items)
    assert [p.name for p in tmp_path.iterdir()] == ["a.pt"]


def test_skels_are_read_line_by_line(tmp_path):
    items = [replace(u, pose=u.pose.to(PROGRESSIVE_50)) for u in map(item, range(4))]
    export_corpus(items, tmp_path / "a", "skels")
    assert [u.name for u in read_skels(tmp_path / "a")] == [u.name for u in items]
    lines = (tmp_path / "a.skels").read_text().splitlines()
    (tmp_path / "a.skels").write_text("\n".join([*lines[:2], "1 2 3"]))
    assert [u.name for u in islice(iter_skels(tmp_path / "a"), 2)] == ["train/0", "train/1"]
    with pytest.raises(PoseFileError, match="Line 3"):
        list(iter_skels(tmp_path / "a"))
    for count in (3, 5):
        (tmp_path / "a.skels").write_text("\n".join((lines * 2)[:count]))
        with pytest.raises(PoseFileError, match=rf"'.skels': {count}"):
            list(iter_skels(tmp_path / "a"))


MEASURE = """
import re, sys
from pathlib import Path
import numpy as np
from slt_lib.corpus import export_corpus, read_corpus, write_corpus
from slt_lib.pose.io import Utterance
from slt_lib.pose.sequence import PoseSequence

import torch, datasets
peak = 0

def own():  # memory that is nobody's file, MB
    return int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

def looked(items):
    global peak
    for item in items:
        peak = max(peak, own())
        yield item

rng = np.random.default_rng(0)
movement = rng.normal(size=(121, 178, 3)).astype(np.float32)

def signing(count):
    for k in range(count):
        shift = movement[:-1] + np.float32(k / count)
        pose = PoseSequence(shift, np.ones((120, 178)), 25.0)
        yield Utterance(f"train/{k}", ("A",), "a .", "s", pose)

class Stream:
    def __init__(self, file): self.file = file
    def __getattr__(self, name): return getattr(self.file, name)
    def write(self, data):
        global peak
        peak = max(peak, own())
        return self.file.write(data)

real = torch.save
torch.save = lambda items, file: real(items, Stream(file))
folder, count, ways = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
write_corpus(folder / "warm", signing(3))
export_corpus(signing(3), folder / "warm.pt", "slrtp")
for way in ways:
    peak, before = 0, own()
    if way == "out":
        export_corpus(looked(signing(count)), folder / "a.pt", "slrtp")
    elif way == "in":
        write_corpus(folder / "c", looked(read_corpus(folder / "a.pt")))
    elif way == "all":
        items = list(looked(signing(count)))
    print(way, peak - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for a process's own memory")
def test_a_challenge_file_larger_than_we_want_to_hold_goes_out_and_in(tmp_path):
    count, item_mb = 300, 120 * 178 * 3 * 4 / 2**20
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path), str(count), "out", "in", "all"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    grown = {way: float(mb) for way, mb in map(str.split, done.stdout.splitlines())}
    assert (tmp_path / "a.pt").stat().st_size > 0.99 * count * item_mb * 2**20
    assert grown["all"] > 0.9 * count * item_mb  # the measure would have seen it
    assert max(grown["out"], grown["in"]) < 0.25 * count * item_mb
    names = [u.name for u in Corpus.open(tmp_path / "c").select([0, count - 1])]
    assert names == ["train/0", f"train/{count - 1}"]
    assert len(read_slrtp(tmp_path / "a.pt")) == count


# annotation that gets signed


@pytest.fixture(scope="module")
def phoenix(shared_data) -> dict:
    """PHOENIX14T's annotation, part by part."""
    folder = shared_data / "phoenix14t"
    return {p: read_annotations(folder / f"phoenix14t.{p}.gz") for p in ("train", "dev", "test")}


def test_phoenix_annotation_makes_a_corpus_of_its_very_sentences(phoenix, tmp_path):
    for part, real in phoenix.items():
        some = real[:12] if part == "train" else real[:2]
        made = write_corpus(tmp_path / part, simulate_annotations(iter(some)), shard_items=5)
        assert made.frames.tolist() == [u.frames for u in some]
        for one, was in zip(made, some, strict=True):
            told = ("name", "gloss", "text", "signer")
            assert [getattr(one, n) for n in told] == [getattr(was, n) for n in told]
            assert one.origin == "simulated" and one.pose.fps == 25 and one.recipe is None
            edges = np.ravel(one.spans)
            assert len(one.spans) == len(one.gloss) and (np.diff(edges) >= 0).all()
            assert edges[0] >= 0 and edges[-1] <= was.frames
            assert one.pose.mask.mean() > 0.7
    again = write_corpus(tmp_path / "again", simulate_annotations(phoenix["train"][:12]))
    assert again.hash == Corpus.open(tmp_path / "train").hash
    other = write_corpus(tmp_path / "other", simulate_annotations(phoenix["train"][:12], seed=1))
    assert other.hash != again.hash


def test_all_of_phoenix_can_be_signed_one_after_the_other(phoenix):
    assert sum(map(len, phoenix.values())) == 8257 and len(phoenix["train"]) == 7096
    assert all(u.gloss and u.frames for part in phoenix.values() for u in part)
    asked = []

    def counted():
        for one in phoenix["train"]:
            asked.append(one.name)
            yield one

    stream = simulate_annotations(counted())
    first = [next(stream) for _ in range(3)]
    assert asked == [u.name for u in phoenix["train"][:3]] == [u.name for u in first]
    alone = next(simulate_annotations(phoenix["train"][:1]))
    assert np.array_equal(alone.pose.positions, first[0].pose.positions)


def test_annotation_without_glosses_leaves_no_corpus(tmp_path):
    items = [Utterance("a", ("REGEN",), frames=9), Utterance("b", (), "regen .", frames=9)]
    with pytest.raises(SLTError, match="b has no glosses"):
        write_corpus(tmp_path / "c", simulate_annotations(items))
    assert not any(tmp_path.iterdir())
    kept = write_corpus(tmp_path / "c", simulate_annotations(u for u in items if u.gloss))
    assert kept.names == ["a"] and kept[0].frames == 9


def test_the_official_table_is_signed_too(tmp_path):
    table = [Utterance("x", ("REGEN", "NORD"), "regen im norden .", "Signer01")]
    write_corpus_csv(table, tmp_path / "dev.corpus.csv")
    made = list(simulate_annotations(read_corpus_csv(tmp_path / "dev.corpus.csv")))
    assert made[0].gloss == ("REGEN", "NORD") and len(made[0].pose) == made[0].frames > 10
    assert made[0].pose.to(BODY_HANDS_50).mask.any()
