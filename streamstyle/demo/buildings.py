"""Houses and a church, lit from the left."""

from __future__ import annotations

from streamstyle.demo.canvas import Canvas
from streamstyle.demo.stencil import Stencil

_FRONT, _END, _EAVE, _RIDGE, _OVER = 0.8, 2.05, 0.72, 1.34, 0.09
"""A house's measures: width of its front, end of its long side, height of eaves and ridge, overhang."""


def paint_house(
    sheet: Canvas, foot: tuple[float, float], size: float, wall: str, roof: str, windows: str = "#4a4038"
) -> None:
    """Paint a gabled house: its sunny front to the left, its long side in half shade."""
    house = Stencil(sheet, *foot, size)
    house.polygon([(0, 0), (_FRONT, 0), (_FRONT, _EAVE), (_FRONT / 2, _RIDGE), (0, _EAVE)], wall)
    house.box(_FRONT, _END, 0, _EAVE, wall, 0.74)
    _paint_roof(house, roof)
    for right, low in ((0.16, 0.22), (0.5, 0.22), (0.33, 0.56), (1.0, 0.26), (1.35, 0.26), (1.7, 0.26)):
        house.box(right, right + 0.15, low - 0.05, low + 0.15, windows)


def _paint_roof(house: Stencil, colour: str) -> None:
    top, foot = _RIDGE + _OVER, _EAVE - _OVER
    left, right, long = _FRONT / 2, _FRONT + _OVER, _END - _FRONT
    house.polygon([(left, top), (left + long, top), (right + long, foot), (right, foot)], colour)
    for row in (0.35, 0.68):
        across, level = left + row * (right - left), _RIDGE + (_EAVE - _RIDGE) * row
        house.stroke([(across, level), (across + long, level)], colour, 0.05, 0.82)
    house.stroke([(-_OVER, foot), (left, top), (right, foot)], colour, 0.09, 0.72)
    house.box(1.17, 1.31, 1.24, 1.54, colour, 0.8)


def paint_church(sheet: Canvas, foot: tuple[float, float], size: float, wall: str, roof: str) -> None:
    """Paint a village church: a nave like a house, and a tower with a spire."""
    church = Stencil(sheet, *foot, size)
    paint_house(sheet, (foot[0] + size * 0.4, foot[1]), size, wall, roof)
    church.box(0, 0.56, 0, 1.75, wall)
    church.box(0.34, 0.56, 0, 1.75, wall, 0.76)
    church.polygon([(-0.06, 1.75), (0.34, 1.75), (0.28, 3.1)], roof, 1.12)
    church.polygon([(0.34, 1.75), (0.62, 1.75), (0.28, 3.1)], roof, 0.72)
    church.stroke([(0.28, 3.1), (0.28, 3.34)], "#d9b25a", 0.04)
    for level in (1.4, 0.79):
        church.box(0.12, 0.23, level - 0.09, level + 0.06, "#453c3a")
