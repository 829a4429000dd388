"""The yardstick on real continuous signing: its reader on toy segments, itself on the real ones."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from slt_lib.pose.errors import PoseFileError, SLTError
from slt_lib.pose.skeleton import BODY_HANDS_50
from slt_lib.stitching.dgs_korpus import (
    REST_HEIGHT,
    gloss_type,
    hand_states,
    has_form,
    measure_gaps,
    read_keypoints,
    read_sentences,
)
from slt_lib.stitching.duration import MEDIAN_SECONDS
from slt_lib.stitching.real_signing import (
    ARMS,
    MEASURES,
    OURS,
    differences,
    find_stretches,
    measure,
    medians,
    read_stretches,
    record,
)

SHOULDERS = {2: (0.4, 0.4), 5: (0.6, 0.4)}  # BODY_25's right and left, shares of the picture


def keypoints(frames: int, fps: float = 50.0, phase: float = 0.0) -> np.ndarray:
    """Hands that circle in front of a body that keeps still, float32 [frames, 134]."""
    t = np.arange(frames) / fps
    points = np.full((frames, 67, 2), 0.5)
    points += 0.05 * np.stack([np.sin(6 * t + phase), np.cos(6 * t + phase)], -1)[:, None]
    points += 0.001 * np.arange(67)[:, None]
    for joint, place in SHOULDERS.items():
        points[:, joint] = place
    return points.reshape(frames, 134).astype(np.float32)


def elan(right: list[tuple], left: list[tuple] = ()) -> str:
    """An ELAN file of (start ms, end ms, gloss, type) of both hands of signer A."""
    slots, tiers = [], []
    for side, notes in (("r", right), ("l", left)):
        tokens, types = "", ""
        for i, (start, end, gloss, kind) in enumerate(notes):
            for n, time in enumerate((start, end)):
                said = "" if time is None else f' TIME_VALUE="{time}"'
                slots.append(f'<TIME_SLOT TIME_SLOT_ID="{side}{i}{n}"{said}/>')
            tokens += (
                f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{side}{i}" TIME_SLOT_REF1='
                f'"{side}{i}0" TIME_SLOT_REF2="{side}{i}1"><ANNOTATION_VALUE>{gloss}'
                "</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
            )
            types += (
                f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="t{side}{i}" ANNOTATION_REF='
                f'"{side}{i}"><ANNOTATION_VALUE>{kind}</ANNOTATION_VALUE></REF_ANNOTATION>'
                "</ANNOTATION>"
            )
        tiers.append(f'<TIER TIER_ID="Lexem_Gebärde_{side}_A">{tokens}</TIER>')
        tiers.append(f'<TIER TIER_ID="Gebärde_{side}_A">{types}</TIER>')
    return f"<DOC><TIME_ORDER>{''.join(slots)}</TIME_ORDER>{''.join(tiers)}</DOC>"


def write(folder, segments, right, left=(), fps=50.0):
    """A toy folder; segments are (start ms, end ms, frames)."""
    (folder / "segments").mkdir(parents=True)
    (folder / "eaf").mkdir()
    (folder / "eaf" / "toy.eaf").write_text(elan(right, left), "utf8")
    rows = []
    for i, (start, end, frames) in enumerate(segments):
        glosses = [g for s, _, g, _ in right if s is not None and start <= s < end]
        row = {"id": f"seg_{i}", "recording": "toy.eaf", "start_ms": start, "end_ms": end}
        rows.append({**row, "german_text": "…", "gloss_sequence": glosses})
        np.savez(
            folder / "segments" / f"seg_{i}.npz",
            keypoints=keypoints(frames, fps, i),
            fps=np.float32([fps]),
        )
    (folder / "segments.json").write_text(json.dumps(rows), "utf8")
    return folder


@pytest.fixture
def toy(tmp_path):
    """Two sentences, one behind the other; the second's file ends too early."""
    right = [
        (1200, 1400, "MEIN1*", "GEHÖREN1^*"),
        (1500, 1800, "HAUS1A", "HAUS1A^"),
        (2200, 2500, "$PROD*", "$PROD"),
        (2700, 2980, "HAUS1A^", "HAUS1A^"),
        (2990, 3000, "SPÄT1", "SPÄT1^"),
        (None, 3000, "X1", "X1"),
    ]
    left = [(1250, 1350, "L1", "L1^"), (2000, 2100, "L2", "L2^")]
    return write(tmp_path / "toy", [(1000, 2000, 51), (2000, 3000, 45)], right, left)


def test_glosses_are_types_in_frames_and_what_was_odd_is_counted(toy):
    first, second = read_sentences(toy)
    assert first.gloss == ("GEHÖREN1", "HAUS1A") and first.meta["written"] == ("MEIN1*", "HAUS1A")
    assert first.spans == ((10, 20), (25, 40)) and first.signer == "toy.eaf"
    assert first.pose.fps == 50 and first.pose.skeleton is BODY_HANDS_50
    # The left hand signs alone once; the last gloss lies beyond the poses, the one before in part.
    assert second.gloss == ("L2", "$PROD", "HAUS1A")
    assert second.spans == ((0, 5), (10, 25), (35, 45))
    odd = first.meta["odd"] + second.meta["odd"]
    assert odd == Counter(
        {
            "left beside right": 1,
            "clipped": 1,
            "left alone": 1,
            "formless": 1,
            "past the end": 2,
            "nothing left": 1,
        }
    )


