"""New motion and new looks: sets that match, fair arms, back-translation and how it is fooled."""

import json
from dataclasses import replace

import numpy as np
import pytest
from video_world_toys import SMALL

from slt_lib.experiments import back_translation as bt
from slt_lib.experiments import fooling
from slt_lib.experiments import motion_arms as ma
from slt_lib.experiments.protocols import MOTION, MOTION_SETS
from slt_lib.experiments.video_scale import DONORS, SEEN
from slt_lib.experiments.video_sets import SETS
from slt_lib.experiments.video_stitched import number_of, stitched_sentences
from slt_lib.experiments.videos import VideoWorld
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178

pytestmark = pytest.mark.filterwarnings("ignore:.*sentences were cut")
SCALE = replace(SMALL, train=3, test=3)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return VideoWorld(SCALE, tmp_path_factory.mktemp("motion"))


@pytest.fixture(scope="module")
def records(world):
    arms = ("real_only", "equal_compute", "signsplat_looks", "signsplat_motion", "signsplat_both",
            "back_translation")  # fmt: skip
    return {arm: {0: ma.run_motion(arm, 0, world) | {"arm": arm, "seed": 0}} for arm in arms}


# Sets


def test_a_sentence_has_one_look_per_column_and_one_motion_per_row():
    pairs = {"motion_{}": "real", "both_{}": "{}", "stitched_{}": "test_seen"}
    for renderer in ma.RENDERERS:
        for made, shown_as in pairs.items():
            new, known = SETS[made.format(renderer)], SETS[shown_as.format(renderer)]
            assert (new.number, new.mixed, new.cast) == (known.number, known.mixed, known.cast)
            assert new.split == f"stitched{'_test' if known.split == 'test' else ''}"
    assert {SETS[f"motion_{r}"].cast for r in ma.RENDERERS} == {SEEN}
    assert {SETS[f"both_{r}"].cast for r in ma.RENDERERS} == {DONORS}


def test_stitched_sentences_are_those_that_are_filmed(world, records):
    del records
    corpus, items, motions = world.split("train")
    made, numbers, moved = stitched_sentences(world, "stitched")
    assert len(made) == len(moved) == len(numbers) <= SCALE.train
    for k, number in enumerate(numbers):
        assert made.texts[k] == corpus.texts[items[number]]
        assert made.glosses[k] == corpus.glosses[items[number]]
        assert len(moved[k]) == pytest.approx(made.frames[k] / 2, abs=1)
    assert any(len(moved[k]) != len(motions[n]) for k, n in enumerate(numbers))
    assert set(made.origins) == {"synthetic"}
    assert [number_of(name) for name in made.names] == numbers == sorted(numbers)


def test_new_motion_keeps_signer_and_viewpoint_of_the_sentence(world, records):
    del records
    numbers = stitched_sentences(world, "stitched")[1]
    for new, known in (("motion_signsplat", "real"), ("both_signsplat", "signsplat")):
        takes = world.takes(known)
        assert world.takes(new) == [takes[n] for n in numbers]
        assert world[new].texts == tuple(world[known].texts[n] for n in numbers)
        people = [{s for c in world[name].clips for s in c.signers} for name in (new, known)]
        assert people[0] <= people[1]
    assert set(world["both_signsplat"].domain) == {1} != set(world["real"].domain)
    assert not set(world["motion_signsplat"].texts) & set(world["test_unseen"].texts)


def test_sentences_without_any_sign_are_left_out_and_the_others_keep_their_takes(
    world, records, monkeypatch
):
    del records
    corpus, _, motions = stitched_sentences(world, "stitched")
    without = (corpus.select([0, 2]), [0, 2], [motions[0], motions[2]])
    monkeypatch.setattr("slt_lib.experiments.videos.stitched_sentences", lambda *_: without)
    known = world.takes("real")
    assert world.takes("motion_signsplat") == [known[0], known[2]]
    assert world.split("stitched")[1] == [0, 1]


# Arms


