"""Greedy, beam and joint search against slow, obvious ones."""

import math
import warnings
from collections import defaultdict
from dataclasses import replace
from itertools import groupby, product

import pytest
import torch
from translation_toys import taught, toy_data, toy_model

from slt_lib.pose.errors import SLTError
from slt_lib.translation.joint import IMPOSSIBLE, CtcPrefixes
from slt_lib.translation.search import GREEDY, SearchSettings, search, translate
from slt_lib.translation.vocabulary import BOS, EOS, PAD

DATA = toy_data(9, lengths=(1, 40))
pytestmark = pytest.mark.filterwarnings("ignore:.*sentences were cut")


@pytest.fixture(scope="module")
def model():
    """Half taught, so that it says something of each sentence without being sure."""
    return taught(toy_model(DATA, seed=1, decoder_layers=2), DATA, updates=30)


@pytest.mark.parametrize("ctc_weight", [0.0, 0.4])
@pytest.mark.parametrize("beam", [1, 3, 5])
def test_neither_caching_nor_batching_changes_a_translation(model, beam, ctc_weight):
    how = SearchSettings(beam=beam, max_length=12, ctc_weight=ctc_weight)
    found = translate(model, DATA, how)
    assert len(set(found)) > 3  # else the test says nothing
    assert translate(model, DATA, replace(how, cached=False)) == found
    for size in (1, 2, 4):
        assert translate(model, DATA, how, batch_size=size) == found
    backwards = range(len(DATA))[::-1]
    assert translate(model, DATA.select(backwards), how) == found[::-1]


def test_greedy_takes_the_likeliest_word_each_time(model):
    found = translate(model, DATA, replace(GREEDY, max_length=12))
    for i, text in enumerate(found):
        batch = DATA.batch([i], model.codec)
        memory, words = model.encode(batch), [BOS]
        while len(words) <= 12:
            logits = model.decoder(torch.tensor([words]), memory.states, memory.mask)[0, -1]
            logits[:EOS] = -torch.inf
            words.append(int(logits.argmax()))
            if words[-1] == EOS:
                break
        assert text == model.codec.decode_text(words[1:])


def alignments(logits, steps):
    """The CTC log probability of every word sequence, summed over its alignments."""
    rows, sums = logits.double().softmax(-1).tolist(), defaultdict(float)
    for path in product(range(len(rows[0])), repeat=steps):
        words = tuple(k for k, _ in groupby(path) if k != PAD)
        sums[words] += math.prod(rows[t][k] for t, k in enumerate(path))
    return {words: math.log(p) for words, p in sums.items()}


def prefix_score(whole, prefix):
    found = [math.exp(s) for words, s in whole.items() if words[: len(prefix)] == prefix]
    return math.log(sum(found)) if found else IMPOSSIBLE


def test_prefix_scores_are_sums_over_alignments():
    logits = 2 * torch.randn(2, 4, 6, generator=torch.Generator().manual_seed(3))
    mask = torch.tensor([[True] * 4, [True] * 3 + [False]])
    everything = torch.arange(6).view(1, 1, 6).expand(2, 1, 6)
    wholes = [alignments(logits[i], int(mask[i].sum())) for i in range(2)]
    for sentence in [(4, 4, 5), (5, 4, 5, 4), (4, 4, 4)]:
        prefixes, last = CtcPrefixes(logits, mask, 1), torch.full((2, 1), BOS)
        for n, word in enumerate(sentence):
            found = prefixes.scores(everything, last)[:, 0]
            for i, whole in enumerate(wholes):
                start = sentence[:n]
                for k in (4, 5):
                    expected = prefix_score(whole, (*start, k))
                    assert float(found[i, k]) == pytest.approx(expected, rel=1e-4)
                assert float(found[i, EOS]) == pytest.approx(whole.get(start, IMPOSSIBLE), rel=1e-4)
            last = torch.full((2, 1), word)
            prefixes.advance(torch.arange(2), last)


