"""Text to gloss: targets and their masks, training, search, and what becomes of unknown words."""

import math
from copy import deepcopy

import numpy as np
import pytest
import torch
from gloss_toys import toy_model_settings, toy_pairs, toy_training, toy_utterances

from slt_lib.pose.errors import PoseFileError, SLTError
from slt_lib.pose.io import Utterance
from slt_lib.translation.text_to_gloss.batches import (
    COPIED,
    COPY,
    GlossCodec,
    gloss_batch,
    names_in,
)
from slt_lib.translation.text_to_gloss.data import GlossSentences
from slt_lib.translation.text_to_gloss.lexicon import Lexicon
from slt_lib.translation.text_to_gloss.model import HeadSettings, TextToGloss, gloss_losses
from slt_lib.translation.text_to_gloss.reading import heads_on, read_text, write_glosses
from slt_lib.translation.text_to_gloss.scores import content, gloss_scores
from slt_lib.translation.text_to_gloss.training import (
    load_text_to_gloss,
    save_text_to_gloss,
    train_text_to_gloss,
)
from slt_lib.translation.vocabulary import EOS, PAD

torch.set_num_threads(1)
ROUGH = {part: np.linspace(1, 2, 65) for part in ("body", "right_hand", "left_hand")}


def everything() -> GlossSentences:
    """The toy corpus with all targets."""
    items = toy_utterances()
    faces = {item.name: ("raise", "") for item in items}
    return GlossSentences.from_corpus(items, faces=faces, rough=ROUGH)


def model_of(data: GlossSentences, seed: int = 0) -> TextToGloss:
    torch.manual_seed(seed)
    model = TextToGloss(toy_model_settings(), GlossCodec.build(data))
    model.begin_with(data)
    return model.eval()


@pytest.fixture(scope="module")
def taught() -> TextToGloss:
    """A model that knows the toy corpus by heart."""
    data = everything()
    model = model_of(data).train()
    adam, heads = torch.optim.Adam(model.parameters(), 1e-2), HeadSettings(copy=0.3)
    for update in range(150):
        rng = np.random.default_rng(update)
        batch = gloss_batch(data, range(len(data)), model.codec, rng, heads.copy, heads.drop)
        adam.zero_grad()
        gloss_losses(model(batch), batch, heads)["loss"].backward()
        adam.step()
    return model.eval()


def test_targets_are_the_corpus_own():
    data = everything()
    assert data.words[0] == ("im", "norden", "regnet", "es")
    assert data.seconds[0].tolist() == [0.4, 0.8]
    assert (
        np.isfinite(data.cutoff).all() and (data.cutoff >= 2).all() and (data.cutoff < 12.5).all()
    )
    assert data.face_names == ("", "raise")


def test_what_a_corpus_does_not_say_is_unknown():
    data = GlossSentences.from_corpus(toy_utterances(spans=False))
    assert np.isnan(np.concatenate(data.seconds)).all() and np.isnan(data.cutoff).all()
    assert set(data.faces) == {(None, None)} and data.face_names == ()
    model = model_of(data)
    assert model.heads == {"seconds": False, "cutoff": False, "faces": False}
    line = write_glosses(model, data.words[:1])[0]
    assert line.seconds is None and line.cutoff is None and line.faces is None


def test_durations_come_from_an_alignment_where_there_are_no_spans():
    states = np.repeat([1, 1 + 3 * 7, 1 + 3 * 9], [5, 10, 20])
    items = [Utterance(f"a{i}", ("NORD", "REGEN"), "im norden regnet es",
                       alignment=states[5:]) for i in range(3)]  # fmt: skip
    data = GlossSentences.from_corpus(items)
    assert [one.tolist() for one in data.seconds] == [[0.4, 0.8]] * 3


def test_a_sign_that_was_not_made_has_no_duration():
    item = toy_utterances()[0]
    gone = Utterance(item.name, item.gloss, item.text, pose=item.pose, spans=((3, 3), (3, 23)))
    seconds = GlossSentences.from_corpus([gone]).seconds[0]
    assert math.isnan(seconds[0]) and seconds[1] == 0.8


def test_a_duration_counts_frames_of_the_items_own_rate():
    item = toy_utterances()[0]
    fast = Utterance(item.name, item.gloss, item.text, pose=item.pose.replace(fps=50.0),
                     spans=item.spans)  # fmt: skip
    assert GlossSentences.from_corpus([fast]).seconds[0].tolist() == [0.2, 0.4]


