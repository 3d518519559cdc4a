"""A stone viaduct, lit from the right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from streamstyle.demo.canvas import Canvas
from streamstyle.demo.stencil import Points, Stencil

_PIER, _SPRING = 0.2, 0.62
"""Width of a pier, and depth below the deck at which arches begin, in bays."""


@dataclass(frozen=True, slots=True)
class Stone:
    """What the viaduct is built of."""

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
    """The underside of an arch, seen on the side away from the light."""
    half = arch[: len(arch) * 3 // 4]
    inner = [(x + 0.072, y - 0.039) for x, y in half]
    span.polygon([*half, *reversed(inner)], stone.shaded, 0.85)


def _paint_voussoirs(span: Stencil, arch: Points, stone: Stone, rng: np.random.Generator) -> None:
    """The ring of wedge stones around an arch."""
    middle = (arch[0][0] + arch[-1][0]) / 2
    outer = [(middle + (x - middle) * 1.13, -_SPRING + (y + _SPRING) * 1.13) for x, y in arch]
    for (first, second), (above, beyond) in zip(pairwise(arch), pairwise(outer), strict=True):
        span.polygon([first, second, beyond, above], stone.lit, rng.uniform(0.94, 1.22))
    span.stroke(outer, stone.lit, 0.012, 0.78)
