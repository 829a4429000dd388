"""The cluster recipes, run for real: torchrun, a Dask cluster, and both as SLURM would start them.

There is no SLURM here: `srun` and `scontrol` are stand-ins that start each task of the scripts as
a process of this machine. Everything else in the scripts is run as it stands.
"""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch
from conftest import ROOT
from corpus_toys import SENTENCES, make_again, save_takes, until
from translation_toys import toy_data, toy_phase, toy_settings

from slt_lib.corpus import Corpus
from slt_lib.corpus.corpus import write_corpus
from slt_lib.translation.checkpoint import load
from slt_lib.translation.train import train

RECIPES = ROOT / "book" / "recipes"
BIN = Path(sys.executable).parent
HOW = ("--profile", "smoke", "--batch-size", "5", "--updates", "12")
LOSSES = ("text", "gloss", "text_ctc", "loss")
SRUN = f"""#!{sys.executable}
import os, subprocess, sys
command = [part for part in sys.argv[1:] if part != "--kill-on-bad-exit=0"]
tasks = [subprocess.Popen(command, env=os.environ | {{"SLURM_PROCID": str(i)}})
         for i in range(int(os.environ["SLURM_NNODES"]))]
try:
    sys.exit(max(abs(task.wait()) for task in tasks))
finally:
    [task.terminate() for task in tasks]
"""
SCONTROL = "#!/bin/sh\necho 127.0.0.1\necho 127.0.0.1\n"


@pytest.fixture(scope="module")
def signs(tmp_path_factory) -> Path:
    return save_takes(tmp_path_factory.mktemp("signs") / "dictionary")


@pytest.fixture(scope="module")
def data(signs, tmp_path_factory) -> Path:
    """A folder with small corpora `train` and `dev`."""
    folder = tmp_path_factory.mktemp("data")
    made = make_again(folder / "all", signs, copies=6)
    write_corpus(folder / "train", [made[i] for i in range(18)])
    write_corpus(folder / "dev", [made[i] for i in range(18, len(made))])
    return folder


@pytest.fixture
def slurm(tmp_path) -> dict[str, str]:
    """What SLURM sets for a job of two nodes, and stand-ins for its commands."""
    shims = tmp_path / "bin"
    shims.mkdir()
    for name, script in (("srun", SRUN), ("scontrol", SCONTROL)):
        (shims / name).write_text(script)
        (shims / name).chmod(0o755)
    return environment() | {
        "PATH": f"{shims}:{BIN}:{os.environ['PATH']}", "SLURM_NNODES": "2", "SLURM_JOB_ID": "7",
        "SLURM_JOB_NODELIST": "node[1-2]", "SLURM_CPUS_PER_TASK": "1", "SLURM_GPUS_ON_NODE": "1",
        "SLT_HOST": "127.0.0.1", "SLT_PORT": str(free_port()), "TMPDIR": str(tmp_path),
    }  # fmt: skip


