"""Drawing: colours, noise, a transparent canvas in design units, and stencils with their own scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray


def rgb(code: str) -> NDArray[np.float32]:
    """Return `"#rrggbb"` as three values of 0 to 255."""
    return np.array([int(code[at : at + 2], 16) for at in (1, 3, 5)], np.float32)


def mix(first: ArrayLike, second: ArrayLike, amount: ArrayLike) -> NDArray[np.float32]:
    """Return `first` where `amount` is 0 and `second` where it is 1; colours along the last axis."""
    share = np.clip(np.asarray(amount, np.float32), 0, 1)[..., None]
    return np.asarray(first, np.float32) * (1 - share) + np.asarray(second, np.float32) * share


def ramp(position: NDArray[Any] | float, stops: list[tuple[float, str]]) -> NDArray[np.float32]:
    """Return the colour at each `position` on a gradient through `stops`, which are in rising order."""
    places = [place for place, _ in stops]
    colours = np.stack([rgb(code) for _, code in stops])
    channels = [np.interp(position, places, colours[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def smoothstep(low: float, high: float, value: ArrayLike) -> NDArray[np.float32]:
    """Return 0 below `low`, 1 above `high` and a smooth rise between; `low` above `high` gives a fall."""
    share = np.clip((np.asarray(value, np.float32) - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def fractal(
    shape: tuple[int, int],  # height and width in texture pixels
    scale: float,  # texture pixels a design unit
    cell: tuple[float, float],  # width and height in design units of the largest structure
    seed: int,
    octaves: int = 5,
    gain: float = 0.5,
) -> NDArray[np.float32]:
    """Return fractal noise of about -1 to 1; the same seed gives the same structures at every scale."""
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
    """Return ridged noise of 0 to 1, with sharp crests like mountains."""
    crests = sum(
        0.5**octave * (1 - np.abs(fractal(shape, scale, (cell[0] / 2**octave, cell[1] / 2**octave), seed + octave, 2)))
        for octave in range(octaves)
    )
    return np.asarray(crests, np.float32) / np.float32(2 - 0.5 ** (octaves - 1))


def profile(width: int, scale: float, cell: float, seed: int, octaves: int = 5) -> NDArray[np.float32]:
    """Return one-dimensional noise of about -1 to 1 for each of `width` texture pixels: a skyline."""
    return np.asarray(fractal((1, width), scale, (cell, 1e6), seed, octaves)[0])


def _smooth_grid(shape: tuple[int, int], size: tuple[float, float], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return random values `size` pixels apart, interpolated smoothly."""
    height, width = shape
    rows, columns = int(height / size[1]) + 4, int(width / size[0]) + 4
    grid = rng.uniform(-1, 1, (columns, rows)).astype(np.float32).T  # by columns: a wider field has the same beginning
    x, y = np.meshgrid(
        (np.arange(width, dtype=np.float32) / size[0]) + 1, (np.arange(height, dtype=np.float32) / size[1]) + 1
    )
    return np.asarray(cv2.remap(np.ascontiguousarray(grid), x, y, cv2.INTER_CUBIC), np.float32)


