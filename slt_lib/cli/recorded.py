"""Recorded results: one file per chapter, arm and seed, made, checked and summed up here.

A chapter that records names its function in its notebook's metadata, `{"slt": {"record":
"module:function", "arms": "module:NAME"}}`. The function runs one arm with one seed,
`function(arm, seed, **parameters) -> dict`, and returns what it measured; a key `not_compared` in
it lists measures that depend on the machine (times, above all). NAME holds the names of all arms,
for `--arm all`. `"summary": "module:function"`, if it is there, adds to the chapter's summary: it
takes the records by arm and seed and returns what the chapter's results file has live. The files
are `book/recorded/<chapter>/<arm>-<seed>.json`.
"""

import importlib
import inspect
import json
import math
import re
import subprocess
import time
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

import slt_lib
from slt_lib.cli.project import BookError, Chapter, Project, read_notebook, write_json
from slt_lib.cli.report import machine, now

KEYS = (
    *("arm", "seed", "bleu4", "parameters", "version"),
    *("commit", "corpus_hash", "machine", "date", "seconds"),
)
ABOUT_THE_RUN = frozenset(KEYS) - {"bleu4"} | {"not_compared"}


def recorder(chapter: Chapter) -> Callable[..., dict]:
    """The function that reruns one arm and seed of a chapter.

    Raises:
        BookError: If the chapter names none, or it can't be imported.
    """
    return _named(chapter, "record")


def arms_of(chapter: Chapter, asked: Iterable[str]) -> list[str]:
    """The arms that were asked for, each once; "all" stands for all that the chapter knows.

    Raises:
        BookError: If "all" is asked of a chapter that doesn't name its arms.
    """
    known = (list(_named(chapter, "arms")) if arm == "all" else [arm] for arm in asked)
    return list(dict.fromkeys(chain.from_iterable(known)))


def check_parameters(chapter: Chapter, parameters: dict) -> None:
    """Refuse what the chapter's function can't be given, before anything runs.

    Raises:
        BookError: If there is something.
    """
    signature = inspect.signature(recorder(chapter))
    try:
        signature.bind("arm", 0, **parameters)
    except TypeError as error:
        raise BookError(
            f"{chapter.name} can't be recorded so: {error}.", fix=f"It takes {signature}."
        ) from error


def _named(chapter: Chapter, what: str) -> object:
    """What the notebook's metadata name as `slt.<what>`, "module:name"."""
    name = read_notebook(chapter.path)["metadata"].get("slt", {}).get(what)
    if not name:
        nothing = "records nothing" if what == "record" else f"names no {what}"
        raise BookError(f"{chapter.name} {nothing}: its metadata has no slt.{what}.")
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise BookError(
            f"{chapter.name} has slt.{what} {name!r}, which can't be imported ({error}).",
            fix='Its metadata wants "module:name".',
        ) from error


def record(project: Project, chapter: Chapter, arm: str, seed: int, parameters: dict) -> dict:
    """Run one arm and seed, and complete what it measured into a record (nothing is written).

    Args:
        project: The project, for the commit.
        chapter: The chapter that records.
        arm: What is run, such as a method's name.
        seed: The seed of every random choice.
        parameters: Further arguments of the chapter's function.

    Returns:
        The record, with all of `KEYS`.
    """
    started = time.perf_counter()
    measured = recorder(chapter)(arm, seed, **parameters)
    about = {
        "arm": arm,
        "seed": seed,
        "bleu4": None,
        "parameters": parameters,
        "version": slt_lib.__version__,
        "commit": _commit(project.root),
        "corpus_hash": None,
        "machine": machine(),
        "date": now(),
        "seconds": round(time.perf_counter() - started, 2),
    }
    return about | measured


def record_path(project: Project, chapter: Chapter, arm: str, seed: int) -> Path:
    """Where a record is kept; the arm's name must do as a file name."""
    if not re.fullmatch(r"[\w.+]+(-[\w.+]+)*", arm):
        raise BookError(f"{arm!r} doesn't do as an arm's name.", fix="Use letters, digits, _ . + -")
    return project.root / "book" / "recorded" / chapter.name / f"{arm}-{seed}.json"


def write_record(project: Project, chapter: Chapter, made: dict) -> Path:
    """Write a record into the book, atomically; where it is."""
    path = record_path(project, chapter, made["arm"], made["seed"])
    write_json(path, made)
    return path


def records(project: Project, chapter: Chapter) -> list[dict]:
    """Every record of a chapter, by arm and seed.

    Raises:
        BookError: If a file isn't a record, or its name says another arm or seed.
    """
    found = []
    for path in sorted((project.root / "book" / "recorded" / chapter.name).glob("*.json")):
        try:
            one = json.loads(path.read_text("utf8"))
            missing = [key for key in KEYS if key not in one]
        except (ValueError, TypeError) as error:
            raise BookError("It isn't a record.", file=path, fix=str(error)) from error
        if missing:
            raise BookError(f"The record lacks {', '.join(missing)}.", file=path)
        if path.stem != f"{one['arm']}-{one['seed']}":
            raise BookError(f"It holds arm {one['arm']}, seed {one['seed']}.", file=path)
        found.append(one)
    return sorted(found, key=lambda one: (one["arm"], one["seed"]))


