"""`slt-book sweep`: one chapter, run by papermill for every combination of parameters' values."""

import hashlib
import json
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path

from slt_lib.cli.jobs import Done, run_commands
from slt_lib.cli.project import BookError, Chapter, Project, write_json
from slt_lib.cli.report import now, read_report
from slt_lib.cli.run import checked, is_done

Values = tuple[tuple[str, str], ...]


def sweep(
    project: Project,
    chapter: Chapter,
    *,
    profile: str,
    given: list[tuple[str, str]],
    out: Path,
    force: bool = False,
    jobs: int = 1,
    dask_address: str | None = None,
    say: Callable[[str], None],
) -> tuple[Path, list[str]]:
    """Run a chapter once per combination, each into a build folder of its own.

    A combination that fails doesn't stop the others; one that is up to date isn't run again.

    Args:
        project: The project.
        chapter: What to run.
        profile: One of `run.PROFILES`.
        given: Parameter names, and their values as typed, `"0,1,2"`.
        out: The build folder; everything goes into its `sweeps`.
        force: Run also what is up to date.
        jobs, dask_address: As for `run_commands`.
        say: Called with one line per combination.

    Returns:
        The table's file, `<out>/sweeps/<chapter>.json`, and what failed.

    Raises:
        BookError: Before anything runs, if a parameter is unknown or a value of another type.
    """
    folder = out / "sweeps" / chapter.name
    chosen = _typed(chapter, combinations(given))
    left = []
    for texts, values in chosen.items():
        if not force and is_done(project, chapter, values, profile, folder / _name(texts)):
            say(f"{_name(texts)}: skipped, unchanged since its last run")
        else:
            left.append(texts)
    commands = [
        ["run", chapter.name, "--root", str(project.root), "--profile", profile, "--force",
         "--out", str(folder / _name(texts)), *(part for pair in texts for part in ("-p", *pair))]
        for texts in left
    ]  # fmt: skip
    ended: dict[Values, Done] = {}
    for i, done in run_commands(commands, jobs=jobs, dask_address=dask_address):
        ended[left[i]] = done
        what = "done" if done.ok else f"FAILED: {done.error}"
        say(f"[{len(ended)}/{len(left)}] {_name(left[i])}: {what}")
    rows = [
        _row(project, chapter, values, folder / _name(texts), ended.get(texts))
        for texts, values in chosen.items()
    ]
    about = {"chapter": chapter.name, "profile": profile, "finished": now(), "runs": rows}
    file = folder.with_suffix(".json")
    write_json(file, about)
    return file, [f"{_name(t)}: {done.error}" for t, done in ended.items() if not done.ok]


def combinations(given: list[tuple[str, str]]) -> list[Values]:
    """Every combination of the values that parameters were given, the last one changing fastest.

    Args:
        given: Names, and values separated by commas; commas within brackets belong to a value.

    Raises:
        BookError: If nothing was given, a name comes twice or a value is missing.
    """
    names = [name for name, _ in given]
    if not given or len(set(names)) < len(names):
        raise BookError("A sweep takes each parameter once.", fix="Give -p NAME V1,V2,... .")
    values = [re.split(r",(?![^\[{]*[\]}])", text) for _, text in given]
    if not all(value.strip() for texts in values for value in texts):
        raise BookError("A value is missing beside a comma.", fix="Give -p NAME V1,V2,... .")
    chosen = product(*([value.strip() for value in texts] for texts in values))
    return [tuple(zip(names, one, strict=True)) for one in chosen]


def _typed(chapter: Chapter, chosen: list[Values]) -> dict[Values, dict[str, object]]:
    """The combinations with typed values; of two that mean the same, such as 1 and 1.0, one."""
    found: dict[str, tuple[Values, dict]] = {}
    for texts in chosen:
        values = checked([chapter], list(texts))[chapter.name]
        found.setdefault(repr(values), (texts, values))
    return dict(found.values())


def _name(texts: Values) -> str:
    """A folder's name, `seed-1_size-smoke`; what doesn't do in one, or is long, gets a hash."""
    plain = "_".join(f"{name}-{value}" for name, value in texts)
    safe = re.sub(r"[^\w.+-]", "-", plain)[:80]
    return safe if safe == plain else f"{safe}-{hashlib.sha256(plain.encode()).hexdigest()[:8]}"


def _row(project: Project, chapter: Chapter, values: dict, folder: Path, done: Done | None) -> dict:
    """What the table says of a combination; one that failed has no results, whatever lies there."""
    entry = read_report(folder)["chapters"].get(chapter.name, {})
    file = folder / "results" / f"{chapter.name}.json"
    row = {
        "parameters": values,
        "folder": project.relative(folder),
        "ok": done is None or done.ok,
        "seconds": entry.get("seconds"),
        "results": None,
    }
    if not row["ok"]:
        return row | {"error": done.error}
    if file.is_file():
        row["results"] = json.loads(file.read_text("utf8"))
    return row
