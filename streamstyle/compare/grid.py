"""Pictures of one size in labelled cells: how many columns, how large, and drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from streamstyle.compare.colours import Colour
from streamstyle.compare.lettering import line
from streamstyle.media.picture import Picture

WIDEST, HIGHEST = 3840, 2160
"""Pixels that the whole is never larger than."""

GAP = 4
"""Pixels between cells, and round them."""

PAPER: Colour = (22, 22, 26)
INK: Colour = (240, 238, 234)
PALE: Colour = (172, 170, 166)

_BAND = 16
"""Pixels that a label needs however small the picture is; large ones take 14 hundredths of its height beside."""

_SCREEN = 16 / 9
_EMPTINESS = 1.2
"""How much an empty cell in all of them counts against a shape, beside the logarithm of its ratio to a screen's."""


@dataclass(frozen=True, slots=True)
class Label:
    """What stands under a picture."""

    name: str
    figures: str
    colour: Colour


@dataclass(frozen=True, slots=True)
class Grid:
    """The layout, in pixels."""

    columns: int
    rows: int
    width: int
    """Of a picture."""
    height: int
    """Of a picture."""
    letters: int
    """Height of a label's first line; the second is four fifths of it."""

    @property
    def caption(self) -> int:
        """Height of the band under a picture."""
        return round(2.6 * self.letters)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the whole, even as encoders want them."""
        width = self.columns * (self.width + GAP) + GAP
        height = self.rows * (self.height + self.caption + GAP) + GAP
        return width + width % 2, height + height % 2

    def place(self, cell: int) -> tuple[int, int]:
        """Return the upper left corner (x, y) of a cell's picture."""
        row, column = divmod(cell, self.columns)
        return GAP + column * (self.width + GAP), GAP + row * (self.height + self.caption + GAP)


def shape_for(count: int, aspect: float) -> tuple[int, int]:
    """Return columns and rows for so many cells: near the shape of a screen, with few empty ones."""

    def unfitness(columns: int) -> float:
        rows = -(-count // columns)
        return abs(math.log(aspect * columns / rows / _SCREEN)) + _EMPTINESS * (1 - count / (columns * rows))

    columns = min(range(count, 0, -1), key=unfitness)
    return columns, -(-count // columns)


def grid_for(count: int, width: int, height: int) -> Grid:
    """Return the layout for so many pictures, which are made smaller where all together would be too large."""
    columns, rows = shape_for(count, width / height)
    across, down = WIDEST / columns - 2 * GAP, HIGHEST / rows - 2 * GAP - _BAND
    scale = min(1.0, across / width, down / (1.14 * height))
    width, height = round(scale * width), round(scale * height)
    return Grid(columns, rows, width, height, letters=max(11, round(5 + min(width / 32, height / 20))))


def backdrop(grid: Grid, labels: Sequence[Label]) -> Picture:
    """Return the whole without pictures: paper and labels, drawn once a film."""
    width, height = grid.size
    canvas: Picture = np.full((height, width, 3), PAPER, np.uint8)
    for cell, label in enumerate(labels):
        x, y = grid.place(cell)
        _caption(canvas[y + grid.height : y + grid.height + grid.caption, x : x + grid.width], label, grid.letters)
    return canvas


def _caption(band: Picture, label: Label, letters: int) -> None:
    margin, small = max(3, letters // 3), round(0.8 * letters)
    band[margin : margin + letters, :margin] = label.colour
    room = band.shape[1] - 3 * margin
    line(label.name, letters, room).draw(band, 2 * margin, margin, INK)
    line(label.figures, small, room).draw(band, 2 * margin, round(1.6 * letters), PALE)


def filled(
    grid: Grid,
    paper: Picture,  # from `backdrop`
    pictures: Sequence[Picture],  # of one size, in the order of the labels
) -> Picture:
    """Return the whole with its pictures."""
    canvas = paper.copy()
    for cell, picture in enumerate(pictures):
        x, y = grid.place(cell)
        fits = picture.shape[:2] == (grid.height, grid.width)
        shown = picture if fits else cv2.resize(picture, (grid.width, grid.height), interpolation=cv2.INTER_AREA)
        canvas[y : y + grid.height, x : x + grid.width] = shown
    return canvas
