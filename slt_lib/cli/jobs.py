"""Several `slt-book` commands at once, each in a process of its own, here or on a Dask cluster.

A process per command: one that dies takes no other with it, and none shares a random stream or
its memory with a neighbour, also where a Dask worker has several threads.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from slt_lib.cli.project import BookError


@dataclass(frozen=True)
class Done:
    """A command that has ended: whether well, what it said, and its error in a few words."""

    ok: bool
    said: str
    error: str


def run_commands(
    commands: Sequence[Sequence[str]], *, jobs: int = 1, dask_address: str | None = None
) -> Iterator[tuple[int, Done]]:
    """Run commands; one that fails doesn't stop the others.

    Args:
        commands: Arguments of `slt-book`. They run in this process' working folder.
        jobs: How many at a time on this machine.
        dask_address: Of a Dask scheduler whose workers see the same folders, instead of `jobs`.

    Yields:
        Each command's number and how it ended, as they come.

    Raises:
        BookError: If there is no scheduler at the address.
    """
    here = str(Path.cwd())
    if dask_address:
        yield from _on_dask(commands, here, dask_address)
        return
    pool = ThreadPoolExecutor(jobs)  # each thread waits for a process
    try:
        futures = {pool.submit(run_command, one, here): i for i, one in enumerate(commands)}
        for future in as_completed(futures):
            yield futures[future], _ended(future)
    finally:  # whoever stops listening stops what hasn't begun
        pool.shutdown(cancel_futures=True)


def run_command(arguments: Sequence[str], folder: str) -> Done:
    """Run one command of `slt-book` to its end.

    Args:
        arguments: Its arguments.
        folder: The working folder.
    """
    command = [sys.executable, "-m", "slt_lib", *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf8", errors="replace", check=False
    )
    said = [line.rsplit("\r", 1)[-1].rstrip() for line in done.stderr.split("\n")]
    said = [line for line in said if line]
    starts = [i for i, line in enumerate(said) if line.startswith("Error: ")] or [-1]
    error = " ".join(said[starts[-1] :]).removeprefix("Error: ")
    ended = f"it was killed by signal {-done.returncode}" if done.returncode < 0 else ""
    return Done(done.returncode == 0, done.stdout.strip(), ended or error or "it said nothing")


def _on_dask(commands: Sequence[Sequence[str]], here: str, address: str):
    from distributed import Client
    from distributed import as_completed as finished

    try:
        client = Client(address)
    except (OSError, ValueError) as error:
        raise BookError(
            f"No Dask scheduler answers at {address} ({error}).",
            fix="Start one with `dask scheduler`, and workers with `dask worker ADDRESS`.",
        ) from error
    with client:
        futures = client.map(run_command, commands, [here] * len(commands), pure=False)
        numbers = {future.key: i for i, future in enumerate(futures)}
        for future in finished(futures):
            yield numbers[future.key], _ended(future)


def _ended(future: Future) -> Done:
    try:
        return future.result()
    except Exception as error:  # no such folder on the worker, a worker that died again and again
        return Done(False, "", f"{type(error).__name__}: {error}")
