"""A sailing boat with its reflection, a hot-air balloon and a steam train."""

from __future__ import annotations

import numpy as np

from tools.demo_film.canvas import Canvas, Stencil, fractal, mix, rgb, smoothstep

_WOOD = "#5d3d22"
_SHEER = [(-44.0, 15.0), (-36, 12.4), (-8, 10.6), (22, 11.6), (44, 17)]
"""The curve of the boat's upper edge."""


def paint_boat(sheet: Canvas, foot: tuple[float, float], size: float) -> None:
    """Paint a gaff-rigged boat with tan sails, `size` high, that sails to the right."""
    boat = Stencil(sheet, *foot, size / 100)
    _paint_sails(boat)
    _paint_sailor(boat)
    boat.polygon([*_SHEER, (38, 5), (28, -1), (-32, -1), (-40, 5)], "#22465e")
    boat.polygon([(-41, 6), (39, 6.4), (34, 2), (28, -1), (-32, -1), (-38, 3)], "#173347")
    boat.stroke(_SHEER, "#f1e6cc", 2.0)
    boat.stroke([(-41, 8), (39, 9)], "#d9a24c", 1.0)
    boat.stroke([(40, 15.5), (54, 18)], _WOOD, 1.4)


def _paint_sails(boat: Stencil) -> None:
    boat.polygon([(0, 16), (-38, 19), (-31, 70), (-20, 90), (0, 76)], "#b5482f")
    boat.polygon([(0, 16), (-18, 17.4), (-11, 86), (0, 76)], "#cb5c38")
    boat.polygon([(-31, 70), (-20, 90), (0, 76), (0, 72), (-19, 82)], "#e07a48")
    for low, high in ((30, 33), (46, 49), (61, 64)):
        boat.stroke([(-1, low), (-35 + low * 0.06, high)], "#93371f", 0.9)
    boat.polygon([(5, 84), (40, 17), (22, 19), (6, 22)], "#f3dfb8")
    boat.polygon([(5, 84), (40, 17), (31, 18), (6, 60)], "#fff4d8")
    boat.stroke([(5, 84), (41, 16)], "#8b7350", 0.8)
    boat.polygon([(0.6, 10), (3.4, 10), (3, 97), (1, 97)], _WOOD)
    boat.stroke([(0, 76), (-21, 91)], _WOOD, 1.6)
    boat.stroke([(1, 15.5), (-40, 18.5)], _WOOD, 1.8)
    boat.polygon([(2, 97), (-13, 95), (-7, 93), (-13, 91), (2, 92)], "#2f62a8")


def _paint_sailor(boat: Stencil) -> None:
    boat.polygon([(-25.5, 10), (-18.5, 10), (-19.6, 20), (-24.6, 20)], "#f4efe0")
    for stripe in (14.6, 17.4):
        boat.stroke([(-24.8, stripe), (-19.2, stripe)], "#3b6a9c", 1.1)
    boat.dab(-22, 22.4, (2.5, 2.7), "#d79a72")
    boat.dab(-22, 24.4, (3.6, 1.2), "#e6c25c")
    boat.dab(-22, 25.2, (2.2, 1.4), "#e6c25c")


def paint_reflection(sheet: Canvas, foot: tuple[float, float], size: float, rng: np.random.Generator) -> None:
    """Paint the boat's broken reflection in strokes that become sparse downwards."""
    x, y = foot
    unit = size / 100
    for down in np.arange(1.0, 62.0, 2.2):
        share, sail = down / 62, down > 10
        for _ in range(3):
            if rng.random() < share * 1.05:
                continue
            colour = rgb("#a3553f") if sail and rng.random() < 0.55 else rgb("#d8c3a0") if sail else rgb("#1c3c50")
            reach = 30 * (1 - share) + 5 if sail else 36
            middle = x + (rng.normal(0, 10) if sail else 0) * unit
            half = reach * rng.uniform(0.35, 0.95) * unit
            sheet.dab(middle, y + down * unit, (half, unit), mix(colour, rgb("#4d7f93"), 0.25 + 0.4 * share))


def paint_balloon(sheet: Canvas, centre: tuple[float, float], radius: float, stripes: tuple[str, str, str]) -> None:
    """Paint a hot-air balloon; light comes from the left."""
    x, y = sheet.grid()
    right, down = (x - centre[0]) / radius, (y - centre[1]) / radius
    girth = np.where(down < 0, np.sqrt((1 - down**2).clip(0)), np.sqrt((1 - (down / 1.42) ** 2).clip(0)) ** 1.25)
    girth = np.where(down > 1.22, 0, girth)
    inside = smoothstep(0.6, -0.6, (np.abs(right) - girth) * radius * sheet.scale) * (girth > 0.02)
    around = np.arcsin((right / np.maximum(girth, 1e-3)).clip(-1, 1))
    gore = np.floor(around / np.pi * 12 + 0.5).astype(int) % 2
    colours = np.where(gore[..., None] == 0, rgb(stripes[0]), rgb(stripes[1]))
    belt = (np.abs(down - 0.12) < 0.17)[..., None] & np.ones_like(right, bool)[..., None]
    zigzag = (np.abs(((around * 6 / np.pi) % 1) - 0.5) * 0.34 + 0.04 > np.abs(down - 0.12))[..., None]
    colours = np.where(belt, np.where(zigzag, rgb(stripes[1]), rgb(stripes[2])), colours)
    seam = np.abs(((around / np.pi * 12 + 0.5) % 1) - 0.5) > 0.44
    light = 0.98 + 0.2 * np.sin(-around - 0.35) - 0.2 * down.clip(-1, 1) * 0.7
    sheet.wash(colours * (light - 0.09 * seam)[..., None], inside)
    _basket(sheet, centre, radius)


def _basket(sheet: Canvas, centre: tuple[float, float], radius: float) -> None:
    x, y = centre
    top, high, half = y + 1.55 * radius, 0.2 * radius, 0.15 * radius
    for side in (-1.0, -0.35, 0.35, 1.0):
        sheet.stroke([(x + side * 0.3 * radius, y + 1.2 * radius), (x + side * half, top)], rgb("#5a4636"), 0.9)
    sheet.polygon(
        [(x - half, top), (x + half, top), (x + half * 0.86, top + high), (x - half * 0.86, top + high)], rgb("#9a6a3a")
    )
    for share in (0.35, 0.7):
        sheet.stroke([(x - half, top + high * share), (x + half, top + high * share)], rgb("#744a26"), 0.8)
    sheet.stroke([(x - half * 1.08, top), (x + half * 1.08, top)], rgb("#c79a5c"), 1.6)


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
