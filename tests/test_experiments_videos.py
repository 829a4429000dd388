"""The video world and its arms: who is seen where, sets that resume, fair arms, correlations."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from video_world_toys import SMALL

from slt_lib.experiments import artifact_impact as impact
from slt_lib.experiments import video_arms as va
from slt_lib.experiments.lots import share
from slt_lib.experiments.protocols import VIDEO
from slt_lib.experiments.video_looks import signer
from slt_lib.experiments.video_scale import DONORS, SEEN, UNSEEN, VIDEO_SCALES, video_scale
from slt_lib.experiments.video_sets import SETS
from slt_lib.experiments.videos import VideoWorld
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.clips import Clip, write_clips
from slt_lib.translation.data import Codec

pytestmark = pytest.mark.filterwarnings("ignore:.*sentences were cut")


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="module")
def world(work):
    return VideoWorld(SMALL, work)


@pytest.fixture(scope="module")
def records(world):
    arms = ("real_only", "equal_compute", "both_joint", "both_pretrain", "artifacts")
    return {arm: {0: va.run_video(arm, 0, world) | {"arm": arm, "seed": 0}} for arm in arms}


# Who is seen where


def test_unseen_signers_are_in_no_training_set():
    assert not set(UNSEEN) & {*SEEN, *DONORS} and not set(SEEN) & set(DONORS)
    lent = ("signgan", "signsplat", "both_signgan", "both_signsplat")
    trained_on = ("real", *lent, "motion_signgan", "motion_signsplat")
    for name, of in SETS.items():
        whom = UNSEEN if name == "test_unseen" else DONORS if name in lent else SEEN
        assert of.cast == whom
        assert (of.split in ("train", "stitched")) == (name in trained_on)


@pytest.mark.parametrize("size", VIDEO_SCALES)
def test_takes_come_from_their_cast_and_from_all_of_it(size):
    scale = video_scale(size)
    for of in SETS.values():
        takes = [of.take(i, scale.cast(of.cast)) for i in range(200)]
        assert {who for take in takes for who in take.who} == set(scale.cast(of.cast))
        assert takes == [of.take(i, scale.cast(of.cast)) for i in range(200)]
        assert all(sum(take.shares) == pytest.approx(1) and abs(take.yaw) <= 8 for take in takes)


def test_renderings_for_artifacts_are_of_the_same_takes_as_captures(world):
    for name in ("seen_signgan", "seen_signsplat", "hand_blur_50"):
        assert world.takes(name) == world.takes("test_seen")
    yaws = [[take.yaw for take in world.takes(n)] for n in ("test_seen", "test_unseen")]
    assert yaws[0] != yaws[1]


def test_people_differ():
    builds = [tuple(signer(who).betas) for who in (*SEEN, *UNSEEN, *DONORS)]
    assert len(set(builds)) == len(builds)


# Sets


def test_sets_show_the_worlds_sentences(world, records):
    del records  # everything is made
    corpus, items, motions = world.split("train")
    for name in ("real", "signgan", "signsplat"):
        clips = world[name]
        assert clips.texts == tuple(corpus.texts[i] for i in items)
        assert clips.glosses == tuple(corpus.glosses[i] for i in items)
        whole = [len(motions[i]) for i in range(len(items))]
        assert clips.clips[0].lengths.tolist() == whole
        assert clips.lengths.tolist() == [-(-frames // 2) for frames in whole]
        assert (clips.fps, clips.clips[0].fps) == (6.25, 12.5)
    made = ("real", "signgan", "signsplat", "test_unseen")
    people = {name: {s for c in world[name].clips for s in c.signers} for name in made}
    assert people["test_unseen"] == {"signer20"} and people["real"] == {"signer0"}
    assert people["signgan"] == people["signsplat"] == {"signer3"}
    assert not set(world["test_unseen"].texts) & set(world["real"].texts)
    assert world["test_seen"].texts == world["test_unseen"].texts == world["test"].texts
    assert world.hash == world.world.hash


def test_translators_read_every_second_frame(world, records):
    del records
    data = world["real"]
    batch = data.batch([1], Codec.build(data))
    whole = data.clips[0].frames(1)
    assert np.array_equal(batch.pictures[0].permute(0, 2, 3, 1).numpy(), whole[::2])
    both = world["real+signsplat"]
    assert both.every == 2 and both.select([5]).lengths == [data.lengths[1]]


def test_pictures_of_one_movement_differ_by_their_looks_only(world, records):
    del records
    shown = [world[name].clips[0].frames(0).astype(int) for name in ("test_seen", "test_unseen")]
    assert shown[0].shape == shown[1].shape and np.abs(shown[0] - shown[1]).mean() > 5
    blurred = world["hand_blur_100"].clips[0].frames(0).astype(int)
    assert 0 < np.abs(blurred - shown[0]).mean() < 10


def test_a_lost_lot_is_made_again_and_equally(world, records):
    del records
    for name in ("real", "signsplat"):
        folder, known = world[name].clips[0].folder, world[name].clips[0].hash
        shutil.rmtree(folder)
        folder.with_name(f"{folder.name}.done").unlink()
        again = VideoWorld(SMALL, world.root)
        assert again[name].clips[0].hash == known
        stamp = (folder / "clips.json").stat().st_mtime_ns
        assert VideoWorld(SMALL, world.root)[name].clips[0].hash == known
        assert (folder / "clips.json").stat().st_mtime_ns == stamp


def test_motions_that_are_there_arent_fitted_again(world, records, monkeypatch):
    del records
    monkeypatch.setattr("slt_lib.experiments.video_motions.fit_bodies", None)
    _, _, motions = VideoWorld(SMALL, world.root).split("test")
    assert len(motions) == SMALL.test and len(motions[3]) > 5


def test_other_settings_have_other_folders_and_share_what_they_can(world):
    other = replace(SMALL.renderers, gan=replace(SMALL.renderers.gan, steps=2))
    again = VideoWorld(replace(SMALL, renderers=other), world.root)
    assert again.captures == world.captures and again.work != world.work
    assert again.folder("signgan") != world.folder("signgan")
    assert again.folder("signsplat") == world.folder("signsplat")
    assert VideoWorld(replace(SMALL, size=48), world.root).captures != world.captures


def test_lots_are_shared_and_an_interrupted_one_is_made_again(tmp_path):
    made = []

    def make(name):
        made.append(name)
        if made.count(name) == 1 and name == "b":
            raise KeyboardInterrupt
        (tmp_path / name).touch()

    makers = {tmp_path / name: lambda name=name: make(name) for name in "abc"}
    with pytest.raises(KeyboardInterrupt):
        share(makers)
    share(makers)
    share(makers)
    assert made == ["a", "b", "b", "c"]


def test_there_must_be_enough_short_sentences(tmp_path, world):
    with pytest.raises(SLTError, match="short"):
        VideoWorld(replace(SMALL, longest=2), world.root)["dev"]
    with pytest.raises(SLTError, match="no clips"):
        world["nothing"]


# Arms


def test_all_arms_but_one_have_the_same_compute():
    lengths = {name: sum(phase.length for phase in arm.phases) for name, arm in VIDEO.items()}
    assert lengths.pop("real_only") == 1 and set(lengths.values()) == {2}
    assert len(VIDEO) == 8 and (*VIDEO, "artifacts") == va.VIDEO_ARMS


def test_records_hold_both_tests_and_no_path(records, world):
    for arm in ("real_only", "equal_compute", "both_joint", "both_pretrain"):
        one = records[arm][0]
        assert str(world.root) not in json.dumps(one)
        for part in (one, one["unseen"]):
            assert part["references"] == list(world["test_seen"].texts)
            assert len(part["hypotheses"]) == SMALL.test and part["wer"] is not None
        assert one["corpus_hash"] == world.hash
    updates = {records[arm][0]["updates"] for arm in ("equal_compute", "both_joint")}
    assert updates == {2 * SMALL.training.updates} == {records["both_pretrain"][0]["updates"]}


def test_the_summary_has_what_the_chapter_promises(records):
    found = va.video_summary(records, trials=50)
    for one in found["arms"].values():
        for key in ("bleu1", "bleu2", "bleu3", "bleu4", "chrf", "wer"):
            assert len(one[key]) == len(one[f"unseen_{key}"]) == 1
    assert found["seeds"] == [0] and found["corpus_hash"]
    pairs = {"both_joint_vs_equal_compute", "both_joint_vs_real_only_unseen",
             "real_only_vs_equal_compute"}  # fmt: skip
    assert pairs <= set(found["p_values"])
    assert not any(name.startswith("equal_compute_vs") for name in found["p_values"])
    assert {"correlation", "ci_low", "ci_high", "dose", "gloss"} <= set(found["artifact"])
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert len(va.video_rows(records)) == 4


def test_artifacts_are_of_the_captures_sentences(records):
    one = records["artifacts"][0]
    for part in (one["captures"], *one["renderers"].values()):
        assert len(part["error"]) == len(part["wer"]) == len(one["frames"]) == SMALL.test
    for kind in ("hand_blur", "limb_break"):
        steps = one["dose"][kind]
        assert [step["strength"] for step in steps] == [0, 0.25, 0.5, 0.75, 1]
        assert steps[0]["bleu4"] == one["bleu4"] == one["captures"]["bleu4"]


def test_an_unknown_arm_or_size_is_refused(world):
    with pytest.raises(SLTError, match="no arm"):
        va.sets_of("nothing")
    with pytest.raises(SLTError, match="no size"):
        video_scale("nothing")
    assert "signgan" not in va.sets_of("signsplat_joint")


# One's own clips


def own(folder: Path, sets, people="ab"):
    rng = np.random.default_rng(0)
    for number, name in enumerate(sets):

        def make(i, name=name, number=number):
            frames = rng.integers(0, 255, (6, 32, 32, 3), dtype=np.uint8)
            text = "test eins zwei" if "test" in name else f"satz {['eins', 'zwei', 'drei'][i]}"
            return Clip(f"{name}{i}", ("A", "B"), text, people[number % 2], frames, 12.5)

        write_clips(folder / name, 3, make, key="own", progress=False)
    return folder


def test_ones_own_clips_take_the_worlds_place(tmp_path):
    clips = own(tmp_path / "clips", ("train", "dev", "test", "test_unseen"))
    world = VideoWorld(SMALL, tmp_path / "work", clips=clips)
    found = va.run_video("real_only", 0, world)
    assert found["references"] == ["test eins zwei"] * 3 and found["unseen"]["hypotheses"]
    assert found["corpus_hash"] == world.hash
    with pytest.raises(SLTError, match="signgan"):
        va.run_video("signgan_joint", 0, world)


# What artifacts do: known answers


def test_partial_correlation_takes_out_what_both_follow():
    rng = np.random.default_rng(0)
    z = rng.normal(size=2000)
    x, y = z + 0.3 * rng.normal(size=2000), z + 0.3 * rng.normal(size=2000)
    assert abs(impact.partial_spearman(x, y, z)) < 0.06
    assert impact.partial_spearman(x, y + x - z, z) > 0.4
    assert impact.partial_spearman(x, -x, z) == pytest.approx(-1)
    assert np.isnan(impact.partial_spearman(np.ones(9), np.arange(9), rng.normal(size=9)))
    assert np.isnan(impact.partial_spearman([1, 2, 3], [1, 2, 3], [3, 1, 2]))
    with pytest.raises(SLTError, match="belong"):
        impact.partial_spearman([1, 2], [1, 2], [1, 2, 3])


def test_partial_correlation_is_that_of_the_three_plain_ones():
    from scipy.stats import spearmanr

    x, y, z = np.random.default_rng(1).normal(size=(3, 50)) + np.linspace(0, 2, 50)
    xy, xz, yz = (spearmanr(*pair).statistic for pair in ((x, y), (x, z), (y, z)))
    expected = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
    assert impact.partial_spearman(x, y, z) == pytest.approx(expected)


def test_the_interval_covers_a_correlation_that_was_put_in():
    rng = np.random.default_rng(2)
    frames = rng.integers(20, 100, 80)
    score = rng.uniform(size=(2, 80)) + frames / 100
    error = 0.5 * score + 0.1 * rng.normal(size=(2, 80)) + frames / 50
    found = impact.artifact_correlation(score, error, frames, trials=200)
    assert 0.4 < found["ci_low"] < found["correlation"] < found["ci_high"] < 1
    none = impact.artifact_correlation(score, rng.normal(size=(2, 80)), frames, trials=200)
    assert none["ci_low"] < 0 < none["ci_high"]


def test_the_errors_are_beyond_those_on_captures():
    judged = {"error": [0.5, 0.25], "wer": [1.0, 0.5], "bleu4": 1.0}
    worse = {"error": [0.75, 0.25], "wer": [1.0, 1.0], "bleu4": 0.5,
             "artifacts": {"score": [0.2, 0.1]}}  # fmt: skip
    run = {
        "frames": [10, 20],
        "captures": judged,
        "renderers": {"signgan": worse, "signsplat": judged | {"artifacts": {"score": [0, 0]}}},
    }
    found = impact.artifact_table({0: run, 1: run})
    assert found["error"].tolist() == [[0.25, 0], [0, 0]]
    assert found["wer"].tolist() == [[0, 0.5], [0, 0]]
    assert found["score"].tolist() == [[0.2, 0.1], [0, 0]] and found["frames"].tolist() == [10, 20]
