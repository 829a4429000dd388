"""The whole way: files in every format, check, ingest, training, test; on real sequences too."""

import json
from dataclasses import replace

import pytest
from experiment_toys import TINY

from slt_lib.experiments import own_data
from slt_lib.experiments.cost import expected_cost
from slt_lib.experiments.cutting import forced_spans
from slt_lib.experiments.format_runs import run_formats
from slt_lib.experiments.own_data import (
    ARMS,
    made_folder,
    made_world,
    own_data_summary,
    prepare,
    run_own_data,
    same_as_direct,
    told,
)
from slt_lib.experiments.own_formats import FORMATS
from slt_lib.experiments.run import run
from slt_lib.pose.errors import SLTError

SCALE = replace(TINY, updates=2, novel=0)


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("own_data")


@pytest.fixture(scope="module")
def own(work):
    world = made_world(SCALE, work)
    folder = made_folder(world, work / "folder")
    return prepare(folder, work / "own", SCALE, origin="simulated", world=world)


def test_a_folder_becomes_a_translator_and_loses_nothing_on_the_way(own):
    assert same_as_direct(own) is True and own.arms == ARMS and not own.cut
    tested = run("pretrain_finetune", 0, own.data)
    assert tested["updates"] == 4 and len(tested["hypotheses"]) == 4
    spans = forced_spans(own.data)
    glosses = own.data.splits["train"].glosses
    assert len(spans) == 16
    assert all(s is None or len(s) == len(g) for s, g in zip(spans, glosses, strict=True))


def test_a_record_says_what_its_data_were_and_no_path(own, work):
    text = json.dumps(told(own))
    assert str(work) not in text
    assert told(own)["counts"]["sentences"] == {"train": 16, "dev": 2, "test": 4}
    assert 0 < told(own)["signs"] < 269  # those that are needed


def test_every_format_goes_the_whole_way(work):
    found = run_formats(0, SCALE, work)
    assert found["formats_run"] == list(FORMATS)
    for name, one in found["formats"].items():
        assert one["updates"] >= 2, name
        assert set(one["findings"]) <= {"too_little", "gloss_without_sign"}, (name, one["findings"])
    videos = found["formats"]["videos, .pose and annotations.csv"]
    assert videos["video"]["updates"] == 2


def test_real_sequences_and_annotation_train_a_translator(shared_data, tmp_path):
    how = {"leave_out": True, "resplit": True}
    real = prepare(shared_data / "phoenix14t", tmp_path, SCALE, **how)
    assert real.cut and sum(real.ingested.sizes.values()) == 10
    tested = run("pretrain_finetune", 0, real.data)
    assert tested["updates"] == 4 and len(tested["hypotheses"]) == 1
    skels = prepare(shared_data / "phoenix14t" / "skels", tmp_path / "s", SCALE, **how)
    assert run("real_only", 0, skels.data)["updates"] == 2


def test_without_glosses_there_are_the_arms_of_real_signing(tmp_path, work):
    world = made_world(SCALE, work)
    from slt_lib.corpus.weather.world import SPLITS
    from slt_lib.experiments.own_formats import pose_folder

    parts = {s: [replace(u, gloss=()) for u in getattr(world, s)] for s in SPLITS}
    pose_folder(parts, tmp_path / "data")
    plain = prepare(tmp_path / "data", tmp_path / "out", SCALE)
    assert plain.arms == ("real_only", "equal_compute")
    assert run("real_only", 0, plain.data)["wer"] is None
    assert "no_glosses" in {one.kind for one in plain.report.findings}


def test_arms_and_sizes_that_are_not_there():
    with pytest.raises(SLTError, match="no arm"):
        run_own_data("everything", 0)
    with pytest.raises(SLTError, match="no size"):
        run_own_data("joint", 0, size="huge")


def test_a_summary_keeps_arms_and_formats(monkeypatch):
    one = {"bleu4": 3.0, "corpus_hash": "c", "references": ["a b c d"], "hypotheses": ["a b c d"]}
    records = {arm: {0: one, 42: one | {"bleu4": 4.0}} for arm in ARMS[:2]}
    records["formats"] = {0: {"formats_run": ["a", "b"], "corpus_hash": None}}
    found = own_data_summary(records)
    assert found["arms"]["real_only"]["bleu4"] == [3.0, 4.0] and found["seeds"] == [0, 42]
    assert found["formats_run"] == ["a", "b"]


def test_expected_cost_grows_with_the_data_and_the_model():
    small = expected_cost({"train": 100, "dev": 10, "test": 10}, 12_000, SCALE)
    large = expected_cost({"no split": 1200}, 120_000, SCALE)
    assert 0 < small.seconds < large.seconds and small.disk_mb < large.disk_mb
    full = expected_cost({"no split": 1200}, 120_000, own_data.OWN_SCALES["full"])
    assert full.seconds > large.seconds and "minutes" in full.as_text()
    with pytest.raises(SLTError, match="nothing to train"):
        expected_cost({"train": 0}, 0, SCALE)