def test_arms_have_equal_compute_and_one_protocol():
    lengths = {name: sum(phase.length for phase in arm.phases) for name, arm in MOTION.items()}
    assert lengths.pop("real_only") == 1 and set(lengths.values()) == {2}
    assert all(len(arm.phases) == 1 for arm in MOTION.values())
    assert len(MOTION) == 2 + 2 * len(MOTION_SETS) and (*MOTION, "back_translation") == (
        ma.MOTION_ARMS
    )
    assert ma.needed("signgan_both")[-1] == "both_signgan"
    assert "both_signgan" not in ma.needed("signgan_motion")
    with pytest.raises(SLTError, match="no arm"):
        ma.needed("signgan_joint")


def test_the_summary_has_what_the_chapter_promises(records, world):
    found = ma.motion_summary(records, trials=50)
    for one in found["arms"].values():
        assert len(one["bleu4"]) == len(one["unseen_bleu4"]) == 1
    assert list(found["arms"]) == [a for a in MOTION if a in records]
    pairs = {"signsplat_both_vs_signsplat_looks_unseen", "signsplat_both_vs_signsplat_motion",
             "signsplat_motion_vs_equal_compute", "signsplat_looks_vs_real_only_unseen",
             "equal_compute_vs_real_only"}  # fmt: skip
    assert pairs <= set(found["p_values"])
    assert found["combined"]["signgan"] is None and found["corpus_hash"] == world.hash
    assert set(found["back_translation"]) == {"poses", "every_second", "video"}
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert len(ma.motion_rows(records)) == 5
    says = {"real": "real signing", "nothing": "not there"}
    assert [r["signing"] for r in ma.back_rows(records["back_translation"], "poses", says)] == [
        "real signing"
    ]
    others = {arm: {0: runs[0] | {"corpus_hash": arm}} for arm, runs in records.items()}
    with pytest.raises(SLTError, match="different corpora"):
        ma.motion_summary(others)


def test_records_hold_no_path_and_both_tests(records, world):
    for arm, runs in records.items():
        assert str(world.root) not in json.dumps(runs[0])
        if arm in MOTION:
            assert runs[0]["references"] == runs[0]["unseen"]["references"]
    trained = [arm for arm in ma.trained(records) if arm != "real_only"]
    updates = {records[arm][0]["updates"] for arm in trained}
    assert updates == {2 * SCALE.training.updates}


def test_what_both_give_beyond_the_sum_of_either():
    def runs(*bleu):
        return {s: {"bleu4": 0.0, "unseen": {"bleu4": b}} for s, b in enumerate(bleu)}

    some = {"equal_compute": runs(4, 5), "signgan_looks": runs(7, 8), "signgan_motion": runs(5, 6),
            "signgan_both": runs(9, 8)}  # fmt: skip
    found = ma.combined(some, "signgan")
    assert found["more"] == [1.0, -1.0] and found["both"] == 8.5
    assert ma.combined(some, "signsplat") is None


# Back-translation


def still(seconds: float, fps: float = 25.0, wave: float = 0.0) -> PoseSequence:
    """A signer whose right wrist swings."""
    count = round(seconds * fps)
    positions = np.zeros((count, 178, 3), np.float32)
    positions[:, 0, 0], positions[:, 3, 0] = -0.5, 0.5
    positions[:, 1], positions[:, 2] = (-0.7, 0.6, 0), (-0.6, 1.0, 0)
    positions[:, 2, 1] += wave * np.sin(np.arange(count) / fps * 3)
    confidence = np.zeros((count, 178), np.float32)
    confidence[:, :4] = 1
    return PoseSequence(positions, confidence, fps, SLRTP_178)


