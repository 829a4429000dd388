"""Painting flat Gaussians tile by tile in numba, and the gradients of that.

A thread paints a tile alone, nearest Gaussian first, and writes gradients to places of that tile
alone, so that the sums have one order whatever the threads do. Rows are halves of 8 pixels whose
loops have no branch: they become vector instructions.

Source: the tiles are of Kerbl et al., 3D Gaussian Splatting for Real-Time Radiance Field
Rendering, 2023.
"""

import numpy as np
from numba import njit, prange

from slt_lib.rendering.conventions import DARKEST, OPAQUE, STOP, TILE

SUMS = 9  # per touched tile: moments of the exponent's gradient 1, x, y, xx, xy, yy; colour (3)
LANES = 8
HALVES = TILE // LANES
RED, GREEN, BLUE, LIGHT, GOING, BEHIND = (np.uintp(k * LANES) for k in range(6))
STATE = 6 * LANES
_FAST = {"contract", "nsz", "arcp", "reassoc"}
_F = np.float32
_DARKEST, _OPAQUE, _STOP, _LAST = _F(DARKEST), _F(OPAQUE), _F(STOP), _F(6)
# exp(-x) on [0, 0.75], least relative error; three squarings make it exp(-8x)
_EXP = tuple(_F(c) for c in (0.999999997, -0.999999614, 0.499992252, -0.166607102, 0.0414446567,
                             -0.00789911889, 0.000950382011))  # fmt: skip


@njit(cache=True)
def intersections(order, boxes, tiles_x, tiles_y):
    """Which Gaussians touch which tile.

    Args:
        order: The Gaussians from near to far, int64 [N].
        boxes: Pixels (x0, x1, y0, y1), int32 [N, 4].
        tiles_x, tiles_y: Tiles in a row and in a column.

    Returns:
        starts: Where each tile's members start, int64 [tiles + 1].
        members: Gaussians by tile, from near to far, int32 [M].
        firsts: Where each Gaussian's places start, int64 [N + 1].
        places: Where in `members` each Gaussian stands, int32 [M].
    """
    starts, firsts = np.zeros(tiles_x * tiles_y + 1, np.int64), np.zeros(len(boxes) + 1, np.int64)
    tiles = np.zeros((len(boxes), 4), np.int32)
    for i in range(len(boxes)):
        x0, x1, y0, y1 = boxes[i]
        if x1 > x0 and y1 > y0:
            tiles[i] = x0 // TILE, (x1 - 1) // TILE + 1, y0 // TILE, (y1 - 1) // TILE + 1
        x0, x1, y0, y1 = tiles[i]
        firsts[i + 1] = firsts[i] + (x1 - x0) * (y1 - y0)
        for y in range(y0, y1):
            for x in range(x0, x1):
                starts[y * tiles_x + x + 1] += 1
    starts = np.cumsum(starts)
    ends = starts.copy()
    members, places = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.int32)
    for i in order:
        x0, x1, y0, y1 = tiles[i]
        place = firsts[i]
        for y in range(y0, y1):
            for x in range(x0, x1):
                tile = y * tiles_x + x
                members[ends[tile]], places[place] = i, ends[tile]
                ends[tile] += 1
                place += 1
    return starts, members, firsts, places


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _alpha(xx, xy, yy, opacity, dx, dy):
    """How much a Gaussian hides of a pixel that far from its centre."""
    exponent = _F(0.5) * (xx * dx * dx + yy * dy * dy) + xy * dx * dy
    x = min(exponent, _LAST) * _F(0.125)
    e = _EXP[6]
    e = e * x + _EXP[5]
    e = e * x + _EXP[4]
    e = e * x + _EXP[3]
    e = e * x + _EXP[2]
    e = e * x + _EXP[1]
    e = e * x + _EXP[0]
    e *= e
    e *= e
    e *= e
    alpha = min(opacity * e, _OPAQUE)
    alpha = alpha if exponent >= _F(0) else _F(0)
    return alpha if alpha >= _DARKEST else _F(0)


