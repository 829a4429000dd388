"""What does a pose estimator make of a signer before a camera? Not the truth.

Positions wobble, depth most; a fast hand blurs and is lost for some frames; a hand before
another one is lost more easily; confidence says a little about it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter
from scipy.spatial.transform import Rotation

from slt_lib.corpus.weather.handshapes import MIDDLE
from slt_lib.pose.normalise import normalise
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import SLRTP_178


@dataclass(frozen=True)
class Camera:
    """How a recording is made and estimated.

    Attributes:
        noise: Standard deviation of a joint's error, shoulder widths; three times that in depth.
        memory: How much of a frame's error stays for the next one, 0 to 1.
        blur: How much a hand's error grows with its speed (per shoulder width a second).
        lost: Probability per frame that a hand at rest gets lost.
        lost_fast: What a speed of one shoulder width a second adds to it.
        found: Probability per frame that a lost hand is found again.
        lost_face: Probability per frame that the face gets lost.
        angle: Standard deviation of the camera's direction, degrees.

    Chapter: 04_synthetic_corpus
    """

    noise: float = 0.01
    memory: float = 0.6
    blur: float = 0.25
    lost: float = 0.004
    lost_fast: float = 0.008
    found: float = 0.3
    lost_face: float = 0.001
    angle: float = 4.0


BROADCAST_CAMERA = Camera()
STUDIO_CAMERA = Camera(noise=0.005, blur=0.1, lost=0.0005, lost_fast=0.001, angle=1.0)


def observe(
    truth: np.ndarray, fps: float, camera: Camera, rng: np.random.Generator
) -> PoseSequence:
    """The estimator's view of a signer, normalised to the estimated shoulders.

    Args:
        truth: float [frames, 178, 3] in shoulder widths.
        fps: Frames per second.
        camera: How it is seen.
        rng: Where the errors come from.

    Chapter: 04_synthetic_corpus
    """
    pitch, yaw = np.radians(camera.angle) * rng.standard_normal(2)
    seen = truth @ Rotation.from_euler("xy", [pitch, yaw]).as_matrix().T
    mask = np.ones(seen.shape[:2], bool)
    scale = np.full(seen.shape[:2], camera.noise)
    speeds = {}
    right, left = (SLRTP_178.groups[side] for side in ("right_hand", "left_hand"))
    for side, joints in (("right_hand", right), ("left_hand", left)):
        speeds[side] = _speed(truth[:, joints[0]], fps)
        scale[:, joints] *= (1 + camera.blur * speeds[side])[:, None]
    apart = truth[:, right[MIDDLE], :2] - truth[:, left[MIDDLE], :2]
    close = np.linalg.norm(apart, axis=-1) < 0.2
    for side, speed in speeds.items():
        chance = camera.lost * (1 + 3 * close) + camera.lost_fast * speed
        mask[:, SLRTP_178.groups[side]] &= ~_bursts(chance, camera.found, rng)[:, None]
    face = np.full(len(seen), camera.lost_face)
    mask[:, SLRTP_178.groups["face"]] &= ~_bursts(face, camera.found, rng)[:, None]
    noise = _wobble(seen.shape, camera.memory, rng) * scale[..., None] * [1, 1, 3]
    wobble_face = SLRTP_178.groups["face"]
    noise[:, wobble_face] *= 0.3  # a face's points move together
    confidence = np.clip(1 - 12 * scale + 0.05 * rng.standard_normal(scale.shape), 0.1, 1) * mask
    return normalise(PoseSequence(seen + noise, confidence, fps))


def _speed(points: np.ndarray, fps: float) -> np.ndarray:
    """Speed of a point, float [frames], units per second; 0 of a single frame."""
    if len(points) < 2:
        return np.zeros(len(points))
    return np.linalg.norm(np.gradient(points, axis=0), axis=-1) * fps


def _bursts(chance: np.ndarray, found: float, rng: np.random.Generator) -> np.ndarray:
    """Frames in which something is lost: lost with a chance per frame, found again with another."""
    lost, out = False, np.zeros(len(chance), bool)
    for t, draw in enumerate(rng.random(len(chance))):
        lost = draw > found if lost else draw < chance[t]
        out[t] = lost
    return out


def _wobble(shape: tuple, memory: float, rng: np.random.Generator) -> np.ndarray:
    """Errors of standard deviation 1 that last: a first-order autoregressive process."""
    white = rng.standard_normal(shape) * np.sqrt(1 - memory**2)
    white[0] /= np.sqrt(1 - memory**2)
    return lfilter([1], [1, -memory], white, axis=0)
