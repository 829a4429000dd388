"""The domain probe: finds a difference, and finds none where there is none."""

import numpy as np
import pytest

from slt_lib.corpus.probe import domain_probe, moments
from slt_lib.pose.errors import SLTError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching.filters import gaussian


def body():
    """Somebody with their hands before the chest, [178, 3] in shoulder widths."""
    at = np.zeros((178, 3))
    at[:8, :2] = [[-0.5, 0], [-0.7, 0.7], [-0.3, 0.9], [0.5, 0], [0.7, 0.7], [0.3, 0.9],
                  [-0.3, 1.4], [0.3, 1.4]]  # fmt: skip
    fingers = np.random.default_rng(7).uniform(-0.2, 0.2, (21, 3))
    fingers[0] = 0
    at[8:29], at[29:50] = at[2] + fingers, at[5] + fingers
    at[50:] = np.array([0, -0.6, 0]) + np.random.default_rng(8).uniform(-0.2, 0.2, (128, 3))
    return at


def signers(n, seed, speed=1.0, size=1.0, lost=0.0, fps=25.0):
    """Sequences of arms that wander."""
    rng, rest = np.random.default_rng(seed), body()
    made = []
    for _ in range(n):
        frames = round(60 * fps / 25)
        noise = rng.standard_normal((frames, 2))
        way = speed * gaussian(noise, 1.5, fps)[:, None]
        at = np.repeat(rest[None], frames, 0)
        moved = np.r_[1:3, 4:6, 8:50]
        at[:, moved, :2] += way
        seen = np.ones(at.shape[:2])
        seen[:, 29:50] = rng.random((frames, 1)) >= lost
        made.append(PoseSequence(at * size, seen, fps))
    return made


@pytest.mark.parametrize("matched", [False, True])
def test_one_domain_cut_in_two_cannot_be_told_apart(matched):
    poses = signers(24, seed=0)
    found = domain_probe({"a": poses[::2], "b": poses[1::2]}, matched=matched)
    assert found.chance == 0.5 and abs(found.accuracy - 0.5) < 0.2
    assert found.confusion.sum(1) == pytest.approx([1, 1])


def test_other_movement_is_found_and_seeds_decide():
    domains = {"slow": signers(12, 1, speed=0.3), "fast": signers(12, 2, speed=3.0)}
    found = domain_probe(domains, matched=True)
    assert found.accuracy > 0.7
    assert (domain_probe(domains, matched=True).confusion == found.confusion).all()


def test_gaps_and_size_tell_only_when_not_matched():
    rng = np.random.default_rng(0)
    gaps = moments(signers(1, 0, lost=0.5)[0], matched=False, rng=rng)
    assert len(gaps) == 59 and set(np.unique(gaps[:, -40:])) == {0, 1}
    kept = moments(signers(1, 0, lost=0.5)[0], matched=True, rng=rng)
    assert len(kept) < 40 and (kept[:, -46:] == 1).all()
    small, large = (
        moments(signers(1, 0, size=s)[0], matched=True, rng=np.random.default_rng(0))
        for s in (1.0, 7.0)
    )
    assert np.median(np.abs(small - large)) < 1e-3


def test_frame_rates_are_converted():
    slow, fast = (
        moments(signers(1, 0, fps=fps)[0], matched=False, rng=np.random.default_rng(0))
        for fps in (25.0, 50.0)
    )
    assert len(slow) == len(fast) == 59


def test_what_cannot_be_probed_is_refused():
    with pytest.raises(SLTError, match="another"):
        domain_probe({"a": signers(3, 0)})
    with pytest.raises(SLTError, match="b: 1 sequences"):
        domain_probe({"a": signers(3, 0), "b": signers(1, 0)})
    blind = [p.hide(np.arange(8, 50)) for p in signers(4, 0)]
    with pytest.raises(SLTError, match="too few frames"):
        domain_probe({"a": signers(4, 0), "b": blind}, matched=True)
