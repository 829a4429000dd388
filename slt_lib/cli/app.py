"""The `slt-book` command line: thin wrappers, one per command."""

import json
import sys
from itertools import product
from pathlib import Path

import click

import slt_lib
from slt_lib.cli import bench as bench_
from slt_lib.cli import build as build_
from slt_lib.cli import doctor as doctor_
from slt_lib.cli import recorded
from slt_lib.cli import run as run_
from slt_lib.cli import sweep as sweep_
from slt_lib.cli.jobs import run_commands
from slt_lib.cli.large import COMMANDS
from slt_lib.cli.parameters import free_parameters
from slt_lib.cli.project import Chapter, Project
from slt_lib.cli.report import read_report
from slt_lib.cli.status import closing_table
from slt_lib.pose.errors import SLTError

ROOT = click.option(
    "--root",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default=".",
    help="The project's folder (default: this one).",
)
OUT = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="build",
    show_default=True,
    help="The build folder.",
)
PARAMETER = click.option(
    "-p",
    "--parameter",
    "given",
    type=(str, str),
    multiple=True,
    metavar="NAME VALUE",
    help="A parameter of the chapters, as in papermill; repeat for more.",
)
JOBS = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many at a time, each in a process of its own.",
)
DASK = click.option(
    "--dask-address",
    metavar="tcp://HOST:PORT",
    help="Of a Dask scheduler whose workers see the same folders; instead of --jobs.",
)


class Group(click.Group):
    """A command group that shows our own errors as one line, with exit status 1."""

    def invoke(self, context: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(context)
        except SLTError as error:
            raise click.ClickException(str(error)) from error


HELP = {"help_option_names": ["-h", "--help"]}


@click.group(cls=Group, commands=COMMANDS, context_settings=HELP)
@click.version_option(slt_lib.__version__, prog_name="slt-book")
def app() -> None:
    """Run, build and check the book *Sign Language Production as Data Augmentation*."""


@app.command()
@click.argument("chapters", nargs=-1)
@click.option("--profile", type=click.Choice(run_.PROFILES), default="book", show_default=True)
@PARAMETER
@click.option("--from", "start", metavar="CHAPTER", help="This chapter and all after it.")
@click.option("--only", multiple=True, metavar="CHAPTER", help="The same as naming CHAPTERS.")
@click.option("--force", is_flag=True, help="Run also what is up to date.")
@OUT
@ROOT
def run(chapters, profile, given, start, only, force, out, root) -> None:
    """Execute CHAPTERS (default: all), as `01_signing_poses`, `01` or `1`."""
    project = Project.open(root)
    chosen = run_.choose(project, [*chapters, *only], start)
    failed = run_.run(
        project,
        chosen,
        profile=profile,
        given=list(given),
        out=_inside(root, out),
        force=force,
        say=click.echo,
    )
    _end(failed)


@app.command()
@OUT
@ROOT
def build(out, root) -> None:
    """Make the HTML book from the executed chapters."""
    folder = _inside(root, out)
    page = build_.build(Project.open(root), folder, click.echo)
    click.echo(closing_table(read_report(folder)))
    click.echo(f"The book: {page.as_uri()}")


@app.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def doctor(as_json) -> None:
    """Say what this machine has, and what each missing part would enable."""
    parts = doctor_.examine()
    if as_json:
        click.echo(json.dumps(doctor_.as_dicts(parts), indent=2))
    else:
        click.echo(doctor_.as_text(parts))
    if any(not part.present and not part.optional for part in parts):
        sys.exit(1)


@app.command()
@OUT
@ROOT
def bench(out, root) -> None:
    """Run the benchmarks into `bench.json`."""
    folder = _inside(root, out)
    bench_.bench(Project.open(root), folder, click.echo)
    click.echo(f"Written: {folder / 'bench.json'}")


@app.command()
@click.argument("chapter")
@click.option("--profile", type=click.Choice(run_.PROFILES), default="book", show_default=True)
@click.option(
    "-p",
    "--parameter",
    "given",
    type=(str, str),
    multiple=True,
    required=True,
    metavar="NAME V1,V2,...",
    help="A parameter and its values; repeat for every combination.",
)
@JOBS
@DASK
@click.option("--force", is_flag=True, help="Run also what is up to date.")
@OUT
@ROOT
def sweep(chapter, profile, given, jobs, dask_address, force, out, root) -> None:
    """Execute CHAPTER once for each combination of values, into `<out>/sweeps`."""
    project = Project.open(root)
    table, failed = sweep_.sweep(
        project,
        project.chapter(chapter),
        profile=profile,
        given=list(given),
        out=_inside(root, out),
        force=force,
        jobs=jobs,
        dask_address=dask_address,
        say=click.echo,
    )
    click.echo(f"The table: {project.relative(table)}")
    _end(failed)


@app.command()
@click.argument("chapter")
@click.option(
    "--arm",
    "asked",
    required=True,
    multiple=True,
    help="Repeat for more; `all` takes every arm that the chapter knows.",
)
@click.option(
    "--seed",
    "seeds",
    type=int,
    multiple=True,
    default=(0,),
    show_default=True,
    help="Repeat for more.",
)
@PARAMETER
@JOBS
@DASK
@click.option("--force", is_flag=True, help="Record again what is already recorded.")
@ROOT
def record(chapter, asked, seeds, given, jobs, dask_address, force, root) -> None:
    """Record arms and seeds of CHAPTER into `book/recorded` (skipped where they are there)."""
    project = Project.open(root)
    source = project.chapter(chapter)
    left = []
    for arm, seed in product(recorded.arms_of(source, asked), dict.fromkeys(seeds)):
        path = recorded.record_path(project, source, arm, seed)
        if path.exists() and not force:
            click.echo(f"Already recorded: {project.relative(path)}")
        else:
            left.append((arm, seed))
    if not left:
        return
    recorded.check_parameters(source, free_parameters(list(given)))
    if len(left) == 1 and not dask_address:
        made = recorded.record(project, source, *left[0], free_parameters(list(given)))
        click.echo(f"Recorded: {project.relative(recorded.write_record(project, source, made))}")
        return
    same = ["--root", str(project.root), "--force", *(p for pair in given for p in ("-p", *pair))]
    commands = [["record", source.name, "--arm", a, "--seed", str(s), *same] for a, s in left]
    failed = []
    ended = run_commands(commands, jobs=jobs, dask_address=dask_address)
    for number, (i, done) in enumerate(ended, 1):
        arm, seed = left[i]
        click.echo(f"[{number}/{len(left)}] " + (done.said if done.ok else f"FAILED: {arm}-{seed}"))
        if not done.ok:
            failed.append(f"{arm}-{seed}: {done.error}")
    _end(failed)


@app.command("write-pairs")
@click.argument("model")
@click.option("--asked", type=click.IntRange(min=1), default=864, show_default=True,
              help="Pairs to ask for.")  # fmt: skip
@click.option("--text-first", is_flag=True, help="Each text before its glosses.")
@click.option("--size", default="full", show_default=True, help="Of the weather world's corpus.")
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path),
              help="The file (default: MODEL's recorded one).")  # fmt: skip