def test_sentences_without_text_or_glosses_are_left_out():
    items = [Utterance("a", (), "im norden"), Utterance("b", ("NORD",), " . "),
             Utterance("c", ("NORD",), "im norden")]  # fmt: skip
    assert GlossSentences.from_corpus(items).names == ("c",)
    with pytest.raises(SLTError, match="text and glosses"):
        GlossSentences.from_corpus(items[:2])
    with pytest.raises(SLTError, match="faces"):
        GlossSentences.from_corpus(items[2:], faces={"c": ("", "")})


def test_unknown_targets_never_enter_a_loss():
    data = everything()
    model = model_of(data)
    batch = gloss_batch(data, range(6), model.codec)
    known = gloss_losses(model(batch), batch, HeadSettings())
    assert all(known[part] > 0 for part in ("gloss", "seconds", "cutoff", "face"))
    for part, field, nothing in (("seconds", "seconds", torch.nan), ("cutoff", "cutoff", torch.nan),
                                 ("face", "faces", -1)):  # fmt: skip
        value = getattr(batch, field)
        half = value.clone()
        half[1::2] = nothing
        some = gloss_losses(model(batch), _with(batch, field, half), HeadSettings())
        rows = gloss_batch(data, range(0, 6, 2), model.codec)
        alone = gloss_losses(model(rows), rows, HeadSettings())
        assert torch.isclose(some[part], alone[part], atol=1e-5)
        none = gloss_losses(
            model(batch), _with(batch, field, torch.full_like(value, nothing)), HeadSettings()
        )
        assert none[part] == 0 and torch.isfinite(none["loss"])
    assert known["pointer"] == 0


def _with(batch, field, value):
    from dataclasses import replace

    return replace(batch, **{field: value})


def test_padding_changes_nothing():
    data = GlossSentences.from_pairs([*toy_pairs(), (("NORD",) * 9, "im norden " * 20)])
    model = model_of(data)
    together = model(gloss_batch(data, [0, len(data) - 1], model.codec))
    alone = model(gloss_batch(data, [0], model.codec))
    for name in ("logits", "seconds", "faces", "cutoff", "pointer"):
        one, other = getattr(alone, name)[0], getattr(together, name)[0]
        cut = other[tuple(slice(0, n) for n in one.shape)]
        assert torch.allclose(one, cut, atol=1e-5), name
    lines = write_glosses(model, data.words)
    assert lines[0] == write_glosses(model, data.words[:1])[0] or np.allclose(
        lines[0].seconds or 0, write_glosses(model, data.words[:1])[0].seconds or 0
    )


def test_names_are_exchanged_for_made_up_words_that_the_copies_point_at():
    data = everything()
    codec = GlossCodec.build(data)
    assert names_in(("in", "sachsen", "regnet", "es"), ("SACHSEN", "REGEN")) == [(1, 0)]
    copies = 0
    for seed in range(20):
        batch = gloss_batch(data, range(len(data)), codec, np.random.default_rng(seed), copy=1.0)
        is_copy = batch.tokens[:, 1:-1] == COPIED
        assert ((batch.pointer >= 0) == is_copy).all()
        for row, k in is_copy.nonzero().tolist():
            place = batch.text["place"][row, batch.pointer[row, k]]
            assert batch.text["word"][place] == 1  # unknown
            copies += 1
    assert copies > 20 and codec.gloss.words[COPIED] == COPY
    again = gloss_batch(data, range(3), codec, np.random.default_rng(1), 1.0, 0.5)
    same = gloss_batch(data, range(3), codec, np.random.default_rng(1), 1.0, 0.5)
    assert torch.equal(again.text["word"], same.text["word"])
    assert torch.equal(again.tokens, same.tokens)


def test_counting_finds_which_word_goes_with_which_gloss():
    data = everything()
    codec = GlossCodec.build(data)
    lexicon = Lexicon.fit(data, codec.table.words, codec.gloss)
    said = lexicon.word_for_word([("es", "regnet", "in", "hessen"), ("qqq",)])
    assert said == [("REGEN", "HESSEN"), ()]
    assert (lexicon.rate >= 0).all() and (lexicon.rate.sum(1)[4:] <= 2.01).all()


