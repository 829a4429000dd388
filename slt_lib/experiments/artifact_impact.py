"""What do artifacts do to translation? By correlation, and by damage done on purpose."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import rankdata

from slt_lib.experiments.protocols import arm_of
from slt_lib.experiments.run import train_arm
from slt_lib.experiments.video_detector import set_scores
from slt_lib.experiments.video_sets import DAMAGE, STRENGTHS, damaged_set
from slt_lib.experiments.videos import VideoWorld
from slt_lib.pose.errors import SLTError
from slt_lib.translation.checkpoint import load_translator
from slt_lib.translation.forced import recognise
from slt_lib.translation.metrics import gloss_wer, scores
from slt_lib.translation.model import Translator
from slt_lib.translation.search import translate
from slt_lib.translation.video_data import VideoData

RENDERERS = ("signgan", "signsplat")
TRIALS = 2000  # resampled sets of sentences


def run_artifacts(seed: int, world: VideoWorld) -> dict:
    """Translate what renderers and damage make of the test, with the arm real_only of a seed.

    The renderings show the same sentences by the same signers from the same cameras as the
    captures, so what differs is the rendering.

    Args:
        seed: Of the translator.
        world: Where everything is made.

    Returns:
        `renderers.<name>`: per sentence `artifacts` by measure, `error` and `wer`, and BLEU-4;
        `captures`: the same without a score; `dose.<kind>`: per strength BLEU-4, chrF and WER;
        `frames` of every sentence, and BLEU-4 of the captures on top.

    Chapter: 11_video_to_text
    """
    model = load_translator(train_arm(arm_of("real_only"), seed, world)[-1].folder)
    plain = world["test_seen"]
    captures = judged(model, plain, world)
    renderers = {
        name: judged(model, world[f"seen_{name}"], world)
        | {"artifacts": set_scores(world, f"seen_{name}")}
        for name in RENDERERS
    }
    dose = {
        kind: [
            {"strength": strength} | _overall(
                judged(model, world[damaged_set(kind, strength)], world) if strength else captures
            )
            for strength in (0.0, *STRENGTHS)
        ]
        for kind in DAMAGE
    }  # fmt: skip
    return {
        **_overall(captures),
        "captures": captures,
        "renderers": renderers,
        "dose": dose,
        "frames": plain.lengths.tolist(),
        "references": list(plain.texts),
        "corpus_hash": world.hash,
        "not_compared": ["seconds"],
    }


def judged(model: Translator, data: VideoData, world: VideoWorld) -> dict:
    """A fixed translator's errors, sentence by sentence and in all.

    Returns:
        `error`: 1 - chrF of a sentence, 0 to 1; `wer`: gloss errors per gloss, 0 and more; lists
        over sentences; `bleu4`, `chrf`, `wer_all`, in percent; and `hypotheses`.

    Chapter: 11_video_to_text
    """
    from sacrebleu.metrics import CHRF

    said, signed = translate(model, data, world.scale.search), recognise(model, data)
    measured, chrf = scores(said, data.texts), CHRF()
    alike = [chrf.sentence_score(h, [r]).score for h, r in zip(said, data.texts, strict=True)]
    pairs = zip(signed, data.glosses, strict=True)
    wers = [gloss_wer([h], [r]) / 100 if r else 0.0 for h, r in pairs]
    return {
        "error": [1 - value / 100 for value in alike],
        "wer": wers,
        "bleu4": measured["bleu4"],
        "chrf": measured["chrf"],
        "wer_all": gloss_wer(signed, data.glosses),
        "hypotheses": said,
    }


def _overall(found: Mapping) -> dict:
    return {"bleu4": found["bleu4"], "chrf": found["chrf"], "wer": found["wer_all"]}


def partial_spearman(x: Sequence[float], y: Sequence[float], given: Sequence[float]) -> float:
    """Rank correlation of two measures once a third one's part in both is taken out.

    Args:
        x, y: N values each.
        given: N values of what is controlled for.

    Returns:
        -1 to 1; NaN if one of the two doesn't vary, or only as the third one does, or if there are
        fewer than 4 values.

    Raises:
        SLTError: If there are not as many of each.

    Chapter: 11_video_to_text
    """
    if not len(x) == len(y) == len(given):
        raise SLTError(f"{len(x)}, {len(y)} and {len(given)} values don't belong together.")
    if len(x) < 4:
        return float("nan")
    base = np.stack([np.ones(len(x)), rankdata(given)], 1)
    left = []
    for values in (x, y):
        ranks = rankdata(values)
        rest = ranks - base @ np.linalg.lstsq(base, ranks, rcond=None)[0]
        left.append(rest if np.abs(rest).max() > 1e-9 * len(x) else np.zeros(len(x)))
    size = np.linalg.norm(left[0]) * np.linalg.norm(left[1])
    return float(left[0] @ left[1] / size) if size > 0 else float("nan")


def artifact_correlation(
    score: np.ndarray, error: np.ndarray, frames: np.ndarray, *, trials: int = TRIALS,
    seed: int = 0,
) -> dict[str, float | None]:  # fmt: skip
    """Partial rank correlation of artifact scores with errors, controlled for length.

    Args:
        score: Of clips, [renderers, sentences].
        error: Of their translations, [renderers, sentences].
        frames: Of the sentences, [sentences].
        trials: Resampled sets of sentences; a sentence's clips are drawn together.
        seed: Of the resampling.

    Returns:
        `correlation`, and `ci_low` and `ci_high` of its 95 % confidence interval; None where
        nothing varies.

    Chapter: 11_video_to_text
    """
    lengths = np.broadcast_to(frames, score.shape)

    def of(chosen: np.ndarray) -> float:
        return partial_spearman(*(v[:, chosen].ravel() for v in (score, error, lengths)))

    rng, count = np.random.default_rng(seed), score.shape[1]
    drawn = np.array([of(rng.integers(count, size=count)) for _ in range(trials)])
    known = drawn[np.isfinite(drawn)]
    bounds = np.quantile(known, [0.025, 0.975]) if len(known) else [np.nan, np.nan]
    found = {"correlation": of(np.arange(count)), "ci_low": bounds[0], "ci_high": bounds[1]}
    return {name: float(v) if np.isfinite(v) else None for name, v in found.items()}


def artifact_table(runs: Mapping[int, Mapping]) -> dict[str, np.ndarray]:
    """What correlates with what, means over seeds.

    Args:
        runs: Records of the arm "artifacts", by seed.

    Returns:
        `score`, `error` and `wer` [renderers, sentences], the errors beyond those on captures of
        the same sentences, and `frames` [sentences].

    Chapter: 11_video_to_text
    """
    every = [runs[seed] for seed in sorted(runs)]
    found = {"frames": np.array(every[0]["frames"], float)}
    found["score"] = np.array(
        [every[0]["renderers"][name]["artifacts"]["score"] for name in RENDERERS]
    )
    for key in ("error", "wer"):
        beyond = [
            np.array([one["renderers"][name][key] for name in RENDERERS])
            - np.array(one["captures"][key])
            for one in every
        ]
        found[key] = np.mean(beyond, 0)
    return found


def artifact_summary(runs: Mapping[int, Mapping], *, trials: int = TRIALS) -> dict:
    """Correlations and dose-response curves, from the records of the arm "artifacts" alone.

    Returns:
        `correlation`, `ci_low`, `ci_high` of scores with errors of text over both renderers' clips;
        the same for gloss errors under `gloss`, and for each renderer by itself; `dose.<kind>`:
        `strength`, and `bleu4` and `wer`, a list over seeds per strength; `renderers.<name>.bleu4`.

    Chapter: 11_video_to_text
    """
    table, every = artifact_table(runs), [runs[seed] for seed in sorted(runs)]

    def correlated(key: str, rows: slice = slice(None)) -> dict:
        return artifact_correlation(
            table["score"][rows], table[key][rows], table["frames"], trials=trials
        )

    found: dict = correlated("error")
    found["gloss"] = correlated("wer")
    for k, name in enumerate(RENDERERS):
        found[name] = correlated("error", slice(k, k + 1))
        found[name] |= {"bleu4": [one["renderers"][name]["bleu4"] for one in every],
                        "score": float(table["score"][k].mean())}  # fmt: skip
    found["captures"] = {"bleu4": [one["captures"]["bleu4"] for one in every]}
    found["dose"] = {kind: _curve([one["dose"][kind] for one in every]) for kind in DAMAGE}
    return found


def _curve(runs: Sequence[Sequence[Mapping]]) -> dict[str, list]:
    """One kind of damage: strengths, and each measure's values over seeds."""
    steps = list(zip(*runs, strict=True))
    measures = {key: [[one[key] for one in same] for same in steps] for key in ("bleu4", "wer")}
    return {"strength": [same[0]["strength"] for same in steps]} | measures
