"""A generator draws what it is told, in the looks it is given, and learns reproducibly."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from slt_lib.body import load_body
from slt_lib.experiments.signgan import LESSONS, cast, doll_like, judged, signgan_summary
from slt_lib.pose.errors import SLTError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.rendering import signgan_training
from slt_lib.rendering.conditions import DEPTHS, channels, conditions, parts
from slt_lib.rendering.hand_reading import colours_apart, reading_errors, sharpness
from slt_lib.rendering.keypoints import PictureKeypoints, pose_keypoints
from slt_lib.rendering.quality import picture_quality
from slt_lib.rendering.signgan import LOOKS, GanShape, SignGAN, draw
from slt_lib.rendering.signgan_critics import (
    HandReader,
    close_ups,
    hand_boxes,
    heat_maps,
    read_joints,
    reading_loss,
)
from slt_lib.rendering.signgan_files import load_signgan, save_signgan
from slt_lib.rendering.signgan_training import GanSettings, train_signgan
from slt_lib.rendering.unwrap import patch_cover, patches, unwrap, wrap

SIZE = 32
TINY = GanSettings(GanShape(SIZE, 4), steps=6, batch=4, reader_steps=3, save_every=2)


@pytest.fixture(scope="module")
def signers():
    return cast(load_body(), (2, 3), 6, 0, SIZE, 2)


def some(keypoints: PictureKeypoints, **changed) -> PictureKeypoints:
    parts = {name: getattr(keypoints, name) for name in ("places", "depths", "seen")} | changed
    return PictureKeypoints(**parts, height=keypoints.height, width=keypoints.width)


def test_lines_are_where_a_slow_drawing_puts_them(signers):
    keypoints = signers[0][0].keypoints[:2]
    drawn = conditions(keypoints).numpy().astype(float) / 255
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    for p, part in enumerate(parts()):
        wanted = np.zeros((2, SIZE, SIZE))
        for n, chain in [(n, c) for n in range(2) for c in part.chains]:
            for a, b in pairwise(chain):
                start, way = keypoints.places[n, a], keypoints.places[n, b] - keypoints.places[n, a]
                share = ((x - start[0]) * way[0] + (y - start[1]) * way[1]) / max(way @ way, 1e-6)
                share = share.clip(0, 1)
                off = (x - start[0] - share * way[0]) ** 2 + (y - start[1] - share * way[1]) ** 2
                line = np.exp(-off / (2 * (part.width * SIZE) ** 2))
                wanted[n] = np.maximum(wanted[n], line)
        assert np.abs(drawn[:, p] - wanted).max() < 0.02


def test_what_was_not_seen_draws_nothing_and_its_coordinates_are_never_used(signers):
    keypoints = signers[0][0].keypoints
    seen = keypoints.seen.copy()
    seen[:, 8:29] = False
    elsewhere = keypoints.places.copy()
    elsewhere[:, 8:29] = 1e6
    hidden, moved = some(keypoints, seen=seen), some(keypoints, seen=seen, places=elsewhere)
    maps, names = conditions(hidden), [part.name for part in parts()]
    right = [k for k, name in enumerate(names) if name.startswith("right") and "arm" not in name]
    assert len(right) == 5 and not maps[:, right].any() and not maps[:, -2].any()
    assert torch.equal(maps, conditions(moved))
    look = signers[0][0].look()
    assert torch.equal(wrap(look, hidden), wrap(look, moved))
    hand = [patch.name for patch in patches()].index("right hand")
    assert not patch_cover(hidden)[:, hand].any() and patch_cover(keypoints)[:, hand].any()
    numbers, _, joints = hand_boxes(hidden)
    assert len(numbers) <= len(hidden) and len(joints) == len(numbers)


def test_a_waist_up_recording_without_hips_keeps_head_and_arms(signers):
    keypoints = signers[0][0].keypoints
    seen = keypoints.seen.copy()
    seen[:, 6:8] = False
    elsewhere = keypoints.places.copy()
    elsewhere[:, 6:8] = 1e6
    cover = patch_cover(some(keypoints, seen=seen))
    names = [patch.name for patch in patches()]
    for name in names:
        assert bool(cover[:, names.index(name)].any()) == (name != "trunk")
    assert torch.equal(cover, patch_cover(some(keypoints, seen=seen, places=elsewhere)))


def test_depths_go_by_shoulders_that_were_seen(signers):
    positions = np.zeros((3, 178, 3), np.float32)
    positions[:, [0, 3], 0], positions[:, 2, 2] = (40, 60), -10
    positions[:, [0, 3], 2] = 5
    positions[1, 3] = 1e4  # not seen
    confidence = np.zeros((3, 178), np.float32)
    confidence[:, [0, 2, 3]] = 1
    confidence[1, 3] = confidence[2, 0] = confidence[2, 3] = 0
    pose = PoseSequence(positions, confidence, 25, meta={"width": 100, "height": 100})
    found = pose_keypoints(pose, 50, 50)
    assert np.allclose(found.depths[:, 2], -15 / 20)
    assert not found.depths[~found.seen].any()


def test_nobody_seen_gives_the_background(signers):
    keypoints = signers[0][0].keypoints
    nobody = some(keypoints, seen=np.zeros_like(keypoints.seen))
    maps = conditions(nobody)
    assert not maps[:, : len(parts())].any() and not maps[:, -3:].any()
    assert (maps[:, len(parts()) : len(parts()) + len(DEPTHS)] == 128).all()
    assert not wrap(signers[0][0].look(), nobody).any()
    assert conditions(keypoints[:0]).shape == (0, channels(), SIZE, SIZE)


def test_a_nearer_hand_is_brighter(signers):
    keypoints = signers[0][0].keypoints
    depths = keypoints.depths.copy()
    depths[:, 8:29] = -1.0
    near = conditions(some(keypoints, depths=depths))[:, len(parts()) + 2]
    depths[:, 8:29] = 1.0
    far = conditions(some(keypoints, depths=depths))[:, len(parts()) + 2]
    assert near.max() > 180 and far.min() < 80


def test_looks_put_back_where_they_were_are_the_picture(signers):
    one = signers[0][0]
    k = [0]
    put = wrap(unwrap(one.pictures[k], one.keypoints[k], one.masks[k]), one.keypoints[k])
    sure = put[0, 3].numpy() > 0.9
    assert sure.sum() > 50
    colour = (put[0, :3] / put[0, 3:].clamp(min=1e-3)).permute(1, 2, 0).numpy() * 255
    assert np.abs(colour - one.pictures[0])[sure].mean() < 12


def test_looks_leave_out_what_is_beside_the_signer(signers):
    one = signers[0][0]
    marked = one.pictures.copy()
    marked[one.masks < 0.01] = (255, 0, 255)
    plain = unwrap(one.pictures, one.keypoints, one.masks)
    beside = unwrap(marked, one.keypoints, one.masks)
    sure = (plain[:, 3:] > 0.5).expand(-1, 3, -1, -1)
    assert (plain[:, :3] - beside[:, :3])[sure].abs().mean() < 0.03
    with pytest.raises(SLTError, match="belong together"):
        unwrap(one.pictures, one.keypoints[:2])


def test_a_new_generator_draws_the_doll(signers):
    torch.manual_seed(0)
    held, look = signers[1][0], signers[0][0].look()
    pictures, cover = draw(SignGAN(GanShape(SIZE, 4)).eval(), held.keypoints, look, held.background)
    put = wrap(look, held.keypoints)[:, 3].numpy() > 0.95
    assert cover[put].min() > 0.7
    off = np.abs(pictures.astype(float) - doll_like(held, look))[put]
    assert off.mean() < 30
    with pytest.raises(SLTError, match="background"):
        draw(SignGAN(GanShape(SIZE, 4)), held.keypoints, look, np.zeros((5, 5, 3)))
    with pytest.raises(SLTError, match="Looks"):
        draw(SignGAN(GanShape(SIZE, 4)), held.keypoints, look.expand(9, *LOOKS), (0, 0, 0))


def test_a_killed_training_goes_on_to_the_same_weights(signers, tmp_path, monkeypatch):
    body, whole = load_body(), train_signgan(signers[0], load_body(), TINY, progress=False)
    real = signgan_training.lesson

    def dies(subjects, batch, seed, step):
        if step == 4:
            raise KeyboardInterrupt
        return real(subjects, batch, seed, step)

    monkeypatch.setattr(signgan_training, "lesson", dies)
    with pytest.raises(KeyboardInterrupt):
        train_signgan(signers[0], body, TINY, out=tmp_path, progress=False)
    monkeypatch.setattr(signgan_training, "lesson", real)
    monkeypatch.setattr(signgan_training, "train_reader", None)  # it is in the checkpoint
    resumed = train_signgan(signers[0], body, TINY, out=tmp_path, progress=False)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    other = GanSettings(TINY.shape, steps=7, batch=4, reader_steps=3)
    with pytest.raises(SLTError, match="other settings"):
        train_signgan(signers[0], body, other, out=tmp_path, progress=False)


def test_training_comes_nearer_to_pictures_that_it_was_not_shown(signers):
    settings = GanSettings(GanShape(SIZE, 8), steps=60, batch=8, reader_steps=5)
    gan = train_signgan(signers[0], load_body(), settings, progress=False)
    for known, held in zip(*signers, strict=True):
        drawn, cover = draw(gan, held.keypoints, known.look(), held.background)
        doll = picture_quality(doll_like(held, known.look()), held).psnr["foreground"]
        found = picture_quality(drawn, held, cover)
        assert found.psnr["foreground"] > doll and found.iou > 0.8


def test_every_lesson_can_be_left_out(signers):
    for left_out in LESSONS.values():
        settings = GanSettings(TINY.shape, steps=2, batch=2, reader_steps=1, alone=0.0, **left_out)
        gan = train_signgan(signers[0], load_body(), settings, progress=False)
        assert all(value.isfinite().all() for value in gan.state_dict().values())


def test_reading_loss_is_nought_for_the_dots_themselves_and_blind_to_unseen_joints():
    joints = torch.rand(2, 21, 2) * 12 + 2
    wanted, seen = heat_maps(joints)
    assert seen.all()
    perfect = wanted.clamp(min=1e-20).log()
    assert abs(float(reading_loss(perfect, joints))) < 1e-4
    assert (read_joints(perfect) - joints).abs().max() < 0.05
    hidden = joints.clone()
    hidden[:, 3] = torch.nan
    spoiled = perfect.clone()
    spoiled[:, 3] = torch.randn(2, 16, 16)
    assert abs(float(reading_loss(spoiled, hidden))) < 1e-4
    assert float(reading_loss(spoiled, joints)) > 0.1


def test_left_hands_are_mirrored_into_right_ones(signers):
    one = signers[0][0]
    pictures = torch.from_numpy(one.pictures).permute(0, 3, 1, 2) / 255
    numbers, boxes, joints = hand_boxes(one.keypoints)
    places = one.keypoints.places.copy()
    places[..., 0] = SIZE - places[..., 0]
    swapped = np.r_[3:6, 0:3, 7, 6, 29:50, 8:29, 50:178]
    mirrored = some(one.keypoints, places=places[:, swapped], seen=one.keypoints.seen[:, swapped])
    others, other_boxes, other_joints = hand_boxes(mirrored)
    half = int((boxes[:, 2] > 0).sum())
    assert half and len(others) == len(numbers)
    assert torch.allclose(joints[:half], other_joints[len(others) - half :], atol=1e-3)
    ours = close_ups(pictures, numbers, boxes)[:half]
    theirs = close_ups(pictures.flip(3), others, other_boxes)[len(others) - half :]
    assert torch.allclose(ours, theirs, atol=1e-3)


def test_measures_tell_blur_and_collapse():
    rng = np.random.default_rng(0)
    sharp = rng.integers(0, 255, (2, 16, 16, 3)).astype(np.uint8)
    flat = np.full_like(sharp, 100)
    where = np.ones((2, 16, 16), bool)
    assert sharpness(flat, where) == 0 < sharpness(sharp, where)
    assert np.isnan(sharpness(sharp, ~where))
    assert colours_apart(flat) == 0 < colours_apart(sharp)
    nobody = PictureKeypoints(np.zeros((2, 178, 2)), np.zeros((2, 178)),
                              np.zeros((2, 178), bool), 16, 16)  # fmt: skip
    assert len(reading_errors(HandReader(), sharp, nobody)) == 0


def test_judging_and_summary_have_what_the_chapter_shows(signers):
    found = judged(lambda *of: (doll_like(*of), None), *signers, HandReader())
    assert found["psnr"]["foreground"] > 10 and found["iou"] is None
    assert len(found["psnr_by_signer"]) == 2 and found["hand_error"] > 0
    run = found | {"strangers": found, "train_seconds": 1.0, "flicker": 2.0, "apart": 3.0}
    made = signgan_summary({"with_hand_loss": {0: run, 1: run}, "without": {0: run}})
    assert len(made["hand_error"]["with_hand_loss"]) == 2 and made["psnr_heldout"] > 10
    assert set(made["hand_error"]) == {"with_hand_loss", "without"}


def test_a_generator_on_disk_is_the_same_and_other_files_are_refused(tmp_path, signers):
    torch.manual_seed(1)
    gan, path = SignGAN(GanShape(SIZE, 4)).eval(), tmp_path / "gan.pt"
    save_signgan(gan, path)
    held, look = signers[1][0], signers[0][0].look()
    both = (draw(one, held.keypoints, look) for one in (gan, load_signgan(path)))
    for ours, theirs in zip(*both, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(SLTError, match="no such file"):
        load_signgan(tmp_path / "nothing.pt")
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(SLTError, match=r"gan\.pt"):
        load_signgan(path)
    torch.save({"format": "something else"}, path)
    with pytest.raises(SLTError, match="isn't a generator"):
        load_signgan(path)


@pytest.mark.parametrize("wrong", [{"batch": 3}, {"steps": 0}, {"hand_weight": -1}, {"ema": 1.0}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(SLTError, match="sense"):
        GanSettings(**wrong)
    with pytest.raises(SLTError, match="sense"):
        GanShape(60)
    with pytest.raises(SLTError, match="nobody"):
        train_signgan([], load_body(), TINY)
