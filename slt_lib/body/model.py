"""Load a body in SMPL-X's format: the book's own, or the licensed file of the user."""

import contextlib
import io
import zipfile
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor

from slt_lib.body.joints import NAMES, PARENTS
from slt_lib.body.landmarks import OnMesh, transfer
from slt_lib.pose.errors import SLTError

OWN = "SMPLX_NEUTRAL.npz"
KEYS = ("v_template", "shapedirs", "f", "weights", "J_regressor", "posedirs", "kintree_table",
        "hands_componentsl", "hands_componentsr", "hands_meanl", "hands_meanr",
        "lmk_faces_idx", "lmk_bary_coords")  # fmt: skip
SHAPES = EXPRESSIONS = 10


@dataclass(frozen=True, eq=False)
class Body:
    """A body model, with what `smplx` doesn't keep.

    Attributes:
        smplx: The model, without a PCA of the hands and with flat hands at rest; its `forward`
            poses the mesh.
        faces: Triangles, int64 [F, 3].
        face_points: MediaPipe's 128 face points on the mesh.
        source: The file.

    Chapter: 05_body
    """

    smplx: torch.nn.Module
    faces: Tensor
    face_points: OnMesh
    source: str

    @cached_property
    def parents(self) -> tuple[int, ...]:
        """The parent of each of the 55 joints, -1 for the pelvis."""
        return PARENTS

    @property
    def vertices(self) -> int:
        """How many the mesh has."""
        return len(self.smplx.v_template)


def load_body(path: str | Path = "") -> Body:
    """The body of a file in SMPL-X's format.

    Args:
        path: Such as SMPLX_NEUTRAL.npz of https://smpl-x.is.tue.mpg.de; by default the book's own.

    Raises:
        SLTError: If the file isn't there or isn't SMPL-X.

    Source: Pavlakos et al., Expressive Body Capture, CVPR 2019.
    Chapter: 05_body
    """
    if path:
        return _load(Path(path))
    with as_file(files("slt_lib.body") / "data" / OWN) as own:
        return _load(own)


def _load(path: Path) -> Body:
    arrays = _read(path)
    from smplx import SMPLX

    with TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        plain = path
        if _has_objects(path):  # smplx would unpickle them: only what was read here is handed on
            plain = Path(folder) / OWN
            np.savez(plain, **{key: arrays[key] for key in KEYS})
        model = SMPLX(str(plain), use_pca=False, flat_hand_mean=True, num_betas=SHAPES,
                      num_expression_coeffs=EXPRESSIONS)  # fmt: skip
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    points = _face_points(arrays)
    return Body(model, torch.as_tensor(arrays["f"].astype(np.int64)), points, str(path))


def _read(path: Path) -> dict[str, np.ndarray]:
    """The arrays that a body needs, checked; nothing is unpickled."""
    fix = "Give SMPLX_NEUTRAL.npz (or _MALE, _FEMALE), as downloaded."
    if not path.is_file():
        raise SLTError("There is no such body file.", file=path, fix="Check the path.")
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [key for key in KEYS if key not in file]
            if missing:
                raise SLTError(f"It isn't SMPL-X: no {', '.join(missing)}.", file=path, fix=fix)
            optional = [key for key in file if key.startswith("mediapipe_")]
            arrays = {key: file[key] for key in (*KEYS, *optional)}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise SLTError(f"It isn't SMPL-X ({error}).", file=path, fix=fix) from error
    count, joints = len(arrays["v_template"]), len(NAMES)
    shapes = {"v_template": (count, 3), "weights": (count, joints), "kintree_table": (2, joints),
              "J_regressor": (joints, count)}  # fmt: skip
    for key, wanted in shapes.items():
        if arrays[key].shape != wanted:
            raise SLTError(f"It isn't SMPL-X: {key} is {arrays[key].shape}, not {wanted}.",
                           file=path, fix=fix)  # fmt: skip
    if arrays["shapedirs"].shape[:2] != (count, 3) or arrays["shapedirs"].shape[2] < 20:
        raise SLTError(f"It isn't SMPL-X: shapedirs is {arrays['shapedirs'].shape}.", file=path,
                       fix=fix)  # fmt: skip
    if tuple(arrays["kintree_table"][0, 1:]) != PARENTS[1:]:
        raise SLTError("Its joints aren't SMPL-X's.", file=path, fix=fix)
    return arrays


def _has_objects(path: Path) -> bool:
    """Whether reading all of an .npz would unpickle something."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                version = np.lib.format.read_magic(member)
                read = (np.lib.format.read_array_header_1_0 if version == (1, 0)
                        else np.lib.format.read_array_header_2_0)  # fmt: skip
                if read(member)[2].hasobject:
                    return True
    return False


def _face_points(arrays: dict[str, np.ndarray]) -> OnMesh:
    """The file's own face points; of the licensed file, which has none, the book's body's."""
    if "mediapipe_faces_idx" in arrays:
        return _on_mesh(arrays, "mediapipe_")
    with as_file(files("slt_lib.body") / "data" / OWN) as path:
        own = _read(path)
    known = [_on_mesh(own, prefix).on(own["v_template"], own["f"])
             for prefix in ("mediapipe_", "lmk_")]  # fmt: skip
    vertices, faces = arrays["v_template"].astype(float), arrays["f"].astype(np.int64)
    marks = _on_mesh(arrays, "lmk_").on(vertices, faces)
    return transfer((known[0], known[1]), marks, vertices, faces)


def _on_mesh(arrays: dict[str, np.ndarray], prefix: str) -> OnMesh:
    return OnMesh(
        arrays[f"{prefix}faces_idx"].astype(np.int64),
        arrays[f"{prefix}bary_coords"].astype(np.float64),
    )
