"""Skeletons: which joints a pose has, in which order, and how they hang together.

A joint's *name* is its identity. Two skeletons that share a name mean the same
point, so converting between them is a look-up by name (`PoseSequence.to`), and
left/right mirroring is a swap of names.
"""

import json
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files

import numpy as np

from slt_lib.pose.errors import PoseError

FINGERS = ("THUMB", "INDEX_FINGER", "MIDDLE_FINGER", "RING_FINGER", "PINKY")
_KNUCKLES = {"THUMB": ("CMC", "MCP", "IP", "TIP")}
HAND = (
    "WRIST",
    *(f"{f}_{k}" for f in FINGERS for k in _KNUCKLES.get(f, ("MCP", "PIP", "DIP", "TIP"))),
)
ARM = ("SHOULDER", "ELBOW", "WRIST")
HOLISTIC_BODY = [
    "NOSE",
    "LEFT_EYE_INNER",
    "LEFT_EYE",
    "LEFT_EYE_OUTER",
    "RIGHT_EYE_INNER",
    "RIGHT_EYE",
    "RIGHT_EYE_OUTER",
    "LEFT_EAR",
    "RIGHT_EAR",
    "MOUTH_LEFT",
    "MOUTH_RIGHT",
    "LEFT_SHOULDER",
    "RIGHT_SHOULDER",
    "LEFT_ELBOW",
    "RIGHT_ELBOW",
    "LEFT_WRIST",
    "RIGHT_WRIST",
    "LEFT_PINKY",
    "RIGHT_PINKY",
    "LEFT_INDEX",
    "RIGHT_INDEX",
    "LEFT_THUMB",
    "RIGHT_THUMB",
    "LEFT_HIP",
    "RIGHT_HIP",
    "LEFT_KNEE",
    "RIGHT_KNEE",
    "LEFT_ANKLE",
    "RIGHT_ANKLE",
    "LEFT_HEEL",
    "RIGHT_HEEL",
    "LEFT_FOOT_INDEX",
    "RIGHT_FOOT_INDEX",
]
PARENT_OF_BODY = {"ELBOW": "SHOULDER", "WRIST": "ELBOW", "HIP": "SHOULDER"}


@lru_cache
def face_mesh() -> dict:
    """The MediaPipe face mesh's facts that we need: kept points, contours, mirror partners."""
    return json.loads((files("slt_lib.pose") / "data" / "face_mesh.json").read_text())


def _hand(side: str) -> list[str]:
    return [f"{side}_HAND.{point}" for point in HAND]


def _face(points) -> list[str]:
    return [f"FACE.{point}" for point in points]


@dataclass(frozen=True, eq=False)
class Skeleton:
    """The joints of a pose: names, parents, groups and mirror map.

    Attributes:
        name: Short name, used in files and messages.
        joints: Joint names, in the order of the arrays.

    Raises:
        PoseError: If a joint's name stands twice.

    Chapter: 01_signing_poses
    """

    name: str
    joints: tuple[str, ...]
    index: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        index = {joint: i for i, joint in enumerate(self.joints)}
        if len(index) != len(self.joints):
            raise PoseError(f"Skeleton {self.name!r} names a joint twice.")
        object.__setattr__(self, "index", index)

    def __len__(self) -> int:
        return len(self.joints)

    def __reduce__(self):
        return (
            (skeleton, (self.name,))
            if self.name in SKELETONS
            else (Skeleton, (self.name, self.joints))
        )

    def ids(self, *names: str) -> np.ndarray:
        """Joint numbers of the given names, int [len(names)]."""
        return np.array([self.index[name] for name in names], dtype=int)

    @cached_property
    def groups(self) -> dict[str, np.ndarray]:
        """Joint numbers by body part: body, right_hand, left_hand, face (and world), int arrays."""
        part = {"RIGHT_HAND": "right_hand", "LEFT_HAND": "left_hand", "WORLD": "world"}
        part |= {"FACE": "face", "SLRTP_FACE": "face"}
        members: dict[str, list[int]] = {
            name: [] for name in ("body", "right_hand", "left_hand", "face")
        }
        for i, joint in enumerate(self.joints):
            prefix = joint.split(".")[0] if "." in joint else ""
            members.setdefault(part.get(prefix, "body"), []).append(i)
        return {name: np.array(ids, dtype=int) for name, ids in members.items()}

    def span(self, name: str) -> slice:
        """A body part whose joints stand in a row, as a slice: quicker than their numbers.

        Raises:
            PoseError: If they don't.
        """
        joints = self.groups[name]
        if not len(joints) or joints[-1] - joints[0] != len(joints) - 1:
            raise PoseError(f"The joints of {name} don't stand in a row in {self.name!r}.")
        return slice(int(joints[0]), int(joints[-1]) + 1)

    @cached_property
    def parents(self) -> np.ndarray:
        """Parent of each joint along the bones of arms and hands, -1 for roots, int [joints].

        A hand's wrist hangs on the body's wrist; face points and shoulders are roots.
        """
        return np.array([self.index.get(_parent_name(joint) or "", -1) for joint in self.joints])

    @cached_property
    def mirror(self) -> np.ndarray:
        """The joint that each joint becomes in a mirror, int [joints]; its own inverse."""
        return np.array([self.index.get(_mirror_name(j), i) for i, j in enumerate(self.joints)])

    @cached_property
    def unplaced(self) -> np.ndarray:
        """Joints of which we don't know what they show (the face of SLRTP files), int array."""
        return np.array(
            [i for i, j in enumerate(self.joints) if j.startswith("SLRTP_FACE.")], dtype=int
        )

    @cached_property
    def bones(self) -> np.ndarray:
        """(parent, child) of the 4 arm and 40 hand bones that this skeleton has, int [bones, 2].

        Zero-length links (body wrist to hand wrist) and the torso are left out.
        """
        keep = [
            (p, j)
            for j, p in enumerate(self.parents)
            if p >= 0 and not self.joints[j].endswith(("HAND.WRIST", "HIP"))
        ]
        return np.array(keep, dtype=int).reshape(-1, 2)

    @cached_property
    def chains(self) -> dict[str, list[list[int]]]:
        """Polylines to draw, joint numbers by part: arms, torso, hands, face contours."""
        have = self.index.__contains__
        side = {s: [f"{s}_{part}" for part in ARM] for s in ("RIGHT", "LEFT")}
        lines = {
            "body": [
                side["RIGHT"][::-1] + side["LEFT"],
                ["RIGHT_SHOULDER", "RIGHT_HIP", "LEFT_HIP", "LEFT_SHOULDER"],
            ]
        }
        for s in ("RIGHT", "LEFT"):
            hand = _hand(s)
            fingers = [[hand[0], *hand[base : base + 4]] for base in (1, 5, 9, 13, 17)]
            palm = [hand[i] for i in (5, 9, 13, 17)]
            lines[f"{s.lower()}_hand"] = [*fingers, palm]
        lines["face"] = [_face(contour) for contour in face_mesh()["contours"].values()]
        return {
            part: [
                [self.index[n] for n in line if have(n)]
                for line in part_lines
                if sum(map(have, line)) > 1
            ]
            for part, part_lines in lines.items()
        }