_BITS = 4
"""Fractional bits of the coordinates OpenCV draws with."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """A transparent image whose edges may lie outside the frame."""

    left: float
    """Design units from the frame's left edge to the sheet's."""
    top: float
    """Design units from the frame's top edge to the sheet's."""
    scale: float
    """Texture pixels a design unit."""
    pixels: NDArray[np.uint8]
    """[h, w, 4] RGB and opacity, premultiplied."""

    @staticmethod
    def blank(left: float, top: float, right: float, bottom: float, scale: float) -> Canvas:
        """Return a sheet with nothing on it, of the given edges in design units."""
        shape = (max(2, round((bottom - top) * scale)), max(2, round((right - left) * scale)), 4)
        return Canvas(left, top, scale, np.zeros(shape, np.uint8))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in texture pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def right(self) -> float:
        """Design units from the frame's left edge to the sheet's right one."""
        return self.left + self.shape[1] / self.scale

    def grid(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return x [1, w] and y [h, 1] of the texture pixels' centres in design units."""
        height, width = self.shape
        x = (np.arange(width, dtype=np.float32) + 0.5) / self.scale + self.left
        y = (np.arange(height, dtype=np.float32) + 0.5) / self.scale + self.top
        return x[None, :], y[:, None]

    def crop(self, left: float, top: float, right: float, bottom: float) -> Canvas:
        """Return the part of this sheet between the given edges; painting on it paints here."""
        height, width = self.shape
        columns = [min(max(round((x - self.left) * self.scale), 0), width) for x in (left, right)]
        rows = [min(max(round((y - self.top) * self.scale), 0), height) for y in (top, bottom)]
        corner = (columns[0] / self.scale + self.left, rows[0] / self.scale + self.top)
        return Canvas(*corner, self.scale, self.pixels[rows[0] : rows[1], columns[0] : columns[1]])

    def wash(
        self,
        colour: ArrayLike,  # [h, w, 3] or [3], 0 to 255
        opacity: ArrayLike = 1.0,  # [h, w] or a number, 0 to 1
    ) -> None:
        """Lay a colour over everything."""
        over = np.clip(np.broadcast_to(np.asarray(opacity, np.float32), self.shape), 0, 1)[..., None]
        paint = np.concatenate(
            [np.broadcast_to(np.asarray(colour, np.float32), (*self.shape, 3)), np.full_like(over, 255)], -1
        )
        self.pixels[:] = np.clip(paint * over + self.pixels * (1 - over) + 0.5, 0, 255).astype(np.uint8)

    def tint(self, colour: ArrayLike, amount: ArrayLike) -> None:
        """Blend what is already painted with a colour; transparent pixels stay as they are."""
        share = np.clip(np.broadcast_to(np.asarray(amount, np.float32), self.shape), 0, 1)[..., None]
        opacity = self.pixels[..., 3:].astype(np.float32) / 255
        painted = np.asarray(colour, np.float32) * opacity
        mixed = self.pixels[..., :3] * (1 - share) + painted * share
        self.pixels[..., :3] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)

    def polygon(self, corners: ArrayLike, colour: ArrayLike) -> None:
        """Fill the shape between `corners` [n, 2] in design units."""
        cv2.fillPoly(self.pixels, [self._fixed(corners)], _opaque(colour), cv2.LINE_AA, _BITS)

    def stroke(self, points: ArrayLike, colour: ArrayLike, width: float) -> None:
        """Draw a line through `points` [n, 2], `width` design units thick but at least one texture pixel."""
        thickness = max(1, round(width * self.scale))
        cv2.polylines(self.pixels, [self._fixed(points)], False, _opaque(colour), thickness, cv2.LINE_AA, _BITS)

    def dab(self, x: float, y: float, radii: tuple[float, float], colour: ArrayLike, angle: float = 0.0) -> None:
        """Fill an ellipse, turned by `angle` degrees."""
        centre = self._fixed([(x, y)])[0]
        size = [max(8, round(radius * self.scale * (1 << _BITS))) for radius in radii]
        cv2.ellipse(self.pixels, centre.tolist(), size, angle, 0, 360, _opaque(colour), -1, cv2.LINE_AA, _BITS)

    def _fixed(self, points: ArrayLike) -> NDArray[np.int32]:
        """Return design units as OpenCV's fixed-point pixels."""
        places = (np.asarray(points, np.float64) - (self.left, self.top)) * self.scale - 0.5
        return np.round(places * (1 << _BITS)).astype(np.int32)


def _opaque(colour: ArrayLike) -> tuple[float, ...]:
    red, green, blue = np.asarray(colour).tolist()
    return (min(max(red, 0.0), 255.0), min(max(green, 0.0), 255.0), min(max(blue, 0.0), 255.0), 255.0)


Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Stencil:
    """A coordinate system on a sheet with its own origin and scale. `light` scales the brightness of a colour."""

    sheet: Canvas
    x: float
    """Design units from the frame's left edge to the thing's foot."""
    y: float
    """Design units from the frame's top edge to the thing's foot."""
    unit: float
    """Design units that one unit of the thing is long."""

    def polygon(self, corners: Points, colour: str, light: float = 1.0) -> None:
        """Fill the shape between `corners`."""
        self.sheet.polygon(self._to_canvas(corners), rgb(colour) * light)

    def box(self, left: float, right: float, low: float, high: float, colour: str, light: float = 1.0) -> None:
        """Fill an upright rectangle."""
        self.polygon([(left, low), (right, low), (right, high), (left, high)], colour, light)

    def stroke(self, points: Points, colour: str, width: float, light: float = 1.0) -> None:
        """Draw a line through `points`."""
        self.sheet.stroke(self._to_canvas(points), rgb(colour) * light, width * self.unit)

    def dab(self, x: float, y: float, radii: tuple[float, float], colour: str, light: float = 1.0) -> None:
        """Fill an ellipse."""
        centre = self._to_canvas([(x, y)])[0]
        self.sheet.dab(*centre, (radii[0] * self.unit, radii[1] * self.unit), rgb(colour) * light)

    def _to_canvas(self, points: Points) -> list[tuple[float, float]]:
        return [(self.x + x * self.unit, self.y - y * self.unit) for x, y in points]
