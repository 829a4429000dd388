"""Does an avatar follow its body, and does it learn?"""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from torchmetrics.functional.image import structural_similarity_index_measure

from slt_lib.body import FitSettings, load_body, to_skeleton
from slt_lib.body.motion import BodyMotion, posed_vertices
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.avatar import Avatar, new_avatar
from slt_lib.rendering.avatar_files import load_avatar, read_ply, save_avatar, write_ply
from slt_lib.rendering.avatar_training import RATES, AvatarSettings, train_avatar
from slt_lib.rendering.binding import frames, matrices, product, quaternions
from slt_lib.rendering.camera import orbit
from slt_lib.rendering.captures import capture_set
from slt_lib.rendering.clothing import skin, top, trousers
from slt_lib.rendering.gaussians import Gaussians
from slt_lib.rendering.rasterise import rasterise
from slt_lib.rendering.regions import BODY, HANDS
from slt_lib.rendering.regrowth import FAINT, regrown
from slt_lib.rendering.sequence import pictures, render_skeleton
from slt_lib.rendering.signers import make_signer
from slt_lib.rendering.similarity import similarity
from slt_lib.rendering.video import read_video

SMALL = AvatarSettings(first=5000, most=6000, steps=120)


@pytest.fixture(scope="module")
def body():
    return load_body()


@pytest.fixture(scope="module")
def rest(body):
    return body.smplx.v_template


@pytest.fixture(scope="module")
def captured(body):
    return capture_set(body, make_signer(4), poses=10, views=2, held_out=4, size=96)


@pytest.fixture(scope="module")
def trained(body, captured):
    return train_avatar(body, captured[0], SMALL, progress=False)


def lively(avatar, seed=0):
    random = torch.Generator().manual_seed(seed)
    learned = {name: getattr(avatar, name) for name in RATES}
    moved = {n: t + 0.3 * torch.randn(t.shape, generator=random) for n, t in learned.items()}
    return replace(avatar, **moved)


def psnr(avatar, body, captures):
    errors = []
    for i, posed in enumerate(posed_vertices(body, captures.motion)):
        painted, _ = rasterise(
            avatar.posed(posed), captures.cameras[i], torch.as_tensor(captures.background)
        )
        inside = torch.from_numpy(captures.masks[i] > 0.5)
        wanted = torch.from_numpy(captures.pictures[i]).float() / 255
        errors.append(((painted.clamp(0, 1) - wanted)[inside] ** 2).mean())
    return float(-10 * torch.stack(errors).mean().log10())


def test_quaternions_and_matrices_are_the_same_turns():
    given = torch.nn.functional.normalize(
        torch.randn(500, 4, generator=torch.Generator().manual_seed(0)), dim=-1
    )
    found = quaternions(matrices(given))
    torch.testing.assert_close(found * (found * given).sum(-1, keepdim=True).sign(), given)
    a, b = given[:250], given[250:]
    torch.testing.assert_close(matrices(product(a, b)), matrices(a) @ matrices(b))


