"""Video through the translator of poses: one code path, padding unseen, exact resume."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from translation_toys import toy_data, toy_phase, toy_settings, weights_of
from video_toys import TEXTS, toy_clips, toy_video, video_settings

from slt_lib.experiments.scale import SCALES
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.frame_encoder import FrameEncoder
from slt_lib.translation import checkpoint
from slt_lib.translation.batches import Mixture
from slt_lib.translation.checkpoint import load_translator
from slt_lib.translation.data import Codec, concatenate
from slt_lib.translation.forced import recognise
from slt_lib.translation.loss import Totals
from slt_lib.translation.model import flops_per_sentence
from slt_lib.translation.picture_augment import augment_pictures, vary
from slt_lib.translation.search import SearchSettings, translate
from slt_lib.translation.settings import AugmentSettings, PictureAugment
from slt_lib.translation.train import train
from slt_lib.translation.video_data import VideoData
from slt_lib.translation.video_encoder import VideoEncoder, mean_of_pairs

pytestmark = pytest.mark.filterwarnings("ignore:.*sentences were cut")
ALL = PictureAugment(shift=0.1, scale=0.2, colour=0.3, drop=0.3)
BRIEF = SearchSettings(beam=2, max_length=12)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> VideoData:
    return toy_video(tmp_path_factory.mktemp("clips") / "twelve")


def model_of(data, **changes):
    torch.manual_seed(0)
    return checkpoint.build(video_settings(**changes), Codec.build(data)).eval()


def seeded(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def test_a_batch_holds_the_clips_and_says_what_is_padding(data):
    batch = data.batch([3, 0, 7], Codec.build(data))
    assert batch.frames.tolist() == data.lengths[[3, 0, 7]].tolist()
    assert batch.pictures.dtype == torch.uint8 and batch.positions is batch.seen is None
    assert batch.pictures.shape == (3, max(batch.frames), 3, 24, 24)
    for row, clip in enumerate((3, 0, 7)):
        found = batch.pictures[row, : batch.frames[row]].permute(0, 2, 3, 1)
        assert torch.equal(found, torch.from_numpy(data.clips[0].frames(clip)))
        assert not batch.pictures[row, batch.frames[row] :].any()
        assert batch.mask[row].sum() == batch.frames[row]
    assert Totals.of(batch, 2).steps == sum((n + 1) // 2 for n in batch.frames.tolist())


def test_sets_are_selected_and_joined_without_their_pictures(data, tmp_path):
    other = replace(toy_video(tmp_path / "other", 5), domain=torch.ones(5, dtype=int).numpy())
    both = concatenate([data, other, data.select([2])])
    assert len(both) == 18 and both.names[17] == data.names[2] and both.domain[13] == 1
    chosen, codec = both.select([14, 1, 17]), Codec.build(both)
    one, two = chosen.batch(range(3), codec), both.batch([14, 1, 17], codec)
    assert torch.equal(one.pictures, two.pictures) and torch.equal(one.tokens, two.tokens)
    assert torch.equal(one.pictures[2, :6], data.batch([2], codec).pictures[0, :6])
    prints = {checkpoint.fingerprint(d) for d in (data, other, both, data.select([1]),
                                                  data.with_texts(["x"] * 12))}  # fmt: skip
    assert len(prints) == 5
    with pytest.raises(SLTError, match="Poses and videos"):
        concatenate([data, toy_data(3)])
    quick = VideoData.from_clips(toy_clips(tmp_path / "quick", 4, key="quick"))
    quick.clips[0].fps = 25.0
    with pytest.raises(SLTError, match=r"12.5 fps, 24×24 pixels; 25 fps"):
        concatenate([data, quick])


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_a_clip_says_the_same_alone_and_beside_longer_ones(data, stride):
    model, order = model_of(data, stride=stride), data.lengths.argsort()
    short, long = int(order[0]), int(order[-1])
    assert data.lengths[short] < data.lengths[long]
    alone = model.encode(data.batch([short], model.codec))
    batch = data.batch([long, short], model.codec)
    batch.pictures[1, batch.frames[1] :] = 255  # whatever stands there
    beside = model.encode(batch)
    steps = alone.states.shape[1]
    assert beside.mask[1].sum() == steps == -(-int(data.lengths[short]) // stride)
    torch.testing.assert_close(beside.states[1, :steps], alone.states[0], atol=1e-5, rtol=1e-5)


def test_pairs_are_means_of_what_is_real():
    x = torch.tensor([[[1.0], [3.0], [5.0]], [[2.0], [0.0], [0.0]]])
    mask = torch.tensor([[True, True, True], [True, False, False]])
    assert mean_of_pairs(x, mask)[..., 0].tolist() == [[2.0, 5.0], [2.0, 0.0]]


def test_a_change_between_frames_is_seen(data):
    model, batch = model_of(data, stride=1), data.batch([0], Codec.build(data))
    x = model.encode(batch).states
    swapped = replace(batch, pictures=batch.pictures.flip(1))
    assert not torch.allclose(model.encode(swapped).states.flip(1), x, atol=1e-3)


def test_a_kind_that_the_encoder_does_not_read_is_refused(data, tmp_path):
    with pytest.raises(SLTError, match="'video' doesn't read poses"):
        train(tmp_path / "a", video_settings(), toy_phase(), toy_data(4), toy_data(4), seed=0)
    with pytest.raises(SLTError, match="'transformer' doesn't read video"):
        train(tmp_path / "b", toy_settings(), toy_phase(), data, data, seed=0)
    with pytest.raises(SLTError, match="AugmentSettings doesn't suit video"):
        train(tmp_path / "c", video_settings(), toy_phase(augment=AugmentSettings()), data, data,
              seed=0)  # fmt: skip
    with pytest.raises(SLTError, match="PictureAugment doesn't suit poses"):
        train(tmp_path / "d", toy_settings(), toy_phase(augment=ALL), toy_data(4), toy_data(4),
              seed=0)  # fmt: skip
    assert not list(tmp_path.rglob("*.pt"))


class Stop(Exception):
    """Thrown by a monitor."""


@pytest.mark.parametrize("mixed", [False, True])
def test_a_training_that_stopped_goes_on_to_the_same_bits(data, tmp_path, mixed):
    def stop(history, model):
        if len(history) == 2:  # the first look is in the checkpoint
            raise Stop

    more = toy_video(tmp_path / "more", 5)
    parts = Mixture([(data, lambda p: 1 - p), (more, lambda p: 1 + p)]) if mixed else data

    def go(out, monitor=None):
        shape, phase = video_settings(dropout=0.3), toy_phase(augment=ALL, updates=6)
        return train(out, shape, phase, parts, data, seed=3, monitor=monitor)

    whole = go(tmp_path / "whole")
    with pytest.raises(Stop):
        go(tmp_path / "broken", stop)
    again = go(tmp_path / "broken")
    assert (whole.resumed_at, again.resumed_at) == (0, 2) and again.updates == 6
    one, two = (weights_of(tmp_path / n / "last.pt") for n in ("whole", "broken"))
    assert all(torch.equal(one[name], two[name]) for name in one)
    with pytest.raises(SLTError, match=r"another training|other settings"):
        train(tmp_path / "whole", video_settings(dropout=0.3),
              toy_phase(augment=ALL, updates=6), more, data, seed=3)  # fmt: skip


def test_a_small_set_is_learned_and_the_translator_reopens(data, tmp_path):
    phase = toy_phase(updates=60, batch_size=12, lr=1e-2, eval_every=20)
    done = train(tmp_path / "out", video_settings(), phase, data, data, seed=1)
    assert done.history[-1]["loss"] < 0.5 * done.history[0]["loss"]
    model = load_translator(tmp_path / "out")
    assert isinstance(model.encoder, VideoEncoder) and set(data.texts) == set(TEXTS)
    found = translate(model, data, BRIEF)
    assert found == translate(model, data, BRIEF, batch_size=5)
    assert sum(a == b for a, b in zip(found, data.texts, strict=True)) >= 10
    assert len(recognise(model, data)) == 12
    assert flops_per_sentence(model) > flops_per_sentence(model, frames=50) > 0


class Mean(nn.Module):
    """The smallest frame encoder."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.out = nn.Linear(3, width)

    def forward(self, pictures):
        return self.out(pictures.float().mean((2, 3)) / 255)


