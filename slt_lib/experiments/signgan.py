"""What does each of SignGAN's lessons do? Trainings that differ in one of them. Chapter 7."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial

import numpy as np
from lightning_fabric import Fabric
from torch import Tensor

from slt_lib.body import Body, load_body
from slt_lib.experiments.avatars import hand_box
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.camera import orbit
from slt_lib.rendering.captures import STUDIO, capture, capture_set, chest
from slt_lib.rendering.hand_reading import colours_apart, reading_errors, sharpness
from slt_lib.rendering.poses import signing_sequence
from slt_lib.rendering.quality import flicker, picture_quality
from slt_lib.rendering.regions import HANDS
from slt_lib.rendering.signers import make_signer
from slt_lib.rendering.signgan import GanShape, SignGAN, draw
from slt_lib.rendering.signgan_critics import HandReader
from slt_lib.rendering.signgan_data import Subject
from slt_lib.rendering.signgan_training import GanSettings, train_reader, train_signgan
from slt_lib.rendering.unwrap import wrap
from slt_lib.rendering.video import as_text

LESSONS = {
    "with_hand_loss": {},
    "without": {"hand_weight": 0.0},
    "no_critic": {"adversarial": 0.0, "matching": 0.0},
    "critic_only": {"picture": 0.0, "matching": 0.0, "temporal": 0.0, "hand_weight": 0.0},
}
SIGNERS, STRANGERS = tuple(range(9)), (20, 21)  # trained on; only their references are known
READERS = tuple(range(30, 38))  # whose hands the reader that judges has learned from
POSES, HELD_OUT, REFERENCES, FRAMES = 80, 8, 6, 25
STEPS, READER_STEPS = 600, 400  # of the recorded trainings
KEPT = 2  # held-out pictures per signer kept in a record


def drawn_like(gan: SignGAN, wanted: Subject, looks: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """What a generator draws in the poses of true pictures.

    Returns:
        Pictures, uint8 [N, size, size, 3], and cover, float32 [N, size, size].

    Chapter: 07_signgan
    """
    return draw(gan, wanted.keypoints, looks, wanted.background)


def doll_like(wanted: Subject, looks: Tensor) -> np.ndarray:
    """The paper doll alone in the poses of true pictures, uint8 [N, size, size, 3].

    Chapter: 07_signgan
    """
    put = wrap(looks, wanted.keypoints).numpy().transpose(0, 2, 3, 1)
    behind = (1 - put[..., 3:].clip(0, 1)) * wanted.background
    return ((put[..., :3] + behind).clip(0, 1) * 255).round().astype(np.uint8)


def judged(
    show: Callable[[Subject, Tensor], tuple[np.ndarray, np.ndarray | None]],
    references: Sequence[Subject], held_out: Sequence[Subject], reader: HandReader,
) -> dict:  # fmt: skip
    """How near drawn pictures come to true ones that nothing was trained on.

    Args:
        show: Draws what a subject does, given the looks: pictures and cover.
        references: Of each signer, what their looks are taken from.
        held_out: Of each signer, in poses of their own.
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
        shown, cover = show(wanted, known.look())
        where = wanted.regions == HANDS
        off = np.abs(shown.astype(float) - wanted.pictures)[where]
        one = asdict(picture_quality(shown, wanted, cover))
        one["hand_error"] = float(off.mean()) if len(off) else float("nan")
        for name, pictures in (("", shown), ("_true", wanted.pictures)):
            errors = reading_errors(reader, pictures, wanted.keypoints)
            one[f"hand_reading{name}"] = float(np.median(errors)) if len(errors) else float("nan")
            one[f"hand_sharpness{name}"] = sharpness(pictures, where)
        every.append(one)
    by_signer = [one["psnr"]["foreground"] for one in every]
    return {key: _mean([one[key] for one in every]) for key in every[0]} | {
        "psnr_by_signer": by_signer
    }


