"""From poses and words to batches: the mask kept, frame rates converted, nothing lost."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from translation_toys import toy_data

from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.sequence import PoseSequence
from slt_lib.translation.augment import augment, warp_time
from slt_lib.translation.batches import Mixture, epoch_batch, mixed_batch
from slt_lib.translation.data import Codec, TranslationData, concatenate
from slt_lib.translation.features import STREAMS, keypoints, pool_pairs, pose_features
from slt_lib.translation.settings import AugmentSettings
from slt_lib.translation.vocabulary import BOS, EOS, PAD, UNK, Vocabulary


def moving(frames, fps=25.0, seen=1.0, speed=1.0, **known):
    """Every joint moves right at `speed` shoulder widths per second."""
    positions = np.zeros((frames, 178, 3)) + np.random.default_rng(3).normal(size=(178, 3))
    positions[..., 0] += speed * np.arange(frames)[:, None] / fps
    pose = PoseSequence(positions, np.full((frames, 178), seen), fps)
    return Utterance(**{"name": "n", "gloss": ("A",), "text": "a", "pose": pose, **known})


def random_batch(seed, garbage=0.0, frames=7):
    rng = np.random.default_rng(seed)
    seen = torch.from_numpy(rng.random((2, frames, 60)) > rng.random())
    positions = torch.from_numpy(rng.normal(size=(2, frames, 60, 3))).float()
    other = torch.from_numpy(rng.normal(size=positions.shape) * garbage).float()
    return torch.where(seen[..., None], positions, other), seen


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**30), st.floats(0.1, 1e6))
def test_a_joint_not_seen_changes_no_feature_whatever_its_coordinates(seed, garbage):
    clean, dirty = (pose_features(*random_batch(seed, g)) for g in (0, garbage))
    assert torch.equal(clean, dirty)
    seen = clean[..., -1:] > 0
    assert not clean[~seen.expand_as(clean)].any()
    assert torch.equal(pool_pairs(clean), pool_pairs(dirty))


def test_a_hand_is_seen_from_its_wrist_and_a_face_from_its_middle():
    positions, seen = random_batch(1)
    seen[:] = True
    moved, shift = positions.clone(), torch.tensor([1.0, -2.0, 0.5])
    for name in ("right_hand", "face"):
        moved[:, :, STREAMS[name]] += shift
    a, b = pose_features(positions, seen), pose_features(moved, seen)
    torch.testing.assert_close(a, b, atol=1e-4, rtol=0)
    moved[:, :, STREAMS["body"]] += shift
    c = pose_features(moved, seen)
    torch.testing.assert_close(c[:, :, :8, :3], a[:, :, :8, :3] + shift)
    seen[:, :, 8] = False  # without its wrist a hand has no shape
    assert not pose_features(positions, seen)[:, :, STREAMS["right_hand"]].any()


def test_velocities_need_both_frames():
    data = TranslationData.from_corpus([moving(5, speed=2.5)])
    batch = data.batch([0], Codec.build(data))
    batch.seen[0, 2, 3] = False
    features = pose_features(batch.positions, batch.seen)
    speed = features[0, :, :8, 3]
    expected = torch.full((5, 8), 0.3)  # 2.5 / 25 per frame, times 3
    expected[0], expected[2:4, 3] = 0, 0
    torch.testing.assert_close(speed, expected, atol=2e-2, rtol=0)


def test_pairs_are_the_mean_of_what_was_seen():
    features = torch.zeros(1, 3, 60, 7)
    features[0, 0, 0], features[0, 1, 1], features[0, :2, 2] = 1, 1, 1
    features[0, 1, 2, :6] = 3
    pairs = pool_pairs(features)
    assert pairs.shape == (1, 2, 60, 7)
    assert pairs[0, 0, :4, 0].tolist() == [1, 1, 2, 0]
    assert pairs[0, 0, :4, -1].tolist() == [0.5, 0.5, 1, 0]
    assert not pairs[0, 1].any()


@pytest.mark.parametrize("fps", [12.5, 25.0, 29.97, 60.0])
def test_frame_rates_are_converted(fps):
    data = TranslationData.from_corpus([moving(round(4 * fps), fps, speed=2.0)])
    assert abs(data.lengths[0] - 100) <= 1
    steps = np.diff(data.positions[:95, 0, 0].astype(float))
    np.testing.assert_allclose(steps.mean(), 2 / 25, rtol=0.02)


def test_a_long_sentence_is_cut_by_its_length_at_25_frames_per_second():
    poses = [moving(130, 60.0), moving(60, 25.0), moving(40, 12.5), moving(20, 60.0)]
    assert TranslationData.from_corpus(poses, max_frames=50).lengths.tolist() == [50, 50, 50, 8]


def test_strange_sentences_are_ordinary():
    corpus = [
        moving(0), moving(1), moving(1, 60.0), moving(3, seen=0.0), moving(1000, 25.0),
        moving(4, gloss=(), text=""), moving(4, gloss=("NEU", "<pad>"), text=" neu\n</s>  a "),
    ]  # fmt: skip
    data = TranslationData.from_corpus(corpus)
    assert data.lengths.tolist() == [1, 1, 1, 3, 1000, 4, 4]
    assert not data.seen[:1].any() and data.seen[1].all()
    assert data.texts[-1] == "neu </s> a"
    batch = data.batch(range(7), Codec.build(data.select([1])))
    assert batch.positions.shape == (7, 1000, 60, 3) and batch.positions.isfinite().all()
    assert batch.seen.any(2).sum(1).tolist() == [0, 1, 1, 0, 1000, 4, 4]
    assert batch.gloss_lengths.tolist() == [1, 1, 1, 1, 1, 0, 2]
    assert batch.gloss[-1].tolist() == [UNK, UNK]  # "<pad>" would be CTC's blank
    assert batch.tokens[-1].tolist() == [BOS, UNK, UNK, 4, EOS]
    assert batch.tokens[-2].tolist() == [BOS, EOS, PAD, PAD, PAD]
    assert batch.words.tolist() == [2, 2, 2, 2, 2, 1, 4]


def test_a_corpus_without_items_or_poses_is_refused():
    with pytest.raises(SLTError, match="no sentence"):
        TranslationData.from_corpus([])
    with pytest.raises(SLTError, match="has no pose"):
        TranslationData.from_corpus([moving(3, pose=None)])


def test_all_sixty_keypoints_are_different_and_reach_the_model_in_order():
    assert len(set(keypoints().tolist())) == 60
    assert (keypoints()[50:] >= 50).all()
    item = moving(2)
    data = TranslationData.from_corpus([item])
    expected = item.pose.positions[:, keypoints()]
    np.testing.assert_allclose(data.positions, expected, rtol=1e-3)


def test_selecting_joining_and_batching_keep_each_sentence_together():
    one, two = toy_data(5, seed=1), toy_data(4, seed=2, domain=1)
    both = concatenate([one, two])
    order = [8, 0, 3, 3]
    chosen, codec = both.select(order), Codec.build(both)
    batch, direct = chosen.batch(range(4), codec), both.batch(order, codec)
    for name, value in vars(batch).items():
        same = value is None or torch.equal(value, getattr(direct, name))
        assert same and (name == "pictures") == (value is None), name
    assert batch.domain.tolist() == [1, 0, 0, 0]
    assert chosen.texts == (two.texts[3], one.texts[0], one.texts[3], one.texts[3])
    n = one.lengths[3]
    kept = one.positions[one.starts[3] : one.starts[4]].astype(np.float32)
    np.testing.assert_array_equal(batch.positions[2, :n].numpy(), kept)
    assert not batch.seen[2, n:].any() and not batch.positions[2, n:].any()


def test_vocabularies_count_forget_and_come_back():
    words = Vocabulary.build([["b", "a", "b"], ["c", "<s>", "a", "b"]], min_count=2)
    assert words.words[4:] == ("b", "a")
    assert words.encode(["a", "c", "</s>", "b"]) == [5, UNK, UNK, 4]
    assert words.decode([BOS, 5, UNK, PAD, 4, EOS, 4]) == ["a", "<unk>", "b"]
    with pytest.raises(SLTError, match="no vocabulary"):
        Vocabulary(["a", "b"])


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 70), st.integers(1, 9), st.integers(0, 99))
def test_an_epoch_sees_every_sentence_once(sentences, size, seed):
    lengths = np.random.default_rng(seed).integers(1, 99, sentences)
    per_epoch = -(-sentences // size)
    for epoch in range(2):
        rows = [epoch_batch(lengths, size, seed, epoch * per_epoch + i) for i in range(per_epoch)]
        assert max(map(len, rows)) <= size
        assert sorted(np.concatenate(rows).tolist()) == list(range(sentences))


def test_a_mixture_follows_its_shares_and_its_seed():
    parts = [(toy_data(30, seed=1), lambda p: 1 - p), (toy_data(2, seed=2), lambda p: p)]
    mixture = Mixture(parts)
    drawn = [mixed_batch(mixture, 8, 3, u, 100) for u in range(100)]
    second = np.array([len(two) for _, two in drawn])
    assert {len(a) + len(b) for a, b in drawn} == {8}
    assert second[0] == 0 and second[-1] == 8  # more than it has: repeated
    np.testing.assert_allclose(second.reshape(4, 25).mean(1), [1, 3, 5, 7], atol=0.8)
    assert all(len(set(a.tolist())) == len(a) and (a < 30).all() for a, _ in drawn)
    again = mixed_batch(mixture, 8, 3, 57, 100)
    assert [a.tolist() for a in again] == [a.tolist() for a in drawn[57]]
    with pytest.raises(SLTError, match="Shares"):
        Mixture([(parts[0][0], 0.0)]).shares(0.5)


def test_variation_invents_nothing_and_is_a_function_of_its_seed():
    data = toy_data(6)
    batch = data.batch(range(6), Codec.build(data))
    for strong in (AugmentSettings(), AugmentSettings(0.9, 40, 0.5, 0.5, 1, 0.5)):
        one, two, other = (
            augment(batch, strong, torch.Generator().manual_seed(s)) for s in (1, 1, 2)
        )
        assert torch.equal(one.positions, two.positions) and torch.equal(one.seen, two.seen)
        assert (
            one.positions.shape != other.positions.shape or (one.positions != other.positions).any()
        )
        assert not one.positions[~one.seen].any() and one.positions.isfinite().all()
        inside = torch.arange(one.seen.shape[1]) < one.frames[:, None]
        assert not (one.seen & ~inside[..., None]).any()
        assert torch.equal(one.tokens, batch.tokens)
    assert augment(batch, AugmentSettings.off(), torch.Generator()).seen.equal(batch.seen)


def test_bent_time_keeps_order_and_ends_and_never_lends_an_unseen_joint():
    frames = torch.tensor([40, 1])
    positions = torch.arange(40.0).view(1, 40, 1, 1).expand(2, 40, 60, 3).clone()
    positions[1, 1:] = 0
    data = toy_data(2)
    batch = data.batch([0, 1], Codec.build(data))
    seen = torch.ones(2, 40, 60, dtype=torch.bool)
    seen[1, 1:], seen[0, 10:20, 5] = False, False
    batch = type(batch)(**{**vars(batch), "positions": positions, "seen": seen, "frames": frames})
    for seed in range(5):
        bent = warp_time(batch, 0.6, torch.Generator().manual_seed(seed))
        n = int(bent.frames[0])
        assert 16 <= n <= 64 and bent.frames[1] == 1 and bent.seen[1].any(1).sum() == 1
        time = bent.positions[0, :n, 0, 0]
        assert (time.diff() >= -1e-4).all() and time.min() >= 0 and time.max() <= 39
        there = bent.positions[0, :n, 5, 0][bent.seen[0, :n, 5]]
        assert ((there <= 9.01) | (there >= 19.99)).all()
