"""Gaussians to the picture plane and back, in numba: positions, covariances, colours, gradients.

Each Gaussian is on its own, so threads never meet. The matrices are `M = R S` (a Gaussian's axes),
`A = W M` (in the camera), `P = J A` (in the picture), and the covariance is `P Pᵀ` plus a blur.
`reference.project` is the same on gsplat's torch functions.
"""

import math

import numpy as np
from numba import njit, prange

from slt_lib.rendering.conventions import DARKEST, EPS2D, LEVEL, NEAR

FLAT = 9  # numbers per flat Gaussian: centre (2), inverse covariance (3), opacity, colour (3)
_FAST = {"contract", "nsz", "arcp"}  # nothing here may assume that there is no NaN


@njit(cache=True, error_model="numpy")
def _axes(q, s):
    """Rotation R as rows, M = R S as rows, and the quaternion's length."""
    length = max(math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]), 1e-12)
    w, x, y, z = q[0] / length, q[1] / length, q[2] / length, q[3] / length
    r = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    m = (
        (r[0][0] * s[0], r[0][1] * s[1], r[0][2] * s[2]),
        (r[1][0] * s[0], r[1][1] * s[1], r[1][2] * s[2]),
        (r[2][0] * s[0], r[2][1] * s[1], r[2][2] * s[2]),
    )
    return r, m, (w, x, y, z), length


@njit(cache=True, error_model="numpy")
def _times(a, b):
    """Rows a (array or tuples, 3×3) times rows b."""
    return (
        (_across(a[0], b, 0), _across(a[0], b, 1), _across(a[0], b, 2)),
        (_across(a[1], b, 0), _across(a[1], b, 1), _across(a[1], b, 2)),
        (_across(a[2], b, 0), _across(a[2], b, 1), _across(a[2], b, 2)),
    )


@njit(cache=True, error_model="numpy")
def _across(row, b, k):
    return row[0] * b[0][k] + row[1] * b[1][k] + row[2] * b[2][k]


@njit(cache=True, error_model="numpy")
def _dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(cache=True, error_model="numpy")
def _seen(view, mean):
    """A point in the camera's axes."""
    return (
        _dot(view[0], mean) + view[0, 3],
        _dot(view[1], mean) + view[1, 3],
        _dot(view[2], mean) + view[2, 3],
    )


@njit(cache=True, error_model="numpy")
def _slopes(p, K, width, height):
    """The projection's derivative J (xx, xz, yy, yz), and whether x and y are inside its limits.

    Far outside the picture the linearisation is held at a limit, as in gsplat.
    """
    z, fx, fy, cx, cy = p[2], K[0, 0], K[1, 1], K[0, 2], K[1, 2]
    more_x, more_y = 0.15 * width / fx, 0.15 * height / fy
    tx = min(max(p[0] / z, -cx / fx - more_x), (width - cx) / fx + more_x)
    ty = min(max(p[1] / z, -cy / fy - more_y), (height - cy) / fy + more_y)
    return (fx / z, -fx * tx / z, fy / z, -fy * ty / z), tx == p[0] / z, ty == p[1] / z


@njit(cache=True, error_model="numpy")
def _flattened(j, a):
    """P = J A as two rows, and the blurred covariance (xx, xy, yy) with its determinant."""
    p = (
        (j[0] * a[0][0] + j[1] * a[2][0], j[0] * a[0][1] + j[1] * a[2][1],
         j[0] * a[0][2] + j[1] * a[2][2]),
        (j[2] * a[1][0] + j[3] * a[2][0], j[2] * a[1][1] + j[3] * a[2][1],
         j[2] * a[1][2] + j[3] * a[2][2]),
    )  # fmt: skip
    xx, xy, yy = _dot(p[0], p[0]) + EPS2D, _dot(p[0], p[1]), _dot(p[1], p[1]) + EPS2D
    return p, (xx, xy, yy), max(xx * yy - xy * xy, 1e-10)


