"""What is said about the weather: one clause, its signs and its German words.

A clause is drawn from two random streams. *Meaning* decides the glosses; *wording* decides
only between German texts of that meaning. German has the verb in second place, so a clause
is kept in pieces: what may come to the front is decided when the sentence is put together.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from slt_lib.corpus.weather.lexicon import directions, number_gloss, number_words, places

Signs = list[tuple[str, str]]


@dataclass
class Clause:
    """One statement.

    Attributes:
        signs: (gloss, brows) of the statement, without time and place.
        verb: The finite verb.
        subject: A definite subject or "es"; goes to the front if nothing else does.
        tail: What follows time and place.
        place: (signs, German phrase) of where it happens.
        free: Whether a time may be added in front.
    """

    signs: Signs
    verb: str
    subject: str
    tail: str
    place: tuple[Signs, str] = field(default_factory=lambda: ([], ""))
    free: bool = True


def pick(rng: np.random.Generator, options: Sequence, weights: Sequence[float] | None = None):
    """One of some options, by weight."""
    if weights is None:
        return options[int(rng.integers(len(options)))]
    weights = np.asarray(weights, float)
    return options[int(rng.choice(len(options), p=weights / weights.sum()))]


def plain(*glosses: str) -> Signs:
    """Glosses without a brow movement of their own."""
    return [(gloss, "") for gloss in glosses]


# (gloss, adverbs, adjective stems); a stem of "=" doesn't inflect
DEGREES = {
    "STARK": (("kräftig", "stark", "heftig"), ("kräftig", "stark", "heftig")),
    "LEICHT": (("leicht", "etwas"), ("leicht", "schwach")),
    "VIEL": (("viel", "häufig"), ("=viel", "=reichlich")),
    "WENIG": (("kaum", "wenig"), ("=wenig", "=kaum")),
    "MANCHMAL": (("zeitweise", "gelegentlich", "ab und zu"), ("=zeitweise", "=gelegentlich")),
    "ZUM-TEIL": (("örtlich", "gebietsweise", "stellenweise"), ("=örtlich", "=gebietsweise")),
    "LANG": (("länger", "längere zeit"), ("länger anhaltend", "andauernd")),
    "UEBERALL": (("überall", "verbreitet"), ("=verbreitet",)),
    "TEIL": (("teils", "teilweise"), ("=teils", "=teilweise")),
}

# gloss(es), weight, degrees that fit, forms "verb|subject|tail"; <adv> and <er> take the degree
EVENTS = (
    ("REGEN", 10, "STARK LEICHT MANCHMAL VIEL ZUM-TEIL LANG",
     "regnet|es|<adv>; fällt||<er> regen; gibt|es|<en> regen; ist||mit <em> regen zu rechnen"),
    ("SONNE", 9, "LANG VIEL MANCHMAL WENIG UEBERALL",
     "scheint|die sonne|<adv>; zeigt|sich die sonne|<adv>; ist|es|<adv> sonnig"),
    ("WOLKE", 8, "VIEL TEIL LEICHT UEBERALL",
     "ist|es|<adv> bewölkt; halten|sich|<e> wolken; gibt|es|<e> wolken"),
    ("SCHAUER", 8, "STARK MANCHMAL ZUM-TEIL LEICHT",
     "gibt|es|<e> schauer; fallen||<e> schauer; ziehen||<e> schauer durch"),
    ("GEWITTER", 6, "STARK ZUM-TEIL MANCHMAL",
     "gibt|es|<e> gewitter; sind||<e> gewitter möglich; entladen|sich|<e> gewitter"),
    ("TROCKEN", 5, "UEBERALL LANG", "bleibt|es|<adv> trocken; ist|es|<adv> trocken"),
    ("SCHNEE", 5, "STARK LEICHT MANCHMAL VIEL",
     "schneit|es|<adv>; fällt||<er> schnee; gibt|es|<en> schneefall"),
    ("NEBEL", 5, "ZUM-TEIL LANG TEIL",
     "ist|es|<adv> neblig; bildet|sich|<er> nebel; hält|sich|<er> nebel"),
    ("FREUNDLICH", 4, "UEBERALL MANCHMAL",
     "wird|es|<adv> freundlich; ist|das wetter|<adv> freundlich"),
    ("KLAR", 3, "TEIL UEBERALL", "ist|der himmel|<adv> klar; ist|es|<adv> klar"),
    ("SONNE WOLKE WECHSEL", 4, "",
     "wechseln|sich sonne und wolken|ab; gibt|es|einen wechsel aus sonne und wolken"),
    ("HIMMEL WOLKE LOCKER", 3, "",
     "lockern||die wolken auf; lockert|es|auf; gibt|es|auflockerungen"),
    ("FROST", 3, "LEICHT STARK ZUM-TEIL", "gibt|es|<en> frost; herrscht||<er> frost"),
    ("GLATT GEFAHR", 2, "ZUM-TEIL", "wird|es|<adv> gefährlich glatt; besteht||<adv> glättegefahr"),
    ("STURM", 2, "STARK", "weht|der wind|stürmisch; gibt|es|<en> sturm"),
    ("STERN KLAR", 1.5, "TEIL", "ist|es|<adv> sternenklar; sind|die sterne|<adv> zu sehen"),
    ("WARM", 2, "RICHTIG", "wird|es|<adv> warm; ist|es|<adv> mild"),
    ("KALT", 2, "RICHTIG", "wird|es|<adv> kalt; ist|es|<adv> kühl"),
    ("HEISS", 1, "RICHTIG", "wird|es|<adv> heiß"),
    ("SCHWUEL", 0.8, "RICHTIG", "wird|es|<adv> schwül; ist|die luft|<adv> schwül"),
    ("GRAU", 1, "LANG", "bleibt|es|<adv> trüb; ist|es|<adv> grau"),
    ("NIESEL", 1.2, "MANCHMAL LEICHT", "fällt||<er> nieselregen; gibt|es|<en> sprühregen"),
    ("HAGEL", 0.8, "STARK", "gibt|es|<en> hagel; fällt||<er> hagel"),
    ("UNWETTER MOEGLICH", 0.8, "", "sind||unwetter möglich; drohen||unwetter"),
    ("TAUEN", 0.5, "", "setzt||tauwetter ein"),
    ("FEUCHT", 0.8, "", "ist|die luft|feucht; wird|es|nass"),
    ("REGENBOGEN SCHOEN", 0.2, "", "zeigt|sich|ein schöner regenbogen"),
)  # fmt: skip
RICHTIG = (("richtig", "ziemlich"), ("richtig",))
SECOND = {"REGEN": "SCHNEE GEWITTER", "SCHAUER": "GEWITTER", "NEBEL": "WOLKE", "SCHNEE": "REGEN"}
NOUNS = {"REGEN": "regen", "SCHNEE": "schnee", "GEWITTER": "gewitter", "SCHAUER": "schauer",
         "NEBEL": "nebel", "WOLKE": "wolken"}  # fmt: skip


def fill(form: str, degree: str, wording: np.random.Generator) -> list[str]:
    """A form's verb, subject and tail, with the degree inflected into it."""
    adverbs, stems = RICHTIG if degree == "RICHTIG" else DEGREES.get(degree, (("",), ("=",)))
    adverb, stem = pick(wording, adverbs), pick(wording, stems)
    form = form.replace("<adv>", adverb)
    form = re.sub(r"<(e[mnr]?)>", lambda m: stem[1:] if stem[0] == "=" else stem + m[1], form)
    return [" ".join(part.split()) for part in form.split("|")]


