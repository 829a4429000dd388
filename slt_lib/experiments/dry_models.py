"""The book's models at a profile's sizes, each with made-up batches of PHOENIX14T's lengths."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from slt_lib.body.model import load_body
from slt_lib.experiments.dry_run import BATCHES, Case, Job
from slt_lib.experiments.scale import scale
from slt_lib.experiments.text_to_gloss import MODEL, UPDATES, training_settings
from slt_lib.experiments.video_scale import video_scale
from slt_lib.pose.errors import MissingPartError, SLTError
from slt_lib.rendering.avatar import Avatar
from slt_lib.rendering.avatar_training import RATES, train_avatar
from slt_lib.rendering.captures import capture_set
from slt_lib.rendering.frame_pretraining import train_frame_encoder
from slt_lib.rendering.keypoints import body_keypoints
from slt_lib.rendering.regressor import PoseRegressor
from slt_lib.rendering.regressor_training import train_regressor
from slt_lib.rendering.signers import make_signer
from slt_lib.rendering.signgan import SignGAN
from slt_lib.rendering.signgan_critics import PatchCritic
from slt_lib.rendering.signgan_training import train_signgan
from slt_lib.translation.checkpoint import build
from slt_lib.translation.data import Batch, Codec, targets
from slt_lib.translation.loss import Totals, losses
from slt_lib.translation.model import count_parameters
from slt_lib.translation.parameters import groups
from slt_lib.translation.picture_augment import vary
from slt_lib.translation.settings import ModelSettings, TrainSettings
from slt_lib.translation.text_to_gloss.batches import GlossCodec
from slt_lib.translation.text_to_gloss.data import GlossSentences
from slt_lib.translation.text_to_gloss.model import TextToGloss
from slt_lib.translation.text_to_gloss.training import train_text_to_gloss
from slt_lib.translation.vocabulary import Vocabulary

GLOSSES, WORDS = 1085, 2888  # different ones in PHOENIX14T's training set
FRAMES = (112, 475)  # of its median and its longest training sentence, at 25 per second
SAID, SIGNED = (14, 53), (7, 30)  # their words and glosses, likewise
MOST_PIXELS = 50e6  # of a video batch that is tried here; a GPU takes the whole one
PER_GAUSSIAN = 26  # numbers of an avatar that are trained
MOST_PRETRAINED = 4  # sentences of a batch that are tried with a pre-trained decoder
MBART = {"d_model": 1024, "decoder_layers": 12, "decoder_ffn_dim": 4096,
         "decoder_attention_heads": 16}  # fmt: skip
SMALL_MBART = {"d_model": 16, "decoder_layers": 1, "decoder_ffn_dim": 16,
               "decoder_attention_heads": 2, "encoder_attention_heads": 2}  # fmt: skip
LARGE = 1e8  # parameters above which Adam's means are counted but not held


def corpus_words() -> Codec:
    """Vocabularies as large as PHOENIX14T's, of made words."""
    return Codec(*(Vocabulary.build([[f"{kind}{i}" for i in range(count)]])
                   for kind, count in (("G", GLOSSES), ("w", WORDS))))  # fmt: skip


