"""The detector behind the artifact scores of whole sets, trained on captures and kept on disk."""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from slt_lib.experiments.lots import share
from slt_lib.experiments.video_looks import known_keypoints, studies
from slt_lib.experiments.video_motions import the_body
from slt_lib.experiments.video_scale import DONORS, SEEN
from slt_lib.experiments.video_sets import SETS
from slt_lib.experiments.videos import VideoWorld
from slt_lib.pose.io.guard import atomic_write
from slt_lib.rendering.artifacts import Limits, artifact_scores, limits_of
from slt_lib.rendering.keypoints import body_keypoints
from slt_lib.rendering.regressor import PoseRegressor, load_regressor, save_regressor
from slt_lib.rendering.regressor_training import train_regressor
from slt_lib.rendering.signgan_data import together

HELD_OUT = 400  # frames of dev, about, that say what still counts as right


def set_scores(world: VideoWorld, name: str) -> dict[str, list[float | None]]:
    """Artifact scores of a set whose takes show one signer each, clip by clip.

    Args:
        world: Where the set is; the detector is trained there if it isn't yet.
        name: Of the set.

    Returns:
        By measure ("score", "structure", "hands_lost", "blur", "flicker") a list over clips; None
        is what can't be told.

    Chapter: 11_video_to_text
    """
    file = world.work / _key(world) / f"{name}.json"
    share({file: partial(_score, file, world, name)})
    return json.loads(file.read_text("utf8"))


def _score(file: Path, world: VideoWorld, name: str) -> None:
    regressor = detector(world)
    limits, clips = _limits(regressor, world), world[name]
    _, _, motions = world.split(SETS[name].split)
    found: dict[str, list[float | None]] = {}
    for i, take in enumerate(world.takes(name)):
        folder, clip = clips.places[i]
        wanted = known_keypoints(motions[i], take.who[0], take.yaw, world.video)
        scores = artifact_scores(regressor, clips.clips[folder].frames(clip), wanted, limits)
        for measure, value in asdict(scores).items():
            found.setdefault(measure, []).append(value if np.isfinite(value) else None)
    with atomic_write(file) as stream:
        stream.write(json.dumps(found).encode())


def detector(world: VideoWorld) -> PoseRegressor:
    """The pose regressor of a world: it saw captures of seen signers and donors, no rendering.

    Chapter: 11_video_to_text
    """
    file = world.captures / _key(world) / "detector.pt"
    share({file: partial(_learn, file, world)})
    return load_regressor(file)


def _key(world: VideoWorld) -> str:
    how = world.video.renderers  # whose poses it learns from
    return world.learned("detector", asdict(world.video.regressor), how.poses, how.donors).name


def _learn(file: Path, world: VideoWorld) -> None:
    scale = world.video
    shown, found = world.lessons()
    others = [
        studies(who, scale.renderers.poses, scale.size, scale)
        for who in (*scale.cast(SEEN), *scale.cast(DONORS))
    ]
    shown = np.concatenate([shown, *(one.pictures for one in others)])
    found += [body_keypoints(the_body(), one.motion, one.cameras) for one in others]
    save_regressor(train_regressor(shown, found, scale.regressor), file)


def _limits(regressor: PoseRegressor, world: VideoWorld) -> Limits:
    """What captures of dev, which the detector didn't see, say of its own errors."""
    shown, found = world.lessons("dev", HELD_OUT)
    return limits_of(regressor, shown, together(found))
