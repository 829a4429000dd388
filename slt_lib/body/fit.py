"""Fitting SMPL-X bodies to keypoints, many sequences at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from slt_lib.body.evidence import Evidence, gather
from slt_lib.body.joints import INDEX, NAMES
from slt_lib.body.kinematics import Rig, chain
from slt_lib.body.limits import limits, matrices, to_rotations
from slt_lib.body.model import EXPRESSIONS, SHAPES, Body
from slt_lib.body.motion import BodyMotion
from slt_lib.body.terms import TERMS, State
from slt_lib.pose.errors import SLTError
from slt_lib.pose.sequence import PoseSequence
from slt_lib.stitching.regression import one_thread

WEIGHTS = MappingProxyType({
    "body_points": 30.0, "hand_bones": 2.0, "hand_points": 3.0, "depth": 1.0, "face_points": 3.0,
    "pose_prior": 0.01, "smoothness": 0.3, "shape_prior": 0.01,
})  # fmt: skip
MOST_FRAMES = 1024  # fitted at once: more don't fit the processor's cache


@dataclass(frozen=True)
class FitSettings:
    """How a fit is made.

    Attributes:
        steps: Of Adam.
        rate: Its learning rate, radians and so on; it falls to a tenth.
        weights: Of the terms, keys of `terms.TERMS`; 0 switches one off.
        limited: Whether joints keep to their limits.
        deep: Whether the keypoints' depth was measured, not guessed from one picture.

    Raises:
        SLTError: If a weight has another name, or there is no step.

    Chapter: 05_body
    """

    steps: int = 200
    rate: float = 0.06
    weights: Mapping[str, float] = field(default_factory=dict)
    limited: bool = True
    deep: bool = False

    def __post_init__(self) -> None:
        unknown = set(self.weights) - set(TERMS)
        if unknown:
            raise SLTError(f"A fit has no term {', '.join(sorted(unknown))}.",
                           fix=f"Known: {', '.join(TERMS)}.")  # fmt: skip
        if self.steps < 1:
            raise SLTError(f"A fit of {self.steps} steps fits nothing.", fix="Take 1 or more.")


@dataclass(frozen=True, eq=False)
class Fit:
    """A body fitted to one sequence.

    Attributes:
        motion: The body's turns, shape and expression.
        place: Where the body's origin is in the recording, shoulder widths around the shoulders'
            usual place, SMPL-X's axes, float32 [frames, 3].
        scale: Shoulder widths per metre of the body.
        width: A shoulder width in the recording's unit.
        origin: Where `place` is 0, in the recording's unit and axes, float32 [3].

    Chapter: 05_body
    """

    motion: BodyMotion
    place: np.ndarray
    scale: float
    width: float
    origin: np.ndarray


def fit_bodies(
    body: Body, poses: Sequence[PoseSequence], settings: FitSettings | None = None,
    signers: Sequence[str] = (),
) -> list[Fit]:  # fmt: skip
    """The body of each sequence: one shape, and turns in every frame.

    All frames of all sequences are fitted together; no sequence influences another, but those of
    one signer get one shape.

    Args:
        body: Whose shape space and joints to use.
        poses: Each with one signer, at least one frame and both shoulders in some frame.
        settings: Defaults are for keypoints from a single camera.
        signers: Who signs in each sequence; by default somebody else in every one.

    Raises:
        PoseError: If a sequence is empty or shows no pair of shoulders.

    Source: Ivashechkin et al., SignSplat, 2025, section 3; Bogo et al., SMPLify, ECCV 2016.
    Chapter: 05_body
    """
    settings = settings or FitSettings()
    fits: list[Fit] = []
    for some in [list(poses)] if signers else _batches(poses):
        seen = gather(some, settings.deep, signers)
        with one_thread():
            fits += _fits(_Fitting(Rig.of(body), seen, settings).run(), seen)
    return fits


def _batches(poses: Sequence[PoseSequence]) -> list[list[PoseSequence]]:
    """Sequences in their order, in lots of about `MOST_FRAMES` frames."""
    lots: list[list[PoseSequence]] = [[]]
    for pose in poses:
        if lots[-1] and sum(map(len, lots[-1])) + len(pose) > MOST_FRAMES:
            lots.append([])
        lots[-1].append(pose)
    return lots if poses else []


class _Fitting:
    """The unknowns of one lot, and how they become keypoints."""

    def __init__(self, rig: Rig, seen: Evidence, settings: FitSettings) -> None:
        self.rig, self.seen, self.settings = rig, seen, settings
        self.low, self.high, self.rest = (torch.from_numpy(a) for a in limits())
        frames, sequences, signers = len(seen), len(seen.width), int(seen.signer.max()) + 1
        unknown = {
            "angles": self.rest.repeat(frames, 1, 1),
            "place": torch.zeros(frames, 3),
            "expression": torch.zeros(frames, EXPRESSIONS),
            "betas": torch.zeros(signers, SHAPES),
            "scale": torch.full((sequences,), _scale(rig)).log(),
            "offsets": torch.zeros(signers, 128, 3),
        }
        self.unknown = {name: value.requires_grad_() for name, value in unknown.items()}
        with torch.no_grad():  # start with the shoulders where they are
            shoulders = self.state().hands[:, [0, 3]].mean(1)
            self.unknown["place"] -= shoulders

    def state(self) -> State:
        """Keypoints of the present unknowns."""
        u, of = self.unknown, self.seen.sequence
        betas, offsets = u["betas"][self.seen.signer], u["offsets"][self.seen.signer]
        rest_joints, rest_tips = self.rig.rest(betas)
        joints, world = chain(rest_joints[of], matrices(u["angles"]))
        hands = self.rig.hands_and_arms((rest_joints[of], rest_tips[of]), joints, world)
        scale = u["scale"].exp()[of, None, None]
        face = self.rig.rest_face(betas[of], u["expression"]) + offsets[of]
        face = self.rig.posed_face(face, rest_joints[of], joints, world)
        return State(
            u["angles"], self.rest, betas, u["expression"],
            hands * scale + u["place"][:, None],
            (face - face.mean(1, keepdim=True)) * scale, u["place"], offsets,
        )  # fmt: skip

    def run(self) -> dict[str, Tensor]:
        """Adam on all unknowns, kept within the limits."""
        steps, rate = self.settings.steps, self.settings.rate
        slow = {"offsets": 0.02, "scale": 0.2, "place": 0.5}
        groups = [{"params": [value], "lr": rate * slow.get(name, 1.0), "usual": rate *
                   slow.get(name, 1.0)} for name, value in self.unknown.items()]  # fmt: skip
        adam = torch.optim.Adam(groups, betas=(0.9, 0.98))
        weights = {**WEIGHTS, **self.settings.weights}
        for step in range(steps):
            for group in adam.param_groups:
                group["lr"] = group["usual"] * (0.1 + 0.45 * (1 + np.cos(np.pi * step / steps)))
            adam.zero_grad()
            state = self.state()
            cost = sum(w * TERMS[name](state, self.seen).sum() for name, w in weights.items() if w)
            cost.backward()
            adam.step()
            self._keep_within()
        return {name: value.detach() for name, value in self.unknown.items()}

    def _keep_within(self) -> None:
        with torch.no_grad():
            angles = self.unknown["angles"]
            if self.settings.limited:
                angles.clamp_(self.low, self.high)
            else:
                angles.mul_((self.high > self.low).any(-1, keepdim=True))
            self.unknown["betas"].clamp_(-3, 3)
            self.unknown["expression"].clamp_(-3, 3)


def _scale(rig: Rig) -> float:
    """Shoulder widths per metre of the mean body."""
    left, right = (rig.joints[INDEX[f"{side}_shoulder"]] for side in ("left", "right"))
    return 1 / float((left - right).norm())


def _fits(found: Mapping[str, Tensor], seen: Evidence) -> list[Fit]:
    """What was found, sequence by sequence."""
    evident, out = seen_joints(seen), []
    for k, (a, b) in enumerate(zip(seen.starts, seen.starts[1:], strict=False)):
        scale = float(found["scale"][k].exp())
        place = found["place"][a:b].numpy()
        motion = BodyMotion(
            to_rotations(found["angles"][a:b].numpy()), float(seen.rate[a]),
            found["betas"][seen.signer[k]].numpy(), found["expression"][a:b].numpy(),
            (place - np.median(place, 0)) / scale, evident[a:b],
        )  # fmt: skip
        out.append(Fit(motion, place, scale, float(seen.width[k]), seen.origin[k].numpy()))
    return out


def seen_joints(seen: Evidence) -> np.ndarray:
    """Which joints' turns rest on keypoints, bool [F, 55]."""
    out = np.zeros((len(seen), len(NAMES)), bool)
    sure = (seen.sure > 0).numpy()
    for side, first, hand in (("right", 0, 0), ("left", 3, 1)):
        out[:, INDEX[f"{side}_shoulder"]] = sure[:, first] & sure[:, first + 1]
        out[:, INDEX[f"{side}_elbow"]] = sure[:, first + 1] & sure[:, first + 2]
        bones = seen.bone_seen[:, hand].numpy()
        out[:, INDEX[f"{side}_wrist"]] = bones[:, :5].any(1)
        for j, name in enumerate(NAMES):
            finger, number = name.removeprefix(f"{side}_")[:-1], name[-1]
            if name.startswith(side) and finger in _FINGERS:
                out[:, j] = bones[:, 5 + 3 * _FINGERS.index(finger) + int(number) - 1]
        out[:, INDEX[f"{side}_hip"]] = sure[:, 6 if side == "right" else 7]
    shoulders = sure[:, 0] & sure[:, 3]
    out[:, [INDEX[n] for n in ("pelvis", "spine1", "spine2", "spine3")]] = shoulders[:, None]
    out[:, [INDEX[n] for n in ("neck", "head", "jaw")]] = seen.face_seen.numpy()[:, None]
    return out


_FINGERS = ("thumb", "index", "middle", "ring", "pinky")