def test_gaussians_move_with_a_mesh_that_moves_as_a_whole(body, rest):
    avatar = lively(new_avatar(body, 800))
    turn = matrices(torch.tensor([[0.8, 0.3, -0.4, 0.2]]))[0]
    shift = torch.tensor([0.5, -1.0, 0.2])
    here, there = avatar.posed(rest), avatar.posed(rest @ turn.T + shift)
    torch.testing.assert_close(there.means, here.means @ turn.T + shift, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(there.scales, here.scales, atol=1e-7, rtol=1e-3)
    torch.testing.assert_close(
        matrices(there.quats), turn @ matrices(here.quats), atol=2e-3, rtol=0
    )
    assert torch.equal(there.opacities, here.opacities)
    slope, turned = (g.sh[:, [3, 1, 2]] * torch.tensor([-1.0, -1, 1])[:, None]
                     for g in (here, there))  # fmt: skip
    torch.testing.assert_close(turned, turn @ slope, atol=2e-3, rtol=0)


def test_gaussians_grow_with_their_triangles(body, rest):
    avatar = lively(new_avatar(body, 300))
    here, there = avatar.posed(rest), avatar.posed(2 * rest)
    torch.testing.assert_close(there.means, 2 * here.means)
    torch.testing.assert_close(there.scales, 2 * here.scales, rtol=1e-3, atol=0)


def test_hands_and_face_have_more_gaussians_per_area(body, rest):
    avatar = new_avatar(body, 20000)
    areas = frames(rest, body.faces).sizes ** 2 / 2
    density = [float((avatar.regions == k).sum() / areas[avatar.labels == k].sum())
               for k in (1, 2, 3)]  # fmt: skip
    np.testing.assert_allclose(np.array(density) / density[0], [1, 4, 3], rtol=0.03)


def test_training_shows_unseen_poses_from_unseen_sides(body, captured, trained):
    train, held_out = captured
    before = psnr(new_avatar(body, SMALL.first), body, held_out)
    assert psnr(trained, body, held_out) > max(before + 8, 22)
    assert psnr(trained, body, train) > 22
    assert len(trained) <= SMALL.most


def test_the_same_seed_learns_the_same(body, captured):
    short = replace(SMALL, steps=25, first=2000, most=2400)
    first, second = (train_avatar(body, captured[0], short, progress=False) for _ in range(2))
    for field in fields(Avatar):
        assert torch.equal(getattr(first, field.name), getattr(second, field.name)), field.name


def test_regrowth_keeps_everything_in_step(body):
    avatar = lively(new_avatar(body, 400))
    opacities = avatar.opacities.clone()
    opacities[:30] = -9
    leaves = {name: getattr(avatar, name).clone().requires_grad_() for name in RATES}
    leaves["opacities"] = opacities.requires_grad_()
    avatar = replace(avatar, **leaves)
    optimiser = torch.optim.Adam([{"params": [leaves[n]], "name": n} for n in RATES], lr=1e-9)
    sum(tensor.square().sum() for tensor in leaves.values()).backward()
    optimiser.step()
    marks = optimiser.state[avatar.colours]["exp_avg"].clone()
    pull = torch.arange(400.0)
    new = regrown(avatar, optimiser, pull, room=50)
    assert len(new) == 450  # 30 dropped, so that 80 could be split
    assert (new.opacities.sigmoid() > FAINT).all()
    assert torch.equal(new.colours[:290], avatar.colours[30:320])
    split = slice(320, 400)
    assert torch.equal(new.triangles[290:370], avatar.triangles[split])
    middle = (new.offsets[290:370] + new.offsets[370:]) / 2
    torch.testing.assert_close(middle, avatar.offsets[split], atol=1e-5, rtol=1e-4)
    for group in optimiser.param_groups:
        leaf = group["params"][0]
        assert leaf is getattr(new, group["name"]) and leaf.is_leaf and leaf.requires_grad
        assert optimiser.state[leaf]["exp_avg"].shape == leaf.shape
    moments = optimiser.state[new.colours]["exp_avg"]
    assert torch.equal(moments[:290], marks[30:320]) and not moments[290:].any()
    new.colours.sum().backward()
    optimiser.step()


def test_another_colour_touches_its_region_alone(body, rest, trained):
    hands = trained.regions == HANDS
    painted = trained.recoloured(hands, (0.1, 0.2, 0.9))
    before, after = trained.posed(rest), painted.posed(rest)
    for name in ("means", "quats", "scales", "opacities"):
        assert torch.equal(getattr(before, name), getattr(after, name))
    assert torch.equal(before.sh[~hands], after.sh[~hands])
    front = trained.light[0] + trained.light[3] + 2 * trained.light[8]
    mean = (painted.colours[hands] * front).mean(0)
    torch.testing.assert_close(mean, torch.tensor([0.1, 0.2, 0.9]), atol=0.02, rtol=0.02)
    with pytest.raises(SLTError, match="recolours none"):
        trained.recoloured(trained.regions > 9, (0, 0, 0))


def test_avatars_and_their_ply_come_back(body, rest, trained, tmp_path):
    save_avatar(trained, tmp_path / "one.npz", rest)
    back = load_avatar(tmp_path / "one.npz")
    for field in fields(Avatar):
        assert torch.equal(getattr(back, field.name), getattr(trained, field.name))
    shown, read = trained.posed(rest), read_ply(tmp_path / "one.ply")
    for field in fields(Gaussians):
        torch.testing.assert_close(
            getattr(read, field.name), getattr(shown, field.name), atol=1e-5, rtol=1e-4
        )


def test_broken_files_are_refused(body, rest, tmp_path):
    avatar, path = new_avatar(body, 20), tmp_path / "a.npz"
    with pytest.raises(SLTError, match="npz"):
        save_avatar(avatar, tmp_path / "a.pt", rest)
    save_avatar(avatar, path, rest)
    whole, ply = path.read_bytes(), (tmp_path / "a.ply").read_bytes()
    arrays = dict(np.load(path))
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SLTError, match="avatar"):
        load_avatar(path)
    for spoilt in ({"quats": arrays["quats"][:5]}, {"triangles": arrays["triangles"] + 10**6},
                   {"format": 9}, {"offsets": arrays["offsets"] * np.nan},
                   {"scales": np.array([{}])}):  # fmt: skip
        np.savez(path, **(arrays | spoilt))
        with pytest.raises(SLTError):
            load_avatar(path)
    for text in (ply[:-5], b"ply\n", ply.replace(b"float opacity", b"float visible"),
                 ply.replace(b"little", b"big"), b""):  # fmt: skip
        (tmp_path / "a.ply").write_bytes(text)
        with pytest.raises(SLTError):
            read_ply(tmp_path / "a.ply")
    with pytest.raises(SLTError, match="no such file"):
        load_avatar(tmp_path / "none.npz")


