"""How does a simulated weather forecast put its sentences together, in signs and in German?

Signing says when, then where, then what, then how much; German puts one of them in front, its
verb second, and adds words that no sign stands for. One meaning has one gloss sequence and
many German texts.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from slt_lib.corpus.weather.clauses import (
    Clause,
    Signs,
    a_place,
    arrival,
    change,
    negated,
    pick,
    plain,
    snow_line,
    system,
    temperature,
    weather,
    wind,
)
from slt_lib.corpus.weather.lexicon import DAYS, MONTHS, number_gloss, ordinal_words
from slt_lib.pose.errors import SLTError

STATEMENTS = ((weather, 42), (temperature, 14), (negated, 7), (wind, 9), (arrival, 8),
              (system, 6), (change, 9), (snow_line, 2))  # fmt: skip
TIMES = (
    ("MORGEN", 10, "morgen"), ("HEUTE NACHT", 9, "heute nacht|in der nacht|in der kommenden nacht"),
    ("TAG", 6, "am tag|tagsüber|am tage"), ("UEBERMORGEN", 1.5, "übermorgen"),
    ("NACHMITTAG", 3, "am nachmittag|im laufe des nachmittags"), ("ABEND", 3, "am abend|abends"),
    ("MORGEN FRUEH", 2, "morgen früh"), ("VORMITTAG", 2, "am vormittag"), ("MITTAG", 1, "mittags"),
    ("WOCHENENDE", 2.5, "am wochenende"), ("SPAETER", 2, "später|im weiteren verlauf"),
    ("IN-KOMMEND TAG", 2, "in den kommenden tagen|in den nächsten tagen"),
    ("NAECHSTE WOCHE", 1, "in der nächsten woche"), ("ZUERST", 2, "zunächst|anfangs"),
    ("HEUTE", 3, "heute"), ("GANZTAGS", 0.7, "den ganzen tag"), ("JETZT", 1, "zurzeit|jetzt"),
    ("WINTER", 0.2, "in diesem winter"), ("SOMMER", 0.2, "in diesem sommer"),
    ("HERBST", 0.2, "im herbst"), ("FRUEHLING", 0.2, "im frühling"),
    ("SEIT STUNDE", 0.4, "seit stunden"),
    *((day.upper(), 1.6, f"am {day}") for day in DAYS),
    *((f"{day.upper()} NACHT", 0.2, f"in der nacht zum {day}") for day in DAYS),
)  # fmt: skip
# a linking sign, its conjunction, or a word that takes the place before the verb
LINKS = (("", "und", ""), ("", "", ""), ("DANN", "", "dann"), ("ABER", "aber", ""),
         ("DAGEGEN", "", "dagegen"), ("SONST", "", "sonst"), ("REST", "", "im übrigen land"),
         ("AUCH", "und auch", ""))  # fmt: skip
DAYS_OF_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
OPENERS = ("und ", "also ", "und auch ")


@dataclass(frozen=True)
class Sentence:
    """One sentence of the weather world.

    Attributes:
        gloss: Its signs in signing order.
        text: One German text of it: lower case, words and the full stop separated by spaces.
        brows: What the face does on each sign: "", "raise", "negation" or "intense".
        meaning: The number that the glosses were drawn from; `paraphrase` takes it.

    Chapter: 04_synthetic_corpus
    """

    gloss: tuple[str, ...]
    text: str
    brows: tuple[str, ...]
    meaning: int


def make_sentence(meaning: int, wording: int = 0) -> Sentence:
    """The sentence of one meaning in one wording; equal numbers give the equal sentence.

    Args:
        meaning: Seed of what is signed.
        wording: Seed of how German says it.

    Chapter: 04_synthetic_corpus
    """
    m, w = (np.random.default_rng([meaning, key]) for key in (1, 2))
    w = w if wording == 0 else np.random.default_rng([meaning, 2, wording])
    build = pick(m, (_one, _two, _three, _outlook, _announcement, _greeting, _farewell, _warning),
                 (28, 36, 7, 13, 9, 2.5, 2.5, 2))  # fmt: skip
    signs, text = build(m, w)
    gloss, brows = zip(*signs, strict=True)
    return Sentence(gloss, " ".join(text.split()) + " .", brows, meaning)


def paraphrase(meaning: int, seed: int) -> str:
    """Another German text of the same glosses (by chance sometimes the same text).

    Args:
        meaning: `Sentence.meaning`.
        seed: Which one, from 1.

    Chapter: 04_synthetic_corpus
    """
    return make_sentence(meaning, wording=seed).text


def draw_sentences(n: int, seed: int, *, avoid: Collection[str] = ()) -> list[Sentence]:
    """Sentences with texts that are all different.

    Args:
        n: How many.
        seed: Equal seeds give equal sentences; a longer list begins with the shorter one.
        avoid: Texts that may not appear.

    Raises:
        SLTError: If the grammar hasn't got that many.

    Chapter: 04_synthetic_corpus
    """
    taken, found = set(avoid), []
    for attempt in range(20 * n + 100):
        if len(found) == n:
            return found
        sentence = make_sentence(int(np.random.SeedSequence([seed, attempt]).generate_state(1)[0]))
        if sentence.text not in taken:
            taken.add(sentence.text)
            found.append(sentence)
    if len(found) < n:
        raise SLTError(f"The grammar gave only {len(found)} of {n} different sentences.")
    return found


def split_sentences(train: int, dev: int, test: int, seed: int) -> dict[str, list[Sentence]]:
    """Splits that share no text.

    Args:
        train, dev, test: Numbers of sentences.
        seed: As for `draw_sentences`. Dev and test are drawn first: a larger train split leaves
            them as they are.

    Chapter: 04_synthetic_corpus
    """
    drawn = draw_sentences(dev + test + train, seed)
    return {"train": drawn[dev + test :], "dev": drawn[:dev], "test": drawn[dev : dev + test]}


def _time(m, w) -> tuple[Signs, str]:
    gloss, _, phrases = pick(m, TIMES, [t[1] for t in TIMES])
    brows = "raise" if m.random() < 0.4 else ""
    return [(g, brows) for g in gloss.split()], pick(w, phrases.split("|"))


def _statement(m, w, time: tuple[Signs, str] | None = None, front: str = "") -> tuple[Signs, str]:
    """One clause with its time and place: signs, and German without a full stop."""
    clause = pick(m, [s[0] for s in STATEMENTS], [s[1] for s in STATEMENTS])(m, w)
    drawn = _time(m, w) if clause.free and m.random() < 0.45 else ([], "")
    signs, when = time if time is not None else drawn
    return signs + clause.place[0] + clause.signs, _german(clause, when, w, front)


def _german(clause: Clause, when: str, w: np.random.Generator, front: str) -> str:
    """Verb second: a linking word, or one of time, place and subject stands in front of it."""
    where, subject = clause.place[1], clause.subject
    itself = "sich" if subject.startswith("sich") else ""
    named = subject.removeprefix(itself).strip()
    fronts = [part for part in (when, where) if part]
    if named.startswith(("die", "der", "das", "ein")):
        fronts.append(named)
    front = front or (pick(w, fronts) if fronts else named or "hier")
    rest = [part for part in (itself, named, when, where) if part and part != front]
    return " ".join([front, clause.verb, *rest, clause.tail])


def _one(m, w):
    signs, text = _statement(m, w)
    return signs, (pick(w, OPENERS) if w.random() < 0.15 else "") + text


def _two(m, w):
    first, said = _statement(m, w)
    gloss, word, front = pick(m, LINKS, (7, 3, 3, 3, 2, 1.5, 1, 1))
    second, also = _statement(m, w, front=front)
    link = plain(gloss) if gloss else []
    if not gloss and w.random() < 0.2:  # German may tell the second thing first
        said, also = also, said
    return first + link + second, f"{said} {word} {also}"


def _three(m, w):
    signs, text = _two(m, w)
    extra, said = _statement(m, w)
    return signs + extra, f"{text} {said}"


def _outlook(m, w):
    day = int(m.integers(7))
    days = DAYS[day], DAYS[(day + 1) % 7]
    parts = [_statement(m, w, ([(d.upper(), "raise")], f"am {d}")) for d in days]
    link = pick(w, (" und ", " "))
    return parts[0][0] + parts[1][0], parts[0][1] + link + parts[1][1]


def _announcement(m, w):
    day, month = pick(m, DAYS), pick(m, MONTHS)
    number = int(m.integers(1, 1 + DAYS_OF_MONTH[MONTHS.index(month)]))
    month_gloss = month.upper().replace("Ä", "AE")
    signs = plain("JETZT", "WETTER", "WIE-AUSSEHEN", "MORGEN", day.upper())
    date = ""
    if m.random() < 0.8:
        signs += plain(*number_gloss(number), month_gloss)
        date = f" den {ordinal_words(number)} {month}"
    start = pick(w, (
        "und nun die wettervorhersage für morgen", "die wettervorhersage für morgen",
        "und jetzt die vorhersage für morgen", "nun zum wetter von morgen",
    ))  # fmt: skip
    return signs, f"{start} {day}{date}"


def _greeting(m, w):
    signs = plain("GUT", "ABEND", "LIEB", "ZUSCHAUER")
    text = pick(w, ("guten abend liebe zuschauer", "liebe zuschauer guten abend"))
    if m.random() < 0.6:
        signs = signs + plain("BEGRUESSEN")
        text = pick(w, (text + " ich begrüße sie", "ich begrüße sie liebe zuschauer guten abend"))
    if m.random() < 0.7:
        extra, said = _statement(m, w)
        return signs + extra, f"{text} {said}"
    return signs, text


def _farewell(m, w):
    signs, text = pick(m, (
        (("ICH", "WUENSCHEN", "IHR", "SCHOEN", "ABEND"), "ich wünsche ihnen {} schönen abend"),
        (("IHR", "ABEND", "SCHOEN", "MACHEN", "GUT"),
         "ihnen {} schönen abend und machen sie es gut"),
        (("WUENSCHEN", "SCHOEN", "WOCHENENDE"), "ich wünsche ihnen ein schönes wochenende"),
        (("IHR", "SCHOEN", "ABEND", "WIEDERSEHEN"), "ihnen {} schönen abend auf wiedersehen"),
    ))  # fmt: skip
    text = text.format(pick(w, ("einen", "noch einen")))
    if m.random() < 0.5:
        extra, said = _statement(m, w)
        return extra + plain(*signs), f"{said} {text}"
    return plain(*signs), text


def _warning(m, w):
    what, word = pick(m, (("STURM", "sturm"), ("GEWITTER", "gewitter"), ("GLATT", "glätte"),
                          ("UNWETTER", "unwetter"), ("WELLE", "hohen wellen")))  # fmt: skip
    place, where = a_place(m, w)
    signs = plain("DIENST", "MITTEILEN", "WARNUNG") + place + plain(what, "ACHTUNG")
    text = pick(w, (
        f"der wetterdienst warnt {where} vor {word}",
        f"bitte achten sie {where} auf warnungen des wetterdienstes vor {word}",
        f"der wetterdienst hat {where} warnungen vor {word} herausgegeben",
    ))  # fmt: skip
    if m.random() < 0.3:
        signs, text = signs + plain("IHR", "INFORMIEREN"), text + " informieren sie sich"
    return signs, text
