"""Somebody's own videos as clips `train`, `dev` and `test`, as a video translator takes them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from slt_lib.corpus.own import Item
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import write_pose
from slt_lib.rendering.clip_recordings import pack_recordings


def pack_clips(
    parts: Mapping[str, Sequence[Item]], folder: str | Path, out: str | Path, *, size: int = 128,
    fps: float = 12.5, progress: bool = True,
) -> Path:  # fmt: skip
    """Clips of recordings that have a video; poses that aren't there yet are estimated.

    Args:
        parts: Items by split, each the whole of its recording.
        folder: The data's folder, in which the videos are.
        out: The clips' folder: chapter 11's parameter `clips`.
        size: Side of the pictures, pixels.
        fps: Frames per second.
        progress: Whether to show bars.

    Returns:
        `out`.

    Raises:
        SLTError: If a recording has no video, or holds several sentences.
        MissingPartError: If poses are to be estimated and can't be.

    Chapter: 15_your_own_data
    """
    out, poses = Path(out), Path(out) / "poses"
    for split, items in parts.items():
        said = []
        for item in items:
            one = item.recording
            if one.video is None or any(item.row.span):
                what = "has no video" if one.video is None else "is a part of its recording"
                raise SLTError(f"{item.said.name!r} {what}.", file=one.file,
                               fix="Give each sentence a video, or train on poses.")  # fmt: skip
            said.append(replace(item.said, name=one.name))
            file = poses / f"{one.name}.pose"
            if not file.is_file():
                write_pose(one.read(), file)
        pack_recordings(folder, said, out / split, poses=poses, size=size, fps=fps,
                        progress=progress)  # fmt: skip
    return out
