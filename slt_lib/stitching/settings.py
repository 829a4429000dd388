"""What the stitcher may be asked to do differently."""

from dataclasses import dataclass, field
from typing import Literal, get_args, get_type_hints

from slt_lib.pose.errors import SLTError
from slt_lib.stitching.duration import DurationModel
from slt_lib.stitching.rests import Rests
from slt_lib.stitching.transition import Kind

Smoothing = Literal["matched", "fixed", "gaussian", "savitzky-golay", "one-euro", "none"]


@dataclass(frozen=True)
class StitchSettings:
    """Settings of one stitcher.

    Attributes:
        fps: Frames per second of the output.
        durations: Seconds per sign; None keeps each cropped recording's own duration.
        rests: Before the first sign, after the last, and pauses; None has none.
        crop: Which part of a recording is the sign.
        way_in: Share of a recording's way up from rest that is kept with every sign, 0 to 1.
        transition: What lies between two signs; `none` sets one right behind the other.
        tempo: Step 6: the whole sentence this many times faster.
        reduction: Seconds over which the arms' paths are blurred (`reduce_articulation`); 0 not at
            all.
        smoothing: Step 7; all but `matched` and `none` use `cutoff`.
        cutoff: Hertz; for one-euro that of a joint at rest.
        dominant: Mirror recordings of signers whose other hand is the dominant one.
        missing: What a gloss without a sign gets (`Dictionary.lookup`).
        canonical: Put everybody on one body (off only to show what it's for).

    Raises:
        SLTError: If a value makes no sense.

    Chapter: 03_stitching
    """

    fps: float = 25.0
    durations: DurationModel | None = field(default_factory=DurationModel)
    rests: Rests | None = None
    crop: Literal["distance", "elbow", "none"] = "distance"
    way_in: float = 0.0
    transition: Kind = "linear"
    tempo: float = 1.0
    reduction: float = 0.0
    smoothing: Smoothing = "matched"
    cutoff: float = 6.0
    dominant: Literal["as recorded", "right", "left"] = "as recorded"
    missing: Literal["fingerspell", "skip", "refuse"] = "fingerspell"
    canonical: bool = True

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise SLTError(
                    f"{name} can't be {getattr(self, name)!r}.",
                    fix=f"Choose from: {', '.join(choices)}.",
                )
        if not (0 < self.fps <= 1000 and 0.05 <= self.tempo <= 20):
            raise SLTError(f"fps {self.fps} or tempo {self.tempo} makes no sense.")
        if not 0 <= self.way_in <= 1:
            raise SLTError(f"way_in is a share from 0 to 1, got {self.way_in}.")
        if not 0 <= self.reduction < 10:
            raise SLTError(f"reduction is in seconds, 0 for none, got {self.reduction}.")
        if self.smoothing not in ("matched", "none") and not 0 < self.cutoff < self.fps / 2:
            raise SLTError(f"The cutoff, {self.cutoff} Hz, isn't between 0 and {self.fps / 2:g}.")


CHOICES = {
    name: get_args(hint)
    for name, hint in get_type_hints(StitchSettings).items()
    if name in ("crop", "transition", "smoothing", "dominant", "missing")
}
