"""The second view: a train crosses a valley in the evening, with a camera that moves forward."""

from __future__ import annotations

import numpy as np

from tools.demo_film.buildings import (
    Stone,
    paint_church,
    paint_house,
    paint_mill_sails,
    paint_mill_tower,
    paint_viaduct,
)
from tools.demo_film.canvas import Canvas, fractal, mix, ramp, rgb, smoothstep
from tools.demo_film.landscape import paint_clouds, paint_fields, paint_mountains, paint_sky, paint_slope, skyline
from tools.demo_film.layers import Layer, LayerPath, Matrix, View, grow, shift, turn
from tools.demo_film.plants import Leaves, paint_crown, paint_cypress, paint_flowers, paint_grass, paint_tree
from tools.demo_film.vehicles import paint_puff, paint_train

FRAMES = 50
"""Number of frames for which the sheets are wide enough."""

SUN = (716.0, 190.0)
"""Position of the setting sun, where the light comes from."""

DECK = 318.0
"""Height of the viaduct's deck, on which the train runs."""

AUTUMN: Leaves = [(0, "#3a2335"), (0.35, "#7d3b30"), (0.65, "#cf7a35"), (1, "#ffd070")]
DUSK: Leaves = [(0, "#241f36"), (0.4, "#3b4046"), (0.75, "#7b7746"), (1, "#e0b45c")]
HEATHER: Leaves = [(0, "#2a2038"), (0.4, "#4a3a48"), (0.75, "#96713f"), (1, "#f0c069")]

_LIGHT = (0.8, -0.5)
_WALLS = ("#f6d2a4", "#ffe0b4", "#ecc296")

_VALLEY_TREES = (
    (84, 440), (118, 448), (352, 396), (372, 402), (398, 394), (566, 452), (590, 460), (812, 396),
    (840, 452),
)  # fmt: skip
"""Positions of the trees on the valley's floor."""

_HOUSES = (
    (556, 402, 15), (584, 398, 14), (612, 404, 16), (596, 418, 18), (548, 420, 17), (808, 414, 17), (836, 408, 15),
    (782, 404, 14),
)  # fmt: skip
"""Positions and sizes of the houses."""


def valley(scale: float) -> View:
    """Paint the view with `scale` texture pixels a design unit."""
    hub = (150.0, 206.0)
    smoke = tuple(Layer(_puff(scale, puff), _rising_path(puff)) for puff in range(9))
    return View(
        (
            Layer(_sky(scale), _approaching_path(0.0002, 0.1)),
            Layer(_mountains(scale), _approaching_path(0.0003, 0.25)),
            Layer(_hills(scale), _approaching_path(0.0004, 0.5)),
            Layer(_fields(scale), _approaching_path(0.0006, 0.8)),
            Layer(_mill(scale, hub), _approaching_path(0.0006, 0.8)),
            Layer(_sails(scale, hub), lambda frame: _approaching_path(0.0006, 0.8)(frame) @ turn(2.4 * frame, *hub)),
            *smoke,
            Layer(_train(scale), lambda frame: _approaching_path(0.0008, 1.3)(frame) @ shift(-4.2 * frame, 0)),
            Layer(_viaduct(scale), _approaching_path(0.0008, 1.3)),
            Layer(_orchard(scale), _approaching_path(0.0011, 2.1)),
            Layer(_bank(scale), _approaching_path(0.0009, 3.4)),
        )
    )


def _approaching_path(pace: float, speed: float) -> LayerPath:
    """Grow about the middle of the frame and move right: a camera that moves forward and turns left."""
    return lambda frame: grow(1 + pace * frame, 480, 330) @ shift(speed * frame, 0)


def _sheet(speed: float, top: float, bottom: float, scale: float) -> Canvas:
    return Canvas.blank(-12 - speed * FRAMES, top, 972, bottom, scale)


def _sky(scale: float) -> Canvas:
    sheet = _sheet(0.1, -8, 340, scale)
    stops = [(-8.0, "#4a4a8c"), (70.0, "#8c6aa6"), (140.0, "#e08f92"), (195.0, "#fbb873"), (250.0, "#ffe0a0")]
    paint_sky(sheet, stops, SUN, "#ffd27a", 300)
    paint_clouds(sheet, 61, (420, 34), (12, 110), 0.72, ("#ffc08a", "#c987a0", "#6d5a94"), (6, 5), 0.3)
    paint_clouds(sheet, 72, (360, 18), (90, 166), 0.66, ("#ffe3a0", "#f59a7c", "#a8688e"), (6, 3), 0.3)
    return sheet