SOURCE = """
import torch
from torch import nn


class Mine(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.out = nn.Linear(3, width)

    def forward(self, pictures):
        return self.out(pictures.float().mean((2, 3)) / 255)


def function(width):
    return None
"""


def test_any_frame_encoder_by_module_or_file(data, tmp_path):
    (tmp_path / "mine.py").write_text(SOURCE)
    for name in (f"{__name__}:Mean", f"{tmp_path}/mine.py:Mine"):
        states = model_of(data, frames=name).encode(data.batch([0, 1], Codec.build(data))).states
        assert states.shape[-1] == 16
    for name in ("no.such.module:Frames", f"{__name__}:Gone", f"{tmp_path}/gone.py:Mine",
                 f"{tmp_path}/mine.py:function", "os:system"):  # fmt: skip
        with pytest.raises(SLTError, match=r"can't be made.*Give package.module:Class"):
            model_of(data, frames=name)
    with pytest.raises(SLTError, match="can't be had"):
        video_settings(frames="Frames")


def test_a_frame_encoder_starts_from_given_weights_and_no_longer_needs_them(data, tmp_path):
    torch.manual_seed(9)
    weights, file = FrameEncoder(16).state_dict(), tmp_path / "frames.pt"
    weights["project.bias"] = torch.zeros(7)  # of another shape: left out
    torch.save(weights, file)
    shape, seen = video_settings(frames_weights=str(file)), {}

    def monitor(history, model):
        seen.update({k: v.clone() for k, v in model.encoder.frames.state_dict().items()})

    phase = toy_phase(updates=1, lr=1e-9)
    train(tmp_path / "out", shape, phase, data, data, seed=1, monitor=monitor)
    assert torch.allclose(seen["project.weight"], weights["project.weight"], atol=1e-6)
    file.unlink()
    assert len(translate(load_translator(tmp_path / "out"), data, BRIEF)) == 12
    train(tmp_path / "tuned", video_settings(), phase, data, data, seed=1,
          initial=tmp_path / "out")  # fmt: skip
    with pytest.raises(SLTError, match=r"frames.pt: There is no such file"):
        train(tmp_path / "new", shape, phase, data, data, seed=1)
    file.write_bytes(b"no weights")
    with pytest.raises(SLTError, match=r"frames.pt: Not readable as a frame encoder's weights"):
        train(tmp_path / "new", shape, phase, data, data, seed=1)
    torch.save({"other": torch.zeros(3)}, file)
    with pytest.raises(SLTError, match="None of its 1 weights fits"):
        train(tmp_path / "new", shape, phase, data, data, seed=1)
    assert not (tmp_path / "new" / "last.pt").exists()