def made_batches(codec: Codec, count: int, *, side: int = 0, every: int = 1) -> list[Batch]:
    """A batch of sentences of median length and one of the longest.

    Args:
        codec: Whose words.
        count: Sentences per batch.
        side: Of video frames, pixels; 0 makes poses.
        every: Frames of a video, every so-many-th of 25 a second.
    """
    rng, made = np.random.default_rng(0), []
    for frames, words, glosses in zip(FRAMES, SAID, SIGNED, strict=True):
        frames = -(-frames // every)
        gloss = [[f"G{i}" for i in rng.integers(GLOSSES, size=glosses)] for _ in range(count)]
        text = [" ".join(f"w{i}" for i in rng.integers(WORDS, size=words)) for _ in range(count)]
        positions = None if side else torch.randn(count, frames, 60, 3) * 0.5
        seen = None if side else torch.rand(count, frames, 60) > 0.1
        pictures = torch.randint(256, (count, frames, 3, side, side), dtype=torch.uint8)
        made.append(Batch(
            positions, seen, torch.full((count,), frames), **targets(gloss, text, codec),
            domain=torch.zeros(count, dtype=torch.long), pictures=pictures if side else None,
        ))  # fmt: skip
    return made


def learn(model, settings: TrainSettings, made: Sequence[Batch]) -> list[float]:
    """One update on each batch, as `translation.train` makes them; their losses."""
    if count_parameters(model) < LARGE:
        optimizer = torch.optim.AdamW(groups(model, settings), lr=settings.lr, betas=(0.9, 0.98))
    else:
        optimizer = torch.optim.SGD(groups(model, settings), lr=settings.lr)
    found = []
    for batch in made:
        batch = vary(batch, settings.augment, torch.Generator().manual_seed(0))
        totals = Totals.of(batch, model.settings.stride)
        loss = losses(model.train()(batch), batch, settings, totals)["loss"]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
        optimizer.step()
        found.append(float(loss.detach()))
    return found


def _translator(profile: str, **changes) -> Job:
    sizes = scale(profile)
    return _poses(replace(sizes.model, **changes), sizes.phase(1, 1.0), sizes.batch_size)


def _poses(
    model_settings: ModelSettings, settings: TrainSettings, count: int, tried: int = 0
) -> Job:
    tried = tried or count
    torch.manual_seed(0)
    codec = corpus_words()
    model = build(model_settings, codec)
    made = partial(made_batches, model.codec, tried)
    if model_settings.decoder != "scratch":  # its words are its own
        made = partial(made_batches, codec, tried)
    return Job(lambda: learn(model, settings, made()), count_parameters(model), tried, count,
               settings.updates)  # fmt: skip


def _pretrained(profile: str) -> Job:
    """A decoder as large as mBART's with random weights, and words cut down to the corpus'."""
    with TemporaryDirectory() as folder:
        sizes, shape = scale(profile), MBART if profile == "paper" else SMALL_MBART
        random_mbart(Path(folder), [f"w{i}" for i in range(WORDS)], **shape)
        model = replace(sizes.model, decoder=folder)
        return _poses(model, sizes.phase(1, 1.0), sizes.batch_size, MOST_PRETRAINED)


def random_mbart(folder: Path, words: Sequence[str], **shape: int) -> None:
    """Write an untrained model with mBART's layers, and a tokenizer of whole words.

    Args:
        folder: Where to.
        words: Of the tokenizer, beside four special ones.
        shape: Of the layers, as `MBART` has it.

    Raises:
        MissingPartError: If transformers isn't installed.
    """
    try:
        import tokenizers
        import transformers
    except ImportError as error:
        raise MissingPartError("The pre-trained decoder needs the package transformers.",
                               fix="pip install -c constraints.txt -e '.[pretrained]'"
                               ) from error  # fmt: skip
    special = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    ids = {word: i for i, word in enumerate([*special.values(), *words])}
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(ids, unk_token="<unk>"))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    transformers.PreTrainedTokenizerFast(tokenizer_object=inner, **special).save_pretrained(folder)
    config = transformers.MBartConfig(
        vocab_size=len(ids), encoder_layers=1, **shape,
        decoder_start_token_id=ids["</s>"], forced_eos_token_id=None,
        **{f"{n}_token_id": ids[special[f"{n}_token"]] for n in ("bos", "pad", "eos")},
    )  # fmt: skip
    transformers.MBartForConditionalGeneration(config).save_pretrained(folder)


