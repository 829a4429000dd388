"""A sign: one recording of one gloss, and what is known of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from slt_lib.dictionary.quality import SignQuality
from slt_lib.pose.depth import fix_depth
from slt_lib.pose.normalise import normalise
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178

POSES_KEPT = 256  # poses held in memory at a time; the others are read again when asked for


@dataclass(frozen=True, eq=False)
class Sign:
    """One recording of one gloss; its pose is read when it is first asked for.

    Attributes:
        gloss: The gloss, as the source writes it.
        variant: 0, 1, … among the recordings of the gloss, best first.
        fps: Frames per second of the recording, its own.
        frames: Number of frames.
        read: Gives the pose; called again whenever the pose has left the memory.
        source: File and row, or sentence and frames.
        sentence: Name of the sentence it was cut from; None for an isolated recording.
        signed_language: ISO 639-3 code ("gsg" is DGS), "" if unknown.
        priority: The source's own order of preference, lower first.
        quality: What was measured on the recording.

    Chapter: 02_dictionary
    """

    gloss: str
    variant: int
    fps: float
    frames: int
    read: Callable[[], PoseSequence] = field(repr=False)
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


def to_sign_pose(pose: PoseSequence) -> PoseSequence:
    """A recording in the form that signs have: one unit in depth, 178 joints, shoulder frame.

    Args:
        pose: As read from a file, any skeleton with shoulders.

    Raises:
        PoseError: If no frame saw both shoulders.

    Chapter: 02_dictionary
    """
    return normalise(fix_depth(pose).to(SLRTP_178))