def _mountains(scale: float) -> Canvas:
    sheet = _sheet(0.25, 90, 340, scale)
    paint_mountains(sheet, skyline(sheet, 214, 46, 210, 15), ("#d99a94", "#7c6a9c", "#f3b98e"), 150, 0, 280, 1.0)
    paint_mountains(sheet, skyline(sheet, 246, 36, 170, 26), ("#b5766e", "#574f80", "#d99a80"), 161, 0, 320, 1.0)
    return sheet


def _hills(scale: float) -> Canvas:
    sheet = _sheet(0.5, 180, 400, scale)
    rng = np.random.default_rng(31)
    crest = skyline(sheet, 268, 22, 260, 38, 3)
    paint_fields(sheet, crest, ["#b08a4c", "#8a7a48", "#c79a50", "#736c4a"], 9, 380)
    x, y = sheet.grid()
    sheet.tint(rgb("#e09a78"), np.broadcast_to(smoothstep(380, 250, y) * 0.5 + 0.1, sheet.shape))
    for at in np.sort(rng.uniform(sheet.left, 972, 90)):
        level = float(np.interp(at, x[0], crest)) + rng.uniform(0, 26)
        if np.sin(at / 37) > -0.2:
            paint_crown(sheet, (at, level - 3), (rng.uniform(5, 9), rng.uniform(4, 6)), DUSK, rng, 34, 1.7, _LIGHT)
    return sheet


def _fields(scale: float) -> Canvas:
    sheet = _sheet(0.8, 190, 560, scale)
    rng = np.random.default_rng(41)
    x, _ = sheet.grid()
    crest = 322 - 62 * np.exp(-(((x[0] - 130) / 210) ** 2)) + skyline(sheet, 0, 6, 120, 49, 3)
    crest = crest.astype(np.float32)
    paint_fields(sheet, crest, ["#c98f3f", "#8f8440", "#b7a04a", "#6f743c", "#d8a94e"], 4, 540, 0.5)
    for at in (262, 290, 306, 330, 420, 452, 640, 668, 690, 860, 884):
        level = float(np.interp(at, x[0], crest)) + rng.uniform(6, 30)
        paint_cypress(sheet, (at, level), rng.uniform(34, 58), DUSK, rng, (0.9, -0.2))
    _river(sheet)
    for at, level in _VALLEY_TREES:
        sheet.dab(at - 9, level, (15, 2.6), rgb("#4f4a35"))
        paint_tree(sheet, (at, level), rng.uniform(24, 36), AUTUMN, rng, dabs=70, sun=_LIGHT)
    for index, (at, level, size) in enumerate(_HOUSES):
        sheet.dab(at - 2, level, (size * 1.2, 2.2), rgb("#5a4d3a"))
        paint_house(sheet, (at, level), size, _WALLS[index % 3], "#a34b3a", "#ffd56e")
    paint_church(sheet, (570, 412), 19, "#f6d4aa", "#5f4660")
    return sheet


def _river(sheet: Canvas) -> None:
    """Paint a river that winds towards the viewer between the piers and reflects the sky."""
    x, y = sheet.grid()
    near = ((y - 350) / 200).clip(0)
    middle = 470 + 250 * np.sin(2.6 * np.sqrt(near) + 0.6) - 130 * near
    half = 6 + 62 * near**1.2
    ripple = fractal(sheet.shape, sheet.scale, (70, 5), 47, 4)
    inside = smoothstep(0.7, -0.7, (np.abs(x - middle) - half * (1 + 0.1 * ripple)) * sheet.scale) * (y > 352)
    shore = smoothstep(5.0, 1.0, np.abs(x - middle) - half) * (y > 352)
    sheet.tint(rgb("#55502f"), shore * 0.5)
    light = ramp(near + 0.35 * ripple, [(0, "#ffe3a4"), (0.4, "#f6a184"), (0.9, "#8a6a9c")])
    sheet.tint(light, inside)


