"""How large is the video experiment? One set of sizes per profile, the translator's included."""

from dataclasses import asdict, dataclass, replace

from slt_lib.corpus.weather.world import WorldSettings
from slt_lib.experiments.scale import FULL, SCALES, SEARCH, Scale
from slt_lib.experiments.video_start import StartSettings
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.avatar_training import AvatarSettings
from slt_lib.rendering.frame_pretraining import LessonSettings
from slt_lib.rendering.regressor import RegressorSettings
from slt_lib.rendering.signgan import GanShape
from slt_lib.rendering.signgan_training import GanSettings
from slt_lib.translation.settings import ModelSettings, PictureAugment

SEEN = (0, 1, 2)  # seeds of `make_signer`: they sign train, dev and test
UNSEEN = (20, 21, 22)  # other people, other clothes and backdrops: they sign the test once more
DONORS = (3, 4, 5, 6, 7, 8)  # looks that renderers learn; they sign no sentence
FPS = 12.5  # frames per second of all clips


@dataclass(frozen=True)
class Renderers:
    """How the two renderers learn their signers.

    Attributes:
        poses: Pictures of each signer that SignGAN learns from.
        gan: How it learns.
        views: Pictures of each signer that an avatar learns from.
        picture: Their size, pixels.
        avatar: How it learns.
        donors: The first so many of `DONORS` lend their looks.
    """

    poses: int
    gan: GanSettings
    views: int
    picture: int
    avatar: AvatarSettings
    donors: int = len(DONORS)


@dataclass(frozen=True)
class VideoScale:
    """The sizes of the video experiment.

    Attributes:
        train, dev, test: How many of the world's sentences of each split are filmed.
        longest: Sentences of more frames than this, at `FPS`, are left out; 0 takes all.
        signers: How many of `SEEN` and of `UNSEEN` sign.
        every: Translators read every so-many-th frame.
        size: Of the pictures, pixels.
        span: How much of the world a picture shows at the signer's chest, metres.
        fit_steps: Of the fit of bodies to the world's skeletons.
        renderers: How they learn.
        lesson: How the frame encoder learns where joints are, before any sentence.
        regressor: How the detector behind the artifact score learns.
        training: World, model and lengths of training, as in the other experiments.
        start: What all arms start from, and how it is made.

    Chapter: 11_video_to_text
    """

    train: int
    dev: int
    test: int
    renderers: Renderers
    lesson: LessonSettings
    regressor: RegressorSettings
    training: Scale
    start: StartSettings
    longest: int = 0
    signers: int = len(SEEN)
    every: int = 2
    size: int = 64
    span: float = 0.95
    fit_steps: int = 120

    def cast(self, whom: tuple[int, ...]) -> tuple[int, ...]:
        """Those of `SEEN`, `UNSEEN` or `DONORS` who take part at this size."""
        return whom[: self.renderers.donors if whom == DONORS else self.signers]

    def of_data(self) -> dict:
        """Everything that captures depend on: other values, another folder."""
        names = ("train", "dev", "test", "longest", "signers", "size", "span", "fit_steps")
        return {name: getattr(self, name) for name in names} | asdict(self.training.world)


LOOK = PictureAugment()
MODEL = ModelSettings(
    encoder="video", width=96, feedforward=192, dropout=0.1, stride=1, text_ctc=False
)
POSES = replace(FULL, updates=800, lr=2e-3, augment=True, recipe={}, novel=0)
FULL_VIDEO = VideoScale(
    train=480, dev=48, test=128,
    renderers=Renderers(
        poses=160, gan=GanSettings(steps=1500), views=80, picture=96,
        avatar=AvatarSettings(first=2200, most=3000, steps=400),
    ),
    lesson=LessonSettings(width=96, steps=1500),
    regressor=RegressorSettings(steps=1500),
    training=replace(POSES, updates=150, lr=1e-3, model=MODEL, augment=LOOK),
    start=StartSettings(POSES, 600, 800),
)  # fmt: skip
_TINY = ModelSettings(
    encoder="video", width=32, feedforward=64, encoder_layers=1, decoder_layers=1, stride=1,
    text_ctc=False,
)  # fmt: skip
VIDEO_SCALES = {
    "smoke": VideoScale(
        train=6, dev=2, test=3, longest=48, signers=1, fit_steps=30,
        renderers=Renderers(
            poses=6, gan=GanSettings(shape=GanShape(width=8), steps=4, reader_steps=4),
            views=4, picture=48, avatar=AvatarSettings(first=300, most=400, steps=10), donors=1,
        ),
        lesson=LessonSettings(width=32, steps=10, batch=8),
        regressor=RegressorSettings(channels=8, steps=10),
        training=Scale(
            world=WorldSettings(seed=0, train=48, dev=16, test=32), novel=0, updates=3, model=_TINY,
            batch_size=4, augment=LOOK, search=replace(SEARCH, max_length=20),
        ),
        start=StartSettings(replace(SCALES["smoke"], novel=0), 3, 3),
    ),
    "book": VideoScale(
        train=36, dev=6, test=12, longest=64, signers=2, fit_steps=60,
        renderers=Renderers(
            poses=30, gan=GanSettings(shape=GanShape(width=8), steps=100, reader_steps=40),
            views=30, picture=64, avatar=AvatarSettings(first=1000, most=1500, steps=150), donors=3,
        ),
        lesson=LessonSettings(width=64, steps=200),
        regressor=RegressorSettings(channels=8, steps=150),
        training=Scale(
            world=WorldSettings(seed=0, train=100, dev=20, test=40), novel=0, updates=30,
            model=replace(MODEL, width=64, feedforward=128), batch_size=8, augment=LOOK,
            search=replace(SEARCH, max_length=40),
        ),
        start=StartSettings(
            replace(SCALES["book"], novel=0, updates=80, lr=2e-3, augment=True, recipe={}), 30, 30
        ),
    ),
    "full": FULL_VIDEO,
    "paper": VideoScale(  # on a GPU, larger pictures and a larger translator; not run by us
        train=1200, dev=100, test=200, size=224,
        renderers=Renderers(
            poses=1000, gan=GanSettings(shape=GanShape(size=224, width=32), steps=50_000),
            views=300, picture=256, avatar=AvatarSettings(),
        ),
        lesson=LessonSettings(width=512, steps=20_000),
        regressor=RegressorSettings(size=224, hand=96, steps=20_000),
        training=replace(SCALES["paper"], novel=0, augment=LOOK,
                         model=replace(SCALES["paper"].model, encoder="video", stride=1)),
        start=StartSettings(SCALES["paper"], 20_000, 20_000),
    ),
}  # fmt: skip


def video_scale(name: str) -> VideoScale:
    """The sizes of a profile.

    Raises:
        SLTError: If there is no such size.
    """
    if name not in VIDEO_SCALES:
        raise SLTError(f"There is no size {name!r}.", fix=f"Known: {', '.join(VIDEO_SCALES)}.")
    return VIDEO_SCALES[name]
