"""The fallback chain, the numbers, and the coverage of a real corpus."""

import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slt_lib.dictionary import (
    STEPS,
    Dictionary,
    MissingSignError,
    Sign,
    SignQuality,
    coverage,
    read_synonyms,
)
from slt_lib.dictionary.numbers import number_parts, number_word, read_number
from slt_lib.pose.errors import PoseFileError, SLTError
from slt_lib.pose.io import read_annotations
from slt_lib.pose.sequence import PoseSequence


def still(frames):
    return PoseSequence(np.zeros((frames, 178, 3)), np.ones((frames, 178)), 25)


def made(gloss, verdict="good", jitter=0.01, **known):
    quality = SignQuality(5, 1, 1, jitter, 0.1, verdict=verdict)
    return Sign(gloss, 25, 5, partial(still, 5), quality=quality, **known)


LETTERS = [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ä", "ö", "ü", "ß"]
GLOSSES = ["REGEN", "NORD", "OST", "HEUTE", "NACHT", "SONNE", "UNTERGANG", "MEIN", "TEIL"]
NUMBERS = ["NULL", "EINS", "ZWEI", "DREI", "FUENF", "ZWANZIG", "HUNDERT"]
SMALL = Dictionary(
    [made(g) for g in LETTERS + GLOSSES + NUMBERS],
    synonyms={"SCHAUER": "Regen", "Abend": ("NACHT", "heute"), "LUFT": "WIND"},
)


@pytest.mark.parametrize(
    ("gloss", "step", "played"),
    [
        ("REGEN", "exact", "REGEN"),
        ("L", "exact", "L"),
        ("regen", "normalised", "REGEN"),
        ("REGEN1A^", "normalised", "REGEN"),
        ("REGEN2*", "normalised", "REGEN"),
        ("poss-MEIN", "normalised", "MEIN"),
        ("Ä", "normalised", "ä"),
        ("a\u0308", "normalised", "ä"),
        ("$ALPHA1:L", "normalised", "L"),
        ("$ALPHA1:L-A*", "normalised", "L A"),
        ("20", "number", "ZWANZIG"),
        ("25", "number", "FUENF ZWANZIG"),
        ("FUENFUNDZWANZIG", "number", "FUENF ZWANZIG"),
        ("FÜNFUNDZWANZIG", "number", "FUENF ZWANZIG"),
        ("$NUM-EINER1A:3d", "number", "DREI"),
        ("225", "number", "ZWEI HUNDERT FUENF ZWANZIG"),
        ("ZWEIHUNDERT", "number", "ZWEI HUNDERT"),
        ("NORDOST", "compound", "NORD OST"),
        ("HEUTE-NACHT", "compound", "HEUTE NACHT"),
        ("SONNENUNTERGANG", "compound", "SONNE UNTERGANG"),
        ("E+R+Z", "compound", "E R Z"),
        ("SCHAUER", "synonym", "REGEN"),
        ("abend", "synonym", "NACHT HEUTE"),
        ("MAERZ", "fingerspelling", "M ä R Z"),
        ("März", "fingerspelling", "M ä R Z"),
        ("DAUER", "fingerspelling", "D A U E R"),
        ("Straße", "fingerspelling", "S T R A ß E"),
        ("CAFÉ", "fingerspelling", "C A F E"),
        ("LUFT", "fingerspelling", "L U F T"),
        ("neg-REGEN", "missing", ""),
        ("negalp-MEIN", "missing", ""),
        ("IX", "missing", ""),
        ("$GEST-OFF^", "missing", ""),
        ("Ω", "missing", ""),
        ("", "missing", ""),
    ],
)
def test_the_chain(gloss, step, played):
    found = SMALL.lookup(gloss)
    assert (found.step, [s.gloss for s in found.signs]) == (step, played.split())
    assert len(found.tried) == min(STEPS.index(step) + 1, len(STEPS) - 1)
    assert all(sentence.endswith(".") for sentence in found.tried)


def test_sch_is_one_letter_where_there_is_one_and_umlauts_are_written_out_where_not():
    letters = Dictionary([made(g) for g in [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "SCH"]])
    assert [s.gloss for s in letters.lookup("SCHÖN").signs] == ["SCH", "O", "E", "N"]
    assert [s.gloss for s in letters.lookup("SCHOEN").signs] == ["SCH", "O", "E", "N"]


def test_the_caller_chooses_what_a_missing_sign_does():
    assert SMALL.lookup("WOLKE").step == "fingerspelling"
    assert SMALL.lookup("WOLKE", missing="skip").step == "missing"
    with pytest.raises(MissingSignError, match="WOLKE"):
        SMALL.lookup("WOLKE", missing="refuse")
    with pytest.raises(SLTError, match="unknown"):
        SMALL.lookup("WOLKE", missing="guess")
    with pytest.raises(SLTError, match="lookup"):
        SMALL.signs("WOLKE")


def test_a_lookup_explains_itself():
    said = SMALL.lookup("NORDOST").explain()
    assert "No sign is called NORDOST." in said
    assert "NORD and OST" in said
    assert said.endswith("Played: NORD (unknown source), OST (unknown source).")
    assert SMALL.lookup("IX").explain().endswith("Nothing is played.")


def test_quality_decides_then_priority_and_the_worst_is_better_than_nothing():
    signs = [
        made("A", verdict="poor", jitter=0.0, source="poor"),
        made("A", priority=1, source="second"),
        made("A", jitter=0.02, source="shaky"),
        made("A", source="best"),
        made("B", verdict="poor", source="only"),
        made("C", verdict="rejected"),
    ]
    dictionary = Dictionary(signs)
    assert [s.source for s in dictionary.signs("A")] == ["best", "shaky", "second", "poor"]
    assert dictionary.lookup("B").signs[0].source == "only"
    assert dictionary.lookup("C").step == "missing"
    assert [s.gloss for s in dictionary.rejected] == ["C"]
    assert len(dictionary.report()) == 6


@given(st.text(max_size=30) | st.from_regex(r"[A-Z+\-0-9^*]{1,25}", fullmatch=True))
def test_any_gloss_gets_an_answer_made_of_signs_that_are_there(gloss):
    found = SMALL.lookup(gloss)
    assert found.step in STEPS
    assert bool(found.signs) == (found.step != "missing")
    assert {s.gloss for s in found.signs} <= set(SMALL.glosses)
    assert found.explain()


@given(st.integers(0, 9999), st.sets(st.integers(0, 100)))
def test_the_parts_of_a_number_are_known_and_say_it(n, known):
    assert read_number(number_word(n)) == n
    parts = number_parts(n, known.__contains__)
    if parts is not None:
        assert set(parts) <= known
        assert spoken(parts) == n or "".join(map(str, parts)) == str(n)


def spoken(parts):
    """What number words say one after the other: 6, 100, 5, 20 is 625."""
    total = head = 0
    for part in parts:
        total, head = (
            (total + head * part, 0) if part in (100, 1000) and head else (total, head + part)
        )
    return total + head


def test_a_pickled_dictionary_still_looks_up():
    again = pickle.loads(pickle.dumps(SMALL))
    assert again.lookup("SCHAUER").signs[0].pose.positions.shape == (5, 178, 3)


def test_coverage_of_the_real_corpus(shared_data):
    sentences = [u.gloss for u in read_annotations(shared_data / "phoenix14t/phoenix14t.train.gz")]
    counts = {g for sentence in sentences for g in sentence}
    assert len(counts) == 1085
    covered = coverage(sentences, SMALL)
    assert sum(covered.tokens.values()) == sum(map(len, sentences)) == 55247
    assert sum(covered.types.values()) == len(counts)
    assert sum(row["token_share"] for row in covered.rows()) == pytest.approx(1, abs=1e-3)
    spelled = covered.tokens["fingerspelling"] + covered.tokens["missing"]
    assert sum(covered.missing.values()) == spelled
    assert next(iter(covered.missing)) == "REGION"
    whole = coverage(sentences, Dictionary([made(g) for g in counts]))
    assert whole.tokens["exact"] == 55247
    assert whole.missing == {}
    half = sorted(counts)[::2]
    partly = coverage(sentences, Dictionary([made(g) for g in half] + [*SMALL]))
    assert partly.tokens["missing"] <= covered.tokens["missing"]
    assert partly.types["compound"] > covered.types["compound"]


def test_coverage_of_nothing_is_nothing():
    empty = coverage([], SMALL)
    assert empty.share("exact") == 0
    assert [row["tokens"] for row in empty.rows()] == [0] * len(STEPS)


def test_synonyms_are_read_from_a_table(tmp_path):
    file = tmp_path / "synonyms.csv"
    file.write_text("gloss,synonym\nGRAUPEL,REGEN\nABEND,HEUTE NACHT\n", encoding="utf-8")
    table = read_synonyms(file)
    assert table == {"GRAUPEL": ("REGEN",), "ABEND": ("HEUTE", "NACHT")}
    assert SMALL.with_synonyms(table).lookup("Graupel").step == "synonym"
    for bad in ("gloss,word\nA,B\n", "gloss,synonym\nA\n", "gloss,synonym\nA,B\nA,C\n"):
        file.write_text(bad, encoding="utf-8")
        with pytest.raises(PoseFileError, match="gloss,synonym"):
            read_synonyms(file)
    with pytest.raises(PoseFileError):
        read_synonyms(tmp_path / "none.csv")
