"""The body's file: SMPL-X's format, joints and points in their places, skin that bends."""

import os
from importlib.resources import files

import numpy as np
import pytest
import smplx
import torch

from slt_lib.body.joints import INDEX, NAMES, TIPS
from slt_lib.body.model import KEYS, load_body
from slt_lib.pose.errors import SLTError
from slt_lib.pose.skeleton import face_mesh

OWN = files("slt_lib.body") / "data" / "SMPLX_NEUTRAL.npz"
KEPT = {number: i for i, number in enumerate(face_mesh()["kept"])}


@pytest.fixture(scope="module")
def body():
    return load_body()


@pytest.fixture(scope="module")
def arrays():
    with np.load(OWN) as file:
        return dict(file)


def posed(body, *, betas=None, expression=None, **turns):
    """Vertices and joints [V, 3], [127, 3], with some joints turned by rotation vectors."""
    pose, jaw = torch.zeros(1, 21, 3), torch.zeros(1, 3)
    hands = {side: torch.zeros(1, 15, 3) for side in ("left", "right")}
    for name, turn in turns.items():
        j = INDEX[name]
        if name == "jaw":
            jaw[0] = torch.tensor(turn)
        elif j < 22:
            pose[0, j - 1] = torch.tensor(turn)
        else:
            hands[name.split("_")[0]][0, (j - 25) % 15] = torch.tensor(turn)
    done = body.smplx(
        betas=betas, expression=expression, body_pose=pose.flatten(1), jaw_pose=jaw,
        left_hand_pose=hands["left"].flatten(1), right_hand_pose=hands["right"].flatten(1),
    )  # fmt: skip
    return done.vertices[0].numpy(), done.joints[0].numpy()


def test_it_is_small_and_smplx_itself_loads_it(body, capsys):
    assert OWN.stat().st_size < 3e6
    plain = smplx.create(str(OWN), model_type="smplx", use_pca=False, flat_hand_mean=True)
    capsys.readouterr()
    assert np.array_equal(plain().vertices[0].detach(), posed(body)[0])
    assert plain.faces.shape == body.faces.shape and len(body.faces) > 20_000


def test_joints_of_unseen_builds_are_within_five_millimetres(body, arrays):
    betas = torch.as_tensor(arrays["held_out_betas"])
    found = np.stack([posed(body, betas=one[None])[1][:55] for one in betas])
    error = np.linalg.norm(found - arrays["held_out_joints"], axis=-1)
    assert error.max() < 0.005 and error.mean() < 0.001


def test_both_sides_are_alike(body):
    _, joints = posed(body, betas=torch.randn(1, 10, generator=torch.Generator().manual_seed(0)))
    for name, j in INDEX.items():
        other = INDEX[name.replace("left_", "right_")]
        if name.startswith("right_"):
            continue
        assert np.allclose(joints[j] * [-1, 1, 1], joints[other], atol=2e-4), name


def test_shapes_are_people(body):
    for k in range(10):
        for sign in (-2.0, 2.0):
            betas = torch.zeros(1, 10)
            betas[0, k] = sign
            vertices, joints = posed(body, betas=betas)
            assert 1.4 < np.ptp(vertices[:, 1]) < 2.25
            arms = [joints[INDEX[f"{s}_wrist"]] - joints[INDEX[f"{s}_shoulder"]]
                    for s in ("left", "right")]  # fmt: skip
            assert all(0.4 < abs(arm[0]) < 0.75 and abs(arm[1]) < 0.06 for arm in arms)


def test_the_numbers_that_smplx_knows_are_where_it_thinks(body):
    vertices, joints = posed(body)
    for side, sign in (("left", 1), ("right", -1)):
        for finger, number in TIPS[side].items():
            last, before = (joints[INDEX[f"{side}_{finger}{n}"]] for n in (3, 2))
            bone = np.linalg.norm(last - before)
            reach = (vertices[number] - last) @ (last - before) / bone
            assert 0.4 * bone < reach < 1.6 * bone, (side, finger)
        toes = vertices[[5770, 5780]] if sign > 0 else vertices[[8463, 8474]]
        assert sign * toes[0, 0] < sign * toes[1, 0] and (toes[:, 2] > 0.15).all()
    nose, right_eye, left_eye, right_ear, left_ear = vertices[[9120, 9929, 9448, 616, 6]]
    assert nose[2] > left_eye[2] > left_ear[2] and left_ear[0] > left_eye[0] > 0 > right_eye[0]
    assert right_ear[0] < right_eye[0] and abs(nose[0]) < 0.002


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_turn_of_the_wrist_spreads_over_the_forearm(body, arrays, side):
    rest, joints = posed(body)
    elbow, wrist = joints[INDEX[f"{side}_elbow"]], joints[INDEX[f"{side}_wrist"]]
    along = (rest - elbow) @ (wrist - elbow) / ((wrist - elbow) ** 2).sum()
    arm = np.flatnonzero((along > 0) & (along < 1) & (arrays["weights"][:, INDEX[f"{side}_elbow"]]
                                                     > 0.3))  # fmt: skip
    across = rest[arm][:, 1:] - elbow[1:]
    for angle in (-1.2, 0.7, 1.2):
        moved = posed(body, **{f"{side}_wrist": [angle, 0.0, 0.0]})[0][arm][:, 1:] - elbow[1:]
        turned = np.angle((moved @ [1, 1j]) / (across @ [1, 1j]))
        assert np.abs(turned - angle * along[arm]).max() < 0.16
        ratio = np.linalg.norm(moved, axis=1) / np.linalg.norm(across, axis=1)
        assert ratio.min() > 0.85 and ratio.max() < 1.15  # no candy wrapper
    far = arm[along[arm] < 0.6]
    for bend in ([0.0, 0.9, 0.0], [0.0, 0.0, -0.9]):
        assert np.abs(posed(body, **{f"{side}_wrist": bend})[0][far] - rest[far]).max() < 0.004


