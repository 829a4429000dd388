"""A language model of one's own: decoding that can't leave a vocabulary, and a real small one."""

import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_toys import toy_pairs

from slt_lib.corpus.sentences.constrained import PairConstraint, WordTree
from slt_lib.corpus.sentences.local_model import LocalModel, find_llm
from slt_lib.corpus.sentences.parse import parse
from slt_lib.corpus.sentences.request import make_request
from slt_lib.pose.errors import MissingPartError, SLTError

STOP, BETWEEN = 0, [1, 2]
LETTERS = {letter: i for i, letter in enumerate(" ABCDxyz.", 3)}  # a token per letter, " x" two
GLOSSES, WORDS = ("A", "AB", "ABC", "DA"), ("x", "xy", "yz", ".")


def encode(text):
    return [LETTERS[letter] for letter in text]


def decode(tokens):
    back = {i: letter for letter, i in LETTERS.items()} | {STOP: "", 1: "|", 2: ""}
    return "".join(back[t] for t in tokens)


def walk(constraint, seed, steps=80):
    """Tokens that a model of pure chance writes under a constraint."""
    rng, ids = torch.Generator().manual_seed(seed), torch.full((2, 1), 99)
    for _ in range(steps):
        scores = constraint(ids, torch.randn((2, 13), generator=rng))
        assert torch.isfinite(scores).any(1).all()
        ids = torch.cat([ids, torch.softmax(scores, 1).multinomial(1, generator=rng)], 1)
    return [row[1:].tolist() for row in ids]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_chance_under_the_constraint_writes_only_known_words(seed):
    constraint = PairConstraint(
        WordTree(GLOSSES, encode), WordTree(WORDS, encode), BETWEEN, STOP, LETTERS["."], longest=4
    )  # fmt: skip
    for row in walk(constraint, seed):
        glosses, bar, text = decode(row).partition("|")
        assert 1 <= len(glosses.split()) <= 4 and bar
        whole = STOP in row
        assert set(glosses.split()) <= set(GLOSSES)
        said = text.split() if whole else text.split()[:-1]
        assert set(said) <= set(WORDS)
        if whole:
            assert said[-1] == "." and "." not in said[:-1] and not any(row[row.index(STOP) :])


def test_text_may_be_left_free():
    constraint = PairConstraint(WordTree(GLOSSES, encode), None, BETWEEN, STOP, 11, longest=2)
    free = {token for seed in range(9) for row in walk(constraint, seed) for token in row}
    assert len(free) > 11


def test_a_missing_model_is_told_with_a_remedy(tmp_path):
    with pytest.raises(MissingPartError, match="small-llm"):
        LocalModel(tmp_path / "none.gguf")
    (tmp_path / "bad.gguf").write_bytes(b"GGUF of another kind")
    pytest.importorskip("transformers")
    with pytest.raises(SLTError, match=r"bad\.gguf.*can't be loaded"):
        LocalModel(tmp_path / "bad.gguf")
    with pytest.raises(SLTError, match="constrains"):
        LocalModel(tmp_path, constrain="everything")


def test_a_model_is_found_where_it_is_named(tmp_path, monkeypatch):
    named = tmp_path / "mine.gguf"
    monkeypatch.setenv("SLT_LLM", str(named))
    assert find_llm() is None
    named.touch()
    assert find_llm() == named and find_llm(tmp_path) == tmp_path
    monkeypatch.delenv("SLT_LLM")
    (tmp_path / ".models" / "small").mkdir(parents=True)
    (tmp_path / ".models" / "small" / "some.gguf").touch()
    monkeypatch.chdir(tmp_path)
    assert find_llm().name == "some.gguf"


@pytest.fixture(scope="module")
def small():
    pytest.importorskip("gguf", reason="the extra llm isn't installed")
    path = find_llm()
    if path is None or os.environ.get("SLT_NO_LLM"):
        pytest.skip("no language model here: `make small-llm` fetches a small one")
    return LocalModel(path)


def test_a_real_small_model_writes_pairs_of_known_words_and_repeats(small):
    train = toy_pairs()
    request = make_request(
        0, train, model=small.name, glosses={g for p in train for g in p.glosses}, shots=3,
        closely=True, n=3, max_tokens=48,
    )  # fmt: skip
    answer = small.answer(request)
    assert len(answer.texts) == 3 and answer.tokens_in > 20 < answer.tokens_out
    found = [next(parse(text)).pair for text in answer.texts]
    assert any(found)
    for pair in filter(None, found):
        assert set(pair.glosses) <= set(request.glosses)
        whole = pair.text.split() if pair.text.endswith(".") else pair.text.split()[:-1]
        assert set(whole) <= {*request.words, "."}
    assert small.answer(request) == answer
