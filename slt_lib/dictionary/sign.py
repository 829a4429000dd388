"""A sign: one recording of one gloss, and what is known of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

from slt_lib.dictionary.quality import SignQuality, assess, rejected
from slt_lib.pose.depth import fix_depth
from slt_lib.pose.errors import PoseError, PoseFileError
from slt_lib.pose.normalise import normalise
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178

POSES_KEPT = 256  # poses held in memory at a time; the others are read again when asked for


@dataclass(frozen=True, eq=False)
class Sign:
    """One recording of one gloss; its pose is read when it is first asked for.

    Attributes:
        gloss: The gloss, as the source writes it.
        fps: Frames per second of the recording, its own.
        frames: Number of frames.
        read: Gives the pose; called again whenever the pose has left the memory.
        variant: 0, 1, … in the order of the source, among the recordings of the gloss.
        source: File and row, or sentence and frames.
        sentence: Name of the sentence it was cut from; None for an isolated recording.
        signed_language: ISO 639-3 code ("gsg" is DGS), "" if unknown.
        priority: The source's own order of preference, lower first.
        quality: What was measured on the recording.

    Chapter: 02_dictionary
    """

    gloss: str
    fps: float
    frames: int
    read: Callable[[], PoseSequence] = field(repr=False)
    variant: int = 0
    source: str = ""
    sentence: str | None = None
    signed_language: str = ""
    priority: int = 0
    quality: SignQuality = field(default=SignQuality(0), repr=False)

    @property
    def seconds(self) -> float:
        """Duration of the recording."""
        return self.frames / self.fps

    @property
    def pose(self) -> PoseSequence:
        """The recording on the 178-joint skeleton, shoulder frame, at its own frame rate.

        Raises:
            PoseFileError: If the file has gone or been damaged since the dictionary was built.
        """
        return _pose(self)


@lru_cache(maxsize=POSES_KEPT)
def _pose(sign: Sign) -> PoseSequence:
    return sign.read()


def record(gloss: str, read: Callable[[], PoseSequence], source: str, **known) -> Sign:
    """Look at a recording once, and make a sign of it. An unreadable one is a rejected sign.

    Args:
        gloss: What it shows.
        read: Reads the recording as it is in the file; kept for later.
        source: Where it stands, for people.
        known: Other fields of `Sign` (`variant`, `signed_language`, `priority`).

    Raises:
        MissingPartError: If reading needs a part that isn't installed (video).

    Chapter: 02_dictionary
    """
    try:
        pose = fix_depth(read())
        quality, fps = assess(pose), pose.fps
    except (PoseFileError, PoseError) as error:
        quality, fps = rejected(0, str(error)), 1.0
    later = partial(_read_sign, read)
    return Sign(gloss=gloss, fps=fps, frames=quality.frames, read=later, source=source,
                quality=quality, **known)  # fmt: skip


def _read_sign(read: Callable[[], PoseSequence]) -> PoseSequence:
    return to_sign_pose(read())


def number_variants(signs: Iterable[Sign]) -> Iterator[Sign]:
    """The signs with their variants counted, per gloss, in the order given."""
    seen: Counter = Counter()
    for sign in signs:
        yield replace(sign, variant=seen[sign.gloss])
        seen[sign.gloss] += 1


def to_sign_pose(pose: PoseSequence) -> PoseSequence:
    """A recording in the form that signs have: one unit in depth, 178 joints, shoulder frame.

    Args:
        pose: As read from a file, any skeleton with shoulders.

    Raises:
        PoseError: If no frame saw both shoulders.

    Chapter: 02_dictionary
    """
    return normalise(fix_depth(pose).to(SLRTP_178))
