"""What is prepared once: the same as made anew, never out of date, and never needed."""

import os
import pickle
import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from slt_lib.corpus.synthetic.generation import generate_corpus
from slt_lib.dictionary import Dictionary, from_lexicon, load_dictionary, save_dictionary
from slt_lib.pose.errors import SLTError
from slt_lib.stitching import prepared, stitcher
from slt_lib.stitching.batch import stitch_many
from slt_lib.stitching.prepared import Preparations, prepare_dictionary
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.stitcher import Stitcher, own_spectrum

WORDS = ["REGEN", "WOLKEN"]
SETTINGS = (
    StitchSettings(),
    StitchSettings(fps=50.0, crop="elbow"),
    StitchSettings(crop="none", dominant="left", canonical=False),
)


@pytest.fixture(scope="module")
def letters() -> Dictionary:
    return from_lexicon()


@pytest.fixture
def folder(letters, tmp_path):
    save_dictionary(letters, tmp_path / "d")
    return tmp_path / "d"


@pytest.fixture
def anew(monkeypatch) -> list:
    """The signs that were cropped since: made anew, not read."""
    made, real = [], stitcher.crop_sign
    monkeypatch.setattr(stitcher, "crop_sign", lambda *a: made.append(a) or real(*a))
    return made


def same(a: Stitcher, b: Stitcher) -> None:
    for ours, theirs in zip(a.dictionary, b.dictionary, strict=True):
        one, two = a.prepare(ours), b.prepare(theirs)
        assert one.positions.tobytes() == two.positions.tobytes()
        assert one.confidence.tobytes() == two.confidence.tobytes()
        assert (one.fps, dict(one.meta)) == (two.fps, dict(two.meta))
    assert a.reference.power.keys() == b.reference.power.keys()
    for part, power in a.reference.power.items():
        np.testing.assert_array_equal(power, b.reference.power[part])


@pytest.mark.parametrize("settings", SETTINGS)
def test_what_is_prepared_is_what_is_made_anew(folder, settings, anew):
    plain = Stitcher(load_dictionary(folder), settings)
    before = plain.stitch(WORDS).pose
    for sign in plain.dictionary:
        plain.prepare(sign)
    anew.clear()
    path = prepare_dictionary(folder, settings)
    assert path.is_file()
    opened = Stitcher(load_dictionary(folder), settings)
    same(opened, plain)
    after = opened.stitch(WORDS).pose
    assert before.positions.tobytes() == after.positions.tobytes()
    assert not anew
    written = path.stat().st_mtime_ns
    prepare_dictionary(folder, settings)
    assert path.stat().st_mtime_ns == written  # it was there
    other = Stitcher(load_dictionary(folder), StitchSettings(fps=30.0))
    other.prepare(other.dictionary.signs("A")[0])
    assert len(anew) == 1  # other settings, another file


def test_the_version_is_raised_with_the_algorithm(letters):
    """If this fails, signs come out differently: raise `VERSION` and write the numbers down."""
    signs = Dictionary([letters.signs(gloss)[0] for gloss in "ABDGJLORSZ"])
    made = Stitcher(signs)
    poses = [made.prepare(sign) for sign in signs]
    size = sum(float(np.abs(pose.positions).sum()) for pose in poses)
    power = made.reference.power["right_hand"][5:30:5]
    assert prepared.VERSION == 2
    assert [len(pose) for pose in poses] == [10, 11, 13, 11, 18, 17, 17, 15, 15, 19]
    assert size == pytest.approx(24032, abs=2)
    np.testing.assert_allclose(power, [0.025, 0.023, 0.025, 0.021, 0.015], atol=6e-4)


def test_another_dictionary_has_no_preparation(folder, letters, anew):
    prepare_dictionary(folder)
    save_dictionary(letters.subset(0.5), folder)
    assert not list(folder.glob("prepared*"))
    # Nor does the preparation of another dictionary count that is put beside it.
    path = prepare_dictionary(folder)
    kept = path.read_bytes()
    mirrored = [
        replace(sign, read=partial(_mirrored, sign), source="mirrored")
        for sign in letters.subset(0.5)
    ]
    save_dictionary(Dictionary(mirrored), folder)
    path.write_bytes(kept)
    opened = load_dictionary(folder)
    assert all(Preparations(StitchSettings()).cropped(sign) is None for sign in opened)
    same(Stitcher(opened), Stitcher(Dictionary(_plain(opened))))
    prepare_dictionary(folder)  # written anew
    assert path.read_bytes() != kept
    same(Stitcher(load_dictionary(folder)), Stitcher(Dictionary(_plain(opened))))


def _mirrored(sign):
    return sign.read().mirrored()


def test_a_dictionary_opened_before_it_was_replaced_keeps_its_own(folder, letters):
    before = load_dictionary(folder)
    expected = Stitcher(letters).prepare(letters.signs("A")[0]).positions
    later = [replace(s, read=partial(_mirrored, s)) for s in letters]
    save_dictionary(Dictionary(later), folder)
    prepare_dictionary(folder)
    sign = before.signs("A")[0]
    assert Preparations(StitchSettings()).cropped(sign) is None
    np.testing.assert_array_equal(Stitcher(before).prepare(sign).positions, expected)


