"""The first view: a lake in the morning, with a camera that moves sideways."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.demo_film.buildings import paint_church, paint_house
from tools.demo_film.canvas import Canvas, fractal, mix, ramp, rgb, smoothstep
from tools.demo_film.landscape import (
    paint_clouds,
    paint_cumulus,
    paint_fields,
    paint_mountains,
    paint_sky,
    paint_slope,
    skyline,
)
from tools.demo_film.layers import Layer, LayerPath, View, compose, lean, shift, turn
from tools.demo_film.plants import (
    Leaves,
    paint_conifer,
    paint_crown,
    paint_cypress,
    paint_flowers,
    paint_fronds,
    paint_grass,
    paint_tree,
)
from tools.demo_film.vehicles import paint_balloon, paint_boat, paint_reflection

FRAMES = 75
"""Number of frames for which the sheets are wide enough."""

SHORE = 268.0
"""Height of the far shore's waterline."""

BANK = 436.0
"""Height of the near shore's waterline."""

SUMMER: Leaves = [(0, "#1d3a2c"), (0.35, "#2f5c33"), (0.65, "#6b8f38"), (1, "#d5cf6a")]
SPRUCE: Leaves = [(0, "#16302f"), (0.5, "#274d42"), (1, "#5f8a5c")]
BIRCH: Leaves = [(0, "#33562b"), (0.4, "#64903a"), (0.75, "#b3bf4a"), (1, "#f6e98c")]
MEADOW: Leaves = [(0, "#24421f"), (0.4, "#44702b"), (0.75, "#86a83c"), (1, "#d9d877")]

_HEAPS = (
    ((452, 142), (170, 46)),
    ((868, 128), (230, 92)),
    ((96, 66), (210, 60)),
    ((690, 50), (150, 34)),
    ((300, 96), (96, 24)),
    ((1000, 160), (120, 30)),
)
"""Foot and size of each cloud."""

_WALLS = ("#f7ead0", "#f2d9b0", "#fff5e2", "#e9c9a0")
_ROOFS = ("#b5533a", "#a04a38", "#c4693f", "#8c4a40")


def lake(scale: float) -> View:
    """Paint the view with `scale` texture pixels a design unit."""
    back = (
        Layer(_sky(scale), _passing_path(0.12)),
        Layer(_alps(scale), _passing_path(0.34)),
        Layer(_forest(scale), _passing_path(0.62)),
        Layer(_village(scale), _passing_path(0.95)),
    )
    boat = (300.0, 352.0)
    return View(
        (
            *back[:3],
            Layer(_balloon(scale), lambda frame: shift(0.55 * frame, -0.5 * frame)),
            back[3],
            Layer(
                _water(scale, View(back)),
                lambda frame: lean(0.0035 * (FRAMES / 2 - frame), SHORE) @ shift(-0.95 * frame, 0),
            ),
            Layer(_mirrored_boat(scale, boat), lambda frame: shift(2.1 * frame, 0)),
            Layer(_boat(scale, boat), lambda frame: shift(2.1 * frame, 0) @ turn(1.6 * np.sin(frame / 8), *boat)),
            Layer(_meadow(scale), lambda frame: lean(0.005 * (FRAMES / 2 - frame), BANK) @ shift(-2.7 * frame, 0)),
            Layer(_birch(scale), _passing_path(4.6)),
        )
    )


def _passing_path(speed: float) -> LayerPath:
    """Move left by `speed` design units per frame: slowly for distant layers, fast for near ones."""
    return lambda frame: shift(-speed * frame, 0)


def _sheet(speed: float, top: float, bottom: float, scale: float) -> Canvas:
    """Return a sheet that covers the frame's width in every frame, also when sheared."""
    return Canvas.blank(-40, top, 1010 + speed * FRAMES, bottom, scale)


def _sky(scale: float) -> Canvas:
    sheet = _sheet(0.12, -8, 330, scale)
    stops = [(-8.0, "#3f7fc4"), (70.0, "#79b1dc"), (130.0, "#b9d6e0"), (185.0, "#f6e6c6"), (240.0, "#fbd9a0")]
    paint_sky(sheet, stops, (215, 128), "#fff0c4")
    paint_clouds(sheet, 34, (240, 26), (150, 222), 0.5, ("#fff6e0", "#fbe9d2", "#d9cdd0"), (-6, 3), 0.4)
    white = ("#fffaf0", "#f6e9da", "#9fb4d4")
    for index, (foot, size) in enumerate(_HEAPS):
        paint_cumulus(sheet, foot, size, 40 + index, white, (-0.8, -0.6))
    return sheet


def _balloon(scale: float) -> Canvas:
    sheet = Canvas.blank(386, 56, 514, 224, scale)
    paint_balloon(sheet, (450, 118), 55, ("#d8432f", "#fbe9c4", "#2c6c9c"))
    return sheet


