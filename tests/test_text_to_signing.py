"""Text in, signing out: durations, cutoff and faces reach the stitcher, and the mask stays."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from experiment_toys import TINY
from gloss_toys import toy_model_settings, toy_utterances

from slt_lib.corpus.weather.citation import cite
from slt_lib.dictionary import Dictionary, from_lexicon
from slt_lib.dictionary.sign import record
from slt_lib.experiments.data import Data
from slt_lib.experiments.text_to_gloss import (
    TextToSigning,
    run_text_to_gloss,
    sentence_faces,
    summary_text_to_gloss,
)
from slt_lib.pose.canonical import canonicalise
from slt_lib.pose.errors import SLTError
from slt_lib.pose.face import read_faces
from slt_lib.pose.proportions import canonical_body
from slt_lib.stitching.duration import DurationModel
from slt_lib.stitching.face import Expressions, named_expressions
from slt_lib.stitching.measures import invented_joints
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.spectrum import BINS, part_power, sentence_cutoff, without_noise
from slt_lib.stitching.stitcher import Stitcher
from slt_lib.translation.text_to_gloss.batches import GlossCodec
from slt_lib.translation.text_to_gloss.data import GlossSentences
from slt_lib.translation.text_to_gloss.model import TextToGloss
from slt_lib.translation.text_to_gloss.reading import GlossLine, Reading
from slt_lib.translation.text_to_signing import LETTER_SECONDS, sign_reading, sign_text

torch.set_num_threads(1)
GLOSSES = ("NORD", "SACHSEN", "REGEN", "SONNE", "FUENF", "ZWANZIG")


@pytest.fixture(scope="module")
def stitcher() -> Stitcher:
    """Some simulated signs, and the real letters."""
    rng = np.random.default_rng(0)
    signs = [record(g, partial(lambda pose: pose, cite(g, 0, rng)), "simulated") for g in GLOSSES]
    dictionary = Dictionary([*signs, *from_lexicon()])
    settings = StitchSettings(smoothing="none", durations=DurationModel(ways="half"))
    return Stitcher(dictionary, settings)


@pytest.fixture(scope="module")
def model() -> TextToGloss:
    """Untrained, but it knows the toy corpus' names."""
    items = toy_utterances()
    faces = {item.name: ("raise", "") for item in items}
    rough = {"body": np.linspace(1, 2, BINS)}
    data = GlossSentences.from_corpus(items, faces=faces, rough=rough)
    torch.manual_seed(0)
    model = TextToGloss(toy_model_settings(), GlossCodec.build(data))
    model.begin_with(data)
    return model.eval()


def reading(*glosses: str, **more) -> Reading:
    return Reading("a text", (GlossLine(("a", "text"), glosses, **more),))


def test_predicted_durations_decide_how_long_the_signing_is(model, stitcher):
    short, long = (
        sign_reading(reading("NORD", "REGEN", seconds=(s, s)), model, stitcher) for s in (0.4, 0.8)
    )
    assert abs(short.pose.seconds - 0.8) < 0.25 and abs(long.pose.seconds - 1.6) < 0.25
    assert [s.gloss for s in short.stitched.segments] == ["NORD", "REGEN"]
    assert len(short.labels) == len(short.pose) and {"NORD", "REGEN"} <= set(short.labels)
    assert short.notes == ()