@pytest.mark.parametrize("bases", [1, 4, 16])
def test_ply_of_any_degree(bases, tmp_path):
    made = Gaussians(torch.randn(5, 3), torch.randn(5, 4), torch.rand(5, 3) + 0.1,
                     torch.rand(5) * 0.9 + 0.05, torch.randn(5, bases, 3))  # fmt: skip
    write_ply(made, tmp_path / "g.ply")
    torch.testing.assert_close(read_ply(tmp_path / "g.ply").sh, made.sh)


def test_a_sequence_comes_frame_by_frame(body, trained, captured):
    motion = captured[1].motion
    long = BodyMotion(np.repeat(motion.rotations[:2], 20, 0), 25, motion.betas)
    made = list(pictures(trained, body, long, orbit(width=40, height=30), (0.2, 0.4, 0.6)))
    assert len(made) == 40 and made[0].shape == (30, 40, 3) and made[0].dtype == np.uint8
    assert (made[0][0, 0] == (51, 102, 153)).all()
    assert (made[0] == made[19]).all() and (made[0] != made[20]).any()
    with pytest.raises(SLTError, match="cameras"):
        next(pictures(trained, body, long, [orbit()] * 3))


def test_other_builds_and_meshes(body, trained):
    wide = BodyMotion(np.zeros((1, 55, 3)), 25, np.full(10, 1.5))
    shaped = trained.posed(posed_vertices(body, wide)[0]).checked()
    assert shaped.means.isfinite().all()
    with pytest.raises(SLTError, match="mesh"):
        trained.posed(torch.zeros(100, 3))


