"""A hot-air balloon."""

from __future__ import annotations

import numpy as np

from streamstyle.demo.canvas import Canvas
from streamstyle.demo.colour import rgb, smoothstep


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
