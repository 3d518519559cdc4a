"""Pictures as characters: half blocks, two pixels a cell, or dots where a terminal has too few colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from streamstyle.tui.widgets.colours import ColourDepth, Pixels, to_xterm_colours, dither_to_bits
from streamstyle.tui.widgets.row import RawStrip

_UPPER_HALF = "▀"
_RESET = "\x1b[0m"
_BRAILLE = 0x2800
_BRAILLE_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Bits of a braille character, by row and column of its dots."""


def pixel_size(columns: int, rows: int, depth: ColourDepth) -> tuple[int, int]:
    """Return the (width, height) in pixels that a picture has room for in so many cells."""
    return (2 * columns, 4 * rows) if depth is ColourDepth.few else (columns, 2 * rows)


def render_rows(pixels: Pixels, depth: ColourDepth, text: Style, *, dark: bool = True) -> list[RawStrip]:
    """Return the rows of cells that show a picture of the size that `pixels_of` gave.

    Where dots are all there is, they are in the style of text; `dark` says whether that is lighter than what is behind.
    """
    if depth is ColourDepth.few:
        return _braille_rows(pixels if dark else 255 - pixels, text)
    if depth is ColourDepth.indexed:
        return _half_blocks(to_xterm_colours(pixels), _indexed_code, Color.from_ansi)
    red, green, blue = (pixels[..., channel].astype(np.uint32) for channel in range(3))
    return _half_blocks(red * 65536 + green * 256 + blue, _rgb_code, _rgb_colour)


def _half_blocks(
    colours: NDArray[np.unsignedinteger], code: Callable[[int], str], colour: Callable[[int], Color]
) -> list[RawStrip]:
    upper, lower = colours[0::2].tolist(), colours[1::2].tolist()
    return [
        RawStrip(_row_sequence(above, below, code), partial(_row_segments, above, below, colour), len(above))
        for above, below in zip(upper, lower, strict=True)
    ]


def _row_sequence(above: Sequence[int], below: Sequence[int], code: Callable[[int], str]) -> str:
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


def _row_segments(above: Sequence[int], below: Sequence[int], colour: Callable[[int], Color]) -> list[Segment]:
    pairs = zip(above, below, strict=True)
    return [Segment(_UPPER_HALF, Style.from_color(colour(fore), colour(back))) for fore, back in pairs]


def _braille_rows(pixels: Pixels, text: Style) -> list[RawStrip]:
    height, width = pixels.shape[:2]
    blocks = dither_to_bits(pixels).reshape(height // 4, 4, width // 2, 2)
    characters = _BRAILLE + np.einsum("ryck,yk->rc", blocks, _BRAILLE_BITS)
    lines = ["".join(map(chr, row)) for row in characters.tolist()]
    return [RawStrip(text.render(line), partial(_text_segments, line, text), width // 2) for line in lines]


def _text_segments(line: str, style: Style) -> list[Segment]:
    return [Segment(line, style)]


@lru_cache(maxsize=1 << 15)
def _rgb_code(colour: int) -> str:
    return f"2;{colour >> 16};{colour >> 8 & 255};{colour & 255}"


def _rgb_colour(colour: int) -> Color:
    return Color.from_rgb(colour >> 16, colour >> 8 & 255, colour & 255)


@lru_cache(maxsize=256)
def _indexed_code(number: int) -> str:
    return f"5;{number}"
