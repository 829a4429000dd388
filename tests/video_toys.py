"""Small made clips for the tests of video: a bright bar whose height says what is signed."""

import numpy as np

from slt_lib.rendering.clips import Clip, Clips, write_clips
from slt_lib.translation.settings import ModelSettings
from slt_lib.translation.video_data import VideoData

SIDE, FPS = 24, 12.5
TEXTS = ("morgen regnet es im norden", "heute scheint die sonne oft", "der wind weht stark")


def toy_clip(number: int, lengths=(6, 14)) -> Clip:
    """A clip of 6 to 14 frames with a gloss and its text."""
    rng = np.random.default_rng(number)
    sign, count = number % 3, int(rng.integers(*lengths, endpoint=True))
    frames = rng.integers(0, 50, (count, SIDE, SIDE, 3), np.uint8)
    for t in range(count):
        frames[t, 2 + 7 * sign : 8 + 7 * sign, : 4 + t] = (230, 200, 120)
    return Clip(f"c{number}", ("ABC"[sign],), TEXTS[sign], f"signer{number % 2}", frames, FPS)


def toy_clips(folder, count: int = 12, make=toy_clip, key: str = "toys", **more) -> Clips:
    """Clips in a folder, four per shard."""
    return write_clips(folder, count, make, **{"key": key, "shard": 4, "progress": False, **more})


def toy_video(folder, count: int = 12) -> VideoData:
    """Such clips as training data."""
    return VideoData.from_clips(toy_clips(folder, count))


def video_settings(**changes) -> ModelSettings:
    """The smallest translator of video."""
    small = {"encoder": "video", "width": 16, "heads": 2, "encoder_layers": 1,
             "decoder_layers": 1, "feedforward": 16, "dropout": 0.0, "stride": 2}  # fmt: skip
    return ModelSettings(**{**small, **changes})
