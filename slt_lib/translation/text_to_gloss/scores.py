"""How good are glosses, durations, cutoffs and faces, each beside what costs nothing?

Glosses are compared with counting word by word. Beside their errors, what they *say* is measured:
a row that lacks one sign is nearly right in WER, and if the sign was "north", it is useless. So
each gloss counts by its information, the negative logarithm of the share of training sentences
that have it: a place or a day counts several times what a pointing sign counts that stands in
every fourth sentence. It needs no list of function words, so it works for any corpus.

Durations are measured on the true glosses, so that a wrong gloss isn't counted twice, beside one
duration for all signs and beside each gloss's own mean; the cutoff beside one for all; faces
beside the most frequent one of each gloss. Baselines are fitted on the training sentences.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from slt_lib.translation.metrics import gloss_wer, scores
from slt_lib.translation.text_to_gloss.data import GlossSentences
from slt_lib.translation.text_to_gloss.lexicon import Lexicon
from slt_lib.translation.text_to_gloss.model import TextToGloss
from slt_lib.translation.text_to_gloss.reading import GlossLine, heads_on, write_glosses


def gloss_scores(model: TextToGloss, train: GlossSentences, test: GlossSentences,
                 beam: int = 4) -> dict:  # fmt: skip
    """All measures of a model on a test set, and of its baselines.

    Args:
        model: A text-to-gloss model.
        train: What it was trained on, for the baselines.
        test: What it is measured on.
        beam: Hypotheses kept in the search.

    Returns:
        `glosses` by system ("model", "no_coverage", "greedy", "word_for_word"): wer, bleu1, bleu4,
        content_recall, content_precision in percent;
        `seconds` by system ("model", "per_gloss", "mean"): mean absolute and root mean squared
        error in seconds, and the total over the true total as `ratio`; `cutoff` ("model",
        "constant"): mean absolute error in hertz; `faces` ("model", "per_gloss", "none"): share
        of glosses that are right, and F1 over all that aren't plain. Parts that the model never
        learnt, or the test set lacks, are absent. `hypotheses` and `references`: the glosses.

    Chapter: 13_novel_sentences
    """
    lexicon = Lexicon.fit(train, model.codec.table.words, model.codec.gloss)
    found = {
        "model": [line.glosses for line in write_glosses(model, test.words, beam)],
        "no_coverage": [line.glosses for line in write_glosses(model, test.words, beam, unsaid=0)],
        "greedy": [line.glosses for line in write_glosses(model, test.words, 1, unsaid=0)],
        "word_for_word": lexicon.word_for_word(test.words),
    }
    out = {
        "glosses": {
            name: _glosses(said, test.glosses) | content(said, test.glosses, train.glosses)
            for name, said in found.items()
        }
    }
    lines, heads = heads_on(model, test), model.heads
    if heads["seconds"] and _any(test.seconds):
        out["durations"] = _seconds(lines, train, test)
    if heads["cutoff"] and _any([test.cutoff]):
        out["cutoff"] = _cutoffs(lines, train, test)
    if heads["faces"] and any(f is not None for one in test.faces for f in one):
        out["faces"] = _faces(lines, train, test, model.codec.faces[0])
    out["hypotheses"] = [" ".join(glosses) for glosses in found["model"]]
    out["references"] = [" ".join(glosses) for glosses in test.glosses]
    return out


def _any(values: Sequence[np.ndarray]) -> bool:
    return any((one == one).any() for one in values)


def _glosses(found: Sequence[Sequence[str]], true: Sequence[Sequence[str]]) -> dict:
    measured = scores([" ".join(f) for f in found], [" ".join(t) for t in true])
    return {"wer": gloss_wer(found, true), "bleu1": measured["bleu1"], "bleu4": measured["bleu4"]}


def content(
    found: Sequence[Sequence[str]], true: Sequence[Sequence[str]], train: Sequence[Sequence[str]]
) -> dict:
    """How much of the information is there, and how much of what is there is right?

    Order plays no part; of a gloss that is written too often, the surplus is wrong.

    Args:
        found: Glosses of each sentence, as they were written.
        true: As they should be.
        train: Training sentences, which tell how much information a gloss has:
            -log((n + 1) / (N + 1)) if n of N sentences have it.

    Returns:
        content_recall and content_precision, percent of the information.

    Chapter: 13_novel_sentences
    """
    seen = Counter(gloss for glosses in train for gloss in set(glosses))
    both, said, meant = (
        sum(n * np.log((len(train) + 1) / (seen[gloss] + 1)) for gloss, n in counts.items())
        for counts in (
            sum((Counter(f) & Counter(t) for f, t in zip(found, true, strict=True)), Counter()),
            Counter(gloss for glosses in found for gloss in glosses),
            Counter(gloss for glosses in true for gloss in glosses),
        )
    )
    return {"content_recall": float(100 * both / meant) if meant else 100.0,
            "content_precision": float(100 * both / said) if said else 100.0}  # fmt: skip


def by_gloss(data: GlossSentences) -> dict[str, list[float]]:
    """All known durations of each gloss, in seconds.

    Chapter: 13_novel_sentences
    """
    out: dict[str, list[float]] = defaultdict(list)
    for glosses, seconds in zip(data.glosses, data.seconds, strict=True):
        for gloss, one in zip(glosses, seconds.tolist(), strict=True):
            if one == one:
                out[gloss].append(one)
    return out


def _seconds(lines: Sequence[GlossLine], train: GlossSentences, test: GlossSentences) -> dict:
    own = by_gloss(train)
    every = float(np.concatenate([np.array(values) for values in own.values()]).mean())
    usual = {gloss: float(np.mean(values)) for gloss, values in own.items()}
    guesses = {
        "model": [line.seconds for line in lines],
        "per_gloss": [[usual.get(g, every) for g in gs] for gs in test.glosses],
        "mean": [[every] * len(gs) for gs in test.glosses],
    }
    true = np.concatenate(test.seconds)
    known = true == true
    out = {}
    for name, guess in guesses.items():
        flat = np.concatenate([np.array(one, float) for one in guess])[known]
        error = flat - true[known]
        out[name] = {"mae": float(np.abs(error).mean()), "rmse": float((error**2).mean() ** 0.5),
                     "ratio": float(flat.sum() / true[known].sum())}  # fmt: skip
    return out


def _cutoffs(lines: Sequence[GlossLine], train: GlossSentences, test: GlossSentences) -> dict:
    known = test.cutoff == test.cutoff
    true, middle = test.cutoff[known], float(np.nanmedian(train.cutoff))
    found = np.array([line.cutoff for line in lines])[known]
    return {"model": {"mae": float(np.abs(found - true).mean())},
            "constant": {"mae": float(np.abs(middle - true).mean()), "hertz": middle}}  # fmt: skip


def _faces(
    lines: Sequence[GlossLine], train: GlossSentences, test: GlossSentences, none: str
) -> dict:
    counts: dict[str, Counter] = defaultdict(Counter)
    for glosses, faces in zip(train.glosses, train.faces, strict=True):
        for gloss, face in zip(glosses, faces, strict=True):
            counts[gloss].update([] if face is None else [face])
    usual = {g: c.most_common(1)[0][0] for g, c in counts.items() if c}
    guesses = {
        "model": [line.faces for line in lines],
        "per_gloss": [[usual.get(g, none) for g in gs] for gs in test.glosses],
        "none": [[none] * len(gs) for gs in test.glosses],
    }
    out = {}
    for name, guess in guesses.items():
        pairs = [(g, t) for gs, ts in zip(guess, test.faces, strict=True)
                 for g, t in zip(gs, ts, strict=True) if t is not None]  # fmt: skip
        right = sum(g == t != none for g, t in pairs)
        shown = sum(g != none for g, _ in pairs) + sum(t != none for _, t in pairs)
        out[name] = {"right": sum(g == t for g, t in pairs) / len(pairs),
                     "f1": 2 * right / max(1, shown)}  # fmt: skip
    return out
