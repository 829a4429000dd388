"""The weather world's signing: seeded, sound skeletons, spans in order, signers who differ."""

import itertools
import json
import shutil
from dataclasses import fields, replace

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from slt_lib.corpus.weather import world as world_module
from slt_lib.corpus.weather.broadcast import broadcast_specs, plan, unknown_spec
from slt_lib.corpus.weather.citation import citation_times, citations, cite, missing_glosses
from slt_lib.corpus.weather.grammar import Sentence, draw_sentences, split_sentences
from slt_lib.corpus.weather.handshapes import bone_directions, build_hand, hand_shapes
from slt_lib.corpus.weather.lexicon import lexicon
from slt_lib.corpus.weather.motion import min_jerk, quaternions, superpose
from slt_lib.corpus.weather.observe import BROADCAST_CAMERA, observe
from slt_lib.corpus.weather.perform import perform
from slt_lib.corpus.weather.phonology import MOVES, ORIENTATIONS, WAYS, SignSpec, path, sign_specs
from slt_lib.corpus.weather.signers import SHARES, broadcast_signers, dictionary_signer
from slt_lib.corpus.weather.signing import simulate
from slt_lib.corpus.weather.world import (
    World,
    WorldSettings,
    make_world,
    novel_sentences,
    world_name,
)
from slt_lib.dictionary import load_dictionary
from slt_lib.experiments.scale import SCALES
from slt_lib.pose.errors import SLTError
from slt_lib.pose.skeleton import SLRTP_178

SMALL = WorldSettings(seed=0, train=40, dev=3, test=4)
GLOSSES = ("MORGEN", "REGEN", "NORD", "KOMMEN")


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    """A world of a few sentences."""
    return make_world(tmp_path_factory.mktemp("weather") / "world", SMALL)


def truth(signer, seed=0, glosses=GLOSSES):
    """What a signer's body does, before any camera: float [frames, 178, 3]."""
    rng = np.random.default_rng(seed)
    signs, _ = plan(glosses, ("",) * len(glosses), signer, broadcast_specs(0, signer), 0, rng)
    return perform(signs, signer, 25.0, round(25 * signs[-1].end) + 5, rng)


def travel(pose, side):
    """How far a wrist goes in a sequence, in shoulder widths."""
    wrist = SLRTP_178.index[f"{side}_WRIST"]
    return np.linalg.norm(np.diff(pose.positions[:, wrist, :2], axis=0), axis=-1).sum()


def test_movements_add_up_as_a_loop_would_add_them():
    rng = np.random.default_rng(0)
    times, targets = np.cumsum(rng.uniform(0.1, 1, 6)), rng.normal(size=(6, 3))
    at, overlap = np.linspace(0, 5, 40), 1.4
    for row, time in zip(superpose(times, targets, at, overlap), at, strict=True):
        where = targets[0].copy()
        for k in range(5):
            length = times[k + 1] - times[k]
            begin = times[k] - (overlap - 1) * length / 2
            where += min_jerk((time - begin) / (length * overlap)) * (targets[k + 1] - targets[k])
        assert np.allclose(row, where)
    assert np.allclose(superpose(times, targets, times, 1.0), targets)  # each reached on time
    still = superpose(times, targets, np.array([times[0] - 9, times[-1] + 9]), overlap)
    assert np.allclose(still, targets[[0, -1]])


def test_hand_shapes_are_real_hands_whose_sizes_are_anybodys():
    shapes = hand_shapes()
    assert shapes.shape == (26, 20, 3) and np.allclose(np.linalg.norm(shapes, axis=-1), 1)
    gaps = np.linalg.norm(shapes[:, None] - shapes[None], axis=(2, 3)) + 9 * np.eye(len(shapes))
    assert gaps.min() > 0.1  # no two are alike
    lengths = dictionary_signer().bones[9:29]
    hand = build_hand(shapes, lengths)
    assert np.allclose(bone_directions(hand), shapes, atol=0.02)


