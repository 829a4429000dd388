"""A video world of a few short sentences and small pictures, with nothing that learns for long."""

from dataclasses import replace

from slt_lib.corpus.weather.world import WorldSettings
from slt_lib.experiments.video_scale import video_scale
from slt_lib.rendering.avatar_training import AvatarSettings
from slt_lib.rendering.frame_pretraining import LessonSettings
from slt_lib.rendering.regressor import RegressorSettings
from slt_lib.rendering.signgan import GanShape
from slt_lib.rendering.signgan_training import GanSettings
from slt_lib.translation.search import SearchSettings

SMOKE = video_scale("smoke")
SMALL = replace(
    SMOKE,
    train=4,
    dev=1,
    test=4,
    longest=80,
    size=32,
    fit_steps=5,
    renderers=replace(
        SMOKE.renderers,
        poses=3,
        gan=GanSettings(shape=GanShape(size=32, width=4), steps=1, reader_steps=1),
        views=2,
        picture=32,
        avatar=AvatarSettings(first=100, most=100, steps=2),
    ),
    lesson=LessonSettings(width=32, steps=2, batch=4),
    regressor=RegressorSettings(channels=4, steps=2),
    training=replace(
        SMOKE.training,
        world=WorldSettings(seed=0, train=8, dev=2, test=8),
        updates=2,
        search=SearchSettings(beam=1, max_length=8),
    ),
    start=replace(SMOKE.start, teacher=replace(SMOKE.start.teacher, updates=1), updates=1),
)
