"""The yardstick on real continuous signing: every choice of the stitcher, switched or varied.

For each sentence of the DGS Corpus (`dgs_korpus`) the longest stretch is taken of which every
gloss is also signed in another sentence. It is stitched from those other tokens and held
against the real signing of the same glosses, from the first one's start to the last one's
end. What is compared thus says the same on both sides, and nothing is left out of the middle.
"""

import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Literal

import numpy as np

from slt_lib.dictionary import Dictionary, Sign
from slt_lib.dictionary.quality import assess
from slt_lib.dictionary.sign import number_variants
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.io.pose_file import as_pose_format
from slt_lib.pose.resample import to_fps
from slt_lib.pose.sequence import PoseSequence, concatenate
from slt_lib.pose.skeleton import REDUCED_178
from slt_lib.stitching.compare import compare_with_real
from slt_lib.stitching.dgs_korpus import FOLDER, has_form, read_sentences
from slt_lib.stitching.duration import DurationModel, fit_durations
from slt_lib.stitching.peer import from_peer, peer_stitch
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.spectrum import BINS, Spectrum, part_power
from slt_lib.stitching.stitcher import Stitcher

MEASURES = (
    "length_ratio",
    "sign_ratio",
    "gap_ratio",
    "dtw_mje",
    "travel_ratio",
    "spectrum_distance",
    "jerk_ratio",
    "seen_ratio",
)
SHORTEST = 2  # glosses: without a join there is nothing to stitch
# Canonical arms would be given a depth from bone lengths; these recordings have none. No arm crops:
# tokens cut out of sentences have no rest.
OURS = StitchSettings(canonical=False, missing="skip", durations=None)


@dataclass(frozen=True)
class Arm:
    """One way of making a stretch's signing.

    Attributes:
        settings: Of the stitcher. Its durations are used if `durations` says so.
        durations: "fitted" on all other sentences, the "settings'", or the "real" ones of this
            very sentence (nobody has those; they show what better durations could give).
        drawn: Durations are drawn with the seed; off: medians.
        signs: The tokens played: of the "others" (of the same recording where it has one), of
            other recordings first ("strangers'"), or the sentence's "own" (no stitcher has
            those; only joins and filter are left to differ).
        method: "stitcher", "raw" (one token after the other), "peer", or the "real" signing itself.
        dealt: Hold it against another sentence: what a measure is worth if nothing fits.

    Chapter: 03_stitching
    """

    settings: StitchSettings = OURS
    durations: Literal["fitted", "settings", "real"] = "fitted"
    drawn: bool = True
    signs: Literal["others", "strangers", "own"] = "others"
    method: Literal["stitcher", "raw", "peer", "real"] = "stitcher"
    dealt: bool = False


_oracle = partial(Arm, durations="real", signs="own")
ARMS: Mapping[str, Arm] = {
    "real": Arm(method="real"),
    "dealt": Arm(dealt=True),
    "raw": Arm(method="raw"),
    "peer": Arm(method="peer"),
    "ours": Arm(),
    "median-durations": Arm(drawn=False),
    "constant-durations": Arm(replace(OURS, durations=DurationModel()), "settings", drawn=False),
    "own-durations": Arm(durations="settings"),
    "real-durations": Arm(durations="real"),
    "minimum-jerk": Arm(replace(OURS, transition="minimum-jerk")),
    "no-transition": Arm(replace(OURS, transition="none")),
    "no-filter": Arm(replace(OURS, smoothing="none")),
    "fixed-6-hz": Arm(replace(OURS, smoothing="fixed")),
    "gaussian": Arm(replace(OURS, smoothing="gaussian")),
    "savitzky-golay": Arm(replace(OURS, smoothing="savitzky-golay")),
    "one-euro": Arm(replace(OURS, smoothing="one-euro")),
    "reduced": Arm(replace(OURS, reduction=0.06)),
    "strangers": Arm(signs="strangers"),
    "own-signs": _oracle(),
    "own-signs-minimum-jerk": _oracle(replace(OURS, transition="minimum-jerk")),
    "own-signs-no-transition": _oracle(replace(OURS, transition="none")),
}


@dataclass(frozen=True, eq=False)
class Stretch:
    """The part of a sentence that is stitched and compared.

    Attributes:
        name: The sentence's.
        real: The real signing of it, 50 joints, shoulder frame, z 0.
        spans: Frames of its glosses in `real`.
        seconds: How long each of its glosses lasts, as annotated.
        signs: By `Arm.signs`, a sign for each gloss.
        reference: Velocity spectrum of all other sentences.
        durations: Fitted on all other sentences.

    Chapter: 03_stitching
    """

    name: str
    real: PoseSequence
    spans: tuple[tuple[int, int], ...]
    seconds: tuple[float, ...]
    signs: Mapping[str, tuple[Sign, ...]]
    reference: Spectrum
    durations: DurationModel


@lru_cache(maxsize=2)
def read_stretches(folder: str = FOLDER, fps: float = 25.0) -> tuple[Stretch, ...]:
    """The stretches of all sentences that have one, each with the other sentences' signs.

    Args:
        folder: As for `read_sentences`.
        fps: Frames per second to stitch and compare at.

    Raises:
        PoseFileError: If a file is missing or damaged.

    Chapter: 03_stitching
    """
    return find_stretches(read_sentences(folder), fps)


