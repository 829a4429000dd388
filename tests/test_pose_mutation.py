"""Damaged and hostile files: read correctly or refused in one error of our own, nothing else.

2,000 mutated files over all formats. While one is read, its time and memory are bounded and
any attempt to start a program or open a connection is caught.
"""

import contextlib
import gzip
import io
import pickle
import random
import resource
import signal
import struct
import sys
import zipfile

import numpy as np
import pytest

from slt_lib.pose.errors import PoseFileError
from slt_lib.pose.io import (
    Utterance,
    bundled_lexicon,
    read_annotations,
    read_corpus_csv,
    read_lexicon,
    read_npz,
    read_pose,
    read_skels,
    read_slrtp,
    write_corpus_csv,
    write_npz,
    write_pose,
    write_skels,
    write_slrtp,
)
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import PROGRESSIVE_50, REDUCED_178, SLRTP_FILE_178

SECONDS, MEMORY = 5, 1 << 30  # what reading one small file may take
DANGERS = ("os.", "subprocess.", "shutil.", "socket.", "pty.", "webbrowser.", "ctypes.dlopen")
HARMLESS = ("os.listdir", "os.scandir", "os.putenv")
watched: list[str] | None = None


def _watch(event: str, arguments: tuple) -> None:
    if watched is not None and event.startswith(DANGERS) and event not in HARMLESS:
        watched.append(event)


sys.addaudithook(_watch)


class TooSlowError(BaseException):
    """Not an Exception, so that no reader takes it for damage."""


def _too_slow(*_):
    raise TooSlowError


@contextlib.contextmanager
def guarded():
    """Bounds time and memory inside, and lists the programs that were asked for."""
    global watched
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGALRM, _too_slow)
    if sys.platform == "linux":
        with open("/proc/self/statm") as stream:  # noqa: PTH123
            used = int(stream.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, hard))
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    watched = asked = []
    try:
        yield asked
    finally:
        watched = None
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


# real and written originals


def small_pose(skeleton, frames=6, fps=25.0):
    """A few frames of a real recording, on a skeleton."""
    pose = next(e for e in read_lexicon(bundled_lexicon()) if e.signed_language == "gsg").read()
    pose = pose[:frames].replace(fps=fps)
    if skeleton is SLRTP_FILE_178:
        return PoseSequence(pose.positions[:, :178], pose.mask[:, :178], fps, skeleton)
    return pose.to(skeleton)


def utterances(pose):
    names = ("dev/one", "dev/two")
    return [Utterance(n, ("REGEN", "NORD"), "im norden regen", "Signer01", pose) for n in names]


