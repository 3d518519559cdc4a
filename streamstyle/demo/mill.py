"""A windmill: its tower, and its sails apart, for they turn."""

from __future__ import annotations

import numpy as np

from streamstyle.demo.canvas import Canvas
from streamstyle.demo.colour import rgb
from streamstyle.demo.stencil import Stencil


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
