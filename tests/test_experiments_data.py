"""Experiments: equal compute, and training data that know nothing of the test."""

import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from experiment_toys import TINY

from slt_lib.corpus import write_corpus
from slt_lib.dictionary import load_dictionary, save_dictionary
from slt_lib.experiments.data import DATASETS, Data
from slt_lib.experiments.protocols import (
    ABLATIONS,
    PRETRAINING,
    TRAINED_OUT,
    WITH_NOVEL,
    arm_and_known,
    arm_of,
)
from slt_lib.experiments.run import run
from slt_lib.experiments.scale import SCALES, scale
from slt_lib.pose.errors import SLTError

ARMS = PRETRAINING | ABLATIONS | WITH_NOVEL | TRAINED_OUT
NEW = {"novel", "novel_25", "text_novel_25", "paraphrased", "mispaired", "texts", "uncropped",
       "uncanonical", "jumping", "one_tempo", "shuffled", "cut_signs", "few_signs_25",
       "few_signs_50"}  # fmt: skip
TRAINING = [name for name in DATASETS if name not in ("dev", "test")]
pytestmark = pytest.mark.filterwarnings("ignore:.*sentences were cut")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return Data(TINY, tmp_path_factory.mktemp("experiments"))


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


def same_signing(a, b):
    return a.positions.shape == b.positions.shape and bool((a.positions == b.positions).all())


@pytest.mark.parametrize("size", SCALES)
def test_compared_arms_take_equally_many_updates(size):
    def updates(arm):
        return sum(SCALES[size].phase(p.length, p.lr).updates for p in ARMS[arm].phases)

    assert updates("pretrain_finetune") == 2 * updates("real_only")
    one_phase = {"real_only", "synthetic_only", "long_real_only"}
    short = ARMS.keys() - TRAINED_OUT.keys() - one_phase
    assert {updates(arm) for arm in short} == {updates("pretrain_finetune")}
    long = TRAINED_OUT.keys() - one_phase
    assert {updates(arm) for arm in long} == {2 * updates("long_real_only")}
    rates = [[p.lr for p in ARMS[arm].phases] for arm in ("equal_compute", "pretrain_finetune")]
    assert len(rates[0]) == len(rates[1]) == 2


def test_arms_name_data_that_exist_and_end_gently_on_real_data():
    for name, arm in ARMS.items():
        named = {part for p in arm.phases for both in p.data.split(">") for part in both.split("+")}
        assert named | set(arm.words.split("+")) <= set(TRAINING), name
        if len(arm.phases) > 1:
            first, last = arm.phases
            quarter = arm.words.startswith("real_25")
            assert last.data == ("real_25" if quarter else "real"), name
            assert last.lr <= first.lr == 1, name


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
    for name in set(TRAINING) - NEW:
        assert set(data[name].texts) <= train, name
    assert not train & set(data["novel"].texts) and len(set(data["novel"].texts)) == TINY.novel
    assert data["novel_25"].texts == data["novel"].texts


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


def test_arms_beside_new_sentences_differ_from_them_in_the_signing_alone(data):
    whole = data["synthetic+novel"]
    made = {name: data[name] for name in ("uncropped", "uncanonical", "jumping", "one_tempo")}
    assert all(one.texts == whole.texts and one.glosses == whole.glosses for one in made.values())
    looks = {one.positions.tobytes() for one in (whole, *made.values())}
    assert len(looks) == 5
    wrong, right = data["mispaired"], data["novel"]
    assert same_signing(wrong, right) and sorted(wrong.texts) == sorted(right.texts)
    assert not any(a == b for a, b in zip(wrong.texts, right.texts, strict=True))
    assert not data["texts"].seen.any() and data["texts"].texts == data["real+novel"].texts
    assert data["few_signs_25"].lengths.sum() < data["few_signs_50"].lengths.sum()


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
    blind, shown = data["text_novel_25"], data["synthetic_25+novel_25"]
    assert blind.texts == shown.texts and shown.seen.any() and not blind.seen.any()
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


def test_an_arm_that_knows_few_sentences_knows_nothing_of_the_others(own):
    one, two = own("one", range(8)), own("two", [*range(4), 9, 10, 11, 12])
    few = [data.with_known(4) for data in (one, two)]
    assert few[0]["real"].texts == one["real"].texts[:4] and few[0] is one.with_known(4)
    assert same_signing(few[0]["synthetic"], few[1]["synthetic"])
    assert not same_signing(few[0]["synthetic"], one["synthetic"].select(range(4)))
    with pytest.raises(SLTError, match="8 training sentences, not 9"):
        one.with_known(9)


def test_the_number_of_known_sentences_is_in_an_arm_s_name():
    assert arm_and_known("pretrain_finetune_300") == ("pretrain_finetune", 300)
    assert arm_and_known("coverage_25") == ("coverage_25", 0)  # an arm of that name
    assert arm_and_known("coverage_25_300") == ("coverage_25", 300)
    assert arm_of("real_only_4800") == PRETRAINING["real_only"]


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


def test_another_corpus_or_dictionary_at_the_same_place_is_noticed(own, data, tmp_path):
    first = own("mine", range(4))
    assert len(first["coverage_25"])
    shutil.rmtree(tmp_path / "mine")
    assert own("mine", range(4, 8)).work != first.work
    shutil.rmtree(tmp_path / "mine")
    own("mine", range(4))
    signs = tmp_path / "signs"
    save_dictionary(load_dictionary(data.dictionary).subset(0.5), signs)
    halved = Data(TINY, tmp_path / "work", corpus=tmp_path / "mine", dictionary=signs)
    assert halved.work != first.work
    assert halved["coverage_25"].lengths.sum() < first["coverage_25"].lengths.sum()


def test_the_cut_dictionary_comes_from_training_sentences_only(data):
    assert len(data["cut_from_corpus"])
    cut = load_dictionary(data.work / "dictionary_cut")
    train = data.splits["train"]
    assert {sign.sentence for sign in cut} <= set(train.names)
    signed = dict(zip(train.names, train.glosses, strict=True))
    assert all(sign.gloss in signed[sign.sentence] for sign in cut) and len(cut) > 16
