"""Chapter 13's experiment: as many new sentences from each source, none of them leaked."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from experiment_toys import TINY, WORLD

from slt_lib.corpus.sentences.collect import leaked
from slt_lib.corpus.sentences.local_model import HEAD
from slt_lib.corpus.sentences.pairs import Pair
from slt_lib.corpus.sentences.pairs_file import PairsFile
from slt_lib.corpus.sentences.request import Answer
from slt_lib.experiments import novel_data, novel_sentences, written_pairs
from slt_lib.experiments.leak_detection import changed, detection
from slt_lib.experiments.novel_data import PAIRS, SOURCES, NovelData, pairs_of
from slt_lib.experiments.protocols import NOVEL
from slt_lib.experiments.sentence_measures import measure_sources
from slt_lib.pose.errors import MissingPartError, SLTError

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


def letters(texts):
    """Unit vectors of how often each letter comes."""
    counts = np.array([[text.count(c) for c in "abcdefghijklmnopqrstuvwxyzäöüß"] for text in texts])
    return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def test_a_detector_of_paraphrases_is_validated_on_three_kinds_of_texts(data):
    found = detection(data, letters, split="train", most=40)
    assert json.dumps(found) and min(found["numbers"].values()) > 9
    for rows in found["roc"].values():
        for kind in ("paraphrase", "new", "changed"):
            shares = [row[kind] for row in rows]
            assert shares == sorted(shares, reverse=True) and shares[0] <= 1
    for alone, both in zip(*found["roc"].values(), strict=True):
        assert both["changed"] <= alone["changed"] and both["paraphrase"] <= alone["paraphrase"]
    everything = found["roc"]["both"][0]
    assert everything["near"] == 0 and everything["changed"] < 0.2 < everything["paraphrase"]
    one = data.world.sentences("train")[:1]
    train = [Pair(("A",), one[0].text), Pair(("B",), "x " + " ".join(one[0].text.split()[1:]))]
    glosses = {"x": "B", one[0].text.split()[0]: "A"}
    assert [text.split()[0] for _, text in changed(one, train, glosses, 0)] == ["x"]


def test_paraphrases_are_refused_where_vectors_are_given(data):
    class Refusing(NovelData):
        def __init__(self):
            vars(self).update(vars(data) | {"embed": letters, "_collected": {}})

    assert data.checks().paraphrased is None and Refusing().checks().paraphrased is not None
    record = measure_sources(0, data, sample=100, embed=letters)
    assert all(one["paraphrased"] >= 0 for one in record["sources"].values())
    assert record["models"]["small"]["passed"] >= 1


class Writer:
    """A model that leaves out the first word of training sentences."""

    one_each = True

    def __init__(self, path, *, constrain="pairs", text_first=False):
        self.name = f"writer ({constrain})"

    def answer(self, request):
        shown = request.examples
        pairs = [Pair(a.glosses, " ".join(b.text.split()[1:])) for a in shown for b in shown]
        return Answer(tuple(f"{HEAD} {' '.join(p.glosses)}\nGERMAN: {p.text}" for p in pairs))


def test_each_model_s_pairs_have_a_file_of_their_own(data, tmp_path, monkeypatch):
    assert pairs_of("small") == PAIRS and pairs_of("mine.csv") == Path("mine.csv")
    monkeypatch.setattr(novel_data, "RECORDED", tmp_path / "recorded")
    monkeypatch.setattr(written_pairs, "LocalModel", Writer)
    monkeypatch.setattr(written_pairs, "find_llm", lambda named: Path("Writer-1B.gguf"))
    monkeypatch.setattr(written_pairs, "fetched_llms", lambda: {"gemma": "x.gguf"})
    how = {"asked": 48, "free": 16, "answers": tmp_path / "answers"}
    path = written_pairs.write_model_pairs("gemma", data, **how)
    assert path.name == "gemma_model.jsonl" and novel_data.written_pairs() == {"gemma": path}
    file = PairsFile(path)
    assert file.about["model"] == "Writer-1B.gguf" and file.about["funnel"]["asked"] == 48
    assert file.about["free"]["funnel"]["asked"] == 16 and file.about["rejected"]
    assert leaked(file.pairs(), data.held_out()) == 0
    again = written_pairs.write_model_pairs("x.gguf", data, **how)
    assert again.name == "writer-1b_model.jsonl" and PairsFile(again).pairs() == file.pairs()
    monkeypatch.setattr(written_pairs, "find_llm", lambda named: None)
    with pytest.raises(MissingPartError, match="make gemma"):
        written_pairs.write_model_pairs("gemma", data)
