"""Grids of pictures and turnable bodies: small, labelled, and with a static picture."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from slt_lib.body import load_body
from slt_lib.body.joints import PARENTS
from slt_lib.plots.picture import picture
from slt_lib.plots.rendering import body_figure, picture_grid, turntable
from slt_lib.plots.style import FigureError


def still(figure):
    """The static picture's pixels, float [H, W, 4] from 0 to 1."""
    image = Image.open(BytesIO(picture(figure.to_plotly_json()))).convert("RGBA")
    return np.asarray(image) / 255


def test_a_grid_shows_its_pictures_in_order_with_their_labels():
    tones = np.array([[[200, 30, 30], [30, 180, 30]], [[40, 40, 220], [200, 200, 40]]], np.uint8)
    rows = [[np.tile(tone, (64, 96, 1)) for tone in row] for row in tones]
    fig = picture_grid(rows, alt="Four plain pictures in a grid.", columns=("left", "right"),
                       names=("upper", "lower"))  # fmt: skip
    assert [a.text for a in fig.layout.annotations] == ["left", "right", "upper", "lower"]
    assert fig.layout.meta["alt"] and len(fig.to_json()) < 40_000
    seen = still(fig)
    h, w = seen.shape[:2]
    for r, c in np.ndindex(2, 2):
        pixel = seen[int(h * (0.3 + 0.4 * r)), int(w * (0.25 + 0.45 * c)), :3]
        assert np.abs(pixel - tones[r, c] / 255).max() < 0.08


def test_grids_that_are_none_are_refused():
    small = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(FigureError, match="no grid"):
        picture_grid([[small], [small, small]], alt="Rows of different lengths.")
    with pytest.raises(FigureError, match="don't fit"):
        picture_grid([[small]], alt="A title too many.", columns=("a", "b"))


def test_a_body_can_be_turned_and_stands_upright_facing_the_viewer():
    body = load_body()
    rest, joints = body.smplx.v_template, body.smplx.J_regressor @ body.smplx.v_template
    fig = body_figure(rest.numpy(), body.faces.numpy(), joints.numpy(), PARENTS,
                      alt="A body with its arms to the sides.")  # fmt: skip
    assert len(fig.to_json()) < 1_500_000
    mesh, bones = fig.data
    assert mesh.z.max() == pytest.approx(0.5, abs=0.05) and mesh.y.min() < -0.2
    assert len(bones.x) == 3 * 54
    seen = still(fig)
    covered = seen[..., 3].any(1)
    assert covered.mean() > 0.8
    assert (seen[..., 3] > 0.5).mean() > 0.05


def test_a_mesh_too_large_for_a_page_is_refused():
    with pytest.raises(FigureError, match="too large"):
        body_figure(np.zeros((40_000, 3)), np.zeros((1, 3), int), alt="A body that is too large.")


def test_a_turntable_shows_one_picture_at_a_time_and_begins_where_it_should():
    sides = [np.full((32, 32, 3), tone, np.uint8) for tone in (40, 120, 220)]
    fig = turntable(sides, ["left", "front", "right"], alt="A plain square.", first=1)
    assert [image.visible for image in fig.data] == [False, True, False]
    (slider,) = fig.layout.sliders
    assert slider.active == 1 and [step.label for step in slider.steps] == [
        "left",
        "front",
        "right",
    ]
    for k, step in enumerate(slider.steps):
        name, shown = step.args
        assert name == "visible" and list(np.flatnonzero(shown)) == [k]
    for pictures, labels in (([], []), (sides, ["left"])):
        with pytest.raises(FigureError, match="don't fit"):
            turntable(pictures, labels, alt="Pictures and labels that don't fit.")