def _alps(scale: float) -> Canvas:
    sheet = _sheet(0.34, 40, 330, scale)
    far = skyline(sheet, 176, 62, 190, 5)
    paint_mountains(sheet, far, ("#b9b7c4", "#7484ad", "#dfe2e2"), 50, 60, 262)
    near = skyline(sheet, 214, 54, 150, 12)
    paint_mountains(sheet, near, ("#9aa38f", "#4f6b86", "#c6d4d2"), 61, 0, 292)
    return sheet


def _forest(scale: float) -> Canvas:
    sheet = _sheet(0.62, 150, 330, scale)
    rng = np.random.default_rng(3)
    crest = skyline(sheet, 240, 26, 210, 31, 4)
    paint_fields(sheet, crest, ["#7f9a56", "#93a85c", "#6d8c55", "#a9b066"], 8, 285)
    _, y = sheet.grid()
    sheet.tint(rgb("#bccfc8"), np.broadcast_to(smoothstep(225, 285, y) * 0.55 + 0.12, sheet.shape))
    for x in np.sort(rng.uniform(sheet.left, sheet.right, 210)):
        level = float(np.interp(x, sheet.grid()[0][0], crest))
        if np.sin(x / 61) + np.sin(x / 23) > -0.25:
            paint_conifer(sheet, (x, level + rng.uniform(2, 16)), rng.uniform(13, 27), SPRUCE, rng)
    return sheet


def _village(scale: float) -> Canvas:
    sheet = _sheet(0.95, 170, 330, scale)
    rng = np.random.default_rng(11)
    crest = skyline(sheet, 258, 5, 150, 44, 3)
    _, y = sheet.grid()
    rough = fractal(sheet.shape, scale, (34, 8), 70, 4)
    grass = mix(rgb("#7d9440"), rgb("#c3bb62"), 0.5 + 0.7 * rough)
    paint_slope(sheet, crest, mix(grass, rgb("#5c5a3c"), smoothstep(SHORE - 4, SHORE, y) * 0.8))
    _houses(sheet, rng)
    _shore_trees(sheet, rng)
    return sheet


def _houses(sheet: Canvas, rng: np.random.Generator) -> None:
    """Paint two villages, each around a church."""
    for house in range(26):
        at = 250 + house * 15 + rng.normal(0, 4) + 240 * (house > 15)
        level = 252 + rng.uniform(-3, 10) - 5 * (house % 3 == 0)
        if house in (6, 21):
            paint_church(sheet, (at, level + 2), 22, _WALLS[2], "#6d5560")
            continue
        if rng.random() < 0.45:
            paint_tree(sheet, (at - 6, level - 1), rng.uniform(17, 26), SUMMER, rng, dabs=60)
        paint_house(sheet, (at, level), rng.uniform(10, 15), _WALLS[house % 4], _ROOFS[int(rng.integers(4))])


def _shore_trees(sheet: Canvas, rng: np.random.Generator) -> None:
    for at in np.sort(rng.uniform(sheet.left, sheet.right, 78)):
        if np.sin(at / 47) < -0.55:
            continue
        kind, foot = rng.random(), (at, rng.uniform(262, 269))
        if kind < 0.62:
            paint_tree(sheet, foot, rng.uniform(13, 26), SUMMER, rng, dabs=60)
        elif kind < 0.82:
            paint_cypress(sheet, foot, rng.uniform(24, 40), SPRUCE, rng)
        else:
            paint_crown(sheet, (at, foot[1] - 3), (9, 4), SUMMER, rng, 40, 1.6)


def _water(scale: float, behind: View) -> Canvas:
    sheet = _sheet(0.95, SHORE, BANK + 30, scale)
    x, y = sheet.grid()
    depth = (y - SHORE) / (BANK - SHORE)
    ripple = _ripples(sheet, depth)
    colours = ramp(depth + 0.10 * ripple, [(0, "#e9e2c6"), (0.2, "#a9cbcb"), (0.6, "#4f94a8"), (1.1, "#23607c")])
    colours = mix(colours, _mirrored(sheet, behind, ripple), smoothstep(1.0, 0.12, depth + 0.12 * ripple) * 0.82)
    glint = np.exp(-(((x - 265 - 60 * depth) / (60 + 120 * depth)) ** 2)) * smoothstep(0.12, 0.6, ripple)
    glint = glint * smoothstep(0.95, 0.6, depth)
    colours = mix(colours, rgb("#fff3cc"), glint * 0.85)
    colours = mix(colours, rgb("#dff1ee"), smoothstep(0.42, 0.8, ripple) * 0.4)
    colours = mix(colours, rgb("#184a66"), smoothstep(-0.3, -0.8, ripple) * 0.35 * smoothstep(0.1, 0.6, depth))
    sheet.wash(colours)
    return sheet