@OUT
@ROOT
def write_pairs(model, asked, text_first, size, to, out, root) -> None:
    """Have MODEL (`small`, `gemma`, a folder or GGUF file) write pairs for chapter 13.

    Its answers are kept in the build folder: a series that was stopped goes on.
    """
    from slt_lib.experiments.novel_data import novel_data_of
    from slt_lib.experiments.written_pairs import write_model_pairs

    folder = _inside(root, out)
    data = novel_data_of(size, str(folder / "experiments"))
    made = write_model_pairs(
        model, data, asked=asked, text_first=text_first, answers=folder / "answers", out=to or ""
    )
    click.echo(f"Written: {made}")


@app.command("summarise-recorded")
@click.argument("chapters", nargs=-1)
@ROOT
def summarise_recorded(chapters, root) -> None:
    """Compute `book/recorded/<chapter>.json` from the recorded files alone."""
    project = Project.open(root)
    for chapter in _recorded(project, chapters):
        summary = recorded.summarise(project, chapter)
        arms = ", ".join(f"{arm} ({len(one['seeds'])})" for arm, one in summary["arms"].items())
        click.echo(f"{chapter.name}: {arms}")


@app.command("build-body")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--seed", type=int, default=0, show_default=True)
def build_body_(path, seed) -> None:
    """Build the book's body again from Anny (extra `body`) and write it to PATH.

    The first time takes about two minutes, 1.5 GB of memory and over 1 GB of Anny's cache.
    """
    from slt_lib.body.build import build_body

    for name, value in build_body(path, seed=seed).items():
        click.echo(f"{name}: {value:.2f}")


@app.command("verify-recorded")
@click.argument("chapters", nargs=-1)
@click.option("--arm", help="Default: whatever took least time to record.")
@click.option("--seed", type=int)
@click.option(
    "--tolerance",
    type=float,
    default=1e-3,
    show_default=True,
    help="Largest difference, relative to the recorded value (absolute for values under 1).",
)
@ROOT
def verify_recorded(chapters, arm, seed, tolerance, root) -> None:
    """Rerun one recorded arm and seed of each chapter, and compare."""
    project = Project.open(root)
    good = True
    for chapter in _recorded(project, chapters):
        known = recorded.pick(project, chapter, arm, seed)
        again = recorded.record(project, chapter, known["arm"], known["seed"], known["parameters"])
        click.echo(f"{chapter.name}, {known['arm']}, seed {known['seed']} ({again['seconds']} s):")
        if len({recorded.corpus_name(one["corpus_hash"]) for one in (known, again)}) > 1:
            good = False
            click.echo("  DIFF the record is of another corpus (see its commit): record it again")
        for name, old, new, agree in recorded.compare(known, again, tolerance):
            good &= agree
            click.echo(f"  {'ok  ' if agree else 'DIFF'} {name}: recorded {old:g}, now {new:g}")
    click.echo(f"Tolerance {tolerance:g}: " + ("all agree." if good else "NOT all agree."))
    if not good:
        sys.exit(1)


def _recorded(project: Project, names: tuple[str, ...]) -> list[Chapter]:
    """The named chapters, or every chapter that has records."""
    if names:
        return [project.chapter(name) for name in names]
    return [chapter for chapter in project.chapters if recorded.records(project, chapter)]


def _end(failed: list) -> None:
    """Say what failed, if anything did, and end with exit status 1."""
    for error in failed:
        click.echo(f"Error: {error}", err=True)
    if failed:
        sys.exit(1)


def _inside(root: Path, out: Path) -> Path:
    """The build folder; a relative one is meant from the project's root."""
    return (root / out).resolve()
