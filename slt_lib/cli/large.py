"""Commands for clusters: generate a corpus, train a translator, try the paper's sizes."""

import json
import os
from dataclasses import replace
from pathlib import Path

import click

from slt_lib.pose.errors import SLTError

PLACE = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
SEED = click.option("--seed", type=int, default=0, show_default=True)


@click.command()
@click.argument("sentences", type=FILE)
@click.argument("dictionary", type=FOLDER)
@click.argument("corpus", type=PLACE)
@click.option("--real", type=FOLDER, help="A real corpus whose tempo, smoothness and gaps to take.")
@click.option("--copies", type=click.IntRange(min=1), default=1, show_default=True,
              help="Items per sentence, each with variations of its own.")  # fmt: skip
@click.option("--processes", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--dask-address", metavar="tcp://HOST:PORT",
              help="Of a Dask scheduler whose workers see the same folders; instead of "
              "--processes.")  # fmt: skip
@SEED
def generate(sentences, dictionary, corpus, real, copies, processes, dask_address, seed) -> None:
    """Stitch SENTENCES with the signs of DICTIONARY into CORPUS, or finish what was begun.

    SENTENCES is PHOENIX14T's annotation (.gz or .corpus.csv), or a text file with the glosses, a
    tab and the sentence on each line.
    """
    from slt_lib.corpus import Corpus
    from slt_lib.corpus.annotated_sentences import read_sentences
    from slt_lib.corpus.synthetic import generate_corpus
    from slt_lib.corpus.synthetic.matching import even_spans
    from slt_lib.experiments.data import matched_to

    pairs = [(one.gloss, one.text) for one in read_sentences(sentences)]
    likeness = {}
    if real:
        train = Corpus.open(real)
        stitch, likeness = matched_to(train, None if any(train.spans) else even_spans(train))
        likeness["stitch"] = stitch
    made = generate_corpus(
        corpus, pairs, dictionary, seed=seed, copies=copies, processes=processes,
        dask_address=dask_address, **likeness,
    )  # fmt: skip
    hours = made.frames.sum() / made.fps / 3600
    click.echo(f"{len(made)} sentences, {hours:.2f} hours of signing, hash {made.hash[:12]}")


@click.command()
@click.argument("data", type=FOLDER)
@click.argument("out", type=PLACE)
@click.option("--profile", type=click.Choice(("smoke", "book", "full", "paper")), default="paper",
              show_default=True, help="Sizes of model and training, as in chapter 10.")  # fmt: skip
@click.option("--synthetic", type=FOLDER, help="A stitched corpus to train on first.")
@click.option("--updates", type=click.IntRange(min=1), help="In place of the profile's.")
@click.option("--batch-size", type=click.IntRange(min=1), help="Over all devices.")
@click.option("--devices", type=click.IntRange(min=1), help="Processes to start; torchrun has.")
@click.option("--precision", type=click.Choice(("32-true", "bf16-mixed")), default="32-true",
              show_default=True)  # fmt: skip
@SEED
def train(data, out, profile, synthetic, updates, batch_size, devices, precision, seed) -> None:
    """Train a pose-to-text translator on DATA into OUT, or finish what was begun.

    DATA holds the corpora `train` and `dev`. Under torchrun every process calls this; only the
    first one writes.
    """
    from slt_lib.corpus import Corpus
    from slt_lib.experiments.protocols import FINE
    from slt_lib.experiments.scale import scale
    from slt_lib.translation.data import Codec
    from slt_lib.translation.mapped import mapped
    from slt_lib.translation.train import train as train_translator

    started = int(os.environ.get("WORLD_SIZE", 1))
    sizes, keypoints = scale(profile), out / "keypoints"
    real, dev = (mapped(Corpus.open(data / s), keypoints / s) for s in ("train", "dev"))
    phases = [("translator", real)]
    if synthetic:
        stitched = mapped(Corpus.open(synthetic), keypoints / "synthetic", domain=1)
        phases.insert(0, ("pretrained", stitched))
    codec, done = Codec.build(*(part for _, part in phases)), None
    for name, part in phases:
        lr = FINE if done else 1.0
        settings = sizes.phase(1, lr, precision=precision, devices=devices or started)
        settings = replace(settings, updates=updates or settings.updates,
                           eval_every=0 if updates else settings.eval_every,
                           batch_size=batch_size or settings.batch_size)  # fmt: skip
        done = train_translator(out / name, sizes.model, settings, part, dev, seed=seed,
                                codec=codec, initial=done and done.folder)  # fmt: skip
    if int(os.environ.get("RANK", 0)) == 0:
        click.echo(
            f"{done.folder}: {done.updates} updates, {done.sentences} sentences, dev BLEU-4 "
            f"{done.best:.2f}" + (f", resumed at {done.resumed_at}" if done.resumed_at else "")
        )


