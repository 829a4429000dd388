"""Tables from records alone: means, significance, and what isn't put side by side."""

import json

import numpy as np
import pytest

from slt_lib.experiments import tables
from slt_lib.pose.errors import SLTError
from slt_lib.translation.metrics import bleu4


def record(hypotheses, references=("der regen kommt morgen nach bayern", "es schneit im norden")):
    return {"hypotheses": list(hypotheses), "references": list(references), "updates": 6,
            "bleu4": bleu4(hypotheses, references), "chrf": 1.0, "corpus_hash": "c0"}  # fmt: skip


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
    assert set(tables.p_values(records, trials=50)) == {"joint_vs_real"}
    with pytest.raises(SLTError, match="no seed in common"):
        tables.significance({"real_only": {0: bad}, "joint": {7: good}}, "real_only", "joint")
    with pytest.raises(SLTError, match="different sentences"):
        tables.significance({"real_only": {0: bad}, "joint": {0: GOOD}}, "real_only", "joint")


def test_summary_is_of_one_corpus_and_its_scores_can_be_recomputed():
    records = {"real_only": {0: POOR, 42: BAD}, "joint": {0: GOOD}}
    found = tables.summary(records)
    assert found["arms"]["joint"] == {"bleu4": [pytest.approx(100)]} and found["seeds"] == [0, 42]
    assert found["corpus_hash"] == "c0" and 0 < found["p_values"]["joint_vs_real"] <= 1
    assert tables.recomputed(records) < 1e-9
    assert tables.recomputed({"joint": {0: GOOD | {"bleu4": 97.0}}}) == pytest.approx(3)
    with pytest.raises(SLTError, match="different corpora"):
        tables.summary(records | {"anneal": {0: GOOD | {"corpus_hash": "c1"}}})


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
    found = tables.curve([{"phases": phases}, {"phases": other}])
    assert [(look["update"], look["bleu4"]) for look in found] == [(5, 1.5), (9, 2.5), (13, 3.5)]