@njit(cache=True)
def _box(gaussian_box, x, y):
    """The part of a box in the tile at x, y: halves of rows (first, last plus one) and rows."""
    x0, x1 = max(gaussian_box[0] - x, 0), min(gaussian_box[1] - x, TILE)
    y0, y1 = max(gaussian_box[2] - y, 0), min(gaussian_box[3] - y, TILE)
    return x0 // LANES, (x1 - 1) // LANES + 1, y0, y1


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _start(state):
    """A tile before the first Gaussian."""
    state[:] = 0
    for half in range(TILE * HALVES):
        for lane in range(LANES):
            state[half * STATE + LIGHT + lane] = state[half * STATE + GOING + lane] = 1


@njit(cache=True)
def _done(state):
    """Whether no pixel of a tile goes on."""
    for half in range(TILE * HALVES):
        for lane in range(LANES):
            if state[half * STATE + GOING + lane] > 0:
                return False
    return True


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _paint(members, flat, boxes, x, y, state):
    """Paint the tile at x, y.

    `state` is flat, so that the compiler sees that its parts don't overlap: for each half of a
    row LANES of red, green, blue, of the light that passes, and of 0 where a pixel is done.
    """
    _start(state)
    for k in range(len(members)):
        i = members[k]
        u, v, xx, xy, yy = flat[i, 0], flat[i, 1], flat[i, 2], flat[i, 3], flat[i, 4]
        opacity, red, green, blue = flat[i, 5], flat[i, 6], flat[i, 7], flat[i, 8]
        first, last, top, bottom = _box(boxes[i], x, y)
        for row in range(top, bottom):
            dy = _F(y + row) + _F(0.5) - v
            for half in range(first, last):
                dx = _F(x + half * LANES) + _F(0.5) - u
                start = np.uintp((row * HALVES + half) * STATE)
                for lane in range(LANES):
                    at = start + np.uintp(lane)
                    alpha = _alpha(xx, xy, yy, opacity, dx + _F(lane), dy)
                    light = state[at + LIGHT]
                    going = state[at + GOING] if light * (_F(1) - alpha) > _STOP else _F(0)
                    weight = alpha * light * going
                    state[at + LIGHT] = light - weight
                    state[at + GOING] = going
                    state[at + RED] += weight * red
                    state[at + GREEN] += weight * green
                    state[at + BLUE] += weight * blue
        if k % 16 == 15 and _done(state):
            break


