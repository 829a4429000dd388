"""Picture quality, region by region; flicker; hands that a detector must find."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from slt_lib.body import BodyMotion, fit_bodies, load_body, to_skeleton
from slt_lib.pose.errors import MissingPartError, SLTError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.rendering import quality
from slt_lib.rendering.camera import orbit, recorded_camera
from slt_lib.rendering.captures import Captures, capture, captures_from_files, joined
from slt_lib.rendering.poses import signing_poses, signing_sequence
from slt_lib.rendering.quality import flicker, hands_found, picture_quality, silhouette_iou
from slt_lib.rendering.regions import FACE, HANDS
from slt_lib.rendering.signers import make_signer
from slt_lib.rendering.video import write_video


@pytest.fixture
def captures():
    """Three pictures of noise with a body, a hand and a face in known places."""
    rng = np.random.default_rng(0)
    regions = np.zeros((3, 40, 50), np.uint8)
    regions[:, 5:35, 10:40] = 1
    regions[:, 20:28, 12:22] = HANDS
    regions[:2, 6:14, 20:30] = FACE
    return Captures(
        rng.integers(60, 180, (3, 40, 50, 3), np.uint8), (regions > 0).astype(np.float16), regions,
        [orbit(width=50, height=40)] * 3, BodyMotion(np.zeros((3, 55, 3)), 25), np.zeros(3),
    )  # fmt: skip


def test_equal_pictures_get_the_best_of_everything(captures):
    found = picture_quality(captures.pictures, captures, captures.masks)
    assert set(found.psnr) == {"foreground", "hands", "face", "body"}
    assert all(value == quality.BEST_PSNR for value in found.psnr.values())
    assert all(value == pytest.approx(1, abs=1e-5) for value in found.ssim.values())
    assert found.iou == 1 and flicker(captures.pictures, captures) == 0


def test_an_error_counts_where_it_is_and_nowhere_else(captures):
    worse = captures.pictures.copy()
    worse[captures.regions == 0] = 0
    worse[captures.regions == HANDS] += 10
    found = picture_quality(worse, captures, batch=2)
    assert found.psnr["hands"] == pytest.approx(20 * np.log10(255 / 10), abs=0.01)
    assert found.psnr["body"] == found.psnr["face"] == quality.BEST_PSNR
    assert found.psnr["hands"] < found.psnr["foreground"] < 50 and found.iou is None


def test_pictures_as_floats_and_in_other_batches_get_the_same(captures):
    noisy = np.clip(captures.pictures + np.random.default_rng(1).normal(0, 9, (3, 40, 50, 3)), 0,
                    255).astype(np.uint8)  # fmt: skip
    one = picture_quality(noisy, captures, batch=1)
    other = picture_quality(noisy / 255, captures, batch=3)
    for name in one.psnr:
        assert one.psnr[name] == pytest.approx(other.psnr[name], abs=1e-3)
        assert one.ssim[name] == pytest.approx(other.ssim[name], abs=1e-5)


def test_a_region_that_no_picture_shows_is_not_a_number(captures):
    assert np.isnan(picture_quality(captures.pictures[2:], captures[2:]).psnr["face"])


def test_silhouettes_are_compared_by_what_they_share():
    one, other = np.zeros((2, 10, 10)), np.zeros((2, 10, 10))
    one[0, :, :6], other[0, :, 3:6] = 1, 0.9
    assert silhouette_iou(one, other) == pytest.approx((0.5 + 1) / 2)
    with pytest.raises(SLTError, match="compared"):
        silhouette_iou(one, other[:1])


def test_flicker_is_change_beyond_the_true_change(captures):
    brighter = captures.pictures + np.uint8(20)
    assert flicker(brighter, captures) == 0
    brighter[1] += 12
    assert flicker(brighter, captures) == pytest.approx(12)
    assert flicker(brighter / 255, captures) == pytest.approx(12, abs=1e-3)
    with pytest.raises(SLTError, match="2 or more"):
        flicker(brighter[:1], captures[:1])


def test_hands_need_the_video_environment_and_it_is_said_so(captures, tmp_path, monkeypatch):
    monkeypatch.setenv("SLT_VIDEO_ENV", str(tmp_path))
    with pytest.raises(MissingPartError, match="make video-env"):
        hands_found(captures.pictures)


def test_hands_are_counted_by_frames(captures, monkeypatch):
    class Found:
        mask = np.array([[1, 1, 0], [0, 1, 0], [0, 1, 0]], bool)

        def group(self, part):
            return [("left_hand", "right_hand", "face").index(part)]

    monkeypatch.setattr(quality, "video_to_pose", lambda path, cache: Found())
    assert hands_found(captures.pictures) == pytest.approx(
        {"left_hand": 1 / 3, "right_hand": 1, "face": 0}
    )


def test_a_recording_from_files_gets_its_regions_from_the_posed_mesh(tmp_path):
    body, view = load_body(), orbit(width=128, height=128)
    motion = signing_poses(body, 3, seed=1)
    taken = capture(body, make_signer(3), motion, [view])
    write_video(taken.pictures, tmp_path / "seen.mp4", 25)
    white = np.repeat(taken.masks[..., None].astype(float), 3, -1)
    write_video(white, tmp_path / "mask.mp4", 25)
    read = captures_from_files(body, tmp_path / "seen.mp4", motion, [view], tmp_path / "mask.mp4")
    assert silhouette_iou(read.masks, taken.masks) > 0.97
    assert (read.regions == taken.regions).mean() > 0.97
    assert np.abs(read.background - taken.background.mean((0, 1))).max() < 0.1
    outside = read.pictures[read.masks == 0] / 255
    assert len(outside) > 1000 and np.abs(outside - read.background).max() < 0.003
    inside = read.masks > 0.99
    off = np.abs(read.pictures[inside].astype(int) - taken.pictures[inside])
    assert off.mean() < 6
    with pytest.raises(SLTError, match="belong"):
        captures_from_files(body, tmp_path / "seen.mp4", motion[:2], [view], tmp_path / "mask.mp4")


def test_a_room_behind_the_signer_is_replaced_by_the_colour_that_is_asked_for(tmp_path):
    body, view = load_body(), orbit(width=64, height=64)
    room = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    write_video([room], tmp_path / "seen.mp4", 25)
    mask = np.zeros((64, 64, 3))
    mask[20:50, 20:50] = 1
    write_video([mask], tmp_path / "mask.mp4", 25)
    motion = BodyMotion(np.zeros((1, 55, 3)), 25)
    given = tmp_path / "seen.mp4", motion, [view], tmp_path / "mask.mp4"
    read = captures_from_files(body, *given, background=np.array([0, 1.0, 0]))
    assert np.abs(read.pictures[0, :12] - np.array([0.0, 255, 0])).max() < 3
    assert read.pictures[0, 25:45, 25:45].std() > 20


def test_recordings_without_camera_or_frames_are_refused(tmp_path, monkeypatch):
    motion = BodyMotion(np.zeros((1, 55, 3)), 25)
    with pytest.raises(SLTError, match="camera"):
        captures_from_files(load_body(), "seen.mp4", motion, [], "mask.mp4")
    monkeypatch.setattr("slt_lib.rendering.captures.read_video", lambda path: iter(()))
    with pytest.raises(SLTError, match=r"seen\.mp4.*no frame"):
        captures_from_files(load_body(), "seen.mp4", motion, [orbit()], "mask.mp4")


def test_recordings_of_one_signer_are_joined_in_their_order(captures):
    both = joined([captures[:2], captures[2:]])
    assert len(both) == 3 and len(both.cameras) == 3
    for name in ("pictures", "masks", "regions"):
        assert np.array_equal(getattr(both, name), getattr(captures, name))
    assert np.array_equal(both.motion.rotations, captures.motion.rotations)
    other = replace(captures.motion, betas=np.ones(10))
    small = Captures(
        captures.pictures[:, :30], captures.masks[:, :30], captures.regions[:, :30],
        [orbit(width=50, height=30)] * 3, captures.motion, captures.background,
    )  # fmt: skip
    for wrong, said in (
        ([], "no captures"),
        ([captures, replace(captures, motion=other)], "builds"),
        ([captures, replace(captures, background=np.ones(3))], "backgrounds"),
        ([captures, small], "sizes"),
    ):
        with pytest.raises(SLTError, match=said):
            joined(wrong)


def test_the_camera_of_a_fit_sees_the_body_where_it_was_recorded():
    body, view = load_body(), orbit(distance=6.0, width=160, height=128)
    motion = signing_sequence(body, 6, seed=4)
    taken = capture(body, make_signer(3), motion, [view])
    skeleton = to_skeleton(body, motion)
    pixels, depth = view.project(torch.from_numpy(skeleton.positions * [1, -1, -1]).float())
    positions = torch.cat([pixels, depth[..., None]], -1).numpy()
    pose = PoseSequence(positions, skeleton.confidence, 25, meta={"width": 160})
    fit = fit_bodies(body, [pose])[0]
    again = capture(body, make_signer(3), fit.motion, [recorded_camera(fit, 160, 128)])
    assert silhouette_iou(again.masks, taken.masks) > 0.85
