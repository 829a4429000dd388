"""Experiments: equal compute, training data that know nothing of the test, runs that repeat."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from slt_lib.corpus import write_corpus
from slt_lib.corpus.weather.world import WorldSettings
from slt_lib.dictionary import load_dictionary
from slt_lib.experiments import distance, tables
from slt_lib.experiments.data import DATASETS, Data
from slt_lib.experiments.protocols import ABLATIONS, PRETRAINING, arm_of
from slt_lib.experiments.run import run
from slt_lib.experiments.scale import SCALES, scale
from slt_lib.pose.errors import SLTError
from slt_lib.translation.checkpoint import load, load_translator
from slt_lib.translation.data import Codec
from slt_lib.translation.search import SearchSettings
from slt_lib.translation.train import train

ARMS = PRETRAINING | ABLATIONS
TRAINING = [name for name in DATASETS if name not in ("dev", "test")]
WORLD = WorldSettings(seed=0, train=16, dev=2, test=4)
BRIEF = SearchSettings(beam=2, max_length=12)  # untrained models don't know when to stop
TINY = replace(scale("smoke"), world=WORLD, novel=8, updates=4, search=BRIEF)
pytestmark = pytest.mark.filterwarnings("ignore:.*sentences were cut")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return Data(TINY, tmp_path_factory.mktemp("experiments"))


@pytest.fixture(scope="module")
def ran(data):
    return {arm: run(arm, 0, data) for arm in ("synthetic_only", "pretrain_finetune", "real_only")}


@pytest.fixture
def own(data, tmp_path):
    """A user's own corpora of the world's sentences with these numbers."""

    def make(name, rows, dictionary=True):
        for split, corpus in data.splits.items():
            chosen = rows if split == "train" else range(2)
            write_corpus(tmp_path / name / split, corpus.select(chosen))
        folder = data.dictionary if dictionary else ""
        return Data(TINY, tmp_path / "work", corpus=tmp_path / name, dictionary=folder)

    return make


def forget_trainings(data, name):
    (data.work / "trainings").rename(data.work / name)


def same_signing(a, b):
    return a.positions.shape == b.positions.shape and bool((a.positions == b.positions).all())


@pytest.mark.parametrize("size", SCALES)
def test_compared_arms_take_equally_many_updates(size):
    def updates(arm):
        return sum(SCALES[size].phase(p.length, p.lr).updates for p in ARMS[arm].phases)

    assert updates("pretrain_finetune_25") == updates("equal_compute_25")
    assert updates("pretrain_finetune") == 2 * updates("real_only")
    one_phase = {"real_only", "synthetic_only", "real_only_25"}
    assert {updates(arm) for arm in ARMS.keys() - one_phase} == {updates("pretrain_finetune")}


def test_arms_name_data_that_exist_and_end_gently_on_real_data():
    for name, arm in ARMS.items():
        named = {part for p in arm.phases for both in p.data.split(">") for part in both.split("+")}
        assert named | set(arm.words.split("+")) <= set(TRAINING), name
        if len(arm.phases) > 1:
            first, last = arm.phases
            assert last.data == ("real_25" if arm.words == "real_25" else "real"), name
            assert last.lr < first.lr == 1, name


def test_ablations_of_the_pipeline_differ_from_plain_pretraining_in_their_data_only():
    plain = ARMS["pretrain_finetune"]
    for name in ("reorder", "no_speed", "no_canonical", "no_transition", "no_crop", "no_filter"):
        first = replace(ABLATIONS[name].phases[0], data="synthetic")
        assert replace(ABLATIONS[name], says=plain.says, phases=(first, plain.phases[1])) == plain


def test_unknown_names_are_refused_with_the_known_ones(data):
    for wrong in (lambda: arm_of("jiont"), lambda: data["synthetik"], lambda: scale("tiny")):
        with pytest.raises(SLTError, match=r"Known: .*(joint|synthetic|smoke)"):
            wrong()


# data


def test_no_dev_or_test_text_is_trained_on(data):
    held = {text for split in ("dev", "test") for text in data[split].texts}
    train = set(data["real"].texts)
    assert not any(held & set(data[name].texts) for name in TRAINING)
    for name in set(TRAINING) - {"novel", "paraphrased"}:
        assert set(data[name].texts) <= train, name
    assert not train & set(data["novel"].texts) and len(set(data["novel"].texts)) == TINY.novel


def test_every_switch_changes_the_signing_of_the_same_sentences(data):
    names = ["synthetic", "reorder", "no_speed", "no_canonical", "no_transition", "no_crop",
             "cut_from_corpus"]  # fmt: skip
    assert len({data[name].positions.tobytes() for name in names}) == len(names)
    for name in [*names, "no_filter"]:
        assert data[name].texts == data["real"].texts, name
    # in a world this small the matched filter finds nothing to take away: ask the plans
    plans = [
        (data.work / name / "plan.json").read_text("utf8") for name in ("synthetic", "no_filter")
    ]
    assert plans[0] != plans[1]
    changed = np.array(data["reorder"].glosses, object) != np.array(data["real"].glosses, object)
    assert changed.any() and all(
        Counter(a) == Counter(b)
        for a, b in zip(data["reorder"].glosses, data["real"].glosses, strict=True)
    )


def test_wrong_sentences_are_the_same_ones_and_nobody_keeps_their_own(data):
    wrong, right = data["wrong_sentences"], data["synthetic"]
    assert same_signing(wrong, right)
    pairs = (Counter(zip(d.texts, d.glosses, strict=True)) for d in (wrong, right))
    assert next(pairs) == next(pairs)
    assert not any(a == b for a, b in zip(wrong.texts, right.texts, strict=True))


def test_text_only_shows_nothing_and_paraphrases_show_the_same(data):
    nothing = data["text_only"]
    assert nothing.texts == data["real"].texts and not nothing.seen.any()
    assert (nothing.lengths == 1).all() and not nothing.positions.any()
    again = data["paraphrased"]
    assert same_signing(again, data["synthetic"]) and again.glosses == data["synthetic"].glosses
    assert sum(a != b for a, b in zip(again.texts, data["real"].texts, strict=True)) > 12


def test_coverage_doses_are_nested(data):
    for share in (25, 50, 75):
        assert len(data[f"coverage_{share}"])  # makes its dictionary
    doses = [load_dictionary(data.work / f"dictionary_{share}").glosses for share in (25, 50, 75)]
    whole = load_dictionary(data.dictionary).glosses
    for share, few, more in zip((25, 50, 75), doses, [*doses[1:], whole], strict=True):
        assert set(few) < set(more)
        assert len(few) == pytest.approx(len(whole) * share / 100, abs=1)
    frames = [data[f"coverage_{share}"].lengths.sum() for share in (25, 50, 75)]
    assert frames == sorted(frames) and frames[-1] < data["synthetic"].lengths.sum()


def test_a_quarter_knows_nothing_of_the_other_three(own):
    one, two = own("one", range(8)), own("two", [0, 9, 10, 11, 4, 12, 13, 14])
    assert one["real_25"].texts == two["real_25"].texts == one["real"].texts[::4]
    assert same_signing(one["synthetic_25"], two["synthetic_25"])
    assert one["synthetic_25"].texts == one["real_25"].texts
    assert not same_signing(*(data["synthetic"].select([0]) for data in (one, two)))


def test_a_corpus_of_ones_own_takes_the_world_s_place(own, data):
    mine = own("mine", range(4))
    assert mine.hash != data.hash and mine["synthetic"].texts == data["real"].texts[:4]
    for name in ("novel", "paraphrased"):
        with pytest.raises(SLTError, match="weather world's grammar"):
            mine[name]
    alone = own("alone", range(4), dictionary=False)
    assert run("real_only", 0, alone)["references"] == list(alone.splits["test"].texts)
    with pytest.raises(SLTError, match="needs a dictionary"):
        alone["synthetic"]
    with pytest.raises(SLTError, match="goes with a corpus"):
        Data(TINY, data.work, dictionary=data.dictionary)


def test_the_cut_dictionary_comes_from_training_sentences_only(data):
    assert len(data["cut_from_corpus"])
    cut = load_dictionary(data.work / "dictionary_cut")
    train = data.splits["train"]
    assert {sign.sentence for sign in cut} <= set(train.names)
    signed = dict(zip(train.names, train.glosses, strict=True))
    assert all(sign.gloss in signed[sign.sentence] for sign in cut) and len(cut) > 16


# runs


def test_a_record_says_what_its_scores_are_of(ran, data):
    for arm, record in ran.items():
        assert record["references"] == list(data["test"].texts) and json.dumps(record)
        assert len(record["hypotheses"]) == WORLD.test and any(record["hypotheses"])
        assert record["corpus_hash"] == data.hash and "version" in record["signature"]
        assert record["config"]["arm"]["says"] == ARMS[arm].says
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
