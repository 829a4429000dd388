"""Any text becomes words; numbers are read as they are signed; every word has parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slt_lib.translation.text_to_gloss.words import WordTable, join_words, parts_of, split_text
from slt_lib.translation.vocabulary import UNK


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" .,!? ", []),
        ("Morgen REGNET es, im Norden!", ["morgen regnet es im norden"]),
        ("es regnet . im süden schneit es .", ["es regnet", "im süden schneit es"]),
        ("bei -5 Grad", ["bei minus fünf grad"]),
        ("bei −5°C", ["bei minus fünf grad"]),
        ("minus 21 Grad", ["minus eins zwanzig grad"]),
        ("am fünfundzwanzigsten mai", ["am fünf zwanzigsten mai"]),
        ("am 25. Dezember.", ["am fünf zwanzigsten dezember"]),
        ("Heute 30. Morgen 12.", ["heute dreißig", "morgen zwölf"]),
        ("3,5 Meter", ["drei komma fünf meter"]),
        ("90% um 18:30", ["neunzig prozent um achtzehn uhr dreißig"]),
        ("auf 600 Metern", ["auf sechs hundert metern"]),
        ("99999 Leute", ["99999 leute"]),
        ("Nordrhein-Westfalen", ["nordrhein westfalen"]),
        ("wie geht's", ["wie geht's"]),
        ("e\u0301tude", ["étude"]),
    ],
)
def test_text_becomes_words(text, words):
    assert [" ".join(one) for one in split_text(text)] == words


@given(st.text(max_size=60))
def test_no_text_is_refused_and_words_are_stable(text):
    words = join_words(text)
    assert all(word and not any(c.isspace() for c in word) for word in words)
    assert join_words(" ".join(words)) == words


@given(st.text(min_size=1, max_size=30))
def test_every_word_has_parts(word):
    assert parts_of(word)


def test_words_are_encoded_once_and_unknown_ones_by_their_parts():
    table = WordTable.build([("es", "regnet"), ("es", "schneit")])
    text = table.encode([("es", "regnet", "es"), ("regnerisch",), ("qqqq",)])
    place = text["place"]
    assert place.shape == (3, 3) and place[0, 0] == place[0, 2] != place[0, 1]
    assert text["mask"].tolist() == [[True] * 3, [True, False, False], [True, False, False]]
    assert text["word"][place[1, 0]] == UNK and not table.knows("regnerisch")
    ends = [*text["start"].tolist()[1:], len(text["part"])]
    shares = [text["part"][a:b].tolist() for a, b in zip(text["start"].tolist(), ends, strict=True)]
    assert len(shares[place[1, 0]]) > 1  # <re, reg, ...
    assert shares[place[2, 0]] == [0]  # nothing of it is known