@pytest.mark.parametrize("number", range(len(SHARES)))
def test_bones_keep_their_lengths_and_hands_stay_on_wrists(number):
    signer = broadcast_signers(0)[number]
    body = truth(signer, number)
    parents, children = SLRTP_178.bones.T
    lengths = np.linalg.norm(body[:, parents] - body[:, children], axis=-1)
    assert np.ptp(lengths, axis=0).max() < 1e-6
    for side in ("RIGHT", "LEFT"):
        wrist, hand = SLRTP_178.ids(f"{side}_WRIST", f"{side}_HAND.WRIST")
        assert np.allclose(body[:, wrist], body[:, hand])
    face = body[:, SLRTP_178.groups["face"]]
    assert np.isfinite(body).all()
    assert (face.mean(1)[:, 1] < -0.3).all()  # the head stays above the shoulders


def test_the_same_seed_gives_the_same_signing_and_another_seed_another():
    sentence = Sentence(GLOSSES, "morgen regen", ("",) * 4, 0)
    one, again, other = (
        simulate(sentence, 0, np.random.default_rng(s), signer=1) for s in (5, 5, 6)
    )
    assert np.array_equal(one.pose.positions, again.pose.positions)
    assert np.array_equal(one.pose.confidence, again.pose.confidence) and one.spans == again.spans
    assert one.pose.positions.shape != other.pose.positions.shape or not np.array_equal(
        one.pose.positions, other.pose.positions
    )
    assert one.origin == "simulated" and one.pose.fps == 25


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([*lexicon(), "NICHT-IM-LEXIKON", "ß"]), min_size=1, max_size=12),
    st.integers(0, 2**31),
    st.one_of(st.none(), st.integers(1, 150)),
)
def test_every_written_gloss_has_a_span_in_order_within_the_frames(glosses, seed, frames):
    sentence = Sentence(tuple(glosses), "", ("",) * len(glosses), 0)
    made = simulate(sentence, 0, np.random.default_rng(seed), frames=frames)
    assert made.frames == len(made.pose) and (frames is None or made.frames == frames)
    assert len(made.spans) == len(made.gloss)
    edges = np.array([(0, 0), *made.spans, (made.frames, made.frames)])
    assert (edges[:, 1] >= edges[:, 0]).all() and (edges[1:, 0] >= edges[:-1, 1]).all()
    unseen = ~made.pose.mask
    assert (made.pose.positions[unseen] == 0).all()
    if frames is not None:
        assert made.gloss == tuple(glosses)


def test_annotators_mostly_write_what_they_see():
    signer = replace(broadcast_signers(0)[0], pointing=1.0)
    specs, rng = broadcast_specs(0, signer), np.random.default_rng(0)
    absent = unwritten = 0
    for _ in range(200):
        signs, written = plan(("REGEN", "IX", "NORD"), ("",) * 3, signer, specs, 0, rng)
        absent += any(sign is None for _, sign in written)
        unwritten += len(written) < 3
        assert [g for g, s in written if s is not None] == [sign.gloss for sign in signs]
    assert unwritten > 2 * absent > 0


def test_the_camera_loses_fast_hands_more_often_and_says_so():
    rng = np.random.default_rng(0)
    still = np.repeat(truth(broadcast_signers(0)[0])[:1], 600, 0)
    fast = still.copy()
    fast[:, SLRTP_178.groups["right_hand"], 0] += np.sin(np.arange(600) * 0.8)[:, None]
    lost = [
        (~observe(body, 25.0, BROADCAST_CAMERA, rng).mask[:, SLRTP_178.groups["right_hand"]]).mean()
        for body in (still, fast)
    ]
    assert lost[0] < 0.06 < lost[1] < 0.8
    seen = observe(fast, 25.0, BROADCAST_CAMERA, rng)
    right, left = (seen.confidence[:, SLRTP_178.groups[f"{s}_hand"]] for s in ("right", "left"))
    assert right[right > 0].mean() < left[left > 0].mean()
    assert len(observe(fast[:1], 25.0, BROADCAST_CAMERA, rng)) == 1


