"""Training: killed and resumed to the same bits, shared between processes, safe to open."""

import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from translation_toys import (
    toy_data,
    toy_model,
    toy_phase,
    toy_settings,
    weights_of,
)

from slt_lib.pose.errors import PoseFileError, SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.sequence import PoseSequence
from slt_lib.translation import checkpoint
from slt_lib.translation.batches import Mixture
from slt_lib.translation.checkpoint import load, load_translator
from slt_lib.translation.data import TranslationData
from slt_lib.translation.muon import Muon
from slt_lib.translation.parameters import averaged
from slt_lib.translation.search import SearchSettings, translate
from slt_lib.translation.settings import AugmentSettings
from slt_lib.translation.train import learning_rate, train

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*sentences were cut"),
    pytest.mark.filterwarnings("ignore:Detected pickle protocol"),
]
DATA, DEV = toy_data(17, seed=1), toy_data(4, seed=2)


def rising(progress):
    return progress


def falling(progress):
    return 1 - progress


KINDS = {
    "plain": (DATA, {"augment": AugmentSettings()}, {"dropout": 0.3}),
    "mixture": (Mixture([(DATA, falling), (toy_data(5, seed=3), rising)]), {}, {"dropout": 0.3}),
    "plateau": (DATA, {"schedule": "plateau", "warmup": 0.0}, {}),
    "averaged": (DATA, {"schedule": "level", "average": 0.5, "optimizer": "muon"}, {}),
}


def go(out, kind="plain", *, seed=5, monitor=None, model=None, **changes):
    """One of `KINDS`, with a look at dev after every other update."""
    data, phase, shape = KINDS[kind]
    return train(out, toy_settings(**{**shape, **(model or {})}), toy_phase(**{**phase, **changes}),
                 data, DEV, seed=seed, monitor=monitor)  # fmt: skip


def same_bits(a, b):
    one, two = weights_of(a), weights_of(b)
    return one.keys() == two.keys() and all(torch.equal(one[k], two[k]) for k in one)


