"""A see-through sheet to paint on, measured in design units: the demo film's frame is 960 by 540 of them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

_BITS = 4
"""Fractional bits of the coordinates OpenCV draws with."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """A sheet whose edges may lie outside the frame."""

    left: float
    """Design units from the frame's left edge to the sheet's."""
    top: float
    """Design units from the frame's top edge to the sheet's."""
    scale: float
    """Texture pixels a design unit."""
    pixels: NDArray[np.uint8]
    """[h, w, 4] RGB and opacity, the colours already multiplied by it."""

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

    def part(self, left: float, top: float, right: float, bottom: float) -> Canvas:
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
        """Shift what is painted already towards a colour, and leave the see-through parts as they are."""
        share = np.clip(np.broadcast_to(np.asarray(amount, np.float32), self.shape), 0, 1)[..., None]
        opacity = self.pixels[..., 3:].astype(np.float32) / 255
        painted = np.asarray(colour, np.float32) * opacity
        mixed = self.pixels[..., :3] * (1 - share) + painted * share
        self.pixels[..., :3] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)

    def polygon(self, corners: ArrayLike, colour: ArrayLike) -> None:
        """Fill the shape between `corners` [n, 2] in design units."""
        cv2.fillPoly(self.pixels, [self._fixed(corners)], _ink(colour), cv2.LINE_AA, _BITS)

    def stroke(self, points: ArrayLike, colour: ArrayLike, width: float) -> None:
        """Draw a line through `points` [n, 2], `width` design units thick but at least one texture pixel."""
        thickness = max(1, round(width * self.scale))
        cv2.polylines(self.pixels, [self._fixed(points)], False, _ink(colour), thickness, cv2.LINE_AA, _BITS)

    def dab(self, x: float, y: float, radii: tuple[float, float], colour: ArrayLike, angle: float = 0.0) -> None:
        """Fill an ellipse, turned by `angle` degrees."""
        centre = self._fixed([(x, y)])[0]
        size = [max(8, round(radius * self.scale * (1 << _BITS))) for radius in radii]
        cv2.ellipse(self.pixels, centre.tolist(), size, angle, 0, 360, _ink(colour), -1, cv2.LINE_AA, _BITS)

    def _fixed(self, points: ArrayLike) -> NDArray[np.int32]:
        """Return design units as OpenCV's fixed-point pixels."""
        places = (np.asarray(points, np.float64) - (self.left, self.top)) * self.scale - 0.5
        return np.round(places * (1 << _BITS)).astype(np.int32)


def _ink(colour: ArrayLike) -> tuple[float, ...]:
    red, green, blue = np.asarray(colour).tolist()
    return (min(max(red, 0.0), 255.0), min(max(green, 0.0), 255.0), min(max(blue, 0.0), 255.0), 255.0)