def every_sentence(model, memory, ctc_weight, longest):
    """The joint log probability of every sentence of words 4 and 5, as the search defines it."""
    whole = alignments(memory.text_logits[0], int(memory.mask.sum()))
    scores = {}
    for words in (w for n in range(longest + 1) for w in product((4, 5), repeat=n)):
        tokens, is_cut = torch.tensor([[BOS, *words]]), len(words) == longest
        logits = model.decoder(tokens, memory.states, memory.mask)[0]
        logits[:, :EOS] = -torch.inf
        said = words if is_cut else (*words, EOS)
        heard = prefix_score(whole, words) if is_cut else whole.get(words, IMPOSSIBLE)
        own = float(logits.log_softmax(-1)[range(len(said)), said].sum())
        scores[words] = (1 - ctc_weight) * own + ctc_weight * heard
    return scores


@pytest.mark.parametrize("ctc_weight", [0.0, 0.5])
@torch.no_grad()
def test_a_beam_that_holds_everything_finds_the_best_sentence(ctc_weight):
    data = toy_data(2, lengths=(5, 8)).with_texts(["a b"] * 2)
    how = SearchSettings(beam=40, candidates=40, max_length=4, ctc_weight=ctc_weight)
    best = set()
    for seed in range(3):
        model = toy_model(data, seed=seed, loud=4.0)
        model.text_head.weight.data *= 4
        for i in range(2):
            memory = model.encode(data.batch([i], model.codec))
            scores = every_sentence(model, memory, ctc_weight, longest=4)
            for penalty in (0.0, 0.6, 1.0, 3.0):
                per_word = {w: s / (len(w) + 1) ** penalty for w, s in scores.items()}
                best.add(max(per_word, key=per_word.get))
                found = search(model, memory, replace(how, length_penalty=penalty))[0]
                assert tuple(found) == max(per_word, key=per_word.get)
    assert len(best) > 2


def test_a_higher_length_penalty_gives_longer_sentences(model):
    words = [
        sum(len(t.split()) for t in translate(model, DATA, SearchSettings(5, penalty, 12)))
        for penalty in (0.0, 1.0, 3.0)
    ]
    assert words[0] < words[1] < words[2]


def test_special_words_are_never_said(model):
    model = toy_model(DATA, seed=2, loud=3.0)
    model.decoder.bias.data[:EOS] += 50
    model.text_head.bias.data[:EOS] += 5
    for ctc_weight in (0.0, 0.5):
        for text in translate(model, DATA, SearchSettings(3, 1.0, 6, ctc_weight)):
            assert not {"<pad>", "<unk>", "<s>", "</s>"} & set(text.split())


def test_a_sentence_that_does_not_end_is_cut_with_a_warning(model):
    endless = toy_model(DATA, seed=1, loud=3.0)
    endless.decoder.bias.data[EOS] -= 50
    for beam in (1, 4):
        with pytest.warns(UserWarning, match="9 sentences were cut after 7 words"):
            found = translate(endless, DATA, SearchSettings(beam=beam, max_length=7))
        assert {len(text.replace("im norden", "im-norden").split()) for text in found} <= {
            *range(5, 8)
        }
    terse = toy_model(DATA, seed=1)
    terse.decoder.bias.data[EOS] += 50
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert translate(terse, DATA, SearchSettings(beam=4, max_length=7)) == [""] * 9


def test_joint_search_goes_on_where_ctc_has_no_alignment(model):
    """One frame is one step: CTC explains one word at most, attention alone decides the rest."""
    data = toy_data(4, lengths=(1, 1))
    endless = toy_model(data, seed=1, loud=3.0)
    endless.decoder.bias.data[EOS] -= 1e5
    found = translate(endless, data, SearchSettings(3, 1.0, 6, 0.3))
    assert all(len(text.split()) == 6 for text in found)


def test_translating_leaves_the_model_in_its_mode(model):
    model.train()
    translate(model, DATA.select([0]), GREEDY)
    assert model.training
    translate(model.eval(), DATA.select([0]), GREEDY)
    assert not model.training


@pytest.mark.parametrize(
    "wrong",
    [{"beam": 0}, {"max_length": 0}, {"beam": 20}, {"ctc_weight": 1.0}, {"length_penalty": -1.0}],
)
def test_searches_that_make_no_sense_are_refused(wrong):
    with pytest.raises(SLTError):
        SearchSettings(**wrong)


def test_joint_search_needs_a_word_head():
    with pytest.raises(SLTError, match="text_ctc=True"):
        translate(toy_model(DATA, text_ctc=False), DATA, SearchSettings(ctc_weight=0.3))
