"""A translator of video takes over one of poses and learns to see what it was told."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from translation_toys import toy_settings
from video_toys import toy_video, video_settings

from slt_lib.pose.errors import SLTError
from slt_lib.translation import checkpoint
from slt_lib.translation.checkpoint import load_translator
from slt_lib.translation.data import Codec, TranslationData
from slt_lib.translation.distil import distil, unlike


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The same sentences on video and as poses, twice as many frames, and a translator of these."""
    video = toy_video(tmp_path_factory.mktemp("clips") / "twelve")
    lengths = 2 * video.lengths
    rng = np.random.default_rng(0)
    positions = rng.normal(0, 0.05, (lengths.sum(), 60, 3))
    starts = np.cumsum([0, *lengths])
    for k, (first, last) in enumerate(pairwise(starts)):
        positions[first:last, :8, 1] += "ABC".index(video.glosses[k][0])
    poses = TranslationData(
        positions.astype(np.float16), np.ones(positions.shape[:2], bool), starts, video.names,
        video.glosses, video.texts, np.zeros(len(video), int),
    )  # fmt: skip
    torch.manual_seed(1)
    teacher = checkpoint.build(
        toy_settings(width=16, heads=2, encoder_layers=1, decoder_layers=1, feedforward=16,
                     dropout=0.0, stride=4), Codec.build(poses)
    ).eval()  # fmt: skip
    return video, poses, teacher


def test_what_lies_behind_the_front_end_is_the_teachers_and_states_come_nearer(both, tmp_path):
    video, poses, teacher = both
    found = distil(tmp_path / "one", teacher, video_settings(stride=2), video, poses, updates=40,
                   seed=0, batch_size=6, lr=1e-2, progress=False)  # fmt: skip
    student, mine = load_translator(found), teacher.state_dict()
    for name, value in student.state_dict().items():
        if name.startswith(("decoder.", "gloss_head.", "encoder.time.layers")):
            assert torch.equal(value, mine[name]), name
    rows = np.arange(len(video))
    shown, told = video.batch(rows, teacher.codec), poses.batch(rows, teacher.codec)
    torch.manual_seed(0)
    new = checkpoint.build(video_settings(stride=2), teacher.codec).eval()
    with torch.no_grad():
        learned, untaught = (unlike(one, teacher, shown, told) for one in (student, new))
    assert learned < untaught


def test_the_same_seed_gives_the_same_weights_and_a_finished_one_is_not_made_again(both, tmp_path):
    video, poses, teacher = both
    made = [distil(tmp_path / name, teacher, video_settings(), video, poses, updates=2, seed=3,
                   batch_size=4, progress=False) for name in "ab"]  # fmt: skip
    one, other = (load_translator(folder).state_dict() for folder in made)
    assert all(torch.equal(one[name], other[name]) for name in one)
    before = (made[0] / "best.pt").stat().st_mtime_ns
    distil(made[0], teacher, video_settings(), video, poses, updates=2, seed=3, progress=False)
    assert (made[0] / "best.pt").stat().st_mtime_ns == before


def test_what_does_not_belong_together_is_refused(both, tmp_path):
    video, poses, teacher = both
    with pytest.raises(SLTError, match="same sentences"):
        distil(
            tmp_path, teacher, video_settings(), video, poses.select(range(3)), updates=1, seed=0
        )
    with pytest.raises(SLTError, match="width"):
        distil(tmp_path, teacher, video_settings(width=32), video, poses, updates=1, seed=0)
    assert not list(tmp_path.iterdir())
