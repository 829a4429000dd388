"""A folder of real videos with their poses in place of simulated captures."""

from pathlib import Path

import numpy as np
from PIL import Image

from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import read_pose
from slt_lib.pose.sequence import PoseSequence
from slt_lib.rendering.clip_recordings import VIDEO_SUFFIXES
from slt_lib.rendering.keypoints import PictureKeypoints, pose_keypoints, together
from slt_lib.rendering.regions import BACKGROUND, BODY, FACE, HANDS
from slt_lib.rendering.signgan_data import Subject
from slt_lib.rendering.unwrap import patch_cover, patches
from slt_lib.rendering.video import read_video

APART = 24.0  # levels of 255 by which a pixel of the signer differs from the room
NEAR, FREE = 0.5, 0.02  # how much of a pixel flat parts cover where the signer is, and isn't


def subjects_of_folder(folder: str | Path, size: int) -> dict[str, Subject]:
    """The signers of a folder: a sub-folder for each, with videos and their `.pose` files.

    Who the signer is in a pixel is told from the pose (`unwrap`'s parts) and from what changes
    before a room that stands still: the median picture.

    Args:
        folder: With sub-folders, or of one signer's videos itself.
        size: Of the generator's pictures, pixels.

    Returns:
        By the sub-folder's name.

    Raises:
        SLTError: If there is no video, or any lacks its `.pose` file, can't be read or has another
            number of frames: all that is wrong at once.

    Chapter: 07_signgan
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise SLTError("There is no such folder.", file=folder, fix="Check the path.")
    homes = sorted(one for one in folder.iterdir() if one.is_dir()) or [folder]
    found, wrong = {}, []
    for home in homes:
        videos = sorted(one for one in home.iterdir() if one.suffix.lower() in VIDEO_SUFFIXES)
        read = []
        for video in videos:
            try:
                read.append(_recording(video, size))
            except SLTError as error:
                wrong.append(str(error))
        if read and not wrong:
            found[home.name] = _subject(read)
    if wrong:
        raise SLTError(f"{len(wrong)} recordings can't be used:\n" + "\n".join(wrong), file=folder,
                       fix="Mend or remove them, and start again.")  # fmt: skip
    if not found:
        raise SLTError("There is no video.", file=folder,
                       fix="Put each signer's videos into a folder of their own.")  # fmt: skip
    return found


def _recording(video: Path, size: int) -> tuple[np.ndarray, PictureKeypoints]:
    """A video's frames, square around the signer, and its keypoints in them."""
    path = video.with_suffix(".pose")
    if not path.is_file():
        raise SLTError("It has no .pose file.", file=video, fix=f"Estimate one: {path.name}.")
    pose, frames = read_pose(path), list(read_video(video))
    if len(frames) != len(pose) or len(frames) < 2:
        raise SLTError(
            f"{len(frames)} frames, and {len(pose)} in its .pose file.", file=video,
            fix="Estimate the poses of this very video, of 2 or more frames.",
        )  # fmt: skip
    height, width = frames[0].shape[:2]
    side, left, top = min(height, width), *_corner(pose, height, width)
    box = (left, top, left + side, top + side)
    cut = [np.asarray(Image.fromarray(f).crop(box).resize((size, size), Image.BOX)) for f in frames]
    whole = pose_keypoints(pose, height, width)
    shift = np.array([left, top], np.float32)
    inside = PictureKeypoints(whole.places - shift, whole.depths, whole.seen, side, side)
    return np.stack(cut), inside.resized(size, size)


def _corner(pose: PoseSequence, height: int, width: int) -> tuple[int, int]:
    """Left and top of a square with the signer in its middle."""
    found, side = pose_keypoints(pose, height, width), min(height, width)
    seen = found.seen[:, [0, 3]].all(1)
    middle = np.median(found.places[seen][:, [0, 3]], (0, 1)) if seen.any() else [width / 2] * 2
    return tuple(int(np.clip(m - side / 2, 0, whole - side))
                 for m, whole in zip(middle, (width, height), strict=True))  # fmt: skip


def _subject(recordings: list[tuple[np.ndarray, PictureKeypoints]]) -> Subject:
    pictures = np.concatenate([frames for frames, _ in recordings])
    keypoints = together([found for _, found in recordings])
    cover = patch_cover(keypoints).numpy()
    where = cover.sum(1)
    background = _room(pictures, where)
    differs = np.abs(pictures - background).max(-1) > APART
    known = (where < FREE).any(0)  # where the room was seen in some frame
    masks = np.where(known, differs & (where > FREE), where > NEAR)
    regions = np.where(masks, BODY, BACKGROUND).astype(np.uint8)
    names = [patch.name for patch in patches()]
    for name, label in (("head", FACE), ("right hand", HANDS), ("left hand", HANDS)):
        regions[(cover[:, names.index(name)] > 0.5) & masks] = label
    return Subject.known(pictures, masks.astype(np.float16), regions,
                         (background / 255).astype(np.float32), keypoints)  # fmt: skip


def _room(pictures: np.ndarray, where: np.ndarray) -> np.ndarray:
    """What is behind the signer, levels of 255, [H, W, 3]: the median where they aren't."""
    free = np.where((where < FREE)[..., None], pictures.astype(np.float32), np.nan)
    never = np.isnan(free).all(0)
    usual = np.nanmedian(np.where(never, np.nanmedian(free, (0, 1, 2)), free), 0)
    return np.where(np.isfinite(usual), usual, 128.0)
