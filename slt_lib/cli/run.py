"""`slt-book run`: execute the chapters in the book's order, skipping what is up to date."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from slt_lib.cli.execute import ChapterFailed, execute
from slt_lib.cli.parameters import chapter_parameters
from slt_lib.cli.project import BookError, Chapter, Project, parameters_of
from slt_lib.cli.report import fingerprint, now, read_report, write_entry

PROFILES = ("smoke", "book", "full", "paper")


def choose(project: Project, names: list[str], start: str | None) -> list[Chapter]:
    """The chapters to run: the named ones, or all from `start` on, in the book's order.

    Raises:
        BookError: If a name is unknown, both ways are used, or the book has no chapter.
    """
    if names and start:
        raise BookError("Chapters are named, and --from is given too.", fix="Use one of the two.")
    chosen = list(project.chapters)
    if names:
        wanted = {project.chapter(name).name for name in names}
        chosen = [chapter for chapter in chosen if chapter.name in wanted]
    if start:
        chosen = chosen[chosen.index(project.chapter(start)) :]
    if not chosen:
        raise BookError("The book has no chapters yet.", file=project.root / "book" / "_toc.yml")
    return chosen


def run(
    project: Project,
    chapters: list[Chapter],
    *,
    profile: str,
    given: list[tuple[str, str]],
    out: Path,
    force: bool,
    say: Callable[[str], None],
) -> list[ChapterFailed]:
    """Run chapters, each into the build folder, and keep `report.json` up to date.

    A chapter that fails doesn't stop the ones after it: each runs alone.

    Args:
        project: The project.
        chapters: What to run.
        profile: One of `PROFILES`.
        given: Parameter names and values as typed.
        out: The build folder.
        force: Run also what is up to date.
        say: Called with one line per chapter.

    Returns:
        What failed.

    Raises:
        BookError: Before anything runs, if a parameter is unknown or of another type.
    """
    values = checked(chapters, given)
    _announce(values, given, say)
    failed = []
    for number, chapter in enumerate(chapters, 1):
        label = f"[{number}/{len(chapters)}] {chapter.name}"
        declared = parameters_of(chapter)
        own = _own(project, chapter, values[chapter.name], profile, out)
        mark = fingerprint(project, chapter, own)
        before = read_report(out)["chapters"].get(chapter.name, {})
        if not force and up_to_date(before, mark, out):
            write_entry(out, profile, chapter.name, before | {"skipped": True})
            say(f"{label}: skipped, unchanged since its last run ({before['seconds']:.1f} s)")
            continue
        changed = {name: v for name, v in own.items() if v != declared[name].default}
        entry = {"profile": profile, "parameters": own, "fingerprint": mark, "skipped": False}
        try:
            seconds, peak = execute(project, chapter, changed, out, label)
            entry |= {"seconds": round(seconds, 2), "ok": True, "peak_mb": round(peak, 1)}
            entry["outputs"] = _outputs(out, chapter)
            say(f"{label}: done in {seconds:.1f} s, {peak:.0f} MB")
        except ChapterFailed as error:
            kept = {key: before.get(key) for key in ("seconds", "peak_mb")}
            entry |= {"ok": False, "error": error.what, **kept}
            failed.append(error)
            say(f"{label}: FAILED")
        write_entry(out, profile, chapter.name, entry | {"finished": now()})
    return failed


def checked(chapters: list[Chapter], given: list[tuple[str, str]]) -> dict[str, dict]:
    """The values that each chapter gets, as `chapter_parameters`.

    Raises:
        BookError: If a parameter is unknown, of another type, or an option of its own.
    """
    for name, option in (("profile", "--profile"), ("out", "--out")):
        if name in dict(given):
            raise BookError(f"{name} is an option of its own.", fix=f"Use {option} VALUE.")
    return chapter_parameters(chapters, given)


def up_to_date(entry: dict, mark: str, out: Path) -> bool:
    """Whether a chapter's last run was good, with the same inputs, and its files are untouched."""
    return (
        entry.get("ok") is True
        and entry.get("fingerprint") == mark
        and bool(entry.get("outputs"))
        and all(_hash(out / file) == known for file, known in entry["outputs"].items())
    )


def is_done(project: Project, chapter: Chapter, values: dict, profile: str, out: Path) -> bool:
    """Whether a chapter's last run into a build folder was good and with these parameters."""
    mark = fingerprint(project, chapter, _own(project, chapter, values, profile, out))
    return up_to_date(read_report(out)["chapters"].get(chapter.name, {}), mark, out)


def _own(project: Project, chapter: Chapter, values: dict, profile: str, out: Path) -> dict:
    """All that a chapter is given, of what it declares."""
    own = {"profile": profile, "out": project.relative(out)} | values
    return {name: value for name, value in own.items() if name in parameters_of(chapter)}


def _outputs(out: Path, chapter: Chapter) -> dict[str, str]:
    """The files that a run must have left, with their hashes: the notebook, and its results."""
    files = (f"notebooks/{chapter.name}.ipynb", f"results/{chapter.name}.json")
    return {file: digest for file in files if (digest := _hash(out / file))}


def _hash(file: Path) -> str | None:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None


def _announce(values: dict[str, dict], given: list[tuple[str, str]], say: Callable) -> None:
    """Say which chapters take a parameter that not all of them know."""
    for name in dict(given):
        takers = [chapter for chapter, chosen in values.items() if name in chosen]
        if len(takers) < len(values):
            say(f"-p {name} applies to {', '.join(takers)} only.")
