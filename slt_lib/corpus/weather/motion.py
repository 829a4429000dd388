"""How does a body go through a row of targets? Overlapping smooth movements, then bones.

Between two targets a hand's speed rises and falls as a minimum-jerk movement (Flash & Hogan
1985). Fluent movements begin before the last one has ended and add up (Morasso & Mussa Ivaldi
1982): corners get round, and a target that is given no time isn't reached. The stitcher of this
book works otherwise (it joins recordings), so that it can't win by being like the simulator.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from slt_lib.corpus.weather.handshapes import BONES, build_hand
from slt_lib.corpus.weather.phonology import ORIENTATIONS
from slt_lib.corpus.weather.signers import Signer
from slt_lib.pose.skeleton import ARM, SLRTP_178, face_mesh

SHOULDERS = np.array([[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0]])
ELBOW_WAY = np.array([-0.45, 1.0, 0.35])  # where a right elbow hangs: out, down, a bit back
RAISED = 0.8  # how far forward a raised hand takes it
FACE_AT, NECK = np.array([0.0, -0.587, -0.2]), np.array([0.0, -0.15, 0.0])
PALM = 0.85  # share of the palm between the wrist and the point that goes to the place
REACH = 0.995  # of the arm's length


@dataclass
class Track:
    """The targets of one hand, in a right hand's coordinates.

    Attributes:
        times: Seconds at which each is reached, rising.
        centres: Where the middle of the hand shall be, [3] each.
        orientations: Keys of `ORIENTATIONS`.
        fingers: Bone directions, [20, 3] each.
    """

    times: list[float] = field(default_factory=list)
    centres: list[np.ndarray] = field(default_factory=list)
    orientations: list[str] = field(default_factory=list)
    fingers: list[np.ndarray] = field(default_factory=list)

    def add(self, time: float, centre: np.ndarray, orientation: str, fingers: np.ndarray) -> None:
        """One more target; a time not after the last one is moved behind it."""
        self.times.append(max(time, self.times[-1] + 1e-3 if self.times else time))
        self.centres.append(np.asarray(centre, float))
        self.orientations.append(orientation)
        self.fingers.append(fingers)


def min_jerk(share: np.ndarray) -> np.ndarray:
    """How much of a minimum-jerk movement is done after a share of its time, both in [0, 1].

    10 τ³ - 15 τ⁴ + 6 τ⁵ (Flash & Hogan 1985, https://doi.org/10.1523/JNEUROSCI.05-07-01688.1985).

    Chapter: 04_synthetic_corpus
    """
    t = np.clip(share, 0, 1)
    return t**3 * (10 - 15 * t + 6 * t**2)


def superpose(times: np.ndarray, targets: np.ndarray, at: np.ndarray, overlap: float) -> np.ndarray:
    """Go through targets with movements that reach into each other.

    Args:
        times: When each target would be reached, float [targets], rising.
        targets: float [targets, channels].
        at: Times wanted, float [frames].
        overlap: How much longer than its share of time each movement takes; 1 is no overlap.

    Returns:
        float [frames, channels].

    Chapter: 04_synthetic_corpus
    """
    length = np.diff(times)
    start = times[:-1] - (overlap - 1) * length / 2
    done = min_jerk((at[:, None] - start) / np.maximum(length * overlap, 1e-6))
    return targets[0] + np.einsum("tk,kc->tc", done, np.diff(targets, axis=0))


def quaternions(names: list[str], tilt: np.ndarray) -> np.ndarray:
    """Orientations as unit quaternions that don't change sides, float [n, 4].

    Half a turn can go either way: the product is 0 but for rounding, which decides. So it is summed
    in one order on every machine, as a BLAS doesn't.
    """
    turns = {name: _turn(*ORIENTATIONS[name]) for name in set(names)}
    quats = (Rotation.from_rotvec(tilt) * Rotation.from_matrix([turns[n] for n in names])).as_quat()
    for k in range(1, len(quats)):
        if (quats[k] * quats[k - 1]).sum() < 0:
            quats[k] *= -1
    return quats


def _turn(fingers: tuple, side: tuple) -> np.ndarray:
    along, index = np.array(fingers, float), np.array(side, float)
    along, index = along / np.sqrt((along**2).sum()), index / np.sqrt((index**2).sum())
    return np.stack([index, along, np.cross(index, along)], -1)


def move_hand(track: Track, signer: Signer, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One hand and its elbow over time, in a right hand's coordinates.

    Args:
        track: Its targets, at least two.
        signer: Whose bones and style.
        at: Seconds of each frame, float [frames].

    Returns:
        Hand float [frames, 21, 3] and elbow float [frames, 3].
    """
    times, quats = np.array(track.times), quaternions(track.orientations, signer.tilt)
    lengths = signer.bones[9:29]
    turned = Rotation.from_quat(quats).as_matrix()
    wrists = np.array(track.centres) - turned[:, :, 1] * lengths[8] * PALM
    wrist = superpose(times, wrists, at, signer.overlap)
    early = times - 0.03  # fingers and orientation are ready a little before the hand arrives
    turn = Rotation.from_quat(superpose(early, quats, at, signer.overlap)).as_matrix()
    flat = np.array(track.fingers).reshape(len(times), -1)
    fingers = superpose(early, flat, at, signer.overlap).reshape(len(at), 20, 3)
    elbow, wrist = bend_arm(wrist, signer.bones[1], signer.bones[2])
    hand = np.einsum("tij,tbj->tbi", turn, build_hand(fingers, lengths))
    return hand + wrist[:, None], elbow


def bend_arm(wrist: np.ndarray, upper: float, fore: float) -> tuple[np.ndarray, np.ndarray]:
    """The elbow of a right arm whose wrist is given; a wrist out of reach is brought nearer.

    Args:
        wrist: float [frames, 3].
        upper, fore: Lengths of the upper arm and the forearm.

    Returns:
        Elbow and wrist, float [frames, 3] each; both bones have exactly their length.

    Chapter: 04_synthetic_corpus
    """
    reach = wrist - SHOULDERS[0]
    far = np.linalg.norm(reach, axis=-1, keepdims=True)
    line = reach / np.maximum(far, 1e-9)
    far = np.clip(far, abs(upper - fore) + 1e-3, (upper + fore) * REACH)
    along = (upper**2 - fore**2 + far**2) / (2 * far)
    aside = np.sqrt(np.maximum(upper**2 - along**2, 0))
    raised = np.clip(0.4 - wrist[:, 1:2], 0, 1)
    way = ELBOW_WAY - raised * [0, 0, RAISED]
    out = way - (line * way).sum(-1, keepdims=True) * line
    out /= np.maximum(np.linalg.norm(out, axis=-1, keepdims=True), 1e-9)
    return SHOULDERS[0] + along * line + aside * out, SHOULDERS[0] + far * line


def body(
    right: tuple[np.ndarray, np.ndarray],
    left: tuple[np.ndarray, np.ndarray],
    face: np.ndarray,
    signer: Signer,
) -> np.ndarray:
    """All 178 joints, float [frames, 178, 3].

    Args:
        right, left: Hand and elbow from `move_hand`, both in a right hand's coordinates.
        face: float [frames, 128, 3].
        signer: Whose hips.
    """
    out = np.empty((len(face), 178, 3))
    ids, groups, flip = SLRTP_178.ids, SLRTP_178.groups, np.array([-1, 1, 1])
    for side, (hand, elbow), mirror, hip in (
        ("RIGHT", right, 1, -0.3),
        ("LEFT", left, flip, 0.3),
    ):
        shoulder, bend, wrist, below = ids(*(f"{side}_{p}" for p in (*ARM, "HIP")))
        out[:, shoulder] = SHOULDERS[0] * mirror
        out[:, bend], out[:, wrist] = elbow * mirror, hand[:, 0] * mirror
        out[:, groups[f"{side.lower()}_hand"]] = hand * mirror
        down = np.sqrt(signer.bones[6] ** 2 - (0.5 - abs(hip)) ** 2)
        out[:, below] = (hip, down, 0)
    out[:, groups["face"]] = face
    return out


def _points(*contours: str) -> np.ndarray:
    kept = {point: i for i, point in enumerate(face_mesh()["kept"])}
    lines = face_mesh()["contours"]
    return np.unique([kept[p] for c in contours for p in lines[c]])


def move_face(signer: Signer, mouth: np.ndarray, brows: np.ndarray, head: np.ndarray) -> np.ndarray:
    """The face over time.

    Args:
        signer: Whose neutral face.
        mouth: How far it is open, float [frames] of 0 to 1.
        brows: How far up, float [frames], negative for down.
        head: How the head is turned, rotation vectors in radians, float [frames, 3].

    Returns:
        float [frames, 128, 3].

    Chapter: 04_synthetic_corpus
    """
    lips, brow = _points("lips_outer", "lips_inner"), _points(
        "left_brow_upper", "left_brow_lower", "right_brow_upper", "right_brow_lower")  # fmt: skip
    shape = np.repeat(signer.face[None], len(mouth), 0)
    centre = signer.face[lips].mean(0)
    below = np.clip((signer.face[lips, 1] - centre[1]) / 0.03, -0.3, 1)
    shape[:, lips, 1] += mouth[:, None] * below * 0.07
    shape[:, lips, 0] -= mouth[:, None] * (signer.face[lips, 0] - centre[0]) * 0.25
    shape[:, brow, 1] -= brows[:, None] * 0.035
    turn = Rotation.from_rotvec(head).as_matrix()
    return np.einsum("tij,tpj->tpi", turn, shape + FACE_AT - NECK) + NECK


assert (BONES[:, 1] == np.arange(1, 21)).all()  # `signer.bones[9:29]` are the bones in this order
