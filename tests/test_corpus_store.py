"""A corpus on disk: nothing lost, nothing read early, no damage passed over, no half writes."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slt_lib.corpus import Corpus, concatenate_corpora, write_corpus
from slt_lib.corpus.corpus import shard_name
from slt_lib.corpus.shards import from_row, schema, to_row, write_shard
from slt_lib.pose.errors import PoseFileError, SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import BODY_HANDS_50, SLRTP_178

ROUNDING = {"float16": 2**-11, "float32": 0}  # relative


def item(number=0, frames=4, fps=25.0, **known):
    """An utterance with a third of its joints unseen."""
    rng = np.random.default_rng(number)
    seen = rng.random((frames, 178)) * (rng.random((frames, 178)) > 0.3)
    pose = PoseSequence(rng.normal(size=(frames, 178, 3)), seen, fps)
    known = {"gloss": ("REGEN", "ÄÖ"), "text": "regen .", "signer": "S1"} | known
    return Utterance(f"train/{number}", pose=pose, frames=frames, **known)


def odd_items():
    """What corpora have in them now and then."""
    handless = item(4)
    hands = np.concatenate([handless.pose.group(f"{s}_hand") for s in ("left", "right")])
    return [
        item(0, origin="real", spans=((0, 2), (2, 2)), recipe={"seed": 3, "a": [0.1, None, "ü"]}),
        item(1, frames=1, fps=60.0, gloss=(), text="", signer="", spans=()),
        item(2, frames=0, fps=12.5, recipe={}),
        item(3, frames=9, fps=29.97, text='a "quoted"\nline | 日本'),
        replace(handless, pose=handless.pose.hide(hands)),
        replace(item(5), pose=item(5).pose.hide(np.arange(178))),
    ]


@pytest.fixture
def corpus(tmp_path) -> Corpus:
    return write_corpus(tmp_path / "corpus", (item(i) for i in range(5)), shard_items=2)


@pytest.mark.parametrize("dtype", ROUNDING)
def test_nothing_is_lost(tmp_path, dtype):
    given_ = odd_items()
    made = write_corpus(tmp_path / "c", iter(given_), dtype=dtype, shard_items=4)
    assert sorted(p.name for p in made.folder.iterdir()) == [
        "corpus.json", shard_name(0), shard_name(1),
    ]  # fmt: skip
    names = ("name", "gloss", "text", "signer", "origin", "frames", "spans", "recipe")
    for old, new in zip(given_, made, strict=True):
        assert [getattr(old, n) for n in names] == [getattr(new, n) for n in names]
        assert np.array_equal(old.pose.mask, new.pose.mask)
        assert new.pose.fps == old.pose.fps and new.pose.skeleton is SLRTP_178
        np.testing.assert_allclose(
            new.pose.positions, old.pose.positions, rtol=ROUNDING[dtype], atol=1e-7
        )
        np.testing.assert_allclose(new.pose.confidence, old.pose.confidence, atol=1 / 255)
    columns = {"glosses": "gloss", "texts": "text", "signers": "signer", "origins": "origin"}
    for column, field in columns.items():
        assert getattr(made, column) == [getattr(u, field) for u in given_]
    assert made.names[made.find("train/3")] == "train/3" and made.spans[1] == ()
    assert made.frames.tolist() == [u.frames for u in given_]
    with pytest.raises(SLTError, match="frame rates"):
        _ = made.fps


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 5), st.sampled_from([*ROUNDING]), st.integers(0, 2**32),
    st.floats(1e-30, 1, allow_subnormal=False), st.floats(0.5, 120), st.text(max_size=8),
)  # fmt: skip
def test_a_row_keeps_the_mask_and_a_second_copy_is_the_first(frames, dtype, seed, low, fps, text):
    rng = np.random.default_rng(seed)
    seen = rng.choice([0, low, 1], (frames, 50))
    pose = PoseSequence(rng.normal(size=(frames, 50, 3)), seen, fps, BODY_HANDS_50)
    one = Utterance("a", tuple(text.split()), text, pose=pose)
    two, digest = stored(one, dtype)
    assert np.array_equal(two.pose.mask, pose.mask) and two.pose.fps == fps
    assert (two.gloss, two.text) == (one.gloss, one.text)
    again, same = stored(two, dtype)
    assert same == digest and np.array_equal(again.pose.positions, two.pose.positions)


def stored(one, dtype):
    """An utterance as it comes back from a row, and its digest."""
    row = to_row(one, dtype, one.pose.skeleton)
    table = pa.Table.from_pylist([row], schema=schema(dtype))
    return from_row(table, one.pose.skeleton), row["digest"]


def test_a_corpus_is_a_memory_mapped_hugging_face_dataset(corpus):
    import datasets

    rows = datasets.load_dataset(
        "arrow", data_files=[str(p) for p in sorted(corpus.folder.glob("*.arrow"))],
        split="train", cache_dir=str(corpus.folder.parent / "cache"),
    )  # fmt: skip
    assert {"name", "gloss", "text", "signer", "poses", "mask", "fps", "origin", "recipe"} <= set(
        rows.column_names
    )
    assert rows["name"][:] == corpus.names
    assert rows.features["poses"].feature.dtype == "float16"
    before = pa.total_allocated_bytes()
    held = [Corpus.open(corpus.folder) for _ in range(10)]
    names = [c.names for c in held]
    assert pa.total_allocated_bytes() - before < 10_000 and len(names) == 10
    shards = [corpus.dataset.shard(2, k) for k in range(2)]
    assert sum(map(len, shards)) == len(corpus)
    parts = [Corpus(shard, corpus.skeleton) for shard in shards]
    assert [n for part in parts for n in part.names] == corpus.names


def test_selections_and_joined_corpora_are_their_items(corpus, tmp_path):
    picked = corpus.select(np.array([4, 0, 0, 3]))
    assert picked.names == [f"train/{i}" for i in (4, 0, 0, 3)] == [u.name for u in picked]
    assert np.array_equal(picked[0].pose.positions, corpus[4].pose.positions)
    assert picked[-1].name == "train/3" and picked.select([1, 3]).names == ["train/0", "train/3"]
    assert not len(corpus.select([])) and corpus.select([]).glosses == []
    both = concatenate_corpora([picked, corpus])
    assert both.names == picked.names + corpus.names
    assert np.array_equal(both[4].pose.positions, corpus[0].pose.positions)
    assert both.fps == 25.0
    for wrong in (5, -6):
        with pytest.raises(IndexError):
            corpus[wrong]
    with pytest.raises(SLTError, match="no item 'x'"):
        corpus.find("x")
    fifty = [replace(item(0), pose=item(0).pose.to(BODY_HANDS_50))]
    other = write_corpus(tmp_path / "fifty", fifty)
    assert other.skeleton is BODY_HANDS_50
    for corpora in ([], [corpus, other]):
        with pytest.raises(SLTError, match="one skeleton"):
            concatenate_corpora(corpora)


def test_the_hash_is_of_content_and_order_alone(corpus, tmp_path):
    other = write_corpus(tmp_path / "other", corpus, shard_items=3)
    assert other.hash == corpus.hash == corpus.select(range(5)).hash
    assert corpus.select([1, 0, 2, 3, 4]).hash != corpus.hash
    hidden = item(0).pose.hide([7])
    changed = [
        {"gloss": ("A",)}, {"text": "x"}, {"signer": "x"}, {"origin": "x"}, {"name": "x"},
        {"pose": hidden}, {"pose": item(0).pose.replace(fps=30.0)},
        {"pose": item(0).pose.replace(positions=item(0).pose.positions + 0.01)},
    ]  # fmt: skip
    digests = {to_row(replace(item(0), **c), "float16", SLRTP_178)["digest"] for c in changed}
    assert len(digests) == len(changed)
    assert to_row(item(0), "float16", SLRTP_178)["digest"] not in digests


def broken_ways(shard):
    """Ways in which a shard may be damaged."""
    whole = shard.read_bytes()
    yield "emptied", lambda: shard.write_bytes(b"")
    yield "cut in the header", lambda: shard.write_bytes(whole[:100])
    yield "cut in the poses", lambda: shard.write_bytes(whole[: len(whole) // 2])
    yield "not Arrow", lambda: shard.write_bytes(b"PK" + whole[2:])
    yield "missing", shard.unlink
    offsets = whole.index(np.int64([0, 4 * 178 * 3]).tobytes())
    wrong = whole[:offsets] + np.int64([0, 2**50]).tobytes() + whole[offsets + 16 :]
    yield "with wrong offsets", lambda: shard.write_bytes(wrong)


@pytest.mark.parametrize("number", range(6))
def test_a_damaged_shard_is_one_clear_error_that_names_it(corpus, number):
    shard = corpus.folder / shard_name(1)
    what, damage = list(broken_ways(shard))[number]
    damage()
    with pytest.raises(PoseFileError, match=shard.name) as error:
        Corpus.open(corpus.folder)
    assert error.value.file == shard and "again" in error.value.fix, what


def test_whole_shards_that_are_not_the_corpus_are_refused(corpus, tmp_path):
    shard = corpus.folder / shard_name(2)
    before = shard.read_bytes()
    for strangers in ([item(8)], [], [item(4), item(8)]):
        write_shard(shard, strangers, "float16", SLRTP_178)
        with pytest.raises(PoseFileError, match="don't hold the 5 items"):
            Corpus.open(corpus.folder)
    shard.write_bytes(before)
    about = corpus.folder / "corpus.json"
    plain = json.loads(about.read_text("utf8"))
    wrong = [
        "[", "[1]", "{}", json.dumps(plain | {"version": 0}), json.dumps(plain | {"shards": 3}),
        json.dumps(plain | {"shards": []}), json.dumps(plain | {"shards": ["../x.arrow"]}),
        json.dumps(plain | {"skeleton": "x"}),
    ]  # fmt: skip
    for text in wrong:
        about.write_text(text, "utf8")
        with pytest.raises(PoseFileError) as error:
            Corpus.open(corpus.folder)
        assert error.value.file == corpus.folder
    with pytest.raises(PoseFileError, match="no complete corpus"):
        Corpus.open(tmp_path / "nowhere")


def test_a_damaged_item_is_named(tmp_path):
    row = to_row(item(0), "float16", SLRTP_178)
    for change in ({"frames": 5}, {"mask": row["mask"][:-1]}, {"recipe": "{"}):
        table = pa.Table.from_pylist([row | change], schema=schema("float16"))
        with pytest.raises(SLTError, match=r"'train/0' is damaged"):
            from_row(table, SLRTP_178, tmp_path)


def test_what_cannot_be_stored_is_refused_and_leaves_nothing(tmp_path):
    far = replace(item(0), pose=item(0).pose.replace(positions=item(0).pose.positions * 1e6))
    folder = tmp_path / "c"
    refused = [
        ([item(1), far], {}, "too large for float16"),
        ([item(1), replace(item(2), pose=None)], {}, "no pose"),
        ([replace(item(2), pose=None)], {}, "no pose"),
        ([], {}, "no item"),
        ([item(1)], {"dtype": "float64"}, "float64"),
        ([item(1)], {"shard_items": 0}, "0 items"),
    ]
    for items, how, words in refused:
        with pytest.raises(SLTError, match=words):
            write_corpus(folder, items, **how)
        assert not any(tmp_path.iterdir()), words
    kept = write_corpus(folder, [far], dtype="float32")[0].pose
    assert np.array_equal(kept.positions, far.pose.positions)


def breaking():
    yield from (item(i) for i in range(7, 10))
    raise KeyboardInterrupt


def test_a_broken_write_leaves_what_was_there(corpus, tmp_path):
    for folder in (tmp_path / "new", corpus.folder):
        with pytest.raises(KeyboardInterrupt):
            write_corpus(folder, breaking(), shard_items=2)
    assert [p.name for p in tmp_path.iterdir()] == ["corpus"]
    assert Corpus.open(corpus.folder).hash == corpus.hash
    replaced = write_corpus(corpus.folder, corpus.select([2, 1]))  # out of itself
    assert replaced.names == ["train/2", "train/1"]
    assert [p.name for p in tmp_path.iterdir()] == ["corpus"]
    assert len(list(replaced.folder.iterdir())) == 2


def test_folders_of_other_things_are_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for taken in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(SLTError, match="other things"):
            write_corpus(taken, [item(0)])
    (tmp_path / "empty").mkdir()
    assert len(write_corpus(tmp_path / "empty", [item(0)])) == 1
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_corpus_travels_to_other_processes(corpus, tmp_path):
    code = (
        "import sys; from slt_lib.corpus import Corpus; c = Corpus.open(sys.argv[1]); "
        "print(c.hash, c[3].name)"
    )
    moved = shutil.move(corpus.folder, tmp_path / "moved")
    done = subprocess.run(
        [sys.executable, "-c", code, str(moved)], capture_output=True, text=True, check=True,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert done.stdout.split() == [corpus.hash, "train/3"]
