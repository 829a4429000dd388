"""How near are rendered pictures to what a camera saw, and can the hands be read?"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torchmetrics.functional.image import peak_signal_noise_ratio
from torchmetrics.functional.image import structural_similarity_index_measure as ssim

from slt_lib.pose.errors import SLTError
from slt_lib.pose.video import video_to_pose
from slt_lib.rendering.captures import Captures
from slt_lib.rendering.regions import REGIONS
from slt_lib.rendering.video import write_video

BEST_PSNR = 100.0  # decibels, what equal pictures get
FEWEST = 16  # pixels of a region that a picture must have to count


@dataclass(frozen=True)
class Quality:
    """Means over pictures; NaN for a region that no picture shows.

    Attributes:
        psnr: Decibels, of the foreground and of each region: "foreground", "hands", "face",
            "body".
        ssim: Of the same, 1 is equal.
        iou: Of the silhouettes, 1 is equal; None if no alpha was given.

    Chapter: 06_signsplat
    """

    psnr: dict[str, float]
    ssim: dict[str, float]
    iou: float | None


def picture_quality(
    pictures: np.ndarray, captures: Captures, alpha: np.ndarray | None = None, *, batch: int = 8
) -> Quality:
    """Compare rendered pictures with captures of the same poses from the same cameras.

    Args:
        pictures: uint8 or float 0 to 1, [N, H, W, 3].
        captures: N; their masks say what foreground is (a pixel with any of the signer).
        alpha: How much of a pixel the rendered signer covers, 0 to 1, [N, H, W].
        batch: Pictures compared at once.

    Raises:
        SLTError: If shapes differ.

    Source: SSIM by Wang et al., IEEE TIP 2004, as in torchmetrics.
    Chapter: 06_signsplat
    """
    if pictures.shape != captures.pictures.shape or len(pictures) == 0:
        raise SLTError(f"Pictures {pictures.shape} aren't the captures' "
                       f"{captures.pictures.shape}, or there are none.")  # fmt: skip
    names = ("foreground", *REGIONS)
    psnr, alike = ({name: [] for name in names} for _ in range(2))
    for start in range(0, len(pictures), batch):
        some = slice(start, start + batch)
        ours, theirs = _tensor(pictures[some]), _tensor(captures.pictures[some])
        _, maps = ssim(ours, theirs, data_range=1.0, return_full_image=True)
        places = {"foreground": captures.masks[some] > 0}
        places |= {name: captures.regions[some] == label for name, label in REGIONS.items()}
        for name, place in places.items():
            for i, inside in enumerate(torch.from_numpy(place)):
                if inside.sum() >= FEWEST:
                    psnr[name].append(_psnr(ours[i][:, inside], theirs[i][:, inside]))
                    alike[name].append(float(maps[i][:, inside].mean()))
    iou = None if alpha is None else silhouette_iou(alpha, captures.masks)
    return Quality(*({k: _mean(v) for k, v in part.items()} for part in (psnr, alike)), iou)


def silhouette_iou(alpha: np.ndarray, masks: np.ndarray) -> float:
    """Intersection over union of two silhouettes [N, H, W] cut at a half, mean over pictures.

    Raises:
        SLTError: If shapes differ.

    Chapter: 06_signsplat
    """
    if alpha.shape != masks.shape:
        raise SLTError(f"Silhouettes {alpha.shape} and {masks.shape} can't be compared.")
    ours, theirs = alpha > 0.5, masks > 0.5
    both, either = ((f(ours, theirs)).sum((1, 2)) for f in (np.logical_and, np.logical_or))
    return float(np.where(either > 0, both / np.maximum(either, 1), 1.0).mean())


def flicker(pictures: np.ndarray, captures: Captures) -> float:
    """How much a rendered sequence changes from frame to frame beyond the true change.

    Args:
        pictures: uint8 or float 0 to 1, [N, H, W, 3], one camera.
        captures: The same frames.

    Returns:
        Mean absolute difference of the changes over the foreground of both frames, in levels of
        255; 0 if a constant error is all there is.

    Raises:
        SLTError: If shapes differ or there are fewer than 2 frames.

    Chapter: 06_signsplat
    """
    if pictures.shape != captures.pictures.shape or len(pictures) < 2:
        raise SLTError("Flicker needs 2 or more frames, as many as captures.")
    total, count = 0.0, 0
    for i in range(len(pictures) - 1):
        inside = (captures.masks[i] > 0) & (captures.masks[i + 1] > 0)
        ours = np.diff(_levels(pictures[i : i + 2]), axis=0)[0]
        theirs = np.diff(_levels(captures.pictures[i : i + 2]), axis=0)[0]
        total += float(np.abs(ours - theirs)[inside].sum())
        count += 3 * int(inside.sum())
    return total / count if count else float("nan")


def hands_found(pictures: np.ndarray, fps: float = 25.0) -> dict[str, float]:
    """The share of frames in which MediaPipe finds each hand and the face.

    A hand that a detector can't find has lost its fingers, whatever the PSNR says.

    Args:
        pictures: Of a sequence, uint8 or float 0 to 1, [N, H, W, 3].
        fps: Frames per second.

    Returns:
        Shares by "left_hand", "right_hand" and "face".

    Raises:
        MissingPartError: If the video environment isn't there.
        SLTError: If there are no pictures.

    Chapter: 06_signsplat
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hands.mp4"
        write_video(pictures, path, fps)
        pose = video_to_pose(path, cache=None)
    parts = ("left_hand", "right_hand", "face")
    return {part: float(pose.mask[:, pose.group(part)].any(1).mean()) for part in parts}


def _levels(pictures: np.ndarray) -> np.ndarray:
    scale = 1.0 if pictures.dtype == np.uint8 else 255.0
    return pictures.astype(np.float32) * scale


def _tensor(pictures: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(_levels(pictures) / 255).permute(0, 3, 1, 2)


def _psnr(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    value = float(peak_signal_noise_ratio(ours, theirs, data_range=1.0))
    return min(value, BEST_PSNR)


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
