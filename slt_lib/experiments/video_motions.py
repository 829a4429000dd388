"""What the weather world's signers do, as bodies: fitted once, kept in lots, read back."""

from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np

from slt_lib.body import Body, FitSettings, fit_bodies, load_body
from slt_lib.body.motion import BodyMotion
from slt_lib.corpus.corpus import Corpus
from slt_lib.experiments.lots import share
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io.guard import atomic_write, refusing
from slt_lib.pose.resample import to_fps

LOT = 16  # sentences in a file: about as many frames as are fitted at once
_ARRAYS = ("rotations", "expression", "transl", "seen")


def chosen_sentences(corpus: Corpus, count: int, fps: float, longest: int = 0) -> list[int]:
    """The first sentences of a corpus that aren't too long.

    Args:
        corpus: To choose from.
        count: How many.
        fps: Of the clips.
        longest: Frames at that rate; 0 for no limit.

    Returns:
        Numbers of items.

    Raises:
        SLTError: If there aren't enough.

    Chapter: 11_video_to_text
    """
    frames = np.round(corpus.frames * (fps / corpus.fps))
    fitting = np.flatnonzero((frames <= longest) if longest else (frames > 0))
    if len(fitting) < count:
        raise SLTError(f"Only {len(fitting)} of the {count} sentences wanted are there and short "
                       "enough.", fix="Ask for fewer, or for longer ones.")  # fmt: skip
    return fitting[:count].tolist()


def fitted_motions(
    folder: Path, corpus: Corpus, items: Sequence[int], *, fps: float, steps: int
) -> "Motions":
    """Bodies fitted to sentences of a corpus; what is in the folder already isn't fitted again.

    The simulated keypoints are known in depth, and the fit uses that. Several processes may work
    on one folder at once.

    Args:
        folder: For sentences of this corpus, fitted in this way.
        corpus: Of the sentences.
        items: Their numbers in it.
        fps: Frames per second that they are brought to before.
        steps: Of the fit.

    Chapter: 11_video_to_text
    """
    parts = [list(items[start : start + LOT]) for start in range(0, len(items), LOT)]
    lots = {folder / f"{k:05d}-{len(part)}.npz": part for k, part in enumerate(parts)}
    share({file: partial(_fit, file, corpus, lot, fps, steps) for file, lot in lots.items()})
    return Motions(list(lots), len(items))


class Motions:
    """Fitted sentences, read lot by lot.

    Args:
        files: Of the lots.
        count: Sentences in all.
    """

    def __init__(self, files: Sequence[Path], count: int) -> None:
        self.files, self.count = list(files), count
        self._open: tuple[int, list[BodyMotion]] | None = None

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, sentence: int) -> BodyMotion:
        """What the body does in a sentence, with the build that the fit found."""
        lot, place = divmod(range(self.count)[sentence], LOT)
        if self._open is None or self._open[0] != lot:
            self._open = lot, _read(self.files[lot])
        return self._open[1][place]


@cache
def the_body() -> Body:
    """The default body, loaded once per process."""
    return load_body()


def _fit(file: Path, corpus: Corpus, items: Sequence[int], fps: float, steps: int) -> None:
    poses = [to_fps(corpus[i].pose, fps) for i in items]
    fits = fit_bodies(the_body(), poses, FitSettings(steps=steps, deep=True))
    motions = [fit.motion for fit in fits]
    arrays = {name: np.concatenate([getattr(m, name) for m in motions]) for name in _ARRAYS}
    starts = np.cumsum([0, *map(len, motions)])
    with atomic_write(file) as stream:
        np.savez(stream, starts=starts, fps=fps, betas=np.stack([m.betas for m in motions]),
                 **arrays)  # fmt: skip


def _read(file: Path) -> list[BodyMotion]:
    fix = "Delete it; it is made again."
    with refusing(file, "fitted motions", fix), np.load(file, allow_pickle=False) as stored:
        rotations, expression, transl, seen = (stored[name] for name in _ARRAYS)
        starts, fps, betas = stored["starts"], float(stored["fps"]), stored["betas"]
        return [
            BodyMotion(rotations[a:b], fps, shape, expression[a:b], transl[a:b], seen[a:b])
            for a, b, shape in zip(starts[:-1], starts[1:], betas, strict=True)
        ]
