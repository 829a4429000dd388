"""Which signs does the weather world have, and which German words go with them?

The tables are ours. They imitate the vocabulary of a weather forecast: a few very frequent
signs, a long tail of places, months and numbers. The glosses name the simulator's signs, which
have no relation to how DGS signs look.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType


@dataclass(frozen=True)
class Entry:
    """One gloss of the weather world.

    Attributes:
        gloss: Its name.
        category: What it is about: time, day, month, number, direction, place, weather, degree,
            change, function or talk.
        words: German words that stand for it in texts; the first one is mouthed.

    Chapter: 04_synthetic_corpus
    """

    gloss: str
    category: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A place or direction: its gloss, where it is, from where something comes.

    Attributes:
        gloss: Its gloss.
        where: Locative phrases ("im norden").
        wherefrom: Phrases for a movement from there ("von norden"), may be empty.
        weight: How often it is spoken of, relative to the others.
    """

    gloss: str
    where: tuple[str, ...]
    wherefrom: tuple[str, ...]
    weight: float


DIRECTIONS = """
NORD: im norden, in der nordhälfte, im norden deutschlands; von norden, aus nord
SUED: im süden, in der südhälfte, im süden deutschlands; von süden, aus süd
WEST: im westen, in der westhälfte; von westen, aus west
OST: im osten, in der osthälfte; von osten, aus ost
MITTE: in der mitte, in den mittleren landesteilen
NORDWEST: im nordwesten, in der nordwesthälfte; von nordwesten, aus nordwest
SUEDOST: im südosten, nach südosten hin; von südosten, aus südost
NORDOST: im nordosten, richtung nordosten; von nordosten, aus nordost
SUEDWEST: im südwesten, in der südwesthälfte; von südwesten, aus südwest
"""

PLACES = """
ALPEN: an den alpen, am alpenrand, in den alpen; von den alpen
KUESTE: an der küste, an den küsten, im küstenbereich
BERG: im bergland, auf den bergen, in höheren lagen
NORDSEE: an der nordsee, im nordseeumfeld; von der nordsee
OSTSEE: an der ostsee, an der ostseeküste; von der ostsee
BAYERN: in bayern, in weiten teilen bayerns
DEUTSCHLAND: in deutschland, bei uns, im ganzen land
FLUSS: in den flusstälern, an den flüssen
RHEIN: am rhein, am oberrhein, am niederrhein
SACHSEN: in sachsen
DONAU: an der donau
BERLIN: in berlin, im raum berlin
FRANKREICH: in frankreich; aus frankreich, von frankreich
HAMBURG: in hamburg
MITTELGEBIRGE: in den mittelgebirgen
BADEN: in baden württemberg, in baden
SKANDINAVIEN: in skandinavien; aus skandinavien
HESSEN: in hessen
THUERINGEN: in thüringen
ENGLAND: in england; von england, von den britischen inseln
ATLANTIK: auf dem atlantik; vom atlantik
SCHWARZWALD: im schwarzwald
SCHLESWIG: in schleswig holstein
ELBE: an der elbe
POLEN: in polen; aus polen
ERZGEBIRGE: im erzgebirge
WESTFALEN: in nordrhein westfalen
NIEDERSACHSEN: in niedersachsen
ODER: an der oder
BRANDENBURG: in brandenburg
SPANIEN: in spanien; aus spanien
MAIN: am main
EIFEL: in der eifel
HARZ: im harz
MUENCHEN: in münchen
RUSSLAND: in russland; aus russland
BODENSEE: am bodensee
EMS: an der ems
SAARLAND: im saarland
VORPOMMERN: in vorpommern
MITTELMEER: am mittelmeer; vom mittelmeer
KOELN: in köln
FRANKEN: in franken
WESER: an der weser
OSTFRIESLAND: in ostfriesland
ALLGAEU: im allgäu
BREMEN: in bremen
PFALZ: in der pfalz
ITALIEN: in italien; aus italien
NECKAR: am neckar
POLAR: am polarkreis; aus dem polarmeer
RUEGEN: auf rügen
LAUSITZ: in der lausitz
DRESDEN: in dresden
STUTTGART: in stuttgart
MOSEL: an der mosel
ISLAND: bei island; von island
AFRIKA: in afrika; aus afrika
UCKERMARK: in der uckermark
HUNSRUECK: im hunsrück
"""

COUNTING = """
null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn
sechzehn siebzehn achtzehn neunzehn zwanzig
"""
ORDERING = """
- ersten zweiten dritten vierten fünften sechsten siebten achten neunten zehnten elften zwölften
dreizehnten vierzehnten fünfzehnten sechzehnten siebzehnten achtzehnten neunzehnten zwanzigsten
"""
CALENDAR = """
montag dienstag mittwoch donnerstag freitag samstag sonntag
januar februar märz april mai juni juli august september oktober november dezember
"""
NUMBERS, ORDINALS = COUNTING.split(), ORDERING.split()
DAYS, MONTHS = (line.split() for line in CALENDAR.strip().splitlines())