def _mill(scale: float, hub: tuple[float, float]) -> Canvas:
    sheet = Canvas.blank(hub[0] - 60, hub[1] - 40, hub[0] + 60, hub[1] + 84, scale)
    paint_mill_tower(sheet, (hub[0] + 3, hub[1] + 74), 82, "#f2d3ae", "#7a4038")
    return sheet


def _sails(scale: float, hub: tuple[float, float]) -> Canvas:
    sheet = Canvas.blank(hub[0] - 74, hub[1] - 74, hub[0] + 74, hub[1] + 74, scale)
    paint_mill_sails(sheet, hub, 66, "#fbe6c0", "#5b3a30")
    return sheet


def _train(scale: float) -> Canvas:
    sheet = Canvas.blank(520, DECK - 60, 1330, DECK + 4, scale)
    paint_train(sheet, 530, DECK - 4, 36, 6)
    return sheet


def _chimney_x(frame: float) -> float:
    """Return the position of the engine's chimney in a frame, in design units of the viaduct."""
    return 551 - 4.2 * frame


def _puff(scale: float, puff: int) -> Canvas:
    """Return a puff of steam at its final size, at the chimney's position when it leaves it."""
    at = (_chimney_x(_birth_frame(puff)), DECK - 46.0)
    sheet = Canvas.blank(at[0] - 34, at[1] - 34, at[0] + 34, at[1] + 34, scale)
    paint_puff(sheet, at, 26, 200 + puff, "#fff0d6", "#a888a4")
    return sheet


def _birth_frame(puff: int) -> float:
    """Return the frame in which a puff leaves the chimney; negative for the first ones."""
    return -32.0 + 10 * puff


def _rising_path(puff: int) -> LayerPath:
    """Grow and rise from the chimney, and stay behind the train."""
    born, start = _birth_frame(puff), _chimney_x(_birth_frame(puff))

    def path(frame: float) -> Matrix:
        age = max(0.0, frame - born)
        drift = shift(0.35 * age, -0.85 * age)
        return (
            _approaching_path(0.0008, 1.3)(frame)
            @ drift
            @ grow(0.001 + 1.15 * (1 - np.exp(-age / 22)), start, DECK - 42)
        )

    return path


def _viaduct(scale: float) -> Canvas:
    sheet = _sheet(1.3, DECK - 16, 560, scale)
    paint_viaduct(sheet, DECK, 552, 118, Stone("#d8a882", "#76577a"), np.random.default_rng(51))
    x, y = sheet.grid()
    rough = fractal(sheet.shape, scale, (40, 30), 53, 4)
    sheet.tint(rgb("#6b4f74"), (smoothstep(DECK + 30, 520, y) * 0.5 + 0.22 * rough).clip(0, 0.7))
    sheet.tint(rgb("#ffcf8e"), (smoothstep(300, 820, x) * 0.25 * smoothstep(460, DECK, y)))
    return sheet


def _orchard(scale: float) -> Canvas:
    sheet = _sheet(2.1, 360, 560, scale)
    rng = np.random.default_rng(61)
    x, _ = sheet.grid()
    crest = skyline(sheet, 478, 22, 240, 58, 4)
    rough = fractal(sheet.shape, scale, (50, 14), 59, 4)
    paint_slope(sheet, crest, mix(rgb("#5d4a40"), rgb("#b98a48"), 0.4 + 0.7 * rough))
    for at in np.sort(rng.uniform(sheet.left, 972, 46)):
        foot = (at, float(np.interp(at, x[0], crest)) + rng.uniform(4, 22))
        paint_tree(
            sheet, foot, rng.uniform(38, 74), AUTUMN if rng.random() < 0.75 else DUSK, rng, "#3a2833", 130, sun=_LIGHT
        )
    return sheet


def _bank(scale: float) -> Canvas:
    sheet = _sheet(3.4, 420, 570, scale)
    rng = np.random.default_rng(71)
    crest = skyline(sheet, 514, 20, 300, 68, 4)
    rough = fractal(sheet.shape, scale, (50, 14), 69, 4)
    paint_slope(sheet, crest, ramp(0.3 + 0.4 * rough, HEATHER))
    paint_grass(sheet, (508, 590), HEATHER, rng, 2600, (14, 46), -0.2)
    paint_flowers(sheet, (506, 560), ["#b05a9a", "#8a5ab0", "#d77aa8", "#e8b65a"], rng, 150, (2.4, 5.5))
    return sheet
