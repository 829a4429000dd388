"""Commands for clusters: generate a corpus, train a translator, try the paper's sizes."""

import os
from dataclasses import replace
from pathlib import Path

import click

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
    from slt_lib.experiments.rehearsal import matched_to

    pairs = [(one.gloss, one.text) for one in read_sentences(sentences)]
    made = generate_corpus(
        corpus, pairs, dictionary, seed=seed, copies=copies, processes=processes,
        dask_address=dask_address, **(matched_to(Corpus.open(real)) if real else {}),
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
        settings = sizes.phase(1, 1.0, precision=precision, devices=devices or started)
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


COMMANDS = (generate, train)