def find_stretches(sentences: Sequence[Utterance], fps: float) -> tuple[Stretch, ...]:
    """`read_stretches` for sentences at hand.

    Chapter: 03_stitching
    """
    tokens = {one.name: _signs(one) for one in sentences}
    every = list(number_variants(s for signs in tokens.values() for s in signs))
    # Of each gloss's tokens the dictionary's best comes first, near signers before others or after.
    ranked = {}
    for recording in {one.signer for one in sentences}:
        near = {one.name for one in sentences if one.signer == recording}
        for kind, first in (("others", True), ("strangers", False)):
            ranked[recording, kind] = Dictionary(
                replace(s, priority=int((s.sentence in near) != first)) for s in every
            )
    references = _others_spectra([to_fps(one.pose, fps) for one in sentences], fps)
    found = []
    for one, reference in zip(sentences, references, strict=True):
        others = [
            {k: _elsewhere(ranked[one.signer, k], g, one.name) for k in ("others", "strangers")}
            for g in one.gloss
        ]
        a, b = _longest_run([all(kinds.values()) for kinds in others])
        if b - a < SHORTEST:
            continue
        own, pose, factor = tokens[one.name][a:b], to_fps(one.pose, fps), fps / one.pose.fps
        start, end = round(one.spans[a][0] * factor), round(one.spans[b - 1][1] * factor)
        at = [(round(s * factor) - start, round(e * factor) - start) for s, e in one.spans[a:b]]
        observed = [(s.gloss, s.seconds) for s in every if s.sentence != one.name]
        found.append(
            Stretch(
                name=one.name,
                real=pose[start:end],
                spans=tuple((s, max(e, s + 1)) for s, e in at),
                seconds=tuple(sign.seconds for sign in own),
                signs={k: tuple(kinds[k] for kinds in others[a:b]) for k in others[a]}
                | {"own": own},
                reference=reference,
                durations=fit_durations(observed, ways="apart"),
            )
        )
    return tuple(found)


def _signs(one: Utterance) -> tuple[Sign, ...]:
    """Every token of a sentence as a sign, on the first 50 joints as it is."""
    signs = []
    for gloss, (start, end) in zip(one.gloss, one.spans, strict=True):
        quality = assess(one.pose[start:end])
        if quality.verdict == "poor":  # seen flat, bones change their length: it says nothing here
            quality = replace(quality, verdict="good", why=())
        signs.append(
            Sign(
                gloss=gloss,
                fps=one.pose.fps,
                frames=end - start,
                read=partial(_frames, one.pose, start, end),
                source=f"{one.name}, frames {start} to {end - 1}",
                sentence=one.name,
                signed_language="gsg",
                quality=quality,
            )
        )
    return tuple(signs)


def _frames(pose: PoseSequence, start: int, end: int) -> PoseSequence:
    return pose[start:end]


def _elsewhere(dictionary: Dictionary, gloss: str, sentence: str) -> Sign | None:
    """The best token of a gloss from another sentence."""
    signs = dictionary.signs(gloss) if gloss in dictionary and has_form(gloss) else ()
    return next((sign for sign in signs if sign.sentence != sentence), None)


def _longest_run(have: Sequence[bool]) -> tuple[int, int]:
    best, start = (0, 0), 0
    for i, there in enumerate([*have, False]):
        if not there:
            best, start = max(best, (start, i), key=lambda run: run[1] - run[0]), i + 1
    return best


def _others_spectra(poses: Sequence[PoseSequence], fps: float) -> list[Spectrum]:
    """`spectrum` of all sequences but one, for each: the whole's power less its own."""
    powers, total = [part_power(pose) for pose in poses], defaultdict(lambda: np.zeros(BINS))
    for parts in powers:
        for part, power in parts.items():
            total[part] = total[part] + power
    hertz = np.linspace(0, fps / 2, BINS)
    rest = [{part: power - own.get(part, 0) for part, power in total.items()} for own in powers]
    return [Spectrum(hertz, {p: v / max(v.sum(), 1e-12) for p, v in r.items()}) for r in rest]


def make(arm: Arm, stretch: Stretch, seed: int) -> tuple[PoseSequence, Sequence | None]:
    """A stretch's signing as an arm makes it.

    Returns:
        (sequence of 50 joints at the stretch's frame rate, (start, end) of its signs; None from
        the peer, which doesn't tell).

    Raises:
        SLTError: If the peer can't work with the recordings.

    Chapter: 03_stitching
    """
    fps, signs = stretch.real.fps, stretch.signs[arm.signs]
    if arm.method == "real":
        return stretch.real, stretch.spans
    if arm.method == "peer":
        return _by_peer(signs, stretch.real), None
    if arm.method == "raw":
        parts = [to_fps(sign.pose, fps) for sign in signs]
        ends = np.cumsum([len(part) for part in parts]).tolist()
        return concatenate(parts), list(zip([0, *ends], ends, strict=False))
    model = stretch.durations if arm.durations == "fitted" else arm.settings.durations
    settings = replace(arm.settings, fps=fps, durations=model)
    reference = stretch.reference if settings.smoothing == "matched" else None
    stitched = Stitcher(Dictionary(), settings, reference).stitch_signs(
        signs,
        seconds=stretch.seconds if arm.durations == "real" else None,
        seed=seed if arm.drawn else None,
    )
    return stitched.pose, stitched.spans


