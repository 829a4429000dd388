"""The depth trap: in most `.pose` files z is in another unit than x and y.

MediaPipe gives x, y and z of its landmarks as shares of the image (z of its width, roughly).
pose-format multiplies x and y by the image's size and leaves z as it is. Files that were
rescaled afterwards, like the bundled recordings, have lost the image's width as well; all that
is left is what we know of hands: their bones don't change length when they turn.
"""

import numpy as np

from slt_lib.pose.errors import PoseError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import HAND, Skeleton

Z_SHARE, Z_PIXEL = "share of the image width", "pixel"
USUAL_FACTOR = 1.28  # image widths; the median of the bundled recordings (640 of 500 pixels)
FACTOR_RANGE = (0.6, 1.6)  # image widths; hands seen from one side only leave the estimate loose
KNUCKLES = ((0, 5), (0, 9), (0, 13), (0, 17), (5, 9), (9, 13), (13, 17), (5, 17))
PHALANGES = tuple((j, j + 1) for j in range(1, len(HAND) - 1) if j % 4)
FEWEST_FRAMES = 5


def z_unit(positions: np.ndarray, mask: np.ndarray, skeleton: Skeleton) -> str | None:
    """The unit of z, told from the numbers: no body is a hundred times flatter than wide.

    Headers can't be trusted with it: files whose header says depth 640 have z in shares too.

    Args:
        positions: float [frames, joints, 3], x and y in pixels.
        mask: bool [frames, joints].

    Returns:
        "share of the image width" or "pixel"; None if no bone was seen.
    """
    a, b = skeleton.bones.T
    both = mask[:, a] & mask[:, b]
    if not both.any():
        return None
    across, deep = np.split(np.abs(positions[:, b] - positions[:, a])[both], [2], axis=-1)
    flat = np.median(deep) < 0.02 * np.median(np.hypot(*across.T))
    return Z_SHARE if flat else Z_PIXEL


def fix_depth(pose: PoseSequence, factor: float | None = None) -> PoseSequence:
    """The pose with z in pixels too, so that x, y and z share one unit.

    z is multiplied by one factor and shifted so that its median is 0. The factor is the image
    width where that is known (`video_to_pose` says so in `meta["z_scale"]`); else the one that
    keeps hand bones and palms most constant in length over time, held within 0.6 to 1.6 image
    widths (300 to 800 pixels in the bundled recordings); else, where too little of a hand was
    seen, 1.28 image widths. A pose whose z is in pixels already comes back as it is. World
    landmarks, which are in metres, are left alone.

    Args:
        pose: A sequence as read, in pixels, not yet normalised.
        factor: Pixels per unit of z, if you know better.

    Returns:
        The sequence; `meta` has `z_factor` and `z_factor_from`.

    Raises:
        PoseError: If the pose was normalised before.

    Chapter: 01_signing_poses
    """
    if pose.meta.get("z_unit") != Z_SHARE:
        return pose
    if "unit" in pose.meta:
        raise PoseError("Depth has to be fixed before normalising.", fix="Swap the two steps.")
    image = [j for j, name in enumerate(pose.skeleton.joints) if not name.startswith("WORLD.")]
    seen = pose.mask[:, image]
    factor, source = (factor, "given") if factor else _factor(pose)
    positions = pose.positions.copy()
    z = positions[:, image, 2]
    middle = np.median(z[seen]) if seen.any() else 0
    positions[:, image, 2] = np.where(seen, (z - middle) * np.float32(factor), 0)
    known = {"z_unit": Z_PIXEL, "z_factor": float(factor), "z_factor_from": source}
    return pose.replace(positions=positions, meta={**pose.meta, **known})


def _factor(pose: PoseSequence) -> tuple[float, str]:
    """Pixels per unit of z, and what they were told from."""
    if pose.meta.get("z_scale"):
        return pose.meta["z_scale"], "image width"
    width = pose.meta.get("width") or 500
    low, high = FACTOR_RANGE[0] * width, FACTOR_RANGE[1] * width
    factors = np.geomspace(low, high, 50)
    cost = sum(_unsteadiness(pose, side, factors) for side in ("right_hand", "left_hand"))
    if not np.any(cost):
        return USUAL_FACTOR * width, "usual value, too little of a hand was seen"
    return float(factors[np.argmin(cost)]), "hand bones"


def _unsteadiness(pose: PoseSequence, side: str, factors: np.ndarray) -> np.ndarray:
    """How much one hand's lengths vary over time under each factor, float [factors].

    Median coefficient of variation of phalanges and palm, times the frames that saw the hand
    (0 below five). Plain least squares on the lengths would collapse the factor to 0.
    """
    hand = pose.group(side)
    seen = pose.mask[:, hand].all(-1) if len(hand) == len(HAND) else np.zeros(len(pose), bool)
    if seen.sum() < FEWEST_FRAMES:
        return np.zeros(len(factors))
    points = pose.positions[seen][:, hand].astype(np.float64)
    a, b = np.transpose(KNUCKLES + PHALANGES)
    squared = (points[:, b] - points[:, a]) ** 2
    across, deep = squared[..., :2].sum(-1), squared[..., 2]
    lengths = np.sqrt(across + factors[:, None, None] ** 2 * deep)
    variation = lengths.std(1) / np.maximum(lengths.mean(1), 1e-9)
    return np.median(variation, axis=-1) * seen.sum()
