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
        self, pose: PoseSequence, spans: Sequence[tuple[int, int]], codes: Sequence[int]
    ) -> PoseSequence:
        """Give every sign the face of its code; between two signs one face becomes the other.

        Frames in which the face wasn't seen stay without one.

        Args:
            pose: A canonical 178-joint sequence.
            spans: (start, end) frames of every sign, in order, end exclusive.
            codes: The code of every sign.

        Raises:
            SLTError: If a code isn't in the codebook, or there aren't as many as spans.

        Chapter: 03_stitching
        """
        if len(codes) != len(spans) or not all(0 <= c < len(self.codes) for c in codes):
            raise SLTError(f"{len(spans)} signs need {len(spans)} codes below {len(self.codes)}.")
        body = canonical_body()
        faces = read_faces(pose.positions, pose.mask, body)
        corners = [t for start, end in spans for t in (start, end - 1)]
        place = np.interp(faces.frames, corners, np.repeat(np.arange(len(spans)), 2))
        low = place.astype(int)
        high = np.minimum(low + 1, len(spans) - 1)
        wanted, share = self.codes[np.asarray(codes)], (place - low)[:, None, None]
        shape = neutral_face(body) + wanted[low] + share * (wanted[high] - wanted[low])
        positions = pose.positions.copy()
        write_faces(positions, faces, shape, body)
        return pose.replace(positions=positions)


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
