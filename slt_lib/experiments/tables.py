"""What came out, from records alone: means, spreads, significance, results for other tools."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from slt_lib.experiments.exchange import exchange
from slt_lib.experiments.protocols import PRIMARY, SECONDARY, arm_of
from slt_lib.pose.errors import SLTError
from slt_lib.translation.metrics import bleu4
from slt_lib.translation.significance import Significance, contrast, holm, paired_randomisation

Records = Mapping[str, Mapping[int, dict]]


def read_records(folder: str | Path) -> dict[str, dict[int, dict]]:
    """All records of a chapter, by arm and seed.

    Args:
        folder: Such as `book/recorded/10_pretraining`.

    Raises:
        SLTError: If a file isn't a record, or records are of different sizes.

    Chapter: 10_pretraining
    """
    found: dict[str, dict[int, dict]] = {}
    first: tuple[str, str] | None = None
    for path in sorted(Path(folder).glob("*.json")):
        try:
            one = json.loads(path.read_text("utf8"))
            found.setdefault(one["arm"], {})[int(one["seed"])] = one
        except (ValueError, KeyError, TypeError) as error:
            raise SLTError(
                f"It is no record ({error!r}).", file=path, fix="Record it again."
            ) from error
        size = _size(one)
        if size and size != (first := first or (size, path.name))[0]:
            raise SLTError(f"It was recorded in another size than {first[1]}.", file=path,
                           fix="Record all arms of a chapter in one size.")  # fmt: skip
    return found


def _size(record: dict) -> str:
    """What arms must have in common to be compared, as a string; empty if the record says none."""
    sizes = record.get("config", {}).get("scale", {})
    common = ("world", "updates", "model", "batch_size", "lr")
    return json.dumps({key: sizes.get(key) for key in common}) if sizes else ""


def common_seeds(records: Records) -> list[int]:
    """The seeds that every arm has."""
    return sorted(set.intersection(*(set(runs) for runs in records.values()))) if records else []


def bleus(records: Records) -> dict[str, list[float]]:
    """BLEU-4 of every arm, a value per seed in the seeds' order."""
    return {arm: [runs[s]["bleu4"] for s in sorted(runs)] for arm, runs in records.items()}


def curve(runs: Iterable[Mapping]) -> list[dict]:
    """Mean BLEU-4 on dev along training, updates counted through all phases.

    Every phase is shown as far as all runs went in it.

    Args:
        runs: Records of one arm, such as one per seed.

    Returns:
        update and bleu4 of every look.

    Chapter: 10_pretraining
    """
    looks, before = [], 0
    for phase in zip(*(run["phases"] for run in runs), strict=True):
        for same in zip(*phase, strict=False):
            mean = float(np.mean([look["bleu4"] for look in same]))
            looks.append({"update": same[0]["update"] + before, "bleu4": mean})
        before = looks[-1]["update"]
    return looks


def rows(records: Records, against: str = "real_only") -> list[dict]:
    """One row per arm for a table: mean and spread of BLEU-4, chrF, and the gain over one arm.

    Args:
        records: By arm and seed.
        against: The arm that others are compared with; may be missing.

    Chapter: 10_pretraining
    """
    base = np.mean(bleus(records)[against]) if against in records else None
    out = []
    for arm, runs in records.items():
        values = np.array([runs[s]["bleu4"] for s in sorted(runs)])
        spread = f" ± {values.std(ddof=1):.2f}" if len(values) > 1 else ""
        chrf = _mean(runs, "chrf") if _has(runs, "chrf") else None
        out.append(
            {
                "arm": arm,
                "trained on": arm_of(arm).says,
                "BLEU-4": f"{values.mean():.2f}{spread}",
                **({"floor": f"{_mean(runs, 'floor'):.1f}"} if _has(runs, "floor") else {}),
                "chrF": "" if chrf is None else f"{chrf:.1f}",
                f"against {against.replace('_', ' ')}": (
                    "" if base is None else f"{values.mean() - base:+.2f}"
                ),
                "seeds": len(values),
                "updates": round(np.mean([one["updates"] for one in runs.values()])),
            }
        )
    return out


def significance(
    records: Records, first: str, second: str, *, trials: int = 10_000
) -> Significance:
    """Whether the second arm differs from the first, by the translations of all common seeds.

    Args:
        records: By arm and seed.
        first, second: Arms.
        trials: Random swaps.

    Raises:
        SLTError: If the arms have no seed in common or different test sets.

    Chapter: 10_pretraining
    """
    seeds, references = _in_common(records, first, second)
    said = [[records[arm][s]["hypotheses"] for s in seeds] for arm in (first, second)]
    return paired_randomisation(*said, references, trials=trials)


