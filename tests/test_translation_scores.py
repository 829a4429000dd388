"""Measures, their significance, and the forced alignment of glosses."""

import json
from dataclasses import replace
from itertools import groupby, pairwise, product

import numpy as np
import pytest
import torch
from conftest import ROOT
from sacrebleu.metrics import BLEU
from translation_toys import taught, toy_data, toy_model

from slt_lib.corpus.weather.world import first_signed
from slt_lib.experiments.scale import scale
from slt_lib.pose.errors import SLTError
from slt_lib.translation.checkpoint import SHIPPED, load_translator
from slt_lib.translation.data import TranslationData
from slt_lib.translation.forced import align, gloss_spans_ctc, recognise
from slt_lib.translation.metrics import (
    bleu4,
    constant_bleu4,
    dealt_bleu4,
    gloss_wer,
    rouge_l,
    scores,
)
from slt_lib.translation.search import SearchSettings, translate
from slt_lib.translation.significance import (
    bleu_counts,
    bleu_of,
    bootstrap,
    contrast,
    holm,
    paired_randomisation,
)
from slt_lib.translation.vocabulary import SPECIAL

WORDS = ["am", "montag", "regnet", "es", "im", "norden", "und", "süden", "kräftig", "."]


def sentences(count, seed=0, longest=25):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, rng.integers(1, longest))) for _ in range(count)]


def garbled(texts, share, seed=0):
    """The texts with a share of their words replaced."""
    rng = np.random.default_rng(seed)
    return [
        " ".join("x" if rng.random() < share else word for word in text.split()) for text in texts
    ]


def corpus_bleu(hypotheses, references):
    return BLEU(force=True).corpus_score(hypotheses, [references]).score


@pytest.mark.parametrize("share", [0.0, 0.2, 0.6, 0.9, 1.0])
def test_bleu_from_summed_counts_is_sacrebleus(share):
    references = sentences(40)
    for some in (1, 3, 40):
        said = [*garbled(references[:some], share), "", "regnet ."]
        meant = [*references[:some], "im norden", "es regnet ."]
        found = bleu_of(bleu_counts(said, meant).sum(0))
        assert found == pytest.approx(corpus_bleu(said, meant), abs=1e-9)
        assert bleu4(said, meant) == pytest.approx(found)


def test_nothing_said_or_nothing_meant_scores_nothing():
    for said, meant in ((["", ""], ["a b", "c"]), (["a b"], [""]), ([""], [""])):
        assert bleu4(said, meant) == 0 == bleu_of(bleu_counts(said, meant).sum(0))
        found = scores(said, meant)
        assert found["bleu1"] == found["rouge_l"] == 0
        assert np.isfinite([v for v in found.values() if isinstance(v, float)]).all()
    assert bootstrap([""] * 3, ["a b", "c", "d"], trials=20) == (0, 0, 0)
    same = paired_randomisation([[""] * 3], [[""] * 3], ["a b", "c", "d"], trials=50)
    assert (same.p, same.delta) == (1, 0)


def test_the_fields_measures_are_all_there_and_signed():
    references = sentences(30)
    perfect, worse = scores(references, references), scores(garbled(references, 0.3), references)
    for name in ("bleu1", "bleu2", "bleu3", "bleu4", "chrf", "rouge_l"):
        assert perfect[name] == pytest.approx(100) and 0 < worse[name] < 100
    assert worse["bleu1"] > worse["bleu2"] > worse["bleu3"] > worse["bleu4"]
    assert worse["length_ratio"] == 1 and worse["sentences"] == 30
    assert "tok:13a" in worse["signature"] and "version:" in worse["signature"]
    with pytest.raises(SLTError, match="29 translations of 30"):
        scores(references[1:], references)
    with pytest.raises(SLTError):
        scores([], [])


def test_rouge_is_the_longest_common_subsequence():
    assert rouge_l(["a x b c"], ["a b y c d"], beta=1.0) == pytest.approx(100 * 2 / 3)
    assert rouge_l(["b a"], ["a b"], beta=1.0) == pytest.approx(50)
    assert rouge_l(["a", ""], ["a", "b"]) == pytest.approx(50)
    recall = rouge_l(["a b c"], ["a b c d e"])
    assert recall < rouge_l(["a b c d e"], ["a b c"])  # beta 1.2 asks more of recall


def test_word_errors_leave_out_sentences_without_glosses():
    found, annotated = [("A", "B"), ("C",), ()], [("A", "X", "B"), (), ("D",)]
    assert gloss_wer(found, annotated) == pytest.approx(50)
    with pytest.raises(SLTError, match="No sentence"):
        gloss_wer([("A",)], [()])


