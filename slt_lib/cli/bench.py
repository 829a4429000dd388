"""`slt-book bench`: run `benchmarks/*.py` and collect what they measured."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from slt_lib.cli.project import BookError, Project, write_json
from slt_lib.cli.report import machine, now


def bench(project: Project, out: Path, say: Callable[[str], None]) -> dict:
    """Run every benchmark and write `<out>/bench.json`, `{NAME: what its run() returned}`.

    Args:
        project: The project; a benchmark is a file in its `benchmarks` folder with a `NAME` and a
            function `run() -> dict`.
        out: The build folder.
        say: Called with one line per measured value.

    Returns:
        What was written.

    Raises:
        BookError: If there is no benchmark, or a file isn't one.
    """
    files = sorted((project.root / "benchmarks").glob("[!_]*.py"))
    if not files:
        raise BookError("No benchmarks.", file=project.root / "benchmarks")
    results: dict = {}
    for file in files:
        module = _load(file)
        say(f"{module.NAME} ({file.name}) ...")
        results[module.NAME] = module.run()
        for key, value in results[module.NAME].items():
            say(f"  {key}: {value}")
    results |= {"machine": machine(), "date": now()}
    write_json(out / "bench.json", results)
    return results


def _load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"benchmarks.{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("NAME", "run"):
        if not hasattr(module, name):
            raise BookError(f"It has no {name}.", file=file, fix="A benchmark has NAME and run().")
    return module
