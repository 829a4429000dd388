"""A frame encoder's first lesson: it learns where joints are, and nothing from unseen ones."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from slt_lib.pose.errors import SLTError
from slt_lib.rendering.frame_encoder import FrameEncoder
from slt_lib.rendering.frame_pretraining import (
    LessonSettings,
    save_frame_encoder,
    train_frame_encoder,
)
from slt_lib.rendering.keypoints import PictureKeypoints
from slt_lib.rendering.variation import Variation, varied

FEW = LessonSettings(width=16, steps=3, batch=4)


def some(count=6, size=32, seed=0):
    """Random pictures and joints."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, size, (count, 178, 2)).astype(np.float32)
    keypoints = PictureKeypoints(places, np.zeros((count, 178)), np.ones((count, 178), bool),
                                 size, size)  # fmt: skip
    return rng.integers(0, 255, (count, size, size, 3), dtype=np.uint8), keypoints


def test_an_unseen_joint_teaches_nothing():
    pictures, keypoints = some()
    seen = keypoints.seen.copy()
    seen[:, 20] = False
    moved = keypoints.places.copy()
    moved[:, 20] = 1e6
    one = train_frame_encoder(pictures, replace(keypoints, seen=seen), FEW, progress=False)
    other = PictureKeypoints(moved, keypoints.depths, seen, 32, 32)
    two = train_frame_encoder(pictures, other, FEW, progress=False)
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(a, b)


def test_weights_go_to_disk_and_back(tmp_path):
    pictures, keypoints = some()
    encoder = train_frame_encoder(pictures, [keypoints[:2], keypoints[2:]], FEW, progress=False)
    save_frame_encoder(encoder, tmp_path / "weights.pt")
    again = FrameEncoder(16)
    again.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    shown = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    assert torch.equal(again(shown), encoder(shown))


def test_keypoints_of_other_pictures_are_refused():
    pictures, keypoints = some()
    with pytest.raises(SLTError, match="don't belong together"):
        train_frame_encoder(pictures[:3], keypoints, FEW)
    with pytest.raises(SLTError, match="don't belong together"):
        train_frame_encoder(pictures, keypoints.resized(64, 64), FEW)


def test_places_move_along_with_the_picture():
    """A bright pixel is where its place says, however the picture is moved."""
    pictures = torch.zeros(8, 3, 64, 64, dtype=torch.uint8)
    pictures[:, :, 30:33, 19:22] = 255
    places = torch.tensor([20.5, 31.5]).expand(8, 1, 2)
    variation = Variation(shift=0.2, scale=0.3, colour=0, noise=0)
    shown, where = varied(pictures, places, variation, torch.Generator().manual_seed(0))
    weights = shown.mean(1)
    at = torch.arange(64) + 0.5
    total = weights.sum((1, 2))
    centres = torch.stack([(weights.sum(1) * at).sum(1), (weights.sum(2) * at).sum(1)], -1)
    assert (where - places).abs().amax() > 5
    assert torch.allclose(centres / total[:, None], where[:, 0], atol=0.1)
    same, still = varied(pictures, places, Variation(0, 0, 0, 0), torch.Generator())
    assert torch.equal(same, pictures / 255) and torch.equal(still, places)
