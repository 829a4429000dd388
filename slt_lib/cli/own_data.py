"""`slt-book check` and `slt-book ingest`: somebody's own data, before and after."""

import json
import sys
from pathlib import Path

import click

DATA = click.argument("data", type=click.Path(path_type=Path))
LEXICON = click.option(
    "--lexicon",
    "--dictionary",
    type=click.Path(path_type=Path),
    help="Folder with an index.csv, of recordings named by gloss, or a saved dictionary "
    "(default: DATA/lexicon, if it is there).",
)
FPS = click.option(
    "--fps",
    type=float,
    default=25.0,
    show_default=True,
    help="Frame rate of .pt and .skels files, which don't hold it.",
)


@click.command()
@DATA
@LEXICON
@FPS
@click.option("--json", "as_json", is_flag=True, help="Everything found, as JSON.")
def check(data, lexicon, fps, as_json) -> None:
    """Read all of DATA and report what is in it and what is wrong, with file and remedy.

    Exit status 1 if there are errors. Nothing is written.
    """
    from slt_lib.corpus.check import check_data
    from slt_lib.experiments.cost import expected_cost
    from slt_lib.experiments.own_data import OWN_SCALES

    report = check_data(data, lexicon, fps=fps)
    costs = {}
    if report.counts["frames"]:
        counts = report.counts["sentences"], report.counts["frames"]
        costs = {name: expected_cost(*counts, OWN_SCALES[name]) for name in ("book", "full")}
    if as_json:
        more = {"expected": {name: vars(cost) for name, cost in costs.items()}}
        click.echo(json.dumps(report.as_dict() | more, indent=1, ensure_ascii=False))
    else:
        click.echo(report.as_text())
        for name, cost in costs.items():
            click.echo(f"Chapter 15 in the profile {name}: {cost.as_text()} (a model).")
    if report.of("error"):
        sys.exit(1)


@click.command()
@DATA
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@LEXICON
@FPS
@click.option("--seed", type=int, default=0, show_default=True, help="Of splits made here.")
@click.option("--resplit", is_flag=True, help="Make splits even where the data have some.")
@click.option("--leave-out", is_flag=True, help="Leave out sentences with errors.")
@click.option("--clips", type=int, default=0, metavar="PIXELS",
              help="Pack the videos too, as clips of this size for chapter 11.")  # fmt: skip
def ingest(data, out, lexicon, fps, seed, resplit, leave_out, clips) -> None:
    """Check DATA, and make OUT/corpus, OUT/dictionary (and OUT/clips) of it for the chapters.

    What is complete in OUT stays: after an interruption, run it again.
    """
    from slt_lib.corpus.check import check_data
    from slt_lib.corpus.ingest import by_split, usable
    from slt_lib.corpus.ingest import ingest as ingest_
    from slt_lib.rendering.own_clips import pack_clips

    report = check_data(data, lexicon, fps=fps)
    how = {"seed": seed, "resplit": resplit}
    made = ingest_(data, out, lexicon=lexicon, fps=fps, leave_out=leave_out, report=report, **how)
    sizes = ", ".join(f"{split} {count}" for split, count in made.sizes.items())
    click.echo(f"{made.corpus}: {sizes} (made now: {', '.join(made.done) or 'nothing'})")
    if made.left_out:
        click.echo(f"Left out: {len(made.left_out)} sentences with errors.")
    given = f"-p corpus {made.corpus}"
    if made.dictionary:
        click.echo(f"{made.dictionary}: signs of the lexicon")
        given += f" -p dictionary {made.dictionary}"
    click.echo(f"papermill notebooks/10_pretraining.ipynb out.ipynb {given}")
    if clips:
        items, _ = usable(report, resplit, leave_out)
        folder = pack_clips(by_split(items, **how), data, out / "clips", size=clips)
        click.echo(f"papermill notebooks/11_video_to_text.ipynb out.ipynb -p clips {folder}")
