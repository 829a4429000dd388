"""A dictionary on disk: nothing lost, nothing read before it is asked for."""

import pickle
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from slt_lib.dictionary import (
    Dictionary,
    Sign,
    SignQuality,
    from_lexicon,
    load_dictionary,
    save_dictionary,
)
from slt_lib.dictionary.sign import POSES_KEPT
from slt_lib.dictionary.store import StoredPoses
from slt_lib.pose.errors import PoseFileError, SLTError
from slt_lib.pose.sequence import PoseSequence


def drawn(seed, frames, fps):
    rng = np.random.default_rng(seed)
    seen = rng.random((frames, 178)) * (rng.random((frames, 178)) > 0.3)
    return PoseSequence(rng.normal(size=(frames, 178, 3)), seen, fps)


def made(i, frames=3, fps=25.0, **known):
    measured = (frames, 1.0, 0.5, 0.01, float("nan"))
    quality = SignQuality(*measured, verdict="poor", why=("a; b.", 'c "d"'))
    gloss = f"GLOSS-{i}, ÄÖ"
    return Sign(gloss, fps, frames, partial(drawn, i, frames, fps), quality=quality, **known)


def test_nothing_is_lost(tmp_path):
    signs = [made(i, frames=i, fps=12.5 * (i + 1), variant=i, source="a,b\nc") for i in range(4)]
    signs += [made(9, sentence="s/1", signed_language="gsg", priority=2)]
    bad = Sign("BAD", 1.0, 0, partial(drawn, 0, 0, 1), quality=SignQuality(0, why=("Broken.",)))
    before = Dictionary([*signs, bad], synonyms={"X": ["GLOSS-1, ÄÖ"], "Ü": "BAD"})
    save_dictionary(before, tmp_path / "d")
    after = load_dictionary(tmp_path / "d")
    assert after.glosses == before.glosses
    assert str(after.report()) == str(before.report())
    assert after.rejected[0].quality.why == ("Broken.",)
    assert after.synonyms == {"X": ["GLOSS-1, ÄÖ"], "Ü": "BAD"}
    for old, new in zip(before, after, strict=True):
        assert str(old.quality) == str(new.quality)
        names = ("variant", "fps", "frames", "source", "sentence", "signed_language", "priority")
        assert [getattr(old, n) for n in names] == [getattr(new, n) for n in names]
        np.testing.assert_array_equal(old.pose.positions, new.pose.positions)
        np.testing.assert_array_equal(old.pose.confidence, new.pose.confidence)
        assert old.pose.fps == new.pose.fps


def test_a_loaded_dictionary_travels_to_other_processes(tmp_path):
    save_dictionary(from_lexicon(), tmp_path / "letters")
    letters = load_dictionary(tmp_path / "letters")
    again = pickle.loads(pickle.dumps(letters))
    assert len(pickle.dumps(letters)) < 50_000
    for gloss in ("A", "ä"):
        old, new = letters.signs(gloss)[0].pose, again.signs(gloss)[0].pose
        np.testing.assert_array_equal(old.positions, new.positions)


def test_a_large_dictionary_opens_without_reading_its_poses(tmp_path, monkeypatch):
    save_dictionary(Dictionary(made(i, frames=1) for i in range(7206)), tmp_path / "large")
    read, real = [], StoredPoses.read
    monkeypatch.setattr(StoredPoses, "read", lambda self, *a: read.append(a) or real(self, *a))
    tracemalloc.start()
    large = load_dictionary(tmp_path / "large")
    signs = [large.lookup(gloss).signs[0] for gloss in large.glosses]
    assert len(signs) == 7206
    assert read == []
    for sign in signs[: 2 * POSES_KEPT]:
        assert len(sign.pose) == 1
    assert len(read) == 2 * POSES_KEPT
    assert signs[2 * POSES_KEPT - 1].pose is signs[2 * POSES_KEPT - 1].pose
    assert len(read) == 2 * POSES_KEPT
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60e6


def test_a_row_deleted_from_the_index_takes_the_sign_out(tmp_path):
    save_dictionary(Dictionary([made(1), made(2), made(3)]), tmp_path)
    index = tmp_path / "index.csv"
    rows = index.read_text(encoding="utf-8").splitlines()
    index.write_text("\n".join([rows[0], *rows[2:]]), encoding="utf-8")
    left = load_dictionary(tmp_path)
    assert len(left) == 2
    expected = made(3).read().positions
    np.testing.assert_array_equal(left.signs("GLOSS-3, ÄÖ")[0].pose.positions, expected)


def test_saving_replaces_a_whole_dictionary_or_nothing(tmp_path):
    folder = tmp_path / "d"
    save_dictionary(Dictionary([made(1), made(2)]), folder)
    broken = Sign("X", 25, 3, partial(drawn, "no seed", 3, 25), quality=made(1).quality)
    with pytest.raises(TypeError):
        save_dictionary(Dictionary([made(3), broken]), folder)
    assert load_dictionary(folder).glosses == ("GLOSS-1, ÄÖ", "GLOSS-2, ÄÖ")
    save_dictionary(load_dictionary(folder), folder)
    assert len(load_dictionary(folder).signs("GLOSS-1, ÄÖ")[0].pose) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["d"]
    (tmp_path / "diary").mkdir()
    (tmp_path / "diary" / "page.txt").write_text("mine")
    with pytest.raises(SLTError, match="other things"):
        save_dictionary(Dictionary([made(1)]), tmp_path / "diary")


@pytest.mark.parametrize("name", ["dictionary.json", "index.csv", "signs.arrow"])
@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_dictionary_is_read_rightly_or_refused(tmp_path, name, seed):
    save_dictionary(Dictionary([made(i) for i in range(4)]), tmp_path)
    file, rng = tmp_path / name, np.random.default_rng(seed)
    data = bytearray(file.read_bytes())
    if seed == 0:
        file.unlink()
    elif seed < 4:
        file.write_bytes(data[: rng.integers(len(data))])
    else:
        for place in rng.integers(len(data), size=20):
            data[place] = rng.integers(256)
        file.write_bytes(data)
    try:
        for sign in load_dictionary(tmp_path):
            assert sign.pose.positions.shape[1:] == (178, 3)
    except SLTError as error:
        assert isinstance(error, PoseFileError)
        assert str(tmp_path) in str(error)
    else:
        assert seed >= 4


def test_a_folder_made_in_the_moment_of_replacing_costs_no_dictionary(tmp_path, monkeypatch):
    folder = tmp_path / "signs"
    save_dictionary(Dictionary([made(0)]), folder)
    move = Path.replace

    def meddled(path, target):
        if str(path).endswith(".new"):
            folder.mkdir()
            (folder / "prepared.arrow").write_bytes(b"by another process")
        return move(path, target)

    monkeypatch.setattr(Path, "replace", meddled)
    with pytest.raises(OSError):
        save_dictionary(Dictionary([made(1)]), folder)
    monkeypatch.undo()
    assert load_dictionary(folder).glosses == (made(0).gloss,)
    assert [path.name for path in tmp_path.iterdir()] == ["signs"]
