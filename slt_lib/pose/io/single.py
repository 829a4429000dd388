"""Reading one pose sequence from whatever kind of file it stands in."""

from pathlib import Path

from slt_lib.pose.errors import PoseFileError
from slt_lib.pose.io.npz_file import read_npz
from slt_lib.pose.io.pose_file import read_pose
from slt_lib.pose.sequence import PoseSequence

VIDEO_SUFFIXES = (".mp4", ".mov", ".webm", ".mkv", ".avi")


def read(path: str | Path) -> PoseSequence:
    """Reads a `.pose`, `.npz` or video file, by its suffix.

    Raises:
        PoseFileError: If the suffix is none of these or the file is damaged.
        MissingPartError: For a video, if the video environment isn't there.

    Chapter: 01_signing_poses
    """
    suffix = Path(path).suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        from slt_lib.pose.video import video_to_pose  # it reads its own results with this package

        return video_to_pose(path)
    readers = {".pose": read_pose, ".npz": read_npz}
    if suffix not in readers:
        known = ", ".join((*readers, *VIDEO_SUFFIXES))
        raise PoseFileError(
            f"Files ending in {suffix or 'nothing'} are not read as a pose.",
            file=path,
            fix=f"Known endings: {known}.",
        )
    return readers[suffix](path)
