"""Recorded results: made by a chapter's function, summed up from files alone, rerun, compared."""

import json
import os
import subprocess
import sys

import pytest
from conftest import ROOT, notebook, slt_book, write_notebook

from slt_lib.cli.recorded import KEYS, compare

RECORDER = """
def record(arm, seed, scale=1):
    from pathlib import Path
    drift = 0.5 if Path("drift").exists() else 0
    return {"jerk": scale * (seed + 1) + drift, "per": {"hand": 2.0}, "speed_ms": id(arm),
            "raw": [1, 2, 3], "not_compared": ["speed_ms"], "corpus_hash": "c0ffee"}

def summary(records):
    return {"jerks": [r["jerk"] for r in records["ours"].values()], "arms": {"ours": {"per": 3}}}
"""


@pytest.fixture
def recording(project, monkeypatch):
    (project / "toy_recorder.py").write_text(RECORDER, "utf8")
    monkeypatch.setenv("PYTHONPATH", str(project), prepend=os.pathsep)
    toy = notebook(
        "One", "1", slt={"record": "toy_recorder:record", "summary": "toy_recorder:summary"}
    )
    write_notebook(project, "01_one", toy)
    return project


def test_record_summarise_verify(recording):
    for seed in (0, 1):
        done = slt_book("record", "1", "--arm", "ours", "--seed", seed, root=recording)
        assert done.returncode == 0, done.stderr
    path = recording / "book" / "recorded" / "01_one" / "ours-1.json"
    one = json.loads(path.read_text("utf8"))
    assert set(KEYS) <= set(one) and one["bleu4"] is None and one["jerk"] == 2
    resumed = slt_book("record", "1", "--arm", "ours", "--seed", 1, root=recording)
    assert "Already recorded" in resumed.stdout

    assert slt_book("summarise-recorded", root=recording).returncode == 0
    summary = json.loads((recording / "book" / "recorded" / "01_one.json").read_text("utf8"))
    assert summary["arms"]["ours"]["seeds"] == [0, 1]
    jerk = summary["arms"]["ours"]["jerk"]
    assert jerk["mean"] == 1.5 and jerk["sd"] == pytest.approx(0.5**0.5)
    assert summary["corpus_hash"] == "c0ffee"
    assert summary["jerks"] == [1, 2] and summary["arms"]["ours"]["per"] == 3

    good = slt_book("verify-recorded", "--arm", "ours", "--seed", 1, root=recording)
    assert good.returncode == 0 and "all agree" in good.stdout and "speed_ms" not in good.stdout
    (recording / "drift").touch()
    bad = slt_book("verify-recorded", root=recording)
    assert bad.returncode == 1 and "DIFF jerk" in bad.stdout
    loose = slt_book("verify-recorded", "--tolerance", "0.6", root=recording)
    assert loose.returncode == 0


def test_broken_and_mixed_records_are_refused(recording):
    slt_book("record", "1", "--arm", "ours", root=recording)
    folder = recording / "book" / "recorded" / "01_one"
    one = json.loads((folder / "ours-0.json").read_text("utf8"))
    other = one | {"arm": "peer", "corpus_hash": "another"}
    (folder / "peer-0.json").write_text(json.dumps(other), "utf8")
    assert "different corpora" in slt_book("summarise-recorded", root=recording).stderr
    mixed = slt_book("verify-recorded", "1", "--arm", "peer", root=recording)
    assert mixed.returncode == 1 and "of another corpus" in mixed.stdout
    newest = json.loads((ROOT / "book" / "recorded" / "weather_world.json").read_text("utf8"))
    hashes = list(newest["also"])[:2]  # one world: its hash was computed differently before
    for arm, corpus_hash in zip(("ours", "peer"), hashes, strict=True):
        made = one | {"arm": arm, "corpus_hash": corpus_hash}
        (folder / f"{arm}-0.json").write_text(json.dumps(made), "utf8")
    assert slt_book("summarise-recorded", root=recording).returncode == 0
    (folder / "peer-0.json").write_text(json.dumps(one), "utf8")
    assert "It holds arm ours" in slt_book("summarise-recorded", root=recording).stderr
    (folder / "peer-0.json").write_text("{", "utf8")
    assert "isn't a record" in slt_book("summarise-recorded", root=recording).stderr


def test_errors_name_what_is_wrong(recording):
    assert "records nothing" in slt_book("record", "2", "--arm", "x", root=recording).stderr
    assert "arm's name" in slt_book("record", "1", "--arm", "../x", root=recording).stderr
    assert "no such record" in slt_book("verify-recorded", "1", root=recording).stderr


def test_a_measure_that_vanished_does_not_agree():
    rows = compare({"jerk": 1.0, "seed": 0}, {"seed": 1}, tolerance=1.0)
    assert [(name, agree) for name, _, _, agree in rows] == [("jerk", False)]


def test_python_m_slt_lib_has_all_commands():
    done = subprocess.run(
        [sys.executable, "-m", "slt_lib", "--help"], capture_output=True, text=True, check=True
    )
    for command in ("run", "build", "doctor", "bench", "record", "verify-recorded"):
        assert command in done.stdout