@njit(cache=True, error_model="numpy")
def _direction(mean, eye):
    x, y, z = mean[0] - eye[0], mean[1] - eye[1], mean[2] - eye[2]
    length = max(math.sqrt(x * x + y * y + z * z), 1e-12)
    return x / length, y / length, z / length, length


@njit(cache=True, error_model="numpy")
def _harmonics(x, y, z, count, out):
    """The real spherical harmonics of a direction, as 3-D Gaussian splatting numbers them."""
    out[0] = LEVEL
    if count > 1:
        out[1], out[2], out[3] = -0.4886025119 * y, 0.4886025119 * z, -0.4886025119 * x
    if count > 4:
        out[4], out[5] = 1.0925484306 * x * y, -1.0925484306 * y * z
        out[6], out[7] = 0.9461746958 * z * z - 0.3153915653, -1.0925484306 * x * z
        out[8] = 0.5462742153 * (x * x - y * y)
    if count > 9:
        c, s, m = x * x - y * y, 2 * x * y, 0.4570457995 - 2.2852289973 * z * z
        out[9], out[15] = -0.5900435899 * (x * s + y * c), -0.5900435899 * (x * c - y * s)
        out[10], out[14] = 1.4453057213 * z * s, 1.4453057213 * z * c
        out[11], out[13] = m * y, m * x
        out[12] = z * (1.8658816630 * z * z - 1.1195289978)


@njit(cache=True, error_model="numpy")
def _harmonic_slopes(x, y, z, count, g):
    """The gradient by x, y, z of a sum of harmonics weighed by g [count]."""
    gx, gy, gz = 0.0, 0.0, 0.0
    if count > 1:
        gx, gy, gz = -0.4886025119 * g[3], -0.4886025119 * g[1], 0.4886025119 * g[2]
    if count > 4:
        gx += 1.0925484306 * (y * g[4] - z * g[7] + x * g[8])
        gy += 1.0925484306 * (x * g[4] - z * g[5] - y * g[8])
        gz += 1.8923493915 * z * g[6] - 1.0925484306 * (y * g[5] + x * g[7])
    if count > 9:
        c, s, m = x * x - y * y, 2 * x * y, 0.4570457995 - 2.2852289973 * z * z
        gx += -1.7701307698 * (s * g[9] + c * g[15]) + 2.8906114426 * z * (y * g[10] + x * g[14])
        gy += -1.7701307698 * (c * g[9] - s * g[15]) + 2.8906114426 * z * (x * g[10] - y * g[14])
        gx, gy = gx + m * g[13], gy + m * g[11]
        gz += 1.4453057213 * (s * g[10] + c * g[14]) - 4.5704579947 * z * (y * g[11] + x * g[13])
        gz += (5.5976449890 * z * z - 1.1195289978) * g[12]
    return gx, gy, gz


