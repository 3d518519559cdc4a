"""Pictures of one size in labelled cells: how many columns, how large, and drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from streamstyle.compare.colours import Colour
from streamstyle.compare.lettering import render_text
from streamstyle.media.picture import RgbImage

MAX_WIDTH, MAX_HEIGHT = 3840, 2160
"""Pixels that the whole is never larger than."""

GAP = 4
"""Pixels between cells, and round them."""

BACKGROUND: Colour = (22, 22, 26)
TEXT_COLOUR: Colour = (240, 238, 234)
DIM_TEXT_COLOUR: Colour = (172, 170, 166)

_MIN_CAPTION = 16
"""Pixels that a label needs however small the picture is; large ones take 14 hundredths of its height beside."""

_SCREEN_ASPECT = 16 / 9
_EMPTY_CELL_PENALTY = 1.2
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
    text_height: int
    """Height of a label's first line; the second is four fifths of it."""

    @property
    def caption_height(self) -> int:
        """Height of the band under a picture."""
        return round(2.6 * self.text_height)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the whole, even as encoders want them."""
        width = self.columns * (self.width + GAP) + GAP
        height = self.rows * (self.height + self.caption_height + GAP) + GAP
        return width + width % 2, height + height % 2

    def position(self, cell: int) -> tuple[int, int]:
        """Return the upper left corner (x, y) of a cell's picture."""
        row, column = divmod(cell, self.columns)
        return GAP + column * (self.width + GAP), GAP + row * (self.height + self.caption_height + GAP)


def grid_shape(count: int, aspect: float) -> tuple[int, int]:
    """Return columns and rows for so many cells: near the shape of a screen, with few empty ones."""

    def unfitness(columns: int) -> float:
        rows = -(-count // columns)
        return abs(math.log(aspect * columns / rows / _SCREEN_ASPECT)) + _EMPTY_CELL_PENALTY * (
            1 - count / (columns * rows)
        )

    columns = min(range(count, 0, -1), key=unfitness)
    return columns, -(-count // columns)


def fit_grid(count: int, width: int, height: int) -> Grid:
    """Return the layout for so many pictures, which are made smaller where all together would be too large."""
    columns, rows = grid_shape(count, width / height)
    across, down = MAX_WIDTH / columns - 2 * GAP, MAX_HEIGHT / rows - 2 * GAP - _MIN_CAPTION
    scale = min(1.0, across / width, down / (1.14 * height))
    width, height = round(scale * width), round(scale * height)
    return Grid(columns, rows, width, height, text_height=max(11, round(5 + min(width / 32, height / 20))))


def draw_background(grid: Grid, labels: Sequence[Label]) -> RgbImage:
    """Return the whole without pictures: paper and labels, drawn once a film."""
    width, height = grid.size
    canvas: RgbImage = np.full((height, width, 3), BACKGROUND, np.uint8)
    for cell, label in enumerate(labels):
        x, y = grid.position(cell)
        _draw_caption(
            canvas[y + grid.height : y + grid.height + grid.caption_height, x : x + grid.width], label, grid.text_height
        )
    return canvas


def _draw_caption(band: RgbImage, label: Label, text_height: int) -> None:
    margin, small = max(3, text_height // 3), round(0.8 * text_height)
    band[margin : margin + text_height, :margin] = label.colour
    room = band.shape[1] - 3 * margin
    render_text(label.name, text_height, room).draw(band, 2 * margin, margin, TEXT_COLOUR)
    render_text(label.figures, small, room).draw(band, 2 * margin, round(1.6 * text_height), DIM_TEXT_COLOUR)


def compose(
    grid: Grid,
    background: RgbImage,  # from `backdrop`
    pictures: Sequence[RgbImage],  # of one size, in the order of the labels
) -> RgbImage:
    """Return the whole with its pictures."""
    canvas = background.copy()
    for cell, picture in enumerate(pictures):
        x, y = grid.position(cell)
        fits = picture.shape[:2] == (grid.height, grid.width)
        shown = picture if fits else cv2.resize(picture, (grid.width, grid.height), interpolation=cv2.INTER_AREA)
        canvas[y : y + grid.height, x : x + grid.width] = shown
    return canvas