@click.command()
@click.argument("out", type=PLACE)
@click.option("--annotations", type=FILE, help="PHOENIX14T's, or lines of glosses, tab, sentence; "
              "the weather grammar's sentences by default.")  # fmt: skip
@click.option("--signs", type=FOLDER, help="A saved dictionary; simulated signs by default.")
@click.option("--every", type=click.IntRange(min=1), default=1, show_default=True,
              help="Take every so-many-th sentence.")  # fmt: skip
@click.option("--copies", type=click.IntRange(min=1), default=1, show_default=True,
              help="Stitched items per sentence.")  # fmt: skip
@click.option("--epoch/--no-epoch", default=True, help="Whether a translator is trained for one.")
@click.option("--processes", type=click.IntRange(min=1), default=2, show_default=True)
@SEED
def rehearse(out, annotations, signs, every, copies, epoch, processes, seed) -> None:
    """Take sentences through dictionary, stitching, statistics and an epoch; measure each stage.

    Everything goes into OUT; what was begun there is finished.
    """
    from slt_lib.experiments.rehearsal import rehearse_into

    made = rehearse_into(
        folder=str(out), file=str(out / "rehearsal.json"), annotations=annotations or "",
        signs=signs or "", every=every, copies=copies, epoch=epoch, processes=processes, seed=seed,
    )  # fmt: skip
    for name, stage in made["stages"].items():
        again = f", in {stage['sittings']} sittings" if stage["sittings"] > 1 else ""
        click.echo(f"{name:<12} {stage['seconds']:8.1f} s {stage['peak_mb']:8.0f} MB{again}")
    click.echo(f"{made['sentences']} sentences, {made['hours']:.2f} hours of signing, "
               f"{made['disk_mb']['corpus']:.1f} MB: {out / 'rehearsal.json'}")  # fmt: skip


@click.command("dry-run")
@click.argument("chapters", nargs=-1)
@click.option("--model", "only", help="Only models whose name has this in it.")
@click.option("--profile", type=click.Choice(("smoke", "book", "full", "paper")), default="paper",
              show_default=True)  # fmt: skip
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path),
              help="Write what was found there, beside what is there of others.")  # fmt: skip
def dry_run(chapters, only, profile, file) -> None:
    """Build the models of CHAPTERS (default: all) at full size, and two batches through each.

    On the CPU, with made-up batches: wrong settings are found before a GPU is booked.
    """
    import slt_lib
    from slt_lib.cli.project import write_json
    from slt_lib.cli.report import machine, now
    from slt_lib.experiments import dry_models, dry_run

    cases = dry_models.cases_of(chapters, only or "")
    known, found = _found_before(file, profile) if file else {}, []
    for one in dry_run.dry_run(cases, profile):
        found.append(one)
        click.echo((one.error and f"FAILED  {one.name}: {one.error}") or one.line())
    if file:
        models = known | {one.name: one.row() for one in found}
        write_json(file, {"profile": profile, "version": slt_lib.__version__, "machine": machine(),
                          "date": now(), "models": models})  # fmt: skip
    if any(one.error for one in found):
        raise SLTError("Not every model can be trained so.", fix="See above.")


def _found_before(file: Path, profile: str) -> dict:
    """The rows of an earlier dry run of the same profile; none if there is no file."""
    if not file.is_file():
        return {}
    fix = "Delete it, or name another file."
    try:
        before = json.loads(file.read_text("utf8"))
        known, of = before["models"], before["profile"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SLTError(f"It holds no dry run ({error!r}).", file=file, fix=fix) from error
    if of != profile:
        raise SLTError(f"It holds a dry run of the profile {of}.", file=file, fix=fix)
    return known


COMMANDS = (generate, train, rehearse, dry_run)