def test_the_cutoff_makes_it_smoother_and_is_kept_in_range(model, stitcher):
    def roughness(cutoff):
        made = sign_reading(reading("NORD", "REGEN", seconds=(1.0, 1.0), cutoff=cutoff),
                            model, stitcher)  # fmt: skip
        power = part_power(made.pose)["right_hand"]
        return power[BINS // 2 :].sum() / power.sum()

    free, high, low = roughness(None), roughness(8.0), roughness(2.5)
    assert low < high < free
    assert np.isfinite(roughness(1e6)) and np.isfinite(roughness(1e-6))
    assert stitcher.settings.smoothing == "none"  # not changed for the next one


def test_signing_keeps_the_mask(model, stitcher):
    made = sign_reading(
        reading("NORD", "REGEN", "ABC", seconds=(0.5, 0.7, 0.5), cutoff=6.0, faces=("raise",) * 3),
        model, stitcher, expressions=Expressions(0.01 * np.ones((2, 128, 3))),
    )  # fmt: skip
    assert invented_joints(made.pose, made.stitched.spans, made.stitched.sources) == 0
    assert not made.pose.mask.all() and np.isfinite(made.pose.positions[made.pose.mask]).all()


def test_parts_of_a_gloss_share_its_duration_and_letters_have_their_own(model, stitcher):
    number = sign_reading(reading("25", seconds=(0.8,)), model, stitcher)
    assert [s.gloss for s in number.stitched.segments] == ["FUENF", "ZWANZIG"]
    assert abs(number.pose.seconds - 0.8) < 0.2 and "25 has no sign of its own" in number.notes[0]
    spelled = sign_reading(reading("ULM", seconds=(0.3,)), model, stitcher)
    assert len(spelled.stitched.segments) == 3 and "U-L-M" in spelled.notes[0]
    assert abs(spelled.pose.seconds - 3 * LETTER_SECONDS) < 0.3


def test_what_has_no_sign_is_left_out_and_said_so(model, stitcher):
    made = sign_reading(reading("NORD", "$GEST", seconds=(0.5, 0.5)), model, stitcher)
    assert len(made.stitched.segments) == 1
    assert any("$GEST has no sign" in note for note in made.notes)
    with pytest.raises(SLTError, match="Nothing of this text"):
        sign_reading(reading("$GEST"), model, stitcher)
    with pytest.raises(SLTError, match="no word in the text"):
        sign_text(" ... ", model, stitcher)


def test_without_learnt_heads_the_stitcher_does_as_it_is_set(model, stitcher):
    made = sign_reading(reading("NORD", "REGEN"), model, stitcher)
    plain = stitcher.stitch(["NORD", "REGEN"])
    assert np.array_equal(made.pose.positions, plain.pose.positions)


@pytest.mark.parametrize("text", ["Im Norden regnet es.", "ULM", "im norden " * 30, "Ich, 25!"])
def test_any_text_is_signed(model, stitcher, text):
    made = sign_text(text, model, stitcher)
    assert len(made.pose) and made.pose.mask.any() and len(made.labels) == len(made.pose)
    again = sign_text(text, model, stitcher)
    assert np.array_equal(made.pose.positions, again.pose.positions)


def test_named_faces_are_what_their_signs_add(stitcher):
    pose = canonicalise(stitcher.dictionary.signs("NORD")[0].pose)[:40]
    faces = read_faces(pose.positions, pose.mask, canonical_body())
    assert len(faces.frames) > 20
    lift = np.zeros((128, 3))
    lift[10] = [0, -0.1, 0]
    lifted = Expressions(np.stack([np.zeros((128, 3)), lift])).put(pose, [(0, 40)], [1], keep=True)
    spans, said = ((0, 40),), ("",)
    found = named_expressions([(pose, spans, said), (lifted, spans, ("up",))], ("", "up", "never"))
    assert np.allclose(found.codes[0], 0) and np.allclose(found.codes[2], 0)
    assert found.codes[1][10, 1] < -0.05 and np.abs(found.codes[1][50:]).max() < 0.02
    with pytest.raises(SLTError):
        named_expressions([], ())


def test_noise_is_taken_off_a_spectrum_and_smoother_signing_has_a_lower_cutoff(stitcher):
    hertz = np.linspace(0, 12.5, BINS)
    noise = np.sin(np.pi * hertz / 25) ** 2
    signal = np.exp(-hertz)
    assert np.abs(without_noise(signal + 3 * noise, hertz) - signal).max() < 0.01
    signed = stitcher.stitch(["NORD", "REGEN", "SONNE"], seconds=[0.7, 0.7, 0.7]).pose
    rough = part_power(signed)
    cutoffs = []
    for hertz in (2.0, 7.0):
        smooth = Stitcher(stitcher.dictionary, replace(stitcher.settings, smoothing="fixed",
                                                       cutoff=hertz))  # fmt: skip
        pose = smooth.stitch(["NORD", "REGEN", "SONNE"], seconds=[0.7, 0.7, 0.7]).pose
        cutoffs.append(sentence_cutoff(pose, rough))
    assert cutoffs[0] < cutoffs[1] and cutoffs[0] < 5
    assert np.isnan(sentence_cutoff(signed[:3], rough)) and np.isnan(sentence_cutoff(signed, {}))


def test_one_arm_is_trained_measured_and_summed_up(tmp_path, monkeypatch):
    from slt_lib.experiments import run, scale, text_to_gloss

    monkeypatch.setitem(scale.SCALES, "smoke", TINY)
    monkeypatch.setitem(text_to_gloss.UPDATES, "smoke", 4)
    monkeypatch.setattr(text_to_gloss, "TIMED", 2)
    run._data.clear()
    made = run_text_to_gloss(0, size="smoke", work=str(tmp_path))
    run._data.clear()
    assert set(made["glosses"]) == {"model", "no_coverage", "greedy", "word_for_word"}
    assert set(made["signing"]) == {
        "mean_seconds", "per_gloss_seconds", "model_seconds", "typical_cutoff", "model_cutoff",
        "from_text",
    }  # fmt: skip
    assert made["text_to_signing_seconds"] > 0 and made["corpus_hash"]
    summary = summary_text_to_gloss({0: made, 42: made})
    assert summary["text_to_signing_seconds"] == made["text_to_signing_seconds"]
    assert summary["text_to_gloss"]["glosses.model.wer"] == [made["glosses"]["model"]["wer"]] * 2
    data = Data(TINY, tmp_path)
    train = data.splits["train"]
    faces = sentence_faces(train, data.world.sentences("train"))
    assert all(len(faces[n]) == len(g) for n, g in zip(train.names, train.glosses, strict=True))
    data.dictionary = None
    with pytest.raises(SLTError, match="needs a dictionary"):
        TextToSigning(data)


def test_timelines_stack_the_signs_of_each_account_in_order():
    from slt_lib.plots.style import FigureError
    from slt_lib.plots.text_to_gloss import timelines

    rows = {
        "signer": [("NORD", 0.4), ("REGEN", 0.8), ("NORD", 0.5)],
        "one for all": [("NORD", 0.6)],
    }
    fig = timelines(rows, alt="Two rows of bars, one bar per sign.")
    assert [list(bar.x) for bar in fig.data] == [[0.4, 0.6], [0.8], [0.5]]
    assert (
        fig.layout.barmode == "stack" and fig.data[0].marker.color[0] == fig.data[2].marker.color[0]
    )
    with pytest.raises(FigureError):
        timelines({}, alt="Two rows of bars, one bar per sign.")
