"""Images as characters: half blocks, two pixels per cell, or braille dots if the terminal has too few colours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cache, lru_cache, partial
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from streamstyle.ops.luma import BT601

if TYPE_CHECKING:
    from textual.app import App

_UPPER_HALF = "▀"
_RESET = "\x1b[0m"
_BRAILLE = 0x2800
_BRAILLE_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Bits of a braille character, by row and column of its dots."""

_CUBE_LEVELS = np.array([0, 95, 135, 175, 215, 255])
"""Levels of red, green and blue in the colour cube of xterm's 256 colours."""

_CHANNEL_WEIGHTS = np.sqrt(np.array([0.35, 0.4, 0.25]))
"""Weights of red, green and blue in the distance between two colours."""

_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 - 0.47
"""Thresholds of ordered dithering."""

Pixels = NDArray[np.uint8]
"""[H, W, 3] RGB."""


class ColourDepth(StrEnum):
    """The colours of a terminal."""

    true = "true"
    indexed = "indexed"
    """xterm's 256 colours, also assumed over SSH and in tmux if COLORTERM is not passed on."""
    few = "few"
    """16 colours or none: images are dots in the text colour."""


def colour_depth(app: App[object]) -> ColourDepth:
    """Return the colours of the terminal that the app runs in."""
    return {"truecolor": ColourDepth.true, "256": ColourDepth.indexed}.get(
        app.console.color_system or "", ColourDepth.few
    )


def pixel_size(columns: int, rows: int, depth: ColourDepth) -> tuple[int, int]:
    """Return the (width, height) in pixels of an image in so many cells."""
    return (2 * columns, 4 * rows) if depth is ColourDepth.few else (columns, 2 * rows)


def render_rows(pixels: Pixels, depth: ColourDepth, text: Style, *, dark: bool = True) -> list[RawStrip]:
    """Return the rows of cells that show an image of the size that `pixel_size` gives.

    Dots have the style `text`; `dark` says whether the background is darker than the text.
    """
    if depth is ColourDepth.few:
        return _braille_rows(pixels if dark else 255 - pixels, text)
    if depth is ColourDepth.indexed:
        return _half_blocks(to_xterm_colours(pixels), _indexed_code, Color.from_ansi)
    red, green, blue = (pixels[..., channel].astype(np.uint32) for channel in range(3))
    return _half_blocks(red * 65536 + green * 256 + blue, _rgb_code, _rgb_colour)


def to_grey(pixels: Pixels) -> Pixels:
    """Return the image in shades of grey, [H, W, 3]."""
    luma = pixels @ np.array(BT601, np.float32)
    return np.repeat(luma.astype(np.uint8)[..., None], 3, axis=2)


def to_xterm_colours(pixels: Pixels) -> NDArray[np.uint8]:
    """Return [H, W] numbers of xterm's 256 colours, with a little dithering against bands in smooth areas."""
    height, width = pixels.shape[:2]
    dithered = (pixels + 24 * dither_thresholds(height, width)[..., None]).clip(0, 255)
    red, green, blue = np.moveaxis(dithered.astype(np.uint8) >> 3, 2, 0)
    numbers: NDArray[np.uint8] = _nearest_xterm_colours()[red, green, blue]
    return numbers


