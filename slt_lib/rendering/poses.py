"""Bodies that stand as signers do: hands in front of them, elbows down. Drawn, not recorded."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from slt_lib.body.joints import INDEX, NAMES
from slt_lib.body.model import Body
from slt_lib.body.motion import BodyMotion
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.handshapes import HANDSHAPES, hand_turns

# Where a wrist may be, in arm lengths from the middle between the shoulders: out to the hand's own
# side, up, and to the front (lowest and highest).
PLACES = {
    "neutral": ((0.05, -0.58, 0.45), (0.50, -0.22, 0.75)),
    "chest": ((0.00, -0.30, 0.45), (0.30, 0.00, 0.60)),
    "high": ((0.25, 0.00, 0.40), (0.60, 0.28, 0.65)),
    "side": ((0.55, -0.35, 0.35), (0.80, 0.10, 0.60)),
    "low": ((0.20, -0.70, 0.35), (0.40, -0.55, 0.50)),
}
HAND = 0.3  # arm lengths from the wrist to a stretched finger's tip
CLEAR = 0.05  # metres between the bones of an arm and the skin of torso and head
# The face's movements in the book's body: brows, eyelids (little, or eyes close), mouth, cheeks
FACES = (0.4, 0.4, 0.12, 0.12, 0.3, 0.3, 0.3, 0.3, 0.2, 0.2)
SMILE = (0.1, 0, -0.05, 0, 0.3, 0, 0, 0, 0, 0)
APART = 0.11  # metres between the two hands' bones


@dataclass(frozen=True, eq=False)
class _Arm:
    """One arm: its joints' turns by name, and the points along its bones, metres [n, 3]."""

    turns: dict[str, Rotation]
    bones: np.ndarray


@dataclass(frozen=True, eq=False)
class _Figure:
    """What reaching depends on: joints at rest, and how far the torso stands out."""

    joints: np.ndarray
    torso: np.ndarray

    @classmethod
    def of(cls, body: Body, betas: np.ndarray) -> "_Figure":
        model = body.smplx
        shaped = model.v_template.numpy() + model.shapedirs[..., : len(betas)].numpy() @ betas
        joints = model.J_regressor.numpy() @ shaped
        trunk = model.lbs_weights[:, [INDEX[f"spine{n}"] for n in (1, 2, 3)]].sum(1).numpy() > 0.6
        return cls(joints, np.abs(shaped[trunk] - joints[INDEX["spine2"]]).max(0))

    def at(self, name: str) -> np.ndarray:
        return self.joints[INDEX[name]]


def signing_poses(
    body: Body, count: int, *, seed: int, betas: np.ndarray | None = None, fps: float = 25.0
) -> BodyMotion:
    """Poses that a signer might pass through, one after the other without connection.

    Wrist angles stay within what an arm can do; arms are clear of torso, head and each other.

    Args:
        body: Whose proportions.
        count: How many.
        seed: Of every choice.
        betas: Shape, float [10]; the mean body by default.
        fps: Of the motion that is returned.

    Raises:
        SLTError: If the count is below 1.

    Chapter: 06_signsplat
    """
    if count < 1:
        raise SLTError(f"There are no {count} poses.", fix="Ask for 1 or more.")
    betas = np.zeros(10, np.float32) if betas is None else np.asarray(betas, np.float32)
    rng, figure = np.random.default_rng(seed), _Figure.of(body, betas)
    rotations = np.stack([_pose(figure, rng) for _ in range(count)])
    expression = rng.normal(SMILE, FACES, (count, 10)).clip(-0.8, 0.8)
    return BodyMotion(rotations, fps, betas, expression)


def signing_sequence(
    body: Body, frames: int, *, seed: int, betas: np.ndarray | None = None, fps: float = 25.0,
    seconds: float = 0.7,
) -> BodyMotion:  # fmt: skip
    """A smooth movement through such poses, with a short hold at each.

    Args:
        body: Whose proportions.
        frames: How many.
        seed: Of every choice.
        betas: Shape, float [10]; the mean body by default.
        fps: Frames per second.
        seconds: From pose to pose.

    Raises:
        SLTError: If there are no frames, or the times are not above 0.

    Chapter: 06_signsplat
    """
    if frames < 1 or fps <= 0 or seconds <= 0:
        raise SLTError(f"{frames} frames at {fps} per second, {seconds} s per pose: no movement.",
                       fix="Give positive numbers.")  # fmt: skip
    time = np.arange(frames) / fps / seconds
    stops = int(time[-1]) + 2
    poses = signing_poses(body, stops, seed=seed, betas=betas, fps=fps)
    share = ((time % 1) / 0.75).clip(0, 1)  # the last quarter is the hold
    eased = share**3 * (10 - 15 * share + 6 * share**2)  # least jerk
    when = np.floor(time) + eased
    rotations = np.stack(
        [Slerp(np.arange(stops), Rotation.from_rotvec(turns))(when).as_rotvec()
         for turns in poses.rotations.swapaxes(0, 1)], 1,
    )  # fmt: skip
    before = np.floor(when).astype(int).clip(0, stops - 2)
    part = (when - before)[:, None]
    expression = (1 - part) * poses.expression[before] + part * poses.expression[before + 1]
    return BodyMotion(rotations, fps, poses.betas, expression)


