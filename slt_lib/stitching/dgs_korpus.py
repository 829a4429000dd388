"""Real continuous signing: sentences of the Public DGS Corpus, their glosses timed by annotators.

`segments.json` says which sentences there are, `segments/seg_*.npz` holds their keypoints
(BODY_25 and two hands, 2-D, 50 frames per second), `eaf/*.eaf` the annotators' glosses in
milliseconds. Depth was not measured, so z is 0 everywhere, and what would guess it from bone
lengths (`canonicalise`, `restore_bones`) has no place here. The data aren't part of this project.
"""

import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from slt_lib.pose.errors import PoseFileError
from slt_lib.pose.io import Utterance
from slt_lib.pose.io.guard import LARGEST_FILE, checked_fps, read_bytes, refusing
from slt_lib.pose.normalise import normalise
from slt_lib.pose.sequence import PoseSequence, concatenate
from slt_lib.pose.skeleton import BODY_HANDS_50
from slt_lib.stitching.filters import runs
from slt_lib.stitching.transition import PROBES, measure_join

FOLDER = "../shared/data/dgs_korpus"
FIX = "Point it at the folder that holds segments.json, segments/ and eaf/."
POINTS = 67
# x is a share of the picture's width, y of its height: at 16 : 9, palms keep their length turning.
ASPECT = np.float32([16 / 9, 1])
# BODY_25's shoulders, elbows, wrists and hips, then its right and its left hand (stored last).
OUR_50 = np.array([2, 3, 4, 5, 6, 7, 9, 12, *range(46, 67), *range(25, 46)])
# Marks of what has no form of its own: a productive sign, a mouthing, a nod, a gesture of any kind.
FORMLESS = re.compile(r"\$(PROD|PMS|ORAL|GEST|ALPHA|GEST-NM.*|\$.*)?$")


def has_form(gloss: str) -> bool:
    """Whether two tokens of a gloss show the same hands, so that one can stand for the other.

    Chapter: 03_stitching
    """
    return not FORMLESS.match(gloss)


def gloss_type(token: str, kind: str) -> str:
    """The gloss of a token's form, without the marks `*` (varied) and `^` (type).

    DGS-Korpus glosses every token twice: by its meaning (MEIN1*) and by the type whose form it
    has (GEHÖREN1^*). The hands follow the type. Only a number's digit, a list's or a letter's
    place are in the token alone ($NUM-EINER1A:3d).

    Args:
        token: The annotator's gloss.
        kind: The type's gloss; "" where it isn't known.

    Chapter: 03_stitching
    """
    return (token if ":" in token or not kind else kind).strip().rstrip("*^")


@dataclass(frozen=True)
class _Token:
    start: int  # ms
    end: int  # ms
    written: str
    gloss: str
    right: bool


def read_sentences(folder: str | Path = FOLDER) -> list[Utterance]:
    """All sentences of the folder, in the shoulder frame.

    Glosses are types (`gloss_type`), in order of time: the right-hand tier's (which holds
    two-handed signs too), and the left-hand tier's where the right hand signs nothing.

    Args:
        folder: With segments.json, segments/ and eaf/.

    Returns:
        Utterances whose `signer` is the recording, `pose` the first 50 joints at the file's frame
        rate (z is 0, points at the picture's edge masked), `spans` their glosses' frames, and
        `meta` has `start`, `end` (ms in the recording), `written` (glosses as annotated) and
        `odd`, what had to be decided, counted.

    Raises:
        PoseFileError: If a file is missing or damaged; it names the file.

    Chapter: 03_stitching
    """
    file = Path(folder) / "segments.json"
    with refusing(file, "a list of segments", FIX):
        items = json.loads(read_bytes(file))
        rows = [
            (
                str(x["id"]),
                str(x["recording"]),
                int(x["start_ms"]),
                int(x["end_ms"]),
                str(x["german_text"]),
                list(x["gloss_sequence"]),
            )
            for x in items
        ]
        if not rows or not all(re.fullmatch(r"[\w.-]+", row[i]) for row in rows for i in (0, 1)):
            raise PoseFileError("It has no segment, or names that aren't files.", file=file)
    tokens = {name: _read_tokens(file.parent / "eaf" / name) for name in {row[1] for row in rows}}
    return [_sentence(file.parent, row, tokens[row[1]]) for row in rows]


