"""The weather world on disk: three splits of simulated broadcasts, and a dictionary."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tqdm import tqdm

from slt_lib.corpus.corpus import Corpus, write_corpus
from slt_lib.corpus.weather.citation import citations
from slt_lib.corpus.weather.grammar import Sentence, draw_sentences, split_sentences
from slt_lib.corpus.weather.signing import simulate
from slt_lib.dictionary import Dictionary, Sign, load_dictionary, save_dictionary
from slt_lib.dictionary.sign import number_variants, record
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.io.guard import atomic_write
from slt_lib.pose.sequence import PoseSequence

SPLITS = ("train", "dev", "test")
ABOUT = "world.json"
FROZEN = Path(__file__).parents[3] / "book" / "recorded" / "weather_world.json"  # in a checkout


@dataclass(frozen=True)
class WorldSettings:
    """Which weather world.

    Attributes:
        seed: Of every random choice. Signs and signers depend on it alone. Dev sentences are drawn
            first, then those of test: worlds that differ only in `train` share both.
        train, dev, test: Numbers of sentences.

    Raises:
        SLTError: If there is nothing to make.

    Chapter: 04_synthetic_corpus
    """

    seed: int = 0
    train: int = 800
    dev: int = 100
    test: int = 150

    def __post_init__(self) -> None:
        if min(self.train, self.dev, self.test) < 1 or self.seed < 0:
            raise SLTError(f"{self} makes no sense.", fix="At least one sentence per split.")


class World:
    """A weather world that has been made: `train`, `dev`, `test` and `dictionary`.

    Args:
        folder: Where it is.
        settings: What it was made with.
        hash: sha256 of everything in it.

    Chapter: 04_synthetic_corpus
    """

    def __init__(self, folder: Path, settings: WorldSettings, hash: str) -> None:
        self.folder, self.settings, self.hash = folder, settings, hash
        self.dictionary = folder / "dictionary"

    @classmethod
    def open(cls, folder: str | Path) -> "World":
        """The world in a folder.

        Raises:
            SLTError: If there is none, or it isn't complete.

        Chapter: 04_synthetic_corpus
        """
        folder = Path(folder)
        try:
            about = json.loads((folder / ABOUT).read_text("utf8"))
            return cls(folder, WorldSettings(**about["settings"]), about["hash"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SLTError(
                f"It holds no weather world ({error}).", file=folder, fix="Make one: make_world."
            ) from error

    @cached_property
    def train(self) -> Corpus:
        """The training split."""
        return Corpus.open(self.folder / "train")

    @cached_property
    def dev(self) -> Corpus:
        """The development split: every choice is made on it."""
        return Corpus.open(self.folder / "dev")

    @cached_property
    def test(self) -> Corpus:
        """The test split."""
        return Corpus.open(self.folder / "test")

    def sentences(self, split: str) -> list[Sentence]:
        """What the signers of a split were to sign, in the corpus' order."""
        s = self.settings
        return split_sentences(s.train, s.dev, s.test, s.seed)[split]


def make_world(
    folder: str | Path, settings: WorldSettings | None = None, *, processes: int = 2
) -> World:
    """Make a weather world, or open it if it is there with these settings.

    What was complete of an interrupted one stays.

    Args:
        folder: Its own folder.
        settings: Which world.
        processes: How many to work with; the result doesn't depend on it.

    Raises:
        SLTError: If the folder holds something else.

    Chapter: 04_synthetic_corpus
    """
    folder, settings = Path(folder), settings or WorldSettings()
    plan_file = folder / "making.json"
    wanted = json.dumps(asdict(settings))
    if (folder / ABOUT).is_file():
        world = World.open(folder)
        if world.settings == settings:
            return world
        raise SLTError(
            f"It holds the world of {world.settings}.", file=folder, fix="Choose another folder."
        )
    if folder.exists() and any(folder.iterdir()) and not plan_file.is_file():
        raise SLTError("The folder holds other things.", file=folder, fix="Choose a new folder.")
    if plan_file.is_file() and plan_file.read_text("utf8") != wanted:
        shutil.rmtree(folder)
    with atomic_write(plan_file) as file:
        file.write(wanted.encode())
    save_world_dictionary(folder / "dictionary", settings.seed)
    splits = split_sentences(settings.train, settings.dev, settings.test, settings.seed)
    for number, name in enumerate(SPLITS):
        if not (folder / name / "corpus.json").is_file():
            jobs = [(settings.seed, number, i, s) for i, s in enumerate(splits[name])]
            write_corpus(folder / name, _signed(jobs, name, processes))
    return _finish(folder, settings)