def _pose(figure: _Figure, rng: np.random.Generator) -> np.ndarray:
    """Turns of all joints, [55, 3]."""
    out = np.zeros((len(NAMES), 3))
    shapes = rng.choice(list(HANDSHAPES), 2)
    if rng.random() < 0.35:
        shapes[1] = shapes[0]
    right, left = _arms(figure, rng)
    for side, arm, shape in (("right", right, shapes[0]), ("left", left, shapes[1])):
        first = INDEX[f"{side}_index1"]
        noise = rng.normal(0, 0.04, (15, 3))
        out[first : first + 15] = hand_turns(str(shape), side) + noise
        for name, turn in arm.turns.items():
            out[INDEX[f"{side}_{name}"]] = turn.as_rotvec()
    for name, spread in (("spine1", 2), ("spine2", 2), ("spine3", 2), ("neck", 4), ("head", 6)):
        out[INDEX[name]] = np.radians(rng.normal(0, spread, 3).clip(-2 * spread, 2 * spread))
    out[INDEX["jaw"], 0] = np.radians(rng.choice([0, rng.uniform(0, 12)]))
    gaze = np.radians(rng.normal(0, 5, 3).clip(-12, 12)) * [1, 1, 0]
    out[INDEX["left_eye"]] = out[INDEX["right_eye"]] = gaze
    return out


def _arms(figure: _Figure, rng: np.random.Generator, tries: int = 200) -> tuple[_Arm, _Arm]:
    """The right and the left arm, drawn until they touch nothing."""
    for _ in range(tries):
        where = str(rng.choice(list(PLACES), p=[0.45, 0.15, 0.2, 0.12, 0.08]))
        twist = rng.uniform(-75, 80)
        spot = rng.uniform(*PLACES[where])
        right = _arm(figure, "right", spot, twist, rng)
        kind = rng.random()
        if kind < 0.4:  # both hands do the same
            left = _arm(figure, "left", spot, twist, rng)
        else:
            other = "low" if kind < 0.6 else "neutral"
            left = _arm(figure, "left", rng.uniform(*PLACES[other]), rng.uniform(-75, 80), rng)
        gaps = np.linalg.norm(right.bones[2:, None] - left.bones[None, 2:], axis=-1)
        if gaps.min() > APART and _clear(figure, right) and _clear(figure, left):
            return right, left
    raise SLTError("This body finds no pose for its arms.", fix="Use betas nearer to 0.")


def _clear(figure: _Figure, arm: _Arm) -> bool:
    """Whether elbow, forearm and hand are outside the torso and the head, taken as ellipsoids."""
    trunk = (arm.bones[1:] - figure.at("spine2")) / (figure.torso * [1, 1.25, 1] + CLEAR)
    skull = figure.at("head") + np.array([0, 0.05, 0.02])
    head = (arm.bones[1:] - skull) / (np.array([0.10, 0.15, 0.13]) + CLEAR)
    return min((trunk**2).sum(1).min(), (head**2).sum(1).min()) > 1


def _arm(
    figure: _Figure, side: str, spot: np.ndarray, twist: float, rng: np.random.Generator
) -> _Arm:
    """Bend an arm so that its wrist comes to a place, its elbow hanging down.

    Args:
        figure: Whose.
        side: "left" or "right".
        spot: Where, as in `PLACES`.
        twist: Of the forearm, degrees; 0 has the thumb up when the forearm points to the front.
        rng: For the elbow's and wrist's small choices.
    """
    out = 1 if side == "left" else -1
    shoulder, elbow, wrist = (figure.at(f"{side}_{n}") for n in ("shoulder", "elbow", "wrist"))
    upper, fore = np.linalg.norm(elbow - shoulder), np.linalg.norm(wrist - elbow)
    reach = upper + fore
    middle = (figure.at("left_shoulder") + figure.at("right_shoulder")) / 2
    way = middle + reach * spot * [out, 1, 1] - shoulder
    far = np.linalg.norm(way)
    way, far = way / far, far.clip(0.4 * reach, 0.96 * reach)
    along = (upper**2 - fore**2 + far**2) / (2 * far)
    pole = np.array([out * rng.uniform(0.15, 0.5), -1.0, rng.uniform(-0.3, 0.0)])
    pole -= (pole @ way) * way
    bend = shoulder + along * way
    bend += np.sqrt(upper**2 - along**2) * pole / np.linalg.norm(pole)
    u, f = (bend - shoulder) / upper, (shoulder + far * way - bend) / fore
    return _bent(out, shoulder, u, f, (upper, fore), twist, rng)


def _bent(out: int, shoulder, u, f, lengths, twist: float, rng: np.random.Generator) -> _Arm:
    """The turns of an arm whose upper bone points to u and whose forearm points to f.

    At rest an arm points to its side, its palm faces down, and its elbow bends about the vertical:
    the right one is the left one's mirror image, so that signs of angles about y and z change.
    """
    hinge = np.cross(u, f) / np.linalg.norm(np.cross(u, f))
    now = np.stack([u, hinge, np.cross(u, hinge)], 1)
    rest = np.array([[out, 0, 0], [0, -out, 0], [0, 0, -1.0]]).T
    upper = Rotation.from_matrix(now @ rest.T)
    angle = np.arccos(np.clip(u @ f, -1, 1))
    flexed = np.degrees(np.array([0, -out * angle, 0]))
    bend = Rotation.from_rotvec(flexed, degrees=True)
    flex, aside = (rng.normal(0, 1, 2).clip(-2.3, 2.3) * [16, 8]).tolist()
    elbow = bend * Rotation.from_rotvec([0.6 * twist, 0, 0], degrees=True)
    wrist = Rotation.from_euler("xyz", [0.4 * twist, out * aside, -out * flex], degrees=True)
    hand = (upper * elbow * wrist).apply([out, 0, 0])
    joint = shoulder + lengths[0] * u
    end = joint + lengths[1] * f
    tip = HAND * sum(lengths)
    bones = [
        shoulder,
        joint,
        (joint + end) / 2,
        end,
        *(end + s * tip * hand for s in (0.4, 0.7, 1)),
    ]
    return _Arm({"shoulder": upper, "elbow": elbow, "wrist": wrist}, np.array(bones))
