"""The seven steps together, on the bundled recordings and on real data where it is at hand."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from slt_lib.dictionary import Dictionary, from_lexicon, gloss_spans, save_dictionary
from slt_lib.pose.bones import bone_length_variation
from slt_lib.pose.canonical import canonicalise
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import read_annotations, read_pose
from slt_lib.stitching import measures
from slt_lib.stitching.batch import stitch_many
from slt_lib.stitching.compare import split_at_gaps
from slt_lib.stitching.dgs import read_sentences, record
from slt_lib.stitching.duration import MEDIAN_SECONDS, fit_durations
from slt_lib.stitching.face import fit_expressions
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.stitcher import Stitcher
from slt_lib.stitching.transition import FASTEST, TYPICAL_SPEED, measure_join

WORDS = ("HALLO", "REGEN", "WETTER", "SONNE", "WOLKEN", "NEBEL", "GEWITTER", "FROST")


@pytest.fixture(scope="module")
def letters() -> Dictionary:
    return from_lexicon(signed_language="gsg")


@pytest.fixture(scope="module")
def stitcher(letters) -> Stitcher:
    return Stitcher(letters)


@pytest.mark.parametrize("word", WORDS)
def test_the_promises_of_the_stitcher_hold(stitcher, word):
    done = stitcher.stitch([word])
    assert bone_length_variation(done.pose) < 0.01
    assert 0.9 < measures.hand_travel_ratio(done.pose, done.spans, done.sources) < 1.1
    assert measures.invented_joints(done.pose, done.spans, done.sources) == 0
    assert not done.pose.mask[:, done.pose.group("left_hand")].any()  # these recordings have none
    assert not done.pose.positions[~done.pose.mask].any()
    assert [segment.gloss for segment in done.segments] == [
        sign.gloss for lookup in done.lookups for sign in lookup.signs
    ]


def test_mixed_frame_rates_give_exact_durations(letters):
    signs = [letters.signs(g)[0] for g in "AB"]
    as_60 = signs[0].pose.replace(fps=60.0)
    mixed = [replace(signs[0], fps=60.0, read=lambda: as_60), signs[1]]
    done = Stitcher(letters, StitchSettings(fps=25.0)).stitch_signs(mixed, seconds=[0.4, 0.8])
    assert done.pose.fps == 25.0
    assert [end - start for start, end in done.spans] == [10, 20]


def test_strange_signs_are_ordinary(letters):
    """One frame, nothing seen, no face, left-handed, 60 fps: all stitch, nothing is invented."""
    sign = letters.signs("A")[0]
    pose = sign.pose
    face, body = pose.group("face"), pose.group("body")
    strange = {
        "one frame": pose[3:4],
        "nothing": pose.hide(np.arange(178)),
        "no face": pose.hide(face),
        "no body": pose.hide(body),
        "left": pose.mirrored(),
        "60 fps": pose.replace(fps=60.0),
        "blinks": pose.hide(pose.group("right_hand"), slice(5, None, 3)),
    }
    signs = [replace(sign, gloss=name, read=lambda p=p: p) for name, p in strange.items()]
    for kind in ("linear", "minimum-jerk"):
        for smoothing in ("matched", "fixed", "gaussian", "savitzky-golay", "one-euro", "none"):
            settings = StitchSettings(transition=kind, smoothing=smoothing)
            done = Stitcher(letters, settings).stitch_signs(signs)
            assert np.isfinite(done.pose.positions).all()
            assert measures.invented_joints(done.pose, done.spans, done.sources) == 0
            assert bone_length_variation(done.pose) < 0.01


def test_left_handed_stitching_is_the_mirror_image(letters):
    right, left = (
        Stitcher(letters, StitchSettings(dominant=hand, smoothing="none")).stitch(["REGEN"]).pose
        for hand in ("right", "left")
    )
    np.testing.assert_allclose(left.positions, right.mirrored().positions, atol=0.02)


def test_tempo_and_seeds(letters, stitcher):
    plain = stitcher.stitch(["REGEN"])
    double = Stitcher(letters, StitchSettings(tempo=2.0)).stitch(["REGEN"])
    assert len(double.pose) == round(len(plain.pose) / 2)
    a, b, c = (stitcher.stitch(["REGEN"], seed=s).pose for s in (1, 1, 2))
    np.testing.assert_array_equal(a.positions, b.positions)
    assert len(a) != len(c) or np.abs(a.positions - c.positions).max() > 0.01


def test_what_cannot_be_stitched_is_said(stitcher, letters):
    with pytest.raises(SLTError, match="durations"):
        stitcher.stitch(["REGEN"], seconds=[0.2])
    with pytest.raises(SLTError, match="explain"):
        Stitcher(letters, StitchSettings(missing="skip")).stitch(["REGEN"])
    for wrong in (
        {"smoothing": "fixed", "cutoff": 20},
        {"smoothing": "soft"},
        {"crop": "some"},
        {"transition": "cubic"},
        {"dominant": "Right"},
        {"missing": "guess"},
    ):
        with pytest.raises(SLTError, match=list(wrong)[-1]):
            StitchSettings(**wrong)
    assert StitchSettings(smoothing="none", fps=10).fps == 10
    for seconds in ([0.2, float("nan")], [0.2, -1]):
        with pytest.raises(SLTError, match="durations"):
            stitcher.stitch(["AB"], seconds=seconds)
    with pytest.raises(SLTError, match="codebook"):
        stitcher.stitch(["AB"], expressions=[1])
    with pytest.raises(SLTError, match="no sign"):
        stitcher.stitch_signs([])
    with pytest.raises(SLTError, match="frames per second"):
        Stitcher(letters, StitchSettings(fps=50), stitcher.reference)


def test_many_processes_give_what_one_gives(letters, stitcher, tmp_path):
    folder = tmp_path / "letters"
    save_dictionary(letters, folder)
    texts = [[word] for word in WORDS]
    one = list(stitch_many(texts, folder, seed=3, processes=1))
    two = list(stitch_many(texts, folder, seed=3, processes=2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.pose.positions, b.pose.positions)
    with pytest.raises(SLTError, match="stitch_many"):
        print(one[0].sources)


def test_expressions_replace_the_face_and_only_the_face(letters, stitcher):
    book = fit_expressions([canonicalise(s.pose) for s in letters], codes=4)
    posed = Stitcher(letters, stitcher.settings, stitcher.reference, book)
    neutral = posed.stitch(["REGEN"], expressions=[0])
    other = posed.stitch(["REGEN"], expressions=[int((book.codes**2).sum((1, 2)).argmax())])
    face, rest = other.pose.group("face"), np.arange(50)
    np.testing.assert_array_equal(neutral.pose.mask, other.pose.mask)
    assert np.abs(neutral.pose.positions - other.pose.positions)[:, face].max() > 0.01
    np.testing.assert_allclose(
        neutral.pose.positions[:, rest], other.pose.positions[:, rest], atol=1e-5
    )
    with pytest.raises(SLTError, match="codes"):
        posed.stitch(["REGEN"], expressions=[99])


@pytest.fixture(scope="module")
def phoenix(shared_data) -> tuple[dict, dict]:
    """Observed (gloss, frames) per sentence of a part of the training set and of the dev set."""
    folder = shared_data / "phoenix14t"
    train = read_annotations(folder / "phoenix14t.train.gz")[:2500]
    dev = read_annotations(folder / "phoenix14t.dev.gz")
    spans = gloss_spans([*train, *dev])
    frames = {n: [(s.gloss, s.end - s.start) for s in some] for n, some in spans.items()}
    held_out = {u.name for u in dev} - {u.name for u in train}
    return (
        {n: some for n, some in frames.items() if n not in held_out},
        {n: some for n, some in frames.items() if n in held_out},
    )


def test_durations_on_phoenix(phoenix, letters):
    """Per-gloss durations beat one for all, and stitched signs last as long as real ones."""
    train, dev = phoenix
    model = fit_durations(((g, n / 25) for s in train.values() for g, n in s), ways="half")
    seen = [(g, n / 25) for s in dev.values() for g, n in s]
    everyone = np.median([n / 25 for s in train.values() for _, n in s])
    error = np.mean([abs(np.log(model.seconds(g) / s)) for g, s in seen])
    one_for_all = np.mean([abs(np.log(everyone / s)) for _, s in seen])
    assert error < 0.95 * one_for_all

    stitcher = Stitcher(letters, StitchSettings(durations=model))
    letter, real, made = list(letters), [], []
    for i, sentence in enumerate(list(dev.values())[:60]):
        if not sentence:
            continue
        signs = [replace(letter[(i + k) % 30], gloss=g) for k, (g, _) in enumerate(sentence)]
        done = stitcher.stitch_signs(signs, seed=i)
        ways = np.array([0, *(join.frames for join in done.joins), 0]) / 2
        made += [e - s + ways[k] + ways[k + 1] for k, (s, e) in enumerate(done.spans)]
        real += [n for _, n in sentence]
    assert np.median(made) == pytest.approx(np.median(real), rel=0.10)


def test_the_constants_are_what_real_sentences_show(shared_data):
    """How long a sign lasts, how fast hands go from sign to sign: medians of real DGS signing."""
    folder = shared_data / "dgs_corpus_stitched"
    seconds, speeds = [], []
    for sentence in read_sentences(folder):
        metadata = (folder / f"{sentence.name}_metadata.json").read_text("utf8")
        glosses = json.loads(metadata)["sentence"]["glosses"]
        times = list(zip(glosses["start"], glosses["end"], strict=True))
        seconds += [(end - start) / 1000 for start, end in times]
        spans = split_at_gaps(read_pose(folder / f"{sentence.name}_original.pose"))
        if len(spans) != len(times):
            continue  # a gloss shorter than a frame left no segment
        pose = canonicalise(sentence.real)
        parts = [pose[start:end] for start, end in spans]
        gaps = [(b[0] - a[1]) / 1000 for a, b in pairwise(times)]
        ways = [measure_join(a, b).distance for a, b in pairwise(parts)]
        speeds += [way / max(gap, 0.04) for way, gap in zip(ways, gaps, strict=True)]
    assert np.median(seconds) == pytest.approx(MEDIAN_SECONDS, abs=0.03)
    measured = np.nanquantile(speeds, [0.5, 0.9])
    np.testing.assert_allclose(measured, [TYPICAL_SPEED, FASTEST], rtol=0.03)


def test_against_real_sentences(shared_data):
    """Ours is nearer to real DGS sentences than the peer and than recordings in a row."""
    folder = shared_data / "dgs_corpus_stitched"
    ours, peer, raw = (record(arm, 0, str(folder)) for arm in ("ours", "peer", "raw"))
    assert len(ours["sentences"]) + len(ours["unchanged"]) == 16
    assert ours["dtw_mje"] < 0.8 * min(peer["dtw_mje"], raw["dtw_mje"])
    assert ours["bone_length_cv"] < 0.01 < peer["bone_length_cv"]
    assert abs(ours["length_ratio"] - 1) < abs(raw["length_ratio"] - 1) / 3
    assert ours["spectrum_distance"] < peer["spectrum_distance"]
