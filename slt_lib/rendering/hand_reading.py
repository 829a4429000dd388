"""Can the hands in drawn pictures be read? Asked of a reader that no generator was trained with."""

from collections.abc import Sequence

import numpy as np
import torch

from slt_lib.rendering.keypoints import PictureKeypoints
from slt_lib.rendering.signgan_critics import MAPS, HandReader, close_ups, hand_boxes, read_joints


def reading_errors(
    reader: HandReader, pictures: np.ndarray, keypoints: PictureKeypoints
) -> np.ndarray:
    """How far from where they should be a reader finds the joints of every hand.

    Args:
        reader: Trained on true pictures.
        pictures: uint8 [N, H, W, 3].
        keypoints: Where the joints should be, in the same N pictures.

    Returns:
        Median over a hand's joints that were seen, shares of the close-up's side, float [hands].

    Chapter: 07_signgan
    """
    numbers, boxes, joints = hand_boxes(keypoints)
    if not len(numbers):
        return np.zeros(0)
    shown = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        maps, _ = reader(close_ups(shown, numbers, boxes))
    off = (read_joints(maps) - joints).norm(dim=-1) / MAPS
    return off.nanmedian(1).values.numpy()


def sharpness(pictures: np.ndarray, where: np.ndarray) -> float:
    """How strongly neighbouring pixels differ inside a region, levels of 255; blur lowers it.

    Args:
        pictures: uint8 [N, H, W, 3].
        where: bool [N, H, W].

    Chapter: 07_signgan
    """
    levels = pictures.astype(np.float32)
    total, count = 0.0, 0
    for axis in (1, 2):
        steps = np.abs(np.diff(levels, axis=axis)).mean(-1)
        first, last = (np.delete(where, k, axis=axis) for k in (-1, 0))
        total += float(steps[first & last].sum())
        count += int((first & last).sum())
    return total / count if count else float("nan")


def colours_apart(pictures: Sequence[np.ndarray]) -> float:
    """How different the pictures of several signers in one pose are, levels of 255.

    A generator that has collapsed draws everybody alike.

    Args:
        pictures: One of each signer, uint8 [H, W, 3].

    Chapter: 07_signgan
    """
    levels = np.asarray(pictures, np.float32)
    others = [np.abs(levels[i] - levels[j]).mean()
              for i in range(len(levels)) for j in range(i)]  # fmt: skip
    return float(np.mean(others)) if others else float("nan")
