"""Pictures as characters: half blocks, two pixels a cell, or dots where a terminal has too few colours."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from streamstyle.tui.widgets.colours import Depth, Pixels, indexed, lit

_UPPER_HALF = "▀"
_BRAILLE = 0x2800
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Bits of a braille character, by row and column of its dots."""


def pixels_of(columns: int, rows: int, depth: Depth) -> tuple[int, int]:
    """Return the (width, height) in pixels that a picture has room for in so many cells."""
    return (2 * columns, 4 * rows) if depth is Depth.few else (columns, 2 * rows)


def strips(pixels: Pixels, depth: Depth, *, dark: bool = True) -> list[Strip]:
    """Return the rows of cells that show a picture of the size that `pixels_of` gave.

    `dark` says whether text is lighter than what is behind it, which matters where dots are all there is.
    """
    if depth is Depth.few:
        return _dots(pixels if dark else 255 - pixels)
    if depth is Depth.indexed:
        return _half_blocks(indexed(pixels), _indexed_style)
    red, green, blue = (pixels[..., channel].astype(np.uint32) for channel in range(3))
    return _half_blocks((red * 65536 + green * 256 + blue) & np.uint32(0xFCFCFC), _true_style)


def _half_blocks(colours: NDArray[np.unsignedinteger], style_of: Callable[[int, int], Style]) -> list[Strip]:
    upper, lower = colours[0::2].tolist(), colours[1::2].tolist()
    return [
        Strip([Segment(_UPPER_HALF, style_of(*pair)) for pair in zip(above, below, strict=True)], len(above))
        for above, below in zip(upper, lower, strict=True)
    ]


def _dots(pixels: Pixels) -> list[Strip]:
    height, width = pixels.shape[:2]
    blocks = lit(pixels).reshape(height // 4, 4, width // 2, 2)
    characters = _BRAILLE + np.einsum("ryck,yk->rc", blocks, _DOTS)
    return [Strip([Segment("".join(map(chr, row)))], width // 2) for row in characters.tolist()]


@lru_cache(maxsize=1 << 16)
def _true_style(above: int, below: int) -> Style:
    return Style.from_color(_true(above), _true(below))


@lru_cache(maxsize=1 << 15)
def _true(colour: int) -> Color:
    return Color.from_triplet(ColorTriplet(colour >> 16, colour >> 8 & 255, colour & 255))


@lru_cache(maxsize=1 << 16)
def _indexed_style(above: int, below: int) -> Style:
    return Style.from_color(Color.from_ansi(above), Color.from_ansi(below))
