"""The video world: sentences of the weather world on simulated video, and their renderings.

"Real" video is a *simulated capture* throughout: the mesh of a painted body before a camera.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import cached_property, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from filelock import FileLock

from slt_lib.corpus.corpus import Corpus
from slt_lib.corpus.weather.world import World, make_world
from slt_lib.experiments.lots import share
from slt_lib.experiments.scale import Scale
from slt_lib.experiments.video_looks import Gan, Splats, known_keypoints, signer
from slt_lib.experiments.video_motions import (
    Motions,
    chosen_sentences,
    fitted_motions,
)
from slt_lib.experiments.video_scale import FPS, VideoScale
from slt_lib.experiments.video_sets import ORIGIN, SETS, Take
from slt_lib.experiments.video_start import start
from slt_lib.experiments.video_stitched import STITCHED, stitched_sentences
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.clips import Clip, Clips, write_clips
from slt_lib.rendering.frame_pretraining import save_frame_encoder, train_frame_encoder
from slt_lib.rendering.keypoints import PictureKeypoints
from slt_lib.translation.video_data import VideoData

LOT = 32  # clips that one process makes at a time
LESSONS = 6000  # frames that the frame encoder's first lesson looks at, about


class VideoWorld:
    """Everything that the video arms of one size are trained and tested on.

    It has the interface of `data.Data`. Sets are made when first asked for, in lots that several
    processes share, and kept on disk.

    Args:
        scale: The sizes.
        work: Folder for all of it; shared by all arms and seeds.
        clips: The user's own: a folder with clips (of `pack_recordings`) in `real` or `train`,
            `dev`, `test` (or `test_seen`) and, as far as arms need them, `test_unseen`, `signgan`,
            `signsplat`. By default the weather world's are made.

    Chapter: 11_video_to_text
    """

    def __init__(self, scale: VideoScale, work: str | Path, *, clips: str | Path = "") -> None:
        self.video, self.clips = scale, Path(clips) if clips else None
        self.root = Path(work)
        own = [_own(self.clips, name).hash for name in ("real", "dev")] if self.clips else []
        self.captures = self.root / f"captures-{_short_hash([scale.of_data(), own])}"
        learned = [asdict(scale.renderers), asdict(scale.lesson), scale.every]
        self.work = self.captures / f"runs-{_short_hash(learned)}"
        self.work.mkdir(parents=True, exist_ok=True)
        self._sets: dict[str, VideoData] = {}

    @cached_property
    def world(self) -> World:
        """The weather world whose sentences are signed."""
        settings = self.video.training.world
        sizes = f"{settings.seed}-{settings.train}-{settings.dev}-{settings.test}"
        folder = self.root / f"world-{sizes}"
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            return make_world(folder, settings, processes=1)

    @property
    def hash(self) -> str:
        """Of the corpus that everything is measured on."""
        if self.clips is None:
            return self.world.hash
        named = "".join(_own(self.clips, n).hash for n in ("real", "dev", "test_seen"))
        return hashlib.sha256(named.encode()).hexdigest()

    @cached_property
    def scale(self) -> Scale:
        """The translator's sizes; its frame encoder starts from what the lesson taught it."""
        scale = self.video.training
        if self.clips is not None:
            return scale
        return replace(scale, model=replace(scale.model, frames_weights=str(self.frame_encoder())))

    def start(self, seed: int) -> Path | None:
        """What a seed's arms start from; nothing for the user's own clips, whose poses we lack."""
        return start(self, seed) if self.clips is None else None

    def __getitem__(self, name: str) -> VideoData:
        """The clips of a name; "a+b" are two sets in one, "test" is "test_seen".

        Raises:
            SLTError: If there is none of that name.
        """
        name = "test_seen" if name == "test" else name
        if name not in self._sets:
            if "+" in name:
                self._sets[name] = VideoData.joined([self[part] for part in name.split("+")])
            elif name not in SETS:
                raise SLTError(f"There are no clips {name!r}.", fix=f"Known: {', '.join(SETS)}.")
            elif self.clips is not None:
                own = _own(self.clips, name)
                self._sets[name] = VideoData.from_clips(own, ORIGIN.get(name, 0), self.video.every)
            else:
                self._sets[name] = self._made(name)
        return self._sets[name]

    @property
    def motions(self) -> Path:
        """The folder of the bodies that are fitted to the world's signing."""
        kind = self.world.folder.name.replace("world", "motions")
        return self.root / f"{kind}-{self.video.longest}-{self.video.fit_steps}"

    def split(self, split: str) -> tuple[Corpus, list[int], Motions]:
        """A split's corpus, the numbers of the sentences that are filmed, and their motions."""
        scale = self.video
        if split in STITCHED:
            corpus, _, motions = stitched_sentences(self, split)
            return corpus, list(range(len(corpus))), motions
        corpus = getattr(self.world, split)
        count = {"train": scale.train, "dev": scale.dev, "test": scale.test}[split]
        items = chosen_sentences(corpus, count, FPS, scale.longest)
        folder = self.motions / split
        motions = fitted_motions(folder, corpus, items, fps=FPS, steps=scale.fit_steps)
        return corpus, items, motions

    def takes(self, name: str) -> list[Take]:
        """How every sentence of a set is shown."""
        of, scale = SETS[name], self.video
        if of.split in STITCHED:
            numbers = stitched_sentences(self, of.split)[1]
        else:
            numbers = range({"train": scale.train, "dev": scale.dev, "test": scale.test}[of.split])
        return [of.take(i, scale.cast(of.cast)) for i in numbers]

    def learned(self, what: str, *how: object) -> Path:
        """The folder of something that was learned in a certain way, such as a renderer."""
        return self.captures / f"{what}-{_short_hash(how)}"

    @cached_property
    def gan(self) -> Gan:
        """SignGAN, trained if it isn't yet."""
        return Gan(self.folder("signgan"), self.video)

    @cached_property
    def splats(self) -> Splats:
        """Avatars."""
        return Splats(self.folder("signsplat"), self.video)

    def folder(self, name: str) -> Path:
        """Where a set is: a rendered one is with its renderer."""
        how = self.video.renderers
        if "signgan" in name:
            return self.learned("signgan", how.donors, how.poses, asdict(how.gan))
        if "signsplat" in name:
            return self.learned("signsplat", how.donors, how.views, how.picture, asdict(how.avatar))
        return self.captures

    def _made(self, name: str) -> VideoData:
        corpus, items, motions = self.split(SETS[name].split)
        takes = self.takes(name)
        if "signsplat" in name:
            self.splats.ready(tuple(sorted({who for take in takes for who in take.who})))

        def clip(i: int) -> Clip:
            frames = SETS[name].show(self, motions[i], takes[i])
            who = "+".join(signer(w).name for w in takes[i].who)
            n = items[i]
            return Clip(corpus.names[n], corpus.glosses[n], corpus.texts[n], who, frames, FPS)

        folder, makers, folders = self.folder(name) / name, {}, []
        for first in range(0, len(items), LOT):
            folders.append(folder / f"{first:05d}")
            numbers = range(first, min(first + LOT, len(items)))
            done = folder / f"{first:05d}.done"
            makers[done] = partial(_write, folders[-1], done, numbers, clip, name)
        share(makers)
        origin, every = ORIGIN.get(name, 0), self.video.every
        parts = [VideoData.from_clips(Clips.open(f), origin, every) for f in folders]
        return VideoData.joined(parts)

    def frame_encoder(self) -> Path:
        """The weights that every arm's frame encoder starts from: it has learned where joints are.

        It was shown training frames of the seen signers, and nothing else.

        Chapter: 11_video_to_text
        """
        file = self.learned("lesson", asdict(self.video.lesson)) / "frame_encoder.pt"
        share({file: partial(self._teach, file)})
        return file

    def _teach(self, file: Path) -> None:
        shown, found = self.lessons()
        save_frame_encoder(train_frame_encoder(shown, found, self.video.lesson), file)

    def lessons(
        self, name: str = "real", count: int = LESSONS
    ) -> tuple[np.ndarray, list[PictureKeypoints]]:
        """Some frames of captured clips and where the joints are in them, clip by clip.

        Args:
            name: Of a set of captures.
            count: About how many frames.

        Chapter: 11_video_to_text
        """
        clips, (_, _, motions) = self[name], self.split(SETS[name].split)
        lengths = np.array([clips.clips[folder].lengths[clip] for folder, clip in clips.places])
        every = max(1, int(lengths.sum()) // count)
        shown, found = [], []
        for i, take in enumerate(self.takes(name)):
            folder, clip = clips.places[i]
            numbers = np.arange(i % every, lengths[i], every)
            if len(numbers):
                shown.append(clips.clips[folder].frames(clip, numbers))
                motion = motions[i][numbers]
                found.append(known_keypoints(motion, take.who[0], take.yaw, self.video))
        return np.concatenate(shown), found

    def prepare(self, names: Sequence[str], processes: int = 1) -> None:
        """Make sets, with the help of other processes that do the same from the other end.

        Args:
            names: Of sets; "frame_encoder" is what all arms start from.
            processes: How many work in all; what comes out doesn't depend on it.

        Chapter: 11_video_to_text
        """
        names = list(names)
        context = get_context("spawn")
        helpers = [
            context.Process(target=_help, args=(self.video, self.root, names[k:] + names[:k]))
            for k in range(1, processes if self.clips is None else 1)
        ]
        for helper in helpers:
            helper.start()
        _work(self, names)
        for helper in helpers:
            helper.join()


def _work(world: VideoWorld, names: Sequence[str]) -> None:
    for name in names:
        world.frame_encoder() if name == "frame_encoder" else world[name]


def _help(scale: VideoScale, root: Path, names: Sequence[str]) -> None:
    import torch

    torch.set_num_threads(1)
    _work(VideoWorld(scale, root), names)


def _write(folder: Path, done: Path, numbers: range, clip: Callable[[int], Clip], key: str) -> None:
    write_clips(folder, len(numbers), lambda i: clip(numbers[i]), key=f"{key} {numbers}")
    done.touch()


def _short_hash(named: object) -> str:
    """Of settings: what is made with others goes under another name."""
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:10]


def _own(folder: Path, name: str) -> Clips:
    """The user's clips of a set."""
    for known in {"real": ("real", "train"), "test_seen": ("test_seen", "test")}.get(name, (name,)):
        if (folder / known).is_dir():
            return Clips.open(folder / known)
    raise SLTError(f"There are no clips {name!r} among your own.", file=folder,
                   fix="Pack them there, or leave out the arms that need them.")  # fmt: skip
