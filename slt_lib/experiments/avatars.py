"""How well do avatars show poses and views that they never saw? What chapter 6 records."""

import base64
import time
from collections.abc import Mapping
from dataclasses import asdict
from io import BytesIO

import numpy as np
import torch
from PIL import Image
from scipy.ndimage import label

from slt_lib.body import Body, load_body
from slt_lib.body.motion import posed_vertices
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.avatar import Avatar
from slt_lib.rendering.avatar_training import AvatarSettings, train_avatar
from slt_lib.rendering.captures import Captures, capture, capture_set
from slt_lib.rendering.paint import paint
from slt_lib.rendering.poses import signing_sequence
from slt_lib.rendering.quality import flicker, picture_quality
from slt_lib.rendering.rasterise import rasterise
from slt_lib.rendering.regions import HANDS
from slt_lib.rendering.sequence import pictures
from slt_lib.rendering.signers import make_signer
from slt_lib.rendering.video import as_text

SIGNERS = (0, 1, 2, 3)  # seeds of `make_signer`
ARMS = {f"signer_{k}": k for k in SIGNERS}
POSES, VIEWS, HELD_OUT = 40, 3, 24
KEPT = 4  # held-out pictures kept in a record
FRAMES = 25  # of the sequence whose flicker is measured


def render_all(avatar: Avatar, body: Body, captures: Captures) -> tuple[np.ndarray, np.ndarray]:
    """An avatar in the poses and from the cameras of captures.

    Returns:
        Pictures, uint8 [N, H, W, 3], and how much of each pixel the avatar covers, float32
        [N, H, W].

    Chapter: 06_signsplat
    """
    behind = torch.as_tensor(captures.background, dtype=torch.float32)
    shown, covered = [], []
    for vertices, camera in zip(
        posed_vertices(body, captures.motion), captures.cameras, strict=True
    ):
        with torch.no_grad():
            picture, alpha = rasterise(avatar.posed(vertices), camera, behind)
        shown.append((picture.clamp(0, 1) * 255).round().byte().cpu().numpy())
        covered.append(alpha.cpu().numpy())
    return np.stack(shown), np.stack(covered)


def judged(avatar: Avatar, body: Body, held_out: Captures) -> dict:
    """How near an avatar comes to captures that it wasn't trained on.

    Returns:
        `psnr` and `ssim` of foreground, hands, face and body, and `iou` of the silhouettes.

    Chapter: 06_signsplat
    """
    shown, covered = render_all(avatar, body, held_out)
    return asdict(picture_quality(shown, held_out, covered))


def run_avatar(
    arm: str, seed: int, *, size: int = 256, steps: int = 0, poses: int = POSES, views: int = VIEWS
) -> dict:
    """Train one simulated signer's avatar and judge it on poses and views of its own.

    Args:
        arm: A key of `ARMS`.
        seed: Of poses, cameras and the training.
        size: Of the pictures, pixels.
        steps: Of the training; 0 takes its usual number.
        poses, views: To train on.

    Returns:
        `psnr`, `ssim` (by region), `iou`, `flicker`, `train_seconds`, `gaussians`, and some
        held-out `pictures` as JPEG: true and rendered, with the place of a hand in them.

    Raises:
        SLTError: If there is no such arm.

    Chapter: 06_signsplat
    """
    if arm not in ARMS:
        raise SLTError(f"There is no arm {arm!r}.", fix=f"Known: {', '.join(ARMS)}.")
    body, signer = load_body(), make_signer(ARMS[arm])
    train, held_out = capture_set(
        body, signer, poses=poses, views=views, held_out=HELD_OUT, seed=seed, size=size
    )
    given = {"steps": steps} if steps else {}
    started = time.perf_counter()
    avatar = train_avatar(body, train, AvatarSettings(seed=seed, **given), progress=False)
    seconds = time.perf_counter() - started
    found = judged(avatar, body, held_out)
    kept = held_out[:KEPT]
    shown, _ = render_all(avatar, body, kept)
    return {
        **found,
        "flicker": _flicker(avatar, body, signer, seed, held_out),
        "train_seconds": seconds,
        "gaussians": len(avatar),
        "pictures": [{"true": as_text(true), "avatar": as_text(ours), "hand": hand_box(regions)}
                     for true, ours, regions in
                     zip(kept.pictures, shown, kept.regions, strict=True)],
        "not_compared": ["train_seconds"],
    }  # fmt: skip


def _flicker(avatar: Avatar, body: Body, signer, seed: int, like: Captures) -> float:
    """Of a moving sequence, seen from where the first held-out picture was taken."""
    motion = signing_sequence(body, FRAMES, seed=seed, betas=signer.betas)
    true = capture(body, signer, motion, like.cameras[:1], surface=paint(body, signer))
    ours = np.stack(list(pictures(avatar, body, motion, like.cameras[0], true.background)))
    return flicker(ours, true)


def hand_box(regions: np.ndarray, share: float = 0.3) -> list[int]:
    """Where the larger of a picture's hands is: first row, first column and side of a square.

    Args:
        regions: Of a capture, uint8 [H, W].
        share: The square's side, of the picture's smaller one.

    Chapter: 06_signsplat
    """
    side = round(share * min(regions.shape))
    places, count = label(regions == HANDS)
    if not count:
        return [0, 0, side]
    largest = 1 + np.bincount(places.ravel())[1:].argmax()
    middle = np.argwhere(places == largest).mean(0)
    corner = [int(np.clip(m - side / 2, 0, n - side)) for m, n in
              zip(middle, regions.shape, strict=True)]  # fmt: skip
    return [*corner, side]


def kept_pictures(record: Mapping, close: bool = False) -> list[tuple[np.ndarray, np.ndarray]]:
    """A record's held-out pictures: true and rendered, uint8 [H, W, 3].

    Args:
        record: As of `run_avatar`.
        close: Only the part with a hand.

    Chapter: 06_signsplat
    """
    out = []
    for one in record["pictures"]:
        top, left, side = one["hand"]
        part = np.s_[top : top + side, left : left + side] if close else np.s_[:]
        files = [BytesIO(base64.b64decode(one[k])) for k in ("true", "avatar")]
        out.append(tuple(np.array(Image.open(file))[part] for file in files))
    return out


def summary(records: Mapping[str, Mapping[int, Mapping]]) -> dict:
    """Means over signers, as chapter 6's results have them."""
    every = [one for runs in records.values() for one in runs.values()]
    mean = {
        "psnr_heldout": [one["psnr"]["foreground"] for one in every],
        "psnr_heldout_hands": [one["psnr"]["hands"] for one in every],
        "ssim_heldout": [one["ssim"]["foreground"] for one in every],
        "train_seconds": [one["train_seconds"] for one in every],
    }
    return {key: float(np.mean(values)) for key, values in mean.items()} | {"signers": len(records)}