def pick(project: Project, chapter: Chapter, arm: str | None, seed: int | None) -> dict:
    """The record to check: of this arm and seed, where they are given, the one quickest to run.

    Raises:
        BookError: If there is none.
    """
    found = records(project, chapter)
    fitting = [one for one in found if arm in (None, one["arm"]) and seed in (None, one["seed"])]
    if not fitting:
        there = ", ".join(f"{one['arm']}-{one['seed']}" for one in found) or "nothing"
        raise BookError(f"{chapter.name} has no such record.", fix=f"Recorded: {there}.")
    return min(fitting, key=lambda one: one["seconds"])


def compare(known: dict, again: dict, tolerance: float) -> list[tuple[str, float, float, bool]]:
    """Recorded against rerun, measure by measure.

    Args:
        known: The record.
        again: The same arm and seed, run again.
        tolerance: How far a measure may be off, relative to the recorded one (absolute under 1).

    Returns:
        Measure, recorded, rerun, and whether they agree; a measure that only one side has is nan
        on the other and doesn't agree. Measures in `not_compared` are left out.
    """
    left_out = set(known.get("not_compared", []))
    old, new = measures(known), measures(again)
    rows = []
    for name in sorted(set(old) | set(new)):
        if name.split(".")[-1] in left_out or name in left_out:
            continue
        a, b = old.get(name, math.nan), new.get(name, math.nan)
        rows.append((name, a, b, abs(a - b) <= tolerance * max(1.0, abs(a))))
    return rows


def measures(one: dict) -> dict[str, float]:
    """The single numbers that a record measured, by dotted name; raw lists are left out."""
    found: dict[str, float] = {}

    def walk(prefix: str, value: object) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(f"{prefix}.{key}" if prefix else key, inner)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[prefix] = float(value)

    walk("", {key: value for key, value in one.items() if key not in ABOUT_THE_RUN})
    return found


def summarise(project: Project, chapter: Chapter) -> dict:
    """Compute `book/recorded/<chapter>.json` from the chapter's record files alone.

    Returns:
        `arms.<arm>.<measure>.{mean, sd, values}` over the seeds (sd is null for one seed), beside
        `arms.<arm>.seeds`, and the versions, commits and corpus hash of the records; what the
        chapter's own function adds replaces what has the same name.

    Raises:
        BookError: If there are no records, or they come from different corpora.
    """
    found = records(project, chapter)
    if not found:
        raise BookError(f"{chapter.name} has no recorded results.")
    corpora = sorted({one["corpus_hash"] for one in found if one["corpus_hash"]})
    if len(set(map(corpus_name, corpora))) > 1:
        raise BookError(
            f"{chapter.name} has records of different corpora: {', '.join(corpora)}.",
            fix="Record the older ones again.",
        )
    arms = {}
    for arm in sorted({one["arm"] for one in found}):
        own = [one for one in found if one["arm"] == arm]
        values = [measures(one) for one in own]
        shared = [name for name in values[0] if all(name in value for value in values)]
        arms[arm] = {"seeds": [one["seed"] for one in own]}
        arms[arm] |= {name: _mean_sd([value[name] for value in values]) for name in shared}
    summary = {
        "chapter": chapter.name,
        "arms": arms,
        "corpus_hash": corpora[0] if corpora else None,
        **{f"{key}s": sorted({str(one[key]) for one in found}) for key in ("version", "commit")},
        "machines": sorted({one["machine"] for one in found}),
        "seconds": round(sum(one["seconds"] for one in found), 2),
    }
    if "summary" in read_notebook(chapter.path)["metadata"].get("slt", {}):
        by_arm = {arm: {r["seed"]: r for r in found if r["arm"] == arm} for arm in arms}
        added = _named(chapter, "summary")(by_arm)
        for arm, more in added.pop("arms", {}).items():
            arms[arm] |= more
        summary |= added
    write_json(project.root / "book" / "recorded" / f"{chapter.name}.json", summary)
    return summary


def corpus_name(corpus_hash: str | None) -> str:
    """The name of the frozen world of a hash, or of another corpus."""
    from slt_lib.corpus.weather.world import world_name  # slow to import: not for every command

    return world_name(corpus_hash)


def _mean_sd(values: list[float]) -> dict:
    mean = math.fsum(values) / len(values)
    spread = math.fsum((value - mean) ** 2 for value in values)
    sd = math.sqrt(spread / (len(values) - 1)) if len(values) > 1 else None
    return {"mean": mean, "sd": sd, "values": values}


def _commit(root: Path) -> str | None:
    """The commit that is checked out, `+` if files other than records differ; None without git."""
    try:
        asked = [
            subprocess.run(["git", *args], cwd=root, capture_output=True, text=True, check=True)
            for args in (
                ["rev-parse", "HEAD"],
                ["status", "--porcelain", "-uno", "--", ".", ":!book/recorded"],
            )
        ]
    except (OSError, subprocess.CalledProcessError):
        return None
    return asked[0].stdout.strip() + ("+" if asked[1].stdout.strip() else "")