@njit(cache=True, parallel=True, error_model="numpy")
def forward(starts, members, flat, boxes, width, height, workers):
    """Paint the picture.

    Args:
        starts, members: Of `intersections`.
        flat, boxes: Of `projection.forward`.
        width, height: Pixels.
        workers: Threads.

    Returns:
        Colours over black, float32 [height, width, 3], and the light that passes everything,
        float32 [height, width].
    """
    colours = np.empty((height, width, 3), np.float32)
    passed = np.empty((height, width), np.float32)
    across = (width + TILE - 1) // TILE
    for worker in prange(workers):
        state = np.empty(TILE * HALVES * STATE, np.float32)
        for tile in range(worker, len(starts) - 1, workers):  # neighbours have like loads
            x, y = tile % across * TILE, tile // across * TILE
            _paint(members[starts[tile] : starts[tile + 1]], flat, boxes, x, y, state)
            for row in range(min(TILE, height - y)):
                for column in range(min(TILE, width - x)):
                    at = (row * HALVES + column // LANES) * STATE + column % LANES
                    for c in range(3):
                        colours[y + row, x + column, c] = state[at + c * LANES]
                    passed[y + row, x + column] = state[at + LIGHT]
    return colours, passed


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _unpaint(members, flat, boxes, x, y, state, sums):
    """Gradients of the tile at x, y; `state` is as in `_paint`, with other contents: the colours'
    gradients, the light, 0 where done, and the gradient by what is still behind, times -1."""
    for k in range(len(members)):
        i = members[k]
        u, v, xx, xy, yy = flat[i, 0], flat[i, 1], flat[i, 2], flat[i, 3], flat[i, 4]
        opacity, red, green, blue = flat[i, 5], flat[i, 6], flat[i, 7], flat[i, 8]
        first, last, top, bottom = _box(boxes[i], x, y)
        s_1 = s_x = s_y = s_xx = s_xy = s_yy = s_red = s_green = s_blue = _F(0)
        for row in range(top, bottom):
            dy = _F(y + row) + _F(0.5) - v
            for half in range(first, last):
                left = _F(x + half * LANES) + _F(0.5) - u
                start = np.uintp((row * HALVES + half) * STATE)
                r_1 = r_x = r_xx = _F(0)
                for lane in range(LANES):
                    at, dx = start + np.uintp(lane), left + _F(lane)
                    alpha = _alpha(xx, xy, yy, opacity, dx, dy)
                    light = state[at + LIGHT]
                    going = state[at + GOING] if light * (_F(1) - alpha) > _STOP else _F(0)
                    weight = alpha * light * going
                    g_red, g_green, g_blue = state[at + RED], state[at + GREEN], state[at + BLUE]
                    here = red * g_red + green * g_green + blue * g_blue
                    behind = state[at + BEHIND] - weight * here
                    state[at + LIGHT] = light - weight
                    state[at + GOING] = going
                    state[at + BEHIND] = behind
                    g_alpha = here * light - behind / (_F(1) - alpha)
                    g = -alpha * g_alpha * going if alpha < _OPAQUE else _F(0)
                    r_1 += g
                    r_x += g * dx
                    r_xx += g * dx * dx
                    s_red += weight * g_red
                    s_green += weight * g_green
                    s_blue += weight * g_blue
                s_1, s_x, s_xx = s_1 + r_1, s_x + r_x, s_xx + r_xx
                s_y, s_xy, s_yy = s_y + dy * r_1, s_xy + dy * r_x, s_yy + dy * dy * r_1
        sums[k] = (s_1, s_x, s_y, s_xx, s_xy, s_yy, s_red, s_green, s_blue)
        if k % 16 == 15 and _done(state):
            break


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _start_back(state, x, y, colours, passed, g_colours, g_passed):
    """The gradients of a tile before the first Gaussian."""
    height, width = passed.shape
    state[:] = 0
    for row in range(min(TILE, height - y)):
        for column in range(min(TILE, width - x)):
            at = (row * HALVES + column // LANES) * STATE + column % LANES
            behind = g_passed[y + row, x + column] * passed[y + row, x + column]
            for c in range(3):
                g = g_colours[y + row, x + column, c]
                state[at + c * LANES] = g
                behind += g * colours[y + row, x + column, c]
            state[at + LIGHT] = state[at + GOING] = 1
            state[at + BEHIND] = behind


@njit(cache=True, parallel=True, error_model="numpy")
def backward(starts, members, firsts, places, flat, boxes, colours, passed, g_colours, g_passed,
             workers):  # fmt: skip
    """The gradient by `flat`, float32 [N, FLAT].

    Args:
        starts, members, firsts, places: Of `intersections`.
        flat, boxes: Of `projection.forward`.
        colours, passed: Of `forward`.
        g_colours, g_passed: The gradients by them.
        workers: Threads.
    """
    width = passed.shape[1]
    across = (width + TILE - 1) // TILE
    sums = np.zeros((len(members), SUMS), np.float32)
    for worker in prange(workers):
        state = np.empty(TILE * HALVES * STATE, np.float32)
        for tile in range(worker, len(starts) - 1, workers):
            x, y, mine = (
                tile % across * TILE,
                tile // across * TILE,
                slice(starts[tile], starts[tile + 1]),
            )
            _start_back(state, x, y, colours, passed, g_colours, g_passed)
            _unpaint(members[mine], flat, boxes, x, y, state, sums[mine])
    g_flat = np.zeros_like(flat)
    for i in prange(len(flat)):
        if firsts[i] == firsts[i + 1]:
            continue
        total = np.zeros(SUMS, np.float32)
        for place in range(firsts[i], firsts[i + 1]):
            for k in range(SUMS):
                total[k] += sums[places[place], k]
        xx, xy, yy = flat[i, 2], flat[i, 3], flat[i, 4]
        g_flat[i, 0] = -(xx * total[1] + xy * total[2])
        g_flat[i, 1] = -(xy * total[1] + yy * total[2])
        g_flat[i, 2], g_flat[i, 3], g_flat[i, 4] = total[3] / 2, total[4], total[5] / 2
        g_flat[i, 5] = -total[0] / flat[i, 5]
        g_flat[i, 6:] = total[6:]
    return g_flat
