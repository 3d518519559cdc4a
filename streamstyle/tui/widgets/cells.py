"""Images as characters: quadrant blocks, or braille dots if the terminal has too few colours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from streamstyle.ops.luma import BT601
from streamstyle.tui.widgets.dithering import dither_thresholds
from streamstyle.tui.widgets.quadrants import Quadrants

if TYPE_CHECKING:
    from textual.app import App

_BRAILLE = 0x2800
_BRAILLE_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Bits of a braille character, by row and column of its dots."""

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


def pixel_size(columns: int, rows: int) -> tuple[int, int]:
    """Return the (width, height) of an image in so many cells, in square pixels: two by four in a cell."""
    return 2 * columns, 4 * rows


def render_rows(pixels: Pixels, depth: ColourDepth, text: Style, *, dark: bool = True) -> list[RawStrip]:
    """Return the rows of cells that show an image of the size that `pixel_size` gives.

    Dots have the style `text`; `dark` says whether the background is darker than the text.
    """
    if depth is ColourDepth.few:
        return _braille_rows(pixels if dark else 255 - pixels, text)
    halves = _halve_height(pixels)
    quadrants = Quadrants.from_rgb(halves) if depth is ColourDepth.true else Quadrants.from_rgb_dithered(halves)
    return [
        RawStrip(sequences, partial(quadrants.segments, row), pixels.shape[1] // 2)
        for row, sequences in enumerate(quadrants.sequences())
    ]


def to_grey(pixels: Pixels) -> Pixels:
    """Return the image in shades of grey, [H, W, 3]."""
    luma = pixels @ np.array(BT601, np.float32)
    return np.repeat(luma.astype(np.uint8)[..., None], 3, axis=2)


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


def _halve_height(pixels: Pixels) -> Pixels:
    """Return [H / 2, W, 3] the means of every two rows."""
    above, below = pixels[0::2].astype(np.uint16), pixels[1::2]
    return ((above + below + 1) // 2).astype(np.uint8)


def _braille_rows(pixels: Pixels, text: Style) -> list[RawStrip]:
    height, width = pixels.shape[:2]
    blocks = dither_to_bits(pixels).reshape(height // 4, 4, width // 2, 2)
    characters = _BRAILLE + np.einsum("ryck,yk->rc", blocks, _BRAILLE_BITS)
    lines = ["".join(map(chr, row)) for row in characters.tolist()]
    return [RawStrip(text.render(line), partial(_text_segments, line, text), width // 2) for line in lines]


def _text_segments(line: str, style: Style) -> list[Segment]:
    return [Segment(line, style)]
