"""Signs prepared once for all: canonical, cropped, with the power of their movement, in a file.

What happens to a sign before it meets its neighbours depends on the recording and on a few
settings alone. `prepare_dictionary` does it for a whole saved dictionary and leaves a file beside
`signs.arrow`; every `Stitcher` that opens the dictionary afterwards finds it. Any number of
processes map the same file. Without it all works as well, and slower::

    prepared-distance-as_recorded-canonical-25fps.arrow
                      Arrow IPC file; one record batch per recording, numbered as in signs.arrow:
                      positions float32 [frames * 178 * 3], confidence float32 [frames * 178],
                      power float32 [4 * 65] (`part_power`, NaN for parts that weren't seen),
                      the recording's own fps and frames, where in the pose the sign is, check
                      sums of pose and power

A preparation is used only while it is of this version, of these settings and of these very
recordings, and a sign only if its check sum is right. Anything else is as if it weren't there.
"""

import json
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa

from slt_lib.dictionary import Sign, load_dictionary
from slt_lib.dictionary.store import FLOATS, StoredPose, StoredPoses, floats
from slt_lib.pose.canonical import canonicalise
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io.guard import atomic_write
from slt_lib.pose.normalise import dominant_hand
from slt_lib.pose.resample import to_fps
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.spectrum import BINS, GROUPS, part_power
from slt_lib.stitching.steps import CroppedSign, crop_sign