def _ripples(sheet: Canvas, depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return waves that are small and flat far away, and broad nearby."""
    far = fractal(sheet.shape, sheet.scale, (26, 2.6), 81, 3)
    middle = fractal(sheet.shape, sheet.scale, (52, 6), 82, 3)
    near = fractal(sheet.shape, sheet.scale, (110, 13), 83, 4)
    blend = mix(
        mix(far[..., None], middle[..., None], smoothstep(0, 0.3, depth)), near[..., None], smoothstep(0.3, 0.9, depth)
    )
    return np.asarray(blend[..., 0] * 1.7, np.float32)


def _mirrored(sheet: Canvas, behind: View, ripple: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the reflection of the layers behind the water, distorted by its waves."""
    height, width = sheet.shape
    camera = shift(-0.5, -0.5) @ np.diag([sheet.scale, sheet.scale, 1.0]) @ shift(-sheet.left, 0)
    painted = min(width, *(layer.canvas.shape[1] for layer in behind.layers))
    scene = compose(behind, 0, camera, (painted, round((SHORE + 20) * sheet.scale))).astype(np.float32)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    down = y / sheet.scale
    up = (SHORE - 1 - 1.15 * down) * sheet.scale + ripple * (1 + 0.16 * down) * sheet.scale
    across = x * 0.999 + ripple * (0.6 + 0.06 * down) * sheet.scale
    up = np.minimum(up, (SHORE - 2) * sheet.scale)
    return np.asarray(cv2.remap(scene, across, up, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)


def _boat(scale: float, foot: tuple[float, float]) -> Canvas:
    sheet = Canvas.blank(foot[0] - 90, foot[1] - 170, foot[0] + 100, foot[1] + 12, scale)
    paint_boat(sheet, foot, 150)
    return sheet


def _mirrored_boat(scale: float, foot: tuple[float, float]) -> Canvas:
    sheet = Canvas.blank(foot[0] - 90, foot[1] - 6, foot[0] + 90, foot[1] + 100, scale)
    paint_reflection(sheet, foot, 150, np.random.default_rng(5))
    return sheet


def _meadow(scale: float) -> Canvas:
    sheet = _sheet(2.7, BANK - 40, 552, scale)
    rng = np.random.default_rng(17)
    crest = skyline(sheet, BANK + 12, 20, 230, 91, 5)
    _, y = sheet.grid()
    rough = fractal(sheet.shape, scale, (60, 14), 92, 4)
    ground = ramp(0.45 + 0.45 * rough - 0.002 * (y - BANK), MEADOW)
    paint_slope(sheet, crest, ground)
    paint_grass(sheet, (BANK + 6, 572), MEADOW, rng, 5200)
    paint_flowers(sheet, (BANK + 14, 545), ["#e0402c", "#e8533a", "#d93226", "#f6f0dc", "#f2c94a", "#7f7fd0"], rng, 330)
    paint_grass(sheet, (500, 590), MEADOW, rng, 700, (26, 46))
    return sheet


def _birch(scale: float) -> Canvas:
    """Paint a birch in the foreground: a white trunk, and branches of hanging leaves."""
    foot = 978.0
    sheet = Canvas.blank(foot - 230, -50, foot + 250, 560, scale)
    rng = np.random.default_rng(23)
    for side, level, reach, count in ((1, 150, 200, 19), (-1, 118, 190, 18), (1, 60, 190, 20), (-1, 40, 210, 21)):
        start, end = (foot + 12, level + 70.0), (foot + 10 + side * reach, level - 10.0)
        sheet.stroke([start, (foot + 10 + side * reach * 0.45, level + 10), end], rgb("#5d534b"), 3.4)
        paint_fronds(sheet, ((foot + 10 + side * reach * 0.25, level + 26), end), BIRCH, rng, count, 100)
    _birch_trunk(sheet, foot, rng)
    paint_fronds(sheet, ((foot - 70, 0), (foot + 120, 6)), BIRCH, rng, 22, 110)
    return sheet


def _birch_trunk(sheet: Canvas, foot: float, rng: np.random.Generator) -> None:
    levels, middles, halves = (-50, 120, 300, 560), (18, 14, 2, 0), (7, 9, 11, 16)
    for near, tone in ((-1.0, 1.0), (-0.1, 0.9), (0.35, 0.76), (0.7, 0.64)):
        edge = [foot + middle + half * near for middle, half in zip(middles, halves, strict=True)]
        far = [foot + middle + half for middle, half in zip(middles, halves, strict=True)]
        corners = [*zip(edge, levels, strict=True), *reversed(list(zip(far, levels, strict=True)))]
        sheet.polygon(corners, rgb("#efe8d8") * tone)
    for y in rng.uniform(-40, 555, 54):
        middle, half = np.interp(y, levels, middles), np.interp(y, levels, halves)
        at = foot + middle + rng.uniform(-0.75, 0.75) * half
        sheet.dab(at, y, (half * rng.uniform(0.2, 0.6), rng.uniform(0.7, 2.2)), rgb("#3b3532"), rng.uniform(-12, 12))