def _video(profile: str) -> Job:
    torch.manual_seed(0)
    sizes, codec = video_scale(profile), corpus_words()
    training = sizes.training
    longest = -(-FRAMES[1] // (2 * sizes.every))
    tried = int(max(1, min(training.batch_size, MOST_PIXELS / (longest * sizes.size**2))))
    model, settings = build(training.model, codec), training.phase(1, 1.0)
    make = partial(made_batches, codec, tried, side=sizes.size, every=2 * sizes.every)
    return Job(lambda: learn(model, settings, make()), count_parameters(model), tried,
               training.batch_size, settings.updates)  # fmt: skip


def _teach(train: Callable, parameters: int, batch: int, steps: int, countable: bool = True) -> Job:
    """A training that makes its own batches, of `BATCHES` steps."""

    def learn() -> list[float]:
        learned = train()
        weights = [getattr(learned, n) for n in RATES] if isinstance(learned, Avatar) else [
            *learned.parameters()]  # fmt: skip
        return [float(torch.cat([w.detach().flatten() for w in weights]).norm())]

    return Job(learn, parameters, batch, batch, steps, "pictures", countable)


def _captures(size: int, count: int = 12):
    body = load_body()
    return body, capture_set(body, make_signer(3), poses=count, views=1, held_out=2, size=size)[0]


def _lesson(profile: str) -> Job:
    sizes = video_scale(profile)
    body, shown = _captures(sizes.size)
    places = body_keypoints(body, shown.motion, shown.cameras)
    settings = replace(sizes.lesson, steps=BATCHES)
    encoder = build(replace(sizes.training.model, width=settings.width), corpus_words()).encoder
    return _teach(
        lambda: train_frame_encoder(shown.pictures, places, settings, progress=False),
        count_parameters(encoder.frames), settings.batch, sizes.lesson.steps,
    )  # fmt: skip


def _regressor(profile: str) -> Job:
    sizes = video_scale(profile)
    body, shown = _captures(sizes.size)
    places = body_keypoints(body, shown.motion, shown.cameras)
    settings = replace(sizes.regressor, steps=BATCHES)
    return _teach(
        lambda: train_regressor(shown.pictures, places, settings, progress=False),
        count_parameters(PoseRegressor(settings)), settings.batch, sizes.regressor.steps,
    )  # fmt: skip


def _signgan(profile: str) -> Job:
    gan = video_scale(profile).renderers.gan
    settings = replace(gan, steps=BATCHES, reader_steps=1)
    body, shown = _captures(gan.shape.size)
    trained = count_parameters(SignGAN(gan.shape)) + count_parameters(PatchCritic())
    return _teach(
        lambda: train_signgan([shown], body, settings, progress=False),
        trained,
        gan.batch,
        gan.steps,
    )


def _avatar(profile: str) -> Job:
    renderers = video_scale(profile).renderers
    settings = replace(renderers.avatar, first=renderers.avatar.most, steps=BATCHES)
    body, shown = _captures(renderers.picture, 4)
    return _teach(
        lambda: train_avatar(body, shown, settings, progress=False),
        renderers.avatar.most * PER_GAUSSIAN, 1, renderers.avatar.steps, countable=False,
    )  # fmt: skip


def _text_to_gloss(profile: str) -> Job:
    rng = np.random.default_rng(0)
    pairs = [
        ([f"G{i}" for i in rng.integers(GLOSSES, size=SIGNED[1])],
         " ".join(f"w{i}" for i in rng.integers(WORDS, size=SAID[1])))
        for _ in range(2 * GLOSSES // SIGNED[1])
    ]  # fmt: skip
    data = GlossSentences.from_pairs(pairs)
    whole = training_settings(UPDATES[profile])
    settings = replace(whole, updates=BATCHES, eval_every=BATCHES)

    def learn() -> list[float]:
        with TemporaryDirectory() as folder:
            watched = GlossSentences.from_pairs(pairs[:2])
            done = train_text_to_gloss(folder, MODEL, settings, data, watched, seed=0)
            return [done.history[-1]["loss"]]

    model = TextToGloss(MODEL, GlossCodec.build(data))
    return Job(learn, count_parameters(model), whole.batch_size, whole.batch_size, whole.updates)


P2T, V2T = ("09_pose_to_text", "10_pretraining", "12_ablations"), ("11_video_to_text",)
CASES = (
    Case("pose to text, transformer", (*P2T, "13_novel_sentences", "15_your_own_data"),
         _translator),
    Case("pose to text, multi-stream", P2T[:1], partial(_translator, encoder="multi_stream")),
    Case("pose to text, mBART-sized decoder", P2T[:1], _pretrained),
    Case("text to gloss", ("13_novel_sentences",), _text_to_gloss),
    Case("frame encoder, first lesson", V2T, _lesson),
    Case("video to text", (*V2T, "14_novel_motion_and_appearance"), _video),
    Case("SignGAN", ("07_signgan", *V2T, "14_novel_motion_and_appearance"), _signgan),
    Case("SignSplat avatar", ("06_signsplat", *V2T, "14_novel_motion_and_appearance"), _avatar),
    Case("pose regressor", ("08_rendering_comparison", *V2T), _regressor),
)  # fmt: skip


def cases_of(chapters: Sequence[str], part: str = "") -> tuple[Case, ...]:
    """The models of some chapters, `09_pose_to_text`, `09` or `9`; all if none is named.

    Args:
        chapters: Names.
        part: Only models whose name has this in it.

    Raises:
        SLTError: If a chapter trains no model, or none has such a name.

    Chapter: 15_your_own_data
    """
    known, wanted = sorted({name for case in CASES for name in case.chapters}), set()
    for name in chapters:
        found = {one for one in known if name == one or name.zfill(2) == one[:2]}
        if not found:
            fix = f"Those that do are {', '.join(known)}."
            raise SLTError(f"Chapter {name} trains no model.", fix=fix)
        wanted |= found
    cases = tuple(case for case in CASES if not wanted or wanted & set(case.chapters))
    if not (some := tuple(case for case in cases if part in case.name)):
        fix = f"There are {'; '.join(case.name for case in cases)}."
        raise SLTError(f"No model of these chapters has {part!r} in its name.", fix=fix)
    return some