def test_movement_is_counted_as_the_evaluator_counts_it():
    real = [still(2, wave=0.3), still(4, wave=0.3)]
    same = bt.movement(real, real)
    assert same["duration_ratio"] == 1 and same["duration_off"] == 0
    assert same["travel_ratio"] == pytest.approx(1)
    longer = bt.movement([fooling.twice(p) for p in real], real)
    assert longer["duration_ratio"] == 2 and longer["duration_off"] == 1
    assert longer["travel_ratio"] == pytest.approx(2, rel=0.1)
    slow = bt.movement([fooling.slowed(p) for p in real], real)
    assert slow["duration_ratio"] == pytest.approx(1.5, rel=0.02)
    assert slow["travel_ratio"] == pytest.approx(1, rel=0.1)
    mixed = bt.movement(real[::-1], real)
    assert mixed["duration_ratio"] == 1.25 and mixed["duration_off"] == 1  # a mean alone hides it
    nothing = bt.movement([still(2)], [still(2)])
    assert np.isnan(nothing["travel_ratio"])  # neither moves: there is no ratio


def test_movement_at_other_frame_rates_is_the_same():
    a, b = [still(3, 25, wave=0.3)], [still(3, 50, wave=0.3)]
    assert bt.movement(b, a)["duration_ratio"] == pytest.approx(1, abs=0.02)
    assert bt.movement(b, a)["travel_ratio"] == pytest.approx(1, abs=0.05)


def test_back_translation_wants_the_same_sentences(records):
    del records
    one, other = (Utterance(n, ("A",), n, pose=still(1)) for n in "ab")
    with pytest.raises(SLTError, match="different sentences"):
        bt.back_translate(None, [one], [other])


def test_productions_are_of_the_same_sentences(records, world):
    one = records["back_translation"][0]
    assert one["references"] == list(world["test_seen"].texts)
    for part in ("poses", "every_second", "video"):
        for found in one[part].values():
            assert len(found["hypotheses"]) == len(one["references"])
            assert {"bleu1", "bleu4", *ma.MOVED} <= set(found) and "references" not in found
    assert one["bleu4"] == one["poses"]["real"]["bleu4"]
    poses = one["poses"]
    assert poses["real"]["duration_ratio"] == 1 == pytest.approx(poses["real"]["travel_ratio"])
    assert poses["twice"]["duration_ratio"] == pytest.approx(
        2 * poses["stitched"]["duration_ratio"]
    )
    assert one["video"]["stitched_signgan"]["duration_ratio"] == poses["stitched"]["duration_ratio"]
    assert set(one["video"]) == set(bt.VIDEOS)


def test_ones_own_clips_have_no_poses_to_read(world):
    own = VideoWorld.__new__(VideoWorld)
    own.clips = world.root
    with pytest.raises(SLTError, match="poses"):
        bt.productions(own, None)


# How it is fooled


def test_retrieval_finds_the_sentence_that_says_the_same():
    known = ["morgen regnet es im norden", "heute scheint die sonne", "der wind weht stark"]
    alike = fooling.similarity(["die sonne scheint heute", *known, "ganz andere worte"], known)
    assert alike.shape == (5, 3) and alike[0].argmax() == 1
    assert np.allclose(np.diag(alike[1:4]), 1) and (alike[4] == 0).all()
    assert ((alike >= 0) & (alike <= 1 + 1e-9)).all()


def test_retrieval_looks_at_texts_alone_and_never_at_the_test_signing(world):
    wanted = [Utterance("w", (), world.world.train.texts[5])]
    assert fooling.nearest(wanted, world.world.train) == [5]
    assert fooling.nearest(wanted, world.world.train, 3)[0][0] == 5


def test_the_judge_chooses_what_it_reads_best(world, monkeypatch):
    train = world.world.train
    said = {n: text for n, text in enumerate(train.texts)}

    def translate(model, data, search):
        del model, search
        known = {" ".join(text.split()): n for n, text in said.items()}
        return ["nichts" if known[text] != 3 else train.texts[0] for text in data.texts]

    monkeypatch.setattr(fooling, "translate", translate)
    wanted = [Utterance("w", (), train.texts[0])]
    chosen = fooling.read_best(wanted, train, None, count=len(train))[0]
    assert np.array_equal(chosen.positions, train[3].pose.positions)


def test_the_commonest_signs_are_one_sequence(world):
    pose = fooling.commonest(world.world, 3)
    assert len(pose) > 5 and pose.skeleton is SLRTP_178
    assert fooling.commonest(world.world, 3).positions.tolist() == pose.positions.tolist()