def test_variation_is_the_seeds_and_keeps_lengths_right(data):
    batch = data.batch(range(12), Codec.build(data))
    before = batch.pictures.clone()
    one, two, other = (augment_pictures(batch, ALL, seeded(s)) for s in (1, 1, 2))
    assert torch.equal(batch.pictures, before)
    assert torch.equal(one.pictures, two.pictures) and torch.equal(one.frames, two.frames)
    assert not torch.equal(one.frames, other.frames)
    share = one.frames / batch.frames
    assert (share >= 0.65).all() and (share <= 1.35).all() and (one.frames != batch.frames).any()
    assert one.pictures.shape[1] == one.frames.max() and one.pictures.dtype == torch.uint8
    assert not one.pictures[~one.mask].any() and one.pictures[one.mask].any()
    still = vary(batch, PictureAugment.off(), seeded(1))
    assert torch.equal(still.pictures, before) and torch.equal(still.frames, batch.frames)
    assert vary(batch, AugmentSettings.off(), seeded(1)) is batch


def test_each_variation_does_what_it_says(data):
    batch = data.batch([5], Codec.build(data))
    clip = batch.pictures[0]

    def varied(**how):
        none = {"shift": 0, "scale": 0, "colour": 0, "drop": 0}
        return augment_pictures(batch, PictureAugment(**{**none, **how}), seeded(4)).pictures[0]

    moved, sides = varied(shift=0.25), range(-6, 7)
    matches = [(y, x) for y in sides for x in sides if torch.equal(
        moved[:, :, 6:-6, 6:-6], clip[:, :, 6 + y : 18 + y, 6 + x : 18 + x])]  # fmt: skip
    assert len(matches) == 1 and matches[0] != (0, 0)
    lit = varied(colour=0.3)
    gains = {(int(a), int(b)) for a, b in zip(clip[:, 0].flatten(), lit[:, 0].flatten(),
                                              strict=True)}  # fmt: skip
    assert len(gains) == len({a for a, _ in gains})  # one light for the whole clip
    assert not torch.equal(lit, clip)
    shown = varied(drop=0.5)
    assert {p.numpy().tobytes() for p in shown} <= {p.numpy().tobytes() for p in clip}
    assert varied(scale=0.3).shape == clip.shape
    one = replace(batch, pictures=batch.pictures[:, :1], frames=torch.tensor([1]))
    for seed in range(8):
        alone = augment_pictures(one, replace(ALL, drop=0.9), seeded(seed))
        assert alone.frames.item() in (1, 2)
    with pytest.raises(SLTError, match="makes no sense"):
        PictureAugment(scale=1.0)


def test_an_experiments_scale_can_vary_videos():
    small = SCALES["smoke"]
    assert replace(small, augment=ALL).phase(1, 1).augment == ALL
    assert small.phase(1, 1).augment == AugmentSettings()
    assert replace(small, augment=False).phase(1, 1).augment == AugmentSettings.off()