def annotation(frames=12):
    """Items as sign-language-transformers pickles them, with an (empty) tensor."""
    import torch

    states = " ".join(str(100 + k // 3) for k in range(frames))
    return [
        {
            "name": item.name, "signer": item.signer, "gloss": " ".join(item.gloss),
            "text": item.text, "sign": torch.empty(0), "num_frames": frames,
            "alignments": {
                "pami0": states, "pami1": [3] * frames, "pami2": [str(k) for k in range(frames)],
            },
        }
        for item in utterances(None)
    ]  # fmt: skip


def originals(folder):
    """One small file of each format: {format: path of the file that is mutated}."""
    write_pose(small_pose(REDUCED_178), folder / "a.pose")
    real = min(bundled_lexicon().rglob("*.pose"), key=lambda file: file.stat().st_size)
    (folder / "real.pose").write_bytes(real.read_bytes())
    write_npz(small_pose(REDUCED_178), folder / "a.npz")
    write_slrtp(utterances(small_pose(SLRTP_FILE_178)), folder / "a.pt")
    write_skels(utterances(small_pose(PROGRESSIVE_50)), folder / "skels")
    with gzip.open(folder / "a.gz", "wb") as stream:
        pickle.dump(annotation(), stream, protocol=4)
    write_corpus_csv(utterances(None), folder / "a.corpus.csv")
    lexicon = folder / "lexicon"
    lexicon.mkdir()
    rows = (bundled_lexicon() / "index.csv").read_text("utf-8").splitlines()[:8]
    (lexicon / "index.csv").write_text("\n".join(rows), "utf-8")
    return folder


def read_lexicon_file(path):
    return read_lexicon(path.parent)


def read_skels_file(path):
    return read_skels(path.with_suffix(""))


def read_whole_slrtp(path):
    corpus = read_slrtp(path)
    return [corpus[name] for name in corpus]


FORMATS = {
    "pose": ("a.pose", read_pose),
    "real pose": ("real.pose", read_pose),
    "npz": ("a.npz", read_npz),
    "slrtp": ("a.pt", read_whole_slrtp),
    "skels": ("skels.skels", read_skels_file),
    "annotations": ("a.gz", read_annotations),
    "csv": ("a.corpus.csv", read_corpus_csv),
    "lexicon": ("lexicon/index.csv", read_lexicon_file),
}


# what a file may meet


def mutate(data: bytes, rng: random.Random) -> bytes:
    """One to three accidents: cut, flipped, lost, doubled, blanked, foreign or huge bytes."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        if not data:
            break
        early = rng.random() < 0.6  # headers are where the harm is
        at = rng.randrange(min(len(data), 4000) if early else len(data))
        length = rng.choice((1, 2, 4, 8, 64, 500))
        kind = rng.randrange(8)
        if kind == 0:
            del data[rng.randrange(len(data)) :]
        elif kind == 1:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            data[at : at + length] = rng.randbytes(min(length, len(data) - at))
        elif kind == 3:
            del data[at : at + length]
        elif kind == 4:
            data[at:at] = data[at : at + length]
        elif kind == 5:
            data[at : at + length] = bytes(min(length, len(data) - at))
        elif kind == 6:
            data[at : at + 4] = rng.choice((b"\xff" * 4, b"\0\0\xc0\x7f", b"\x7f\xff\xff\xff"))
        else:
            data[at:at] = rng.choice(
                (b"NaN ", b"-1", b"1e99999 ", b"|", b"\n", b"\0", b'"', b"\xff")
            )
    return bytes(data)


def mutate_inside(path, data: bytes, rng: random.Random) -> bytes:
    """Packed formats also get accidents inside, with the packing's checksums put right."""
    if path.suffix == ".gz" and rng.random() < 0.8:
        return gzip.compress(mutate(gzip.decompress(data), rng), 1)
    if path.suffix in (".npz", ".pt") and rng.random() < 0.7:
        packed = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
            names = old.namelist()
            victim = rng.choice(names if rng.random() < 0.5 else names[:1])
            for name in names:
                if name != victim:
                    new.writestr(name, old.read(name))
                elif rng.random() < 0.9:
                    new.writestr(name, mutate(old.read(name), rng))
        return packed.getvalue()
    return mutate(data, rng)


def assert_sound(result):
    """What was read is a pose that keeps the type's promises, or a list of utterances."""
    for pose in [result] if isinstance(result, PoseSequence) else [item_pose(r) for r in result]:
        if pose is not None:
            assert np.isfinite(pose.positions).all()
            assert ((pose.confidence >= 0) & (pose.confidence <= 1)).all()
            assert not pose.positions[~pose.mask].any()
            assert pose.positions.shape == (len(pose), len(pose.skeleton), 3)
            assert 0.1 <= pose.fps <= 1000


def item_pose(item):
    if isinstance(item, Utterance):
        assert isinstance(item.name, str) and isinstance(item.text, str)
        assert all(isinstance(gloss, str) for gloss in item.gloss)
        assert item.alignment is None or len(item.alignment) == item.frames
        return item.pose
    assert item.file.resolve().is_relative_to(item.folder.resolve()) and item.end >= 0
    return None


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.filterwarnings("ignore")
def test_250_mutated_files_are_read_or_refused(kind, tmp_path):
    name, reader = FORMATS[kind]
    path = originals(tmp_path) / name
    original = path.read_bytes()
    reader(path)
    rng = random.Random(f"{kind} 7")
    refused = 0
    for number in range(250):
        path.write_bytes(mutate_inside(path, original, rng))
        try:
            with guarded() as asked:
                result = reader(path)
            assert_sound(result)
        except PoseFileError as error:
            refused += 1
            assert path.name in str(error) or path.parent.name in str(error)
        except (Exception, TooSlowError) as error:
            keep = path.read_bytes()[:64]
            raise AssertionError(f"{kind} {number}: {error!r} on {keep!r}…") from error
        assert not asked, f"{kind} {number} asked for {asked}"
    assert refused > 20, "the mutations were too mild to test anything"


# one accident at a time


def edited_pose(path, *, version=None, size=None, fps=None, frames=None, people=None, cut=0):
    """The bytes of a .pose file with some of its announced numbers changed."""
    from pose_format.pose_header import PoseHeader
    from pose_format.utils.reader import BufferReader

    data = bytearray(path.read_bytes())
    reader = BufferReader(bytes(data))
    PoseHeader.read(reader)
    at = reader.read_offset
    if version is not None:
        data[:4] = struct.pack("<f", version)
    if size is not None:
        data[4:10] = struct.pack("<HHH", *size)
    for offset, layout, value in ((0, "<f", fps), (4, "<I", frames), (8, "<H", people)):
        if value is not None:
            data[at + offset : at + offset + struct.calcsize(layout)] = struct.pack(layout, value)
    return bytes(data[: len(data) - cut])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cut": 1}, "announces 6 frames of 2848 bytes and holds 17087"),
        ({"cut": 178 * 16}, "announces 6 frames of 2848 bytes and holds 14240"),
        ({"frames": 2**32 - 1}, "announces 4294967295 frames"),
        ({"frames": 0}, "announces 0 frames"),
        ({"people": 0}, "nobody"),
        ({"people": 65535}, "announces 6 frames"),
        ({"fps": 0}, "a.pose: A frame rate of 0 frames per second"),
        ({"fps": float("nan")}, "nan frames per second"),
        ({"fps": -25}, "-25 frames per second"),
        ({"fps": 1e9}, "1e.09 frames per second"),
        ({"version": 0.0}, "version 0 is neither"),
        ({"version": float("inf")}, "version inf is neither"),
    ],
)
def test_a_pose_file_that_contradicts_itself_is_refused(tmp_path, change, words):
    path = tmp_path / "a.pose"
    write_pose(small_pose(REDUCED_178), path)
    path.write_bytes(edited_pose(path, **change))
    with pytest.raises(PoseFileError, match=words), guarded():
        read_pose(path)


