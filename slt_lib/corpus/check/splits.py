"""Are there three splits, large enough, and does none know the others' sentences?"""

import re
import unicodedata
from collections.abc import Iterator

from slt_lib.corpus.check.looked import Looked, at_row
from slt_lib.corpus.own import Finding
from slt_lib.corpus.own.rows import SPLITS

LEAST = {"train": 30, "dev": 5, "test": 5}  # below, nothing is learned, or nothing measured
USUAL = 500  # sentences to learn from; PHOENIX14T has 7,096
INGEST = "Let `slt-book ingest` make the splits (--resplit): it keeps equal sentences together."


def plain_text(text: str) -> str:
    """A text as words: without case, punctuation and double spaces."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


def ask(looked: Looked) -> Iterator[Finding]:
    """Missing and small splits, sentences in two of them, signers in train and test."""
    splits, path = looked.splits(), looked.source.path
    given = [s for s in SPLITS if s in splits]
    if not given and looked.items:
        yield Finding("no_splits", path, "", "No row says which split it is in.",
                      "`slt-book ingest` makes them: by sentence, so that none leaks.")  # fmt: skip
    for split in set(SPLITS) - set(given) if given else ():
        what = f"There is no {split}, only {' and '.join(given)}."
        yield Finding("split_missing", path, "", what, INGEST)
    for item in splits.get("", ()) if given else ():
        yield at_row("split_name", item, "The row says no split, others do.",
                     "Write train, dev or test.")  # fmt: skip
    yield from _sizes(looked, {s: len(splits[s]) for s in given})
    yield from _leaks(looked)
    yield from _signers(looked)


def _sizes(looked: Looked, sizes: dict[str, int]) -> Iterator[Finding]:
    path, total = looked.source.path, len(looked.items)
    if not sizes and 0 < total < sum(LEAST.values()):
        yield Finding("too_little", path, "", f"There are {total} sentences in all.",
                      "Record more, or train on another corpus first.")  # fmt: skip
    for split, count in sizes.items():
        if count < LEAST[split]:
            yield Finding("too_little", path, "", f"{split} has {count} sentences.",
                          f"At least {LEAST[split]} are needed to run at all; hundreds to say "
                          "anything.")  # fmt: skip
    train = sizes.get("train", total)
    if LEAST["train"] <= train < USUAL:
        yield Finding("small", path, "", f"{train} sentences to learn from.",
                      "Expect low scores: chapter 10 has 1,200, PHOENIX14T 7,096.")  # fmt: skip


def _leaks(looked: Looked) -> Iterator[Finding]:
    exact, near = {}, {}
    for item in looked.items:
        if item.row.split == "train":
            exact.setdefault(item.said.text, item)
            near.setdefault(plain_text(item.said.text), item)
    for item in looked.items:
        if item.row.split not in ("dev", "test") or not plain_text(item.said.text):
            continue
        other = near.get(plain_text(item.said.text))
        kind = "leak" if item.said.text in exact else "near_leak"
        if other is not None:
            yield at_row(
                kind, item, f"The {item.row.split} sentence also stands in train "
                f"({other.row.file.name}, {other.row.place}).",
                f"Take it out of one of them, or report both scores. {INGEST}",
            )  # fmt: skip


def _signers(looked: Looked) -> Iterator[Finding]:
    by_split = {
        split: {i.said.signer for i in items if i.said.signer}
        for split, items in looked.splits().items()
    }
    both = sorted(by_split.get("train", set()) & by_split.get("test", set()))
    if both:
        names = ", ".join(both[:6]) + (f" and {len(both) - 6} more" if len(both) > 6 else "")
        yield Finding("same_signer", looked.source.path, "", f"In train and in test: {names}.",
                      "Not a fault; say so: scores for new signers will be lower.")  # fmt: skip