def test_frames_follow_the_files_own_rate(tmp_path):
    right = [(100, 300, "A1", "A1"), (400, 800, "B1", "B1")]
    (one,) = read_sentences(write(tmp_path / "toy", [(0, 1000, 60)], right, fps=60.0))
    assert one.spans == ((6, 18), (24, 48)) and one.pose.fps == 60


def test_unseen_and_clipped_points_are_masked_and_no_depth_is_made_up(tmp_path):
    points = keypoints(12).reshape(12, 67, 2)
    points[3, 25:46] = 0  # the left hand not seen
    points[5, 50] = (0.7, 1.0)  # a fingertip of the right hand below the picture
    np.savez(tmp_path / "one.npz", keypoints=points.reshape(12, 134), fps=np.float32([50]))
    pose = read_keypoints(tmp_path / "one.npz")
    assert not pose.mask[3, pose.group("left_hand")].any() and pose.mask[4].all()
    assert not pose.mask[5, 8 + 4] and pose.mask[5].sum() == 49
    assert not pose.positions[..., 2].any()
    # A picture is wider than high, so x is stretched to y's unit.
    right, left = pose.skeleton.ids("RIGHT_SHOULDER", "LEFT_SHOULDER")
    span = pose.positions[0, left] - pose.positions[0, right]
    np.testing.assert_allclose(span, [0.2 * 16 / 9, 0, 0], atol=1e-6)


@pytest.mark.parametrize("gone", ["segments.json", "segments/seg_1.npz", "eaf/toy.eaf"])
def test_a_missing_or_damaged_file_is_named(toy, gone):
    (toy / gone).write_bytes(b"not it")
    with pytest.raises(PoseFileError, match=gone):
        read_sentences(toy)
    (toy / gone).unlink()
    with pytest.raises(PoseFileError, match=gone):
        read_sentences(toy)


def test_files_of_another_kind_are_refused(toy):
    path = toy / "segments" / "seg_0.npz"
    np.savez(path, keypoints=np.zeros((9, 75), np.float32), fps=np.float32([50]))
    with pytest.raises(PoseFileError, match=r"seg_0.*134"):
        read_sentences(toy)
    np.savez(path, keypoints=np.zeros((9, 134), np.float32), fps=np.float32([50]))
    with pytest.raises(PoseFileError, match=r"seg_0.*shoulders"):
        read_sentences(toy)
    (toy / "eaf" / "toy.eaf").write_text("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")
    with pytest.raises(PoseFileError, match=r"toy\.eaf.*entities"):
        read_sentences(toy)
    rows = json.loads((toy / "segments.json").read_text("utf8"))
    rows[0]["id"] = "../../secret"
    (toy / "segments.json").write_text(json.dumps(rows))
    with pytest.raises(PoseFileError, match="names"):
        read_sentences(toy)


def test_types_forget_marks_but_not_what_only_the_token_says():
    assert gloss_type("MEIN1*", "GEHÖREN1^*") == "GEHÖREN1"
    assert gloss_type("$NUM-EINER1A:3d*", "$NUM-EINER1A^") == "$NUM-EINER1A:3d"
    assert gloss_type("REGEN1A^*", "") == "REGEN1A"
    assert has_form("$INDEX1") and has_form("$GEST-OFF") and has_form("$ALPHA1:L")
    assert not any(map(has_form, ("$PROD", "$GEST", "$GEST-NM-KOPFNICKEN1", "$ALPHA", "$$X")))


def test_gaps_tell_movement_from_hold_and_rest(toy):
    (one, two) = read_sentences(toy)
    gaps = measure_gaps([two, one])
    assert [gap.where for gap in gaps] == ["inside", "between", "inside", "inside", "start", "end"]
    assert gaps[0].seconds == pytest.approx(0.1) and gaps[1].seconds == pytest.approx(0.2)
    assert all(gap.kind == "transition" and gap.holding == gap.resting == 0 for gap in gaps)
    still = one.pose.replace(positions=np.repeat(one.pose.positions[:1], len(one.pose), 0))
    assert (hand_states(still) == 1).all()
    low = still.positions + np.float32([0, 2 * REST_HEIGHT, 0])
    assert (hand_states(still.replace(positions=low)) == 2).all()
    nothing = still.hide(range(50))
    assert (hand_states(nothing) == 0).all()


@pytest.fixture
def stretches(tmp_path):
    """Three sentences of the same glosses, but for one that stands in the first alone."""
    right, segments = [], []
    for i in range(3):
        start = 10_000 * i
        segments.append((start, start + 2000, 101))
        words = ["A1", "B1", "NUR1" if i == 0 else "C1", "$PROD", "C1"]
        for k, word in enumerate(words):
            right.append((start + 120 + 400 * k, start + 400 + 400 * k, word, word))
    return find_stretches(read_sentences(write(tmp_path / "toy", segments, right)), 25.0)


