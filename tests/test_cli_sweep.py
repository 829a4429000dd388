"""Many runs in one call: sweeps of a chapter, and many arms and seeds recorded, here or on Dask."""

import json
import os

import pytest
from conftest import ROOT, in_process, notebook, write_notebook

from slt_lib.cli.project import BookError, Project
from slt_lib.cli.recorded import arms_of, check_parameters
from slt_lib.cli.sweep import combinations

RECORDER = """
import os, signal
ARMS = {"ours": 1, "peer": 2}

def record(arm, seed, scale=1):
    if arm == "bad":
        raise ValueError("no such arm")
    if arm == "dead":
        os.kill(os.getpid(), signal.SIGKILL)
    return {"value": scale * seed, "process": os.getpid()}
"""


@pytest.fixture
def recording(project, monkeypatch):
    (project / "toy_arms.py").write_text(RECORDER, "utf8")
    monkeypatch.setenv("PYTHONPATH", str(project), prepend=os.pathsep)
    monkeypatch.syspath_prepend(project)
    metadata = {"record": "toy_arms:record", "arms": "toy_arms:ARMS"}
    write_notebook(project, "01_one", notebook("One", "1", slt=metadata))
    return project


@pytest.fixture
def cluster(recording):
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, host="127.0.0.1", dashboard_address=None
    ) as started:
        yield started.scheduler_address


def recorded(root):
    files = sorted((root / "book" / "recorded" / "01_one").glob("*.json"))
    return {file.stem: json.loads(file.read_text("utf8")) for file in files}


def table(root, name="02_two"):
    return json.loads((root / "build" / "sweeps" / f"{name}.json").read_text("utf8"))["runs"]


def test_all_arms_and_seeds_in_one_call_what_is_there_is_skipped(recording):
    first = in_process("record", "1", "--arm", "peer", "--seed", "42", root=recording)
    assert first.exit_code == 0, first.output
    before = recorded(recording)["peer-42"]
    seeds = ("--seed", "0", "--seed", "42", "--seed", "0")
    done = in_process(
        "record", "1", "--arm", "all", *seeds, "-p", "scale", "3", "--jobs", "2", root=recording
    )
    assert done.exit_code == 0, done.output
    made = recorded(recording)
    assert list(made) == ["ours-0", "ours-42", "peer-0", "peer-42"]
    assert made["peer-42"] == before and "Already recorded" in done.stdout
    assert made["ours-42"]["value"] == 126 and made["ours-42"]["parameters"] == {"scale": 3}
    processes = {made[name]["process"] for name in ("ours-0", "ours-42", "peer-0")}
    assert len(processes) == 3 and os.getpid() not in processes
    forced = ("record", "1", "--arm", "ours", "--arm", "peer", "--seed", "42", "--force")
    assert in_process(*forced, root=recording).exit_code == 0
    assert recorded(recording)["ours-42"]["value"] == 42


def test_an_arm_that_fails_or_dies_stops_no_other(recording):
    arms = [part for arm in ("bad", "dead", "ours") for part in ("--arm", arm)]
    done = in_process("record", "1", *arms, "--jobs", "3", root=recording)
    assert done.exit_code == 1
    assert "bad-0: ValueError: no such arm" in done.stderr
    assert "dead-0: it was killed by signal 9" in done.stderr
    assert list(recorded(recording)) == ["ours-0"]


def test_what_a_recorder_cannot_be_given_is_refused_before_anything_runs(recording):
    wrong = ("record", "1", "--arm", "all", "-p", "scales", "3")
    done = in_process(*wrong, root=recording)
    assert done.exit_code == 1 and "scales" in done.stderr and "scale=1" in done.stderr
    metadata = {"record": "toy_arms:record"}
    write_notebook(recording, "01_one", notebook("One", "1", slt=metadata))
    nameless = in_process("record", "1", "--arm", "all", root=recording)
    assert nameless.exit_code == 1 and "names no arms" in nameless.stderr
    assert not recorded(recording)