def environment() -> dict[str, str]:
    paths = (str(ROOT), os.environ.get("PYTHONPATH", ""))
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": ":".join(filter(None, paths))}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def run(*command: object, env: dict | None = None, cwd: Path | None = None) -> str:
    """Run a command to its end; what it said."""
    done = subprocess.run([str(part) for part in command], env=env or environment(), cwd=cwd,
                          capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def torchrun(*arguments: object, processes: int = 2) -> list[str]:
    command = [BIN / "torchrun", "--nproc-per-node", processes, "--master-port", free_port(),
               "-m", "slt_lib", "train", *arguments]  # fmt: skip
    return [str(part) for part in command]


def same_training(one: Path, two: Path) -> None:
    """The same losses and weights, to the last bit."""
    first, second = (load(folder / "last.pt") for folder in (one, two))
    looks = [[look["loss"] for look in c["state"]["history"]] for c in (first, second)]
    assert len(looks[0]) > 1 and looks[0] == looks[1]
    for name, weights in first["model"].items():
        torch.testing.assert_close(second["model"][name], weights, atol=0, rtol=0)


@pytest.fixture(scope="module")
def undisturbed(data, tmp_path_factory) -> Path:
    """A training by two processes that `slt-book train` starts itself, without torchrun."""
    out = tmp_path_factory.mktemp("undisturbed")
    said = run(sys.executable, "-m", "slt_lib", "train", data, out, *HOW, "--devices", "2")
    assert "12 updates" in said and "resumed" not in said
    return out


def test_torchrun_goes_on_after_a_kill_as_if_nothing_had_happened(data, undisturbed, tmp_path):
    stopped = torchrun(data, tmp_path / "two", *HOW)
    with subprocess.Popen(stopped, env=environment(), stderr=subprocess.DEVNULL) as job:
        until(lambda: job.poll() is not None or (tmp_path / "two/translator/last.pt").is_file())
        family = psutil.Process(job.pid).children(recursive=True)
        assert job.poll() is None and len(family) >= 2
        for process in (*family, job):
            process.send_signal(signal.SIGKILL)
    said = run(*torchrun(data, tmp_path / "two", *HOW))
    assert said.count("dev BLEU-4") == 1 and "resumed at" in said  # one of the two speaks
    same_training(undisturbed / "translator", tmp_path / "two" / "translator")


JOB = """
import os, sys
from pathlib import Path
from translation_toys import toy_data, toy_phase, toy_settings
from slt_lib.pose.errors import SLTError
from slt_lib.translation.train import train
rank, out = os.environ["RANK"], Path(sys.argv[1])
try:
    train(out / "wrong", toy_settings(), toy_phase(devices=3), toy_data(), toy_data(4), seed=0)
except SLTError as error:
    (out / f"refused-{rank}").write_text(str(error))
train(out / rank, toy_settings(), toy_phase(devices=2, **HOW), toy_data(17), toy_data(4), seed=0)
"""
TOY = {"batch_size": 8, "updates": 6, "eval_every": 3}  # 17 sentences: a batch of one comes, too


def test_torchrun_trains_what_one_process_does_and_only_the_first_writes(tmp_path):
    """To a relative 1e-5: sums over halves are rounded otherwise. And devices must be as many."""
    (tmp_path / "job.py").write_text(JOB.replace("HOW", repr(TOY)))
    env = environment()
    env["PYTHONPATH"] += f":{ROOT / 'tests'}"
    run(BIN / "torchrun", "--nproc-per-node", 2, "--master-port", free_port(),
        tmp_path / "job.py", tmp_path, env=env)  # fmt: skip
    assert {p.name for p in (tmp_path / "0").iterdir()} == {"best.pt", "last.pt", "metrics.jsonl"}
    assert not (tmp_path / "1").exists() and not (tmp_path / "wrong").exists()
    one = train(
        tmp_path / "one", toy_settings(), toy_phase(**TOY), toy_data(17), toy_data(4), seed=0
    )
    two = load(tmp_path / "0" / "last.pt")["state"]["history"]
    for a, b in zip(one.history, two, strict=True):
        assert [a[n] for n in LOSSES] == pytest.approx([b[n] for n in LOSSES], rel=1e-5)
    assert all("2 processes for 3 devices" in (tmp_path / f"refused-{r}").read_text() for r in "01")


@pytest.mark.parametrize("script", sorted(RECIPES.glob("*.sbatch")), ids=lambda path: path.name)
def test_a_recipe_is_a_sound_shell_script(script):
    run("bash", "-n", script)
    assert script.read_text().startswith("#!/usr/bin/env bash\n#SBATCH")


def test_the_generation_recipe_survives_a_dead_worker(signs, slurm, tmp_path):
    lines = [f"{' '.join(gloss)}\t{text}" for gloss, text in SENTENCES]
    (tmp_path / "sentences.tsv").write_text("\n".join(lines) + "\n", "utf8")
    far, local = tmp_path / "far", tmp_path / "local"
    how = ("--copies", "120", "--seed", "3")
    script = ["bash", RECIPES / "generate.sbatch", tmp_path / "sentences.tsv", signs, far, *how]
    with subprocess.Popen([str(part) for part in script], env=slurm, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as job:  # fmt: skip
        until(lambda: job.poll() is not None or any(far.glob("shard-*.arrow")))
        assert job.poll() is None
        tasks = psutil.Process(job.pid).children(recursive=True)
        node = next(
            t
            for t in tasks
            if any(part.endswith("/dask") for part in t.cmdline()[:2]) and "worker" in t.cmdline()
        )
        for process in (node, *node.children(recursive=True)):
            process.kill()
        if len(list(far.glob("shard-*.arrow"))) == 4:
            pytest.skip("the corpus was complete before a worker could be killed")
        said = job.communicate(timeout=300)[0]
    assert job.returncode == 0
    run(sys.executable, "-m", "slt_lib", "generate", script[2], signs, local, *how,
        "--processes", "1")  # fmt: skip
    assert Corpus.open(far).hash == Corpus.open(local).hash
    assert f"{len(Corpus.open(far))} sentences" in said


def test_the_training_recipe_trains_over_two_nodes(data, undisturbed, slurm, tmp_path):
    said = run("bash", RECIPES / "train.sbatch", data, tmp_path / "two", *HOW, env=slurm)
    assert said.count("dev BLEU-4") == 1
    same_training(undisturbed / "translator", tmp_path / "two" / "translator")