def test_the_left_handed_signer_signs_with_the_left_hand():
    signers = broadcast_signers(0)
    sentence = Sentence(("REGEN", "NORD", "SUED", "WEST", "OST"), "", ("",) * 5, 0)
    for number, signer in enumerate(signers):
        body = simulate(sentence, 0, np.random.default_rng(3), signer=number).pose
        more = "LEFT" if signer.left_handed else "RIGHT"
        less = "RIGHT" if signer.left_handed else "LEFT"
        assert travel(body, more) > travel(body, less), signer.name
    assert [s.left_handed for s in signers].count(True) == 1
    assert len({round(s.tempo, 6) for s in signers}) == len(signers) == len(SHARES)
    assert SHARES.sum() == pytest.approx(1)


def differing(one: SignSpec, other: SignSpec) -> set[str]:
    """The parts in which two signs differ, mouthing and length apart."""
    parts = {f.name for f in fields(SignSpec)} - {"mouthing", "length"}
    return {part for part in parts if getattr(one, part) != getattr(other, part)}


def test_no_single_part_tells_signs_apart_and_families_share_parts():
    specs = sign_specs(0)
    assert set(specs) == set(lexicon())
    names = list(specs)
    near = sum(
        len(differing(specs[a], specs[b])) <= 2 for i, a in enumerate(names) for b in names[:i]
    )
    assert near > 30
    ways = {specs[gloss].way for gloss in ("NORD", "SUED", "WEST", "OST")}
    assert len(ways) == 4 and not differing(specs["NORD"], specs["SUED"]) - {"way"}
    for spec in specs.values():
        assert np.isfinite(path(spec)).all() and np.abs(path(spec)).max() < 1
    for move in MOVES:
        for way in WAYS:
            assert np.isfinite(path(replace(specs["NORD"], move=move, way=way), 0)).all()
    assert unknown_spec("NEU", 0) == unknown_spec("NEU", 0) != unknown_spec("NEU", 1)


def test_broadcast_signs_differ_from_the_cited_ones_in_more_than_style():
    cited, signers = sign_specs(0), broadcast_signers(0)
    by_signer = [broadcast_specs(0, signer) for signer in signers]
    for specs in by_signer:
        other = np.mean([bool(differing(specs[g], cited[g])) for g in cited])
        assert 0.25 < other < 0.55
    personal = [g for g in cited if len({s[g] for s in by_signer}) > 1]
    assert 0.1 < len(personal) / len(cited) < 0.3
    assert 0.02 < len(missing_glosses(0)) / len(cited) < 0.09


def test_a_citation_starts_and_ends_at_rest_and_takes_its_time():
    pose = cite("REGEN", 0, np.random.default_rng(0))
    wrist = pose.positions[:, SLRTP_178.index["RIGHT_WRIST"], :2]
    assert pose.fps == 50 and 2 < pose.seconds < 4
    assert np.linalg.norm(wrist[0] - wrist[-1]) < 0.2
    assert np.linalg.norm(wrist - wrist[0], axis=1).max() > 0.25


def test_a_world_has_what_it_promises(world):
    assert [len(s) for s in (world.train, world.dev, world.test)] == [40, 3, 4]
    texts = [s.text for split in ("train", "dev", "test") for s in world.sentences(split)]
    assert len(set(texts)) == len(texts)
    assert set(world.train.texts) <= set(texts)
    novel = novel_sentences(world, 20, seed=7)
    assert not {s.text for s in novel} & set(texts)
    assert {s.text for s in novel} == {s.text for s in novel_sentences(world, 20, seed=7)}
    signs = load_dictionary(world.dictionary)
    assert set(signs.glosses) == set(lexicon()) - missing_glosses(0)
    assert not signs.rejected and len(signs) > len(signs.glosses)
    for item in world.test:
        assert item.origin == "simulated" and item.pose.fps == 25
        assert item.pose.mask.mean() > 0.8 and len(item.spans) == len(item.gloss)


def test_dev_and_test_do_not_depend_on_how_much_there_is_to_train_on(world, tmp_path):
    fewer = make_world(tmp_path / "fewer", replace(SMALL, train=2), processes=1)
    assert fewer.test.hash == world.test.hash and fewer.dev.hash == world.dev.hash
    assert fewer.hash != world.hash
    alone = make_world(tmp_path / "alone", SMALL, processes=1)
    assert alone.hash == world.hash  # however many processes