def test_sentences_of_120_words_decode_and_score():
    words = tuple(f"w{k}" for k in range(120))
    data = toy_data(2, lengths=(60, 150)).with_texts([" ".join(words)] * 2)
    data = replace(data, glosses=(words, words[::-1]))
    model = taught(toy_model(data, width=32, feedforward=64), data, updates=40)
    found = translate(model, data, SearchSettings(beam=2))
    assert scores(found, data.texts)["bleu4"] > 80
    assert gloss_wer([text.split() for text in found], data.glosses) > 40
    assert 0 <= gloss_wer(recognise(model, data), data.glosses) <= 100
    assert gloss_spans_ctc(model, data) == [None, None]  # more glosses than steps


def test_the_same_system_is_no_better_and_a_much_better_one_is():
    references = sentences(60)
    one, two, good = (
        garbled(references, 0.5, 1),
        garbled(references, 0.5, 2),
        garbled(references, 0.2),
    )
    assert paired_randomisation([one], [one], references, trials=200).p == 1
    assert paired_randomisation([one], [two], references, trials=500).p > 0.05
    better = paired_randomisation([one, two], [good, good], references, trials=500)
    assert better.p == 1 / 501 and better.delta > 10
    swapped = paired_randomisation([good, good], [one, two], references, trials=500)
    assert (swapped.p, swapped.delta) == (better.p, -better.delta)
    again = paired_randomisation([one], [two], references, trials=1500, seed=4)
    assert again == paired_randomisation([one], [two], references, trials=1500, seed=4)
    assert better.a == pytest.approx(corpus_bleu(one + two, references * 2))
    with pytest.raises(SLTError, match="1 seeds of one system and 2"):
        paired_randomisation([one], [one, two], references)


def test_p_is_uniform_when_there_is_no_difference():
    found = []
    for seed in range(60):
        references = sentences(25, seed, longest=12)
        a, b = (garbled(references, 0.4, 2 * seed + k) for k in (0, 1))
        found.append(paired_randomisation([a], [b], references, trials=100, seed=seed).p)
    assert 0.35 < np.mean(found) < 0.65
    assert np.mean(np.array(found) < 0.1) < 0.25


def test_the_bootstrap_interval_holds_bleu_and_narrows_with_sentences():
    widths = []
    for count in (20, 200):
        references = sentences(count)
        said = garbled(references, 0.4)
        bleu, low, high = bootstrap(said, references, trials=300)
        assert low < bleu < high and bleu == pytest.approx(corpus_bleu(said, references))
        widths.append(high - low)
    assert widths[1] < 0.6 * widths[0]


def test_a_contrast_counts_seeds_and_sentences():
    references = sentences(80)

    def system(shares, first=0):
        return [garbled(references, share, first + k) for k, share in enumerate(shares)]

    poor, good = system((0.5, 0.5, 0.5)), system((0.3, 0.3, 0.3), 10)
    found = contrast(good, poor, references, trials=500)
    assert found.low > 0 and found.p < 0.01
    assert found.low < found.difference < found.high
    turned = contrast(poor, good, references, trials=500)
    assert turned.difference == pytest.approx(-found.difference) and turned.high < 0
    # seeds that differ widen the interval, though the sentences are the same
    uneven = system((0.1, 0.3, 0.5), 10)
    wide = contrast(uneven, poor, references, trials=500)
    assert wide.high - wide.low > 1.5 * (found.high - found.low)
    # seeds that are all the same add nothing to what the sentences say
    one = contrast(good[:1], poor[:1], references, trials=500)
    same = contrast(good[:1] * 3, poor[:1] * 3, references, trials=500)
    assert (same.low, same.high) == (pytest.approx(one.low), pytest.approx(one.high))


def test_the_interval_of_a_contrast_covers_a_difference_of_nothing():
    """Five seeds each of one and the same system: 0 is inside nearly always."""
    inside = 0
    for draw in range(40):
        rng = np.random.default_rng(draw)
        references = sentences(40, draw, longest=12)
        a, b = (
            [
                garbled(references, rng.uniform(0.2, 0.5), int(rng.integers(1 << 30)))
                for _ in range(5)
            ]
            for _ in range(2)
        )
        found = contrast(a, b, references, trials=200)
        inside += found.low <= 0 <= found.high
    assert inside >= 34


def test_holm_corrects_the_smallest_most_and_keeps_the_order():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx(
        {"a": 0.03, "b": 0.06, "c": 0.06}
    )
    assert holm({"a": 0.5, "b": 0.6}) == {"a": 1.0, "b": 1.0} and holm({}) == {}


def test_no_training_text_scores_more_as_a_constant_than_the_best():
    texts = sentences(30, 3)
    references = [*sentences(20, 4), *texts[:3], "und und und", ""]
    best, score = constant_bleu4(texts, references)
    by_hand = {text: bleu4([text] * len(references), references) for text in texts}
    assert score == pytest.approx(max(by_hand.values())) == pytest.approx(by_hand[best])
    assert constant_bleu4(["a"], ["b c d e"]) == ("a", 0)


