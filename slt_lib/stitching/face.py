"""The face between and on the signs: a small codebook of expressions.

A recording's face is kept by default. The seed paper instead chooses an expression for each
gloss from a learnt codebook; here the codebook is k-means over the expressions of real
recordings, with the neutral face as entry 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its submodules are imported when they are first named

from slt_lib.dictionary import Sign
from slt_lib.pose.canonical import canonicalise
from slt_lib.pose.errors import SLTError
from slt_lib.pose.face import neutral_face, read_faces, write_faces
from slt_lib.pose.proportions import canonical_body
from slt_lib.pose.sequence import PoseSequence


def expression_frames(pose: PoseSequence) -> np.ndarray:
    """How the face of each frame that shows it differs from neutral, float [n, 128, 3].

    Args:
        pose: A canonical 178-joint sequence; units of face size.
    """
    body = canonical_body()
    faces = read_faces(pose.positions, pose.mask, body)
    return faces.shape - neutral_face(body)


@dataclass(frozen=True, eq=False)
class Expressions:
    """A codebook of facial expressions.

    Attributes:
        codes: Difference from the neutral face, float [codes, 128, 3]; code 0 is neutral.

    Chapter: 03_stitching
    """

    codes: np.ndarray

    def nearest(self, pose: PoseSequence) -> int:
        """The code nearest to a sequence's mean expression; 0 (neutral) if no face was seen.

        Args:
            pose: A canonical 178-joint sequence.
        """
        frames = expression_frames(pose)
        if len(frames) == 0:
            return 0
        return int(((self.codes - frames.mean(0)) ** 2).sum((1, 2)).argmin())

    def of(self, signs: Sequence[Sign]) -> int | None:
        """The code nearest to what the first of some signs' faces did; None without signs."""
        return self.nearest(canonicalise(signs[0].pose)) if signs else None

    def put(
        self, pose: PoseSequence, spans: Sequence[tuple[int, int]], codes: Sequence[int],
        keep: bool = False,
    ) -> PoseSequence:  # fmt: skip
        """Give every sign the face of its code; between two signs one face becomes the other.

        Frames in which the face wasn't seen stay without one.

        Args:
            pose: A canonical 178-joint sequence.
            spans: (start, end) frames of every sign, in order, end exclusive.
            codes: The code of every sign.
            keep: Add the codes to the recordings' own faces, mouth and all, instead of putting
                them in their place.

        Raises:
            SLTError: If a code isn't in the codebook, or there aren't as many as spans.

        Chapter: 03_stitching
        """
        if len(codes) != len(spans) or not all(0 <= c < len(self.codes) for c in codes):
            raise SLTError(f"{len(spans)} signs need {len(spans)} codes below {len(self.codes)}.")
        body = canonical_body()
        faces = read_faces(pose.positions, pose.mask, body)
        start = faces.shape if keep else neutral_face(body)
        positions = pose.positions.copy()
        write_faces(positions, faces, start + self._wanted(faces.frames, spans, codes), body)
        return pose.replace(positions=positions)

    def _wanted(self, frames: np.ndarray, spans, codes: Sequence[int]) -> np.ndarray:
        """What the codes ask of some frames, float [frames, 128, 3]."""
        corners = [t for start, end in spans for t in (start, end - 1)]
        place = np.interp(frames, corners, np.repeat(np.arange(len(spans)), 2))
        low = place.astype(int)
        high = np.minimum(low + 1, len(spans) - 1)
        wanted, share = self.codes[np.asarray(codes)], (place - low)[:, None, None]
        return wanted[low] + share * (wanted[high] - wanted[low])


def fit_expressions(poses: Iterable[PoseSequence], codes: int = 8, seed: int = 0) -> Expressions:
    """Learn a codebook from recordings.

    Args:
        poses: Canonical 178-joint sequences.
        codes: How many expressions beside the neutral one.
        seed: For k-means' start.

    Raises:
        SLTError: If fewer frames show a face than codes are wanted.

    Chapter: 03_stitching
    """
    frames = np.concatenate([expression_frames(pose) for pose in poses])
    if len(frames) < codes:
        raise SLTError(f"{len(frames)} frames show a face: too few for {codes} expressions.")
    flat = frames.reshape(len(frames), -1)
    centres, _ = scipy.cluster.vq.kmeans2(flat, codes, minit="++", seed=seed)
    return Expressions(np.concatenate([np.zeros((1, 128, 3)), centres.reshape(-1, 128, 3)]))


def named_expressions(
    shown: Iterable[tuple[PoseSequence, Sequence[tuple[int, int]], Sequence[str]]],
    names: Sequence[str],
) -> Expressions:
    """What faces do when a corpus says that they do something, by name.

    The mean face of all signs of a name, less that of all signs of the first name (the plain
    face): what the name adds. Each sign counts with the middle half of its frames.

    Args:
        shown: Sentences: a canonical 178-joint sequence, the frames of its signs, and the name
            of what the face does on each.
        names: The code of each name is its place here; the first is the plain face.

    Returns:
        Codes for `Expressions.put(..., keep=True)`; a name that is never shown adds nothing.

    Raises:
        SLTError: If there is no name.

    Chapter: 13_novel_sentences
    """
    if not names:
        raise SLTError("Faces without names can't be told apart.", fix="Give at least one name.")
    total, count = np.zeros((len(names), 128, 3)), np.zeros(len(names))
    for pose, spans, said in shown:
        for (start, end), name in zip(spans, said, strict=True):
            quarter = (end - start) // 4
            middle = pose[start + quarter : max(start + quarter + 1, end - quarter)]
            if name in names and end > start:
                frames = expression_frames(middle)
                total[names.index(name)] += frames.sum(0)
                count[names.index(name)] += len(frames)
    mean = total / np.maximum(count, 1)[:, None, None]
    shows = (count > 0) & (count[0] > 0)
    return Expressions(np.where(shows[:, None, None], mean - mean[0], 0.0))
