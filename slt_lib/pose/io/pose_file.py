"""The `.pose` format: what pose-format and the field's tools write.

Source: https://github.com/sign-language-processing/pose (format versions 0.1 and 0.2).
"""

import struct
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
from pose_format import Pose
from pose_format.numpy import NumPyPoseBody
from pose_format.pose_header import PoseHeader, PoseHeaderComponent, PoseHeaderDimensions
from pose_format.utils.reader import BufferReader

from slt_lib.pose.depth import Z_PIXEL, Z_SHARE, z_unit
from slt_lib.pose.errors import PoseFileError
from slt_lib.pose.io.absence import NOT_NUMBERS
from slt_lib.pose.io.guard import atomic_write, checked_fps, read_bytes, refusing
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SKELETONS, Skeleton

PREFIX_OF = {
    "POSE_LANDMARKS": "",
    "FACE_LANDMARKS": "FACE",
    "LEFT_HAND_LANDMARKS": "LEFT_HAND",
    "RIGHT_HAND_LANDMARKS": "RIGHT_HAND",
    "POSE_WORLD_LANDMARKS": "WORLD",
    "SLRTP_FACE": "SLRTP_FACE",
}
COMPONENT_OF = {prefix: name for name, prefix in PREFIX_OF.items()}


def read_pose(path: str | Path) -> PoseSequence:
    """Reads a `.pose` file into its own skeleton, numbers unchanged.

    Files with several people give the first person that is seen anywhere. In most files z is
    in another unit than x and y: MediaPipe gives it as a share of the image width, and while x
    and y were multiplied by the image's size, z was not. `meta["z_unit"]` says so, and
    `slt_lib.pose.depth.fix_depth` mends it.

    Args:
        path: A `.pose` file of format 0.1 or 0.2 with MediaPipe Holistic's 586, 576 or 543
            landmarks, the 178 of `reduce_holistic`, or any skeleton `write_pose` wrote.

    Returns:
        The sequence; positions in pixels. `meta` has `file`, `width`, `height`, `depth`,
        `z_unit` and `notes` (what the reader had to decide).

    Raises:
        PoseFileError: If the file is damaged or its landmarks are of another kind.

    Chapter: 01_signing_poses
    """
    path = Path(path)
    with refusing(path, "a .pose file", "Export or download the file again."):
        return _parse(read_bytes(path), path)


def _parse(data: bytes, path: Path) -> PoseSequence:
    reader = BufferReader(data)
    header = PoseHeader.read(reader)
    skeleton = _skeleton_of(header, path)
    _check_size(header, data[reader.read_offset :], len(skeleton), path)
    body = NumPyPoseBody.read(header, reader)
    confidence = np.asarray(body.confidence)
    person, notes = 0, []
    if confidence.shape[1] > 1:
        seen = (confidence > 0).any(axis=(0, 2))
        person = int(np.argmax(seen))
        notes.append(f"{confidence.shape[1]} people in the file, number {person + 1} read")
    positions, confidence = body.data.data[:, person], confidence[:, person]
    if not np.isfinite(positions).all() or not np.isfinite(confidence).all():
        notes.append(NOT_NUMBERS)
    if ((confidence > 1) | (confidence < 0)).any():
        notes.append("confidences outside 0 to 1 are clamped")
    size = header.dimensions
    seen = (confidence > 0) & np.isfinite(positions).all(-1)
    unit = z_unit(positions, seen, skeleton)
    meta = {
        "file": str(path),
        "width": size.width,
        "height": size.height,
        "depth": size.depth,
        "z_unit": unit or (Z_PIXEL if size.depth else Z_SHARE),
        "notes": tuple(notes),
    }
    return PoseSequence(positions, confidence, checked_fps(body.fps), skeleton, meta)


def _skeleton_of(header: PoseHeader, path: Path) -> Skeleton:
    """The known skeleton whose joints are this header's, in its order."""
    parts = [(PREFIX_OF.get(part.name, part.name), part.points) for part in header.components]
    joints = tuple(f"{p}.{point}" if p else point for p, points in parts for point in points)
    flat = [part.name for part in header.components if part.format != "XYZC"]
    for skeleton in SKELETONS.values():
        if skeleton.joints == joints and not flat:
            return skeleton
    found = ", ".join(
        f"{part.name[:40]} ({len(part.points)} points, {part.format[:8]})"
        for part in header.components[:8]
    )
    raise PoseFileError(
        f"It holds landmarks of a kind that isn't known here: {found or 'none'}.",
        file=path,
        fix="Wanted: MediaPipe Holistic landmarks (586, 576, 543 or the reduced 178), "
        "each with x, y, z and confidence.",
    )


def _check_size(header: PoseHeader, body: bytes, joints: int, path: Path) -> None:
    """Holds what the body announces against the bytes there are, before anything is read."""
    version = round(header.version, 3)
    if version not in (0.1, 0.2):
        raise PoseFileError(
            f"Format version {header.version:g} is neither 0.1 nor 0.2.",
            file=path,
            fix="Read and write it with the pose-format package, which gives 0.2.",
        )
    layout = "<HHH" if version == 0.1 else "<fIH"
    _, frames, people = struct.unpack_from(layout, body)
    room = len(body) - struct.calcsize(layout)
    if people == 0:
        raise PoseFileError("There is nobody in it.", file=path, fix="Leave the file out.")
    per_frame = people * joints * 4 * 4  # x, y, z, confidence, 4 bytes each
    there, rest = divmod(room, per_frame)
    # Version 0.1 counts frames in 16 bits, too few for half an hour: the bytes decide there.
    if rest or frames != (there % 65536 if version == 0.1 else there):
        raise PoseFileError(
            f"It announces {frames} frames of {per_frame} bytes and holds {room} bytes.",
            file=path,
            fix="It was cut off or damaged: download it again.",
        )


def write_pose(pose: PoseSequence, path: str | Path) -> None:
    """Writes a `.pose` file (format 0.2) that `read_pose` and pose-format read.

    Width, height and depth come from `pose.meta`, 0 where it has none. Limbs and colours, which
    only viewers use, are made from the skeleton.

    Args:
        pose: Any of the known skeletons.
        path: The file to write.

    Chapter: 01_signing_poses
    """
    with atomic_write(path) as stream:
        as_pose_format(pose).write(stream)


def as_pose_format(pose: PoseSequence) -> Pose:
    """The sequence in pose-format's own type, for the field's tools.

    Chapter: 03_stitching
    """
    size = [int(pose.meta.get(key) or 0) for key in ("width", "height", "depth")]
    header = PoseHeader(0.2, PoseHeaderDimensions(*size), _components(pose.skeleton))
    body = NumPyPoseBody(pose.fps, pose.positions[:, None], pose.confidence[:, None])
    return Pose(header, body)


def _components(skeleton: Skeleton) -> list[PoseHeaderComponent]:
    """The skeleton's joints as pose-format components, in order, with limbs for viewers."""
    lines = [line for part in skeleton.chains.values() for line in part]
    limbs = [pair for line in lines for pair in pairwise(line)]
    components, start = [], 0
    for prefix, joints in groupby(skeleton.joints, lambda j: j.rpartition(".")[0]):
        points = [joint.rpartition(".")[2] for joint in joints]
        here = range(start, start + len(points))
        inside = [(a - start, b - start) for a, b in limbs if a in here and b in here]
        components.append(
            PoseHeaderComponent(
                COMPONENT_OF.get(prefix, prefix), points, inside, [(90, 90, 90)], "XYZC"
            )
        )
        start += len(points)
    return components
