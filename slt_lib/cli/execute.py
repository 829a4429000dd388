"""Execute one chapter with papermill, watching its progress and its memory."""

import contextlib
import logging
import sys
import threading
import time
from pathlib import Path

import psutil

from slt_lib.cli.project import BookError, Chapter, Project, read_notebook, write_json


class ChapterFailed(BookError):
    """A chapter that stopped: its name, the cell, the error, and where to read the whole of it."""


def execute(
    project: Project, chapter: Chapter, parameters: dict, out: Path, label: str
) -> tuple[float, float]:
    """Run a chapter once, into `<out>/notebooks`, or on failure into `<out>/failed`.

    Args:
        project: The project; its root is the notebook's working folder.
        chapter: What to run.
        parameters: Values to inject beside the chapter's own defaults.
        out: The build folder.
        label: What the progress bar is called.

    Returns:
        Seconds taken, and peak memory in MB (see `PeakMemory`).

    Raises:
        ChapterFailed: If a cell raised an error or the kernel died.
    """
    from papermill.exceptions import PapermillExecutionError

    from slt_lib.cli.engine import execute_once  # papermill takes seconds to import

    good, bad = (out / folder / f"{chapter.name}.ipynb" for folder in ("notebooks", "failed"))
    for path in (good, bad):
        path.parent.mkdir(parents=True, exist_ok=True)
    bad.unlink(missing_ok=True)
    started = time.perf_counter()
    problem = None
    with PeakMemory() as memory, _quiet("papermill", "traitlets"):
        try:
            execute_once(
                str(chapter.path),
                str(bad),
                parameters,
                kernel_name="python3",
                cwd=project.root,
                progress_bar={"desc": label, "file": sys.stderr, "dynamic_ncols": True},
                extra_arguments=["--log-level=CRITICAL"],
            )
        except PapermillExecutionError as error:
            problem = f"{error.ename}: {error.evalue}"
        except RuntimeError as error:  # the kernel didn't start, or died (memory, a crash)
            problem = f"{type(error).__name__}: {error}"
        except BaseException:
            bad.unlink(missing_ok=True)
            raise
    if problem is not None:
        raise ChapterFailed(
            f"{chapter.name}, {_failing_cell(chapter, bad)}: {problem}",
            fix=f"The whole traceback: {project.relative(bad)}",
        )
    _forget_machine(bad, project.relative(chapter.path), good.name)
    bad.replace(good)
    return time.perf_counter() - started, memory.peak_mb


class PeakMemory:
    """Peak resident memory of this process's children and theirs: the kernel and its workers.

    Sampled ten times a second with psutil, summed over the processes; memory that processes
    share counts once for each, and a shorter peak can be missed.
    """

    peak_mb: float = 0.0

    def __enter__(self) -> "PeakMemory":
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(0.1):
            total = 0
            for process in me.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    total += process.memory_info().rss
            self.peak_mb = max(self.peak_mb, total / 2**20)


def _failing_cell(chapter: Chapter, executed: Path) -> str:
    """`cell 5 (id a1b2)`, counted in the source notebook."""
    sources = [cell.get("id") for cell in read_notebook(chapter.path)["cells"]]
    if executed.is_file():
        cells = read_notebook(executed)["cells"]
        states = {cell["id"]: cell["metadata"].get("papermill", {}) for cell in cells}
        raised = [cell for cell, state in states.items() if state.get("exception")]
        begun = [cell for cell, state in states.items() if state.get("start_time")]
        if cell := (raised or begun or [None])[-1]:
            where = f"cell {sources.index(cell) + 1}" if cell in sources else "the injected cell"
            return f"{where} (id {cell})"
    return "before its first cell"


def _forget_machine(path: Path, source: str, name: str) -> None:
    """Take this machine's paths out of the notebook that readers will download."""
    notebook = read_notebook(path)
    notebook["metadata"]["papermill"] |= {"input_path": source, "output_path": name}
    write_json(path, notebook)


@contextlib.contextmanager
def _quiet(*names: str):
    """Keep libraries' log lines out of the progress display."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
