"""Pictures as characters: half blocks, two pixels a cell, or dots where a terminal has too few colours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cache, lru_cache, partial
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


Pixels = NDArray[np.uint8]
"""[H, W, 3] RGB."""

_CUBE_LEVELS = np.array([0, 95, 135, 175, 215, 255])
"""Of red, green and blue each, in the cube of xterm's 256 colours."""

_CHANNEL_WEIGHTS = np.sqrt(np.array([0.35, 0.4, 0.25]))

_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 - 0.47


class ColourDepth(StrEnum):
    """What a terminal can show."""

    true = "true"
    indexed = "indexed"
    """xterm's 256 colours: what SSH and tmux leave of a terminal that can do more, when nobody tells them."""
    few = "few"
    """Sixteen or none: pictures are dots in the colour of text."""


def colour_depth(app: App[object]) -> ColourDepth:
    """Return what the terminal that the app runs in can show."""
    return {"truecolor": ColourDepth.true, "256": ColourDepth.indexed}.get(
        app.console.color_system or "", ColourDepth.few
    )


def to_grey(pixels: Pixels) -> Pixels:
    """Return the picture without its colours."""
    luma = pixels @ np.array(BT601, np.float32)
    return np.repeat(luma.astype(np.uint8)[..., None], 3, axis=2)


def to_xterm_colours(pixels: Pixels) -> NDArray[np.uint8]:
    """Return [H, W] numbers of xterm colours, dithered a little, so that a sky has no bands."""
    height, width = pixels.shape[:2]
    dithered = (pixels + 24 * dither_thresholds(height, width)[..., None]).clip(0, 255)
    red, green, blue = np.moveaxis(dithered.astype(np.uint8) >> 3, 2, 0)
    numbers: NDArray[np.uint8] = _nearest_xterm_colour()[red, green, blue]
    return numbers


@cache
def _nearest_xterm_colour() -> NDArray[np.uint8]:
    """Return [32, 32, 32] the xterm colour nearest to each colour of five bits a channel, green weighing most."""
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


def dither_thresholds(height: int, width: int) -> NDArray[np.float64]:
    """Return [H, W] numbers between about -0.5 and 0.5, spread so that rounding with them shows what is in between."""
    return np.tile(_BAYER, (-(-height // 4), -(-width // 4)))[:height, :width]


def dither_to_bits(pixels: Pixels) -> NDArray[np.bool_]:
    """Return [H, W] which dots are lit where all that a terminal has is lit and unlit."""
    height, width = pixels.shape[:2]
    luma = to_grey(pixels)[..., 0].astype(np.float32)
    darkest, brightest = np.percentile(luma, (2, 98))
    dots: NDArray[np.bool_] = (luma - darkest) / max(16.0, brightest - darkest) > 0.5 + dither_thresholds(height, width)
    return dots


class RawStrip(Strip):
    """A strip that is written as escape sequences at once.

    A picture has a colour of its own in nearly every cell; as segments, each with a style to be made and rendered, it
    takes ten times as long. They are made only where they are asked for: by a screenshot, or where something lies over
    a part of the picture. All this by public methods of `Strip`, of which Textual's compositor calls no others on the
    rows of a widget that covers its whole region; `Strip.join` alone would find the row empty.
    """

    __slots__ = ("_make_segments", "_sequences", "_strip")

    def __init__(self, sequences: str, make: Callable[[], list[Segment]], cells: int) -> None:
        """`sequences` are what a terminal is sent; `make` returns the same as segments."""
        super().__init__((), cells)
        self._sequences = sequences
        self._make_segments = make
        self._strip: Strip | None = None

    def render(self, console: Console) -> str:
        """Return what the terminal is sent."""
        return self._sequences

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """Return the parts between the cuts: itself, where it is not cut."""
        cuts = [cut for cut in cuts if cut <= self.cell_length]
        return [self] if cuts == [self.cell_length] else self.to_strip().divide(cuts)

    def crop(self, start: int, end: int | None = None) -> Strip:
        """Return a part: itself, where that is all of it."""
        uncut = start <= 0 and (end is None or end >= self.cell_length)
        return self if uncut else self.to_strip().crop(start, end)

    @property
    def text(self) -> str:
        """The characters."""
        return self.to_strip().text

    def __iter__(self) -> Iterator[Segment]:
        return iter(self.to_strip())

    def with_margins(self, before: Strip, after: Strip, console: Console) -> RawStrip:
        """Return the row with something at each end."""
        sequences = f"{before.render(console)}{self._sequences}{after.render(console)}"
        cells = before.cell_length + self.cell_length + after.cell_length
        return RawStrip(sequences, lambda: [*before, *self, *after], cells)

    def segments(self) -> list[Segment]:
        """Return the same as segments."""
        return list(self.to_strip())

    def to_strip(self) -> Strip:
        """Return the same as an ordinary strip."""
        if self._strip is None:
            self._strip = Strip(self._make_segments(), self.cell_length)
        return self._strip
