"""Chapter 13's experiment: as many new sentences from each source, none of them leaked."""

import json
from dataclasses import replace

import pytest
from experiment_toys import TINY, WORLD

from slt_lib.corpus.sentences.collect import leaked
from slt_lib.corpus.sentences.pairs_file import PairsFile
from slt_lib.experiments import novel_sentences
from slt_lib.experiments.novel_data import PAIRS, SOURCES, NovelData
from slt_lib.experiments.protocols import NOVEL
from slt_lib.experiments.sentence_measures import measure_sources
from slt_lib.pose.errors import SLTError

pytestmark = pytest.mark.filterwarnings("ignore:.*sentences were cut")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    scale = replace(TINY, world=replace(WORLD, train=60))  # fewer can't be recombined
    return NovelData(scale, tmp_path_factory.mktemp("novel"))


def test_every_source_adds_as_many_and_none_is_held_out(data):
    assert data.sources == SOURCES and 0 < data.added <= TINY.novel
    for name in SOURCES:
        found = data.sentences_of(name)
        assert len(found) == len(set(found)) == data.added
        assert leaked(found, data.held_out()) == 0
        assert not {p.text for p in found} & {p.text for p in data.pairs("train")}
        assert all(g in data.signs() for p in found for g in p.glosses)


def test_arms_train_on_what_they_say(data):
    for name in ("permuted", *SOURCES):
        both = data[NOVEL[name].phases[0].data]
        assert len(both) == len(data["synthetic"]) + data.added
    texts = data["more_permuted"].texts
    assert set(texts) <= set(data["real"].texts)
    assert not data["text_ngram"].seen.any()
    assert data["text_ngram"].texts == data["synthetic+more_ngram"].texts


def test_a_record_counts_what_was_added(data):
    record = novel_sentences.run_novel_arm("ngram", 0, data)
    assert record["added_sentences"] == data.added and record["leaked_sentences"] == 0
    assert record["corpus_hash"] == data.hash
    quarter = novel_sentences.run_novel_arm("real_only", 0, data)
    assert quarter["added_sentences"] == 0


def test_a_quarter_s_model_knows_nothing_else(data):
    known = {w for p in data.pairs("train")[::4] for w in p.text.split()}
    made = data.sentences_of_quarter()
    assert {w for p in made for w in p.text.split()} <= known


def test_sources_are_measured_beside_yardsticks(data):
    found = measure_sources(0, data, sample=400)
    assert json.dumps(found) and found["leaked_sentences"] == 0
    for one in found["sources"].values():
        assert one["asked"] >= one["parsed"] >= one["accepted"] >= 1 and one["leaked"] == 0
    marks = found["yardsticks"]
    right = marks["held-out"]
    assert marks["words shuffled"]["grammatical_text"] <= right["grammatical_text"]
    assert marks["text of another"]["agreeing"] <= right["agreeing"]


def test_a_corpus_of_one_s_own_has_the_sources_it_can_have(data):
    class Own(NovelData):
        world = None

        def __init__(self):
            self.pairs_file, self.splits = None, data.splits

    assert Own().sources == ("ngram",)
    with pytest.raises(SLTError, match="grammar"):
        Own().source("grammar")


def test_the_recorded_pairs_say_where_they_come_from():
    file = PairsFile(PAIRS)
    assert len(file.pairs()) == file.about["funnel"]["accepted"] > 200
    assert {"model", "prompt", "how", "free"} <= set(file.about)