def test_it_learns_glosses_durations_and_faces(taught):
    data = everything()
    lines = write_glosses(taught, data.words)
    assert [line.glosses for line in lines] == list(data.glosses)
    seconds = np.concatenate([line.seconds for line in lines])
    assert np.abs(seconds - np.concatenate(data.seconds)).max() < 0.12
    assert {line.faces for line in lines} == {("raise", "")}
    assert [one.glosses for one in heads_on(taught, data)] == list(data.glosses)
    found = gloss_scores(taught, data, data)
    assert found["glosses"]["model"]["wer"] == 0
    assert found["durations"]["model"]["mae"] < found["durations"]["mean"]["mae"]
    assert found["faces"]["model"]["f1"] == 1 and found["faces"]["none"]["f1"] == 0
    assert 0.9 < found["durations"]["model"]["ratio"] < 1.1


def test_a_rare_gloss_that_is_lost_counts_more_than_a_frequent_one():
    train = [("IX", "NORD")] * 8 + [("IX", "HESSEN")]
    true = [("IX", "NORD"), ("IX", "HESSEN")]
    assert content(true, true, train) == {"content_recall": 100, "content_precision": 100}
    frequent = content([("IX",), ("IX", "HESSEN")], true, train)
    rare = content([("IX", "NORD"), ("IX",)], true, train)
    assert rare["content_recall"] < frequent["content_recall"] < 100
    assert rare["content_precision"] == 100
    turned = content([("NORD", "IX"), ("HESSEN", "IX", "HESSEN")], true, train)
    assert turned["content_recall"] == 100 > turned["content_precision"]
    assert content([("NORD",), ()], [("NORD",), ()], train)["content_recall"] == 100
    new = content([(), ()], [("NEU",), ("IX",)], train)
    assert new == {"content_recall": 0, "content_precision": 100}


def test_ending_without_what_a_word_stands_for_has_a_price(taught):
    model = deepcopy(taught)
    words, glosses = model.codec.table.words, model.codec.gloss
    rate = np.eye(len(words), len(glosses)) * 0.6  # as yet nothing is sure
    assert (Lexicon(words, glosses, rate).sure() == -1).all()
    rate[words.encode(["norden"]), glosses.encode(["NORD"])] = 0.9
    assert Lexicon(words, glosses, rate).sure().max() == glosses.encode(["NORD"])[0]
    named = {"norden": "NORD", "hessen": "HESSEN", "regnet": "REGEN", "schneit": "SCHNEE"}
    model.stands_for[words.encode(list(named))] = torch.tensor(glosses.encode(named.values()))
    model.decoder.bias.data[EOS] += 15.0  # wants to stop at once
    said = [("im", "norden", "regnet", "es"), ("in", "hessen", "schneit", "es")]
    short = write_glosses(model, said, unsaid=0)
    long = write_glosses(model, said, unsaid=30.0)
    assert all(len(line.glosses) <= 1 for line in short)
    assert [line.glosses for line in long] == [("NORD", "REGEN"), ("HESSEN", "SCHNEE")]
    assert long[0].glosses == write_glosses(model, said[:1], unsaid=30.0)[0].glosses


def test_signed_and_unsigned_sentences_are_learnt_together():
    both = GlossSentences.joined([everything(), GlossSentences.from_pairs(toy_pairs())])
    assert len(both) == 24 and both.cutoff.shape == (24,)
    model = model_of(both)
    batch = gloss_batch(both, range(12, 24), model.codec)
    parts = gloss_losses(model(batch), batch, HeadSettings())
    assert parts["gloss"] > 0 and parts["seconds"] == parts["face"] == parts["cutoff"] == 0
    assert all(model.heads.values())


def test_scores_leave_out_what_the_test_set_lacks(taught):
    plain = GlossSentences.from_pairs(toy_pairs())
    assert set(gloss_scores(taught, everything(), plain)) == {
        "glosses", "hypotheses", "references"
    }  # fmt: skip


def test_an_unknown_name_is_copied_and_said_so(taught):
    reading = read_text("In Quedlinburg regnet es.", taught)
    assert reading.glosses == ("QUEDLINBURG", "REGEN")
    assert any("QUEDLINBURG" in note and "unknown" in note for note in reading.notes)


@pytest.mark.parametrize(
    "text",
    ["Xyzzy", "Norden", "IM NORDEN, REGNET ES!!!", "es", "99999", "Δ", "regnerisch",
     "im norden regnet es " * 15, "qq ww ee rr"],
)  # fmt: skip
def test_any_text_is_read(taught, text):
    reading = read_text(text, taught)
    assert reading.glosses and len(reading.seconds) == len(reading.glosses) == len(reading.faces)
    assert all(0 < s < 5 for s in reading.seconds) and 1 < reading.cutoff < 20
    assert COPY not in reading.glosses
    words = {word for line in reading.lines for word in line.words}
    unknown = {w for w in words if not taught.codec.table.knows(w)}
    assert all(any(w in note.lower() for note in reading.notes) for w in unknown)


