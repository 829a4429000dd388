"""Experiments: runs that repeat, and distances between real and synthetic."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from experiment_toys import TINY, WORLD, forget_trainings

from slt_lib.experiments import distance, tables
from slt_lib.experiments.data import Data
from slt_lib.experiments.protocols import arm_of
from slt_lib.experiments.run import run
from slt_lib.experiments.scale import scale
from slt_lib.translation.checkpoint import load, load_translator
from slt_lib.translation.data import Codec
from slt_lib.translation.train import train

pytestmark = pytest.mark.filterwarnings("ignore:.*sentences were cut")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return Data(TINY, tmp_path_factory.mktemp("experiments"))


@pytest.fixture(scope="module")
def ran(data):
    return {arm: run(arm, 0, data) for arm in ("synthetic_only", "pretrain_finetune", "real_only")}


def test_a_record_says_what_its_scores_are_of(ran, data):
    for arm, record in ran.items():
        assert record["references"] == list(data["test"].texts) and json.dumps(record)
        assert len(record["hypotheses"]) == WORLD.test and any(record["hypotheses"])
        assert record["corpus_hash"] == data.hash and "version" in record["signature"]
        assert record["config"]["arm"]["says"] == arm_of(arm).says
        assert record["config"]["scale"]["updates"] == TINY.updates
        assert record["wer"] > 0 and record["chrf"] > 0 and record["parameters_of_model"] > 1000
        assert record["training_sentences"] == 8 * record["updates"]
        assert set(record["not_compared"]) >= {k for k in record if k.startswith("seconds")}
    assert ran["pretrain_finetune"]["updates"] == 8 and ran["real_only"]["updates"] == 4
    assert tables.recomputed({arm: {0: record} for arm, record in ran.items()}) < 1e-9


def test_a_phase_that_arms_share_is_trained_once(ran, data):
    folders = list((data.work / "trainings").glob("synthetic-0-*/"))
    assert len(folders) == 1
    assert ran["pretrain_finetune"]["phases"][0] == ran["synthetic_only"]["phases"][0]
    weights = folders[0] / "last.pt"
    before = weights.stat().st_mtime_ns
    again = run("pretrain_finetune", 0, data)
    assert weights.stat().st_mtime_ns == before
    assert again["hypotheses"] == ran["pretrain_finetune"]["hypotheses"]


def test_the_seed_decides_everything(ran, data):
    forget_trainings(data, "first")
    again, other = run("pretrain_finetune", 0, data), run("pretrain_finetune", 1, data)
    known = ran["pretrain_finetune"]
    for key in set(known) - {"phases", *known["not_compared"]}:
        assert again[key] == known[key], key
    losses = [[look["loss"] for look in one["phases"][0]] for one in (known, again, other)]
    assert losses[0] == losses[1] != losses[2]


# distances


def test_cka_ignores_turns_sizes_and_places():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(40, 6)), rng.normal(size=(40, 6))
    turn, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    assert distance.cka(a, 3 * a @ turn + 5) == pytest.approx(1)
    assert distance.cka(a, 3 * b @ turn + 5) == pytest.approx(distance.cka(b, a))
    assert distance.cka(a, b) < 0.5


def test_mmd_tells_distributions_apart_not_draws():
    rng = np.random.default_rng(0)
    a, b, c = (rng.normal(loc, size=(150, 4)) for loc in (0, 0, 1))
    assert abs(distance.mmd(a, b)) < 0.01 < 0.1 < distance.mmd(a, c)
    assert distance.mmd(a, c) == pytest.approx(distance.mmd(c, a))


@pytest.fixture(scope="module")
def model(ran, data):
    return load_translator(next((data.work / "trainings").glob("real-0-*/")))


def test_gradients_are_means_over_batches_and_leave_nothing_behind(model, data):
    def gradient(batches):
        return distance.mean_gradient(model, data["real"], TINY.phase(1, 1), 0, batches)

    before = {k: v.clone() for k, v in model.state_dict().items()}
    one, two = gradient([0]), gradient([1])
    assert not torch.equal(one, two)
    torch.testing.assert_close(gradient([0, 1]), (one + two) / 2)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_data_are_at_no_distance_from_themselves(model, data):
    found = distance.distances(model, data["real"], data["real"], TINY.phase(1, 1), 0)
    assert found["gradient_cosine"] == pytest.approx(1, abs=1e-4)
    assert found["cka"] == pytest.approx(1, abs=1e-4)
    assert found["gradient_cosine_real"] < 0.999 and found["mmd"] < 1e-6


def test_a_watched_training_is_the_same_watched_unwatched_or_interrupted(data, monkeypatch):
    calls, measure = [], distance.distances

    def failing(*given):
        calls.append(given)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return measure(*given)

    monkeypatch.setattr(distance, "BATCHES", 1)
    monkeypatch.setattr(distance, "distances", failing)
    with pytest.raises(KeyboardInterrupt):
        distance.run_gradients(0, data)
    resumed = distance.run_gradients(0, data)
    assert [look["update"] for look in resumed["looks"]] == list(range(1, 9))
    count = len(calls)
    assert distance.run_gradients(0, data) == resumed and len(calls) == count
    forget_trainings(data, "interrupted")
    assert distance.run_gradients(0, data)["looks"] == resumed["looks"]

    settings = replace(TINY.phase(2.0, 1.0), eval_every=1)
    train(data.work / "unwatched", TINY.model, settings, data["real+synthetic"], data["dev"],
          seed=0, codec=Codec.build(data["real"]))  # fmt: skip
    folders = (data.work / "unwatched", data.work / "interrupted" / "gradients-0-8")
    plain, watched = (load(folder / "last.pt")["model"] for folder in folders)
    assert all(torch.equal(plain[k], watched[k]) for k in plain)


def test_the_paper_s_size_trains_a_step(data, tmp_path):
    paper = scale("paper")
    phase = replace(paper.phase(1.0, 1.0), updates=1, batch_size=2, eval_every=1)
    done = train(tmp_path / "paper", paper.model, phase, data["real"], data["dev"], seed=0)
    assert done.updates == 1 and done.history[0]["loss"] > 0