def test_an_interrupted_world_is_finished_and_other_folders_are_left_alone(world, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(world.folder, broken)
    (broken / "world.json").unlink()
    shutil.rmtree(broken / "test")
    with pytest.raises(SLTError, match="no weather world"):
        World.open(broken)
    with pytest.raises(SLTError, match="other things"):
        make_world(broken, SMALL)
    (broken / "making.json").write_text(
        '{"seed": 0, "train": 40, "dev": 3, "test": 4}', encoding="utf8"
    )
    train = (broken / "train" / "corpus.json").stat().st_mtime_ns
    assert make_world(broken, SMALL).hash == world.hash
    assert (broken / "train" / "corpus.json").stat().st_mtime_ns == train
    assert make_world(broken, SMALL).hash == world.hash  # nothing to do
    with pytest.raises(SLTError, match="another folder"):
        make_world(broken, replace(SMALL, seed=1))
    with pytest.raises(SLTError, match="no sense"):
        WorldSettings(train=0)


def test_half_a_turn_goes_the_same_way_on_every_machine():
    names = [name for pair in itertools.product(ORIENTATIONS, repeat=2) for name in pair]
    ties = 0
    for signer in broadcast_signers(0):
        quats = quaternions(names, signer.tilt).tolist()
        for before, after in itertools.pairwise(quats):
            product = 0.0
            for a, b in zip(before, after, strict=True):
                product += a * b  # in this order, rounded each time: no BLAS, nothing fused
            ties += abs(product) < 1e-12
            assert product >= 0
    assert ties > 50  # rounding decides often


def test_the_frozen_world_still_signs_as_it_did():
    frozen = json.loads((ROOT / "book" / "recorded" / "weather_world.json").read_text("utf8"))
    s = WorldSettings(**frozen["settings"])
    assert s == SCALES["full"].world
    sentence = split_sentences(s.train, s.dev, s.test, s.seed)["test"][0]
    made = simulate(sentence, s.seed, np.random.default_rng([s.seed, 50, 2, 0]))
    assert sentence.text.startswith("in den nächsten tagen weht der wind")
    assert (made.signer, len(made.gloss), made.frames) == ("Signer04", 12, 234)
    seen = made.pose.positions[made.pose.mask]
    assert np.abs(seen).mean(0) == pytest.approx([0.1412, 0.5968, 0.3045], abs=1e-3)


def test_records_say_by_which_world_they_were_made(monkeypatch, tmp_path):
    newest = json.loads((ROOT / "book" / "recorded" / "weather_world.json").read_text("utf8"))
    before = newest["before"][0]
    assert world_name(newest["hash"]) == newest["name"] == "weather world 2"
    assert all(world_name(other) == newest["name"] for other in newest["also"])
    assert world_name(before["hash"]) == before["name"] == "weather world 1"
    assert world_name("c0ffee" * 9) == "corpus c0ffeec0ffeec0ff"
    assert world_name(None) == "corpus unknown"
    monkeypatch.setattr(world_module, "FROZEN", tmp_path / "weather_world.json")  # as installed
    assert world_name(newest["hash"]) == f"corpus {newest['hash'][:16]}"
    for damaged in ("{", "[]", '{"hash": 1}'):
        (tmp_path / "weather_world.json").write_text(damaged, "utf8")
        assert world_name(newest["hash"]).startswith("corpus ")


def test_planned_times_come_with_the_same_recordings():
    with_times = itertools.islice(citation_times(0), 3)
    for (gloss, take, pose, (begins, ends)), known in zip(with_times, citations(0), strict=False):
        assert (gloss, take) == known[:2] and 0 < begins < ends < pose.seconds
        assert np.array_equal(pose.positions, known[2].positions)
    _, _, pose, times = next(citation_times(0))  # and still are what the frozen world has
    assert times == pytest.approx((0.90813, 1.56340), abs=1e-4)
    seen = np.abs(pose.positions[pose.mask]).mean(0)
    assert seen == pytest.approx([0.1434, 0.6621, 0.2810], abs=1e-3)


def test_novel_sentences_avoid_the_splits_even_when_the_grammar_is_asked_the_same(world):
    drawn = draw_sentences(3, SMALL.seed, avoid=set(world.train.texts))
    assert not {s.text for s in drawn} & set(world.train.texts)
