"""The seven steps in a row: glosses in, one continuous 178-joint sequence out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from slt_lib.dictionary import Dictionary, Lookup, Sign
from slt_lib.pose.errors import SLTError
from slt_lib.pose.resample import to_fps
from slt_lib.pose.sequence import PoseSequence, concatenate
from slt_lib.stitching.assemble import Bridge, Segment, assemble, bridge_with
from slt_lib.stitching.face import Expressions
from slt_lib.stitching.prepared import Preparations, crop_of, on_one_body
from slt_lib.stitching.reduction import reduce_articulation
from slt_lib.stitching.rests import SentenceRests
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.spectrum import Spectrum, sum_up
from slt_lib.stitching.steps import CroppedSign, crop_sign, set_tempo, smooth_out
from slt_lib.stitching.transition import Join


@dataclass(frozen=True, eq=False)
class Stitched:
    """Continuous signing made from single signs.

    Attributes:
        pose: The finished sequence, 178 joints, shoulder frame.
        segments: Where the signs are; what lies between two is a transition.
        timed: The signs as they went into the join: canonical, cropped, at their durations,
            one after the other.
        frames: How many frames of `timed` each sign has.
        joins: What was measured between each two signs.
        cutoffs: Hertz by body part, for `matched` smoothing.
        lookups: How each gloss was found; empty if signs were given.
        stages: The sequence after each step, by step name, if they were asked for.

    Chapter: 03_stitching
    """

    pose: PoseSequence
    segments: tuple[Segment, ...]
    timed: PoseSequence | None
    frames: tuple[int, ...]
    joins: tuple[Join, ...]
    cutoffs: Mapping[str, float]
    lookups: tuple[Lookup, ...] = ()
    stages: Mapping[str, PoseSequence] = field(default_factory=dict)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """(start, end) of every sign, for `measures`."""
        return [(segment.start, segment.end) for segment in self.segments]

    @property
    def sources(self) -> list[PoseSequence]:
        """Every sign as it went into the join, for `measures`."""
        if self.timed is None:
            raise SLTError(
                "Results of stitch_many come without their sources.",
                fix="Stitch the sentence again with Stitcher.stitch.",
            )
        ends = np.cumsum(self.frames)
        return [self.timed[int(e - n) : int(e)] for e, n in zip(ends, self.frames, strict=True)]


class Stitcher:
    """Stitches gloss sequences with one dictionary.

    What depends on a sign alone (its crop, its canonical form) is read if the dictionary was
    prepared (`prepare_dictionary`), else computed at the sign's first use, and kept.

    Args:
        dictionary: Where the signs are.
        settings: What to do differently.
        reference: The velocity spectrum of real signing at `settings.fps`, for `matched`
            smoothing. By default that of the dictionary's own recordings (`own_spectrum`).
        expressions: A codebook of facial expressions; None keeps each recording's face.
        bridge: Moves arms and hands between signs in its own way, such as
            `slt_lib.body.TurningBridge`; None does as `settings.transition` says.

    Raises:
        SLTError: If the reference was taken at another frame rate.

    Chapter: 03_stitching
    """

    def __init__(
        self,
        dictionary: Dictionary,
        settings: StitchSettings | None = None,
        reference: Spectrum | None = None,
        expressions: Expressions | None = None,
        bridge: Bridge | None = None,
    ) -> None:
        self.dictionary, self.settings = dictionary, settings or StitchSettings()
        self.expressions, self.bridge = expressions, bridge
        self._preparations = Preparations(self.settings)
        self._cropped: dict[Sign, CroppedSign] = {}
        self._prepared: dict[Sign, PoseSequence] = {}
        if self.settings.smoothing == "matched" and reference is None:
            reference = own_spectrum(dictionary, self.settings.fps, known=self._preparations)
        if reference is not None and not np.isclose(reference.fps, self.settings.fps):
            raise SLTError(
                f"The reference spectrum is of {reference.fps:g} frames per second, "
                f"the output has {self.settings.fps:g}.",
                fix="Take the spectrum of sequences converted with to_fps.",
            )
        self.reference = reference

    def prepare(self, sign: Sign) -> PoseSequence:
        """Steps 2 and 3 for one sign: canonical and cropped, at the recording's own frame rate."""
        if sign not in self._prepared:
            self._prepared[sign] = self.cropped(sign).sign(self.settings.way_in)
        return self._prepared[sign]

    def cropped(self, sign: Sign) -> CroppedSign:
        """The same with the ways from and to rest, which only the ends of a sentence show."""
        if sign not in self._cropped:
            cropped = self._preparations.cropped(sign)
            if cropped is None:
                cropped = crop_sign(self._on_one_body(sign), crop_of(sign, self.settings))
            self._cropped[sign] = cropped
        return self._cropped[sign]

    def _on_one_body(self, sign: Sign) -> PoseSequence:
        return on_one_body(sign.pose, self.settings)

    def stitch(
        self,
        glosses: Sequence[str],
        *,
        seconds: Sequence[float] | None = None,
        seed: int | None = None,
        expressions: Sequence[int] | None = None,
        keep_stages: bool = False,
    ) -> Stitched:
        """One sentence: from glosses to continuous signing.

        Args:
            glosses: The sentence; at least one gloss must have a sign.
            seconds: A duration for every *sign* found (a finger-spelled gloss has several),
                instead of the duration model's.
            seed: Draw durations at random around the model's median; None takes the median.
            expressions: With a codebook: the expression of each gloss, by number.
            keep_stages: Keep the sequence after each step, for looking at it.

        Raises:
            SLTError: If no gloss has a sign, or `seconds` are of another number than signs.

        Chapter: 03_stitching
        """
        lookups = tuple(self.dictionary.lookup(g, missing=self.settings.missing) for g in glosses)
        signs = [sign for lookup in lookups for sign in lookup.signs]
        if not signs:
            raise SLTError(
                "None of the glosses has a sign: " + " ".join(glosses),
                fix="Look at dictionary.lookup(gloss).explain().",
            )
        if expressions is not None and self.expressions is None:
            raise SLTError(
                "Expressions were asked for, but there is no codebook.",
                fix="Give Stitcher(..., expressions=fit_expressions(poses)).",
            )
        codes = None
        if self.expressions is not None:
            codes = _code_per_sign(self.expressions, lookups, expressions)
        stitched = self.stitch_signs(
            signs, seconds=seconds, seed=seed, codes=codes, keep_stages=keep_stages
        )
        return replace(stitched, lookups=lookups)

    def stitch_signs(
        self,
        signs: Sequence[Sign],
        *,
        seconds: Sequence[float] | None = None,
        rests: SentenceRests | None = None,
        seed: int | None = None,
        codes: Sequence[int] | None = None,
        keep_stages: bool = False,
    ) -> Stitched:
        """Steps 2 to 7 for signs already chosen.

        Args:
            signs: At least one.
            seconds, seed, keep_stages: As for `stitch`.
            rests: When nothing is signed; by default as the settings' `rests` have it.
            codes: With a codebook: the expression of each sign.

        Raises:
            SLTError: If there is no sign, or `seconds` aren't one duration per sign.

        Chapter: 03_stitching
        """
        if not signs:
            raise SLTError("There is no sign to stitch.", fix="Give at least one.")
        prepared = [self.prepare(sign) for sign in signs]
        rng = None if seed is None else np.random.default_rng(seed)
        frames = self._frames(signs, prepared, seconds, rng)
        durations, ends = self.settings.durations, None
        if rests is None and self.settings.rests is not None:
            model = self.settings.rests
            rests = model.median(len(signs)) if rng is None else model.draw(len(signs), rng)
        if rests is not None:
            ways = self.cropped(signs[0]).way_in(self.settings.way_in), self.cropped(signs[-1])
            ends = ways[0], ways[1].way_out()
        timed, joined, spans, joins = assemble(
            prepared, frames, self.settings.fps, self.settings.transition,
            "apart" if durations is None else durations.ways, rests, ends,
        )  # fmt: skip
        frames = [end - start for start, end in spans]
        if self.bridge is not None:
            joined = bridge_with(joined, spans, self.bridge)
        if self.expressions is not None and codes is not None:
            joined = self.expressions.put(joined, spans, codes)
        segments = [Segment(g.gloss, g.variant, *at) for g, at in zip(signs, spans, strict=True)]
        sentence, segments = set_tempo(joined, segments, self.settings.tempo)
        sentence = reduce_articulation(sentence, self.settings.reduction)
        final, cutoffs = smooth_out(sentence, segments, self.settings, self.reference)
        stages = {}
        if keep_stages:
            raw = [to_fps(sign.pose, self.settings.fps) for sign in signs]
            canonical = [to_fps(self._on_one_body(sign), self.settings.fps) for sign in signs]
            cropped = [to_fps(p, self.settings.fps) for p in prepared]
            stages = {
                "1 select": concatenate(raw),
                "2 canonical": concatenate(canonical),
                "3 crop": concatenate(cropped),
                "4 duration": timed,
                "5 join": joined,
                "6 resample": sentence,
                "7 filter": final,
            }
        return Stitched(
            pose=final,
            segments=tuple(segments),
            timed=timed,
            frames=tuple(frames),
            joins=tuple(joins),
            cutoffs=cutoffs,
            stages=stages,
        )

    def _frames(self, signs, prepared, seconds, rng) -> list[int]:
        """Number of output frames of every sign (step 4)."""
        model, fps = self.settings.durations, self.settings.fps
        if seconds is not None:
            if len(seconds) != len(signs):
                raise SLTError(f"{len(seconds)} durations were given for {len(signs)} signs.")
            if not all(0 < s < 3600 for s in seconds):
                raise SLTError(f"Not all of these are durations in seconds: {list(seconds)}.")
            lengths = list(seconds)
        elif model is None:
            lengths = [pose.seconds for pose in prepared]
        else:
            lengths = model.sentence([sign.gloss for sign in signs], rng)
        return [max(1, round(s * fps)) for s in lengths]


def own_spectrum(
    dictionary: Dictionary, fps: float, signs: int = 200, known: Preparations | None = None
) -> Spectrum:
    """The velocity spectrum of a dictionary's own recordings: real movement without seams.

    Args:
        dictionary: Where the recordings are; the first `signs` usable ones are measured.
        fps: Frames per second to measure at.
        known: Where what was measured before is found; by default for the default settings.

    Chapter: 03_stitching
    """
    known = known or Preparations(StitchSettings(fps=fps))
    taken = [dictionary.signs(gloss)[0] for gloss in dictionary.glosses[:signs]]
    return sum_up(map(known.power, taken), fps)


def _code_per_sign(
    expressions: Expressions, lookups, codes: Sequence[int] | None
) -> list[int | None]:
    """The expression number of every sign; signs of one gloss share it."""
    if codes is not None and len(codes) != len(lookups):
        raise SLTError(f"{len(codes)} expressions were given for {len(lookups)} glosses.")
    chosen = codes if codes is not None else [expressions.of(lookup.signs) for lookup in lookups]
    return [code for lookup, code in zip(lookups, chosen, strict=True) for _ in lookup.signs]