def dither_thresholds(height: int, width: int) -> NDArray[np.float64]:
    """Return [H, W] thresholds between -0.5 and 0.5 for ordered dithering."""
    return np.tile(_BAYER, (-(-height // 4), -(-width // 4)))[:height, :width]


def dither_to_bits(pixels: Pixels) -> NDArray[np.bool_]:
    """Return [H, W] whether a dot is lit, with dithering; contrast is stretched to the image's own range."""
    height, width = pixels.shape[:2]
    luma = to_grey(pixels)[..., 0].astype(np.float32)
    darkest, brightest = np.percentile(luma, (2, 98))
    dots: NDArray[np.bool_] = (luma - darkest) / max(16.0, brightest - darkest) > 0.5 + dither_thresholds(height, width)
    return dots


class RawStrip(Strip):
    """A row of cells that is written as escape sequences directly.

    In an image nearly every cell has its own colours; as segments, each with a style to be made and rendered, it takes
    ten times as long. Segments are made only on demand: for a screenshot, or if something covers part of the image.
    Only public methods of `Strip` are overridden, and Textual's compositor calls no others on the rows of a widget that
    covers its whole region; only `Strip.join` would find the row empty.
    """

    __slots__ = ("_make_segments", "_sequences", "_strip")

    def __init__(self, sequences: str, make_segments: Callable[[], list[Segment]], cells: int) -> None:
        """`sequences` is what is written to the terminal; `make_segments` returns the same as segments."""
        super().__init__((), cells)
        self._sequences = sequences
        self._make_segments = make_segments
        self._strip: Strip | None = None

    def render(self, console: Console) -> str:
        """Return what is written to the terminal."""
        return self._sequences

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """Return the parts between the cuts: the row itself if it is not cut."""
        cuts = [cut for cut in cuts if cut <= self.cell_length]
        return [self] if cuts == [self.cell_length] else self.to_strip().divide(cuts)

    def crop(self, start: int, end: int | None = None) -> Strip:
        """Return the cells from start to end: the row itself if that is all of it."""
        uncut = start <= 0 and (end is None or end >= self.cell_length)
        return self if uncut else self.to_strip().crop(start, end)

    @property
    def text(self) -> str:
        """The characters."""
        return self.to_strip().text

    def __iter__(self) -> Iterator[Segment]:
        return iter(self.to_strip())

    def with_margins(self, before: Strip, after: Strip, console: Console) -> RawStrip:
        """Return the row with a strip at each end."""
        sequences = f"{before.render(console)}{self._sequences}{after.render(console)}"
        cells = before.cell_length + self.cell_length + after.cell_length
        return RawStrip(sequences, lambda: [*before, *self, *after], cells)

    def segments(self) -> list[Segment]:
        """Return the row as segments."""
        return list(self.to_strip())

    def to_strip(self) -> Strip:
        """Return the row as an ordinary strip."""
        if self._strip is None:
            self._strip = Strip(self._make_segments(), self.cell_length)
        return self._strip


def _half_blocks(
    colours: NDArray[np.unsignedinteger], code: Callable[[int], str], colour: Callable[[int], Color]
) -> list[RawStrip]:
    upper, lower = colours[0::2].tolist(), colours[1::2].tolist()
    return [
        RawStrip(_row_sequence(above, below, code), partial(_row_segments, above, below, colour), len(above))
        for above, below in zip(upper, lower, strict=True)
    ]


def _row_sequence(above: Sequence[int], below: Sequence[int], code: Callable[[int], str]) -> str:
    """Return a row's colours and characters; a colour is written only if it changes."""
    parts, upper, lower = [], -1, -1
    for fore, back in zip(above, below, strict=True):
        if fore != upper and back != lower:
            parts.append(f"\x1b[38;{code(fore)};48;{code(back)}m")
        elif fore != upper:
            parts.append(f"\x1b[38;{code(fore)}m")
        elif back != lower:
            parts.append(f"\x1b[48;{code(back)}m")
        parts.append(_UPPER_HALF)
        upper, lower = fore, back
    return f"{''.join(parts)}{_RESET}"


def _row_segments(above: Sequence[int], below: Sequence[int], colour: Callable[[int], Color]) -> list[Segment]:
    runs = groupby(zip(above, below, strict=True))
    return [
        Segment(_UPPER_HALF * sum(1 for _ in cells), Style.from_color(colour(fore), colour(back)))
        for (fore, back), cells in runs
    ]


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


@cache
def _nearest_xterm_colours() -> NDArray[np.uint8]:
    """Return [32, 32, 32] the number of the xterm colour nearest to each colour of five bits per channel."""
    cube = np.stack(np.meshgrid(_CUBE_LEVELS, _CUBE_LEVELS, _CUBE_LEVELS, indexing="ij"), -1).reshape(-1, 3)
    ramp = np.repeat(np.arange(8, 248, 10)[:, None], 3, axis=1)
    palette = np.concatenate([cube, ramp]) * _CHANNEL_WEIGHTS
    side = np.arange(32, dtype=np.float32) * 8 + 4
    green, blue = np.meshgrid(side, side, indexing="ij")
    planes = [
        np.stack([np.full_like(green, red), green, blue], -1).reshape(-1, 1, 3) * _CHANNEL_WEIGHTS for red in side
    ]
    nearest = [((plane - palette) ** 2).sum(axis=2).argmin(axis=1) + 16 for plane in planes]
    return np.array(nearest, np.uint8).reshape(32, 32, 32)
