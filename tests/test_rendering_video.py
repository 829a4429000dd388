"""Videos: written as frames come, whole or not at all."""

import weakref
from io import BytesIO

import av
import numpy as np
import pytest
from PIL import Image

from slt_lib.pose.errors import SLTError
from slt_lib.rendering.video import as_bytes, jpeg, read_video, write_pictures, write_video


def moving(frames, height=48, width=64):
    """A bright square that goes to the right."""
    for i in range(frames):
        picture = np.full((height, width, 3), 40, np.uint8)
        picture[10:30, 2 * i : 2 * i + 20] = (220, 120, 60)
        yield picture


def test_a_video_keeps_frames_rate_and_pictures(tmp_path):
    path = tmp_path / "new" / "video.mp4"
    assert write_video(moving(12), path, 29.97) == 12
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert float(stream.average_rate) == pytest.approx(29.97, abs=1e-3)
        assert stream.frames == 12
    for seen, wanted in zip(read_video(path), moving(12), strict=True):
        assert np.abs(seen.astype(int) - wanted).mean() < 4


def test_frames_are_taken_one_at_a_time(tmp_path):
    alive = weakref.WeakValueDictionary()
    most = 0

    def frames():
        nonlocal most
        for i, picture in enumerate(moving(100)):
            alive[i] = picture
            most = max(most, len(alive))
            yield picture

    write_video(frames(), tmp_path / "v.mp4", 25)
    assert most <= 4


def test_odd_sizes_repeat_their_last_row_and_column(tmp_path):
    write_video(moving(3, 47, 63), tmp_path / "odd.mp4", 25)
    first = next(read_video(tmp_path / "odd.mp4"))
    assert first.shape == (48, 64, 3)
    assert np.abs(first[47].astype(int) - first[46]).mean() < 3


def test_a_failure_on_the_way_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "video.mp4"
    write_video(moving(2), path, 25)
    before = path.read_bytes()

    def failing():
        yield from moving(3)
        raise RuntimeError("the renderer stopped")

    with pytest.raises(RuntimeError):
        write_video(failing(), path, 25)
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["video.mp4"]


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([], "no frame"),
        ([np.zeros((0, 64, 3), np.uint8)], "64×0 pixels"),
        ([np.zeros((8, 8), np.uint8)], "uint8 or float"),
        ([np.full((8, 8, 3), np.nan)], "aren't finite"),
        ([np.zeros((8, 8, 3), np.uint8), np.zeros((8, 10, 3), np.uint8)], "Frame 1 is 10×8"),
    ],
)
def test_what_is_no_video_is_refused(tmp_path, frames, said):
    with pytest.raises(SLTError, match=said):
        write_video(frames, tmp_path / "v.mp4", 25)
    assert not list(tmp_path.iterdir())


def test_what_can_not_be_read_is_named(tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    for name in ("text.mp4", "missing.mp4"):
        with pytest.raises(SLTError, match=name):
            list(read_video(tmp_path / name))


def test_pictures_are_numbered_and_floats_become_bytes(tmp_path):
    floats = (picture / 255 for picture in moving(3))
    assert write_pictures(floats, tmp_path / "frames") == 3
    for i, wanted in enumerate(moving(3)):
        with Image.open(tmp_path / "frames" / f"{i:05d}.png") as seen:
            assert np.array_equal(np.asarray(seen), wanted)
    assert as_bytes(np.full((1, 1, 3), 2.0)).max() == 255


def test_pictures_of_a_longer_earlier_sequence_are_removed_and_other_files_stay(tmp_path):
    write_pictures(moving(5), tmp_path)
    for name in ("cover.png", "12.png", "00004.txt"):
        (tmp_path / name).write_bytes(b"")
    write_pictures(moving(2), tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {
        "00000.png", "00001.png", "cover.png", "12.png", "00004.txt"
    }  # fmt: skip
    assert write_pictures([], tmp_path / "none") == 0


def test_a_picture_in_jpeg_comes_back_whether_in_colour_or_grey():
    seen = next(moving(1))
    for picture in (seen, seen[..., 0]):
        back = np.asarray(Image.open(BytesIO(jpeg(picture, 95))))
        wanted = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, -1)
        assert back.shape == seen.shape and np.abs(back.astype(int) - wanted).mean() < 4
