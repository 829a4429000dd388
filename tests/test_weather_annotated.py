"""Simulated signing of any annotation: real glosses, texts and durations are kept."""

import numpy as np
import pytest

from slt_lib.corpus.weather.annotated import simulate_annotations
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance, read_annotations


def test_any_annotation_can_be_signed_and_keeps_its_frames():
    given_ = [
        Utterance("a", ("REGEN", "loc-NORD", "cl-WOLKE"), "regen .", "Signer08", frames=61),
        Utterance("b", ("X",), "", "", frames=1),
        Utterance("c", ("REGEN",), "regen"),
    ]
    made = list(simulate_annotations(given_))
    again = list(simulate_annotations(given_))
    for one, two, was in zip(made, again, given_, strict=True):
        assert (one.name, one.gloss, one.text) == (was.name, was.gloss, was.text)
        assert np.array_equal(one.pose.positions, two.pose.positions)
        assert len(one.spans) == len(one.gloss) and one.origin == "simulated"
    assert [len(u.pose) for u in made[:2]] == [61, 1] and made[0].signer == "Signer08"
    assert len(made[2].pose) > 5 and made[2].signer
    with pytest.raises(SLTError, match="no glosses"):
        list(simulate_annotations([Utterance("d")]))
    with pytest.raises(SLTError, match="0 frames"):
        list(simulate_annotations([Utterance("e", ("REGEN",), frames=0)]))


def test_phoenix_annotation_drives_the_simulator(shared_data):
    real = [
        u for u in read_annotations(shared_data / "phoenix14t" / "phoenix14t.dev.gz") if u.gloss
    ]
    made = list(simulate_annotations(real[:25]))
    for one, was in zip(made, real, strict=False):
        assert (one.gloss, one.text, one.signer) == (was.gloss, was.text, was.signer)
        assert len(one.pose) == was.frames and one.spans[-1][1] <= was.frames
        assert one.pose.mask.mean() > 0.7
