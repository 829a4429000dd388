"""How much of a corpus a dictionary can sign, and by which step of the look-up."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from slt_lib.dictionary.dictionary import Dictionary
from slt_lib.dictionary.lookup import STEPS

WITHOUT_A_SIGN = ("fingerspelling", "missing")


@dataclass(frozen=True)
class Coverage:
    """Tokens and types of a corpus by the step that found their sign.

    Attributes:
        tokens: {step: number of glosses, each counted as often as it occurs}.
        types: {step: number of different glosses}.
        missing: Glosses without a sign of their own (finger-spelled or nothing at all):
            {gloss: count}, most frequent first.

    Chapter: 02_dictionary
    """

    tokens: dict[str, int]
    types: dict[str, int]
    missing: dict[str, int]

    def share(self, step: str) -> float:
        """Share of all tokens that a step found, 0 to 1 (0 for an empty corpus)."""
        return self.tokens[step] / max(sum(self.tokens.values()), 1)

    def rows(self) -> list[dict]:
        """The report as a table: a row per step with tokens, types and their shares."""
        total = max(sum(self.types.values()), 1)
        return [
            {
                "step": step,
                "tokens": self.tokens[step],
                "token_share": round(self.share(step), 4),
                "types": self.types[step],
                "type_share": round(self.types[step] / total, 4),
            }
            for step in STEPS
        ]


def coverage(
    sentences: Iterable[Sequence[str]], dictionary: Dictionary, missing: str = "fingerspell"
) -> Coverage:
    """Look up every gloss of a corpus.

    Args:
        sentences: The glosses of each sentence.
        dictionary: The dictionary.
        missing: "fingerspell", or "skip" to count what would have to be spelled as missing.

    Chapter: 02_dictionary
    """
    counts = Counter(gloss for sentence in sentences for gloss in sentence)
    steps = {gloss: dictionary.lookup(gloss, missing).step for gloss in counts}
    tokens, types = Counter(), Counter(steps.values())
    for gloss, n in counts.items():
        tokens[steps[gloss]] += n
    lacking = sorted(
        (gloss for gloss in counts if steps[gloss] in WITHOUT_A_SIGN),
        key=lambda gloss: (-counts[gloss], gloss),
    )
    return Coverage(
        tokens={step: tokens[step] for step in STEPS},
        types={step: types[step] for step in STEPS},
        missing={gloss: counts[gloss] for gloss in lacking},
    )