def _mean(values: list):
    if values[0] is None:
        return None
    if isinstance(values[0], dict):
        return {key: _mean([one[key] for one in values]) for key in values[0]}
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def independent_reader(
    body: Body, settings: GanSettings, signers: Sequence[int] = READERS, poses: int = POSES // 2
) -> HandReader:
    """A reader of hands for judging: of other signers, poses and another seed than any training.

    Chapter: 07_signgan
    """
    seed = 900 + settings.seed
    shown, _ = cast(body, signers, poses, seed, settings.shape.size)
    fabric = Fabric(accelerator="cpu", devices=1)
    return train_reader(shown, replace(settings, seed=seed), fabric)


def cast(
    body: Body, signers: Sequence[int], poses: int, seed: int, size: int,
    held_out: int = HELD_OUT,
) -> tuple[list[Subject], list[Subject]]:  # fmt: skip
    """Simulated signers before a studio's camera, to train on and to judge by, one subject each.

    Args:
        body: Of all of them.
        signers: Seeds of `make_signer`.
        poses: Pictures of each to train on.
        seed: Of poses and cameras.
        size: Of the pictures, pixels.
        held_out: Pictures of each to judge by, in other poses.

    Chapter: 07_signgan
    """
    pairs = [
        capture_set(body, make_signer(k), poses=poses, views=1, held_out=held_out,
                    seed=100 * seed + k, size=size, cameras=STUDIO)
        for k in signers
    ]  # fmt: skip
    return tuple([Subject.of(one[k], body, size) for one in pairs] for k in (0, 1))


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
        As of `judged`, of trained signers, under "doll" of the paper doll alone, and under
        "strangers" of signers known from reference pictures alone; `flicker`, `apart` and
        `apart_true` (see `colours_apart`), `train_seconds`, and some held-out `pictures` as JPEG.

    Raises:
        SLTError: If there is no such arm.

    Chapter: 07_signgan
    """
    if arm not in LESSONS:
        raise SLTError(f"There is no arm {arm!r}.", fix=f"Known: {', '.join(LESSONS)}.")
    body = load_body()
    settings = GanSettings(
        shape=GanShape(size), steps=steps or STEPS, seed=seed,
        **{"reader_steps": READER_STEPS} | LESSONS[arm],
    )  # fmt: skip
    train, held_out = cast(body, signers, poses, seed, size)
    gan = train_signgan(train, body, settings, out=f"{work}/signgan-{arm}-{seed}-{size}",
                        progress=progress)  # fmt: skip
    reader, show = independent_reader(body, settings), partial(drawn_like, gan)
    looks = [one.look() for one in train]
    return {
        **judged(show, train, held_out, reader),
        "doll": judged(lambda *of: (doll_like(*of), None), train, held_out, reader),
        "strangers": judged(show, *cast(body, STRANGERS, REFERENCES, seed, size), reader),
        "apart": colours_apart([drawn_like(gan, held_out[0][[0]], look)[0][0] for look in looks]),
        "apart_true": colours_apart([one.pictures[0] for one in train]),
        "flicker": float(np.mean([
            moving_flicker(gan, body, who, look, seed)
            for who, look in zip(signers, looks, strict=True)
        ])),
        "train_seconds": gan.train_seconds,
        "pictures": [one for look, wanted in zip(looks, held_out, strict=True)
                     for one in _kept(gan, look, wanted[:KEPT])],
        "not_compared": ["train_seconds"],
    }  # fmt: skip


def moving_flicker(gan: SignGAN, body: Body, who: int, look: Tensor, seed: int) -> float:
    """Flicker of a moving sequence from the front.

    Chapter: 07_signgan
    """
    signer, size = make_signer(who), gan.shape.size
    motion = signing_sequence(body, FRAMES, seed=seed, betas=signer.betas)
    view = orbit(target=chest(body, signer.betas), span=STUDIO.span, width=size, height=size)
    true = Subject.of(capture(body, signer, motion, [view]), body, size)
    return flicker(drawn_like(gan, true, look)[0], true)


def _kept(gan: SignGAN, look: Tensor, wanted: Subject) -> list[dict]:
    shown, _ = drawn_like(gan, wanted, look)
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
