"""What may vary in a synthetic sentence: with measure, and no joint is ever invented."""

import numpy as np
import pytest
from corpus_toys import LOSSES, PLAIN, SENTENCES, save_takes

from slt_lib.corpus.synthetic import Dropouts, Variation, measure_dropouts
from slt_lib.corpus.synthetic.variation import vary
from slt_lib.dictionary import load_dictionary
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.stitching.stitcher import Stitcher


def test_local_reordering_moves_a_gloss_by_at_most_two():
    rng = np.random.default_rng(0)
    orders = np.array([Variation(reorder="local").order(9, rng) for _ in range(500)])
    moved = orders - np.arange(9)
    assert (np.sort(orders) == np.arange(9)).all() and set(np.unique(moved)) == {*range(-2, 3)}
    assert 0.2 < (moved == 0).mean() < 0.8
    full = np.array([Variation(reorder="full").order(9, rng) for _ in range(500)])
    assert np.abs(full - np.arange(9)).max() > 6
    assert Variation().order(4, rng) == [0, 1, 2, 3]
    assert Variation(reorder="local").order(0, rng) == []


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> tuple[PoseSequence, list]:
    """A stitched sentence whose hands and face have gaps, and its spans."""
    folder = save_takes(tmp_path_factory.mktemp("signs") / "dictionary")
    done = Stitcher(load_dictionary(folder), PLAIN).stitch(SENTENCES[4][0])
    hidden = done.pose.hide(done.pose.group("right_hand"), slice(5, 9))
    return hidden.hide([60, 70]), done.spans


STILL = {"curve": [0, 0], "mirror": False, "camera": [0, 0], "size": 1, "dropouts": [0, 1, 0]}


def test_variation_never_invents_a_joint(seen):
    pose, spans = seen
    same, where = vary(pose, spans, STILL)
    assert np.array_equal(same.positions, pose.positions) and where == spans
    for seed in range(20):
        drawn = LOSSES.draw(np.random.default_rng(seed)) | {"mirror": False}
        flat, _ = vary(pose, spans, drawn | {"curve": [0, 0]})
        assert not (flat.mask & ~pose.mask).any()
        assert not flat.positions[~flat.mask].any()
        bent, _ = vary(pose, spans, drawn)
        assert len(bent) == len(pose) and not bent.positions[~bent.mask].any()
        assert not bent.mask[:, [60, 70]].any()
        turned, _ = vary(pose, spans, STILL | {"mirror": True, "camera": drawn["camera"]})
        assert np.array_equal(turned.mask, pose.mirrored().mask)


def test_a_tempo_curve_keeps_ends_order_and_length(seen):
    pose, spans = seen
    for bend, phase in ((0.9, 0.0), (-0.9, 0.3), (0.15, 0.7)):
        bent, where = vary(pose, spans, STILL | {"curve": [bend, phase]})
        assert len(bent) == len(pose) and len(where) == len(spans)
        assert np.allclose(bent.positions[[0, -1]], pose.positions[[0, -1]], atol=1e-5)
        edges = np.ravel(where)
        assert (np.diff(edges) >= 0).all() and edges[0] >= 0 and edges[-1] <= len(pose)
    assert where != spans
    for short in (0, 1, 2):
        kept, _ = vary(pose[:short], [(0, short)], STILL | {"curve": [0.9, 0.1]})
        assert len(kept) == short


def test_mirror_size_and_camera_move_the_body_as_one(seen):
    pose, spans = seen
    rng = np.random.default_rng(0)
    share = [Variation(mirror=0.3).draw(rng)["mirror"] for _ in range(2000)]
    assert np.mean(share) == pytest.approx(0.3, abs=0.04)
    mirrored, _ = vary(pose, spans, STILL | {"mirror": True})
    assert np.allclose(mirrored.positions, pose.mirrored().positions)
    other, _ = vary(pose, spans, STILL | {"size": 1.3, "camera": [10, -20]})
    parents, children = SLRTP_178.bones.T
    bones = [np.linalg.norm(p.positions[:, parents] - p.positions[:, children], axis=-1)
             for p in (pose, other)]  # fmt: skip
    both = pose.mask[:, parents] & pose.mask[:, children]
    assert np.allclose(bones[1][both], 1.3 * bones[0][both], rtol=1e-3)
    assert not np.allclose(other.positions, 1.3 * pose.positions, atol=0.05)


def test_dropouts_are_as_frequent_and_as_long_as_asked_and_measured(seen):
    asked = Dropouts(0.05, 0.25)
    rng = np.random.default_rng(0)
    gone = asked.draw(40_000, rng)
    assert gone.mean() == pytest.approx(0.05 / 0.3, rel=0.1)
    assert not Dropouts().draw(500, rng).any() and Dropouts(1.0, 1e-9).draw(50, rng).all()
    still = PoseSequence(np.repeat(seen[0].positions[:1], 3000, 0), np.ones((3000, 178)), 25.0)
    lost, _ = vary(still, [], STILL | {"dropouts": [0.05, 0.25, 7]})
    found = measure_dropouts([Utterance("a", pose=lost)])
    assert found.lost == pytest.approx(0.05, rel=0.2)
    assert found.found == pytest.approx(0.25, rel=0.2)
    hands = [lost.mask[:, lost.group(f"{side}_hand")] for side in ("right", "left")]
    assert all((h.all(1) | ~h.any(1)).all() for h in hands)  # a hand goes as a whole
    assert not np.array_equal(*(h.any(1) for h in hands))
    assert lost.mask[:, lost.group("body")].all() and lost.mask[:, lost.group("face")].all()
    one_handed = lost.hide(lost.group("left_hand"))
    alone = measure_dropouts([Utterance("a", pose=one_handed)])
    assert alone.lost == pytest.approx(0.05, rel=0.3)  # what was never there isn't lost
    assert measure_dropouts([Utterance("a"), Utterance("b", pose=lost[:0])]) == Dropouts()
    seen_once = np.arange(10) < 4
    away = still[:10].hide(still.group("left_hand")).mask & seen_once[:, None]
    gone = measure_dropouts([Utterance("a", pose=PoseSequence(still.positions[:10], away, 25.0))])
    assert gone == Dropouts(0.25, 0.0) and gone.draw(60, rng)[-1]  # lost for good


def test_senseless_variation_is_refused():
    for how in ({"reorder": "some"}, {"speed": (1.2, 0.8)}, {"speed": (0, 1)}, {"curve": 1.0},
                {"mirror": 1.1}, {"size": -0.1}, {"camera": -1.0}):  # fmt: skip
        with pytest.raises(SLTError):
            Variation(**how)
    for how in ((-0.1, 1.0), (0.5, -0.1), (1.1, 0.5)):
        with pytest.raises(SLTError):
            Dropouts(*how)
