"""Clips on disk: what went in comes out, work isn't done twice, damage is said and named."""

import pickle

import numpy as np
import pytest
from video_toys import FPS, SIDE, toy_clip, toy_clips

from slt_lib.pose.errors import SLTError
from slt_lib.rendering.clips import Clip, Clips, write_clips


class Killed(BaseException):
    """As a process ends: nothing catches it."""


def counting(calls: list[int], last: int | None = None):
    """`toy_clip` that notes what it is asked for, and dies at one number."""

    def make(number: int) -> Clip:
        if number == last:
            raise Killed
        calls.append(number)
        return toy_clip(number)

    return make


def test_what_is_written_is_read(tmp_path):
    clips, made = toy_clips(tmp_path / "clips", 6), [toy_clip(i) for i in range(6)]
    assert (len(clips), clips.fps, clips.height, clips.width) == (6, FPS, SIDE, SIDE)
    assert clips.names == tuple(c.name for c in made)
    assert clips.glosses == tuple(c.gloss for c in made)
    assert clips.texts == tuple(c.text for c in made)
    assert clips.signers == tuple(c.signer for c in made)
    assert clips.lengths.tolist() == [len(c.frames) for c in made]
    for i, clip in enumerate(made):
        found = clips.frames(i)
        assert found.dtype == np.uint8 and found.shape == clip.frames.shape
        assert np.abs(found.astype(int) - clip.frames).mean() < 8  # noise is what JPEG keeps least
    np.testing.assert_array_equal(clips.frames(3, [4, 0, 4]), clips.frames(3)[[4, 0, 4]])
    np.testing.assert_array_equal(clips.frames(-1), clips.frames(5))
    assert clips.frames(0, []).shape == (0, SIDE, SIDE, 3)
    with pytest.raises(IndexError):
        clips.frames(6)


def test_the_hash_says_what_is_in_them(tmp_path):
    clips = toy_clips(tmp_path / "a", 5)
    again = toy_clips(tmp_path / "b", 5, shard=2, key="another")
    other = toy_clips(tmp_path / "c", 5, make=lambda i: toy_clip(i + 1))
    assert clips.hash == again.hash == Clips.open(tmp_path / "a").hash != other.hash
    sent = pickle.loads(pickle.dumps(clips))  # to another process
    assert sent.hash == clips.hash
    np.testing.assert_array_equal(sent.frames(2), clips.frames(2))


def test_what_was_killed_goes_on_at_the_first_missing_shard(tmp_path):
    folder, first, second = tmp_path / "clips", [], []
    with pytest.raises(Killed):
        toy_clips(folder, 10, counting(first, last=6))
    assert first == [0, 1, 2, 3, 4, 5]
    with pytest.raises(SLTError, match="aren't complete"):
        Clips.open(folder)
    (folder / ".shard-00001.arrow.left").write_bytes(b"half")
    clips = toy_clips(folder, 10, counting(second))
    assert second == [4, 5, 6, 7, 8, 9]
    assert clips.hash == toy_clips(tmp_path / "whole", 10).hash
    assert not list(folder.glob(".*"))
    toy_clips(folder, 10, counting(second))
    assert len(second) == 6  # nothing left to do
    (folder / "shard-00001.arrow").unlink()
    with pytest.raises(SLTError, match="shard-00001"):
        Clips.open(folder)
    assert toy_clips(folder, 10, counting(second)).hash == clips.hash
    assert second[6:] == [4, 5, 6, 7]


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    clips = toy_clips(tmp_path / "clips", 4)
    for changes in ({"key": "other"}, {"count": 5}, {"shard": 3}):
        with pytest.raises(SLTError, match=r"other clips.*Choose a new folder"):
            toy_clips(tmp_path / "clips", **{"count": 4, **changes})
    assert Clips.open(tmp_path / "clips").hash == clips.hash
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(SLTError, match="other things"):
        toy_clips(tmp_path / "mine")
    with pytest.raises(SLTError, match="holds no clips"):
        Clips.open(tmp_path / "mine")
    with pytest.raises(SLTError, match="0 clips"):
        toy_clips(tmp_path / "none", 0)
    assert not (tmp_path / "none").exists()


def test_clips_of_another_size_or_rate_are_refused_by_name(tmp_path):
    small = np.zeros((3, 8, 8, 3), np.uint8)

    def odd(number: int) -> Clip:
        return toy_clip(number) if number < 5 else Clip("odd", (), "text", "", small, FPS)

    with pytest.raises(SLTError, match=r"odd: 12.5 fps and 8×8 pixels.*24×24"):
        toy_clips(tmp_path / "clips", 8, odd)
    for bad in (small[:0], small.astype(float), small[..., :2]):
        with pytest.raises(SLTError, match="odd: frames are uint8"):
            Clip("odd", (), "text", "", bad, FPS)
    with pytest.raises(SLTError, match="frame rate"):
        Clip("odd", (), "text", "", small, 0)


def test_damage_is_said_and_what_is_whole_stays(tmp_path):
    toy_clips(tmp_path / "clips", 8)
    shard = tmp_path / "clips" / "shard-00001.arrow"
    whole = shard.read_bytes()
    picture = whole.index(b"\xff\xd8\xff", len(whole) // 2) + 300  # inside a JPEG file
    shard.write_bytes(whole[:picture] + bytes([whole[picture] ^ 255]) + whole[picture + 1 :])
    clips, damaged = Clips.open(tmp_path / "clips"), []
    for i in range(8):
        try:
            clips.frames(i)
        except SLTError as error:
            damaged.append(i)
            assert "shard-00001.arrow: Frame" in str(error) and "Delete it" in str(error)
    assert len(damaged) == 1 and damaged[0] >= 4
    for cut in (len(whole) // 2, 100, 0):
        shard.write_bytes(whole[:cut])
        with pytest.raises(SLTError, match=r"shard-00001|Its shards don't hold"):
            Clips.open(tmp_path / "clips")
    shard.write_bytes((tmp_path / "clips" / "shard-00000.arrow").read_bytes())
    with pytest.raises(SLTError, match="don't hold the 8 clips"):
        Clips.open(tmp_path / "clips")
    (tmp_path / "clips" / "clips.json").write_text("{")
    with pytest.raises(SLTError, match="holds no clips"):
        Clips.open(tmp_path / "clips")


def test_a_shard_of_a_corpus_is_no_shard_of_clips(tmp_path):
    import pyarrow as pa

    toy_clips(tmp_path / "clips", 4)
    table = pa.table({"name": ["a"]})
    with pa.ipc.new_stream(str(tmp_path / "clips" / "shard-00000.arrow"), table.schema) as out:
        out.write_table(table)
    with pytest.raises(SLTError, match="other columns"):
        Clips.open(tmp_path / "clips")
    with pytest.raises(SLTError, match="other columns"):
        write_clips(tmp_path / "clips", 4, toy_clip, key="toys", shard=4, progress=False)
