"""Chapters 2 and 3 run on somebody's own signs, as their last lines say."""

import json
import subprocess
import sys

import pytest
from conftest import ROOT


@pytest.mark.book
def test_chapters_run_on_a_lexicon_of_ones_own(shared_data, tmp_path):
    own = ["-p", "lexicon", str(shared_data / "lexicon_sgg"), "-p", "word", "Kleine Kinder Pizza"]
    command = [sys.executable, "-m", "slt_lib", "run", "02", "03", "--profile", "smoke"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path), *own], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads((tmp_path / "results" / "03_stitching.json").read_text("utf8"))
    assert found["word"] == "Kleine Kinder Pizza" and found["invented_joints"] == 0
