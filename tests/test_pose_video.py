"""Poses from video, where the video environment is there, and what is said where it isn't."""

import pytest
from test_pose_io import assert_same

from slt_lib.pose.depth import fix_depth
from slt_lib.pose.errors import MissingPartError, PoseFileError
from slt_lib.pose.io import (
    read,
)
from slt_lib.pose.normalise import normalise
from slt_lib.pose.resample import to_fps
from slt_lib.pose.skeleton import (
    SLRTP_178,
)
from slt_lib.pose.video import video_command, video_to_pose


@pytest.fixture(scope="module")
def video_environment():
    try:
        return video_command()
    except MissingPartError as error:
        pytest.skip(f"needs the video environment ({error.fix})")


def test_a_real_video_gives_a_pose_in_every_frame(shared_data, tmp_path, video_environment):
    video = shared_data / "video" / "signing_540x720.mp4"
    pose = video_to_pose(video, cache=tmp_path)
    assert len(pose) == 58 and abs(pose.fps - 29.92) < 0.01
    for part in ("body", "face"):
        assert pose.mask[:, pose.group(part)].any(1).all()
    assert fix_depth(pose).meta["z_factor"] == 540
    assert len(to_fps(normalise(pose.to(SLRTP_178)), 25)) == 48
    assert_same(video_to_pose(video, cache=tmp_path), pose)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_video_that_is_none_is_refused(tmp_path, video_environment):
    (tmp_path / "a.mp4").write_bytes(b"not a video")
    with pytest.raises(PoseFileError, match="MediaPipe could not read it"):
        video_to_pose(tmp_path / "a.mp4", cache=None)


def test_a_slow_estimate_is_given_up(shared_data, video_environment):
    video = shared_data / "video" / "signing_540x720.mp4"
    with pytest.raises(PoseFileError, match=r"longer than 0\.2 s"):
        video_to_pose(video, cache=None, timeout=0.2)


def test_without_the_video_environment_the_way_to_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("SLT_VIDEO_ENV", str(tmp_path))
    (tmp_path / "a.mp4").write_bytes(b"film")
    with pytest.raises(MissingPartError, match="make video-env"):
        read(tmp_path / "a.mp4")
