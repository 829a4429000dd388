"""One item of a corpus, whatever format it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from slt_lib.pose.sequence import PoseSequence


@dataclass(frozen=True, eq=False)
class Utterance:
    """A signed sentence with what was written down about it.

    Attributes:
        name: Name within the corpus ("train/11August_2010_Wednesday_tagesschau-1").
        gloss: Glosses in signing order.
        text: The spoken-language sentence.
        signer: Who signs, "" where the format doesn't say.
        pose: The signing, None where the format holds only annotation.
        frames: Number of video frames, None where unknown.
        alignment: One recogniser state per frame, int [frames] (`pami0` of PHOENIX14T:
            sign id = (state - 1) // 3), None where there is none.
        meta: What else the format says, under the format's own names.
        origin: What kind of signing it is: "real", "simulated" (a simulated signer) or
            "synthetic" (stitched), "" where nobody said.
        spans: First frame and frame after the last of each gloss, (s, s) for one that wasn't
            signed; None where unknown.
        recipe: How a made item was made: enough to make it again. None for a recording.

    Chapter: 02_dictionary
    """

    name: str
    gloss: tuple[str, ...] = ()
    text: str = ""
    signer: str = ""
    pose: PoseSequence | None = None
    frames: int | None = None
    alignment: np.ndarray | None = None
    meta: Mapping = field(default_factory=dict)
    origin: str = ""
    spans: tuple[tuple[int, int], ...] | None = None
    recipe: Mapping | None = None
