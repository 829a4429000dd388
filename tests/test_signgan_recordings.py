"""A folder of one's own videos and poses teaches a generator as captures do."""

import numpy as np
import pytest
import torch

from slt_lib.body import load_body, to_skeleton
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import write_pose
from slt_lib.pose.sequence import PoseSequence
from slt_lib.rendering.camera import orbit
from slt_lib.rendering.captures import capture
from slt_lib.rendering.poses import signing_sequence
from slt_lib.rendering.regions import HANDS
from slt_lib.rendering.signers import make_signer
from slt_lib.rendering.signgan import GanShape
from slt_lib.rendering.signgan_recordings import subjects_of_folder
from slt_lib.rendering.signgan_training import GanSettings, train_signgan
from slt_lib.rendering.video import write_video

WIDE, HIGH = 144, 112


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two simulated signers' videos with their poses."""
    home, body = tmp_path_factory.mktemp("own"), load_body()
    for name, who in (("anna", 2), ("ben", 5)):
        (home / name).mkdir()
        motion, view = signing_sequence(body, 10, seed=who), orbit(width=WIDE, height=HIGH)
        taken = capture(body, make_signer(who), motion, [view])
        skeleton = to_skeleton(body, motion)
        pixels, depth = view.project(torch.from_numpy(skeleton.positions * [1, -1, -1]).float())
        positions = torch.cat([pixels, depth[..., None] * 100], -1).numpy()
        meta = {"width": WIDE, "height": HIGH}
        pose = PoseSequence(positions, skeleton.confidence, 25, meta=meta)
        write_pose(pose, home / name / "a.pose")
        write_video(taken.pictures, home / name / "a.mp4", 25)
        np.save(home / f"{name}.npy", taken.masks)
    return home


def test_signers_come_out_of_their_folders(folder):
    found = subjects_of_folder(folder, 56)
    assert list(found) == ["anna", "ben"]
    one = found["anna"]
    assert one.pictures.shape == (10, 56, 56, 3) and len(one.keypoints) == 10
    assert one.background.min() >= 0 and one.background.max() <= 1
    true = np.load(folder / "anna.npy")[:, ::2, ::2][:, :, 8:64].astype(float) > 0.5
    ours = one.masks.astype(float) > 0.5
    assert (ours & true).sum() / (ours | true).sum() > 0.75
    hands = one.regions == HANDS
    assert 0 < hands.mean() < 0.1
    gan = train_signgan(list(found.values()), load_body(),
                        GanSettings(GanShape(56, 4), steps=2, batch=2, reader_steps=1),
                        progress=False)  # fmt: skip
    assert all(value.isfinite().all() for value in gan.state_dict().values())


def test_all_that_is_wrong_is_said_at_once(folder, tmp_path):
    for name in ("anna", "ben"):
        (tmp_path / name).mkdir()
        for file in (folder / name).iterdir():
            (tmp_path / name / file.name).write_bytes(file.read_bytes())
    (tmp_path / "anna" / "a.pose").unlink()
    video = tmp_path / "ben" / "a.mp4"
    video.write_bytes(video.read_bytes()[:200])
    with pytest.raises(SLTError) as caught:
        subjects_of_folder(tmp_path, 48)
    assert "2 recordings" in str(caught.value)
    assert all(part in str(caught.value) for part in ("anna", "ben", "a.pose"))
    with pytest.raises(SLTError, match="no such folder"):
        subjects_of_folder(tmp_path / "nowhere", 48)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SLTError, match="no video"):
        subjects_of_folder(tmp_path / "empty", 48)