def test_another_frame_rate_and_no_frames_are_read_as_they_are(tmp_path):
    path = tmp_path / "a.pose"
    write_pose(small_pose(REDUCED_178), path)
    path.write_bytes(edited_pose(path, fps=60, size=(1920, 1080, 0)))
    pose = read_pose(path)
    assert (pose.fps, pose.meta["width"]) == (60, 1920)
    write_pose(small_pose(REDUCED_178)[:0], path)
    assert len(read_pose(path)) == 0


def test_landmarks_of_another_kind_are_named(tmp_path):
    path = tmp_path / "a.pose"
    write_pose(small_pose(REDUCED_178), path)
    path.write_bytes(path.read_bytes().replace(b"RIGHT_SHOULDER", b"RIGHT_SHOULDEr"))
    with pytest.raises(PoseFileError, match=r"POSE_LANDMARKS \(8 points, XYZC\)"):
        read_pose(path)


@pytest.mark.parametrize("key", ["name", "signer", "gloss", "text", "num_frames"])
def test_annotation_without_a_key_is_refused(tmp_path, key):
    items = annotation()
    del items[1][key]
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(pickle.dumps(items)))
    with pytest.raises(PoseFileError, match=f"Item 1 has no {key}"):
        read_annotations(path)


def test_annotation_as_numbers_or_text_is_the_same(tmp_path):
    items = annotation()
    items[0]["num_frames"] = "12"
    items[1]["alignments"]["pami0"] = [100 + k // 3 for k in range(12)]
    items[1]["alignments"]["pami2"] = ""
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(pickle.dumps(items)))
    one, two = read_annotations(path)
    assert np.array_equal(one.alignment, two.alignment)
    assert one.frames == two.frames == 12
    assert len(two.meta["pami2"]) == 0
    items[0]["num_frames"] = 13
    path.write_bytes(gzip.compress(pickle.dumps(items)))
    with pytest.raises(PoseFileError, match="13 frames and 12 states"):
        read_annotations(path)


def test_files_that_swell_are_refused(tmp_path):
    with gzip.open(tmp_path / "a.gz", "wb", compresslevel=1) as stream:
        for _ in range(33):
            stream.write(bytes(16 << 20))
    with pytest.raises(PoseFileError, match="unpacks to more than 512 MB"):
        read_annotations(tmp_path / "a.gz")
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("positions", "confidence", "fps", "skeleton", "meta"):
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(
                header, {"descr": "<f4", "fortran_order": False, "shape": (10**12, 178, 3)}
            )
            archive.writestr(f"{name}.npy", header.getvalue() + bytes(1 << 20))
    with pytest.raises(PoseFileError, match="not what write_npz writes"), guarded():
        read_npz(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", bytes(1 << 24))
    with pytest.raises(PoseFileError, match="not an archive that torch wrote"):
        read_slrtp(tmp_path / "a.pt")