def test_our_ssim_is_torchmetrics_and_has_its_gradient():
    random = torch.Generator().manual_seed(0)
    a, b = torch.rand(2, 40, 31, 3, generator=random)
    a.requires_grad_()
    ours = similarity(a, b)
    _, whole = structural_similarity_index_measure(
        a.permute(2, 0, 1)[None], b.permute(2, 0, 1)[None], data_range=1.0, return_full_image=True
    )
    theirs = whole[..., 5:-5, 5:-5].mean()
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(*(torch.autograd.grad(s, a)[0] for s in (ours, theirs)),
                               atol=1e-6, rtol=1e-3)  # fmt: skip


def test_settings_and_captures_that_make_no_sense(body, captured):
    with pytest.raises(SLTError):
        AvatarSettings(first=10, most=5)
    with pytest.raises(SLTError):
        AvatarSettings(regrow=(1.5,))
    with pytest.raises(SLTError, match="Gaussians"):
        new_avatar(body, 0)
    with pytest.raises(SLTError, match="pictures"):
        train_avatar(body, captured[0][:0], SMALL)


def test_new_avatars_are_labelled_as_the_body_is(body):
    avatar = new_avatar(body, 100)
    assert set(avatar.labels.unique().tolist()) == {BODY, HANDS, 3}


def test_clothes_and_skin_are_told_apart(body, rest, trained):
    hands = trained.regions == HANDS
    shirt, legs, bare = top(trained, body), trousers(trained, body), skin(trained)
    assert bare[hands].all() and not (shirt & legs).any() and not (shirt & bare).any()
    height = (rest[trained.faces[trained.triangles], 1] * trained.weights).sum(-1)
    assert height[legs].max() < height[shirt].min() + 0.01
    assert shirt.float().mean() > 0.1 and legs.float().mean() > 0.1


def test_a_skeleton_becomes_a_video_or_pictures_with_the_build_that_is_asked_for(
    body, trained, captured, tmp_path
):
    turns = np.repeat(captured[1].motion.rotations[:1], 6, 0)
    pose = to_skeleton(body, BodyMotion(turns, 25))
    given = {"camera": orbit(width=48, height=48), "progress": False,
             "settings": FitSettings(deep=True, steps=20)}  # fmt: skip
    betas = np.full(10, 0.5, np.float32)
    motion = render_skeleton(trained, body, pose, tmp_path / "one.mp4", betas=betas, **given)
    assert len(motion) == 6 and np.array_equal(motion.betas, betas)
    seen = list(read_video(tmp_path / "one.mp4"))
    assert len(seen) == 6 and seen[0].shape == (48, 48, 3)
    own = render_skeleton(trained, body, pose, tmp_path / "frames", **given)
    assert len(list((tmp_path / "frames").glob("*.png"))) == 6
    assert not np.array_equal(own.betas, betas)
    assert np.array_equal(own.transl, motion.transl)


def test_avatars_move_to_a_device_whole(body, trained, rest):
    moved = trained.to("cpu")
    for field in fields(Avatar):
        assert torch.equal(getattr(moved, field.name), getattr(trained, field.name))
    assert moved.posed(rest).means.device == torch.device("cpu")


@pytest.mark.parametrize("device", ["graphics", "mps"])
def test_devices_that_no_avatar_learns_on_are_refused(device):
    with pytest.raises(SLTError, match=device):
        AvatarSettings(device=device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_cuda_device_that_is_not_there_is_refused():
    with pytest.raises(SLTError, match="no CUDA device"):
        AvatarSettings(device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_an_avatar_learns_on_cuda_as_on_the_cpu(body, captured, trained, rest):
    there = train_avatar(body, captured[0], replace(SMALL, device="cuda"), progress=False)
    assert {getattr(there, field.name).device.type for field in fields(Avatar)} == {"cuda"}
    shown = list(pictures(there, body, captured[1].motion, captured[1].cameras))
    assert len(shown) == len(captured[1]) and skin(there).any() and top(there, body).any()
    assert psnr(there.to("cpu"), body, captured[1]) > psnr(trained, body, captured[1]) - 1