OTHERS = """
time: HEUTE heute; MORGEN morgen; NACHT nacht nachts; TAG tag tagsüber; ABEND abend abends;
 FRUEH früh morgens; MITTAG mittag mittags; NACHMITTAG nachmittag; UEBERMORGEN übermorgen;
 WOCHENENDE wochenende; WOCHE woche; JETZT nun jetzt; SPAETER später; NAECHSTE nächsten;
 ZUERST zunächst anfangs; BIS bis; GANZTAGS ganztags; STUNDE stunden; VORMITTAG vormittag;
 SOMMER sommer; WINTER winter; HERBST herbst; FRUEHLING frühling; SEIT seit
weather: REGEN regen regnet; SONNE sonne sonnig; WOLKE wolken bewölkt; SCHAUER schauer;
 GEWITTER gewitter; SCHNEE schnee schneit; NEBEL nebel neblig; WIND wind windig; STURM sturm;
 FROST frost frostig; GLATT glätte glatt; TROCKEN trocken; KLAR klar; KALT kalt kühl;
 WARM warm mild; HEISS heiß hitze; HOCH hoch hochdruckgebiet; TIEF tief tiefdruckgebiet;
 LUFT luft; TEMPERATUR temperaturen werte; GRAD grad; WETTER wetter; HAGEL hagel; BOE böen;
 FEUCHT feucht nass; FREUNDLICH freundlich; STERN sterne; HIMMEL himmel; TAUEN tauwetter;
 NIESEL nieselregen sprühregen; ORKAN orkanböen; SCHWUEL schwül; UNWETTER unwetter;
 REGENBOGEN regenbogen; GRAU grau trüb; WELLE wellen; METER meter
degree: STARK kräftig stark heftig; LEICHT leicht etwas; VIEL viel viele; WENIG wenig kaum;
 SCHWACH schwach; MAESSIG mäßig; FRISCH frisch; TEIL teils teilweise; MEHR mehr;
 LANG länger; MANCHMAL gelegentlich zeitweise; MOEGLICH möglich vielleicht; ZUM-TEIL örtlich;
 GEFAHR gefährlich gefahr; SCHOEN schön; MINUS minus;
 HOEHE oberhalb; HUNDERT hundert; UEBERALL überall verbreitet; RICHTIG richtig
change: KOMMEN kommt kommen; ZIEHEN zieht ziehen; BLEIBEN bleibt; VERSCHWINDEN verschwindet
 nachlässt; STEIGEN steigen; SINKEN sinken; WECHSEL wechseln wechselhaft; AENDERN ändert;
 LOCKER lockert auflockerungen; BESTIMMEN bestimmt; BRINGEN bringt;
 AUSBREITEN ausbreiten; VERLAGERN verlagert; GLEICH ähnlich
function: IX -; ABER aber; DANN dann; NICHT nicht; KEIN kein; AUCH auch;
 SONST sonst; IN-KOMMEND kommenden; WIE-AUSSEHEN vorhersage; WARNUNG warnung;
 DIENST wetterdienst; DAGEGEN dagegen; ZWISCHEN zwischen; REST übrigen
talk: GUT guten; LIEB liebe; ZUSCHAUER zuschauer; WUENSCHEN wünsche; ICH ich; IHR ihnen;
 BEGRUESSEN begrüße; MACHEN machen; WIEDERSEHEN wiedersehen; INFORMIEREN informieren;
 ACHTUNG achten; MITTEILEN herausgegeben
"""

TENS = {"ZWANZIG": "zwanzig", "DREISSIG": "dreißig"}


def _ascii(word: str) -> str:
    table = str.maketrans({"ä": "AE", "ö": "OE", "ü": "UE", "ß": "SS"})
    return word.translate(table).upper()


def number_gloss(value: int) -> tuple[str, ...]:
    """The glosses of a number from 0 to 39: ones before tens, as German says it.

    Chapter: 04_synthetic_corpus
    """
    if value <= 20:
        return (_ascii(NUMBERS[value]),)
    tens = ("ZWANZIG", "DREISSIG")[value // 10 - 2]
    return (tens,) if value % 10 == 0 else (_ascii(NUMBERS[value % 10]), tens)


def number_words(value: int) -> str:
    """A number from 0 to 39 in one German word."""
    if value <= 20:
        return NUMBERS[value]
    tens = ("zwanzig", "dreißig")[value // 10 - 2]
    ones = {0: "", 1: "ein"}.get(value % 10, NUMBERS[value % 10])
    return f"{ones}und{tens}" if ones else tens


def ordinal_words(value: int) -> str:
    """A day of the month, 1 to 31, as dates say it ("zwölften")."""
    return ORDINALS[value] if value <= 20 else number_words(value) + "sten"


def _places(table: str, falloff: float) -> tuple[Place, ...]:
    rows = []
    for rank, line in enumerate(table.strip().splitlines()):
        gloss, _, rest = line.partition(": ")
        where, _, wherefrom = rest.partition("; ")
        phrases = [tuple(p.strip() for p in part.split(",") if p) for part in (where, wherefrom)]
        rows.append(Place(gloss, *phrases, weight=(rank + 2) ** -falloff))
    return tuple(rows)


@lru_cache
def directions() -> tuple[Place, ...]:
    """The points of the compass, frequent ones first."""
    return _places(DIRECTIONS, 0.6)


@lru_cache
def places() -> tuple[Place, ...]:
    """Regions, states, rivers and countries, frequent ones first."""
    return _places(PLACES, 1.0)


def _entries():
    for table, category in ((directions(), "direction"), (places(), "place")):
        for place in table:
            name = place.where[0].split()[-1]
            yield Entry(place.gloss, category, (name,))
    for category, words in (("number", NUMBERS), ("day", DAYS), ("month", MONTHS)):
        for word in words:
            yield Entry(_ascii(word), category, (word,))
    yield Entry("DREISSIG", "number", ("dreißig",))
    for block in OTHERS.strip().replace("\n ", " ").splitlines():
        category, _, rest = block.partition(": ")
        for item in rest.split(";"):
            if item.strip():
                gloss, *words = item.split()
                yield Entry(gloss, category, tuple(w for w in words if w != "-"))


@lru_cache
def lexicon() -> Mapping[str, Entry]:
    """Every gloss of the weather world, by name.

    Chapter: 04_synthetic_corpus
    """
    return MappingProxyType({entry.gloss: entry for entry in _entries()})
