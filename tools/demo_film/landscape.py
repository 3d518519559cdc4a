"""Sky, clouds, mountains and fields."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tools.demo_film.canvas import Canvas, fractal, mix, profile, ramp, rgb, ridged, smoothstep


def paint_sky(
    sheet: Canvas,
    stops: list[tuple[float, str]],  # colours by height in design units
    sun: tuple[float, float],
    glow: str,
    reach: float = 420.0,
) -> None:
    """Cover the sheet with a sky that glows around the sun."""
    x, y = sheet.grid()
    colours = np.broadcast_to(ramp(y, stops), (*sheet.shape, 3))
    distance = np.hypot(x - sun[0], (y - sun[1]) * 1.25)
    colours = mix(colours, rgb(glow), 0.75 * np.exp(-((distance / reach) ** 1.2)))
    colours = mix(colours, rgb("#fffbe8"), smoothstep(24, 18, distance) + 0.75 * np.exp(-distance / 34))
    grain = fractal(sheet.shape, sheet.scale, (3, 3), 77, 1)[..., None]
    sheet.wash(colours + 1.5 * grain)


def paint_clouds(
    sheet: Canvas,
    seed: int,
    cell: tuple[float, float],
    band: tuple[float, float],  # heights in design units between which the clouds lie
    cover: float,  # 0 for a few, 1 for many
    colours: tuple[str, str, str],  # lit edge, body, shaded foot
    towards_sun: tuple[float, float],  # design units
    crispness: float = 0.16,
) -> None:
    """Paint a layer of clouds over what is there."""
    _, y = sheet.grid()
    middle, half = (band[0] + band[1]) / 2, (band[1] - band[0]) / 2
    fade = 1 - np.abs((y - middle) / half) ** 2
    density = _density(sheet, seed, cell) + 0.55 * (cover - 1) + 0.5 * np.clip(fade, -1.5, 1) - 0.2
    opacity = smoothstep(0.0, crispness, density)
    step = (round(towards_sun[0] * sheet.scale), round(towards_sun[1] * sheet.scale))
    lit = density - np.roll(density, (-step[1], -step[0]), (0, 1))
    thick = smoothstep(0.05, 0.75, density)
    body = mix(mix(rgb(colours[0]), rgb(colours[1]), thick), rgb(colours[2]), smoothstep(0.02, -0.35, lit) * 0.9)
    body = mix(body, rgb(colours[0]), smoothstep(0.04, 0.42, lit))
    sheet.wash(body, opacity * 0.96)


def paint_cumulus(
    sheet: Canvas,
    foot: tuple[float, float],
    size: tuple[float, float],  # width and height in design units
    seed: int,
    colours: tuple[str, str, str],  # in the sun, body, foot
    sun: tuple[float, float],
) -> None:
    """Paint one cumulus cloud over what is there: round tops on a flat base."""
    sheet = sheet.crop(
        foot[0] - 0.75 * size[0], foot[1] - 1.4 * size[1], foot[0] + 0.75 * size[0], foot[1] + 0.3 * size[1]
    )
    x, y = sheet.grid()
    rng = np.random.default_rng(seed)
    rough = fractal(sheet.shape, sheet.scale, (size[1] * 0.5, size[1] * 0.36), seed, 5, 0.66)
    middle, spread = 0.5 + 0.12 * rng.normal(), 0.34
    heap = np.full(sheet.shape, -1.0, np.float32)
    for _ in range(44):
        along = rng.beta(1.6, 1.6)
        head = np.exp(-(((along - middle) / spread) ** 2)) * rng.uniform(0.1, 0.95)
        radius = size[1] * rng.uniform(0.13, 0.3) * (0.6 + 0.6 * np.exp(-(((along - middle) / spread) ** 2)))
        centre = (foot[0] + (along - 0.5) * size[0], foot[1] - size[1] * head * 0.8 - radius * 0.2)
        distance = np.hypot((x - centre[0]) / 1.35, y - centre[1]) / radius
        heap = np.maximum(heap, (1 - distance**2) * radius / size[1] * 3)
    heap = heap + 0.34 * rough - 0.5 * smoothstep(-0.12 * size[1], 0.06 * size[1], y - foot[1])
    opacity = smoothstep(0.0, 0.12, heap)
    tall = np.sqrt(heap.clip(0)) * size[1] * 0.55
    down, right = np.gradient(tall)
    light = 0.55 * (right * sun[0] + down * sun[1]) * -sheet.scale + 0.32 * (foot[1] - y) / size[1] + 0.22 * rough
    body = mix(
        mix(rgb(colours[2]), rgb(colours[1]), smoothstep(-0.42, 0.16, light)),
        rgb(colours[0]),
        smoothstep(0.08, 0.62, light),
    )
    sheet.wash(body, opacity)


def _density(sheet: Canvas, seed: int, cell: tuple[float, float]) -> NDArray[np.float32]:
    """Return billowing noise: round tops, and wisps where it is thin."""
    large = fractal(sheet.shape, sheet.scale, cell, seed, 2)
    billows = 1 - 2 * np.abs(fractal(sheet.shape, sheet.scale, (cell[0] / 2.5, cell[1] / 2.2), seed + 1, 5, 0.58))
    return np.asarray(0.85 * large + 0.38 * billows, np.float32)


def skyline(sheet: Canvas, base: float, height: float, cell: float, seed: int, octaves: int = 5) -> NDArray[np.float32]:
    """Return the height of the terrain [w], in design units from the frame's top, at each column of the sheet."""
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
    """Paint a hillside of fields with furrows, each field in its own colour."""
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