def a_place(meaning, wording, table=None) -> tuple[Signs, str]:
    """Where: a direction or a place, sometimes with a pointing sign that has no word."""
    table = table or (directions() if meaning.random() < 0.55 else places())
    place = pick(meaning, table, [p.weight for p in table])
    brows = "raise" if meaning.random() < 0.4 else ""
    signs = [(place.gloss, brows), *plain(*["IX"] * (meaning.random() < 0.3))]
    return signs, pick(wording, place.where)


def two_places(meaning, wording) -> tuple[Signs, str]:
    """Two directions in one phrase: "im norden und westen"."""
    first, second = (directions()[i] for i in meaning.choice(4, 2, replace=False))
    text = first.where[0] + pick(wording, (" und ", " und auch ")) + second.where[0][3:]
    return [(first.gloss, "raise"), (second.gloss, "raise")], text


def weather(meaning, wording) -> Clause:
    """What the weather does: "im norden regnet es kräftig"."""
    gloss, _, degrees, forms = pick(meaning, EVENTS, [e[1] for e in EVENTS])
    degree = pick(meaning, degrees.split()) if degrees and meaning.random() < 0.5 else ""
    signs = plain(*gloss.split())
    if degree:
        signs.append((degree, "intense" if degree in ("STARK", "VIEL", "RICHTIG") else ""))
    form = pick(wording, [f.strip() for f in forms.split(";")])
    verb, subject, tail = fill(form, degree, wording)
    if gloss in SECOND and not degree and meaning.random() < 0.4:
        other = pick(meaning, SECOND[gloss].split())
        signs += plain(other)
        verb, subject, tail = pick(wording, (
            ("gibt", "es", f"{NOUNS[gloss]} und {NOUNS[other]}"),
            ("fällt" if gloss != "NEBEL" else "hält", "" if gloss != "NEBEL" else "sich",
             f"{NOUNS[gloss]} oder auch {NOUNS[other]}"),
        ))  # fmt: skip
    where = two_places if meaning.random() < 0.15 else a_place
    place = where(meaning, wording) if meaning.random() < 0.85 else ([], "")
    return Clause(signs, verb, subject, tail, place)


