"""The grammar of the weather world: unique, seeded, as large and as crooked as it says."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slt_lib.corpus.weather import grammar
from slt_lib.corpus.weather.grammar import (
    draw_sentences,
    make_sentence,
    paraphrase,
    split_sentences,
)
from slt_lib.corpus.weather.lexicon import lexicon, number_gloss, number_words, ordinal_words
from slt_lib.pose.errors import SLTError


@pytest.fixture(scope="module")
def drawn():
    return draw_sentences(3000, seed=3)


def test_lexicon_and_vocabulary_have_the_promised_sizes(drawn):
    assert 150 <= len(lexicon()) <= 250
    words = {w for s in drawn for w in s.text.split()} - {"."}
    assert 400 <= len(words) <= 700
    unused = set(lexicon()) - {g for s in draw_sentences(12_000, seed=0) for g in s.gloss}
    assert not unused


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_meaning_gives_a_well_formed_sentence(meaning):
    sentence = make_sentence(meaning)
    assert sentence == make_sentence(meaning)
    assert set(sentence.gloss) <= set(lexicon())
    assert len(sentence.brows) == len(sentence.gloss) >= 1
    assert set(sentence.brows) <= {"", "raise", "negation", "intense"}
    assert re.fullmatch(r"([a-zäöüß]+ )+\.", sentence.text)
    assert not re.search(r"\b(\w+) \1\b", sentence.text), "a word stands twice in a row"


def test_texts_are_unique_and_the_seed_decides(drawn):
    assert len({s.text for s in drawn}) == len(drawn)
    assert drawn[:50] == draw_sentences(50, seed=3)
    assert drawn[:50] != draw_sentences(50, seed=4)
    taken = [s.text for s in drawn[:50]]
    assert not {s.text for s in draw_sentences(50, 3, avoid=taken)} & set(taken)


def test_splits_share_no_text_and_more_training_data_leaves_the_others_alone():
    small, large = split_sentences(50, 20, 30, 0), split_sentences(120, 20, 30, 0)
    assert [len(small[k]) for k in ("train", "dev", "test")] == [50, 20, 30]
    assert small["dev"] == large["dev"] and small["test"] == large["test"]
    texts = [s.text for split in large.values() for s in split]
    assert len(set(texts)) == len(texts)


def test_paraphrases_say_the_same_signs_in_other_words(drawn):
    others = [{paraphrase(s.meaning, k) for k in range(1, 6)} - {s.text} for s in drawn[:100]]
    assert sum(map(bool, others)) > 85
    assert paraphrase(drawn[0].meaning, 1) == paraphrase(drawn[0].meaning, 1)


def test_translating_is_more_than_looking_words_up(drawn):
    words = Counter(w for s in drawn for w in s.text.split())
    texts = [len({paraphrase(s.meaning, k) for k in range(1, 13)}) for s in drawn[:60]]
    assert sorted(texts)[30] > 4, "one gloss sequence has several texts"
    mouthed = {w for entry in lexicon().values() for w in entry.words}
    share = sum(n for w, n in words.items() if w not in mouthed and w != ".") / words.total()
    assert share > 0.3, "many words have no sign"
    assert sum("IX" in s.gloss for s in drawn) > 0.1 * len(drawn), "a sign without a word"


def test_dates_exist_and_numbers_are_said_as_german_says_them(drawn):
    assert number_gloss(27) == ("SIEBEN", "ZWANZIG") and number_words(27) == "siebenundzwanzig"
    assert number_words(21) == "einundzwanzig" and number_words(30) == "dreißig"
    assert ordinal_words(3) == "dritten" and ordinal_words(31) == "einunddreißigsten"
    assert not [s.text for s in drawn if "einunddreißigsten november" in s.text]


def test_a_grammar_that_has_no_more_says_so(monkeypatch):
    monkeypatch.setattr(grammar, "make_sentence", lambda _: make_sentence(1))
    with pytest.raises(SLTError, match="only 1 of 2"):
        draw_sentences(2, 0)
