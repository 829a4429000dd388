"""The exchange rate: how many real sentences is stitched signing worth?

Each arm is run with 150 to 4,800 real sentences. Where the curve of real-only training reaches the
BLEU that stitched signing reached with N real sentences, it needed N' of them: stitched signing was
worth N' - N.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from slt_lib.experiments.protocols import EXCHANGE
from slt_lib.pose.errors import SLTError
from slt_lib.translation.significance import seed_and_sentence_bootstrap

ARMS = ("real_only", "pretrain_finetune", "pretrain_novel_finetune")
AT = 1200  # the number of real sentences of chapter 10's other arms, for which one number is given


def of_size(arm: str, known: int) -> str:
    """The name of an arm with so many known sentences, as records have it."""
    return arm if known == AT else f"{arm}_{known}"


def exchange(records: Mapping[str, Mapping[int, Mapping]], *, trials: int = 4000) -> dict:
    """BLEU-4 by number of real sentences, and what stitched signing is worth in them.

    Args:
        records: By arm and seed; sizes that not all of `ARMS` have are left out.
        trials: Of the bootstrap over sentences and seeds.

    Returns:
        `sizes`; `seeds` that all arms of a size have; a list of mean BLEU-4 for each of `ARMS`;
        `worth`, of (d+) at 1,200 real sentences, if real only gets as far: `sentences`, `ci_low`
        and `ci_high` (95 %); `worth_at`, the same by arm for all sizes. Where real only never gets
        so far, `sentences` is what its largest size makes it at least (`at_least`). Empty without
        at least two sizes.

    Raises:
        SLTError: If records have different test sets.

    Chapter: 10_pretraining
    """
    sizes = [n for n in EXCHANGE if all(of_size(arm, n) in records for arm in ARMS)]
    if len(sizes) < 2:
        return {}
    runs = [records[of_size(arm, n)] for arm in ARMS for n in sizes]
    tests = {tuple(one["references"]) for of_one in runs for one in of_one.values()}
    if len(tests) > 1:
        raise SLTError("The sizes were tested on different sentences.", fix="Record them again.")
    said = [[of_one[s]["hypotheses"] for s in sorted(of_one)] for of_one in runs]
    drawn = seed_and_sentence_bootstrap(said, list(tests.pop()), trials=trials)
    drawn = drawn.reshape(len(ARMS), len(sizes), -1)
    means = np.array([np.mean([one["bleu4"] for one in of_one.values()]) for of_one in runs])
    means = means.reshape(len(ARMS), len(sizes))
    worth = {
        arm: [_worth(sizes, i, means[[0, k]], drawn[[0, k]]) for i in range(len(sizes))]
        for k, arm in enumerate(ARMS)
        if k
    }
    seeds = [min(len(records[of_size(arm, n)]) for arm in ARMS) for n in sizes]
    found = {"sizes": sizes, "seeds": seeds, "worth_at": worth}
    found |= dict(zip(ARMS, means.tolist(), strict=True))
    if AT in sizes and not (one := worth[ARMS[-1]][sizes.index(AT)])["at_least"]:
        found["worth"] = one
    return found


def _worth(sizes: Sequence[int], i: int, means: np.ndarray, drawn: np.ndarray) -> dict:
    """Real-only and another arm's BLEU by size, [2, sizes] and [2, sizes, trials]: worth at i."""
    value, beyond = needed(sizes, means[0], means[1, i])
    trials = [
        needed(sizes, real, other)[0] for real, other in zip(drawn[0].T, drawn[1, i], strict=True)
    ]
    low, high = np.quantile(np.array(trials) - sizes[i], [0.025, 0.975])
    return {
        "sentences": value - sizes[i],
        "ci_low": float(low),
        "ci_high": float(high),
        "at_least": beyond,
    }


def needed(sizes: Sequence[int], curve: np.ndarray, reached: float) -> tuple[float, bool]:
    """How many real sentences real-only training needs for a BLEU; whether it never got there.

    BLEU is taken to be linear in the logarithm of the number between two sizes; a size that is no
    better than a smaller one is left out. Beyond what there is, the answer is the smallest or the
    largest size.

    Args:
        sizes: Rising.
        curve: BLEU of real-only training at each.
        reached: What another arm has.

    Chapter: 10_pretraining
    """
    if reached > max(curve):
        return float(sizes[-1]), True
    better = [i for i in range(len(sizes)) if i == 0 or curve[i] > max(curve[:i])]
    logs, bleus = np.log(np.asarray(sizes)[better]), np.asarray(curve)[better]
    return float(np.exp(np.interp(reached, bleus, logs))), False
