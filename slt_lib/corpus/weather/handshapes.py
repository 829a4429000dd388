"""Which shapes can a simulated hand take? Those of real hands, from the bundled recordings.

The recordings finger-spell. From each we take the frame in which the spelling hand moves least,
and keep only its fingers: the directions of its bones in the hand's own frame. Sizes, arms and
faces come from elsewhere.
"""

from functools import lru_cache

import numpy as np

from slt_lib.dictionary import Sign, from_lexicon
from slt_lib.pose.normalise import dominant_hand
from slt_lib.pose.skeleton import SLRTP_178

SHAPES = 26
BONES = np.array([(0 if j % 4 == 1 else j - 1, j) for j in range(1, 21)])
MIDDLE, INDEX, PINKY = 9, 5, 17
SLOWEST_SHARE = 0.3  # of the frames, the middle of which are candidates


def own_frame(hands: np.ndarray) -> np.ndarray:
    """The hand's own axes: towards the index side, along the palm, out of it.

    Args:
        hands: float [..., 21, 3].

    Returns:
        Rotations [..., 3, 3] whose columns are the axes.
    """
    along = _unit(hands[..., MIDDLE, :] - hands[..., 0, :])
    side = hands[..., INDEX, :] - hands[..., PINKY, :]
    side = _unit(side - (side * along).sum(-1, keepdims=True) * along)
    return np.stack([side, along, np.cross(side, along)], -1)


def bone_directions(hands: np.ndarray) -> np.ndarray:
    """Unit directions of the 20 finger bones in the hand's own frame.

    Args:
        hands: float [..., 21, 3].

    Returns:
        float [..., 20, 3].
    """
    bones = hands[..., BONES[:, 1], :] - hands[..., BONES[:, 0], :]
    return _unit(bones) @ own_frame(hands)


def build_hand(directions: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Hands from bone directions: the wrist at 0, in the hand's own frame.

    Args:
        directions: float [..., 20, 3], any length but 0.
        lengths: float [20] in shoulder widths.

    Returns:
        float [..., 21, 3].
    """
    bones = _unit(directions) * lengths[:, None]
    fingers = bones.reshape(*bones.shape[:-2], 5, 4, 3).cumsum(-2)
    wrist = np.zeros((*bones.shape[:-2], 1, 3))
    return np.concatenate([wrist, fingers.reshape(bones.shape)], -2)


@lru_cache
def hand_shapes() -> np.ndarray:
    """The shapes of a right hand, float [26, 20, 3]: bone directions in the hand's own frame.

    The German letters, each as different from those before it as can be had.

    Chapter: 04_synthetic_corpus
    """
    found = [shape for sign in from_lexicon() if (shape := _shape(sign)) is not None]
    return _most_different(np.array(found), SHAPES)


@lru_cache
def relaxed_hand() -> np.ndarray:
    """A hand at rest: the mean of all shapes, float [20, 3]."""
    return _unit(hand_shapes().mean(0))


def _shape(sign: Sign) -> np.ndarray | None:
    """The fingers of a recording where its hand moves least; None if it was hardly seen."""
    pose = sign.pose
    if dominant_hand(pose) == "left":
        pose = pose.mirrored()
    joints = SLRTP_178.groups["right_hand"]
    seen = np.flatnonzero(pose.mask[:, joints].all(1))
    if len(seen) < 5:
        return None
    hands = pose.positions[np.ix_(seen, joints)].astype(float)
    directions = bone_directions(hands)
    speed = np.linalg.norm(np.gradient(hands[:, 0], axis=0), axis=-1)
    speed = speed + np.linalg.norm(np.gradient(directions, axis=0), axis=-1).mean(-1)
    inner = slice(len(seen) // 4, max(len(seen) * 3 // 4, len(seen) // 4 + 1))
    slow = inner.start + np.argsort(speed[inner])
    slow = slow[: max(1, int(SLOWEST_SHARE * len(slow)))]
    return _unit(np.median(directions[slow], 0))


def _most_different(shapes: np.ndarray, count: int) -> np.ndarray:
    """Farthest-point choice of `count` shapes, starting from the one most unlike the mean."""
    flat = shapes.reshape(len(shapes), -1)
    chosen = [int(np.linalg.norm(flat - flat.mean(0), axis=1).argmax())]
    gap = np.linalg.norm(flat - flat[chosen[0]], axis=1)
    while len(chosen) < min(count, len(shapes)):
        chosen.append(int(gap.argmax()))
        gap = np.minimum(gap, np.linalg.norm(flat - flat[chosen[-1]], axis=1))
    return shapes[chosen]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