def _by_peer(signs: Sequence[Sign], like: PoseSequence) -> PoseSequence:
    """The peer gets what it knows, 178 joints; that the face isn't there is in their confidence.

    It hides low hands for a viewer's sake. They would count as free of error, so they stay.
    """
    clips = [as_pose_format(sign.pose.to(REDUCED_178)) for sign in signs]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # it divides by masked distances
            pose = from_peer(peer_stitch(clips, hide_idle_hands=False))
    except (ValueError, IndexError) as error:
        raise SLTError(f"The peer can't stitch these: {error}.") from error
    return to_fps(pose.to(like.skeleton), like.fps)


def measure(
    arm: Arm, stretches: Sequence[Stretch], seed: int = 0
) -> dict[str, dict[str, float | None]]:
    """One arm over all stretches, each held against its real signing.

    Args:
        arm: Such as one of `ARMS`.
        stretches: As `read_stretches` gives them.
        seed: Of drawn durations; the same for every arm, so that arms can be compared in pairs.

    Returns:
        By sentence: `length_ratio` (and of it `sign_ratio` and `gap_ratio`: seconds within
        and between signs over the real ones), `dtw_mje` (shoulder widths, x and y),
        `travel_ratio`, `spectrum_distance` (dB), `jerk_ratio` at the signs' edges and
        `seen_ratio`, the share of joints seen over the real one's (hidden joints have no error,
        so no `dtw_mje` is good without it); None where it can't be measured.

    Chapter: 03_stitching
    """
    rows = {}
    for i, stretch in enumerate(stretches):
        held = stretches[(i + 1) % len(stretches)] if arm.dealt else stretch
        try:
            pose, spans = make(arm, stretch, seed * 1000 + i)
        except SLTError:
            rows[stretch.name] = dict.fromkeys(MEASURES)
            continue
        row = compare_with_real(
            {"it": (pose, spans)}, held.real, held.real.seconds, held.reference, canonical=False
        )["it"]
        row["seen_ratio"] = float(pose.mask.mean() / held.real.mask.mean())
        row["sign_ratio"] = row["gap_ratio"] = float("nan")
        if spans:
            signed = sum(e - s for s, e in spans)
            real = sum(e - s for s, e in held.spans)
            row["sign_ratio"] = signed / real
            if len(held.real) > real:
                row["gap_ratio"] = (len(pose) - signed) / (len(held.real) - real)
        rows[stretch.name] = {
            name: round(row[name], 5) if np.isfinite(row[name]) else None for name in MEASURES
        }
    return rows


def medians(
    rows: Mapping[str, Mapping[str, float | None]], draws: int = 1000, seed: int = 0
) -> dict[str, list[float] | None]:
    """The median of each measure over sentences, and its 95 % interval by bootstrap.

    Args:
        rows: As `measure` gives them; or differences of two arms' rows (`differences`).
        draws: Resamples of the sentences.
        seed: Of the resampling.

    Returns:
        {measure: [median, low, high]}; None where nothing was measured.

    Chapter: 03_stitching
    """
    table: dict[str, list[float] | None] = {}
    for name in MEASURES:
        values = np.array([row[name] for row in rows.values() if row[name] is not None])
        if not len(values):
            table[name] = None
            continue
        rng = np.random.default_rng(seed)
        drawn = np.median(values[rng.integers(len(values), size=(draws, len(values)))], axis=1)
        ends = np.quantile(drawn, [0.025, 0.975])
        table[name] = [round(float(v), 4) for v in (np.median(values), *ends)]
    return table


def differences(a: Mapping, b: Mapping) -> dict[str, dict[str, float | None]]:
    """Two arms sentence by sentence: a less b, where both were measured.

    Chapter: 03_stitching
    """
    return {
        name: {
            m: None if None in (a[name][m], b[name][m]) else a[name][m] - b[name][m]
            for m in MEASURES
        }
        for name in a.keys() & b.keys()
    }


def record(arm: str, seed: int, folder: str = FOLDER) -> dict:
    """One arm of `ARMS` over all stretches.

    Returns:
        The median of each measure, `intervals` (95 %, over sentences), and `sentences`, the
        measures of each of them by name.

    Raises:
        SLTError: If there is no such arm.
        PoseFileError: If a file is missing or damaged.

    Chapter: 03_stitching
    """
    if arm not in ARMS:
        raise SLTError(f"No arm is named {arm!r}.", fix=f"Known: {', '.join(ARMS)}.")
    rows = measure(ARMS[arm], read_stretches(folder), seed)
    table = medians(rows)
    return {
        **{name: values and values[0] for name, values in table.items()},
        "intervals": {name: values and values[1:] for name, values in table.items()},
        "sentences": rows,
    }