VERSION = 2  # raise it whenever crop, canonical form or power come out differently; a test watches
SCHEMA = pa.schema(
    [
        ("positions", FLOATS),
        ("confidence", FLOATS),
        ("power", FLOATS),
        ("fps", pa.float64()),
        ("frames", pa.int64()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("pose_check", pa.int64()),
        ("power_check", pa.int64()),
    ]
)
ABOUT = b"slt-prepared"  # the key of the file's description in its metadata


def on_one_body(pose: PoseSequence, settings: StitchSettings) -> PoseSequence:
    """Step 2 for one sign: the dominant hand that is wanted, the canonical skeleton."""
    if settings.dominant != "as recorded" and dominant_hand(pose) != settings.dominant:
        pose = pose.mirrored()
    return canonicalise(pose) if settings.canonical else pose


def crop_of(sign: Sign, settings: StitchSettings) -> str:
    """How a sign is cropped: what was cut out of continuous signing has no rest to cut."""
    return settings.crop if sign.sentence is None else "none"


def own_power(canonical: PoseSequence, fps: float) -> dict[str, np.ndarray]:
    """What a canonical recording adds to its dictionary's spectrum (`own_spectrum`)."""
    return part_power(to_fps(canonical, fps))


def prepare_dictionary(folder: str | Path, settings: StitchSettings | None = None) -> Path:
    """Prepare all signs of a saved dictionary for stitching, unless that was done before.

    Args:
        folder: Of the dictionary. Saving another one there removes the preparation.
        settings: How the signs will be stitched. `crop`, `canonical`, `dominant` and `fps`
            matter; for other values of these there is another file.

    Returns:
        The file.

    Raises:
        PoseFileError: If the dictionary can't be read.
        SLTError: If the folder can't be written to.

    Chapter: 03_stitching
    """
    settings = settings or StitchSettings()
    dictionary = load_dictionary(folder)
    path = Path(folder) / file_name(settings)
    poses = next((sign.read.poses for sign in dictionary), None)
    if poses is None or _open(poses, settings) is not None:
        return path
    signs = {sign.read.row: sign for sign in dictionary}
    try:
        about = _description(settings) | {"stamp": poses.stamp, "content": _content(poses.file)}
        if poses.is_replaced():
            raise SLTError("The dictionary is being replaced.", file=folder, fix="Try again.")
        schema = SCHEMA.with_metadata({ABOUT: json.dumps(about)})
        with atomic_write(path) as file, pa.ipc.new_file(file, schema) as out:
            for row in range(poses.reader.num_record_batches):
                out.write_batch(_batch(signs.get(row), settings, schema))
    except OSError as error:
        raise SLTError(
            f"The preparation can't be written ({error.strerror}).",
            file=path,
            fix="Make the folder writable, or stitch without: it works, and is slower.",
        ) from error
    return path


def prepare_for(folder: str | Path, settings: StitchSettings, sentences: int) -> None:
    """`prepare_dictionary` where it pays: if there are no fewer sentences than signs.

    Where the folder can't be written to, every process prepares its signs for itself.

    Args:
        folder, settings: As for `prepare_dictionary`.
        sentences: How many will be stitched.

    Chapter: 04_synthetic_corpus
    """
    if sentences >= len(load_dictionary(folder)):
        with suppress(SLTError):
            prepare_dictionary(folder, settings)


def file_name(settings: StitchSettings) -> str:
    """The name of the preparation for some settings."""
    body = "canonical" if settings.canonical else "own_bodies"
    dominant = settings.dominant.replace(" ", "_")
    return f"prepared-{settings.crop}-{dominant}-{body}-{settings.fps:g}fps.arrow"


class Preparations:
    """The preparations of the dictionaries that signs come from, as far as there are any.

    Args:
        settings: Of the stitcher that asks.
    """

    def __init__(self, settings: StitchSettings) -> None:
        self.settings = settings
        self._files: dict[StoredPoses, pa.RecordBatchFileReader | None] = {}

    def __reduce__(self):
        return Preparations, (self.settings,)  # open files don't travel to other processes

    def cropped(self, sign: Sign) -> CroppedSign | None:
        """A sign canonical and cropped, at the recording's own frame rate.

        Args:
            sign: Of any dictionary; only those that were saved have preparations.

        Returns:
            Numbers that stay in the mapped file, shared by all processes; None if the sign
            wasn't prepared, or if that can't be relied on.
        """
        found = self._read(sign, ("positions", "confidence"), "pose_check", ("start", "end"))
        if found is None:
            return None
        (positions, confidence), span = found
        joints = len(SLRTP_178)
        empty = np.zeros((0, joints, 3)), np.zeros((0, joints))
        like = PoseSequence(*empty, sign.read.fps, meta={"unit": "shoulder width"})
        pose = like.moved(positions.reshape(-1, joints, 3), confidence.reshape(-1, joints))
        return CroppedSign(pose, *span)

    def power(self, sign: Sign) -> dict[str, np.ndarray]:
        """`own_power` of a sign, computed where it wasn't prepared."""
        found = self._read(sign, ("power",), "power_check")
        if found is None:
            return own_power(canonicalise(sign.pose), self.settings.fps)
        parts = zip(GROUPS, found[0][0].reshape(len(GROUPS), BINS), strict=True)
        return {part: power for part, power in parts if not np.isnan(power[0])}

    def _read(
        self, sign: Sign, names: tuple[str, ...], check: str, plain: tuple[str, ...] = ()
    ) -> tuple[list[np.ndarray], list[int]] | None:
        """Some columns of a sign and some plain numbers, if they are what they were once."""
        stored = sign.read
        if not isinstance(stored, StoredPose):
            return None
        if stored.poses not in self._files:
            self._files[stored.poses] = _open(stored.poses, self.settings)
        file = self._files[stored.poses]
        if file is None:
            return None
        try:
            batch = file.get_batch(stored.row)
            batch.validate(full=True)
            written, more = (
                [batch.column(name)[0].as_py() for name in some]
                for some in (("fps", "frames", check), plain)
            )
            columns = [floats(batch, name) for name in names]
        except (pa.ArrowException, LookupError, ValueError, OSError):
            return None
        right = written == [stored.fps, stored.frames, _check(columns, more)]
        return (columns, more) if right else None


def _batch(sign: Sign | None, settings: StitchSettings, schema: pa.Schema) -> pa.RecordBatch:
    """The row of a sign; an empty one where there is none, or none that can be read."""
    columns, fps, frames, span = [np.zeros(0, np.float32)] * 3, 0.0, 0, [0, 0]
    with suppress(SLTError):  # whoever stitches the sign is told
        if sign is not None:
            pose = sign.read()
            canonical = canonicalise(pose)
            as_it_is = settings.canonical and settings.dominant == "as recorded"
            whole = canonical if as_it_is else on_one_body(pose, settings)
            cropped = crop_sign(whole, crop_of(sign, settings))
            power, unseen = own_power(canonical, settings.fps), np.full(BINS, np.nan)
            power = np.stack([power.get(part, unseen) for part in GROUPS]).astype(np.float32)
            columns = [cropped.pose.positions, cropped.pose.confidence, power]
            fps, frames, span = sign.read.fps, sign.read.frames, [cropped.start, cropped.end]
    lists = [pa.ListArray.from_arrays([0, c.size], pa.array(c.ravel())) for c in columns]
    plain = [fps, frames, *span, _check(columns[:2], span), _check(columns[2:])]
    return pa.record_batch(lists + [pa.array([value]) for value in plain], schema=schema)


def _check(columns: Iterable[np.ndarray], plain: Iterable[int] = ()) -> int:
    """The check sum of a sign's numbers."""
    check = 0
    for column in (*columns, np.array(list(plain), np.int64)):
        check = zlib.crc32(np.ascontiguousarray(column), check)
    return check


def _open(poses: StoredPoses, settings: StitchSettings) -> pa.RecordBatchFileReader | None:
    """The mapped preparation of a dictionary's recordings; None if there is none to rely on."""
    try:
        file = pa.ipc.open_file(pa.memory_map(str(poses.file.with_name(file_name(settings)))))
        about = json.loads(file.schema.metadata[ABOUT])
        stamp, content = about.pop("stamp"), about.pop("content")
        if about != _description(settings) or file.schema.names != SCHEMA.names:
            return None
        # As in make and git, a file of the same size and time is the same. Another time may only
        # mean that the folder was copied; then the content decides.
        same = stamp == poses.stamp or (not poses.is_replaced() and content == _content(poses.file))
        return file if same else None
    except (OSError, pa.ArrowException, ValueError, LookupError, TypeError, AttributeError):
        return None


def _description(settings: StitchSettings) -> dict:
    """What a preparation depends on, besides the recordings."""
    names = ("crop", "dominant", "canonical", "fps")
    return {"version": VERSION} | {name: getattr(settings, name) for name in names}


def _content(file: Path) -> int:
    """A check sum of a whole file."""
    check = 0
    with file.open("rb") as stream:
        while block := stream.read(1 << 22):
            check = zlib.crc32(block, check)
    return check
