"""Renderers compared on the same poses, signers and frames: what chapter 8 records."""

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from io import BytesIO

import numpy as np
from PIL import Image

from slt_lib.body import FitSettings, fit_bodies, load_body
from slt_lib.body.model import Body
from slt_lib.dictionary import from_lexicon
from slt_lib.experiments.judging import Judge, make_judge, measured
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.avatar_training import AvatarSettings
from slt_lib.rendering.camera import orbit
from slt_lib.rendering.captures import STUDIO, Captures, capture, capture_set, chest
from slt_lib.rendering.paint import paint
from slt_lib.rendering.regressor import RegressorSettings
from slt_lib.rendering.renderers import Renderer, SignGANs, SignSplats, Skeletons
from slt_lib.rendering.signers import make_signer
from slt_lib.rendering.signgan import GanShape
from slt_lib.rendering.signgan_training import GanSettings
from slt_lib.rendering.video import as_text
from slt_lib.stitching.stitcher import Stitcher

SIGNERS, NEW = (0, 2), (5,)  # seeds of signers that renderers train on, and of held-out ones
WORD = ("REGEN",)  # what is stitched and signed
FEW = 8  # captures from which a renderer gets to know a new signer
KEPT = 3  # pictures per condition that a record keeps
CONDITIONS = ("held_out_poses", "held_out_signers", "stitched")


@dataclass(frozen=True)
class Scale:
    """How large a comparison is.

    Attributes:
        size: Of the pictures, pixels.
        poses, views: Of each trained signer.
        held_out: Pictures of each signer to judge by.
        frames, fit_steps: Of the stitched word, at most, and of its body's fit.
        gan_steps, avatar_steps, gaussians: Of the trainings.
        judge_poses, judge_steps: Captures of each of the judge's signers, and its training.

    Chapter: 08_rendering_comparison
    """

    size: int = 64
    poses: int = 40
    views: int = 2
    held_out: int = 36
    frames: int = 60
    fit_steps: int = 200
    gan_steps: int = 1000
    avatar_steps: int = 600
    gaussians: int = 8000
    judge_poses: int = 50
    judge_steps: int = 800