def contrasts(
    records: Records, families: Iterable[Iterable[tuple[str, str]]], *, trials: int = 10_000
) -> dict[str, dict]:
    """By how much the first arm of each pair is better than the second.

    Args:
        records: By arm and seed; pairs with an arm that isn't there are left out.
        families: Pairs that are corrected for one another (Holm).
        trials: Of bootstrap and randomisation.

    Returns:
        By name, "a_vs_b": `difference` in mean BLEU-4, `ci_low` and `ci_high` (95 %, over sentences
        and seeds), `above_floor` (the difference as a share of what b has above its floor; null
        without floors), `p` (over sentences), `p_holm`.

    Chapter: 10_pretraining
    """
    found = {}
    for family in families:
        pairs = {f"{a}_vs_{b}": (a, b) for a, b in family if a in records and b in records}
        compared = {name: _contrast(records, *pair, trials) for name, pair in pairs.items()}
        adjusted = holm({name: one["p"] for name, one in compared.items()})
        found |= {name: one | {"p_holm": adjusted[name]} for name, one in compared.items()}
    return found


def _contrast(records: Records, a: str, b: str, trials: int) -> dict:
    seeds, references = _in_common(records, a, b)
    said = [[records[arm][s]["hypotheses"] for s in seeds] for arm in (a, b)]
    found = contrast(*said, references, trials=trials)
    share = None
    if all("floor" in records[b][s] for s in seeds):
        share = found.difference / np.mean([records[b][s]["bleu4"] - records[b][s]["floor"]
                                            for s in seeds])  # fmt: skip
    return {"difference": found.difference, "ci_low": found.low, "ci_high": found.high,
            "above_floor": share and float(share), "p": found.p}  # fmt: skip


def _in_common(records: Records, first: str, second: str) -> tuple[list[int], list[str]]:
    """The seeds that both arms have, and the references that they share."""
    seeds = sorted(set(records[first]) & set(records[second]))
    if not seeds:
        raise SLTError(f"{first} and {second} have no seed in common.")
    references = records[first][seeds[0]]["references"]
    if records[second][seeds[0]]["references"] != references:
        raise SLTError(f"{first} and {second} were tested on different sentences.")
    return seeds, references


def recomputed(records: Records) -> float:
    """The largest difference between a record's BLEU-4 and that of its own translations."""
    return max(
        abs(bleu4(one["hypotheses"], one["references"]) - one["bleu4"])
        for runs in records.values()
        for one in runs.values()
        if "hypotheses" in one
    )


def summary(records: Records) -> dict:
    """What a chapter's results file holds: BLEU-4 and floor by arm and seed; the corpus hash."""
    hashes = {one["corpus_hash"] for runs in records.values() for one in runs.values()}
    if len(hashes) > 1:
        raise SLTError("The records are of different corpora.", fix="Record all arms again.")
    return {
        "arms": {
            arm: {
                measure: [one[measure] for _, one in sorted(runs.items()) if measure in one]
                for measure in ("bleu4", "floor")
            }
            for arm, runs in records.items()
        },
        "seeds": sorted({s for runs in records.values() for s in runs}),
        "corpus_hash": next(iter(hashes), None),
    }


def recorded_summary(records: Records) -> dict:
    """What a recorded chapter's summary file has as the live results file has it."""
    watched = records.get("gradients", {})
    translated = {arm: runs for arm, runs in records.items() if arm != "gradients"}
    found = summary(translated)
    for arm, values in bleus(translated).items():
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
        found["arms"][arm] |= {"bleu4_mean": float(np.mean(values)), "bleu4_sd": spread}
    if watched:
        found["gradient_cosine"] = [watched[s]["gradient_cosine"] for s in sorted(watched)]
    return found


def says(p: float) -> str:
    """A p value in words that don't promise more than it does."""
    if p < 0.01:
        return "a difference that chance hardly explains"
    return (
        "a difference that chance may well explain"
        if p >= 0.05
        else "a difference chance rarely gives"
    )


def _mean(runs: Mapping[int, dict], key: str) -> float:
    return float(np.mean([one[key] for one in runs.values()]))


def _has(runs: Mapping[int, dict], key: str) -> bool:
    return all(key in one for one in runs.values())


def pretraining_summary(records: Records) -> dict:
    """What chapter 10's summary file adds: `contrasts` and `exchange`.

    Chapter: 10_pretraining
    """
    return recorded_summary(records) | {
        "contrasts": contrasts(records, (PRIMARY, SECONDARY)),
        "exchange": exchange(records),
    }