@njit(cache=True, parallel=True, fastmath=_FAST, error_model="numpy")
def forward(means, quats, scales, opacities, sh, view, K, eye, width, height):
    """Flatten the Gaussians.

    Args:
        means, quats, scales, opacities, sh: As in `Gaussians`, float32.
        view, K, eye: Of the camera, float32 [4, 4], [3, 3], [3].
        width, height: Pixels.

    Returns:
        flat: Float32 [N, FLAT].
        depths: Metres, float32 [N].
        boxes: First and last-plus-one pixel that may be touched (x0, x1, y0, y1), int32 [N, 4];
            empty where nothing is seen.
    """
    count, bases = len(means), sh.shape[1]
    flat = np.zeros((count, FLAT), np.float32)
    depths, boxes = np.zeros(count, np.float32), np.zeros((count, 4), np.int32)
    for i in prange(count):
        p = _seen(view, means[i])
        if not (p[2] > NEAR and opacities[i] >= DARKEST):
            continue
        _, m, _, _ = _axes(quats[i], scales[i])
        j, _, _ = _slopes(p, K, width, height)
        _, (xx, xy, yy), det = _flattened(j, _times(view, m))
        u, v = _dot(K[0], p) / p[2], _dot(K[1], p) / p[2]
        reach = math.sqrt(2 * math.log(opacities[i] / DARKEST)) + 1e-3  # standard deviations
        x, y = reach * math.sqrt(xx), reach * math.sqrt(yy)
        if not (u + x > 0 and u - x < width and v + y > 0 and v - y < height):
            continue
        boxes[i, 0] = math.ceil(max(u - x - 0.5, 0.0))
        boxes[i, 1] = math.floor(min(u + x - 0.5, width - 1.0)) + 1
        boxes[i, 2] = math.ceil(max(v - y - 0.5, 0.0))
        boxes[i, 3] = math.floor(min(v + y - 0.5, height - 1.0)) + 1
        depths[i] = p[2]
        flat[i, 0], flat[i, 1], flat[i, 5] = u, v, opacities[i]
        flat[i, 2], flat[i, 3], flat[i, 4] = yy / det, -xy / det, xx / det
        basis = np.empty(16, np.float32)
        dx, dy, dz, _ = _direction(means[i], eye)
        _harmonics(dx, dy, dz, bases, basis)
        for c in range(3):
            colour = np.float32(0.5)
            for k in range(bases):
                colour += basis[k] * sh[i, k, c]
            flat[i, 6 + c] = max(colour, np.float32(0))
    return flat, depths, boxes


@njit(cache=True, error_model="numpy")
def _back_colour(sh, direction, colour, g_colour, basis, weights, g_sh):
    """Gradients by sh, written to g_sh, and by the mean, returned."""
    dx, dy, dz, length = direction
    bases = len(sh)
    _harmonics(dx, dy, dz, bases, basis)
    for k in range(bases):
        weights[k] = 0.0
        for c in range(3):
            if colour[c] > 0:
                g_sh[k, c] = basis[k] * g_colour[c]
                weights[k] += sh[k, c] * g_colour[c]
    gx, gy, gz = _harmonic_slopes(dx, dy, dz, bases, weights)
    along = dx * gx + dy * gy + dz * gz
    return (gx - dx * along) / length, (gy - dy * along) / length, (gz - dz * along) / length


@njit(cache=True, error_model="numpy")
def _back_covariance(g_conic, conic, p):
    """The gradient by P of a loss with gradient g_conic by the inverse covariance."""
    a, b, c = conic
    va, vb, vc = g_conic[0], 0.5 * g_conic[1], g_conic[2]
    ax, ay, bx, by = a * va + b * vb, a * vb + b * vc, b * va + c * vb, b * vb + c * vc
    xx, xy, yy = -2 * (ax * a + ay * b), -2 * (ax * b + ay * c), -2 * (bx * b + by * c)
    return (
        (xx * p[0][0] + xy * p[1][0], xx * p[0][1] + xy * p[1][1], xx * p[0][2] + xy * p[1][2]),
        (xy * p[0][0] + yy * p[1][0], xy * p[0][1] + yy * p[1][1], xy * p[0][2] + yy * p[1][2]),
    )


@njit(cache=True, error_model="numpy")
def _back_point(p, K, j, inside_x, inside_y, g_j, g_u, g_v):
    """The gradient by the point in the camera's axes, of its place and of J."""
    z, (_, j_x, _, j_y) = p[2], j
    gx = (g_u * K[0, 0] + g_v * K[1, 0]) / z
    gy = (g_u * K[0, 1] + g_v * K[1, 1]) / z
    gz = -(gx * p[0] + gy * p[1]) / z
    gz -= (g_j[0] * j[0] + g_j[1] * j_x + g_j[2] * j[2] + g_j[3] * j_y) / z
    if inside_x:
        gx -= g_j[1] * K[0, 0] / (z * z)
        gz -= g_j[1] * j_x / z
    if inside_y:
        gy -= g_j[3] * K[1, 1] / (z * z)
        gz -= g_j[3] * j_y / z
    return gx, gy, gz


