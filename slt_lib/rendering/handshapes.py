"""Hands as signers hold them: how far each finger bends."""

import numpy as np
from scipy.spatial.transform import Rotation

from slt_lib.body.joints import FINGERS
from slt_lib.pose.errors import SLTError

OPEN, BENT, HOOKED, CLOSED = (0, 2, 2), (75, 10, 5), (15, 80, 45), (78, 92, 55)
ROUND, TOUCHING = (35, 42, 28), (57, 43, 16)
_ALONG, _ACROSS, _NEAR, _OVER = (0, -8, -5, 0), (42, 22, 22, 30), (8, 30, 5, 5), (48, 18, 32, 52)
# Bends of index, middle, ring and little finger at their three joints, degrees; the spread
# between them; the thumb: opposed, drawn to the hand, bent at its two outer joints.
HANDSHAPES = {
    "flat": ((OPEN,) * 4, -5, _NEAR),
    "spread": ((OPEN,) * 4, 9, _ALONG),
    "fist": ((CLOSED,) * 4, -4, _OVER),
    "point": ((OPEN, CLOSED, CLOSED, CLOSED), 0, _OVER),
    "two": ((OPEN, OPEN, CLOSED, CLOSED), 12, _OVER),
    "together": ((OPEN, OPEN, CLOSED, CLOSED), -6, _OVER),
    "three": ((OPEN, OPEN, CLOSED, CLOSED), 10, _ALONG),
    "four": ((OPEN,) * 4, 9, (48, 24, 38, 35)),
    "little": ((CLOSED, CLOSED, CLOSED, OPEN), 0, _OVER),
    "thumb": ((CLOSED,) * 4, -4, (-20, 5, -10, -12)),
    "thumb_little": ((CLOSED, CLOSED, CLOSED, OPEN), 6, _ALONG),
    "round": ((TOUCHING,) * 4, -4, (14, 12, 0, 15)),
    "pinch": ((TOUCHING, OPEN, OPEN, OPEN), 8, (16, 12, 0, 14)),
    "claw": ((HOOKED,) * 4, 8, (10, 0, 15, 25)),
    "curved": ((ROUND,) * 4, -3, (35, 2, 8, 8)),
    "bent": ((BENT,) * 4, -4, _NEAR),
    "hook": ((HOOKED, CLOSED, CLOSED, CLOSED), 0, _OVER),
    "relaxed": (((18, 22, 12), (24, 26, 15), (28, 30, 18), (32, 32, 18)), -2, (18, 12, 10, 12)),
}
_SPREAD = {"index": -1.0, "middle": -0.1, "ring": 0.75, "pinky": 1.6}
_THUMB_BEND = np.array([0.58, 0.81, 0.0])  # the axis of its outer joints in the left hand at rest


def hand_turns(shape: str, side: str = "left") -> np.ndarray:
    """The turns of a hand's 15 joints, axis times angle in radians, float32 [15, 3].

    Args:
        shape: A key of `HANDSHAPES`.
        side: "left" or "right".

    Raises:
        SLTError: If there is no such shape or side.
    """
    if shape not in HANDSHAPES or side not in ("left", "right"):
        raise SLTError(f"There is no {side} hand called {shape!r}.",
                       fix=f"Shapes: {', '.join(HANDSHAPES)}; sides: left, right.")  # fmt: skip
    bends, spread, thumb = HANDSHAPES[shape]
    bend = dict(zip(("index", "middle", "ring", "pinky"), bends, strict=True))
    turns = []
    for finger in FINGERS:
        turns += _thumb(*thumb) if finger == "thumb" else _finger(bend[finger], spread, finger)
    mirror = [1, 1, 1] if side == "left" else [1, -1, -1]
    return (np.array(turns) * mirror).astype(np.float32)


def _finger(bend: tuple, spread: float, finger: str) -> list[np.ndarray]:
    """A left finger lies along x and bends towards -y; spread, it turns about y."""
    apart = Rotation.from_euler("y", spread * _SPREAD[finger] * np.cos(np.radians(bend[0])), True)
    turns = [Rotation.from_euler("z", -angle, degrees=True) for angle in bend]
    turns[0] = apart * turns[0]
    return [turn.as_rotvec() for turn in turns]


def _thumb(opposed: float, drawn: float, middle: float, outer: float) -> list[np.ndarray]:
    base = Rotation.from_euler("xy", [opposed, drawn], degrees=True)
    return [base.as_rotvec(), np.radians(middle) * _THUMB_BEND, np.radians(outer) * _THUMB_BEND]
