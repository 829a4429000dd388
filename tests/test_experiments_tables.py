"""Tables from records alone: means, significance, and what isn't put side by side."""

import json

import numpy as np
import pytest

from slt_lib.experiments import tables
from slt_lib.experiments.exchange import exchange, needed, of_size
from slt_lib.pose.errors import SLTError
from slt_lib.translation.metrics import bleu4


def record(hypotheses, references=("der regen kommt morgen nach bayern", "es schneit im norden")):
    return {"hypotheses": list(hypotheses), "references": list(references), "updates": 6,
            "bleu4": bleu4(hypotheses, references), "chrf": 1.0, "floor": 2.0,
            "corpus_hash": "c0"}  # fmt: skip


GOOD = record(["der regen kommt morgen nach bayern", "es schneit im norden"])
POOR = record(["der regen kommt heute nach bayern", "es regnet im süden"])
BAD = record(["am tag", "wind"])


def test_rows_compare_means_over_seeds_with_one_arm():
    records = {"real_only": {0: POOR, 1: POOR}, "joint": {0: GOOD, 1: POOR}, "anneal": {0: GOOD}}
    real, joint, anneal = tables.rows(records)
    assert real["against real only"] == "+0.00" and real["BLEU-4"].endswith("± 0.00")
    assert anneal["BLEU-4"] == "100.00" and anneal["seeds"] == 1 and joint["seeds"] == 2
    gain = np.mean([100, POOR["bleu4"]]) - POOR["bleu4"]
    assert joint["against real only"] == f"{gain:+.2f}"
    assert "nan" not in str(tables.rows({"joint": records["joint"]}))
    named = tables.rows(records, against="joint")[1]
    assert named["against joint"] == "+0.00" and "against real only" not in named
    assert tables.common_seeds(records) == [0] and tables.common_seeds({}) == []


def test_significance_is_of_the_seeds_in_common_and_of_one_test_set():
    many = [f"satz {i} über wind und regen im norden" for i in range(12)]
    good, bad = record(many, many), record(["nichts davon"] * 12, many)
    records = {"real_only": {0: bad, 1: bad}, "joint": {0: good, 7: good}}
    assert tables.significance(records, "real_only", "joint", trials=500).p < 0.02
    assert tables.significance(records, "joint", "joint", trials=50).p == 1
    with pytest.raises(SLTError, match="no seed in common"):
        tables.significance({"real_only": {0: bad}, "joint": {7: good}}, "real_only", "joint")
    with pytest.raises(SLTError, match="different sentences"):
        tables.significance({"real_only": {0: bad}, "joint": {0: GOOD}}, "real_only", "joint")


def test_summary_is_of_one_corpus_and_its_scores_can_be_recomputed():
    records = {"real_only": {0: POOR, 42: BAD}, "joint": {0: GOOD}}
    found = tables.summary(records)
    joint = found["arms"]["joint"]
    assert joint == {"bleu4": [pytest.approx(100)], "floor": [2.0]} and found["seeds"] == [0, 42]
    assert found["corpus_hash"] == "c0"
    assert tables.recomputed(records) < 1e-9
    assert tables.recomputed({"joint": {0: GOOD | {"bleu4": 97.0}}}) == pytest.approx(3)
    with pytest.raises(SLTError, match="different corpora"):
        tables.summary(records | {"anneal": {0: GOOD | {"corpus_hash": "c1"}}})


def test_contrasts_are_corrected_within_their_families():
    many = [f"satz {i} über wind und regen im norden" for i in range(12)]
    good, bad = record(many, many), record(["satz über nichts davon im norden"] * 12, many)
    records = {"a": {0: good, 1: good}, "b": {0: bad, 1: bad}, "c": {0: bad, 1: bad}}
    pairs = [("a", "b"), ("b", "c"), ("a", "missing")]
    found = tables.contrasts(records, [pairs, [("a", "c")]], trials=300)
    assert set(found) == {"a_vs_b", "b_vs_c", "a_vs_c"}
    gain = good["bleu4"] - bad["bleu4"]
    assert found["a_vs_b"]["difference"] == pytest.approx(gain) and found["a_vs_b"]["ci_low"] > 0
    assert found["a_vs_b"]["above_floor"] == pytest.approx(gain / (bad["bleu4"] - 2))
    assert found["a_vs_b"]["p_holm"] == pytest.approx(2 * found["a_vs_b"]["p"])
    assert found["a_vs_c"]["p_holm"] == found["a_vs_c"]["p"] < 0.05
    assert found["b_vs_c"]["difference"] == 0 and found["b_vs_c"]["p_holm"] == 1