def test_chapters_that_record_know_their_arms_and_take_a_size():
    book = Project.open(ROOT)
    assert "gradients" in arms_of(book.chapter("12"), ["all"])
    assert arms_of(book.chapter("10"), ["joint", "all"])[:2] == ["joint", "real_only"]
    assert "peer" in arms_of(book.chapter("03"), ["all"])
    for chapter in ("10", "12"):
        check_parameters(book.chapter(chapter), {"size": "smoke", "processes": 1})


def test_sweep_runs_every_combination_and_tabulates_what_each_wrote(project):
    seeds = ("sweep", "2", "--profile", "smoke", "--jobs", "2", "-p", "seed")
    first = in_process(*seeds, "3,13", root=project)
    assert first.exit_code == 1
    assert "Error: seed-13: 02_two, cell 3 (id work): ValueError: unlucky" in first.stderr
    good, bad = table(project)
    assert good["parameters"] == {"seed": 3} and good["ok"]
    assert good["results"] == {"seed": 3, "profile": "smoke"}
    # the failing run had written its results before it failed
    assert (project / bad["folder"] / "results" / "02_two.json").is_file()
    assert not bad["ok"] and bad["results"] is None and "unlucky" in bad["error"]
    assert not (project / "build" / "report.json").exists()

    executed = project / good["folder"] / "notebooks" / "02_two.ipynb"
    before = executed.stat().st_mtime_ns
    again = in_process(*seeds, "3,4", root=project)
    assert again.exit_code == 0 and "seed-3: skipped" in again.stdout
    assert executed.stat().st_mtime_ns == before
    assert [row["results"]["seed"] for row in table(project)] == [3, 4]


def test_sweep_refuses_before_anything_runs(project):
    for given, message in (
        (("-p", "sed", "1,2"), "Did you mean seed?"),
        (("-p", "seed", "1,x"), "02_two wants seed as int"),
        (("-p", "seed", "1,"), "A value is missing"),
        (("-p", "seed", "1", "-p", "seed", "2"), "each parameter once"),
        (("-p", "profile", "smoke,book"), "Use --profile"),
    ):
        done = in_process("sweep", "2", *given, root=project)
        assert done.exit_code == 1 and message in done.stderr, given
    assert not (project / "build").exists()


def test_combinations_of_lists_paths_and_equal_values(project):
    assert combinations([("a", "[0,1],[2]"), ("b", "x, y")]) == [
        (("a", a), ("b", b)) for a in ("[0,1]", "[2]") for b in ("x", "y")
    ]
    with pytest.raises(BookError):
        combinations([])
    declared = 'corpus: str = ""  # where\nrate: float = 1.0  # of learning\n'
    write_notebook(project, "02_two", notebook("Two", "1", declared))
    done = in_process("sweep", "2", "-p", "corpus", "a/b", "-p", "rate", "1,1.0", root=project)
    assert done.exit_code == 0, done.output
    (row,) = table(project)
    assert row["parameters"] == {"corpus": "a/b", "rate": 1.0} and row["results"] is None
    assert (project / row["folder"]).parent == project / "build" / "sweeps" / "02_two"


def test_on_a_dask_cluster_runs_and_records_end_up_in_the_same_places(recording, cluster):
    on = ("--dask-address", cluster)
    done = in_process("sweep", "2", "-p", "seed", "5,13", *on, root=recording)
    assert done.exit_code == 1 and "unlucky" in done.stderr
    assert [row["ok"] for row in table(recording)] == [True, False]
    assert table(recording)[0]["results"]["seed"] == 5
    arms = ("--arm", "ours", "--arm", "bad", "--seed", "1", "--seed", "2")
    done = in_process("record", "1", *arms, *on, root=recording)
    assert done.exit_code == 1 and done.stderr.count("no such arm") == 2
    made = recorded(recording)
    assert list(made) == ["ours-1", "ours-2"]
    assert made["ours-1"]["process"] != made["ours-2"]["process"]


def test_no_scheduler_at_the_address_is_one_clear_error(recording):
    import dask

    with dask.config.set({"distributed.comm.timeouts.connect": "300ms"}):
        on = ("--dask-address", "tcp://127.0.0.1:1")
        done = in_process("record", "1", "--arm", "ours", *on, root=recording)
    assert done.exit_code == 1 and "No Dask scheduler answers" in done.stderr
