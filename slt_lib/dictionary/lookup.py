"""Looking up a gloss: a chain of ever freer readings, each of which says what it did.

exact → normalised → number → compound → synonym → fingerspelling → missing
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from slt_lib.dictionary.glosses import (
    NEGATION,
    base,
    plain,
    spelled_letters,
    split_compound,
    to_letters,
    unspeakable,
    written_number,
)
from slt_lib.dictionary.numbers import number_parts, number_word, read_number
from slt_lib.dictionary.sign import Sign
from slt_lib.pose.errors import SLTError

STEPS = ("exact", "normalised", "number", "compound", "synonym", "fingerspelling", "missing")
ON_MISSING = ("fingerspell", "skip", "refuse")
REMEMBERED = 65_536  # look-ups kept


class MissingSignError(SLTError):
    """A gloss has no sign, and the caller asked to be told."""


@dataclass(frozen=True)
class Lookup:
    """What to play for a gloss, and why.

    Attributes:
        gloss: The gloss asked for.
        signs: The signs to play, in order; empty if there is none.
        step: How they were found, one of `STEPS`.
        tried: One sentence for each step tried, in order.

    Chapter: 02_dictionary
    """

    gloss: str
    signs: tuple[Sign, ...]
    step: str
    tried: tuple[str, ...]

    def explain(self) -> str:
        """What was tried, in plain sentences, and which recordings are played."""
        takes = [f"{s.gloss} ({s.source or 'unknown source'})" for s in self.signs]
        end = f"Played: {', '.join(takes)}." if takes else "Nothing is played."
        return " ".join((*self.tried, end))


class Finder:
    """The fallback chain over a set of glosses.

    Args:
        signs: The recordings of each gloss, best first.
        synonyms: {gloss: gloss or sequence of glosses}.
    """

    def __init__(self, signs: Mapping[str, Sequence[Sign]], synonyms: Mapping) -> None:
        self.signs = signs
        self.synonyms = {
            plain(g): (to,) if isinstance(to, str) else tuple(to) for g, to in synonyms.items()
        }
        self.plain: dict[str, str] = {}
        self.base: dict[str, str] = {}
        self.numbers: dict[int, str] = {}
        for gloss in signs:
            self.plain.setdefault(plain(gloss), gloss)
            self.base.setdefault(base(gloss), gloss)
            number = read_number(base(gloss))
            if number is not None:
                self.numbers.setdefault(number, gloss)
        self.find = lru_cache(maxsize=REMEMBERED)(self._find)

    def __reduce__(self):
        return Finder, (self.signs, self.synonyms)

    def __call__(self, gloss: str, missing: str) -> Lookup:
        if missing not in ON_MISSING:
            raise SLTError(f"missing={missing!r} is unknown.", fix=f"Choose from {ON_MISSING}.")
        found = self.find(gloss, missing)
        if missing == "refuse" and not found.signs:
            raise MissingSignError(
                f"There is no sign for {gloss!r}. {' '.join(found.tried)}",
                fix='Add a recording or a synonym, or choose missing="fingerspell" or "skip".',
            )
        return found

    def _find(self, gloss: str, missing: str) -> Lookup:
        tried: list[str] = []
        steps = [self._exact, self._normalised, self._number, self._compound, self._synonym]
        if missing == "fingerspell":
            steps.append(self._spell)
        for name, step in zip(STEPS, steps, strict=False):
            glosses, said = step(gloss)
            tried.append(said)
            if glosses:
                return Lookup(gloss, tuple(self.signs[g][0] for g in glosses), name, tuple(tried))
        return Lookup(gloss, (), "missing", tuple(tried))

    def _exact(self, gloss: str) -> tuple[list[str] | None, str]:
        if gloss in self.signs:
            return [gloss], f"A sign is called {gloss}."
        return None, f"No sign is called {gloss}."

    def _normalised(self, gloss: str) -> tuple[list[str] | None, str]:
        letters = spelled_letters(gloss)
        if letters:
            found = [self.plain.get(plain(letter)) for letter in letters]
            if all(found):
                return found, f"{gloss} names the letters {', '.join(found)}."
            return None, f"{gloss} names letters that have no sign."
        found = self._by_form(gloss)
        if found:
            return [found], f"Case, umlauts and variant marks aside, it is {found}."
        kept = " (a negation is never dropped)" if NEGATION.match(gloss) else ""
        return None, f"Nor is it another spelling of one{kept}."

    def _number(self, gloss: str) -> tuple[list[str] | None, str]:
        number = read_number(written_number(gloss) or base(gloss))
        if number is None:
            return None, "It is no number."
        parts = number_parts(number, self.numbers.__contains__)
        if parts is None:
            return None, f"It is the number {number}, for which there are no signs."
        found = [self.numbers[part] for part in parts]
        return found, f"It is the number {number}, signed as {', '.join(found)}."

    def _compound(self, gloss: str) -> tuple[list[str] | None, str]:
        parts = split_compound(gloss, self._by_form_or_number)
        if parts is None:
            return None, "It can't be split into known parts."
        found = [self._by_form_or_number(part) for part in parts]
        return found, f"It is made of {' and '.join(parts)}."

    def _synonym(self, gloss: str) -> tuple[list[str] | None, str]:
        names = self.synonyms.get(plain(gloss)) or self.synonyms.get(base(gloss))
        if not names:
            return None, "It has no synonym in the table."
        found: list[str] = []
        for name in names:
            for step in (self._exact, self._normalised, self._number, self._compound):
                glosses, _ = step(name)
                if glosses:
                    found += glosses
                    break
            else:
                return None, f"Its synonym {name} has no sign either."
        return found, f"The synonym table gives {' '.join(names)}."

    def _spell(self, gloss: str) -> tuple[list[str] | None, str]:
        number = read_number(written_number(gloss) or base(gloss))
        reason = unspeakable(gloss) if number is None else None
        if reason:
            return None, f"It can't be finger-spelled: {reason}."
        letters = to_letters(gloss if number is None else number_word(number), self._letter)
        if letters is None:
            return None, "It can't be finger-spelled: a letter has no sign."
        return [self._letter(x) for x in letters], f"Finger-spelled {'-'.join(letters)}."

    def _letter(self, letter: str) -> str | None:
        return self.plain.get(plain(letter))

    def _by_form(self, gloss: str) -> str | None:
        return self.plain.get(plain(gloss)) or self.base.get(base(gloss))

    def _by_form_or_number(self, gloss: str) -> str | None:
        number = read_number(base(gloss))
        return self._by_form(gloss) or (self.numbers.get(number) if number is not None else None)
