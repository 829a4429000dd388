"""Encoders, decoder and losses: masks are real masks, and every loss is per token."""

import math
from dataclasses import replace
from itertools import groupby, product

import pytest
import torch
from translation_toys import ENCODERS, toy_data, toy_model, toy_phase, toy_settings

from slt_lib.pose.errors import SLTError
from slt_lib.translation.data import Codec
from slt_lib.translation.loss import Totals, ctc, distil, losses
from slt_lib.translation.model import count_parameters, flops_per_sentence
from slt_lib.translation.settings import AugmentSettings, ModelSettings, TrainSettings

DATA = toy_data(5, lengths=(1, 50))
KINDS = [(encoder, stride) for encoder in ENCODERS for stride in (1, 2, 4, 8)]


@pytest.mark.parametrize(("encoder", "stride"), KINDS)
@torch.no_grad()
def test_padding_never_changes_a_sentence(encoder, stride):
    model = toy_model(DATA, encoder=encoder, stride=stride, domains=1)
    together = model(DATA.batch(range(5), model.codec))
    for i, frames in enumerate(DATA.lengths):
        alone = model(DATA.batch([i], model.codec))
        n, words = alone.memory.mask.shape[1], alone.logits.shape[1]
        assert n == -(-frames // stride) == int(together.memory.mask[i].sum())
        assert alone.memory.mask.all() and together.memory.mask[i, :n].all()
        pairs = [(together.memory.states[i, :n], alone.memory.states[0]),
                 (together.memory.gloss_logits[i, :n], alone.memory.gloss_logits[0]),
                 (together.memory.text_logits[i, :n], alone.memory.text_logits[0]),
                 (together.logits[i, :words], alone.logits[0])]  # fmt: skip
        pairs += [
            (v[i, :n], alone.memory.streams[k][0]) for k, v in together.memory.streams.items()
        ]
        for a, b in pairs:
            torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("encoder", ENCODERS)
@torch.no_grad()
def test_what_was_not_seen_changes_no_word(encoder):
    model = toy_model(DATA, encoder=encoder)
    batch = DATA.batch(range(5), model.codec)
    garbage = torch.where(batch.seen[..., None], batch.positions, 1e4 * torch.randn(60, 3))
    a, b = model(batch), model(replace(batch, positions=garbage))
    assert torch.equal(a.logits, b.logits) and torch.equal(a.memory.states, b.memory.states)
    moved = batch.positions + 0.5 * batch.seen[..., None]
    assert not torch.equal(a.logits, model(replace(batch, positions=moved)).logits)


@pytest.mark.parametrize("encoder", ENCODERS)
@torch.no_grad()
def test_a_frame_of_zeros_or_with_nothing_seen_is_a_frame(encoder):
    model = toy_model(DATA, encoder=encoder, stride=1)
    batch = DATA.batch([0], model.codec)
    batch.positions[0, 2:4], batch.seen[0, 3] = 0, False
    memory = model.encode(batch)
    assert memory.mask.all() and memory.mask.shape[1] == DATA.lengths[0]
    assert memory.states.isfinite().all()
    batch.seen[:], batch.positions[:] = False, 0
    assert model(batch).logits.isfinite().all()
    without = replace(batch, frames=batch.frames - 2)
    assert int(model.encode(without).mask.sum()) == DATA.lengths[0] - 2


@torch.no_grad()
def test_the_decoder_sees_no_later_word_and_steps_to_the_same_logits():
    model = toy_model(DATA, decoder_layers=2)
    batch = DATA.batch(range(5), model.codec)
    out, words = model(batch), batch.tokens[:, :-1]
    changed = words.clone()
    changed[:, 3:] = 4 + (changed[:, 3:] + 1) % 5
    again = model.decoder(changed, out.memory.states, out.memory.mask)
    torch.testing.assert_close(again[:, :3], out.logits[:, :3])
    assert not torch.allclose(again[:, 3:], out.logits[:, 3:])
    cache = model.decoder.start(out.memory.states, out.memory.mask, 1, words.shape[1])
    for t in range(words.shape[1]):
        stepped = model.decoder.step(words[:, t], cache)
        torch.testing.assert_close(stepped, out.logits[:, t], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_a_look_at_the_memory_is_a_distribution_over_real_steps():
    model = toy_model(DATA, decoder_layers=2)
    batch = DATA.batch(range(5), model.codec)
    memory = model.encode(batch)
    looks = model.decoder.looks(batch.tokens, memory.states, memory.mask)
    torch.testing.assert_close(looks.sum(-1), torch.ones(looks.shape[:2]))
    assert not looks.masked_select(~memory.mask[:, None]).any()


@torch.no_grad()
def test_origins_are_told_apart_only_when_asked():
    data = toy_data(2)
    there = replace(data, domain=data.domain + 1)
    for domains in (0, 2):
        model = toy_model(data, domains=domains)
        a, b = (model(d.batch([0, 1], model.codec)).logits for d in (data, there))
        assert torch.equal(a, b) == (domains == 0)


@pytest.mark.parametrize("encoder", ENCODERS)
@torch.no_grad()
def test_every_part_of_the_loss_is_per_token(encoder):
    model, phase = toy_model(DATA, encoder=encoder, stride=4), toy_phase()
    found = []
    for rows in (range(5), [*range(5)] * 2, [*range(5)] * 3):
        batch = DATA.batch(rows, model.codec)
        found.append(losses(model(batch), batch, phase, Totals.of(batch, 4)))
    names = {"text", "gloss", "text_ctc", "loss"} | (
        {"distil"} if encoder != "transformer" else set()
    )
    assert set(found[0]) == names
    for other in found[1:]:
        torch.testing.assert_close(found[0], other, rtol=1e-5, atol=1e-5)
    weights = {"text": 1.0, "gloss": 1.0, "text_ctc": 0.3, "distil": 0.2}
    total = sum(weights[name] * found[0][name] for name in names - {"loss"})
    torch.testing.assert_close(found[0]["loss"], total)


@torch.no_grad()
def test_a_gloss_weighs_what_a_word_weighs():
    """With a uniform model each word costs log(words); each gloss its share of all alignments."""
    model, phase = toy_model(DATA), toy_phase(label_smoothing=0.0, text_ctc_weight=0.0)
    for parameter in (*model.decoder.parameters(), *model.gloss_head.parameters()):
        parameter.zero_()
    batch = DATA.batch(range(5), model.codec)
    found = losses(model(batch), batch, phase, Totals.of(batch, 2))
    assert math.isclose(found["text"], math.log(len(model.codec.text)), rel_tol=1e-5)
    every = ctc(model.encode(batch).gloss_logits, model.encode(batch).mask, batch.gloss,
                batch.gloss_lengths)  # fmt: skip
    torch.testing.assert_close(found["gloss"], every / batch.gloss_lengths.sum())
    torch.testing.assert_close(found["loss"], found["text"] + found["gloss"])
    free = losses(model(batch), batch, replace(phase, gloss_weight=0.0), Totals.of(batch, 2))
    assert set(free) == {"text", "loss"} and free["loss"] == found["text"]


def test_gloss_free_training_sends_no_gradient_to_gloss_heads():
    for encoder in ENCODERS:
        model = toy_model(DATA, encoder=encoder).train()
        batch = DATA.batch(range(5), model.codec)
        phase = toy_phase(gloss_weight=0.0)
        losses(model(batch), batch, phase, Totals.of(batch, 2))["loss"].backward()
        heads = [
            p for n, p in model.named_parameters() if "gloss_head" in n or "encoder.heads" in n
        ]
        assert len(heads) in (2, 10) and all(p.grad is None for p in heads)
        assert all(p.grad is not None for n, p in model.named_parameters() if "decoder" in n)


def collapse(path):
    return tuple(k for k, _ in groupby(path) if k != 0)


@pytest.mark.parametrize("target", [(), (1,), (1, 1), (1, 2), (2, 1, 2)])
def test_ctc_is_the_sum_over_all_alignments(target):
    logits = torch.randn(1, 5, 3, generator=torch.Generator().manual_seed(len(target)))
    padded = torch.tensor([[*target, 0, 0]])
    mask = torch.tensor([[True] * 4 + [False]])
    log_probs = logits[0].log_softmax(-1)
    sums = [
        sum(log_probs[t, k] for t, k in enumerate(path))
        for path in product(range(3), repeat=4)
        if collapse(path) == target
    ]
    found = ctc(logits, mask, padded, torch.tensor([len(target)]))
    torch.testing.assert_close(found, -torch.stack(sums).logsumexp(0))


def test_what_cannot_be_aligned_counts_nothing():
    logits = torch.randn(2, 3, 4, requires_grad=True)
    targets, lengths = torch.tensor([[1, 1, 0], [1, 1, 2]]), torch.tensor([2, 3])
    mask = torch.ones(2, 3, dtype=torch.bool)  # the second needs four steps
    both = ctc(logits, mask, targets, lengths)
    torch.testing.assert_close(both, ctc(logits[:1], mask[:1], targets[:1], lengths[:1]))
    both.backward()
    assert logits.grad[0].any() and not logits.grad[1].any()


@torch.no_grad()
def test_streams_that_agree_have_nothing_to_distil():
    model = toy_model(DATA, encoder="multi_stream")
    memory = model.encode(DATA.batch(range(5), model.codec))
    assert distil(memory) > 0
    memory.streams = dict.fromkeys(memory.streams, memory.gloss_logits)
    assert abs(float(distil(memory))) < 1e-5


def test_counts_of_parameters_and_operations_follow_the_size():
    small, large = toy_model(DATA), toy_model(DATA, width=32, feedforward=32)
    assert count_parameters(large) > count_parameters(small) > 0
    long, short = (flops_per_sentence(small, frames=n) for n in (200, 100))
    assert 1.5 < long / short < 2.5
    assert flops_per_sentence(large) > 1.5 * flops_per_sentence(small)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [(ModelSettings, w) for w in ({"encoder": "gru"}, {"width": 30}, {"stride": 3},
                                  {"decoder_layers": 0}, {"dropout": 1.0}, {"domains": -1})]
    + [(TrainSettings, w) for w in ({"updates": 0}, {"schedule": "linear"}, {"warmup": 1.0},
                                    {"gloss_weight": -1.0}, {"precision": "int8"}, {"lr": 0.0})]
    + [(AugmentSettings, w) for w in ({"warp": 1.0}, {"noise": -1.0}, {"joints": 2.0})],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(kind, wrong):
    with pytest.raises(SLTError):
        kind(**wrong)


def test_words_of_training_decide_what_a_model_knows():
    codec = Codec.build(DATA.with_texts(["a b", "a", "", "c", "c"]), min_count=2)
    assert codec.text.words[4:] == ("a", "c")
    model = toy_model(DATA.with_texts(["a"] * 5))
    assert model.decoder.embed.weight.shape == (5, toy_settings().width)


def test_an_origin_that_the_model_does_not_know_is_one_clear_error():
    model = toy_model(DATA, domains=2)
    elsewhere = toy_data(5, lengths=(1, 50), domain=2)
    with pytest.raises(SLTError, match="origin 2, the model knows 2"):
        model.encode(elsewhere.batch([0, 1], model.codec))