def slow_align(score, target):
    """Of the best of all paths, each target's most probable step."""

    def total(path):
        return sum(row[k] for row, k in zip(score, path, strict=True))

    paths = product(range(len(score[0])), repeat=len(score))
    path = max((p for p in paths if [k for k, _ in groupby(p) if k] == target), key=total)
    runs = [list(run) for k, run in groupby(enumerate(path), key=lambda pair: pair[1]) if k]
    return [max(run, key=lambda pair: score[pair[0]][pair[1]])[0] for run in runs]


@pytest.mark.parametrize("target", [[1], [1, 1], [1, 2], [2, 1, 1], [2, 1, 2]])
def test_forced_alignment_is_the_best_of_all_paths(target):
    for seed in range(8):
        log_probs = torch.randn(2, 6, 3, generator=torch.Generator().manual_seed(seed))
        log_probs, steps = log_probs.log_softmax(-1), torch.tensor([6, 5])
        found = align(log_probs, steps, [target, target])
        for i in range(2):
            score = log_probs[i, : steps[i]].tolist()
            assert found[i] == slow_align(score, target)


def test_what_cannot_be_aligned_has_no_alignment():
    log_probs = torch.zeros(4, 3, 3).log_softmax(-1)
    found = align(log_probs, torch.tensor([3, 3, 2, 1]), [[1, 1], [1, 2, 1, 2], [1, 1], [2]])
    assert found[1:] == [None, None, [0]] and found[0] == [0, 2]
    assert align(log_probs, torch.tensor([3] * 4), [[], [], [], []]) == [None] * 4
    assert align(log_probs[:2], torch.tensor([3, 3]), [[], [1]])[0] is None


@pytest.mark.parametrize("stride", [1, 2, 4, 8])
def test_spans_tile_the_sentence_in_order(stride):
    data = toy_data(12, lengths=(1, 60))
    model = toy_model(data, stride=stride)
    spans = gloss_spans_ctc(model, data, batch_size=5)
    assert any(s is not None and len(s) > 1 for s in spans)
    for i, found in enumerate(spans):
        steps, glosses = -(-data.lengths[i] // stride), data.glosses[i]
        if found is None:
            assert steps < len(glosses) + sum(a == b for a, b in pairwise(glosses))
            continue
        assert len(found) == len(glosses)
        assert found[0][0] == 0 and found[-1][1] == data.lengths[i]
        assert all(a[1] == b[0] for a, b in pairwise(found)) and all(a < b for a, b in found)
    silent = replace(data, glosses=((),) * 12)
    assert gloss_spans_ctc(toy_model(data, stride=stride), silent) == [None] * 12


def test_a_taught_model_hears_glosses_where_they_are():
    data = toy_data(16, seed=5, lengths=(20, 40))
    model = taught(toy_model(data, width=32, feedforward=32), data, updates=100)
    assert gloss_wer(recognise(model, data, batch_size=3), data.glosses) < 20
    gaps = []
    for spans, glosses, frames in zip(
        gloss_spans_ctc(model, data), data.glosses, data.lengths, strict=True
    ):
        true = frames * np.arange(1, len(glosses)) / len(glosses)
        gaps += list(np.abs(np.array([end for _, end in spans[:-1]]) - true))
    assert np.median(gaps) < 5  # frames


def test_a_model_without_a_gloss_head_hears_none():
    data = toy_data(2)
    for ask in (recognise, gloss_spans_ctc):
        with pytest.raises(SLTError, match="no gloss head"):
            ask(toy_model(data, gloss_ctc=False), data)


def test_the_translator_that_ships_reads_signing_it_never_saw():
    """Sixty simulated test sentences: far above its own translations dealt to other sentences."""
    model = load_translator(SHIPPED)
    assert SHIPPED.stat().st_size < 3e6 and SHIPPED.with_name("MODEL_CARD.md").is_file()
    sentences = TranslationData.from_corpus(first_signed(scale("full").world, "test", 60))
    said = translate(model, sentences, SearchSettings(beam=1, max_length=60))
    assert bleu4(said, sentences.texts) > max(20, 4 * dealt_bleu4(said, sentences.texts))
    assert gloss_wer(recognise(model, sentences), sentences.glosses) < 20


def test_the_model_card_says_what_was_recorded():
    card = SHIPPED.with_name("MODEL_CARD.md").read_text("utf8")
    file = ROOT / "book" / "recorded" / "09_pose_to_text" / "shipped-0.json"
    record = json.loads(file.read_text("utf8"))
    constant = constant_bleu4(record["references"], record["references"])[1]
    for named, value in {
        "BLEU-4, beam search": record["bleu4"],
        "BLEU-4, joint CTC/attention decoding": record["joint_decoding"]["joint_bleu4"],
        "floor: the same translations, dealt to other sentences": record["floor"],
        "best constant sentence": constant,
        "chrF": record["chrf"],
    }.items():
        assert f"| {named} | {value:.1f} |" in card, named
    assert f"| gloss word error rate | {record['wer']:.1f} % |" in card
    model = load_translator(SHIPPED)
    known = len(model.codec.gloss) - len(SPECIAL), len(model.codec.text) - len(SPECIAL)
    assert "{}\nglosses and {} words".format(*known) in card
