"""Mountains, wooded ridges and rolling fields."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from streamstyle.demo.canvas import Canvas
from streamstyle.demo.colour import mix, rgb, smoothstep
from streamstyle.demo.noise import fractal, profile, ridged


def skyline(sheet: Canvas, base: float, height: float, cell: float, seed: int, octaves: int = 5) -> NDArray[np.float32]:
    """Return the height of the land [w], in design units from the frame's top, at each column of the sheet."""
    return base - height * profile(sheet.shape[1], sheet.scale, cell, seed, octaves)


def paint_mountains(
    sheet: Canvas,
    crest: NDArray[np.float32],  # [w] design units
    colours: tuple[str, str, str],  # lit rock, shaded rock, haze at the foot
    seed: int,
    snow: float = 0.0,  # design units below the crest that snow reaches
    foot: float = 300.0,  # height at which the haze is densest
    sun: float = -1.0,  # -1 for light from the left, 1 from the right
) -> None:
    """Paint mountains below `crest`, lit from one side."""
    _, y = sheet.grid()
    depth = y - crest[None, :]
    slopes = ridged(sheet.shape, sheet.scale, (150, 120), seed, 4) * 90 + 0.55 * depth.clip(0)
    light = np.gradient(slopes, axis=1) * sheet.scale * -sun
    light = smoothstep(-0.55, 0.75, light + 0.25 * fractal(sheet.shape, sheet.scale, (26, 14), seed + 9, 3))
    rock = mix(rgb(colours[1]), rgb(colours[0]), light)
    if snow:
        uneven = snow * (0.65 + 0.9 * fractal(sheet.shape, sheet.scale, (46, 60), seed + 5, 4))
        white = mix(mix(rgb("#8fa3cc"), rgb(colours[1]), 0.15), rgb("#fff4e2"), light)
        rock = mix(rock, white, smoothstep(6, -6, depth - uneven))
    haze = smoothstep(float(crest.min()) + 30, foot, y) * 0.9
    sheet.wash(
        mix(rock, rgb(colours[2]), np.broadcast_to(haze, sheet.shape)), smoothstep(-0.6, 0.6, depth * sheet.scale)
    )


def paint_slope(
    sheet: Canvas,
    crest: NDArray[np.float32],  # [w] design units
    colours: ArrayLike,  # [h, w, 3], or [3] for one colour
) -> None:
    """Cover everything below `crest`."""
    _, y = sheet.grid()
    sheet.wash(colours, smoothstep(-0.6, 0.6, (y - crest[None, :]) * sheet.scale))


def paint_fields(
    sheet: Canvas,
    crest: NDArray[np.float32],  # [w] design units
    colours: list[str],
    seed: int,
    bottom: float,
    light: float = 0.3,
) -> None:
    """Paint a hillside of fields with furrows, each field with a colour of its own."""
    x, y = sheet.grid()
    down = (y - crest[None, :]) / max(1.0, bottom - float(crest.min()))
    far = np.sqrt(down.clip(0, 1)) * 3.2
    bend = fractal(sheet.shape, sheet.scale, (260, 120), seed, 2)
    rows = np.floor(far + 0.35 * bend)
    columns = np.floor((x + 70 * bend + rows * 53) / (95 + 40 * rows))
    pick = np.abs(np.sin(rows * 12.9898 + columns * 78.233 + seed) * 43758.5453) % 1
    palette = np.stack([rgb(code) for code in colours])
    ground = palette[(pick * len(colours)).astype(int) % len(colours)]
    slant = np.where(pick > 0.5, 1.0, -0.7)
    furrows = np.sin((x * slant + y * 2.1 + 60 * bend) / (1.6 + 1.2 * pick)) * smoothstep(0.0, 0.5, down)
    rough = fractal(sheet.shape, sheet.scale, (18, 7), seed + 3, 3)
    shade = light * (0.35 * furrows + 0.8 * rough + 0.9 * fractal(sheet.shape, sheet.scale, (220, 60), seed + 4, 2))
    paint_slope(sheet, crest, ground * (1 + shade[..., None] * 0.5))
