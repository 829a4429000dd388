"""How large is an experiment? One set of sizes per profile; arms differ in nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from slt_lib.corpus.weather.world import WorldSettings
from slt_lib.pose.errors import SLTError
from slt_lib.translation.search import SearchSettings
from slt_lib.translation.settings import (
    AugmentSettings,
    ModelSettings,
    PictureAugment,
    TrainSettings,
)

SEARCH = SearchSettings(beam=4, length_penalty=1.0)  # fixed before any arm was run
# How pose-to-text is trained: at one learning rate, until dev stops rising. Dev judges a running
# average of the weights, which is as good at any time as a fallen learning rate is at its end.
LR = 3e-3  # of Muon
LIGHT = AugmentSettings(warp=0.1, rotate=3.0, scale=0.03, joints=0.0, hands=0.05, noise=0.0)
RECIPE = {
    "optimizer": "muon",
    "schedule": "level",
    "average": 0.995,
    "warmup": 0.025,
    "eval_every": 250,
    "patience": 5,
}


@dataclass(frozen=True)
class Scale:
    """The sizes of an experiment.

    Attributes:
        world: Which weather world; its seed stays the same for every seed of training.
        real: The first so many of its training sentences count as the real ones; 0 takes all.
        novel: Novel sentences of the arm (d+).
        updates: Of one phase of length 1, at most.
        model: The translator.
        batch_size: Sentences per update.
        lr: Highest learning rate of training from scratch.
        augment: Whether poses are varied while training, or how they or videos are.
        recipe: Further training settings of all phases, by name.
        search: How test sentences are translated.

    Chapter: 10_pretraining
    """

    world: WorldSettings
    novel: int
    updates: int
    model: ModelSettings
    batch_size: int = 16
    lr: float = 2e-3
    augment: bool | AugmentSettings | PictureAugment = True
    recipe: Mapping[str, object] = field(default_factory=dict)
    search: SearchSettings = SEARCH
    real: int = 0

    def phase(self, length: float, lr: float, **more) -> TrainSettings:
        """The settings of a phase.

        Args:
            length: In units of `updates`.
            lr: Relative to the highest learning rate.
            more: Other training settings.
        """
        return TrainSettings(
            updates=max(1, round(length * self.updates)),
            batch_size=self.batch_size,
            lr=lr * self.lr,
            augment=self._variation(),
            **{"eval_every": -(-max(1, round(length * self.updates)) // 4), **self.recipe, **more},
        )

    def _variation(self) -> AugmentSettings | PictureAugment:
        if not isinstance(self.augment, bool):
            return self.augment
        return AugmentSettings() if self.augment else AugmentSettings.off()


FULL = Scale(
    world=WorldSettings(seed=0, train=4800, dev=200, test=1000),
    real=1200,
    novel=2400,
    updates=4000,
    model=ModelSettings(width=96, feedforward=192, dropout=0.1, text_ctc=False),
    lr=LR,
    augment=LIGHT,
    recipe=RECIPE,
)
SCALES = {
    "smoke": Scale(
        world=WorldSettings(seed=0, train=48, dev=8, test=12),
        novel=32,
        updates=6,
        model=ModelSettings(
            width=32, feedforward=64, encoder_layers=1, decoder_layers=1, text_ctc=False
        ),
        batch_size=8,
        search=replace(SEARCH, max_length=20),  # an untrained model doesn't know when to stop
    ),
    "book": Scale(
        world=WorldSettings(seed=0, train=300, dev=40, test=80),
        novel=300,
        updates=300,
        model=ModelSettings(width=64, feedforward=128, dropout=0.1, text_ctc=False),
        lr=LR,
        augment=LIGHT,
        recipe=RECIPE | {"eval_every": 100, "patience": 0},
        search=replace(SEARCH, max_length=60),
    ),
    "full": FULL,
    "paper": Scale(  # the field's plain transformer, on a GPU; not run by us
        world=FULL.world,
        real=FULL.real,
        novel=FULL.novel,
        updates=20_000,
        model=ModelSettings(
            width=512,
            heads=8,
            encoder_layers=3,
            decoder_layers=3,
            feedforward=2048,
            dropout=0.1,
            text_ctc=False,
        ),
        batch_size=32,
        lr=1e-3,
    ),
    "short": replace(FULL, updates=320, lr=2e-3, augment=True, recipe={}),
}


def scale(name: str) -> Scale:
    """The sizes of a profile; "short" is that of the recorded ablations.

    Raises:
        SLTError: If there is no such size.
    """
    if name not in SCALES:
        raise SLTError(f"There is no size {name!r}.", fix=f"Known: {', '.join(SCALES)}.")
    return SCALES[name]