def test_the_exchange_rate_is_read_off_real_only_training():
    sizes = [100, 200, 400, 800]
    assert needed(sizes, [1, 2, 3, 4], 2.5) == (pytest.approx(200 * 2**0.5), False)
    assert needed(sizes, [1, 2, 3, 4], 0.2) == (pytest.approx(100), False)
    assert needed(sizes, [1, 2, 3, 4], 9) == (pytest.approx(800), True)
    assert needed(sizes, [1, 3, 2, 4], 3)[0] == pytest.approx(200)  # a dip is noise

    words = [f"w{i} x{i} y{i} z{i}".split() for i in range(60)]
    texts = [" ".join(w) for w in words]

    def run(right):  # the first so many sentences are translated rightly
        said = [t if i < right else "nichts" for i, t in enumerate(texts)]
        return {seed: record(said, texts) for seed in (0, 1, 2)}

    right = {"real_only": (10, 20, 40), "pretrain_finetune": (10, 30, 40)}
    right["pretrain_novel_finetune"] = (20, 40, 60)
    records = {
        of_size(arm, n): run(count)
        for arm, counts in right.items()
        for n, count in zip((600, 1200, 2400), counts, strict=True)
    }
    found = exchange(records, trials=200)
    assert found["sizes"] == [600, 1200, 2400] and len(found["real_only"]) == 3
    assert found["seeds"] == [3, 3, 3]
    assert found["worth_at"]["pretrain_finetune"][0]["sentences"] == pytest.approx(0)
    worth = found["worth"]
    assert worth["sentences"] == pytest.approx(1200) and not worth["at_least"]
    assert [worth["ci_low"], worth["ci_high"]] == pytest.approx([1200, 1200])
    assert found["worth_at"]["pretrain_novel_finetune"][2]["at_least"]
    assert exchange({k: v for k, v in records.items() if "600" not in k and "2400" not in k}) == {}


def test_a_broken_record_is_named(tmp_path):
    one = GOOD | {"arm": "joint", "seed": 3}
    (tmp_path / "joint-3.json").write_text(json.dumps(one), "utf8")
    assert tables.read_records(tmp_path) == {"joint": {3: one}}
    for broken in ("{", "[1]", '{"arm": "joint"}', '{"arm": "joint", "seed": "x"}'):
        (tmp_path / "joint-4.json").write_text(broken, "utf8")
        with pytest.raises(SLTError, match=r"joint-4\.json.*Record it again"):
            tables.read_records(tmp_path)


def test_records_of_two_sizes_are_not_compared(tmp_path):
    for seed, updates in ((0, 320), (1, 320), (2, 800)):
        size = {"config": {"scale": {"updates": updates}}} if seed else {}
        one = GOOD | {"arm": "joint", "seed": seed} | size
        (tmp_path / f"joint-{seed}.json").write_text(json.dumps(one), "utf8")
        if seed < 2:
            assert len(tables.read_records(tmp_path)["joint"]) == seed + 1
    with pytest.raises(SLTError, match=r"joint-2.*another size than joint-1"):
        tables.read_records(tmp_path)


def test_a_curve_counts_through_the_phases_and_is_the_seeds_mean():
    phases = [[{"update": 5, "bleu4": 1.0}, {"update": 9, "bleu4": 2.0}],
              [{"update": 4, "bleu4": 3.0}]]  # fmt: skip
    other = [[look | {"bleu4": look["bleu4"] + 1} for look in phase] for phase in phases]
    other[0].append({"update": 13, "bleu4": 9.0})  # this one went on for longer
    found = tables.curve([{"phases": phases}, {"phases": other}])
    assert [(look["update"], look["bleu4"]) for look in found] == [(5, 1.5), (9, 2.5), (13, 3.5)]
