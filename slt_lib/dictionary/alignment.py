"""Which frames of a sentence show which gloss, from a recogniser's frame alignment.

PHOENIX14T's `pami0` gives each frame one state of a hidden Markov model, three states to a
sign: sign id = (state - 1) // 3. The ids have no names. Each stands for a variant of one gloss,
for silence, or for something that the glosses leave out. Their names are learnt here from the
order in which ids and glosses follow each other in many sentences.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from slt_lib.pose.io.utterance import Utterance

REPEAT = -2.0  # log score of a repeated gloss that shares the run of the one before
SHARES = ("pair", "more")  # steps after which the run at hand belongs to the gloss at hand
SILENCE, NO_STATE = 1058, -1
ROUNDS = 2  # of naming ids and aligning again; a third changes next to nothing
CERTAIN = -0.7  # log probability of a pair that needs no search: about one half
UNKNOWN, SKIP_GLOSS, SKIP_RUN = -3.0, -9.0, -3.5  # log scores: unseen pair, gloss or run left over


@dataclass(frozen=True)
class GlossSpan:
    """A gloss and the frames that show it: `start` to `end`, the end not included.

    Chapter: 02_dictionary
    """

    gloss: str
    start: int
    end: int


def sign_runs(alignment: np.ndarray) -> list[tuple[int, int, int]]:
    """Runs of one sign id, without silence.

    Args:
        alignment: HMM states, int [frames].

    Returns:
        [(sign id, first frame, frame after the last)], in order.

    Chapter: 02_dictionary
    """
    ids = (np.asarray(alignment, dtype=int) - 1) // 3
    if len(ids) == 0:
        return []
    starts = np.flatnonzero(np.diff(ids, prepend=ids[0] - 1))
    ends = np.append(starts[1:], len(ids))
    runs = zip(ids[starts].tolist(), starts.tolist(), ends.tolist(), strict=True)
    return [run for run in runs if run[0] not in (SILENCE, NO_STATE)]


def gloss_spans(utterances: Iterable[Utterance]) -> dict[str, tuple[GlossSpan, ...]]:
    """The frames of each gloss of each sentence.

    The names of the ids are learnt from all sentences given: first from those with as many runs
    as glosses (and no gloss twice in a row, since its two runs would be one), then by aligning
    all sentences with the names so far (dynamic programming, `match`), twice over. A gloss
    repeated without a pause shares one run, split evenly.

    Args:
        utterances: Sentences with glosses and alignment; others are left out. The more, the
            better the names: give the whole training annotation, not the few you want.

    Returns:
        {sentence name: spans in signing order}; glosses that no run fits are left out.

    Chapter: 02_dictionary
    """
    sentences = {
        u.name: (sign_runs(u.alignment), tuple(u.gloss))
        for u in utterances
        if u.alignment is not None and len(u.alignment) and u.gloss
    }
    names = _count(
        (run[0], gloss)
        for runs, glosses in sentences.values()
        if len(runs) == len(glosses) and all(a != b for a, b in pairwise(glosses))
        for run, gloss in zip(runs, glosses, strict=True)
    )
    for _ in range(ROUNDS):
        pairs = {name: match(runs, glosses, names) for name, (runs, glosses) in sentences.items()}
        names = _count(
            (sentences[name][0][run][0], sentences[name][1][gloss])
            for name, matched in pairs.items()
            for run, gloss in matched
        )
    return {name: _spans(*sentences[name], matched) for name, matched in pairs.items()}


def _count(pairs: Iterable[tuple[int, str]]) -> dict[int, dict[str, float]]:
    """Log share of each gloss among those seen with an id."""
    counts: dict[int, Counter] = defaultdict(Counter)
    for sign_id, gloss in pairs:
        counts[sign_id][gloss] += 1
    return {
        sign_id: {gloss: float(np.log(n / glosses.total())) for gloss, n in glosses.items()}
        for sign_id, glosses in counts.items()
    }


def match(
    runs: list[tuple[int, int, int]], glosses: tuple[str, ...], names: Mapping
) -> list[tuple[int, int]]:
    """The best pairing of runs and glosses that keeps the order of both.

    Neighbouring runs may share a gloss (a sign that the recogniser took for two).

    Args:
        runs: As `sign_runs` gives them.
        glosses: The sentence's glosses.
        names: {sign id: {gloss: log probability}}.

    Returns:
        [(run number, gloss number)], increasing in runs, not decreasing in glosses.

    Chapter: 02_dictionary
    """
    if len(runs) == len(glosses):
        fits = [names.get(run[0], {}).get(g, -9) for run, g in zip(runs, glosses, strict=True)]
        if all(fit > CERTAIN for fit in fits):
            return [(i, i) for i in range(len(runs))]
    rows, columns = len(runs) + 1, len(glosses) + 1
    best = [[0.0] * columns for _ in range(rows)]
    came = [["stop"] * columns for _ in range(rows)]
    for i in range(rows):
        known = names.get(runs[i - 1][0], {}) if i else {}
        for j in range(columns):
            options = []
            if i:
                options.append((best[i - 1][j] + SKIP_RUN, "run"))
            if j:
                repeats = j > 1 and glosses[j - 1] == glosses[j - 2] and came[i][j - 1] in SHARES
                options.append((best[i][j - 1] + (REPEAT if repeats else SKIP_GLOSS), "gloss"))
            if i and j:
                fit = known.get(glosses[j - 1], UNKNOWN)
                options.append((best[i - 1][j - 1] + fit, "pair"))
                if came[i - 1][j] in SHARES and glosses[j - 1] in known:
                    options.append((best[i - 1][j] + fit - 1, "more"))
            if options:
                best[i][j], came[i][j] = max(options, key=lambda option: option[0])
    return _walk_back(came)


def _walk_back(came: list[list[str]]) -> list[tuple[int, int]]:
    i, j, pairs = len(came) - 1, len(came[0]) - 1, []
    while i or j:
        step = came[i][j]
        if step in SHARES:
            pairs.append((i - 1, j - 1))
        i -= step != "gloss"
        j -= step in ("pair", "gloss")
    return pairs[::-1]


def _spans(runs, glosses, matched) -> tuple[GlossSpan, ...]:
    """Spans of the matched glosses; equal neighbours left without a run share the one before."""
    frames: dict[int, tuple[int, int]] = {}
    for run, gloss in matched:
        start = frames.get(gloss, (runs[run][1],))[0]
        frames[gloss] = (start, runs[run][2])
    spans, j = [], 0
    while j < len(glosses):
        if j not in frames:
            j += 1
            continue
        repeats = 1
        while (
            j + repeats < len(glosses)
            and glosses[j + repeats] == glosses[j]
            and (j + repeats not in frames)
        ):
            repeats += 1
        cuts = np.linspace(*frames[j], repeats + 1).round().astype(int).tolist()
        spans += [GlossSpan(glosses[j], a, b) for a, b in pairwise(cuts) if b > a]
        j += repeats
    return tuple(spans)