@njit(cache=True, error_model="numpy")
def _back_axes(r, s, q, length, g_m, g_scale, g_quat):
    """Gradients by scales and quaternion from that by M = R S, written."""
    for k in range(3):
        g_scale[k] = r[0][k] * g_m[0][k] + r[1][k] * g_m[1][k] + r[2][k] * g_m[2][k]
    w, x, y, z = q
    (a, b, c), (d, e, f), (g, h, i) = g_m
    a, b, c, d, e, f, g, h, i = (a * s[0], b * s[1], c * s[2], d * s[0], e * s[1], f * s[2],
                                 g * s[0], h * s[1], i * s[2])  # fmt: skip
    gw = 2 * (x * (h - f) + y * (c - g) + z * (d - b))
    gx = 2 * (-2 * x * (e + i) + y * (b + d) + z * (c + g) + w * (h - f))
    gy = 2 * (x * (b + d) - 2 * y * (a + i) + z * (f + h) + w * (c - g))
    gz = 2 * (x * (c + g) + y * (f + h) - 2 * z * (a + e) + w * (d - b))
    along = w * gw + x * gx + y * gy + z * gz
    g_quat[0], g_quat[1] = (gw - w * along) / length, (gx - x * along) / length
    g_quat[2], g_quat[3] = (gy - y * along) / length, (gz - z * along) / length


@njit(cache=True, parallel=True, fastmath=_FAST, error_model="numpy")
def backward(means, quats, scales, sh, view, K, eye, width, height, flat, g_flat):
    """Gradients by means [N, 3], quats [N, 4], scales [N, 3] and sh [N, K, 3] from those of
    `flat` [N, FLAT]; the other arguments are as in `forward`."""
    g_means, g_quats = np.zeros_like(means), np.zeros_like(quats)
    g_scales, g_sh = np.zeros_like(scales), np.zeros_like(sh)
    for i in prange(len(means)):
        touched = False
        for k in range(FLAT):
            touched |= g_flat[i, k] != 0
        if not touched:
            continue
        p = _seen(view, means[i])
        r, m, q, length = _axes(quats[i], scales[i])
        j, inside_x, inside_y = _slopes(p, K, width, height)
        a = _times(view, m)
        flattened, _, _ = _flattened(j, a)
        conic = (flat[i, 2], flat[i, 3], flat[i, 4])
        g_p = _back_covariance(g_flat[i, 2:5], conic, flattened)
        g_j = (_dot(g_p[0], a[0]), _dot(g_p[0], a[2]), _dot(g_p[1], a[1]), _dot(g_p[1], a[2]))
        g = _back_point(p, K, j, inside_x, inside_y, g_j, g_flat[i, 0], g_flat[i, 1])
        basis, weights = np.empty(16, np.float32), np.empty(16, np.float32)
        direct = _back_colour(sh[i], _direction(means[i], eye), flat[i, 6:9], g_flat[i, 6:9],
                              basis, weights, g_sh[i])  # fmt: skip
        for k in range(3):
            turned = view[0, k] * g[0] + view[1, k] * g[1] + view[2, k] * g[2]
            g_means[i, k] = turned + direct[k]
        g_a = (
            (j[0] * g_p[0][0], j[0] * g_p[0][1], j[0] * g_p[0][2]),
            (j[2] * g_p[1][0], j[2] * g_p[1][1], j[2] * g_p[1][2]),
            (j[1] * g_p[0][0] + j[3] * g_p[1][0], j[1] * g_p[0][1] + j[3] * g_p[1][1],
             j[1] * g_p[0][2] + j[3] * g_p[1][2]),
        )  # fmt: skip
        back = ((view[0, 0], view[1, 0], view[2, 0]), (view[0, 1], view[1, 1], view[2, 1]),
                (view[0, 2], view[1, 2], view[2, 2]))  # fmt: skip
        _back_axes(r, scales[i], q, length, _times(back, g_a), g_scales[i], g_quats[i])
    return g_means, g_quats, g_scales, g_sh
