"""Pictures and meshes, drawn on matplotlib axes."""

import base64
from io import BytesIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from PIL import Image

from slt_lib.plots.picture_traces import colour, onto_picture
from slt_lib.plots.style import INK


def _image(ax: Axes, trace: dict, layout: dict) -> None:
    content = base64.b64decode(trace["source"].partition(",")[2])
    ax.imshow(np.asarray(Image.open(BytesIO(content))))


def _mesh_3d(ax: Axes, trace: dict, layout: dict) -> None:
    """Triangles from far to near, darker where they look away from the viewer."""
    points = np.stack([np.asarray(trace[axis], dtype=float) for axis in "xyz"], axis=-1)
    faces = np.stack([np.asarray(trace[corner]).astype(int) for corner in "ijk"], axis=-1)
    seen = onto_picture(ax, points, layout.get(trace.get("scene", "scene"), {}))
    a, b, c = (seen[faces[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    facing = normals[:, 2] / np.maximum(np.linalg.norm(normals, axis=1), 1e-12)
    front = np.flatnonzero(facing > 0)
    order = front[np.argsort(seen[faces[front], 2].mean(1))]
    look = np.array(colour(trace.get("color", INK)))  # opaque: the lines inside are drawn on top
    shades = np.tile(look, (len(order), 1))
    shades[:, :3] *= 0.45 + 0.55 * facing[order, None]
    ax.add_collection(PolyCollection(seen[faces[order], :2], facecolors=shades, linewidths=0,
                                     antialiased=False, zorder=1))  # fmt: skip


SOLIDS = {"image": _image, "mesh3d": _mesh_3d}
