"""The mesh renderer against a slow and obvious one, and what a picture says of its pixels."""

import numpy as np
import pytest
from numba import get_num_threads, set_num_threads

from slt_lib.body import load_body
from slt_lib.rendering.camera import orbit
from slt_lib.rendering.mesh import NEAR, nearest_triangles, screen, vertex_frames, vertex_normals
from slt_lib.rendering.shading import Light, Surface, dressed, render, texel_weights

EVERYWHERE = Light(strength=0.0, fill=0.0, ambient=1.0, colour=(1.0, 1.0, 1.0))


@pytest.fixture(scope="module")
def soup():
    rng = np.random.default_rng(4)
    middle = rng.uniform(-0.5, 0.5, (60, 1, 3))
    vertices = (middle + rng.normal(0, 0.15, (60, 3, 3))).reshape(-1, 3)
    return vertices, np.arange(180).reshape(60, 3)


def slowly(vertices, faces, camera):
    """Every pixel's ray against every triangle, in space rather than on the screen."""
    view, lens = camera.viewmat.numpy().astype(float), camera.K.numpy().astype(float)
    seen = vertices @ view[:3, :3].T + view[:3, 3]
    y, x = np.mgrid[: camera.height, : camera.width] + 0.5
    rays = np.stack([x, y, np.ones_like(x)], -1) @ np.linalg.inv(lens).T
    best = np.full(x.shape, -1), np.zeros((*x.shape, 3)), np.full(x.shape, np.inf)
    for number, corners in enumerate(seen[faces]):
        if (corners[:, 2] <= NEAR).any():
            continue
        # corners.T @ weights = depth * ray, weights sum to 1
        shares = rays @ np.linalg.inv(corners.T).T
        depth = 1 / shares.sum(-1)
        weights = shares * depth[..., None]
        nearer = (weights >= 0).all(-1) & (depth > 0) & (depth < best[2])
        for array, value in zip(best, (number, weights, depth), strict=True):
            array[nearer] = value if np.isscalar(value) else value[nearer]
    return best


def one_triangle(colours, labels=1, rows=1):
    vertices = np.array([[-0.4, -0.4, 0.0], [0.4, -0.4, 0.0], [0.0, 0.5, 0.0]])
    texels = (texel_weights(rows) @ np.asarray(colours, float))[None].astype(np.float32)
    surface = Surface(texels, np.array([labels], np.uint8), np.ones(3, np.float32),
                      np.zeros((3, 3), np.float32))  # fmt: skip
    return vertices, np.array([[0, 1, 2]]), surface


def camera(**more):
    return orbit(target=(0.0, 0.0, 0.0), **{"width": 61, "height": 47, "span": 1.2, **more})


@pytest.mark.parametrize("view", [(0, 0), (40, 20), (-120, -35)])
def test_it_sees_what_rays_through_every_triangle_see(soup, view):
    fast, slow = nearest_triangles(*soup, camera(yaw=view[0], pitch=view[1])), None
    slow = slowly(*soup, camera(yaw=view[0], pitch=view[1]))
    same = fast.triangles == slow[0]
    assert same.mean() > 0.998  # a pixel may fall on an edge
    assert (fast.triangles >= 0).mean() > 0.1
    hit = same & (slow[0] >= 0)
    assert np.allclose(fast.depth[hit], slow[2][hit], atol=1e-4)
    assert np.allclose(fast.weights[hit], slow[1][hit], atol=2e-3)


def test_weights_find_the_point_that_the_camera_projects_back_to_the_pixel(soup):
    vertices, faces = soup
    cam = camera(yaw=25)
    hits = nearest_triangles(vertices, faces, cam)
    y, x = np.nonzero(hits.triangles >= 0)
    corners = vertices[faces[hits.triangles[y, x]]]
    points = np.einsum("nk,nkc->nc", hits.weights[y, x], corners)
    back = screen(points, cam)
    assert np.abs(back[:, :2] - np.stack([x, y], 1) - 0.5).max() < 0.01
    assert np.allclose(1 / back[:, 2], hits.depth[y, x], atol=1e-5)


def test_a_triangle_behind_or_too_near_the_camera_is_left_out():
    vertices, faces, _ = one_triangle(np.ones((3, 3)))
    assert (nearest_triangles(vertices, faces, camera()).triangles == 0).any()
    assert (
        nearest_triangles(vertices + np.array([0, 0, 2.19]), faces, camera()).triangles == -1
    ).all()
    assert (
        nearest_triangles(vertices + np.array([0, 0, 5]), faces, camera()).triangles == -1
    ).all()


def test_threads_do_not_change_a_picture(soup):
    before = get_num_threads()
    wide = camera(width=200, height=160)
    first = nearest_triangles(*soup, wide)
    set_num_threads(1)
    second = nearest_triangles(*soup, wide)
    set_num_threads(before)
    assert np.array_equal(first.weights, second.weights)
    assert np.array_equal(first.triangles, second.triangles)


def test_colours_are_linear_over_a_triangle_however_finely_it_is_cut():
    colours = np.array([[0.9, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.7]])
    shown = []
    for rows in (1, 2, 7):
        mesh = one_triangle(colours, rows=rows)
        shown.append(render(*mesh, camera(), EVERYWHERE, np.zeros(3), supersampling=1))
    hits = nearest_triangles(*mesh[:2], camera())
    wanted = np.sqrt(0.75 * hits.weights @ colours)  # light on a wall is 0.75, screens show roots
    for view in shown:
        assert np.abs(view.picture - wanted).max() < 1e-3


def test_edges_are_blended_with_the_background_by_their_share():
    mesh = one_triangle(np.ones((3, 3)), labels=3)
    behind = np.array([0.2, 0.4, 0.6])
    light = Light(strength=0.0, fill=0.0, ambient=4.0, colour=(1.0, 1.0, 1.0))
    view = render(*mesh, camera(), light, behind, supersampling=4)
    blended = view.alpha[..., None] + (1 - view.alpha[..., None]) * behind
    assert np.allclose(view.picture, blended, atol=1e-5)
    assert ((view.alpha > 0) & (view.alpha < 1)).any()
    assert np.array_equal(view.regions == 3, view.alpha >= 0.5)
    area = view.alpha.sum() * (1.2 / 47) ** 2
    assert area == pytest.approx(0.36, rel=0.01)


def test_normals_point_outwards_and_frames_turn_with_the_body():
    body = load_body()
    rest, faces = body.smplx.v_template.numpy(), body.faces.numpy()
    normals = vertex_normals(rest, faces)
    volume = (rest[faces[:, 0]] * np.cross(rest[faces[:, 1]], rest[faces[:, 2]])).sum() / 6
    assert volume > 0.03
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-4)
    frames = vertex_frames(rest, faces)
    assert np.abs(frames @ frames.swapaxes(1, 2) - np.eye(3)).max() < 1e-4
    turn = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]], np.float32)
    offsets = np.random.default_rng(0).normal(0, 0.01, rest.shape).astype(np.float32)
    turned = dressed(rest @ turn.T, faces, offsets)
    assert np.abs(turned - dressed(rest, faces, offsets) @ turn.T).max() < 1e-5
