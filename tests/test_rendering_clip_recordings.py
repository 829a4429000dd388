"""One's own recordings: converted if whole, and if not, every problem is named before any work."""

from fractions import Fraction

import av
import numpy as np
import pytest

from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance, write_corpus_csv, write_pose
from slt_lib.pose.sequence import PoseSequence
from slt_lib.rendering.clip_recordings import check_recordings, pack_recordings

HIGH, WIDE, FRAMES = 48, 80, 20


def pose_of(frames: int, x: float, fps: float = 25) -> PoseSequence:
    """A signer who stands at x, in pixels."""
    positions = np.full((frames, 178, 3), x, np.float32)
    meta = {"width": WIDE, "height": HIGH}
    return PoseSequence(positions, np.ones((frames, 178), np.float32), fps, meta=meta)


def film(path, times, turned: int = 0) -> None:
    """A video whose frames are grey, brighter with time, and dark left of x = 60; times in ms."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 25, options={"crf": "10", "g": "5"})
        stream.width, stream.height, stream.pix_fmt = WIDE, HIGH, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        if turned:
            stream.set_display_rotation(turned)
        for number, time in enumerate(times):
            picture = np.full((HIGH, WIDE, 3), 40 + 10 * number, np.uint8)
            picture[:, :60] //= 2
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture
def folder(tmp_path):
    """Three recordings with poses and a table."""
    said = []
    for i in range(3):
        film(tmp_path / f"r{i}.mp4", range(0, 40 * FRAMES, 40))
        write_pose(pose_of(FRAMES, 70), tmp_path / f"r{i}.pose")
        said.append(Utterance(f"r{i}", ("A", "B"), f"satz {i}", "ich"))
    write_corpus_csv(said, tmp_path / "corpus.csv")
    return tmp_path


def pack(folder, **more):
    more = {"size": 24, "fps": 12.5, "progress": False, **more}
    return pack_recordings(folder, folder / "corpus.csv", folder / "clips", **more)


def test_recordings_become_square_clips_at_another_rate(folder):
    clips = pack(folder)
    assert clips.names == ("r0", "r1", "r2") and clips.texts[1] == "satz 1"
    assert clips.lengths.tolist() == [FRAMES // 2] * 3 and clips.fps == 12.5
    frames = clips.frames(0).astype(int)
    assert frames.shape == (10, 24, 24, 3)
    np.testing.assert_allclose(frames[:, 12, 20, 0], 40 + 10 * np.arange(1, 20, 2), atol=6)
    dark = frames[5, 12, :, 0] < 100  # the window is x from 32 to 80, dark until 60
    np.testing.assert_array_equal(dark, np.arange(24) < 14)
    assert pack(folder).hash == clips.hash
    with pytest.raises(SLTError, match="other clips"):
        pack(folder, size=16)


def test_frames_are_taken_by_their_times(folder):
    times = [*range(0, 400, 40), *range(400, 1400, 100)]  # 25 frames a second, then 10
    film(folder / "r0.mp4", times)
    clips = pack(folder, fps=20)
    shown = (clips.frames(0)[:, 12, 20, 0].astype(int) - 40) / 10
    middles = (np.arange(len(shown)) + 0.5) * 50
    np.testing.assert_allclose(shown, np.searchsorted(times, middles, "right") - 1, atol=0.6)
    assert len(shown) == round((1.3 + 0.04) * 20)  # the last one as long as most


def test_a_turned_telephone_is_turned_back_and_a_high_picture_widened(folder):
    film(folder / "r0.mp4", range(0, 40 * FRAMES, 40), turned=90)
    frame = pack(folder).frames(0)[5].astype(int)  # 80 high, 48 wide; bright at one end
    bright = frame[..., 0] > 100
    assert bright.all(1).sum() == bright.any(1).sum() == 6  # whole rows: a quarter of 24
    assert bright[0].all() or bright[-1].all()


def test_every_problem_is_one_line_and_nothing_is_written(folder):
    said = [Utterance(f"r{i}", ("A",), "satz") for i in range(3)]
    more = ["cut", "noise", "short", "poseless", "filmless", "bad"]
    for name in [*more[:4], "bad"]:
        film(folder / f"{name}.mp4", range(0, 40 * FRAMES, 40))
    for name in ("cut", "noise", "filmless"):
        write_pose(pose_of(FRAMES, 70), folder / f"{name}.pose")
    write_pose(pose_of(FRAMES - 1, 70), folder / "short.pose")
    (folder / "bad.pose").write_bytes(b"no pose")
    whole = (folder / "cut.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "noise.mp4").write_bytes(b"\1" * 4000)
    said += [Utterance(name, ("A",), "satz") for name in more]
    said += [Utterance("r0", ("A",), "satz"), Utterance("mute", ("A",), "  "),
             Utterance("../r0", ("A",), "satz")]  # fmt: skip
    before = sorted(folder.rglob("*"))
    with pytest.raises(SLTError) as caught:
        pack_recordings(folder, said, folder / "clips", progress=False)
    lines = str(caught.value).splitlines()
    assert "9 problems" in lines[0]
    assert len(lines) == 10
    wanted = ("'r0' stands 2 times", "cut.mp4: It can't be read", "noise.mp4: It can't be read",
              f"short.mp4: It has {FRAMES} frames, its pose file short.pose has {FRAMES - 1}",
              "poseless.pose: The pose file is missing", "filmless: There are 0 videos",
              "bad.pose: Not readable", "'mute' has no text",
              "'../r0' can't be a file")  # fmt: skip
    for line, text in zip(lines[1:], wanted, strict=True):
        assert text in line and line.rstrip()[-1] == "."  # what is wrong, and what to do
    assert sorted(folder.rglob("*")) == before


def test_one_problem_alone_is_the_error(folder):
    (folder / "r1.pose").unlink()
    with pytest.raises(SLTError, match=r"r1.pose: The pose file is missing. Estimate it"):
        pack(folder)
    assert not (folder / "clips").exists()
    with pytest.raises(SLTError, match="no sentence"):
        check_recordings(folder, [])


def test_damaged_frames_inside_a_video_are_noticed(folder):
    file = folder / "r2.mp4"
    whole = bytearray(file.read_bytes())
    start = whole.index(b"mdat") + 4
    middle = start + (len(whole) - start) // 3
    whole[middle : middle + 200] = bytes(200)
    file.write_bytes(bytes(whole))
    with pytest.raises(SLTError, match=r"r2.mp4: (It can't be read|.*damaged|It has)"):
        pack(folder)
