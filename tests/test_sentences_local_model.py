"""A language model of one's own: decoding that can't leave a vocabulary, and a real small one."""

import hashlib
import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_toys import toy_pairs

from slt_lib.corpus.sentences import fetched
from slt_lib.corpus.sentences.constrained import PairConstraint, WordTree
from slt_lib.corpus.sentences.fetched import GEMMA, fetched_llms, join_parts
from slt_lib.corpus.sentences.local_model import LocalModel, find_llm, render
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


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_text_may_come_first(seed):
    constraint = PairConstraint(
        WordTree(GLOSSES, encode), WordTree(WORDS, encode), BETWEEN, STOP, LETTERS["."], longest=4,
        text_first=True,
    )  # fmt: skip
    for row in walk(constraint, seed):
        text, bar, glosses = decode(row).partition("|")
        said = text.split() if bar else text.split()[:-1]
        assert set(said) <= set(WORDS) and "." not in said[:-1]
        if STOP in row:
            assert bar and said[-1] == "." and not any(row[row.index(STOP) :])
            assert 1 <= len(glosses.split()) <= 4 and set(glosses.split()) <= set(GLOSSES)


def test_a_prompt_shows_both_sides_in_either_order():
    one = toy_pairs()[:1]
    assert render(one).splitlines()[:2] == [
        f"GLOSSES: {' '.join(one[0].glosses)}", f"GERMAN: {one[0].text}"
    ]  # fmt: skip
    assert render(one, text_first=True).splitlines()[:2] == render(one).splitlines()[1::-1]
    assert render(one).endswith("\n\nGLOSSES:")
    assert render(one, text_first=True).endswith("\n\nGERMAN:")


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
    with pytest.raises(SLTError, match="free text"):
        LocalModel(tmp_path, constrain="glosses", text_first=True)


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


def parts(folder, *contents, name=GEMMA):
    """Files as the packages of a model in parts have them."""
    for i, content in enumerate(contents):
        path = folder / f"model_part{i + 1}" / "data" / f"{name}.part{i:02}"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)


def test_parts_become_one_file_that_is_checked_before_it_is_read(tmp_path, monkeypatch):
    whole = b"GGUF" * 1000
    monkeypatch.setitem(fetched.CHECKSUMS, GEMMA, hashlib.sha256(whole).hexdigest())
    parts(tmp_path / "good", whole[:999], whole[999:2000], whole[2000:2001], whole[2001:])
    path = join_parts(tmp_path / "good")
    assert path.read_bytes() == whole and join_parts(tmp_path / "good") == path
    assert not list((tmp_path / "good").glob("**/*.part*"))
    path.write_bytes(whole[:-1])
    with pytest.raises(SLTError, match=r"SHA-256.*make gemma"):
        LocalModel(path)
    parts(tmp_path / "few", whole[:9], whole[9:])
    with pytest.raises(MissingPartError, match="2 of 4"):
        join_parts(tmp_path / "few")
    parts(tmp_path / "wrong", b"1", b"2", b"3", b"4")
    with pytest.raises(SLTError, match="SHA-256"):
        join_parts(tmp_path / "wrong")
    assert not (tmp_path / "wrong" / GEMMA).exists()


def test_what_was_fetched_is_found_by_its_name_gemma_first(tmp_path, monkeypatch):
    monkeypatch.delenv("SLT_LLM", raising=False)
    for name in ("small/package/one.gguf", "gemma/two.gguf"):
        (path := tmp_path / ".models" / name).parent.mkdir(parents=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    assert list(fetched_llms()) == ["gemma", "small"] and find_llm().name == "two.gguf"
    assert find_llm("small").name == "one.gguf" and find_llm("other") is None
    monkeypatch.setenv("SLT_LLM", "small")
    assert find_llm().name == "one.gguf"


@pytest.fixture(scope="module", params=["small", "gemma"])
def real(request):
    """The models that were fetched, one after the other."""
    pytest.importorskip("gguf", reason="the extra llm isn't installed")
    path = fetched_llms().get(request.param)
    if path is None or os.environ.get("SLT_NO_LLM"):
        target = {"small": "small-llm"}.get(request.param, request.param)
        pytest.skip(f"the language model {request.param!r} isn't here: `make {target}` fetches it")
    return LocalModel(path)


def test_a_real_model_writes_pairs_of_known_words_and_repeats(real):
    train = toy_pairs()
    request = make_request(
        0, train, model=real.name, glosses={g for p in train for g in p.glosses}, shots=3,
        closely=True, n=3, max_tokens=48,
    )  # fmt: skip
    answer = real.answer(request)
    assert len(answer.texts) == 3 and answer.tokens_in > 20 < answer.tokens_out
    found = [next(parse(text)).pair for text in answer.texts]
    assert any(found)
    for pair in filter(None, found):
        assert set(pair.glosses) <= set(request.glosses)
        whole = pair.text.split() if pair.text.endswith(".") else pair.text.split()[:-1]
        assert set(whole) <= {*request.words, "."}
    assert real.answer(request) == answer