class Stop(Exception):
    """Thrown by a monitor."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_that_stopped_goes_on_to_the_same_bits(tmp_path, kind):
    def stop(history, model):
        if len(history) == 2:
            raise Stop

    whole = go(tmp_path / "whole", kind, updates=6)
    with pytest.raises(Stop):
        go(tmp_path / "broken", kind, updates=6, monitor=stop)
    again = go(tmp_path / "broken", kind, updates=6)
    assert (again.resumed_at, again.updates, again.sentences) == (2, 6, whole.sentences)
    assert same_bits(tmp_path / "whole" / "last.pt", tmp_path / "broken" / "last.pt")
    assert same_bits(tmp_path / "whole" / "best.pt", tmp_path / "broken" / "best.pt")
    timeless = [[{**look, "seconds": 0} for look in t.history] for t in (whole, again)]
    assert timeless[0] == timeless[1] and len(timeless[0]) == 3
    assert go(tmp_path / "whole", kind, updates=6).resumed_at == 6  # nothing left to do
    assert not same_bits(tmp_path / "whole" / "last.pt", tmp_path / "whole" / "best.pt")


def test_a_training_that_was_killed_goes_on_to_the_same_bits(tmp_path):
    code = "import sys, test_translation_training as t; t.go(sys.argv[1], updates=4000)"
    killed = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-c", code, killed], cwd=Path(__file__).parent, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(1200):
            if (killed / "metrics.jsonl").exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        time.sleep(0.2)
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    at = checkpoint.load(killed / "last.pt")["state"]["update"]
    assert 2 <= at < 4000
    stop = at + 4

    def enough(history, model):
        if history[-1]["update"] == stop:
            checkpoint.save(tmp_path / f"{len(list(tmp_path.glob('*.pt')))}.pt", model)
            raise Stop

    for folder in (killed, tmp_path / "unbroken"):
        with pytest.raises(Stop):
            go(folder, updates=4000, monitor=enough)
    assert same_bits(tmp_path / "0.pt", tmp_path / "1.pt")


def test_another_training_in_the_same_folder_is_refused(tmp_path):
    go(tmp_path, updates=2)
    before = (tmp_path / "last.pt").read_bytes()
    other = [{"kind": "mixture"}, {"seed": 6}, {"lr": 2e-3}, {"model": {"stride": 4}}]
    for changes in other:
        with pytest.raises(SLTError, match=r"other settings.*new folder"):
            go(tmp_path, **{"updates": 2, **changes})
    (tmp_path / "last.pt").write_bytes((tmp_path / "best.pt").read_bytes())
    with pytest.raises(SLTError, match="other settings"):
        go(tmp_path, updates=2)
    assert len(before) > len((tmp_path / "best.pt").read_bytes())  # with its optimiser


def test_a_damaged_checkpoint_gives_one_clear_error(tmp_path):
    go(tmp_path, updates=2)
    file, rng = tmp_path / "best.pt", np.random.default_rng(0)
    whole = file.read_bytes()
    with pytest.raises(PoseFileError, match="nowhere"):
        load_translator(tmp_path / "nowhere")
    damaged = [b"", b"no zip", whole[: len(whole) // 2], whole[:-10]]
    for _ in range(20):  # the pickle stands at the start
        flipped = bytearray(whole)
        for place in rng.integers(0, 3000, 4):
            flipped[place] = rng.integers(256)
        damaged.append(bytes(flipped))
    refused = 0
    for content in damaged:
        file.write_bytes(content)
        try:
            load_translator(tmp_path)
        except PoseFileError as error:
            refused += 1
            assert str(file) in str(error) and "train again" in str(error)
    assert refused >= 15
    for wrong in ({"format": "other"}, {"format": checkpoint.FORMAT}, [1]):
        torch.save(wrong, file)
        with pytest.raises(PoseFileError, match=r"best\.pt"):
            load_translator(file)
    (tmp_path / "last.pt").write_bytes(whole[:1000])
    with pytest.raises(PoseFileError, match="Delete it"):
        go(tmp_path, updates=2)


class Hostile:
    """A pickle that runs a command when it is opened."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def test_a_hostile_checkpoint_is_refused_and_runs_nothing(tmp_path):
    evil = {"format": checkpoint.FORMAT, "settings": Hostile(f"touch {tmp_path / 'ran'}")}
    torch.save(evil, tmp_path / "best.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(evil, protocol=2))
    for name in ("best.pt", "plain.pt"):
        with pytest.raises(PoseFileError, match="can't be read as a checkpoint"):
            load_translator(tmp_path / name)
    with pytest.raises(PoseFileError):
        train(tmp_path / "new", toy_settings(), toy_phase(), DATA, DEV, seed=0, initial=tmp_path)
    assert not (tmp_path / "ran").exists()


def test_two_processes_train_what_one_does(tmp_path):
    """17 sentences in batches of 8: the last batch has one, fewer than there are devices.

    Neither a head that nobody listens to nor an empty share may stop them.
    """
    how = {"batch_size": 8, "updates": 6, "eval_every": 3, "text_ctc_weight": 0.0, "warmup": 0.0}
    one, two = (
        train(tmp_path / str(n), toy_settings(encoder="multi_stream"), toy_phase(devices=n, **how),
              DATA, DEV, seed=0)
        for n in (1, 2)
    )  # fmt: skip
    assert one.sentences == two.sentences == 34
    assert two.folder == tmp_path / "2" and two.updates == 6
    for a, b in zip(one.history, two.history, strict=True):
        names = ("text", "gloss", "distil", "loss")
        assert [a[n] for n in names] == pytest.approx([b[n] for n in names], rel=1e-5)
    first, second = (weights_of(tmp_path / n / "last.pt") for n in "12")
    for name in first:  # Adam makes much of gradients that are rounding alone
        torch.testing.assert_close(second[name], first[name], atol=6e-4, rtol=0)
    start = toy_model(DATA, encoder="multi_stream").state_dict()
    assert max(float((first[k] - start[k]).abs().max()) for k in first) > 3e-3
    texts = [translate(load_translator(tmp_path / n), DEV, SearchSettings(2)) for n in "12"]
    assert texts[0] == texts[1]


def strange_corpus():
    """60 fps, no frame, one frame, no hands, nothing seen, 1,000 frames, no text, unknown gloss."""
    rng = np.random.default_rng(0)

    def item(frames, fps=25.0, gloss=("REGEN",), text="regen", hide=()):
        pose = PoseSequence(rng.normal(size=(frames, 178, 3)), np.ones((frames, 178)), fps)
        return Utterance("x", gloss, text, pose=pose.hide(list(hide)) if hide else pose)

    return TranslationData.from_corpus([
        item(90, 60.0), item(0), item(1), item(1, 60.0), item(20, hide=range(8, 50)),
        item(20, hide=range(178)), item(1000), item(20, gloss=(), text=""),
        item(20, gloss=("NIE", "REGEN"), text="nie regen"), item(3, text="im norden " * 9),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("encoder", "precision"), [("transformer", "32-true"), ("multi_stream", "bf16-mixed")]
)
def test_strange_sentences_train_and_decode(tmp_path, encoder, precision):
    data = strange_corpus()
    phase = toy_phase(augment=AugmentSettings(), precision=precision, batch_size=3)
    model = toy_settings(encoder=encoder, stride=4, dropout=0.1)
    done = train(tmp_path, model, phase, data, data, seed=0, codec=toy_model(DATA).codec)
    assert all(np.isfinite(list(look.values())).all() for look in done.history)
    trained = load_translator(done.folder)
    assert all(value.isfinite().all() for value in trained.state_dict().values())
    for how in (SearchSettings(1, max_length=9), SearchSettings(3, max_length=9, ctc_weight=0.3)):
        assert len(translate(trained, data, how, batch_size=4)) == 10
        alone = data.select([2])
        assert translate(trained, alone, how) == translate(trained, data, how, batch_size=1)[2:3]


def test_bf16_rounds_the_network_and_not_the_poses(tmp_path):
    losses = []
    for precision in ("32-true", "bf16-mixed"):
        done = go(tmp_path / precision, updates=4, precision=precision)
        losses.append([look["loss"] for look in done.history])
    assert losses[0] != losses[1] and losses[0] == pytest.approx(losses[1], rel=0.02)
    assert {w.dtype for w in weights_of(tmp_path / "bf16-mixed" / "last.pt").values()} == {
        torch.float32
    }


def test_fine_tuning_starts_from_the_weights_and_words_it_is_given(tmp_path):
    before = go(tmp_path / "a", updates=2)
    words = DATA.with_texts(["neu"] * 17)
    model = toy_settings(dropout=0.3, domains=2)  # with a part that the start lacks
    done = train(tmp_path / "b", model, toy_phase(updates=1, lr=1e-9), words, DEV, seed=1,
                 initial=before.folder)  # fmt: skip
    start, after = weights_of(tmp_path / "a" / "best.pt"), weights_of(done.folder / "last.pt")
    assert set(after) - set(start) == {"domain.weight"}
    for name in start:
        torch.testing.assert_close(after[name], start[name], atol=1e-6, rtol=0)
    assert "neu" not in load_translator(done.folder).codec.text.words
    with pytest.raises(SLTError, match="other settings"):
        train(tmp_path / "b", model, toy_phase(updates=1, lr=1e-9), words, DEV, seed=1,
              initial=tmp_path / "b")  # fmt: skip


def test_a_training_stops_when_dev_gets_no_better_and_keeps_the_best(tmp_path):
    done = go(tmp_path, updates=40, patience=2, eval_every=1, lr=1e-9)
    assert done.updates == 3 and len(done.history) == 3
    assert checkpoint.load(tmp_path / "best.pt")["update"] == 1
    assert go(tmp_path, updates=40, patience=2, eval_every=1, lr=1e-9).updates == 3
    last = go(tmp_path / "last", updates=3, eval_every=1, lr=1e-9, keep="last")
    assert checkpoint.load(last.folder / "best.pt")["update"] == 3
    assert last.best == done.best
    slower = go(tmp_path / "slow", "plateau", updates=4, eval_every=1, lr=1e-9)
    state = checkpoint.load(slower.folder / "last.pt")["state"]
    assert state["factor"] == pytest.approx(0.7**3)


def test_the_learning_rate_rises_and_falls():
    phase = toy_phase(updates=100, lr=1.0, warmup=0.1)
    rates = [learning_rate(phase, u) for u in range(100)]
    np.testing.assert_allclose(rates[:10], np.arange(1, 11) / 10)
    assert (np.diff(rates[10:]) < 0).all() and 0.01 <= rates[-1] < 0.02
    assert learning_rate(replace(phase, schedule="plateau"), 99) == 1
    assert learning_rate(replace(phase, warmup=0.0), 0) == 1


def test_a_mixture_of_nothing_is_refused(tmp_path):
    with pytest.raises(SLTError, match="Shares"):
        train(tmp_path, toy_settings(), toy_phase(), Mixture([(DATA, 0.0)]), DEV, seed=0)


def test_stacks_of_matrices_move_as_torch_s_muon_moves_each():
    """Wide, tall and square ones, some without a gradient, with the rate changing on the way."""
    shapes = [(8, 8), (8, 8), (16, 8), (8, 16), (3, 40), (8, 8)]
    ours, theirs = (
        [torch.randn(s, generator=torch.Generator().manual_seed(i)).requires_grad_()
         for i, s in enumerate(shapes)]
        for _ in range(2)
    )  # fmt: skip
    how = {"lr": 0.01, "weight_decay": 0.1, "adjust_lr_fn": "match_rms_adamw"}
    optimizers = [Muon(ours, **how), torch.optim.Muon(theirs, **how)]
    for step in range(6):
        for weights, optimizer in zip((ours, theirs), optimizers, strict=True):
            for i, w in enumerate(weights):
                drawn = torch.Generator().manual_seed(100 * step + i)
                w.grad = None if (step, i) == (2, 1) else torch.randn(w.shape, generator=drawn)
            optimizer.param_groups[0]["lr"] = 0.01 * (step + 1)
            optimizer.step()
    for i, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        start = torch.randn(one.shape, generator=torch.Generator().manual_seed(i))
        moved = (other - start).norm()
        assert (one - other).norm() < 0.02 * moved  # bfloat16 rounds a stack otherwise
    saved = optimizers[0].state_dict()
    optimizers[1].load_state_dict(saved)  # one's state is the other's


def test_the_average_is_judged_and_kept_and_soon_forgets_the_first_weights(tmp_path):
    model = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(model.weight, 100.0)
    average = averaged(model, 0.9)
    for _ in range(60):
        torch.nn.init.constant_(model.weight, 1.0)
        average.update_parameters(model)
    assert average.module.weight.item() == pytest.approx(1.0, abs=0.05)
    done = go(tmp_path, "averaged", updates=2)
    kept, content = weights_of(done.folder / "best.pt"), load(done.folder / "last.pt")
    mean = {k.removeprefix("module."): v for k, v in content["average"].items()}
    assert all(torch.equal(kept[k], mean[k]) for k in kept)
    assert any(not torch.equal(kept[k], content["model"][k]) for k in kept)


def test_weights_that_start_anew_are_not_those_of_the_phase_before(tmp_path):
    before = go(tmp_path / "before", updates=1)
    still = toy_phase(updates=1, lr=1e-12, weight_decay=0.0)
    after = train(tmp_path / "after", toy_settings(), still, DATA, DEV, seed=1,
                  initial=before.folder, fresh=("encoder", ".cross."))  # fmt: skip
    old, new = (weights_of(done.folder / "best.pt") for done in (before, after))
    for name in (name for name in new if new[name].dim() > 1):
        anew = name.startswith("encoder") or ".cross." in name
        assert torch.allclose(new[name], old[name], atol=1e-6) != anew, name


def test_weights_to_give_away_translate_as_before_and_run_nothing(tmp_path):
    done = go(tmp_path / "training", updates=2)
    model, file = load_translator(done.folder), tmp_path / "given.safetensors"
    checkpoint.save_weights(file, model)
    given = load_translator(file)
    assert given.settings == model.settings and given.codec.text.words == model.codec.text.words
    for name, weights in weights_of(done.folder / "best.pt").items():
        assert torch.allclose(given.state_dict()[name], weights, rtol=1e-3, atol=1e-4), name
    how = SearchSettings(beam=1, max_length=8)
    assert translate(given, DEV, how) == translate(model, DEV, how)
    whole = file.read_bytes()
    for damaged in (whole[:-9], whole[40:], b"", pickle.dumps([1])):
        file.write_bytes(damaged)
        with pytest.raises(PoseFileError, match=r"given\.safetensors"):
            load_translator(file)
