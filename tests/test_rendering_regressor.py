"""The pose regressor: crops, peaks, what it learns, and its file."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from rendering_toys import some_keypoints

from slt_lib.pose.errors import SLTError
from slt_lib.rendering.drawing import draw_skeletons
from slt_lib.rendering.keypoints import PictureKeypoints
from slt_lib.rendering.regressor import (
    PoseRegressor,
    RegressorSettings,
    cropped,
    find,
    hand_view,
    inside,
    load_regressor,
    outside,
    peaks,
    save_regressor,
)
from slt_lib.rendering.regressor_training import train_regressor, validated

FEW = RegressorSettings(steps=2, batch=4, channels=4)


def test_a_place_goes_into_a_crop_and_back():
    middle, turn = torch.tensor([[0.3, 0.6], [0.5, 0.5]]), torch.tensor([0.4, -1.0])
    places = torch.rand(2, 7, 2)
    for mirror in (False, True):
        view = hand_view(middle, torch.tensor([0.3, 0.5]), turn, mirror=mirror)
        assert torch.allclose(outside(inside(places, view), view), places, atol=1e-6)
        assert torch.allclose(inside(middle[:, None], view), torch.full((2, 1, 2), 0.5))


def test_a_crop_shows_what_is_there():
    """A bright spot is found in the crop where its place says."""
    picture = torch.zeros(1, 3, 64, 64)
    picture[..., 20:22, 40:42] = 1
    for mirror in (False, True):
        view = hand_view(torch.tensor([[0.6, 0.35]]), 0.4, torch.tensor([0.5]), mirror=mirror)
        crop = cropped(picture, view, 64)[0, 0]
        wanted = inside(torch.tensor([[[41 / 64, 21 / 64]]]), view)[0, 0]
        row, column = np.unravel_index(int(crop.argmax()), (64, 64))
        assert abs(column + 0.5 - 64 * wanted[0]) < 2.5 and abs(row + 0.5 - 64 * wanted[1]) < 2.5


def test_a_peak_between_cells_is_found_and_a_flat_map_isnt_sure():
    maps = torch.full((1, 2, 8, 8), -20.0)
    maps[0, 0, 2, 3] = maps[0, 0, 2, 4] = 5
    maps[0, 1] = 0
    places, sure = peaks(maps)
    assert torch.allclose(places[0, 0], torch.tensor([4 / 8, 2.5 / 8]), atol=1e-4)
    assert sure[0, 0] > 0.99 and sure[0, 1] < 0.4


def test_it_learns_to_find_what_is_drawn():
    """Skeleton drawings are pictures, too: a short training beats the mean place by far."""
    train, test = some_keypoints(48, seed=0), some_keypoints(12, seed=1)
    settings = RegressorSettings(steps=110, batch=12, channels=8, hand=16)
    regressor = train_regressor(draw_skeletons(train), train, settings, progress=False)
    places, sure = find(regressor, draw_skeletons(test))
    assert sure.min() >= 0 and sure.max() <= 1 + 1e-5 and np.isfinite(places).all()
    arms = np.s_[:, [1, 2, 4, 5]]
    off = np.linalg.norm(places - test.places[:, :50], axis=-1)[arms]
    usual = np.linalg.norm(train.places.mean(0) - test.places, axis=-1)[arms]
    assert np.median(off) < 0.6 * np.median(usual)


def test_unseen_joints_teach_nothing_and_one_seed_gives_one_regressor():
    train = some_keypoints(6)
    pictures = draw_skeletons(train)
    seen = train.seen.copy()
    seen[:, 12] = False
    places = train.places.copy()
    places[:, 12] = 1e5
    one = train_regressor(pictures, replace(train, seen=seen), FEW, progress=False)
    other = PictureKeypoints(places, train.depths, seen, train.height, train.width)
    two = train_regressor(pictures, other, FEW, progress=False)
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(a, b)


def test_validation_says_pixels_and_shoulder_widths():
    some = some_keypoints(5)
    found = validated(PoseRegressor(FEW), draw_skeletons(some), some)
    assert found.widths["hands"] == pytest.approx(found.pixels["hands"] / 20, rel=0.2)
    assert set(found.told_apart) == {"hand_blur", "hand_loss"}


def test_a_regressor_goes_to_disk_and_back(tmp_path):
    regressor, pictures = PoseRegressor(FEW), draw_skeletons(some_keypoints(2))
    save_regressor(regressor, tmp_path / "r.pt")
    again = load_regressor(tmp_path / "r.pt")
    assert again.settings == FEW
    assert np.array_equal(find(regressor, pictures)[0], find(again, pictures)[0])


def test_damaged_and_foreign_files_are_refused(tmp_path):
    path = tmp_path / "r.pt"
    with pytest.raises(SLTError, match="no such file"):
        load_regressor(path)
    for content in (b"nothing", None):
        if content is None:
            torch.save({"format": "other"}, path)
        else:
            path.write_bytes(content)
        with pytest.raises(SLTError, match=r"r\.pt"):
            load_regressor(path)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(SLTError, match="multiples of 16"):
        RegressorSettings(size=50)
    with pytest.raises(SLTError, match="above 0"):
        RegressorSettings(steps=0)
    with pytest.raises(SLTError, match="aren't pictures"):
        find(PoseRegressor(FEW), np.zeros((2, 3, 64, 64), np.uint8))