ARMS: dict[str, Callable[[Body, Scale, int], Renderer]] = {
    "skeleton": lambda body, scale, seed: Skeletons(body),
    "signgan": lambda body, scale, seed: SignGANs(
        body, GanSettings(shape=GanShape(size=scale.size), steps=scale.gan_steps,
                          reader_steps=max(scale.gan_steps // 4, 1), seed=seed)
    ),
    "signsplat": lambda body, scale, seed: SignSplats(
        body, AvatarSettings(first=scale.gaussians * 3 // 4, most=scale.gaussians,
                             steps=scale.avatar_steps, seed=seed)
    ),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Material:
    """The same for every renderer.

    Attributes:
        train: Captures to learn from, by signer.
        few: Of signers that come later.
        judged: By condition: whose, and the captures to be met.

    Chapter: 08_rendering_comparison
    """

    train: dict[str, Captures]
    few: dict[str, Captures]
    judged: dict[str, list[tuple[str, Captures]]]


def material(
    body: Body, scale: Scale, seed: int, *, signers: Sequence[int] = SIGNERS,
    new: Sequence[int] = NEW, word: Sequence[str] = WORD,
) -> Material:  # fmt: skip
    """Simulated captures of trained and held-out signers, and of a stitched word.

    Args:
        body: The signers' body model.
        scale: How many, how large.
        seed: Of poses and cameras.
        signers, new: Seeds of `make_signer`.
        word: Glosses that the dictionary has or spells.

    Chapter: 08_rendering_comparison
    """
    train, few = {}, {}
    judged: dict[str, list[tuple[str, Captures]]] = {name: [] for name in CONDITIONS}
    for k in (*signers, *new):
        known = k in signers
        poses, views = (scale.poses, scale.views) if known else (FEW, 1)
        who = make_signer(k)
        some, held_out = capture_set(
            body, who, poses=poses, views=views, held_out=scale.held_out, seed=seed,
            size=scale.size, cameras=STUDIO,
        )  # fmt: skip
        (train if known else few)[who.name] = some
        judged["held_out_poses" if known else "held_out_signers"].append((who.name, held_out))
    judged["stitched"].append(_stitched(body, scale, signers[0], word))
    return Material(train, few, {name: those for name, those in judged.items() if those})


def _stitched(body: Body, scale: Scale, signer: int, word: Sequence[str]) -> tuple[str, Captures]:
    """A word from the dictionary, signed by a simulated signer's body before one camera."""
    who = make_signer(signer)
    pose = Stitcher(from_lexicon()).stitch(list(word)).pose[: scale.frames]
    motion = fit_bodies(body, [pose], FitSettings(deep=True, steps=scale.fit_steps))[0].motion
    motion = replace(motion, betas=who.betas)
    camera = orbit(target=chest(body, who.betas), span=STUDIO.span, width=scale.size,
                   height=scale.size)  # fmt: skip
    return who.name, capture(body, who, motion, [camera], surface=paint(body, who))


def compared(
    renderer: Renderer, body: Body, judge: Judge, given: Material
) -> tuple[dict, dict[str, np.ndarray]]:
    """Render everything that is judged, and measure it.

    Args:
        renderer: Trained on `given.train`; gets to know the others here.
        body: What motions pose.
        judge: Who looks for joints.
        given: The captures.

    Returns:
        Measures by condition (as `judging.measured`, means over signers, and `ms_per_frame`), and
        the pictures by condition, uint8 [N, size, size, 3].

    Chapter: 08_rendering_comparison
    """
    for signer, few in given.few.items():
        renderer.meet(signer, few)
    found, pictures = {}, {}
    for condition, those in given.judged.items():
        rows, shown = [], []
        for signer, true in those:
            cameras = true.cameras[:1] if condition == "stitched" else true.cameras
            renderer.render(signer, true.motion[:1], cameras[:1], true.background)  # warm
            started = time.perf_counter()
            shown.append(renderer.render(signer, true.motion, cameras, true.background))
            spent = (time.perf_counter() - started) / len(true)
            moving = condition == "stitched" and len(true) > 1
            rows.append(measured(body, judge, shown[-1], true, moving=moving))
            rows[-1]["ms_per_frame"] = 1000 * spent
        found[condition], pictures[condition] = _mean(rows), np.concatenate(shown)
    return found, pictures


def run_renderer(
    arm: str, seed: int, *, scale: Scale | None = None, signers: Sequence[int] = SIGNERS,
    new: Sequence[int] = NEW, judge: Judge | None = None, given: Material | None = None,
    **sizes: int,
) -> dict:  # fmt: skip
    """Train one renderer and judge it on held-out poses, held-out signers and a stitched word.

    Args:
        arm: A key of `ARMS`.
        seed: Of poses, cameras and all trainings.
        scale: How large; by default as recorded.
        signers, new: Seeds of the signers that it trains on, and of held-out ones.
        judge: Who looks for joints; by default one is trained.
        given: The captures, if they are there already.
        sizes: Fields of `Scale` to change.

    Returns:
        By condition what `compared` measures, the same of the `truth`, `train_seconds`,
        `megabytes`, the judge's `validation`, and some pictures as JPEG.

    Raises:
        SLTError: If there is no such arm.

    Chapter: 08_rendering_comparison
    """
    if arm not in ARMS:
        raise SLTError(f"There is no renderer {arm!r}.", fix=f"Known: {', '.join(ARMS)}.")
    scale, body = replace(scale or Scale(), **sizes), load_body()
    judge = judge or make_judge(
        body, size=scale.size, seed=seed, poses=scale.judge_poses,
        settings=RegressorSettings(steps=scale.judge_steps, seed=seed),
    )  # fmt: skip
    given = given or material(body, scale, seed, signers=signers, new=new)
    renderer = ARMS[arm](body, scale, seed)
    renderer.train(given.train)
    found, pictures = compared(renderer, body, judge, given)
    return {
        "conditions": found,
        "truth": truth(body, judge, given),
        "train_seconds": renderer.train_seconds,
        "megabytes": renderer.megabytes(),
        "validation": asdict(judge.validation),
        "pictures": _kept(given, pictures),
        "not_compared": ["train_seconds", "ms_per_frame"],
    }


def truth(body: Body, judge: Judge, given: Material) -> dict[str, dict]:
    """What the judge says of the captures themselves, by condition: nobody can do better."""
    out = {}
    for condition, those in given.judged.items():
        rows = [measured(body, judge, true.pictures, true, moving=condition == "stitched")
                for _, true in those]  # fmt: skip
        out[condition] = {k: v for k, v in _mean(rows).items() if k not in ("psnr", "ssim")}
    return out


def _mean(rows: Sequence[Mapping]) -> dict:
    """Means of numbers that are known, through mappings within mappings; None if none is."""
    out = {}
    for key, value in rows[0].items():
        values = [row[key] for row in rows]
        if isinstance(value, Mapping):
            out[key] = _mean(values)
        else:
            known = [float(v) for v in values if v is not None and np.isfinite(v)]
            out[key] = float(np.mean(known)) if known else None
    return out


def _kept(given: Material, pictures: Mapping[str, np.ndarray]) -> dict[str, list[dict[str, str]]]:
    """A few pictures of each condition, true and rendered, evenly over them."""
    kept = {}
    for condition, those in given.judged.items():
        true = np.concatenate([one.pictures for _, one in those])
        chosen = np.linspace(0, len(true) - 1, KEPT).round().astype(int)
        kept[condition] = [{"true": as_text(true[k]), "ours": as_text(pictures[condition][k])}
                           for k in chosen]  # fmt: skip
    return kept


def kept_pictures(record: Mapping, condition: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """A record's pictures of a condition: true and rendered, uint8 [H, W, 3].

    Chapter: 08_rendering_comparison
    """
    return [tuple(np.array(Image.open(BytesIO(base64.b64decode(one[k])))) for k in ("true", "ours"))
            for one in record["pictures"][condition]]  # fmt: skip


def row(found: Mapping[str, Mapping]) -> dict[str, float | None]:
    """The figures that the chapter goes by, of one renderer's measures by condition.

    Returns:
        `psnr`, `ssim` (foreground) and `hands_psnr` of held-out poses; `structure_failures`, the
        mean over all conditions; `flicker` and `ms_per_frame` of the stitched word. None is what
        wasn't measured.

    Chapter: 08_rendering_comparison
    """
    held_out = found["held_out_poses"]
    stitched = found.get("stitched", held_out)
    return {
        "psnr": held_out["psnr"]["foreground"],
        "ssim": held_out["ssim"]["foreground"],
        "hands_psnr": held_out["psnr"]["hands"],
        "flicker": stitched.get("flicker"),
        "structure_failures": float(np.mean([one["structure_failures"] for one in found.values()])),
        "ms_per_frame": stitched["ms_per_frame"],
    }


def summary(records: Mapping[str, Mapping[int, Mapping]]) -> dict:
    """Means over seeds, as chapter 8's results have them."""
    renderers = {
        arm: _mean([row(one["conditions"]) for one in runs.values()])
        for arm, runs in records.items()
    }
    every = [one["truth"] for runs in records.values() for one in runs.values()]
    return {"renderers": renderers, "truth": _mean(every)}
