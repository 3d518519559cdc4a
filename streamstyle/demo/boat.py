"""A sailing boat and its reflection."""

from __future__ import annotations

import numpy as np

from streamstyle.demo.canvas import Canvas
from streamstyle.demo.colour import mix, rgb
from streamstyle.demo.stencil import Stencil

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
    """Paint the boat's broken reflection in strokes that grow sparse downwards."""
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
