"""German numbers: their words, and how a number is made of smaller ones."""

from functools import lru_cache

TO_NINETEEN = (
    "NULL EINS ZWEI DREI VIER FUENF SECHS SIEBEN ACHT NEUN ZEHN ELF ZWOELF DREIZEHN VIERZEHN "
    "FUENFZEHN SECHZEHN SIEBZEHN ACHTZEHN NEUNZEHN"
)
TENS = "ZWANZIG DREISSIG VIERZIG FUENFZIG SECHZIG SIEBZIG ACHTZIG NEUNZIG"
LARGEST = 9999
OTHER_WORDS = {"EIN": 1, "EINE": 1, "ZWO": 2, "SECHSZEHN": 16, "SECHSZIG": 60}


def number_word(n: int) -> str:
    """The German word of 0 to 9999, capitals, umlauts written out: 25 is FUENFUNDZWANZIG.

    Chapter: 02_dictionary
    """
    if n < 20:
        return TO_NINETEEN.split()[n]
    if n < 100:
        unit, ten = n % 10, TENS.split()[n // 10 - 2]
        return f"{_joined(unit)}UND{ten}" if unit else ten
    size, name = (1000, "TAUSEND") if n >= 1000 else (100, "HUNDERT")
    head, rest = divmod(n, size)
    return f"{_joined(head)}{name}" + (number_word(rest) if rest else "")


def _joined(n: int) -> str:
    return "EIN" if n == 1 else number_word(n)


@lru_cache
def _numbers() -> dict[str, int]:
    words = {number_word(n): n for n in range(LARGEST + 1)}
    short = {"HUNDERT": 100, "TAUSEND": 1000}
    return words | short | OTHER_WORDS


def read_number(text: str) -> int | None:
    """The number that a plain gloss is: digits or a German number word; None if it is none.

    Chapter: 02_dictionary
    """
    if text.isascii() and text.isdigit():
        return int(text) if int(text) <= LARGEST else None
    return _numbers().get(text)


def number_parts(n: int, known) -> list[int] | None:
    """The parts that sign a number, in the German order: 25 is 5, 20; 600 is 6, 100.

    Args:
        n: 0 to 9999.
        known: Says of a number whether there is a sign for it.

    Returns:
        One number or more, each known; else its digits if those are known; else None.

    Chapter: 02_dictionary
    """
    parts = _parts(n, known)
    if parts is None and n > 9 and all(known(int(digit)) for digit in str(n)):
        return [int(digit) for digit in str(n)]
    return parts


def _parts(n: int, known) -> list[int] | None:
    if known(n):
        return [n]
    if n >= 100:
        size = 1000 if n >= 1000 else 100
        head, rest = divmod(n, size)
        whole = [n - rest] if known(n - rest) and rest else _times(head, size, known)
        tail = _parts(rest, known) if rest else []
    elif n > 12 and n % 10:
        whole, tail = _parts(n % 10, known), _parts(n - n % 10, known)
    else:
        return None
    return whole + tail if whole is not None and tail is not None else None


def _times(head: int, size: int, known) -> list[int] | None:
    front = _parts(head, known)
    return [*front, size] if front is not None and known(size) else None