def read_keypoints(path: str | Path) -> PoseSequence:
    """One segment as it is in its file, on our first 50 joints; z is 0.

    (0, 0) is not seen; a point on the picture's edge lay outside and was moved there, so it
    counts as not seen either.

    Returns:
        Positions in picture heights.

    Raises:
        PoseFileError: If it is missing, damaged or of another kind.

    Chapter: 03_stitching
    """
    path = Path(path)
    with refusing(path, "a segment's keypoints", "Copy it again."):
        data = BytesIO(read_bytes(path))
        if sum(part.file_size for part in zipfile.ZipFile(data).infolist()) > LARGEST_FILE:
            raise PoseFileError("It unpacks to more than can be read.", file=path)
        with np.load(data, allow_pickle=False) as arrays:
            points, fps = arrays["keypoints"], checked_fps(float(arrays["fps"].item()))
        if points.ndim != 2 or points.shape[1] != 2 * POINTS or points.dtype.kind != "f":
            raise PoseFileError(
                f"Its keypoints are {points.dtype} {points.shape}, not [frames, {2 * POINTS}].",
                file=path,
                fix="Wanted: BODY_25, left hand, right hand, x and y of each.",
            )
    points = points.reshape(-1, POINTS, 2)[:, OUR_50]
    seen = ((points > 0) & (points < 1)).all(-1)
    positions = np.zeros((*seen.shape, 3), np.float32)
    positions[..., :2] = points * ASPECT
    return PoseSequence(positions, seen, fps, BODY_HANDS_50, {"file": str(path), "depth": 0})


def _read_tokens(path: Path) -> list[_Token]:
    """Signer A's glosses of one recording, both hands, by time."""
    with refusing(path, "an ELAN file", FIX):
        data = read_bytes(path)
        if b"<!ENTITY" in data:
            raise PoseFileError("It declares entities, which ELAN never does.", file=path)
        root = ElementTree.fromstring(data)
        times = {
            slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE"))
            for slot in root.iter("TIME_SLOT")
            if slot.get("TIME_VALUE") is not None
        }
        tiers = {tier.get("TIER_ID"): tier for tier in root.iter("TIER")}
        if "Lexem_Gebärde_r_A" not in tiers:
            raise PoseFileError("It has no tier of signer A's right-hand glosses.", file=path)
        tokens = [t for side in "rl" for t in _tier(tiers, times, side)]
    return sorted(tokens, key=lambda token: (token.start, token.end))


def _tier(tiers: dict, times: dict, side: str) -> Iterable[_Token]:
    """One hand's glosses; those whose times aren't said are left out."""
    types = {
        note.get("ANNOTATION_REF"): note.findtext("ANNOTATION_VALUE") or ""
        for note in _notes(tiers, f"Gebärde_{side}_A")
    }
    for note in _notes(tiers, f"Lexem_Gebärde_{side}_A"):
        start, end = (times.get(note.get(f"TIME_SLOT_REF{i}")) for i in (1, 2))
        written = note.findtext("ANNOTATION_VALUE") or ""
        if written and start is not None and end is not None:
            gloss = gloss_type(written, types.get(note.get("ANNOTATION_ID"), ""))
            yield _Token(start, end, written, gloss, side == "r")


def _notes(tiers: dict, name: str) -> list:
    return [a for outer in tiers.get(name, ()) for a in outer] if name in tiers else []


def _sentence(folder: Path, row: tuple, tokens: Sequence[_Token]) -> Utterance:
    name, recording, start, end, text, written = row
    path = folder / "segments" / f"{name}.npz"
    read = read_keypoints(path)
    with refusing(path, "a segment's keypoints", "Leave the segment out."):
        pose, fps = normalise(read), read.fps
    odd = Counter(clipped=int(len(pose) + 1 < (end - start) * fps / 1000))
    right = [t for t in tokens if t.right and start <= t.start < end]
    odd["glosses differ"] = int([t.written for t in right] != written)
    kept, spans, before = [], [], 0
    for token in tokens:
        if not start <= token.start < end:
            continue
        if not token.right and any(r.start < token.end and token.start < r.end for r in right):
            odd["left beside right"] += 1
            continue
        first, last = (round((t - start) * fps / 1000) for t in (token.start, token.end))
        odd["overlapping"] += first < before
        odd["past the end"] += last > len(pose)
        first, last = max(first, before), min(last, len(pose))
        if last <= first:
            odd["nothing left"] += 1
            continue
        odd["left alone"] += not token.right
        odd["formless"] += not has_form(token.gloss)
        kept.append(token)
        spans.append((first, last))
        before = last
    return Utterance(
        name=name,
        gloss=tuple(token.gloss for token in kept),
        text=text,
        signer=recording,
        pose=pose,
        frames=len(pose),
        spans=tuple(spans),
        origin="real",
        meta={"start": start, "end": end, "written": tuple(t.written for t in kept), "odd": odd},
    )


REST_HEIGHT = 1.05  # shoulder widths below the shoulders; signing: 0.4 in the median, a lap: 1.2
STILL = 0.7  # shoulder widths per second; within signs 1.5 in the median, a lap's calm quarter 0.3
HALF_STEP = 0.04  # seconds to either side over which a hand's speed is taken
PAUSE = 0.2  # seconds without movement that make a gap a pause