def test_a_stretch_holds_only_glosses_that_others_sign(stretches):
    first, second, _ = stretches
    assert [s.gloss for s in first.signs["others"]] == ["A1", "B1"]
    assert [s.gloss for s in second.signs["others"]] == ["A1", "B1", "C1"]
    for stretch in stretches:
        assert all(sign.sentence != stretch.name for sign in stretch.signs["others"])
        assert all(sign.sentence == stretch.name for sign in stretch.signs["own"])
    assert second.spans == ((0, 7), (10, 17), (20, 27)) and len(second.real) == 27


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_stitches_flat_signing_flat(stretches, arm):
    rows = measure(ARMS[arm], stretches[:2], seed=1)
    assert list(rows) == [s.name for s in stretches[:2]]
    assert all(set(row) == set(MEASURES) for row in rows.values())
    assert measure(ARMS[arm], stretches[:2], seed=1) == rows
    table = medians(rows)
    assert table["length_ratio"][0] > 0.2 and table["travel_ratio"][0] > 0.2
    if arm == "real":
        assert table["dtw_mje"] == [0, 0, 0] and table["gap_ratio"][0] == 1
    zero = differences(rows, rows)
    assert all(not value for row in zero.values() for value in row.values())


def test_nothing_unseen_is_compared(stretches):
    """Wild numbers behind the mask change nothing."""
    stretch = stretches[1]
    hidden = stretch.real.hide(stretch.real.group("left_hand"), slice(3, 9))
    wild = hidden.positions.copy()
    wild[~hidden.mask] = 99
    rows = [
        measure(ARMS["ours"], [replace(stretch, real=pose)])
        for pose in (hidden, hidden.replace(positions=wild))
    ]
    assert rows[0] == rows[1]


def test_bad_arms_are_refused(tmp_path):
    with pytest.raises(SLTError, match="No arm"):
        record("other", 0, str(tmp_path))


def test_real_sentences_are_read_whole(shared_data):
    """What annotators' times and the segments' poses say: durations, gaps, nothing lost."""
    sentences = read_sentences(shared_data / "dgs_korpus")
    odd = sum((one.meta["odd"] for one in sentences), Counter())
    assert len(sentences) == 272 and sum(len(one.gloss) for one in sentences) == 1701
    assert odd["glosses differ"] == odd["nothing left"] == odd["clipped"] == 0
    assert not any(one.pose.positions[..., 2].any() for one in sentences)
    seconds = [(b - a) / one.pose.fps for one in sentences for a, b in one.spans]
    assert np.median(seconds) == pytest.approx(MEDIAN_SECONDS, abs=0.03)
    # What chapter 3 says of these recordings.
    np.testing.assert_allclose(np.quantile(seconds, [0.1, 0.5, 0.9]), [0.08, 0.18, 0.5], atol=5e-3)
    inside = [gap for gap in measure_gaps(sentences) if gap.where == "inside"]
    real = [gap for gap in inside if gap.seconds > 0]
    assert len(inside) == 1429
    assert np.mean([gap.kind == "transition" for gap in real]) == pytest.approx(0.98, abs=5e-3)
    quantiles = np.quantile([gap.seconds for gap in real], [0.5, 0.9])
    np.testing.assert_allclose(quantiles, [0.16, 0.34], atol=5e-3)
    off = np.nanmean([abs(gap.stitched - gap.seconds) for gap in inside])
    assert off == pytest.approx(0.12, abs=5e-3)
    speeds = np.nanquantile([gap.distance / gap.seconds for gap in real], [0.5, 0.9])
    np.testing.assert_allclose(speeds, [1.8, 3.8], atol=0.05)


def test_the_yardstick_orders_what_must_be_ordered(shared_data):
    """The real signing, its own tokens, other tokens, another sentence: worse in this order."""
    folder = str(shared_data / "dgs_korpus")
    assert len(read_stretches(folder)) >= 200
    real, own, ours, dealt = (record(a, 0, folder) for a in ("real", "own-signs", "ours", "dealt"))
    assert real["dtw_mje"] == 0 < own["dtw_mje"] < ours["intervals"]["dtw_mje"][0]
    assert ours["intervals"]["dtw_mje"][1] < dealt["dtw_mje"]
    assert record("no-transition", 0, folder)["jerk_ratio"] > 4 * ours["jerk_ratio"]
    assert not OURS.canonical and ours["seen_ratio"] > 0.95


def test_smaller_movements_are_hardly_nearer_to_these_sentences(shared_data):
    """What chapter 3 says: by 0.003 shoulder widths, on average over 223 sentences and 3 seeds."""
    stretches = read_stretches(str(shared_data / "dgs_korpus"))
    gains = []
    for seed in (0, 1, 2):
        reduced, ours = (measure(ARMS[arm], stretches, seed) for arm in ("reduced", "ours"))
        gains += [one["dtw_mje"] for one in differences(reduced, ours).values()]
    assert len(stretches) == 223
    assert np.mean([gain for gain in gains if gain is not None]) == pytest.approx(-0.003, abs=1e-3)
