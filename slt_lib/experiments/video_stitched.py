"""New motion: the filmed sentences once more, stitched from dictionary signs, as bodies."""

from pathlib import Path
from typing import TYPE_CHECKING

from slt_lib.corpus.corpus import Corpus
from slt_lib.corpus.synthetic import Variation, generate_corpus
from slt_lib.experiments.data import matched_to
from slt_lib.experiments.lots import share
from slt_lib.experiments.video_motions import Motions, chosen_sentences, fitted_motions
from slt_lib.experiments.video_scale import FPS

if TYPE_CHECKING:
    from slt_lib.experiments.videos import VideoWorld

STITCHED = {"stitched": "train", "stitched_test": "test"}  # which split's sentences each has


def stitched_sentences(world: "VideoWorld", split: str) -> tuple[Corpus, list[int], Motions]:
    """The filmed sentences of a split with stitched motion, made if they aren't there.

    How long signs last, how smooth signing is and how hands get lost is known from the filmed
    training sentences alone. What is stitched to train on varies from sentence to sentence, as in
    chapter 10; what is stitched to be judged is plain.

    Args:
        world: Whose sentences.
        split: "stitched" of the training sentences, "stitched_test" of the test sentences.

    Returns:
        The stitched corpus; which of the filmed sentences each of its items is (those none of
        whose glosses has a sign are missing); and its items as fitted bodies.

    Chapter: 14_novel_motion_and_appearance
    """
    kind = f"{split}-{'-'.join(world.motions.name.split('-')[1:])}-{world.video.train}"
    if split == "stitched_test":
        kind += f"-{world.video.test}"
    folder = world.root / kind
    share({folder / "stitched": lambda: _stitch(world, split, folder)})
    corpus = Corpus.open(folder / "corpus")
    motions = fitted_motions(folder / "fits", corpus, range(len(corpus)), fps=FPS,
                             steps=world.video.fit_steps)  # fmt: skip
    return corpus, [number_of(name) for name in corpus.names], motions


def number_of(name: str) -> int:
    """Which of the sentences that were to be stitched an item is: its name says it."""
    return int(name.split("/")[1].split("-")[0])


def _stitch(world: "VideoWorld", split: str, folder: Path) -> None:
    train = world.world.train
    train = train.select(chosen_sentences(train, world.video.train, FPS, world.video.longest))
    corpus, count = getattr(world.world, STITCHED[split]), getattr(world.video, STITCHED[split])
    items = chosen_sentences(corpus, count, FPS, world.video.longest)
    settings, more = matched_to(train)
    if split == "stitched_test":
        more["variation"] = Variation.off()
    generate_corpus(
        folder / "corpus",
        [(corpus.glosses[i], corpus.texts[i]) for i in items],
        world.world.dictionary,
        stitch=settings,
        **more,
        processes=1,
        prefix=split,
    )
    (folder / "stitched").touch()
