"""A real signer's videos, poses and masks come in together, or not at all."""

import numpy as np
import pytest
import torch

from slt_lib.body import load_body, to_skeleton
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import write_pose
from slt_lib.pose.sequence import PoseSequence
from slt_lib.rendering.camera import orbit
from slt_lib.rendering.captures import capture
from slt_lib.rendering.keypoints import body_keypoints
from slt_lib.rendering.poses import signing_sequence
from slt_lib.rendering.quality import silhouette_iou
from slt_lib.rendering.recordings import captures_of_recordings, recording_paths, squared
from slt_lib.rendering.signers import make_signer
from slt_lib.rendering.video import write_video

WIDE, HIGH = 192, 160


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A simulated signer's video, pose and mask on disk, and what the camera took."""
    folder, body = tmp_path_factory.mktemp("recorded"), load_body()
    motion, view = signing_sequence(body, 8, seed=4), orbit(distance=6, width=WIDE, height=HIGH)
    taken = capture(body, make_signer(3), motion, [view])
    skeleton = to_skeleton(body, motion)
    pixels, depth = view.project(torch.from_numpy(skeleton.positions * [1, -1, -1]).float())
    positions = torch.cat([pixels, depth[..., None]], -1).numpy()
    meta = {"width": WIDE, "height": HIGH}
    write_pose(PoseSequence(positions, skeleton.confidence, 25, meta=meta), folder / "a.pose")
    write_video(taken.pictures, folder / "a.mp4", 25)
    white = np.repeat(taken.masks[..., None].astype(float), 3, -1)
    write_video(white, folder / "mask.mp4", 25)
    return body, taken, [str(folder / name) for name in ("a.mp4", "a.pose", "mask.mp4")]


def test_two_recordings_of_a_signer_become_captures_with_one_build(recorded):
    body, taken, paths = recorded
    train, held_out = captures_of_recordings(body, *([path, path] for path in paths), 80)
    assert (len(train), len(held_out)) == (12, 4)
    assert train.pictures.shape[1:] == (80, 96, 3)
    np.testing.assert_array_equal(train.motion.betas, held_out.motion.betas)
    true = capture(body, make_signer(3), taken.motion[:6], [taken.cameras[0].resized(96, 80)])
    assert silhouette_iou(train.masks[:6], true.masks) > 0.9
    ours = capture(body, make_signer(3), train.motion[:6], train.cameras[:6])
    assert silhouette_iou(ours.masks, true.masks) > 0.8


def test_parameters_come_together_and_name_files(recorded):
    _, _, (video, pose, mask) = recorded
    both = {"video": f"{video}, {video}", "video_pose": f"{pose},{pose}"}
    assert recording_paths(both | {"video_mask": f"{mask},{mask}"}) == [
        [video] * 2, [pose] * 2, [mask] * 2
    ]  # fmt: skip
    assert recording_paths({"video": "", "video_pose": "", "video_mask": ""}) == [[], [], []]
    with pytest.raises(SLTError, match="video_mask names 1 files") as caught:
        recording_paths(both | {"video_mask": mask})
    assert "video_mask is short" in str(caught.value)
    with pytest.raises(SLTError, match="no such file"):
        recording_paths({"video": "nowhere.mp4"})


@pytest.mark.parametrize("fault", ["too few", "Shoulders or nose", "width and height"])
def test_a_recording_that_cannot_be_believed_is_refused_before_anything_is_fitted(
    recorded, tmp_path, monkeypatch, fault
):
    from slt_lib.rendering import recordings

    body, _, (video, path, mask) = recorded
    pose = recordings.read_pose(path)
    bad = {
        "too few": pose[:3],
        "Shoulders or nose": pose.replace(confidence=pose.confidence * 0.5),
        "width and height": pose.replace(meta={**pose.meta, "width": None}),
    }[fault]
    monkeypatch.setattr(recordings, "read_pose", lambda path: bad)
    with pytest.raises(SLTError, match=fault) as caught:
        captures_of_recordings(body, [video], [path], [mask], 80)
    assert path in str(caught.value)


def test_squared_captures_show_the_middle_and_keep_their_cameras_right(recorded):
    body, taken, _ = recorded
    square = squared(taken)
    assert square.pictures.shape[1:] == (HIGH, HIGH, 3)
    left = (WIDE - HIGH) // 2
    whole, part = (body_keypoints(body, c.motion, c.cameras) for c in (taken, square))
    moved = whole.places - np.array([left, 0])
    np.testing.assert_allclose(part.places, moved, atol=1e-3)
    np.testing.assert_array_equal(square.pictures, taken.pictures[:, :, left : left + HIGH])
    upright = capture(body, make_signer(3), taken.motion[:1], [orbit(width=60, height=80)])
    with pytest.raises(SLTError, match="higher than wide"):
        squared(upright)