def test_an_untrained_model_also_says_something_and_no_copies_of_known_words():
    data = everything()
    for seed in range(5):
        model = model_of(data, seed)
        model.decoder.bias.data[[EOS, COPIED]] += 8.0  # wants to stop, or to copy
        for line in write_glosses(model, data.words):
            assert line.glosses and COPY not in line.glosses and not line.copied


def test_two_sentences_are_read_one_after_the_other(taught):
    both = read_text("Im Norden regnet es. In Hessen schneit es.", taught)
    assert both.glosses == ("NORD", "REGEN", "HESSEN", "SCHNEE")


def test_an_empty_text_is_an_empty_reading(taught):
    for text in ("", " ", "...", "?!"):
        reading = read_text(text, taught)
        assert reading.glosses == () and reading.notes and reading.seconds is None


def test_training_is_repeatable_and_resumes_to_the_same_bits(tmp_path, monkeypatch):
    data = everything()
    how = (toy_model_settings(), toy_training(), data, data)
    whole = train_text_to_gloss(tmp_path / "whole", *how, seed=1)
    again = train_text_to_gloss(tmp_path / "again", *how, seed=1)
    from slt_lib.translation.text_to_gloss import training

    step = training._update

    def dying(model, optimizer, settings, heads, data, seed, update):
        if update == 3:
            raise KeyboardInterrupt
        return step(model, optimizer, settings, heads, data, seed, update)

    monkeypatch.setattr(training, "_update", dying)
    with pytest.raises(KeyboardInterrupt):
        train_text_to_gloss(tmp_path / "cut", *how, seed=1)
    monkeypatch.undo()
    resumed = train_text_to_gloss(tmp_path / "cut", *how, seed=1)
    assert resumed.resumed_at == 2 and whole.updates == resumed.updates == 6
    models = [load_text_to_gloss(one.folder / "last.pt") for one in (whole, again, resumed)]
    for name, value in models[0].state_dict().items():
        assert all(torch.equal(value, other.state_dict()[name]) for other in models[1:]), name
    keys = ("update", "gloss", "wer")
    assert [[h[k] for k in keys] for h in whole.history] == [
        [h[k] for k in keys] for h in resumed.history
    ]
    with pytest.raises(SLTError, match="other settings, data or seed"):
        train_text_to_gloss(tmp_path / "cut", *how, seed=2)
    done = train_text_to_gloss(tmp_path / "cut", *how, seed=1)
    assert done.resumed_at == 6


def test_a_saved_model_is_the_same_and_a_damaged_one_gives_one_clear_error(taught, tmp_path):
    path = tmp_path / "best.pt"
    save_text_to_gloss(path, taught)
    loaded = load_text_to_gloss(tmp_path)
    text = "In Sachsen schneit es und in Quedlinburg regnet es."
    assert read_text(text, loaded) == read_text(text, taught)
    assert loaded.heads == taught.heads
    content = path.read_bytes()
    for bad in (b"", content[: len(content) // 2], b"nonsense" * 100):
        path.write_bytes(bad)
        with pytest.raises(PoseFileError, match=r"best\.pt"):
            load_text_to_gloss(path)
    torch.save({"format": "slt-translator-1"}, path)
    with pytest.raises(PoseFileError, match="no text-to-gloss model"):
        load_text_to_gloss(path)
    torch.save({"format": "slt-text-to-gloss-2", "words": ["<pad>"]}, path)
    with pytest.raises(PoseFileError, match=r"best\.pt"):
        load_text_to_gloss(path)
    with pytest.raises(PoseFileError):
        load_text_to_gloss(tmp_path / "nowhere.pt")


def test_settings_that_make_no_sense_are_refused(tmp_path):
    with pytest.raises(SLTError):
        HeadSettings(copy=1.5)
    with pytest.raises(SLTError):
        HeadSettings(seconds=-1)
    data = everything()
    with pytest.raises(SLTError, match="one device"):
        train_text_to_gloss(tmp_path, toy_model_settings(), toy_training(devices=2), data, data,
                            seed=0)  # fmt: skip


def test_rare_glosses_and_words_may_be_unknown():
    data = everything()
    codec = GlossCodec.build(data, min_count=4)
    batch = gloss_batch(data, range(len(data)), codec)
    assert (batch.tokens != PAD).any() and "REGEN" in codec.gloss.words
