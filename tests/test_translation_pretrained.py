"""A pre-trained decoder from a local folder: tiny mBARTs and BARTs with random weights."""

import os
import pickle
import shutil
from dataclasses import replace

import pytest
import torch
from translation_toys import toy_data, toy_model, toy_phase, toy_settings, weights_of

from slt_lib.pose.errors import SLTError
from slt_lib.translation import pretrained
from slt_lib.translation.checkpoint import load_translator
from slt_lib.translation.search import SearchSettings, translate
from slt_lib.translation.train import train
from slt_lib.translation.vocabulary import BOS, EOS, PAD, UNK

tokenizers, transformers = map(pytest.importorskip, ("tokenizers", "transformers"))
DATA = toy_data(8, lengths=(5, 30))
PIECES = ["norden", "im", "regen", "sonne", "</s>", "wind", "<pad>", "<unk>", "<s>", "morgen"]
BROKEN = {"model.safetensors": b"damaged", "config.json": b"{}", "tokenizer.json": b"{"}


def made(folder, kind="MBart", pieces=PIECES, **tokens):
    """A model and a tokenizer whose special tokens stand elsewhere than ours."""
    ids = {piece: i for i, piece in enumerate(pieces)}
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel(ids, unk_token="<unk>"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    special = {"pad_token": "<pad>", "unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=words, **special | tokens)
    tokenizer.save_pretrained(folder)
    sides = ("encoder", "decoder")
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=len(PIECES), d_model=16, dropout=0.0, max_position_embeddings=64,
        pad_token_id=ids["<pad>"], bos_token_id=ids["<s>"], eos_token_id=ids["</s>"],
        forced_eos_token_id=None, decoder_start_token_id=ids["</s>"],
        **{f"{s}_layers": 1 for s in sides}, **{f"{s}_attention_heads": 2 for s in sides},
        **{f"{s}_ffn_dim": 16 for s in sides},
    )  # fmt: skip
    torch.manual_seed(0)
    getattr(transformers, f"{kind}ForConditionalGeneration")(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module", params=["MBart", "Bart"])
def trained(request, tmp_path_factory):
    """The folder of a model and that of a training with it."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    base = tmp_path_factory.mktemp("pretrained")
    phase = toy_phase(updates=60, eval_every=30, batch_size=8, lr=1e-2)
    model = toy_settings(decoder=made(base / "decoder", request.param))
    return base / "decoder", train(base / "training", model, phase, DATA, DATA, seed=0).folder


def test_it_learns_in_its_own_words_and_comes_back_from_disk(trained):
    model = load_translator(trained[1])
    assert isinstance(model.codec, pretrained.PretrainedCodec)
    found = translate(model, DATA, SearchSettings(beam=2, max_length=20))
    right = sum(a == b for a, b in zip(found, DATA.texts, strict=True))
    assert right >= 4


def test_training_changed_the_decoder_that_was_given(trained):
    start = pretrained.PretrainedDecoder(toy_settings(decoder=str(trained[0]))).state_dict()
    after = weights_of(trained[1] / "last.pt")
    assert any(not torch.equal(after[f"decoder.{n}"], w) for n, w in start.items() if "inner" in n)


@pytest.mark.parametrize("ctc_weight", [0.0, 0.4])
@pytest.mark.parametrize("beam", [1, 3, 5])
def test_caching_changes_no_translation(trained, beam, ctc_weight):
    model = load_translator(trained[1])
    with torch.no_grad():
        model.decoder.bridge.weight *= 0.7  # less sure of itself
    how = SearchSettings(beam=beam, max_length=12, ctc_weight=ctc_weight)
    found = translate(model, DATA, how, batch_size=5)
    assert len(set(found)) > 2
    assert translate(model, DATA, replace(how, cached=False)) == found


@torch.no_grad()
def test_padding_never_changes_a_sentence(trained):
    model = load_translator(trained[1])
    together = model(DATA.batch(range(8), model.codec)).logits
    for i in range(8):
        alone = model(DATA.batch([i], model.codec)).logits[0]
        torch.testing.assert_close(together[i, : len(alone)], alone, atol=1e-4, rtol=1e-3)


def test_words_go_to_the_models_own_numbers_and_back(trained):
    codec = load_translator(trained[1]).codec
    numbers = codec.encode_text("im norden schnee </s> <pad> regen")
    assert (numbers[0], numbers[-1], PAD in numbers) == (BOS, EOS, False)
    assert numbers[3:-2] == [UNK] * 3 and numbers.count(EOS) == 1
    assert codec.decode_text([*numbers, 5]) == "im norden regen"
    assert codec.encode_text("") == [BOS, EOS]
    assert [codec.text.words[n] for n in numbers[1:3]] == ["im", "norden"]
    pieces = pretrained._theirs(codec._tokenizer)
    assert sorted(pieces) == list(range(len(PIECES)))


def test_a_folder_that_is_not_there_gives_one_clear_error(trained, tmp_path):
    with pytest.raises(SLTError, match=r"nowhere: There is no such folder"):
        toy_model(DATA, decoder=str(tmp_path / "nowhere"))
    folder = shutil.copytree(trained[1], tmp_path / "training")
    trained[0].rename(trained[0].with_name("away"))
    try:
        with pytest.raises(SLTError, match=r"decoder: There is no such folder"):
            load_translator(folder)
    finally:
        trained[0].with_name("away").rename(trained[0])


@pytest.mark.parametrize("name", BROKEN)
def test_a_damaged_model_gives_one_clear_error(tmp_path, name):
    folder = made(tmp_path / "decoder")
    (tmp_path / "decoder" / name).write_bytes(BROKEN[name])
    with pytest.raises(SLTError, match=r"decoder: It isn't a model that transformers can open"):
        toy_model(DATA, decoder=folder)


class Hostile:
    """A pickle that runs a command when it is opened."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_hostile_weights_are_refused_and_run_nothing(tmp_path):
    folder = made(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    evil = Hostile(f"touch {tmp_path / 'ran'}")
    for write in (
        lambda f: torch.save({"a": evil}, f),
        lambda f: f.write_bytes(pickle.dumps(evil)),
    ):
        write(tmp_path / "pytorch_model.bin")
        with pytest.raises(SLTError, match="can open"):
            toy_model(DATA, decoder=folder)
    assert not (tmp_path / "ran").exists()


def test_a_tokenizer_that_does_not_fit_is_refused(tmp_path):
    with pytest.raises(SLTError, match="13 words, the model 10"):
        toy_model(DATA, decoder=made(tmp_path / "a", pieces=[*PIECES, "x", "y", "z"]))
    with pytest.raises(SLTError, match="lacks a token"):
        toy_model(DATA, decoder=made(tmp_path / "b", bos_token="</s>"))
