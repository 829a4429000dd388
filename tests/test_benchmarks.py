"""The benchmarks' own parts; what they measure is measured by `make bench`."""

import ast
from pathlib import Path

import numpy as np

from slt_lib.cli.bench import _load
from slt_lib.dictionary import load_dictionary

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


def test_every_benchmark_has_a_name_of_its_own_and_run():
    names = []
    for file in sorted(FOLDER.glob("[!_]*.py")):
        parts = ast.parse(file.read_text("utf8")).body  # not imported: transformers takes seconds
        runs = [p for p in parts if isinstance(p, ast.FunctionDef) and p.name == "run"]
        assert len(runs) == 1 and not runs[0].args.args, file.name
        names += [p.value.value for p in parts
                  if isinstance(p, ast.Assign) and ast.unparse(p.targets[0]) == "NAME"]  # fmt: skip
    assert {
        "beam_search",
        "frames",
        "generation",
        "rasteriser",
        "stitching",
        "text_to_signing",
        "time_to_bleu",
        "train_step",
    } <= set(names)
    assert len(names) == len(set(names)) == len(list(FOLDER.glob("[!_]*.py")))


def test_stitching_tells_what_was_prepared_from_what_was_not(monkeypatch):
    stitching = _load(FOLDER / "stitching.py")
    monkeypatch.setattr(stitching, "ROUNDS", 1)
    monkeypatch.setattr(stitching, "REPEATS", {row: 3 for row in stitching.REPEATS})
    table = stitching.run()
    speedups = [table[row]["speedup"] for row in ("from_files", "new", "cold", "warm")]
    assert speedups == sorted(speedups) and speedups[1] > 4  # at least: a machine may be busy
    for row in ("from_files", "new", "cold", "warm"):
        ours, peer = table[row]["ours_ms_per_frame"], table[row]["peer_ms_per_frame"]
        assert ours > 0 and table[row]["speedup"] == peer / ours
    assert {row: table[row].get("at_least") for row in ("new", "cold", "warm")} == {
        "new": 10,
        "cold": 20,
        "warm": 100,
    }
    assert table["frames"] < table["peer_frames"] and table["prepare_ms"] > 0


def test_generation_makes_sentences_like_phoenix_where_it_has_none():
    generation = _load(FOLDER / "generation.py")
    made = generation._made()
    assert len(made) == 7096 and len({g for one in made for g in one.gloss}) == 1085
    lengths = np.array([len(one.gloss) for one in made])
    assert 7.5 < lengths.mean() < 8.2 and 3 < lengths.std() < 3.8
    assert 110 < np.mean([one.frames for one in made]) < 125
    assert [one.gloss for one in made] == [one.gloss for one in generation._made()]


def test_generation_has_a_sign_for_any_gloss(tmp_path):
    generation = _load(FOLDER / "generation.py")
    generation._save_signs(["REGEN", "VON KEINER WELT"], tmp_path / "signs")
    saved = load_dictionary(tmp_path / "signs")
    assert saved.glosses == ("REGEN", "VON KEINER WELT")
    assert all(len(sign.pose) > 50 and sign.pose.mask.any() for sign in saved)


def test_time_to_bleu_counts_training_alone_and_says_what_was_not_reached(monkeypatch, tmp_path):
    ours = _load(FOLDER / "time_to_bleu.py")
    changed = {"SEEDS": (0,), "LONGEST": 8, "UPDATES": 4, "SIZE": "smoke", "WORK": str(tmp_path)}
    for name, value in changed.items():
        monkeypatch.setattr(ours, name, value)
    found = ours.run()
    for name in ("ours", "adamw", "speech2text"):
        seconds = [s for s, _ in found["curves"][name][0]]
        assert len(seconds) == 4 and seconds == sorted(seconds) and seconds[0] > 0
        assert found[f"{name}_end"]["bleu4"][0] >= 0
    assert found["target"] == found["adamw_end"]["bleu4"][0]
    assert ours._reached([[(1.0, 2.0), (2.0, 5.0)], [(3.0, 9.0)]], 5) == 2.5
    assert ours._reached([[(1.0, 2.0)], [(3.0, 9.0)]], 5) is None
