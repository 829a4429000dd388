"""What can be read off a gloss's spelling: its plain form, its parts, its letters."""

import re
import unicodedata

UMLAUTS = {"Ä": "AE", "Ö": "OE", "Ü": "UE", "ß": "SS", "ẞ": "SS"}
VARIANT = re.compile(r"(?<=[A-Z])\d+[A-Z]?(-[A-Z])?$")  # the 1A of REGEN1A, the 2 of HABEN2
NEGATION = re.compile(r"^(neg|negalp)-", re.IGNORECASE)
POSSESSIVE = re.compile(r"^poss-", re.IGNORECASE)
POINTING = ("IX", "INDEX")
LINKS = ("S", "N", "EN", "ES")  # letters that join the parts of a German compound
SHORTEST_PART = 3


def plain(gloss: str) -> str:
    """Upper case, umlauts written out (REGEN for regen, SCHOEN for schön).

    A single letter keeps its umlaut: Ä is a letter of its own, not A and E.
    """
    text = unicodedata.normalize("NFC", gloss).strip()
    if len(text) == 1:
        return text if text in "ßẞ" else text.upper()
    for umlaut, letters in UMLAUTS.items():
        text = text.replace(umlaut, letters).replace(umlaut.lower(), letters)
    return text.upper()


def base(gloss: str) -> str:
    """The plain form without marks of variant or form: REGEN for `REGEN1A^`, MEIN for poss-MEIN.

    A negation stays (`neg-REGEN` says the opposite of REGEN).
    """
    text = POSSESSIVE.sub("", gloss.strip())
    return VARIANT.sub("", plain(text).rstrip("^*"))


def spelled_letters(gloss: str) -> list[str] | None:
    """Letters of a gloss that says itself that it was finger-spelled: `$ALPHA1:L`, None if not."""
    found = re.fullmatch(r"\$ALPHA\d*[A-Z]?:([^\s*^]+)[*^]*", gloss.strip(), re.IGNORECASE)
    return found[1].split("-") if found else None


def written_number(gloss: str) -> str | None:
    """The digits of a gloss like `$NUM-EINER1A:3d`, None if it isn't one."""
    found = re.fullmatch(r"\$NUM-[^:]*:(\d+)[a-z]?[*^]*", gloss.strip(), re.IGNORECASE)
    return found[1] if found else None


def unspeakable(gloss: str) -> str | None:
    """Why a gloss can't be finger-spelled: it isn't a word. None if it is one."""
    if NEGATION.match(gloss):
        return "it marks a negation, which the letters would lose"
    if gloss.startswith(("$", "||")):
        return "it is an annotator's mark, not a word"
    if base(gloss) in POINTING:
        return "it stands for pointing, not for a word"
    return None


def to_letters(gloss: str, have) -> list[str] | None:
    """The letters that spell a gloss, as German fingers do: SCH, CH, Ä, Ö, Ü are one letter each.

    AE, OE and UE are read as umlauts, as corpora write them, but UE not after A, E or Q (DAUER,
    NEUE, QUELLE). A letter that isn't there is written out (Ä as A, E; É as E).

    Args:
        gloss: The gloss, or the word it stands for.
        have: Says of a letter ("A", "SCH", "Ä") whether it can be signed.

    Returns:
        Letters, all of which can be signed; None if one can't.
    """
    text = unicodedata.normalize("NFC", gloss).strip()
    text = "".join(c if c in "ßẞ" else c.upper() for c in text).replace("ẞ", "ß")
    text = VARIANT.sub("", POSSESSIVE.sub("", text).rstrip("^*"))
    letters: list[str] = []
    for piece in re.findall(r"SCH|CH|(?<![AEQ])UE|AE|OE|[^\W_]", text):
        options = [[piece]]
        if piece in ("AE", "OE", "UE"):
            options.insert(0, [{"AE": "Ä", "OE": "Ö", "UE": "Ü"}[piece]])
        if len(piece) > 1:
            options.append(list(piece))
        elif piece in UMLAUTS:
            options.append(list(UMLAUTS[piece]))
        else:
            options.append([unicodedata.normalize("NFD", piece)[0]])
        found = next((option for option in options if all(map(have, option))), None)
        if found is None:
            return None
        letters += found
    return letters or None


def split_compound(gloss: str, known) -> list[str] | None:
    """The fewest known parts that make up a gloss: NORDOST is NORD, OST; HEUTE-NACHT both.

    Parts that the corpus joins with + or - may be of any length. Inside a word they have three
    letters or more, and one of S, N, EN, ES may stand between them.

    Args:
        gloss: The gloss.
        known: Says of a part whether there is a sign for it.

    Returns:
        Two parts or more, None if the gloss can't be split.
    """
    joined = [part for part in re.split(r"[+-]", gloss.strip()) if part]
    if len(joined) > 1:
        return joined if all(map(known, joined)) else None
    word = base(gloss)
    fewest: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(SHORTEST_PART, len(word) + 1):
        for start in range(end - SHORTEST_PART + 1):
            before = _before(fewest, word, start, linked=end - start >= SHORTEST_PART)
            part = word[start:end]
            if before is None or part == word or not known(part):
                continue
            if fewest[end] is None or len(before) + 1 < len(fewest[end]):
                fewest[end] = [*before, part]
    parts = fewest[-1]
    return parts if parts and len(parts) > 1 else None


def _before(fewest, word: str, start: int, linked: bool) -> list[str] | None:
    """Fewest parts of the word up to `start`, a linking S, N, EN or ES left out if need be."""
    options = [fewest[start]]
    options += [fewest[start - len(x)] for x in LINKS if word[:start].endswith(x) and linked]
    options = [parts for parts in options[:1] + [o for o in options[1:] if o] if parts is not None]
    return min(options, key=len, default=None)