def novel_sentences(world: World, n: int, seed: int) -> list[Sentence]:
    """Sentences of the grammar whose texts are in none of the world's splits.

    Args:
        world: Whose splits are avoided.
        n: How many.
        seed: Of the draw; other than the world's own seed is wise.

    Chapter: 04_synthetic_corpus
    """
    taken = {s.text for split in SPLITS for s in world.sentences(split)}
    return draw_sentences(n, seed + 1_000_000, avoid=taken)


def first_signed(settings: WorldSettings, split: str, count: int) -> list[Utterance]:
    """The first sentences of a split, as the whole world has them, without making the rest.

    Args:
        settings: Of the world.
        split: "train", "dev" or "test".
        count: How many.

    Chapter: 09_pose_to_text
    """
    drawn = split_sentences(settings.train, settings.dev, settings.test, settings.seed)[split]
    number = SPLITS.index(split)
    return [_sign_one((settings.seed, number, i, s)) for i, s in enumerate(drawn[:count])]


def world_name(corpus_hash: str | None) -> str:
    """What to call the corpus that a record was made with: "weather world 1".

    Args:
        corpus_hash: As records have it.

    Returns:
        The name of the frozen world of that hash; "corpus" and the hash's beginning for any other
        corpus, and where the book's file of frozen worlds isn't installed.

    Chapter: 04_synthetic_corpus
    """
    try:
        newest = json.loads(FROZEN.read_text("utf8"))
        for world in (newest, *newest["before"]):
            if corpus_hash in (world["hash"], *world.get("also", ())):
                return world["name"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return f"corpus {(corpus_hash or 'unknown')[:16]}"


def _sign_one(job: tuple[int, int, int, Sentence]) -> Utterance:
    seed, split, item, sentence = job
    rng = np.random.default_rng([seed, 50, split, item])
    return simulate(sentence, seed, rng, name=f"{SPLITS[split]}/{item:05d}")


def _signed(jobs: list, name: str, processes: int) -> Iterator[Utterance]:
    bar = partial(tqdm, total=len(jobs), desc=f"signing {name}", unit="sentence", leave=False)
    if processes <= 1 or len(jobs) < 100:  # starting processes costs more
        yield from bar(map(_sign_one, jobs))
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        yield from bar(pool.map(_sign_one, jobs, chunksize=16))


def save_world_dictionary(folder: Path, seed: int) -> None:
    """Record the dictionary of a world, unless it is there.

    Args:
        folder: Where it goes.
        seed: Of the world.
    """
    if (folder / "dictionary.json").is_file():
        return
    signs = (
        record(gloss, partial(_give, pose), f"simulated, take {take + 1}")
        for gloss, take, pose in citations(seed)
    )
    save_dictionary(Dictionary(number_variants(signs)), folder)


def _give(pose: PoseSequence) -> PoseSequence:
    return pose


def _gloss_and_take(sign: Sign) -> tuple[str, int]:
    return sign.gloss, sign.variant


def _finish(folder: Path, settings: WorldSettings) -> World:
    """Write the file that makes a world complete."""
    whole = hashlib.sha256()
    for name in SPLITS:
        whole.update(Corpus.open(folder / name).hash.encode())
    # The recordings by gloss and take: how they are rated, and so their order, may change.
    for sign in sorted(load_dictionary(folder / "dictionary"), key=_gloss_and_take):
        pose = sign.read()
        whole.update(f"{sign.gloss}\t{sign.variant}\t{sign.fps}\t{sign.frames}\n".encode())
        whole.update(pose.positions.tobytes() + pose.confidence.tobytes())
    about = {"settings": asdict(settings), "hash": whole.hexdigest()}
    with atomic_write(folder / ABOUT) as file:
        file.write(json.dumps(about, indent=1).encode())
    (folder / "making.json").unlink()
    return World.open(folder)
