"""The dictionary: glosses and the recordings that stand for them."""

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from slt_lib.dictionary.lookup import Finder, Lookup
from slt_lib.dictionary.sign import Sign
from slt_lib.pose.errors import SLTError


class Dictionary:
    """Signs by gloss, the best recording of each first.

    Args:
        signs: Signs from any source; `Dictionary([*mine, *letters])` joins two dictionaries.
            Those whose quality is "rejected" are kept apart, in `rejected`.
        synonyms: Glosses that may stand for a gloss that has no sign:
            {gloss: gloss or sequence of glosses}.

    Attributes:
        rejected: Recordings that can't be used; `report` says why.
        synonyms: As given.

    Chapter: 02_dictionary
    """

    def __init__(
        self, signs: Iterable[Sign] = (), synonyms: Mapping[str, str | Sequence[str]] | None = None
    ) -> None:
        by_gloss: dict[str, list[Sign]] = defaultdict(list)
        self.rejected: list[Sign] = []
        for sign in signs:
            usable = sign.quality.verdict != "rejected"
            (by_gloss[sign.gloss] if usable else self.rejected).append(sign)
        self._signs = {g: tuple(sorted(by_gloss[g], key=_best_first)) for g in sorted(by_gloss)}
        self.synonyms = dict(synonyms or {})
        self._finder = Finder(self._signs, self.synonyms)

    @property
    def glosses(self) -> tuple[str, ...]:
        """All glosses that have a sign, in alphabetical order."""
        return tuple(self._signs)

    def __len__(self) -> int:
        """Number of usable recordings."""
        return sum(map(len, self._signs.values()))

    def __iter__(self) -> Iterator[Sign]:
        for signs in self._signs.values():
            yield from signs

    def __contains__(self, gloss: str) -> bool:
        return gloss in self._signs

    def signs(self, gloss: str) -> tuple[Sign, ...]:
        """The recordings of a gloss, spelt as the dictionary spells it, best first.

        Raises:
            SLTError: If it has none.
        """
        if gloss not in self._signs:
            raise SLTError(
                f"The dictionary has no gloss {gloss!r}.", fix="Try .lookup, which falls back."
            )
        return self._signs[gloss]

    def lookup(self, gloss: str, missing: str = "fingerspell") -> Lookup:
        """The signs to play for a gloss, and how they were found.

        Args:
            gloss: Any gloss, in any spelling.
            missing: What to do for a gloss without a sign of its own: "fingerspell", "skip"
                (nothing is played) or "refuse".

        Raises:
            MissingSignError: If there is none and `missing` is "refuse".
            SLTError: If `missing` is none of the three.

        Chapter: 02_dictionary
        """
        return self._finder(gloss, missing)

    def excluding(self, sentences: Collection[str]) -> "Dictionary":
        """The dictionary without the signs cut out of some sentences (those held out for a test).

        Chapter: 02_dictionary
        """
        held_out = set(sentences)
        kept = [s for s in (*self, *self.rejected) if s.sentence not in held_out]
        return Dictionary(kept, self.synonyms)

    def subset(self, share: float, seed: int = 0) -> "Dictionary":
        """The dictionary with a share of its glosses; a smaller share's are among a larger one's.

        Args:
            share: From above 0 to 1.
            seed: Of which glosses stay.

        Raises:
            SLTError: If the share isn't one.

        Chapter: 12_ablations
        """
        if not 0 < share <= 1:
            raise SLTError(f"A share of {share} can't be had.", fix="Take one above 0, up to 1.")
        order = random.Random(seed).sample(self.glosses, len(self._signs))
        kept = set(order[: max(1, round(share * len(order)))])
        return Dictionary([s for s in self if s.gloss in kept], self.synonyms)

    def with_synonyms(self, synonyms: Mapping[str, str | Sequence[str]]) -> "Dictionary":
        """The dictionary with more synonyms."""
        return Dictionary((*self, *self.rejected), self.synonyms | dict(synonyms))

    def report(self) -> list[dict]:
        """One row for every recording, rejected ones included: what was measured and the verdict.

        Chapter: 02_dictionary
        """
        return [
            {
                "gloss": sign.gloss,
                "variant": sign.variant,
                "verdict": sign.quality.verdict,
                "why": " ".join(sign.quality.why),
                "seconds": round(sign.seconds, 3),
                "seen_right": round(sign.quality.seen_right, 3),
                "seen_left": round(sign.quality.seen_left, 3),
                "jitter": round(sign.quality.jitter, 5),
                "bone_cv": round(sign.quality.bone_cv, 4),
                "source": sign.source,
            }
            for sign in (*self, *self.rejected)
        ]


def _best_first(sign: Sign) -> tuple:
    verdict, *rest = sign.quality.rank
    return verdict, sign.priority, *rest, sign.variant
