"""What is wrong with a pair in a way that one can put right, and how often was it?"""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches

from slt_lib.corpus.sentences.pairs import Pair
from slt_lib.dictionary.glosses import plain
from slt_lib.dictionary.lookup import Lookup
from slt_lib.dictionary.numbers import number_word

NEAR = 0.84  # likeness from which another spelling is taken for a slip: one letter in six
UMLAUTS = (("AE", "ä"), ("OE", "ö"), ("UE", "ü"))


class Repair:
    """Repairs pairs towards what a dictionary knows.

    Args:
        glosses: Those that are known.
        lookup: The dictionary's chain of readings (`Dictionary.lookup`), which knows capitals,
            umlauts, numbers, compounds and synonyms. Spelling is tried after it.

    Chapter: 13_novel_sentences
    """

    def __init__(self, glosses: Sequence[str], lookup: Callable[..., Lookup]) -> None:
        self.glosses, self.lookup = frozenset(glosses), lookup
        self.plain = {plain(gloss): gloss for gloss in sorted(self.glosses)}

    def __call__(self, pair: Pair) -> tuple[Pair | None, list[str]]:
        """The repaired pair and what was repaired in it; no pair if a gloss stays unknown."""
        done: list[str] = []
        glosses: list[str] = []
        for gloss in pair.glosses:
            found, how = self._gloss(gloss)
            if not found:
                return None, [*done, f"unknown gloss {gloss[:40]}"]
            glosses += found
            done += [how] if how else []
        text = clean_text(pair.text)
        if text != pair.text:
            done.append("text")
        return Pair(tuple(glosses), text), done

    def _gloss(self, gloss: str) -> tuple[list[str], str]:
        if gloss in self.glosses:
            return [gloss], ""
        found = self.lookup(gloss, missing="skip")
        known = [sign.gloss for sign in found.signs]
        if known and self.glosses.issuperset(known):
            return known, found.step
        near = get_close_matches(plain(gloss), self.plain, n=2, cutoff=NEAR)
        if near and len(gloss) > 3:
            return [self.plain[near[0]]], "spelling"
        return [], ""


def clean_text(text: str) -> str:
    """A text as the corpus writes it: lower case, numbers as words, one full stop at the end.

    Args:
        text: As somebody wrote it.

    Chapter: 13_novel_sentences
    """
    text = re.sub(r"\d+", lambda m: f" {_words(m[0])} ", text.lower().replace("°", " grad "))
    text = re.sub(r"[^\w\s.!?-]", " ", text.replace("-", " "))
    text = re.sub(r"[.!?_]+", " ", text)
    return f"{' '.join(text.split())} ." if text.strip() else ""


def _words(digits: str) -> str:
    """A number's word in lower case with its umlauts; longer numbers digit by digit."""
    if len(digits) > 4:
        return " ".join(_words(digit) for digit in digits)
    word = number_word(int(digits)) if digits.isascii() else ""
    for ascii_, umlaut in UMLAUTS[1:]:
        word = word.replace(ascii_, umlaut.upper())
    return re.sub("DREISSIG", "DREIẞIG", word).lower()
