"""Trees, hedges and grass, in dabs and strokes."""

from __future__ import annotations

import numpy as np

from tools.demo_film.canvas import Canvas, ramp, rgb

Leaves = list[tuple[float, str]]
"""Colours of foliage from 0, in the shade, to 1, in the sun."""


def paint_crown(
    sheet: Canvas,
    centre: tuple[float, float],
    radii: tuple[float, float],
    leaves: Leaves,
    rng: np.random.Generator,
    dabs: int = 260,
    dab: float = 3.2,
    sun: tuple[float, float] = (-0.7, -0.7),
) -> None:
    """Paint foliage: clumps within an ellipse, each a ball of dabs, dark ones below and lit ones above."""
    clumps = max(3, dabs // 34)
    where = rng.normal(0, 0.42, (clumps, 2)).clip(-0.8, 0.8)
    where[0] = 0
    size = rng.uniform(0.34, 0.6, clumps)
    owner = rng.integers(0, clumps, dabs)
    inside = rng.normal(0, 0.5, (dabs, 2))
    inside /= np.maximum(1, np.linalg.norm(inside, axis=1, keepdims=True))
    place = where[owner] + inside * size[owner, None]
    light = 0.42 + 0.42 * inside @ np.array(sun) + 0.3 * place @ np.array(sun) + rng.normal(0, 0.1, dabs)
    colours = ramp(light.clip(0, 1), leaves)
    for at in np.argsort(light + 0.25 * rng.random(dabs)):
        x, y = centre[0] + radii[0] * place[at, 0], centre[1] + radii[1] * place[at, 1]
        grown = dab * (0.7 + 0.7 * rng.random())
        sheet.dab(x, y, (grown, grown * 0.72), colours[at], rng.uniform(0, 180))


def paint_fronds(
    sheet: Canvas,
    bough: tuple[tuple[float, float], tuple[float, float]],  # where it begins and ends
    leaves: Leaves,
    rng: np.random.Generator,
    strands: int,
    length: float,
    leaf: float = 3.0,
) -> None:
    """Paint strands of small leaves that hang from a branch, like a birch's."""
    for strand in range(strands):
        along = (strand + rng.random()) / strands
        x = bough[0][0] + (bough[1][0] - bough[0][0]) * along
        y = bough[0][1] + (bough[1][1] - bough[0][1]) * along - 10 * np.sin(np.pi * along)
        reach = length * rng.uniform(0.45, 1.1) * (0.6 + 0.4 * np.sin(np.pi * along))
        drift = rng.normal(2, 6)
        tone = rng.normal(0.5, 0.16)
        down = np.arange(0, 1, leaf * 0.85 / reach)
        colours = ramp(tone + rng.normal(0, 0.16, len(down)) + 0.15 * (0.5 - down), leaves)
        across = x + drift * down**1.5 + rng.normal(0, 3.2, len(down))
        below = y + reach * down + rng.normal(0, 1.5, len(down))
        sizes = leaf * rng.uniform(0.7, 1.15, len(down))
        for at, angle in enumerate(rng.uniform(20, 160, len(down))):
            sheet.dab(across[at], below[at], (sizes[at], sizes[at] * 0.62), colours[at], angle)


def paint_tree(
    sheet: Canvas,
    foot: tuple[float, float],
    height: float,
    leaves: Leaves,
    rng: np.random.Generator,
    bark: str = "#4a3527",
    dabs: int = 260,
    spread: float = 0.42,
    sun: tuple[float, float] = (-0.7, -0.7),
) -> None:
    """Paint a broad-leaved tree that stands at `foot`."""
    x, y = foot
    width = height * 0.055
    top = (x + rng.normal(0, height * 0.03), y - height * 0.6)
    sheet.polygon(
        [(x - width, y), (x + width, y), (top[0] + width * 0.4, top[1]), (top[0] - width * 0.4, top[1])], rgb(bark)
    )
    sheet.stroke([(x - width * 0.5, y), (top[0] - width * 0.3, top[1])], rgb(bark) * 1.5, width * 0.4)
    for side in (-1, 1):
        sheet.stroke(
            [(x, y - height * 0.34), (x + side * height * 0.2, y - height * 0.58)], rgb(bark), max(0.8, width * 0.6)
        )
    crown = (height * spread, height * 0.4)
    paint_crown(sheet, (x, y - height * 0.62), crown, leaves, rng, dabs, max(0.9, height * 0.034), sun)


def paint_conifer(
    sheet: Canvas, foot: tuple[float, float], height: float, leaves: Leaves, rng: np.random.Generator, sun: float = -1.0
) -> None:
    """Paint a spruce: tiers of hanging branches, wider towards the foot."""
    x, y = foot
    tiers = int(np.clip(height / 3.2, 6, 26))
    sheet.stroke([(x, y), (x, y - height)], rgb("#33261f"), height * 0.035)
    lights = ramp(0.36 + rng.normal(0, 0.1, (tiers, 3)) + 0.34 * np.array([-1, 0, 1]), leaves)
    for tier in range(tiers):
        up = 1 - tier / tiers
        reach = height * 0.2 * (1 - up) ** 0.85 + 0.6
        level = y - height * (0.1 + 0.9 * up)
        for column, side in enumerate((-sun, 0.0, sun)):
            tip = (x + side * reach * rng.uniform(0.8, 1.15), level + reach * rng.uniform(0.45, 0.75))
            drop = height / tiers * 1.6
            sheet.polygon([(x, level - drop * 0.8), tip, (x + side * reach * 0.3, level + drop)], lights[tier, column])


def paint_cypress(
    sheet: Canvas,
    foot: tuple[float, float],
    height: float,
    leaves: Leaves,
    rng: np.random.Generator,
    sun: tuple[float, float] = (-0.9, -0.3),
) -> None:
    """Paint a slender cypress or poplar in upright strokes."""
    x, y = foot
    count = int(np.clip(height * 2.2, 60, 420))
    up = np.sort(rng.beta(1.1, 1.5, count))[::-1]
    girth = height * 0.105 * np.sqrt((up + 0.04) * (1.02 - up)) * 1.9
    across = rng.uniform(-1, 1, count)
    light = (0.45 + 0.42 * across * sun[0] + 0.2 * (up - 0.5) + rng.normal(0, 0.13, count)).clip(0, 1)
    colours = ramp(light, leaves)
    sheet.stroke([(x, y), (x, y - height * 0.3)], rgb("#3a2a1e"), height * 0.04)
    for at in np.argsort(light):
        length = height * rng.uniform(0.025, 0.05)
        sheet.dab(
            x + across[at] * girth[at],
            y - height * (0.05 + 0.93 * up[at]),
            (length * 0.42, length),
            colours[at],
            across[at] * 9,
        )


def paint_grass(
    sheet: Canvas,
    rows: tuple[float, float],  # heights in design units of the farthest and the nearest row
    leaves: Leaves,
    rng: np.random.Generator,
    blades: int,
    length: tuple[float, float] = (5.0, 34.0),  # of a blade in the farthest and the nearest row
    wind: float = 0.25,
) -> None:
    """Paint blades of grass, the nearest last."""
    depth = np.sort(rng.random(blades) ** 1.15)
    x, tone, bend = rng.uniform(sheet.left, sheet.right, blades), rng.random(blades), rng.normal(wind, 0.28, blades)
    y = rows[0] + (rows[1] - rows[0]) * depth
    high = (length[0] + (length[1] - length[0]) * depth) * (0.6 + 0.7 * tone)
    colours = ramp(tone + 0.25 - 0.35 * depth, leaves)
    middle, tip = np.stack([x + bend * high * 0.3, y - high * 0.6], 1), np.stack([x + bend * high, y - high], 1)
    blade = np.stack([np.stack([x, y], 1), middle, tip], 1)
    for at in range(blades):
        sheet.stroke(blade[at], colours[at], 0.6 + 1.4 * depth[at])


def paint_flowers(
    sheet: Canvas,
    rows: tuple[float, float],
    colours: list[str],
    rng: np.random.Generator,
    count: int,
    size: tuple[float, float] = (1.2, 6.5),  # radius in the farthest and the nearest row
) -> None:
    """Paint flowers in drifts among the grass, each with a bright petal and a dark centre."""
    drifts = rng.uniform(sheet.left, sheet.right, max(3, count // 14))
    for near in np.sort(rng.random(count)):
        x = rng.choice(drifts) + rng.normal(0, 46)
        y = rows[0] + (rows[1] - rows[0]) * near + rng.normal(0, 3)
        radius = (size[0] + (size[1] - size[0]) * near) * rng.uniform(0.75, 1.2)
        petal = rgb(colours[int(rng.integers(len(colours)))])
        sheet.stroke([(x, y), (x - radius * 0.4, y + radius * 3)], rgb("#3f5a22"), 0.3 + near)
        sheet.dab(x, y, (radius, radius * 0.78), petal * 0.8, rng.uniform(-25, 25))
        sheet.dab(
            x - radius * 0.2, y - radius * 0.25, (radius * 0.7, radius * 0.45), petal * 1.12, rng.uniform(-25, 25)
        )
        sheet.dab(x, y - radius * 0.05, (radius * 0.2, radius * 0.16), petal * 0.35)
