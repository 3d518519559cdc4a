"""A steam train and the puffs it leaves behind."""

from __future__ import annotations

import numpy as np

from streamstyle.demo.canvas import Canvas
from streamstyle.demo.colour import mix, rgb, smoothstep
from streamstyle.demo.noise import fractal
from streamstyle.demo.stencil import Stencil

_BLACK, _BRASS, _GREEN, _DARK_GREEN = "#2a2626", "#d9b25a", "#2a523f", "#214233"


def paint_train(sheet: Canvas, front: float, rail: float, size: float, coaches: int) -> None:
    """Paint a steam engine whose nose is at `front`, and its coaches behind it to the right; `size` is its height."""
    unit = size / 30
    engine = Stencil(sheet, front, rail, unit)
    _paint_boiler(engine)
    _paint_cab(engine)
    _paint_tender(engine)
    for place, radius in ((15, 3.6), (25, 5.6), (37, 5.6), (49, 5.6), (58, 3.6), (71, 3.6), (79, 3.6), (87, 3.6)):
        _paint_wheel(engine, place, radius)
    engine.stroke([(14, 6.4), (49, 6)], "#d8cdb8", 1.3)
    for coach in range(coaches):
        paint = "#8e2f2b" if coach else "#7b3a2a"
        _paint_coach(Stencil(sheet, front + (98 + coach * 82) * unit, rail, unit), paint)


def _paint_boiler(engine: Stencil) -> None:
    engine.box(8, 62, 6, 10, "#39302f")
    for strip in range(9):
        light = 0.55 + 0.75 * np.sin(np.pi * (strip + 0.9) / 9) ** 1.4
        engine.box(10, 46, 9.5 + strip * 1.6, 11.4 + strip * 1.6, "#2e5a44", light)
    for band in (17, 27, 37):
        engine.box(band, band + 1.4, 9.5, 24, _BRASS)
    engine.box(8.6, 11.4, 9, 24.4, "#26302c")
    engine.polygon([(14.6, 24), (19.4, 24), (20.6, 33), (13.4, 33)], _BLACK)
    engine.box(12.8, 21.2, 32.6, 34.6, "#b8863f")
    engine.dab(30, 24.6, (3.4, 3.6), _BRASS)
    engine.dab(29.4, 25.6, (1.6, 1.6), "#fbe6a4")
    engine.polygon([(8, 8), (1, 1.4), (10, 1.4)], "#9b3a2c")
    engine.dab(8.4, 20.5, (2.0, 2.2), "#fff0b4")


def _paint_cab(engine: Stencil) -> None:
    engine.box(45, 62, 8, 29, _GREEN)
    engine.box(45, 62, 8, 13, _DARK_GREEN)
    engine.box(47.5, 53, 17, 25, "#ffd98a")
    engine.box(55, 59.5, 17, 25, "#f6bf66")
    engine.box(42.5, 64.5, 28.4, 31, "#33292a")


def _paint_tender(engine: Stencil) -> None:
    engine.box(66, 92, 7, 19, _GREEN)
    engine.box(66, 92, 7, 11, _DARK_GREEN)
    for lump in range(9):
        engine.dab(68 + lump * 2.8, 19.4 + 1.2 * (lump % 3), (2.4, 1.8), "#2b2729", 1 + 0.2 * (lump % 2))


def _paint_wheel(engine: Stencil, x: float, radius: float) -> None:
    for share, colour in ((1.0, "#241e20"), (0.72, "#a8382c"), (0.22, "#e0c27a")):
        engine.dab(x, radius, (radius * share, radius * share), colour)


def _paint_coach(coach: Stencil, paint: str) -> None:
    coach.box(-4, 2, 6, 7.6, _BLACK)
    coach.box(1, 79, 5, 7.4, _BLACK)
    coach.box(1, 79, 7, 26, paint)
    coach.box(1, 79, 7, 12, paint, 0.8)
    coach.box(1, 79, 15, 24.4, "#e9cf9c", 0.98)
    for window in range(7):
        left = 4 + window * 10.7
        coach.box(left, left + 7.4, 15.8, 23.4, "#ffc65c" if window % 3 else "#ffe1a0")
        coach.box(left, left + 7.4, 22.2, 23.4, "#c98a3c")
    coach.box(0, 80, 25.6, 27.4, _BRASS)
    coach.polygon([(-1, 27), (81, 27), (78, 30), (2, 30)], "#4a4048")
    for place in (11, 21, 59, 69):
        _paint_wheel(coach, place, 3.5)


def paint_puff(sheet: Canvas, centre: tuple[float, float], radius: float, seed: int, lit: str, shaded: str) -> None:
    """Paint a puff of steam, firm enough at its edge to hide what is behind it; light comes from the right."""
    x, y = sheet.grid()
    right, down = (x - centre[0]) / radius, (y - centre[1]) / radius
    rough = fractal(sheet.shape, sheet.scale, (radius * 0.8, radius * 0.8), seed, 4, 0.55)
    distance = np.hypot(right, down * 1.15) + 0.34 * rough
    light = smoothstep(-0.9, 0.8, 0.75 * right - 0.75 * down + 0.9 * rough)
    sheet.wash(mix(rgb(shaded), rgb(lit), light), smoothstep(0.92, 0.74, distance))