def negated(meaning, wording) -> Clause:
    """What doesn't happen: the negation comes last in signing, first in German."""
    gloss = pick(meaning, ("REGEN", "SCHNEE", "GEWITTER", "SCHAUER", "WIND", "NEBEL"))
    word = gloss.lower()
    signs = [(gloss, ""), (pick(meaning, ("KEIN", "NICHT"), (3, 1)), "negation")]
    kein = "keine" if gloss in ("GEWITTER", "SCHAUER") else "keinen"
    dative = word + "n" * word.endswith("er")
    form = pick(wording, (("gibt", "es", f"{kein} {word}"), ("bleibt", "es", f"ohne {word}"),
                          ("ist", "", f"nicht mit {dative} zu rechnen")))  # fmt: skip
    return Clause(signs, *form, a_place(meaning, wording))


def temperature(meaning, wording) -> Clause:
    """How warm: a span of degrees, or one number at one place."""
    low = int(np.clip(round(meaning.normal(8, 9)), -12, 34))
    high = min(low + int(meaning.integers(2, 9)), 39)
    verb, subject = pick(wording, (
        ("liegen", "die temperaturen"), ("werden", "es"), ("liegen", "die werte"),
        ("erreichen", "die höchstwerte"),
    ))  # fmt: skip
    if meaning.random() < 0.6:
        signs = plain("TEMPERATUR", "ZWISCHEN") if meaning.random() < 0.5 else plain("TEMPERATUR")
        signs += _degrees(low) + plain("BIS") + _degrees(high) + plain("GRAD")
        form = ("zwischen {} und {}", "bei {} bis {}") if verb == "liegen" else ("{} bis {}",)
        tail = pick(wording, form).format(_spoken(low), _spoken(high))
    else:
        signs = _degrees(high) + plain("GRAD")
        form = ("bei {}", "um {}") if verb == "liegen" else ("{}", "um {}", "etwa {}")
        tail = pick(wording, form).format(_spoken(high))
    place = a_place(meaning, wording, places()) if meaning.random() < 0.55 else ([], "")
    return Clause(signs, verb, subject, f"{tail} grad", place)


def _degrees(value: int) -> Signs:
    return plain(*(["MINUS"] if value < 0 else []), *number_gloss(abs(value)))


def _spoken(value: int) -> str:
    return ("minus " if value < 0 else "") + ("ein" if value == 1 else number_words(abs(value)))


def wind(meaning, wording) -> Clause:
    """How the wind blows, and from where."""
    strengths = {"SCHWACH": "schwach", "MAESSIG": "mäßig", "FRISCH": "frisch", "STARK": "kräftig"}
    first = pick(meaning, list(strengths), (5, 4, 2, 2))
    signs, text = [("WIND", ""), (first, "intense" if first == "STARK" else "")], strengths[first]
    if first != "STARK" and meaning.random() < 0.5:
        second = list(strengths)[list(strengths).index(first) + 1]
        signs, text = signs + plain("BIS", second), f"{text} bis {strengths[second]}"
    if meaning.random() < 0.4:
        origin = pick(meaning, [d for d in directions() if d.wherefrom])
        signs, text = signs + plain(origin.gloss, "KOMMEN"), f"{text} {origin.wherefrom[-1]}"
    if meaning.random() < 0.25:
        gusts = ("BOE", "mit böen"), ("STURM", "mit sturmböen"), ("ORKAN", "mit orkanböen")
        gust = pick(meaning, gusts, (4, 2, 0.5))
        signs, text = signs + plain(gust[0]), f"{text} {gust[1]}"
    place = a_place(meaning, wording) if meaning.random() < 0.4 else ([], "")
    return Clause(signs, "weht", "der wind", text, place)


