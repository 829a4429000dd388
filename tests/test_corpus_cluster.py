"""A corpus made by a real Dask cluster of two workers, one of which is killed at work."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import dask
import pyarrow as pa
import pytest
from corpus_toys import LOSSES, SENTENCES, make_again, save_takes, until

from slt_lib.corpus import Corpus
from slt_lib.corpus.synthetic import generate_corpus
from slt_lib.pose.errors import SLTError
from slt_lib.stitching.settings import StitchSettings

distributed = pytest.importorskip("distributed")
COPIES = {"copies": 12, "shard_items": 4}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers in processes of their own, each in a folder of its own."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        host="127.0.0.1", local_directory=str(tmp_path_factory.mktemp("dask")),
        silence_logs=50,
    ) as running:  # fmt: skip
        yield running


def pids(cluster) -> dict:
    """The process of each worker."""
    with distributed.Client(cluster) as client:
        return {address: found for address, found in client.run(os.getpid).items()}


def test_a_worker_killed_at_work_loses_and_doubles_nothing(cluster, tmp_path, monkeypatch):
    dictionary = save_takes(tmp_path / "signs")
    local = make_again(tmp_path / "local", dictionary, **COPIES)
    before = pids(cluster)
    assert len(set(before.values())) == 2
    monkeypatch.chdir(tmp_path)
    address = cluster.scheduler_address
    with ThreadPoolExecutor(1) as thread:
        made = thread.submit(make_again, "far", dictionary, dask_address=address, **COPIES)
        shards = (tmp_path / "far").glob
        until(lambda: made.done() or len(list(shards("shard-*.arrow"))) >= 1)
        os.kill(min(before.values()), signal.SIGKILL)
        at_work = not made.done() and len(list(shards("shard-*.arrow"))) < 15
        far = made.result(timeout=300)
    assert at_work and set(pids(cluster).values()) != set(before.values())
    assert far.hash == local.hash and far.names == local.names
    assert len(set(far.names)) == len(far) == 12 * (len(SENTENCES) - 1)
    assert {p.name for p in far.folder.iterdir()} == {p.name for p in local.folder.iterdir()}
    for shard in sorted(far.folder.glob("*.arrow")):
        with pa.ipc.open_stream(shard) as ours, pa.ipc.open_stream(local.folder / shard.name) as it:
            assert ours.read_all().equals(it.read_all())
    assert Corpus.open(tmp_path / "far").hash == local.hash


def test_an_error_on_the_cluster_is_raised_here(cluster, tmp_path):
    dictionary = save_takes(tmp_path / "signs", takes=1)
    with pytest.raises(SLTError, match="UNBEKANNT"):
        generate_corpus(
            tmp_path / "c", SENTENCES, dictionary, variation=LOSSES,
            stitch=StitchSettings(missing="refuse", smoothing="none"),
            dask_address=cluster.scheduler_address,
        )  # fmt: skip


def test_a_scheduler_that_is_not_there_is_named(tmp_path):
    dictionary = save_takes(tmp_path / "signs", takes=1)
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(SLTError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"),
    ):
        make_again(tmp_path / "c", dictionary, dask_address="tcp://127.0.0.1:9")