def test_a_copied_folder_stays_prepared(folder, tmp_path, anew):
    prepare_dictionary(folder)
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    os.utime(copy / "signs.arrow", ns=(1, 1))
    opened = Stitcher(load_dictionary(copy))
    opened.stitch(WORDS)
    assert not anew


def test_a_row_deleted_or_changed_in_the_index(folder, anew):
    prepare_dictionary(folder)
    index = folder / "index.csv"
    rows = index.read_text("utf8").splitlines()
    gone = [row for row in rows if row.split(",")[1] != "A"]
    index.write_text("\n".join(gone), "utf8")
    left = load_dictionary(folder)
    assert "A" not in left
    same(Stitcher(left), Stitcher(Dictionary(_plain(left))))
    slower = [row.replace(",30.0,", ",15.0,") for row in rows]
    assert slower != rows
    index.write_text("\n".join(slower), "utf8")
    other = load_dictionary(folder)
    same(Stitcher(other), Stitcher(Dictionary(_plain(other))))


def _plain(dictionary):
    """The signs without their link to the file."""
    return [replace(sign, read=lambda s=sign: s.read()) for sign in dictionary]


@pytest.mark.parametrize("seed", range(10))
def test_a_damaged_preparation_is_as_if_it_were_not_there(folder, seed):
    fresh = Stitcher(Dictionary(_plain(load_dictionary(folder))))
    path, rng = prepare_dictionary(folder), np.random.default_rng(seed)
    data = bytearray(path.read_bytes())
    if seed < 4:
        data = data[: rng.integers(len(data))] if seed else b""
    else:
        places = [np.arange(2000), np.arange(len(data) - 4000, len(data)), np.arange(len(data))]
        for place in rng.choice(places[seed % 3], size=30):
            data[place] = rng.integers(256)
    path.unlink()
    path.write_bytes(data)
    same(Stitcher(load_dictionary(folder)), fresh)


def test_one_bad_sign_does_not_hinder_the_others(folder, letters):
    names = [sign.gloss for sign in letters][:3]
    index = folder / "index.csv"
    rows = index.read_text("utf8").splitlines()
    frames = letters.signs(names[1])[0].frames
    broken = [
        r.replace(f",{frames},", f",{frames + 1},") if r.split(",")[1] == names[1] else r
        for r in rows
    ]
    assert broken != rows
    index.write_text("\n".join(broken), "utf8")
    prepare_dictionary(folder)
    opened, found = load_dictionary(folder), Preparations(StitchSettings())
    assert [found.cropped(opened.signs(name)[0]) is None for name in names] == [False, True, False]
    with pytest.raises(SLTError, match="damaged"):
        Stitcher(opened, StitchSettings(smoothing="none")).stitch(names)


def test_subsets_and_other_processes_use_it(folder, anew):
    prepare_dictionary(folder)
    part = load_dictionary(folder).subset(0.5)
    for one in (part, pickle.loads(pickle.dumps(part))):
        opened = Stitcher(one)
        for sign in one:
            opened.prepare(sign)
        same(opened, Stitcher(Dictionary(_plain(one))))
    travelled = pickle.loads(pickle.dumps(Stitcher(part)))
    anew.clear()
    travelled.prepare(next(iter(travelled.dictionary)))
    assert not anew
    np.testing.assert_array_equal(
        own_spectrum(part, 25.0).power["body"], Stitcher(part).reference.power["body"]
    )


def test_many_sentences_prepare_their_dictionary_few_do_not(folder, letters, tmp_path):
    few, many = [["REGEN"]] * 3, [[word] for word in ("REGEN", "SONNE", "WIND")] * 10
    expected = [one.pose.positions for one in stitch_many(few, folder, processes=1)]
    assert not list(folder.glob("prepared*"))
    made = list(stitch_many(many, folder, processes=2))
    assert len(list(folder.glob("prepared*"))) == 1
    for one, pose in zip(made, expected[:1], strict=False):
        np.testing.assert_array_equal(one.pose.positions, pose)
    sentences = [(glosses, "text") for glosses in many]
    spells = StitchSettings()
    with_it = generate_corpus(tmp_path / "a", sentences, folder, stitch=spells, processes=1)
    for file in folder.glob("prepared*"):
        file.unlink()
    without = generate_corpus(tmp_path / "b", sentences[:3], folder, stitch=spells, processes=1)
    assert not list(folder.glob("prepared*"))
    np.testing.assert_array_equal(with_it[0].pose.positions, without[0].pose.positions)


def test_a_folder_that_cannot_be_written_to_is_said_or_done_without(folder, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(prepared, "atomic_write", refuse)
    with pytest.raises(SLTError, match="can't be written"):
        prepare_dictionary(folder)
    assert len(list(stitch_many([["REGEN"]] * 30, folder, processes=1))) == 30
    assert not [p for p in folder.iterdir() if "prepared" in p.name]
