"""The rehearsal, the outlook drawn from it, and the dry run of large models."""

import json
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from slt_lib.cli import app
from slt_lib.experiments import dry_models, rehearsal
from slt_lib.experiments.dry_run import Case, Job, dry_run
from slt_lib.experiments.outlook import breaks, fit_line, fit_model, outlook, scale_summary
from slt_lib.pose.errors import SLTError

SMALL = {"whole": (300, 1, True), "half": (600, 1, True), "threefold": (300, 3, False)}


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """A rehearsal of the weather grammar's sentences at three very small sizes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SLT_SHARED_DATA", raising=False)
        return rehearsal.run_scale(0, work=str(tmp_path_factory.mktemp("scale")), sizes=SMALL)


def test_a_rehearsal_measures_every_stage_at_every_size(record):
    sizes = record["sizes"]
    assert [sizes[n]["sentences"] for n in SMALL] == [24, 12, 72]
    assert "epoch" in sizes["whole"]["stages"] and "epoch" not in sizes["threefold"]["stages"]
    for one in sizes.values():
        assert all(stage["sittings"] == 1 for stage in one["stages"].values())
        assert one["stages"]["stitching"]["peak_mb"] >= one["stages"]["stitching"]["own_mb"] > 0
        assert one["coverage"]["all"]["missing_tokens"] == 0 and one["disk_mb"]["corpus"] > 0
    assert sizes["whole"]["training"]["updates"] == 1
    assert json.loads(json.dumps(record)) == record and record["annotation"] == "weather grammar"


def test_a_record_holds_numbers_and_no_sentence(record):
    drawn = rehearsal.weather_annotations(50)
    said = json.dumps(record)
    assert not any(one.text in said or " ".join(one.gloss) in said for one in drawn)
    assert not any(f'"{gloss}"' in said for one in drawn for gloss in one.gloss)


def test_its_summary_has_the_figures_by_name(record):
    found = scale_summary(record)
    count = len(SMALL)
    for name in ("sentences", "seconds", "cpu_seconds", "peak_mb", "disk_mb"):
        assert len(found["scale"][name]) == count, name
    assert found["scale"]["sentences"] == sorted(found["scale"]["sentences"])
    hundred, million = found["outlook"].values()
    assert hundred["sentences"] == 2400 and million["hours"] == pytest.approx(1e6)
    assert million["core_hours"] > hundred["core_hours"] > 0 and million["disk_tb"] > 1
    assert million["machines"] >= hundred["machines"] >= 1  # a fast one may do both


def test_an_interrupted_rehearsal_goes_on_and_says_so(tmp_path, monkeypatch):
    sentences = rehearsal.weather_annotations(6)
    whole = rehearsal.rehearse(tmp_path / "whole", sentences, processes=1)

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rehearsal, "corpus_statistics", die)
        with pytest.raises(KeyboardInterrupt):
            rehearsal.rehearse(tmp_path / "cut", sentences, processes=1)
    made = rehearsal.rehearse(tmp_path / "cut", sentences, processes=1)
    assert made["stitched_hash"] == whole["stitched_hash"]
    assert made["stages"]["statistics"]["sittings"] == 2
    assert made["stages"]["stitching"]["sittings"] == 1
    again = rehearsal.rehearse(tmp_path / "cut", sentences, processes=1)
    assert again == made


def test_lines_are_found_and_never_negative():
    n = np.array([100, 400, 1000])
    exact = fit_line(n, 5 + 0.02 * n)
    assert (exact.base, exact.rate, exact.off) == pytest.approx((5, 0.02, 0), abs=1e-9)
    falling = fit_line(n, [30, 20, 10])
    assert falling.rate == 0 and falling.base > 0 and falling.off > 0.2


def sizes_of(per_sentence: float, own: float) -> list[dict]:
    return [
        {"sentences": n, "disk_mb": {"corpus": n * 0.1, "keypoints": n * 0.05},
         "stages": {s: {"cpu_seconds": 2 + per_sentence * n, "peak_mb": 900.0 + own * n,
                        "own_mb": 500 + own * n} for s in
                    ("stitching", "statistics", "keypoints", "epoch")}}
        for n in (100, 1000, 3000)
    ]  # fmt: skip


def test_the_outlook_is_the_stated_model():
    model = fit_model(sizes_of(0.01, 0.001))
    found = outlook(model, 1e6, 0.001)
    assert found["core_hours"] == pytest.approx((2 + 0.01 * 1e6) / 3600)
    assert found["disk_tb"] == pytest.approx(0.15) and found["hours"] == pytest.approx(1000)
    assert found["first_process_gb"] == pytest.approx(1.5) and found["machines"] == 1
    ends = breaks(model)
    assert ends["bytes_per_sentence"] == pytest.approx(1000)
    assert ends["sentences_per_corpus"] == pytest.approx(255.5e6)
    assert breaks(fit_model(sizes_of(0.01, 0.0)))["sentences_per_corpus"] is None


def test_memory_is_seen_while_it_is_held():
    """In a process of its own: one that has freed memory before takes none anew."""
    script = """if __name__ == "__main__":
        import numpy as np
        from slt_lib.experiments.memory import MemoryWatch
        with MemoryWatch() as none:
            pass
        with MemoryWatch() as memory:
            block = np.ones(64 << 20, np.uint8)
        assert memory.peak_mb >= memory.own_mb >= none.own_mb + 50, vars(memory)
    """
    subprocess.run([sys.executable, "-c", script], check=True)


def test_lists_of_sentences_are_read_or_refused(tmp_path):
    from slt_lib.corpus.annotated_sentences import read_sentences
    from slt_lib.pose.errors import PoseFileError

    good = tmp_path / "s.tsv"
    good.write_text("REGEN NORD\tregen im norden .\n\n\tnur text\n", "utf8")
    found = read_sentences(good)
    assert [(one.gloss, one.text) for one in found] == [(("REGEN", "NORD"), "regen im norden .")]
    for content in (b"REGEN regen", b"\n", b"\xff\xfe\t"):
        good.write_bytes(content)
        with pytest.raises(PoseFileError, match=r"s\.tsv"):
            read_sentences(good)


def test_the_real_annotation_is_read(shared_data):
    from slt_lib.corpus.annotated_sentences import read_sentences

    found = read_sentences(shared_data / "phoenix14t" / "phoenix14t.train.gz")
    assert len(found) == rehearsal.PHOENIX and all(one.frames for one in found)
    assert len({g for one in found for g in one.gloss}) == dry_models.GLOSSES
    assert len({word for one in found for word in one.text.split()}) == dry_models.WORDS
    assert max(one.frames for one in found) == dry_models.FRAMES[1]


@pytest.mark.parametrize("case", dry_models.CASES, ids=lambda case: case.name)
def test_every_model_of_the_book_takes_two_batches_at_the_smallest_size(case):
    (found,) = dry_run([case], "smoke")
    assert not found.error
    assert found.parameters > 1000 and found.kept_mb > 0 and 0 < found.tried <= found.batch
    assert (found.gpu_hours or 1) > 0 and found.gpu_gb > 1.5


def test_a_model_that_cannot_learn_is_named_and_the_others_go_on(monkeypatch, tmp_path):
    def wrong(_):
        raise SLTError("8 heads and a multiple of 4 must divide 100.")

    cases = (
        Case("broken", ("09_pose_to_text",), wrong),
        Case("diverging", ("09_pose_to_text",), lambda _: Job(lambda: [float("nan")], 1, 1, 1, 1)),
        Case("sound", ("09_pose_to_text",), lambda _: Job(lambda: [1.0, 0.5], 1, 1, 1, 1)),
    )  # fmt: skip
    monkeypatch.setattr(dry_models, "CASES", cases)
    done = CliRunner().invoke(app, ["dry-run", "9", "--json", str(tmp_path / "found.json")])
    assert done.exit_code == 1
    assert "FAILED  broken: 8 heads" in done.output and "FAILED  diverging" in done.output
    assert "sound: 0.00 M parameters" in done.output
    rows = json.loads((tmp_path / "found.json").read_text())["models"]
    assert rows["sound"]["error"] == "" and rows["broken"]["error"]
    done = CliRunner().invoke(app, ["dry-run", "01"])
    assert done.exit_code == 1 and "Chapter 01 trains no model" in done.output


def test_what_is_kept_is_of_one_step_and_weights_do_not_count():
    import torch

    net = torch.nn.Linear(100, 100)

    def learn():
        for size in (10, 50):
            net(torch.randn(size, 100)).relu().square().sum().backward()
        return [1.0]

    (found,) = dry_run([Case("net", (), lambda _: Job(learn, 10100, 1, 1, 1))], "smoke")
    assert found.kept_mb == pytest.approx(0.04)  # input, and what relu and square keep: 50 rows
    assert found.operations == pytest.approx((10 + 50) / 2 * 100 * 100 * 2 * 2, rel=0.01)