def _parent_name(joint: str) -> str | None:
    if "_HAND." in joint:
        side, point = joint.split("_HAND.")
        if point == "WRIST":
            return f"{side}_WRIST"
        i = HAND.index(point)
        return f"{side}_HAND.{HAND[0 if i % 4 == 1 else i - 1]}"
    side, _, part = joint.partition("_")
    parent = PARENT_OF_BODY.get(part)
    return f"{side}_{parent}" if parent and side in ("LEFT", "RIGHT") else None


def _mirror_name(joint: str) -> str:
    if joint.startswith("FACE."):
        return f"FACE.{face_mesh()['mirror'][int(joint[5:])]}"
    swap = {"LEFT": "RIGHT", "RIGHT": "LEFT"}
    head, dot, tail = joint.rpartition(".") if joint.startswith("WORLD.") else ("", "", joint)
    return head + dot + "_".join(swap.get(word, word) for word in tail.split("_"))


def _body(*parts: str, sides=("RIGHT", "LEFT")) -> list[str]:
    return [f"{side}_{part}" for side in sides for part in parts]


_KEPT_FACE = _face(face_mesh()["kept"])
_HANDS = _hand("RIGHT") + _hand("LEFT")
_BODY8 = [*_body(*ARM), "RIGHT_HIP", "LEFT_HIP"]
_REDUCED_BODY = [f"{s}_{p}" for p in (*ARM, "HIP") for s in ("LEFT", "RIGHT")]
_MESH = {n: _face(range(n)) for n in (468, 478)}
_POSE_ORDER_HANDS = _hand("LEFT") + _hand("RIGHT")
_WORLD = [f"WORLD.{name}" for name in HOLISTIC_BODY]

SLRTP_178 = Skeleton("slrtp178", tuple(_BODY8 + _HANDS + _KEPT_FACE))
BODY_HANDS_50 = Skeleton("body_hands50", tuple(_BODY8 + _HANDS))
SLRTP_FILE_178 = Skeleton(
    "slrtp178_file", tuple(_BODY8 + _HANDS + [f"SLRTP_FACE.{i}" for i in range(128)])
)
REDUCED_178 = Skeleton("reduced178", tuple(_REDUCED_BODY + _KEPT_FACE + _POSE_ORDER_HANDS))
HOLISTIC_586 = Skeleton(
    "holistic586", tuple(HOLISTIC_BODY + _MESH[478] + _POSE_ORDER_HANDS + _WORLD)
)
HOLISTIC_576 = Skeleton(
    "holistic576", tuple(HOLISTIC_BODY + _MESH[468] + _POSE_ORDER_HANDS + _WORLD)
)
HOLISTIC_543 = Skeleton("holistic543", tuple(HOLISTIC_BODY + _MESH[468] + _POSE_ORDER_HANDS))
PROGRESSIVE_50 = Skeleton(
    "progressive50", tuple(["NOSE", "NECK", *_body(*ARM, sides=("LEFT", "RIGHT")), *_HANDS])
)

SKELETONS = {
    s.name: s
    for s in (
        SLRTP_178, BODY_HANDS_50, SLRTP_FILE_178, REDUCED_178,
        HOLISTIC_586, HOLISTIC_576, HOLISTIC_543, PROGRESSIVE_50,
    )
}  # fmt: skip


def skeleton(name: str) -> Skeleton:
    """The skeleton of a name.

    Raises:
        PoseError: If there is none of that name.

    Chapter: 01_signing_poses
    """
    if name not in SKELETONS:
        raise PoseError(
            f"No skeleton is named {name!r}.", fix=f"Known ones: {', '.join(SKELETONS)}."
        )
    return SKELETONS[name]
