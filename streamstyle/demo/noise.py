"""Noise with structure at many sizes: what clouds, slopes and shores are made of."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def fractal(
    shape: tuple[int, int],  # height and width in texture pixels
    scale: float,  # texture pixels a design unit
    cell: tuple[float, float],  # width and height in design units of the largest structure
    seed: int,
    octaves: int = 5,
    gain: float = 0.5,
) -> NDArray[np.float32]:
    """Return a field of about -1 to 1; the same seed gives the same landscape at every scale."""
    total = np.zeros(shape, np.float32)
    weight, reach = 1.0, 0.0
    for octave in range(octaves):
        size = (cell[0] * scale / 2**octave, cell[1] * scale / 2**octave)
        if octave and min(size) < 1:
            break
        total += weight * _smooth_grid(shape, size, np.random.default_rng([seed, octave]))
        reach += weight
        weight *= gain
    return np.asarray(total / reach, np.float32)


def ridged(
    shape: tuple[int, int], scale: float, cell: tuple[float, float], seed: int, octaves: int = 5
) -> NDArray[np.float32]:
    """Return a field of 0 to 1 with sharp crests, as mountains have."""
    crests = sum(
        0.5**octave * (1 - np.abs(fractal(shape, scale, (cell[0] / 2**octave, cell[1] / 2**octave), seed + octave, 2)))
        for octave in range(octaves)
    )
    return np.asarray(crests, np.float32) / np.float32(2 - 0.5 ** (octaves - 1))


def profile(width: int, scale: float, cell: float, seed: int, octaves: int = 5) -> NDArray[np.float32]:
    """Return a line of about -1 to 1 for each of `width` texture pixels: a skyline."""
    return np.asarray(fractal((1, width), scale, (cell, 1e6), seed, octaves)[0])


def _smooth_grid(shape: tuple[int, int], size: tuple[float, float], rng: np.random.Generator) -> NDArray[np.float32]:
    """Random values `size` pixels apart, and smooth curves between them."""
    height, width = shape
    rows, columns = int(height / size[1]) + 4, int(width / size[0]) + 4
    grid = rng.uniform(-1, 1, (columns, rows)).astype(np.float32).T  # drawn by columns: a wider field begins the same
    x, y = np.meshgrid(
        (np.arange(width, dtype=np.float32) / size[0]) + 1, (np.arange(height, dtype=np.float32) / size[1]) + 1
    )
    return np.asarray(cv2.remap(np.ascontiguousarray(grid), x, y, cv2.INTER_CUBIC), np.float32)
