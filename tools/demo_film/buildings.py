"""Houses, a church, a windmill and a stone viaduct."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tools.demo_film.canvas import Canvas, Points, Stencil, rgb

_FRONT, _END, _EAVE, _RIDGE, _OVER = 0.8, 2.05, 0.72, 1.34, 0.09
"""Dimensions of a house: width of its front, end of its long side, heights of eaves and ridge, overhang."""


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


def paint_mill_tower(sheet: Canvas, foot: tuple[float, float], size: float, wall: str, cap: str) -> None:
    """Paint the tower of a windmill, `size` high to its cap; light comes from the right."""
    tower = Stencil(sheet, *foot, size)
    low, high, strips = 0.24, 0.16, 14
    for strip in range(strips):
        left, right = 2 * strip / strips - 1, 2 * (strip + 1) / strips - 1
        light = 0.62 + 0.42 * np.sin((strip + 0.5) / strips * np.pi * 0.62)
        tower.polygon([(low * left, 0), (low * right, 0), (high * right, 1), (high * left, 1)], wall, light)
    tower.polygon([(-0.184, 0.98), (0.184, 0.98), (0.08, 1.18), (-0.056, 1.19)], cap)
    for left, top in ((-0.054, 0.28), (0.006, 0.55), (-0.066, 0.78)):
        tower.box(left, left + 0.06, top - 0.08, top, "#f6c766")
    tower.box(-0.06, 0.06, 0, 0.17, "#4d3226")


def paint_mill_sails(sheet: Canvas, hub: tuple[float, float], reach: float, cloth: str, wood: str) -> None:
    """Paint the four sails of a windmill around its hub."""
    for quarter in range(4):
        _paint_sail(sheet, np.array(hub), reach, np.deg2rad(90 * quarter + 20), cloth, wood)
    sheet.dab(*hub, (reach * 0.06, reach * 0.06), rgb(wood) * 0.6)


def _paint_sail(
    sheet: Canvas, hub: np.ndarray[tuple[int], np.dtype[np.float64]], reach: float, angle: float, cloth: str, wood: str
) -> None:
    along = reach * np.array([np.cos(angle), np.sin(angle)])
    broad = 0.2 * reach * np.array([-np.sin(angle), np.cos(angle)])
    inner, tip = hub + 0.2 * along, hub + along
    shade = 0.92 - 0.14 * np.sin(angle)
    sheet.polygon([inner, inner + broad, tip + broad, tip], rgb(cloth) * shade)
    for rib in np.linspace(0.2, 1, 7):
        sheet.stroke([hub + rib * along, hub + rib * along + broad], rgb(wood), 1.0)
    for edge in (0.5, 1.0):
        sheet.stroke([inner + edge * broad, tip + edge * broad], rgb(wood), 0.9)
    sheet.stroke([hub, tip], rgb(wood) * 0.8, reach * 0.035)


_PIER, _SPRING = 0.2, 0.62
"""Width of a pier, and depth below the deck at which arches begin, in bays."""


@dataclass(frozen=True, slots=True)
class Stone:
    """Colours of the viaduct."""

    lit: str
    shaded: str


def paint_viaduct(sheet: Canvas, deck: float, foot: float, bay: float, stone: Stone, rng: np.random.Generator) -> None:
    """Paint a viaduct along the whole sheet: arches of `bay` design units between the heights `deck` and `foot`."""
    length = (sheet.right - sheet.left) / bay
    arch = _arch()
    for column in range(-1, int(length) + 2):
        span = Stencil(sheet, sheet.left + column * bay, deck, bay)
        _paint_pier(span, (deck - foot) / bay, stone, rng)
        span.polygon([(_PIER - 0.005, 0), *arch, (1.005, 0)], stone.lit, 0.97)
        _paint_soffit(span, arch, stone)
        _paint_voussoirs(span, arch, stone, rng)
    _paint_parapet(Stencil(sheet, sheet.left, deck, bay), length, stone)


def _paint_parapet(whole: Stencil, length: float, stone: Stone) -> None:
    whole.box(0, length, -0.07, 0.05, stone.lit, 1.08)
    whole.stroke([(0, -0.085), (length, -0.085)], stone.shaded, 0.025)
    for joint in np.arange(0, length, 1 / 8):
        whole.stroke([(joint, 0.05), (joint, -0.065)], stone.lit, 0.006, 0.86)


def _arch() -> list[tuple[float, float]]:
    """Points of a half circle between two piers, in bays."""
    half = (1 - _PIER) / 2
    angles = np.linspace(np.pi, 0, 25)
    return [(_PIER + half * (1 + float(np.cos(a))), half * float(np.sin(a)) - _SPRING) for a in angles]


def _paint_pier(span: Stencil, foot: float, stone: Stone, rng: np.random.Generator) -> None:
    batter = 0.16 * _PIER
    span.polygon([(0, 0), (_PIER, 0), (_PIER + batter, foot), (-batter, foot)], stone.lit)
    span.polygon([(0, 0), (0.3 * _PIER, 0), (0.3 * _PIER, foot), (-batter, foot)], stone.shaded, 1.08)
    course, block = 0.2 * _PIER, _PIER / 4
    for row, low in enumerate(np.arange(-course, foot, -course)):
        for column in range(4):
            left = block * (column + 0.5 * (row % 2))
            if rng.random() < 0.62:
                colour, light = stone.lit if column > 0 else stone.shaded, rng.uniform(0.84, 1.14)
                span.box(left, min(left + block, _PIER), low, low + course * 0.86, colour, light)
    span.box(-0.1 * _PIER, 1.1 * _PIER, -3.2 * _PIER, -3 * _PIER, stone.lit, 1.1)


def _paint_soffit(span: Stencil, arch: Points, stone: Stone) -> None:
    """Paint the underside of an arch, on the side away from the light."""
    half = arch[: len(arch) * 3 // 4]
    inner = [(x + 0.072, y - 0.039) for x, y in half]
    span.polygon([*half, *reversed(inner)], stone.shaded, 0.85)


def _paint_voussoirs(span: Stencil, arch: Points, stone: Stone, rng: np.random.Generator) -> None:
    """Paint the ring of wedge-shaped stones around an arch."""
    middle = (arch[0][0] + arch[-1][0]) / 2
    outer = [(middle + (x - middle) * 1.13, -_SPRING + (y + _SPRING) * 1.13) for x, y in arch]
    for (first, second), (above, beyond) in zip(pairwise(arch), pairwise(outer), strict=True):
        span.polygon([first, second, beyond, above], stone.lit, rng.uniform(0.94, 1.22))
    span.stroke(outer, stone.lit, 0.012, 0.78)