def test_fingers_bend_at_their_own_joints(body, arrays):
    rest, joints = posed(body)
    bent, there = posed(body, left_index2=[0.0, 0.0, -1.2])
    moved = np.linalg.norm(bent - rest, axis=1) > 0.002
    own = arrays["weights"][:, [INDEX["left_index2"], INDEX["left_index3"]]].sum(1) > 0.1
    assert moved.sum() > 50 and not (moved & ~own).any()
    assert there[INDEX["left_index3"]][1] < joints[INDEX["left_index3"]][1] - 0.01  # to the palm


def test_face_points_are_on_the_face_and_move_with_it(body):
    def points(**how):
        return body.face_points.on(posed(body, **how)[0], body.faces.numpy())

    rest = points()
    at = {number: rest[i] for number, i in KEPT.items()}
    assert at[152][1] < at[17][1] < at[14][1] < at[13][1] < at[0][1] < at[133][1] < at[105][1]
    assert at[33][0] < at[133][0] < 0 < at[362][0] < at[263][0] and at[234][2] < at[33][2] - 0.02
    for number, other in enumerate(face_mesh()["mirror"]):
        if number in KEPT:
            assert np.allclose(at[number] * [-1, 1, 1], at[other], atol=2e-3)
    opened = points(jaw=[0.3, 0.0, 0.0])
    assert (rest - opened)[KEPT[17], 1] > 0.01 > 0.001 > np.abs(rest - opened)[KEPT[105]].max()
    for k, (number, axis, sign) in {
        0: (105, 1, 1),
        1: (107, 1, -1),
        4: (61, 1, 1),
        5: (61, 1, -1),
        6: (61, 0, 1),
        7: (61, 0, -1),
    }.items():
        change = points(expression=torch.eye(10)[k : k + 1]) - rest
        assert sign * change[KEPT[number], axis] > 0.002, (k, number)
    shut = points(expression=torch.eye(10)[2:3])
    assert shut[KEPT[159], 1] < rest[KEPT[159], 1] - 0.003


def test_a_file_without_face_points_gets_them_by_its_landmarks(body, arrays, tmp_path):
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    np.savez(path, **{key: arrays[key] for key in KEYS})
    other, vertices = load_body(path), posed(body)[0]
    found, known = (b.face_points.on(vertices, b.faces.numpy()) for b in (other, body))
    assert np.linalg.norm(found - known, axis=1).max() < 0.003


class Exploit:
    """Unpickling it would run a command."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_nothing_is_unpickled(arrays, tmp_path):
    trap, path = tmp_path / "trapped", tmp_path / "SMPLX_MALE.npz"
    content = {key: arrays[key] for key in KEYS}
    np.savez(path, **content, part2num=np.array([Exploit(trap)], object))
    assert load_body(path).vertices == 13_718 and not trap.exists()
    np.savez(path, **content | {"weights": np.array([Exploit(trap)], object)})
    with pytest.raises(SLTError, match="isn't SMPL-X"):
        load_body(path)
    assert not trap.exists()
    np.load(path, allow_pickle=True)["weights"]  # the trap works
    assert trap.exists()


def test_a_file_that_is_no_body_is_refused_with_a_reason(arrays, tmp_path):
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    with pytest.raises(SLTError, match=r"no such body file.*Check the path"):
        load_body(path)
    content = {key: arrays[key] for key in KEYS}
    for broken, message in (
        ({"v_template": content["v_template"]}, "no shapedirs, f"),
        (content | {"weights": content["weights"][:, :24]}, r"weights is \(13718, 24\)"),
        (content | {"shapedirs": content["shapedirs"][..., :10]}, "shapedirs is"),
        (content | {"kintree_table": content["kintree_table"][:, ::-1]}, "joints aren't"),
    ):
        np.savez(path, **broken)
        with pytest.raises(SLTError, match=message):
            load_body(path)
    for junk in (b"", b"hello", path.read_bytes()[:2000]):
        path.write_bytes(junk)
        with pytest.raises(SLTError, match="isn't SMPL-X"):
            load_body(path)


def test_names_are_smplx_s():
    from smplx.joint_names import JOINT_NAMES

    known = [name.replace("_eye_smplhf", "_eye") for name in JOINT_NAMES[:55]]
    assert list(NAMES) == known
