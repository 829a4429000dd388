"""What chapter 8 records: renderers on the same material, and their summary."""

import json

import numpy as np
import pytest

from slt_lib.body import load_body
from slt_lib.experiments.comparison import (
    ARMS,
    CONDITIONS,
    Scale,
    compared,
    kept_pictures,
    material,
    run_renderer,
    summary,
    truth,
)
from slt_lib.experiments.judging import Judge, measured
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.artifacts import Limits
from slt_lib.rendering.avatar_training import AvatarSettings
from slt_lib.rendering.regressor import PoseRegressor, RegressorSettings
from slt_lib.rendering.regressor_training import Validation
from slt_lib.rendering.renderers import SignSplats

TINY = Scale(size=32, poses=2, views=1, held_out=2, frames=3, fit_steps=2, gan_steps=1,
             avatar_steps=2, gaussians=400)  # fmt: skip
FIGURES = {"psnr", "ssim", "hands_psnr", "flicker", "structure_failures", "ms_per_frame"}


@pytest.fixture(scope="module")
def judge():
    regressor = PoseRegressor(RegressorSettings(channels=4, size=32, hand=16))
    return Judge(regressor, Limits(), Validation({}, {}, {}))


@pytest.fixture(scope="module")
def given():
    return material(load_body(), TINY, 0, signers=(0,), new=(5,))


@pytest.fixture(scope="module")
def records(judge, given):
    made = {arm: run_renderer(arm, 0, scale=TINY, judge=judge, given=given) for arm in ARMS}
    return json.loads(json.dumps(made))


def test_every_renderer_is_measured_in_the_same_way(records):
    shapes = {json.dumps(_keys(one)) for one in records.values()}
    assert len(shapes) == 1 and set(records) == {"skeleton", "signgan", "signsplat"}
    for one in records.values():
        assert set(one["conditions"]) == set(CONDITIONS)
        assert one["truth"]["stitched"]["flicker"] == 0


def _keys(value):
    return {k: _keys(v) for k, v in sorted(value.items())} if isinstance(value, dict) else None


def test_all_meet_the_same_captures(records):
    for condition in CONDITIONS:
        kept = [kept_pictures(one, condition) for one in records.values()]
        assert all(len(pairs) == 3 for pairs in kept)
        for pairs in zip(*kept, strict=True):
            for true, ours in pairs:
                assert np.array_equal(true, pairs[0][0]) and ours.shape == (32, 32, 3)


def test_the_summary_has_the_figures_by_their_names(records):
    made = summary({arm: {0: one, 1: one} for arm, one in records.items()})
    assert {arm: set(found) for arm, found in made["renderers"].items()} == dict.fromkeys(
        ARMS, FIGURES
    )
    held_out = records["signgan"]["conditions"]["held_out_poses"]
    assert made["renderers"]["signgan"]["psnr"] == held_out["psnr"]["foreground"]
    assert set(made["truth"]) == set(CONDITIONS)


def test_a_further_renderer_needs_only_the_interface(judge, given):
    """One that knows the truth gets everything right."""
    body = load_body()
    pictures = {id(true.motion): true.pictures for those in given.judged.values()
                for _, true in those}  # fmt: skip

    class Knows:
        name, train_seconds = "knows", 0.0

        def train(self, captures): ...

        def meet(self, signer, few): ...

        def render(self, signer, motion, cameras, background):
            return pictures.get(id(motion), np.zeros((1, 32, 32, 3), np.uint8))

        def megabytes(self):
            return 0.0

    found, _ = compared(Knows(), body, judge, given)
    assert found["held_out_poses"]["psnr"]["foreground"] == 100
    assert found["stitched"]["flicker"] == 0
    known = truth(body, judge, given)["stitched"]
    assert found["stitched"]["artifact_score"] == known["artifact_score"]


def test_slips_are_refused(judge, given):
    with pytest.raises(SLTError, match="no renderer 'paint'"):
        run_renderer("paint", 0)
    body = load_body()
    signer, true = given.judged["held_out_poses"][0]
    with pytest.raises(SLTError, match="doesn't know"):
        SignSplats(body, AvatarSettings()).render(signer, true.motion, true.cameras, (0, 0, 0))
    with pytest.raises(SLTError, match="aren't the captures'"):
        measured(body, judge, true.pictures[:1], true)
