"""Small pictures and keypoints for tests of rendering: a flat figure that waves."""

import numpy as np

from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.rendering.keypoints import PictureKeypoints

SIDE, WIDE = 64, 20.0  # pixels of a picture's side, and of the figure's shoulder width


def some_keypoints(count: int, *, seed: int = 0, moving: bool = True) -> PictureKeypoints:
    """A figure before a camera: arms and hands in another pose in every picture."""
    rng = np.random.default_rng(seed)
    places = np.zeros((count, len(SLRTP_178), 2), np.float32)
    turns = rng.uniform(-1, 1, (count if moving else 1, 4)) * np.ones((count, 1))
    places[:, [0, 3]] = [[32 - WIDE / 2, 28], [32 + WIDE / 2, 28]]
    places[:, [6, 7]] = [[26, 54], [38, 54]]
    for side, (shoulder, out) in enumerate(((0, -1), (3, 1))):
        upper, fore = turns[:, 2 * side], turns[:, 2 * side] + 1.2 * turns[:, 2 * side + 1]
        way = np.stack([out * np.cos(upper), np.sin(upper)], 1)
        places[:, shoulder + 1] = places[:, shoulder] + 9 * way
        way = np.stack([-out * np.cos(fore), 0.6 * np.sin(fore) - 0.3], 1)
        places[:, shoulder + 2] = places[:, shoulder + 1] + 9 * way
        first = 8 + 21 * side
        places[:, first] = places[:, shoulder + 2]
        for k in range(5):
            fan = np.array([np.sin((k - 2) * 0.4), -np.cos((k - 2) * 0.4)])
            for j in range(4):
                places[:, first + 1 + 4 * k + j] = places[:, first] + (3 + 1.5 * j) * fan
    around = np.linspace(0, 2 * np.pi, 128, endpoint=False)
    places[:, 50:] = [32, 16] + 6 * np.stack([np.sin(around), np.cos(around)], 1)
    shape = places.shape[:2]
    return PictureKeypoints(places, np.zeros(shape), np.ones(shape, bool), SIDE, SIDE)
