"""The 55 joints of SMPL-X: their names, parents, and the vertices at the finger tips."""

FINGERS = ("index", "middle", "pinky", "ring", "thumb")  # in SMPL-X's order
_BODY = (
    ("pelvis", ""), ("left_hip", "pelvis"), ("right_hip", "pelvis"), ("spine1", "pelvis"),
    ("left_knee", "left_hip"), ("right_knee", "right_hip"), ("spine2", "spine1"),
    ("left_ankle", "left_knee"), ("right_ankle", "right_knee"), ("spine3", "spine2"),
    ("left_foot", "left_ankle"), ("right_foot", "right_ankle"), ("neck", "spine3"),
    ("left_collar", "spine3"), ("right_collar", "spine3"), ("head", "neck"),
    ("left_shoulder", "left_collar"), ("right_shoulder", "right_collar"),
    ("left_elbow", "left_shoulder"), ("right_elbow", "right_shoulder"),
    ("left_wrist", "left_elbow"), ("right_wrist", "right_elbow"),
    ("jaw", "head"), ("left_eye", "head"), ("right_eye", "head"),
)  # fmt: skip
_HANDS = tuple(
    (f"{side}_{finger}{n}", f"{side}_{finger}{n - 1}" if n > 1 else f"{side}_wrist")
    for side in ("left", "right")
    for finger in FINGERS
    for n in (1, 2, 3)
)
NAMES = tuple(name for name, _ in _BODY + _HANDS)
PARENTS = tuple(NAMES.index(parent) if parent else -1 for _, parent in _BODY + _HANDS)
INDEX = {name: i for i, name in enumerate(NAMES)}
TIPS = {  # finger tips are vertices, which smplx finds by these numbers
    "left": {"thumb": 5361, "index": 4933, "middle": 5058, "ring": 5169, "pinky": 5286},
    "right": {"thumb": 8079, "index": 7669, "middle": 7794, "ring": 7905, "pinky": 8022},
}