@dataclass(frozen=True)
class Gap:
    """What lies between two glosses, or before the first and after the last of a stretch.

    Attributes:
        where: "inside" a sentence, "between" two that follow without a cut, "start", "end".
        seconds: How long, as annotated.
        moving, holding, resting: Seconds of it in which the faster hand moves, keeps still in
            the signing space, or both hands lie low.
        kind: "transition", "hold" or "rest": pauses are still for `PAUSE` in a row.
        distance: Shoulder widths that the further hand ends from where it began; NaN if unseen.
        stitched: Seconds that the stitcher would put there (`measure_join`); NaN at the ends.

    Chapter: 03_stitching
    """

    where: str
    seconds: float
    moving: float
    holding: float
    resting: float
    kind: str
    distance: float
    stitched: float


def hand_states(pose: PoseSequence) -> np.ndarray:
    """What the hands do in each frame: 0 moving, 1 holding still, 2 at rest; int [frames].

    A hand that wasn't seen doesn't speak; where neither was, the frame counts as moving unless
    both arms' wrists lie low.

    Args:
        pose: Normalised, with arms and hands.

    Chapter: 03_stitching
    """
    half = max(1, round(HALF_STEP * pose.fps))
    frames = np.arange(len(pose))
    before, after = np.maximum(frames - half, 0), np.minimum(frames + half, len(pose) - 1)
    seconds = np.maximum(after - before, 1) / pose.fps
    fastest = np.full(len(pose), -1.0)
    for probes in PROBES.values():
        both = pose.mask[before][:, probes] & pose.mask[after][:, probes]
        way = np.linalg.norm(pose.positions[after] - pose.positions[before], axis=-1)[:, probes]
        mean = (way * both).sum(1) / np.maximum(both.sum(1), 1)
        fastest = np.maximum(fastest, np.where(both.any(1), mean / seconds, -1))
    wrists = pose.skeleton.ids("RIGHT_WRIST", "LEFT_WRIST")
    low = (pose.mask[:, wrists] & (pose.positions[:, wrists, 1] > REST_HEIGHT)).all(1)
    still = (fastest >= 0) & (fastest < STILL)
    return np.where(low & (fastest < STILL), 2, np.where(still, 1, 0))


def measure_gaps(sentences: Sequence[Utterance]) -> list[Gap]:
    """Every stretch without a gloss, and what the hands do in it.

    Sentences that follow one another without a cut are looked at as one.

    Args:
        sentences: As `read_sentences` gives them.

    Chapter: 03_stitching
    """
    gaps: list[Gap] = []
    for chain in _chains(sentences):
        pose, spans, first_of = _joined(chain)
        states = hand_states(pose)
        for before, after in pairwise(spans):
            where = "between" if after[0] in first_of else "inside"
            join = measure_join(pose[slice(*before)], pose[slice(*after)])
            gap = _gap(states, before[1], after[0], pose.fps)
            gaps.append(Gap(where, *gap, join.distance, join.frames / pose.fps))
        if spans:
            for where, start, end in (("start", 0, spans[0][0]), ("end", spans[-1][1], len(pose))):
                ends = pose[start : start + 1], pose[max(end - 1, 0) : end]
                way = measure_join(*ends).distance if end > start else 0.0
                gaps.append(Gap(where, *_gap(states, start, end, pose.fps), way, float("nan")))
    return gaps


def _chains(sentences: Sequence[Utterance]) -> list[list[Utterance]]:
    """Sentences in rows: each begins at the time at which the one before it ends."""
    chains: list[list[Utterance]] = []
    for one in sorted(sentences, key=lambda u: (u.signer, u.meta["start"])):
        last = chains[-1][-1] if chains else None
        if last and last.signer == one.signer and last.meta["end"] == one.meta["start"]:
            chains[-1].append(one)
        else:
            chains.append([one])
    return chains


def _joined(chain: Sequence[Utterance]) -> tuple[PoseSequence, list[tuple[int, int]], set[int]]:
    """A row of sentences as one: pose, spans, and the frames at which later sentences sign first.

    Files hold the frame at their end, which is the next one's first: it is taken once.
    """
    parts, spans, first_of, at = [], [], set(), 0
    for i, one in enumerate(chain):
        if one.spans and i:
            first_of.add(one.spans[0][0] + at)
        spans += [(a + at, b + at) for a, b in one.spans]
        frames = round((one.meta["end"] - one.meta["start"]) * one.pose.fps / 1000)
        parts.append(one.pose[:frames] if i + 1 < len(chain) else one.pose)
        at += len(parts[-1])
    return concatenate(parts), spans, first_of


def _gap(states: np.ndarray, start: int, end: int, fps: float) -> tuple:
    """(seconds, moving, holding, resting, kind) of some frames."""
    here = states[start:end]
    shares = [float((here == state).sum() / fps) for state in range(3)]
    longest = max((b - a for a, b in runs(here > 0)), default=0) / fps
    kind = "transition" if longest < PAUSE else "rest" if shares[2] >= shares[1] else "hold"
    return (end - start) / fps, *shares, kind
