"""One's own recordings as clips: videos, their `.pose` files and a table of sentences."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import av
import numpy as np
from PIL import Image
from tqdm import tqdm

from slt_lib.corpus.formats import pose_path
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance, read_corpus_csv, read_pose
from slt_lib.pose.io.guard import checked_fps
from slt_lib.pose.io.single import VIDEO_SUFFIXES
from slt_lib.pose.io.video_file import look_through
from slt_lib.pose.sequence import PoseSequence
from slt_lib.rendering.clips import Clip, Clips, write_clips

SHOWN = 20  # problems that an error lists in full


@dataclass(frozen=True, eq=False)
class Recording:
    """A recording that was looked through and found whole.

    Attributes:
        said: Name, glosses, text and signer.
        video: Its file.
        times: When each frame is shown, seconds from the first, rising, float [frames].
        duration: Until the last frame's end, seconds.
        centre: Where the signer is across the picture, 0 left to 1 right.

    Chapter: 11_video_to_text
    """

    said: Utterance
    video: Path
    times: np.ndarray
    duration: float
    centre: float


def check_recordings(
    folder: str | Path,
    annotations: str | Path | Sequence[Utterance],
    *,
    poses: str | Path | None = None,
    progress: bool = True,
) -> list[Recording]:
    """Look through every recording before any work is done with them.

    Every video is decoded to its end: a damaged one otherwise shows hours later.

    Args:
        folder: With a video and a `.pose` file for each name of the table.
        annotations: A `corpus.csv` (name|video|start|end|speaker|orth|translation), or what one
            of the readers gives.
        poses: Where the `.pose` files are, if not beside the videos.
        progress: Whether to show a bar on standard error.

    Returns:
        A recording per sentence, in the table's order.

    Raises:
        SLTError: One that lists every problem with its file and remedy: no or several videos, no
            pose file, a damaged video or pose file, other numbers of frames in both, no text, a
            name that stands twice.

    Chapter: 11_video_to_text
    """
    folder = Path(folder)
    table = isinstance(annotations, str | Path)
    said = read_corpus_csv(annotations) if table else list(annotations)
    source = annotations if table else folder
    if not said:
        raise SLTError("There is no sentence in it.", file=source, fix="Name the recordings.")
    problems = [SLTError(f"{name!r} stands {n} times.", file=source, fix="Keep one of them.")
                for name, n in Counter(one.name for one in said).items() if n > 1]  # fmt: skip
    found: list[Recording] = []

    def look(one: Utterance) -> Recording | SLTError:
        try:
            return _recording(folder, Path(poses or folder), one, source)
        except SLTError as error:
            return error

    with ThreadPoolExecutor(2) as threads:
        results = threads.map(look, said)
        for result in tqdm(results, "checking", len(said), False, disable=not progress):
            (problems if isinstance(result, SLTError) else found).append(result)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        lines = [str(problem) for problem in problems[:SHOWN]]
        more = [f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
        text = "\n".join(f"- {line}" for line in lines + more)
        raise SLTError(f"{len(problems)} problems, nothing was done:\n{text}", file=folder)
    return found


def pack_recordings(
    folder: str | Path, annotations: str | Path | Sequence[Utterance], out: str | Path, *,
    poses: str | Path | None = None, size: int = 128, fps: float = 12.5, shard: int = 64,
    progress: bool = True,
) -> Clips:  # fmt: skip
    """One's own recordings as clips of one frame rate and size; whole ones aren't made twice.

    Pictures become square: as high as they were, cut beside the signer, or with their edges going
    on where they were higher than wide. A frame of a clip is the one that was shown in the
    middle of its time, whatever the recording's frame rate: mixed frames would blur hands.

    Args:
        folder, annotations, poses: As for `check_recordings`.
        out: The clips' folder.
        size: Side of the pictures, pixels.
        fps: Frames per second.
        shard: Clips per shard.
        progress: Whether to show bars on standard error.

    Raises:
        SLTError: As `check_recordings`, before anything is written, and `write_clips`.

    Chapter: 11_video_to_text
    """
    if size < 8:
        raise SLTError(f"Pictures of {size} pixels show nothing.", fix="128 is usual.")
    checked_fps(fps)
    found = check_recordings(folder, annotations, poses=poses, progress=progress)
    digest = sha256(repr((size, fps)).encode())
    for one in found:
        said = one.said.name, one.said.gloss, one.said.text, one.said.signer
        file = one.video.stat().st_size, one.duration, one.centre
        digest.update(repr((said, file)).encode())
    return write_clips(
        out, len(found), lambda i: _clip(found[i], size, fps), key=digest.hexdigest(),
        shard=shard, progress=progress,
    )  # fmt: skip


def _recording(folder: Path, poses: Path, said: Utterance, source: object) -> Recording:
    """One recording, looked through."""
    if not said.text.strip():
        raise SLTError(f"{said.name!r} has no text.", file=source,
                       fix="Write its sentence, or leave the recording out.")  # fmt: skip
    file, stem = pose_path(poses, said.name), pose_path(folder, said.name)
    videos = [video for s in VIDEO_SUFFIXES if (video := stem.with_suffix(s)).is_file()]
    if len(videos) != 1:
        raise SLTError(f"There are {len(videos)} videos of this name.", file=stem.with_suffix(""),
                       fix=f"One is needed, ending in {', '.join(VIDEO_SUFFIXES)}.")  # fmt: skip
    if not file.is_file():
        raise SLTError("The pose file is missing.", file=file,
                       fix=f"Estimate it from {videos[0].name}: "
                           "slt_lib.pose.video.video_to_pose, chapter 1.")  # fmt: skip
    pose, times = read_pose(file), look_through(videos[0]).times
    if len(times) != len(pose):
        raise SLTError(
            f"It has {len(times)} frames, its pose file {file.name} has {len(pose)}.",
            file=videos[0],
            fix="Estimate its poses again, from this very file.",
        )
    usual = float(np.median(np.diff(times))) if len(times) > 1 else 1 / pose.fps
    return Recording(said, videos[0], times, float(times[-1]) + usual, _centre(pose))


def _centre(pose: PoseSequence) -> float:
    """Where the signer is across the picture, 0 to 1; the middle where that can't be told."""
    width = pose.meta.get("width")
    if not width or not pose.mask.any():
        return 0.5
    return float(np.clip(np.median(pose.positions[..., 0][pose.mask]) / width, 0, 1))


def _clip(one: Recording, size: int, fps: float) -> Clip:
    """A recording at another frame rate, square, and upright where a telephone was turned."""
    count = max(1, round(one.duration * fps))
    middles = (np.arange(count) + 0.5) / fps  # of a clip's frame; a frame is shown until the next
    wanted = np.searchsorted(one.times, middles, side="right") - 1
    uses = np.bincount(wanted, minlength=len(one.times))
    frames = []
    with av.open(str(one.video)) as container:
        for frame, times in zip(container.decode(video=0), uses, strict=True):
            if times:
                upright = np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))
                frames += [_square(upright, size, one.centre)] * times
    said = one.said
    return Clip(said.name, said.gloss, said.text, said.signer, np.stack(frames), fps)


def _square(picture: np.ndarray, size: int, centre: float) -> np.ndarray:
    """A picture's full height around the signer, uint8 [size, size, 3]."""
    height, width, _ = picture.shape
    spare = width - height
    left = int(np.clip(round(centre * width - height / 2), 0, spare)) if spare > 0 else spare // 2
    columns = np.clip(np.arange(left, left + height), 0, width - 1)
    image = Image.fromarray(picture[:, columns])
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC))
