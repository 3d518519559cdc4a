"""Pictures as characters: half blocks, two pixels a cell, or dots where a terminal has too few colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from streamstyle.tui.widgets.colours import Depth, Pixels, indexed, lit
from streamstyle.tui.widgets.row import Row

_UPPER_HALF = "▀"
_RESET = "\x1b[0m"
_BRAILLE = 0x2800
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Bits of a braille character, by row and column of its dots."""


def pixels_of(columns: int, rows: int, depth: Depth) -> tuple[int, int]:
    """Return the (width, height) in pixels that a picture has room for in so many cells."""
    return (2 * columns, 4 * rows) if depth is Depth.few else (columns, 2 * rows)


def rows_of(pixels: Pixels, depth: Depth, text: Style, *, dark: bool = True) -> list[Row]:
    """Return the rows of cells that show a picture of the size that `pixels_of` gave.

    Where dots are all there is, they are in the style of text; `dark` says whether that is lighter than what is behind.
    """
    if depth is Depth.few:
        return _dots(pixels if dark else 255 - pixels, text)
    if depth is Depth.indexed:
        return _half_blocks(indexed(pixels), _indexed_code, Color.from_ansi)
    red, green, blue = (pixels[..., channel].astype(np.uint32) for channel in range(3))
    return _half_blocks(red * 65536 + green * 256 + blue, _true_code, _true_colour)


def _half_blocks(
    colours: NDArray[np.unsignedinteger], code: Callable[[int], str], colour: Callable[[int], Color]
) -> list[Row]:
    upper, lower = colours[0::2].tolist(), colours[1::2].tolist()
    return [
        Row(_sequences(above, below, code), partial(_segments, above, below, colour), len(above))
        for above, below in zip(upper, lower, strict=True)
    ]


def _sequences(above: Sequence[int], below: Sequence[int], code: Callable[[int], str]) -> str:
    """Return a row's colours and characters; a colour is said only where it is another than before."""
    said, upper, lower = [], -1, -1
    for fore, back in zip(above, below, strict=True):
        if fore != upper and back != lower:
            said.append(f"\x1b[38;{code(fore)};48;{code(back)}m")
        elif fore != upper:
            said.append(f"\x1b[38;{code(fore)}m")
        elif back != lower:
            said.append(f"\x1b[48;{code(back)}m")
        said.append(_UPPER_HALF)
        upper, lower = fore, back
    return f"{''.join(said)}{_RESET}"


def _segments(above: Sequence[int], below: Sequence[int], colour: Callable[[int], Color]) -> list[Segment]:
    pairs = zip(above, below, strict=True)
    return [Segment(_UPPER_HALF, Style.from_color(colour(fore), colour(back))) for fore, back in pairs]


def _dots(pixels: Pixels, text: Style) -> list[Row]:
    height, width = pixels.shape[:2]
    blocks = lit(pixels).reshape(height // 4, 4, width // 2, 2)
    characters = _BRAILLE + np.einsum("ryck,yk->rc", blocks, _DOTS)
    lines = ["".join(map(chr, row)) for row in characters.tolist()]
    return [Row(text.render(line), partial(_line, line, text), width // 2) for line in lines]


def _line(line: str, style: Style) -> list[Segment]:
    return [Segment(line, style)]


@lru_cache(maxsize=1 << 15)
def _true_code(colour: int) -> str:
    return f"2;{colour >> 16};{colour >> 8 & 255};{colour & 255}"


def _true_colour(colour: int) -> Color:
    return Color.from_rgb(colour >> 16, colour >> 8 & 255, colour & 255)


@lru_cache(maxsize=256)
def _indexed_code(number: int) -> str:
    return f"5;{number}"
