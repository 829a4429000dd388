"""Video clips from disk to batches: how many frames a second, and does memory grow with clips?

A batch is what a training gets: clips decoded, put into other framings and lights, some frames
dropped, padded (`varied`; `per_s_128` is that of batches as they are). Made the way a training
makes them, while nothing trains: one background thread and two that decode. The pictures are
made: a moving figure before a coloured ground with noise.

Memory is that of a fresh process, without pages of mapped files, which the system drops when it
wants to: the highest while it reads all clips once in batches.
"""

import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import psutil
from lightning_fabric import Fabric

from slt_lib.rendering.clips import Clip, Clips, write_clips
from slt_lib.stitching.regression import one_thread
from slt_lib.translation.batches import batches
from slt_lib.translation.data import Codec
from slt_lib.translation.settings import PictureAugment, TrainSettings
from slt_lib.translation.video_data import VideoData

NAME = "frames"
SIZE, CLIPS, FRAMES, FPS = 128, 64, 55, 12.5  # PHOENIX14T's sentences take 4.6 seconds
BATCH, SMALL, LARGE = 16, 100, 1000


def run() -> dict:
    """Time batches of clips, and compare the memory of few and many clips.

    Returns:
        `per_s_128` and `per_s_128_varied`, frames per second; `clip_mb`, a clip on disk;
        `peak_mb_100_clips`, `peak_mb_1000_clips` and `memory_ratio`; the sizes.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = partial(_clip, SIZE, FRAMES)
        clips = write_clips(folder / "clips", CLIPS, made, key="speed", progress=False)
        stored = sum(file.stat().st_size for file in clips.folder.glob("*.arrow"))
        with one_thread():
            plain, varied = (_per_second(clips, how) for how in (PictureAugment.off(),
                                                                 PictureAugment()))  # fmt: skip
        small, large = (_peak(folder, count) for count in (SMALL, LARGE))
    return {
        "per_s_128": plain,
        "per_s_128_varied": varied,
        "clip_mb": stored / CLIPS / 2**20,
        f"peak_mb_{SMALL}_clips": small,
        f"peak_mb_{LARGE}_clips": large,
        "memory_ratio": large / small,
        "sizes": f"{CLIPS} clips of {FRAMES} frames, {BATCH} a batch",
    }


def _clip(size: int, frames: int, number: int) -> Clip:
    """A coloured disc that moves, and another that follows."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[:size, :size] / size
    ground = rng.integers(60, 200, 3) + 40 * np.sin(6 * x + 4 * y)[..., None]
    pictures = np.empty((frames, size, size, 3), np.uint8)
    for t in range(frames):
        picture = ground + rng.normal(0, 2, (size, size, 1))
        for part, colour in enumerate(((220, 170, 140), (40, 60, 120))):
            middle = 0.5 + 0.25 * np.array([np.sin(t / 6 + part), np.cos(t / 9 + part)])
            picture[(x - middle[0]) ** 2 + (y - middle[1]) ** 2 < 0.02] = colour
        pictures[t] = picture.clip(0, 255)
    return Clip(f"made/{number}", ("A", "B"), "ein satz", "nobody", pictures, FPS)


def _per_second(clips: Clips, how: PictureAugment, epochs: int = 3) -> float:
    """Frames of finished batches per second, each clip read `epochs` times."""
    data = VideoData.from_clips(clips)
    settings = TrainSettings(batch_size=BATCH, augment=how)
    updates = range(epochs * -(-len(data) // BATCH))
    started, frames = time.perf_counter(), 0
    fabric = Fabric(accelerator="cpu", devices=1)
    made = batches(data, settings, Codec.build(data), 0, updates, fabric, 2)
    for batch, _, _ in made:
        frames += int(batch.frames.sum())
    return frames / (time.perf_counter() - started)


def _peak(folder: Path, count: int) -> float:
    """Most megabytes that a fresh process holds while it reads clips in batches."""
    made = partial(_clip, 64, 25)
    where = write_clips(folder / f"{count}", count, made, key="memory", progress=False).folder
    work = f"runpy.run_path({__file__!r})['_read']({str(where)!r})"
    command = [sys.executable, "-c", f"import runpy; {work}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as child:
        process, most = psutil.Process(child.pid), 0
        while child.poll() is None:
            memory = process.memory_info()
            most = max(most, memory.rss - getattr(memory, "shared", 0))
            time.sleep(0.02)
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}.")
    return most / 2**20


def _read(folder: str) -> None:
    """What the fresh process does: at least as many batches, however few clips there are."""
    clips = Clips.open(folder)
    with one_thread():
        _per_second(clips, PictureAugment(), epochs=max(1, LARGE // len(clips)))
