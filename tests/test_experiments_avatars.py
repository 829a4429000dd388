"""What chapter 6 records: avatars of simulated signers, and pictures to keep of them."""

import json

import numpy as np
import pytest

from slt_lib.experiments.avatars import ARMS, hand_box, kept_pictures, run_avatar, summary
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.regions import BODY, HANDS


def seen(*hands, height=60, width=80):
    """Regions of a body with hands at rows and columns."""
    regions = np.full((height, width), BODY, np.uint8)
    for top, left, side in hands:
        regions[top : top + side, left : left + side] = HANDS
    return regions


def test_the_box_is_around_the_larger_hand():
    assert hand_box(seen((20, 30, 8))) == [14, 24, 18]
    assert hand_box(seen((5, 5, 4), (30, 50, 8))) == hand_box(seen((30, 50, 8)))


def test_the_box_stays_inside_the_picture():
    for corner in ((0, 0), (0, 74), (54, 0), (54, 74)):
        top, left, side = hand_box(seen((*corner, 6)))
        assert 0 <= top <= 60 - side and 0 <= left <= 80 - side
        part = seen((*corner, 6))[top : top + side, left : left + side]
        assert (part == HANDS).sum() == 36


def test_without_a_hand_there_is_a_box_all_the_same():
    assert hand_box(seen()) == [0, 0, 18]


@pytest.fixture(scope="module")
def record():
    made = run_avatar("signer_1", 0, size=48, steps=3, poses=2, views=1)
    return json.loads(json.dumps(made))


def test_a_record_has_what_the_chapter_shows(record):
    assert set(record) == {"psnr", "ssim", "iou", "flicker", "train_seconds", "gaussians",
                           "pictures", "not_compared"}  # fmt: skip
    assert set(record["psnr"]) == {"foreground", "hands", "face", "body"}
    assert 0 < record["iou"] <= 1 and record["gaussians"] > 1000
    means = summary({"signer_1": {0: record}, "signer_2": {0: record}})
    assert means["signers"] == 2 and means["psnr_heldout"] == record["psnr"]["foreground"]


def test_kept_pictures_come_back_whole_and_close(record):
    whole, close = kept_pictures(record), kept_pictures(record, close=True)
    assert len(whole) == len(close) == 4
    for pair, parts, one in zip(whole, close, record["pictures"], strict=True):
        top, left, side = one["hand"]
        for picture, part in zip(pair, parts, strict=True):
            assert picture.shape == (48, 48, 3) and picture.dtype == np.uint8
            assert np.array_equal(picture[top : top + side, left : left + side], part)
    assert any((true != ours).any() for true, ours in whole)


def test_an_unknown_arm_is_refused_with_those_that_there_are():
    with pytest.raises(SLTError, match="signer_0"):
        run_avatar("signer_99", 0)
    assert len(ARMS) == 4
