"""What does each of SignGAN's lessons do? Trainings that differ in one of them. Chapter 7."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np
from lightning_fabric import Fabric
from torch import Tensor

from slt_lib.body import Body, load_body
from slt_lib.experiments.avatars import hand_box
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.captures import STUDIO, Captures, capture, capture_set
from slt_lib.rendering.hand_reading import colours_apart, reading_errors, sharpness
from slt_lib.rendering.keypoints import body_keypoints
from slt_lib.rendering.paint import paint
from slt_lib.rendering.poses import signing_sequence
from slt_lib.rendering.quality import flicker, picture_quality
from slt_lib.rendering.regions import HANDS
from slt_lib.rendering.signers import make_signer
from slt_lib.rendering.signgan import SignGAN, draw
from slt_lib.rendering.signgan_critics import HandReader
from slt_lib.rendering.signgan_data import Subject
from slt_lib.rendering.signgan_training import GanSettings, train_reader, train_signgan
from slt_lib.rendering.unwrap import unwrap
from slt_lib.rendering.video import as_text

LESSONS = {
    "with_hand_loss": {},
    "without": {"hand_weight": 0.0},
    "no_critic": {"adversarial": 0.0, "matching": 0.0},
    "critic_only": {"picture": 0.0, "matching": 0.0, "temporal": 0.0, "hand_weight": 0.0},
}
SIGNERS, STRANGERS = tuple(range(6)), (20, 21)  # trained on; only their references are known
POSES, HELD_OUT, REFERENCES, FRAMES = 80, 12, 6, 25
KEPT = 2  # held-out pictures per signer kept in a record


def looks_of(captures: Captures, body: Body, count: int = REFERENCES) -> Tensor:
    """The looks of a signer from the first so many of their captures; see `unwrap`.

    Chapter: 07_signgan
    """
    some = captures[:count]
    return unwrap(some.pictures, body_keypoints(body, some.motion, some.cameras), some.masks)


def drawn_like(
    gan: SignGAN, body: Body, captures: Captures, looks
) -> tuple[np.ndarray, np.ndarray]:
    """What a generator draws in the poses and from the cameras of captures.

    Returns:
        Pictures, uint8 [N, size, size, 3], and cover, float32 [N, size, size].

    Chapter: 07_signgan
    """
    found = body_keypoints(body, captures.motion, captures.cameras)
    return draw(gan, found, looks, captures.background)


def judged(
    gan: SignGAN, body: Body, references: Sequence[Captures], held_out: Sequence[Captures],
    reader: HandReader,
) -> dict:  # fmt: skip
    """How near a generator comes to captures that it wasn't trained on.

    Args:
        gan: Trained.
        body: Of all captures.
        references: Of each signer, what their looks are taken from.
        held_out: Of each signer, in poses of their own, of the generator's size.
        reader: Of hands; trained on other captures than the generator's.

    Returns:
        Means over signers: `psnr`, `ssim` (by region), `iou`, `hand_error` (mean absolute
        difference where hands are, levels of 255), `hand_reading` and `hand_reading_true` (median
        error of the reader on drawn and on true hands, shares of the close-up), `hand_sharpness`
        and `hand_sharpness_true`; and `psnr_by_signer`.

    Chapter: 07_signgan
    """
    every = []
    for known, wanted in zip(references, held_out, strict=True):
        shown, cover = drawn_like(gan, body, wanted, looks_of(known, body))
        found = body_keypoints(body, wanted.motion, wanted.cameras)
        where = wanted.regions == HANDS
        off = np.abs(shown.astype(float) - wanted.pictures)[where]
        one = asdict(picture_quality(shown, wanted, cover)) | {"hand_error": float(off.mean())}
        for name, pictures in (("", shown), ("_true", wanted.pictures)):
            errors = reading_errors(reader, pictures, found)
            one[f"hand_reading{name}"] = float(np.median(errors)) if len(errors) else float("nan")
            one[f"hand_sharpness{name}"] = sharpness(pictures, where)
        every.append(one)
    by_signer = [one["psnr"]["foreground"] for one in every]
    return {key: _mean([one[key] for one in every]) for key in every[0]} | {
        "psnr_by_signer": by_signer
    }


def _mean(values: list):
    if isinstance(values[0], dict):
        return {key: _mean([one[key] for one in values]) for key in values[0]}
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def independent_reader(
    body: Body, settings: GanSettings, signers: Sequence[int] = STRANGERS, poses: int = POSES
) -> HandReader:
    """A reader of hands for judging: of other signers, poses and another seed than any training.

    Chapter: 07_signgan
    """
    size, seed = settings.shape.size, 900 + settings.seed
    shown = [capture_set(body, make_signer(k), poses=poses, views=1, held_out=1, seed=seed,
                         size=size, cameras=STUDIO)[0] for k in signers]  # fmt: skip
    fabric = Fabric(accelerator="cpu", devices=1)
    taught = replace(settings, seed=seed)
    return train_reader([Subject.of(one, body, size) for one in shown], taught, fabric)


def run_signgan(
    arm: str, seed: int, *, size: int = 64, steps: int = 0, poses: int = POSES,
    signers: Sequence[int] = SIGNERS, work: str = "build/experiments", progress: bool = False,
) -> dict:  # fmt: skip
    """Train a generator with or without one of its lessons, and judge it on held-out poses.

    Args:
        arm: A key of `LESSONS`.
        seed: Of poses, cameras and training.
        size: Of the pictures, pixels.
        steps: Of the training; 0 takes its usual number.
        poses: Of each signer to train on.
        signers: Seeds of `make_signer`.
        work: Folder for the training's checkpoints: a run that was killed goes on from there.
        progress: Whether to show it.

    Returns:
        As of `judged`, of trained signers and, under "strangers", of those known from reference
        pictures alone; `flicker`, `apart` and `apart_true` (see `colours_apart`), `train_seconds`,
        and some held-out `pictures` as JPEG.

    Raises:
        SLTError: If there is no such arm.

    Chapter: 07_signgan
    """
    if arm not in LESSONS:
        raise SLTError(f"There is no arm {arm!r}.", fix=f"Known: {', '.join(LESSONS)}.")
    body, settings = load_body(), GanSettings(seed=seed, **LESSONS[arm])
    settings = replace(settings, shape=replace(settings.shape, size=size),
                       **({"steps": steps} if steps else {}))  # fmt: skip
    train, held_out = _captures(body, signers, poses, seed, size)
    started = time.perf_counter()
    gan = train_signgan(
        train, body, settings, out=f"{work}/signgan-{arm}-{seed}-{size}", progress=progress
    )
    seconds = time.perf_counter() - started
    reader = independent_reader(body, settings)
    strangers = judged(gan, body, *_captures(body, STRANGERS, REFERENCES, seed, size), reader)
    return {
        **judged(gan, body, train, held_out, reader),
        "strangers": strangers,
        **_collapse(gan, body, train, held_out[0]),
        "flicker": float(np.mean([
            _flicker(gan, body, who, known, seed) for who, known in zip(signers, train, strict=True)
        ])),
        "train_seconds": seconds,
        "pictures": [one for known, wanted in zip(train, held_out, strict=True)
                     for one in _kept(gan, body, known, wanted[:KEPT])],
        "not_compared": ["train_seconds"],
    }  # fmt: skip


def _captures(
    body: Body, signers: Sequence[int], poses: int, seed: int, size: int
) -> tuple[list[Captures], list[Captures]]:
    pairs = [
        capture_set(body, make_signer(k), poses=poses, views=1, held_out=HELD_OUT,
                    seed=100 * seed + k, size=size, cameras=STUDIO)
        for k in signers
    ]  # fmt: skip
    return [one for one, _ in pairs], [one for _, one in pairs]


def _collapse(gan: SignGAN, body: Body, train: Sequence[Captures], like: Captures) -> dict:
    """How different signers look in one pose, drawn and in truth."""
    shown = [drawn_like(gan, body, like[[0]], looks_of(one, body))[0][0] for one in train]
    true = [one.pictures[0] for one in train]
    return {"apart": colours_apart(np.stack(shown)), "apart_true": colours_apart(np.stack(true))}


def _flicker(gan: SignGAN, body: Body, who: int, known: Captures, seed: int) -> float:
    """Of a moving sequence from the front."""
    signer = make_signer(who)
    motion = signing_sequence(body, FRAMES, seed=seed, betas=signer.betas)
    true = capture(body, signer, motion, known.cameras[:1], surface=paint(body, signer))
    return flicker(drawn_like(gan, body, true, looks_of(known, body))[0], true)


def _kept(gan: SignGAN, body: Body, known: Captures, wanted: Captures) -> list[dict]:
    shown, _ = drawn_like(gan, body, wanted, looks_of(known, body))
    return [{"true": as_text(true), "avatar": as_text(ours), "hand": hand_box(regions, 0.35)}
            for true, ours, regions in
            zip(wanted.pictures, shown, wanted.regions, strict=True)]  # fmt: skip


def signgan_summary(records: Mapping[str, Mapping[int, Mapping]]) -> dict:
    """What chapter 7's results file holds: of the full training means, of arms lists over seeds."""

    def values(arm: str, key: str) -> list[float]:
        runs = records.get(arm, {})
        return [runs[seed][key] for seed in sorted(runs)]

    whole = records.get("with_hand_loss", {}).values()
    found = {
        "psnr_heldout": float(np.mean([one["psnr"]["foreground"] for one in whole])),
        "psnr_strangers": float(np.mean([one["strangers"]["psnr"]["foreground"] for one in whole])),
        "ssim_heldout": float(np.mean([one["ssim"]["foreground"] for one in whole])),
        "train_seconds": float(np.mean([one["train_seconds"] for one in whole])),
    }
    for key in ("hand_error", "hand_reading", "hand_sharpness", "flicker", "apart"):
        found[key] = {arm: values(arm, key) for arm in LESSONS if arm in records}
    return found