def arrival(meaning, wording) -> Clause:
    """Something comes from somewhere: signed place first, said last or first."""
    origin = pick(meaning, [p for p in (*directions(), *places()) if p.wherefrom])
    what = pick(meaning, (("REGEN WOLKE", "regenwolken"), ("WOLKE", "dichte wolken"),
                          ("KALT LUFT", "kühle luft"), ("WARM LUFT", "milde luft"),
                          ("SCHAUER", "schauer"), ("FEUCHT LUFT", "feuchte luft"),
                          ("TROCKEN LUFT", "trockene luft"),
                          ("GEWITTER", "neue gewitter"), ("TIEF", "ein neues tief")),
                (4, 3, 4, 3, 3, 2, 2, 2, 3))  # fmt: skip
    move = pick(meaning, ("ZIEHEN", "KOMMEN"), (2, 3))
    many = not what[1].endswith(("luft", "tief"))
    verb = {"ZIEHEN": "ziehen" if many else "zieht", "KOMMEN": "kommen" if many else "kommt"}[move]
    end = pick(wording, ("heran", "zu uns", "auf uns zu", "ins land"))
    place = ([(origin.gloss, "raise")], pick(wording, origin.wherefrom))
    return Clause(plain(*what[0].split(), move), verb, "", f"{what[1]} {end}", place)


def system(meaning, wording) -> Clause:
    """A high or a low decides the weather."""
    kind, word = pick(meaning, (("HOCH", "hoch"), ("TIEF", "tief")))
    signs, phrase = a_place(meaning, wording, places())
    phrase = re.sub(r"^(in|an|auf|bei) ", "über ", phrase)
    phrase = re.sub(r"^(im|am) ", "über dem ", phrase)
    signs = signs + plain(kind)
    subject = pick(wording, (f"ein {word} {phrase}", f"das {word} {phrase}"))
    effects = ((("BESTIMMEN", "WETTER"), "bestimmt", "unser wetter"),
               (("BRINGEN", "FEUCHT", "LUFT"), "bringt", "feuchte luft zu uns"),
               (("BRINGEN", "SONNE"), "bringt", "uns viel sonne"),
               (("BRINGEN", "REGEN"), "sorgt", "für regen"),
               (("VERLAGERN", "OST"), "verlagert", "sich nach osten"),
               (("AUSBREITEN",), "breitet", "sich aus"),
               (("BLEIBEN",), "bleibt", "wetterbestimmend"))  # fmt: skip
    glosses, verb, tail = pick(meaning, effects)
    return Clause(signs + plain(*glosses), verb, subject, tail, free=False)


def change(meaning, wording) -> Clause:
    """Temperatures rise or fall, the weather stays or turns."""
    kinds = (
        ("TEMPERATUR STEIGEN", "steigen", "die temperaturen", ("an", "weiter an")),
        ("TEMPERATUR SINKEN", "sinken", "die temperaturen", ("etwas", "weiter ab")),
        ("WETTER WECHSEL", "bleibt", "das wetter", ("wechselhaft", "unbeständig")),
        ("WETTER AENDERN WENIG", "ändert", "sich das wetter", ("kaum", "nur wenig")),
        ("GLEICH BLEIBEN", "bleibt", "es", ("ähnlich", "bei diesem wetter")),
        ("REGEN VERSCHWINDEN", "lässt", "der regen", ("nach", "allmählich nach")),
        ("NEBEL VERSCHWINDEN", "löst", "sich der nebel", ("auf", "rasch auf")),
        ("WARM MEHR", "wird", "es", ("wärmer", "noch wärmer")),
        ("KALT MEHR", "wird", "es", ("kälter", "deutlich kälter")),
        ("SCHOEN SONNE", "wird", "es", ("schön und sonnig", "sonnig")),
    )
    glosses, verb, subject, tails = pick(meaning, kinds)
    signs, tail = plain(*glosses.split()), pick(wording, tails)
    if "TEMPERATUR" in glosses and meaning.random() < 0.6:
        value = int(meaning.integers(0, 32))
        signs += plain("BIS", *number_gloss(value), "GRAD")
        tail = f"auf {number_words(value)} grad"
    return Clause(signs, verb, subject, tail)


def snow_line(meaning, wording) -> Clause:
    """From which height snow falls."""
    hundreds = int(meaning.integers(2, 11))
    number = number_words(hundreds).replace("eins", "ein") + "hundert"
    signs = plain("HOEHE", *number_gloss(hundreds), "HUNDERT", "METER", "SCHNEE")
    place = [], pick(wording, (f"oberhalb von {number} metern", f"über {number} meter"))
    verb, tail = pick(wording, (("fällt", "schnee"), ("schneit", "es")))
    return Clause(signs, verb, "", tail, place)
