"""Entries to the SLRTP challenge: written as its evaluator reads them, and checked."""

import numpy as np
import pytest
import torch
from test_pose_io import random_pose

from slt_lib.pose.errors import PoseError, PoseFileError, UnsafeFileError
from slt_lib.pose.io import Utterance, write_slrtp
from slt_lib.pose.io.slrtp import read_slrtp
from slt_lib.pose.io.slrtp_entry import Place, check_entry, place_of, write_entry
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178, SLRTP_FILE_178


def signing(frames=10, fps=25.0, lost=()) -> PoseSequence:
    pose = random_pose(SLRTP_178, frames, confidence=np.ones((frames, 178)))
    positions = pose.positions.copy()
    positions[:, 0], positions[:, 3] = (-1, 0, 0), (1, 0, 0)
    confidence = np.ones((frames, 178), np.float32)
    for part in lost:
        confidence[:, SLRTP_178.groups[part]] = 0
    return PoseSequence(positions, confidence, fps, SLRTP_178)


def entered(tmp_path, *poses, place=None):
    items = [Utterance(f"s{k}", ("A",), "a", pose=pose) for k, pose in enumerate(poses)]
    write_entry(items, tmp_path / "entry.pt", place)
    return torch.load(tmp_path / "entry.pt", weights_only=True)


def test_an_entry_is_what_the_evaluator_loads(tmp_path):
    found = entered(tmp_path, signing(10), signing(7, lost=("left_hand",)))
    assert list(found) == ["s0", "s1"]
    assert all(t.dtype == torch.float32 and t.shape[1:] == (178, 3) for t in found.values())
    assert [len(t[::2]) for t in found.values()] == [5, 4]  # what it does first
    left = SLRTP_FILE_178.groups["left_hand"]
    assert (found["s1"][:, left] == 0).all() and (found["s0"][:, left] != 0).any()
    checked = check_entry(tmp_path / "entry.pt", {"s0": 10, "s1": 7})
    assert not checked.problems and checked.frames == {"s0": 10, "s1": 7}
    assert any(note.startswith("left hand") for note in checked.notes)


def test_a_face_of_ours_is_absent_whatever_it_shows(tmp_path):
    found = entered(tmp_path, signing())["s0"]
    assert (found[:, 50:] == 0).all() and (found[:, :50] != 0).any()
    assert any("face" in note for note in check_entry(tmp_path / "entry.pt").notes)


def test_frame_rates_are_converted(tmp_path):
    assert len(entered(tmp_path, signing(60, 50.0))["s0"]) == pytest.approx(30, abs=1)
    assert len(entered(tmp_path, signing(6, 12.5))["s0"]) == pytest.approx(12, abs=1)


def test_signers_stand_where_the_challenges_do(tmp_path):
    there = signing(8).to(SLRTP_FILE_178)
    there = there.replace(positions=there.positions * 3 + np.float32([5, 6, 7]))
    write_slrtp([Utterance("a", pose=there), Utterance("b", pose=there)], tmp_path / "gt.pt")
    place = place_of(read_slrtp(tmp_path / "gt.pt").values())
    assert place.width == pytest.approx(6) and np.allclose(place.middle, (5, 6, 7))
    found = entered(tmp_path, signing(8), place=place)["s0"]
    assert torch.allclose(found[:, 0], torch.tensor([2.0, 6.0, 7.0]), atol=1e-5)
    assert (found[:, 50:] == 0).all()  # absence isn't moved
    blind = there.replace(confidence=np.zeros_like(there.confidence))
    with pytest.raises(PoseError, match="shoulders"):
        place_of([Utterance("a", pose=blind)])
    assert entered(tmp_path, signing(8), place=Place(np.zeros(3, np.float32), 1.0))


@pytest.mark.parametrize(
    ("poses", "says"),
    [
        ([], "no sequence to enter"),
        ([None], "no frame"),
        ([signing(4, lost=("body",))], "shoulders"),
    ],
)
def test_what_cant_be_entered_is_refused_and_nothing_is_written(tmp_path, poses, says):
    with pytest.raises(PoseFileError, match=says):
        entered(tmp_path, *poses)
    assert not (tmp_path / "entry.pt").exists()


def test_a_name_stands_once(tmp_path):
    items = [Utterance("same", pose=signing(3))] * 2
    with pytest.raises(PoseFileError, match="same"):
        write_entry(items, tmp_path / "entry.pt")


GOOD = torch.ones(5, 178, 3)


@pytest.mark.parametrize(
    ("tensor", "says"),
    [
        (torch.ones(5, 177, 3), "shape"),
        (torch.ones(5, 178, 2), "shape"),
        (torch.ones(178, 3), "shape"),
        (torch.ones(0, 178, 3), "no frame"),
        (torch.ones(5, 178, 3, dtype=torch.float64), "float64"),
        (torch.full((5, 178, 3), float("nan")), "5 frames with NaN"),
        (torch.zeros(5, 178, 3), "zeros"),
        ({"poses_3d": GOOD}, "dictionary"),
        ([1, 2], "list"),
        (torch.ones(5, 178, 3).to_sparse(), "plain tensor"),
    ],
)
def test_every_fault_is_named_with_its_sequence(tmp_path, tensor, says):
    torch.save({"good": GOOD.clone(), "bad": tensor}, tmp_path / "entry.pt")
    checked = check_entry(tmp_path / "entry.pt")
    assert len(checked.problems) == 1
    assert checked.problems[0].startswith("bad: ") and says in checked.problems[0]
    assert checked.frames == {"good": 5, "bad": 0}


def test_names_and_lengths_are_compared_with_the_split(tmp_path):
    torch.save({"a": GOOD, "b": torch.rand(20, 178, 3)}, tmp_path / "entry.pt")
    checked = check_entry(tmp_path / "entry.pt", ["a", "c"])
    assert set(checked.problems) == {"c: missing", "b: not a sentence of the split"}
    assert not check_entry(tmp_path / "entry.pt", {"a": 5, "b": 20}).problems
    notes = check_entry(tmp_path / "entry.pt", {"a": 2, "b": 8}).notes
    assert any("2.50 times as long" in note for note in notes)
    notes = check_entry(tmp_path / "entry.pt", {"a": 10, "b": 40}).notes
    assert any("only 0.50" in note for note in notes)
    torch.save({}, tmp_path / "entry.pt")
    assert check_entry(tmp_path / "entry.pt").problems == ("It holds no sequence.",)


class Bomb:
    def __reduce__(self):
        return (print, ("boom",))


def test_nothing_is_run_and_damage_is_one_error(tmp_path, capsys):
    torch.save({"a": Bomb()}, tmp_path / "bomb.pt")
    with pytest.raises(UnsafeFileError):
        check_entry(tmp_path / "bomb.pt")
    assert "boom" not in capsys.readouterr().out
    torch.save([1], tmp_path / "list.pt")
    (tmp_path / "cut.pt").write_bytes(b"PK\x03\x04cut")
    for name in ("list.pt", "cut.pt", "none.pt"):
        with pytest.raises(PoseFileError):
            check_entry(tmp_path / name)
