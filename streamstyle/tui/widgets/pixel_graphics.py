"""Images as pixels in terminals that can show them, with sixels or kitty's graphics protocol.

Sixels: DEC VT340, xterm, foot, WezTerm, Konsole, Windows Terminal. kitty from 0.28 on and Ghostty: Unicode
placeholders, characters that each stand for one cell of an image.
https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders
"""

from __future__ import annotations

import base64
import itertools
import re
import zlib
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from streamstyle.tui.terminal_query import Graphics, Protocol
from streamstyle.tui.widgets.cells import Pixels, RawStrip
from streamstyle.tui.widgets.dithering import dither_thresholds

SIXEL_LEVELS = (6, 7, 6)
"""Levels of red, green and blue: 252 colours, of the 256 that terminals have registers for."""

_SIXEL_STEPS = (SIXEL_LEVELS[1] * SIXEL_LEVELS[2], SIXEL_LEVELS[2], 1)
_SIXEL_ROWS = 6
"""Rows of pixels in one band of sixels, one bit each."""

_LONG_RUN = re.compile(rb"(.)\1{3,}")

_PLACEHOLDER = "\U0010eeee"
_CHUNK = 4096
"""Limit of the protocol for the characters of image data in one escape sequence."""

_ROW_CODES = (
    "0305 030d 030e 0310 0312 033d 033e 033f 0346 034a 034b 034c 0350 0351 0352 0357 035b 0363 0364 0365 0366 0367 "
    "0368 0369 036a 036b 036c 036d 036e 036f 0483 0484 0485 0486 0487 0592 0593 0594 0595 0597 0598 0599 059c 059d "
    "059e 059f 05a0 05a1 05a8 05a9 05ab 05ac 05af 05c4 0610 0611 0612 0613 0614 0615 0616 0617 0657 0658 0659 065a "
    "065b 065d 065e 06d6 06d7 06d8 06d9 06da 06db 06dc 06df 06e0 06e1 06e2 06e4 06e7 06e8 06eb 06ec 0730 0732 0733"
)
_DIACRITICS = [chr(int(code, 16)) for code in _ROW_CODES.split()]
"""Combining characters that give the row of the image in a placeholder and, as the second one, its column."""

_image_ids = itertools.cycle(range(1, 256))
"""Ids for kitty; an image is deleted long before its id is used again."""


class PixelRenderer:
    """Draws one image after another in the same place of a terminal."""

    def __init__(self, graphics: Graphics) -> None:
        self._graphics = graphics
        self._image_id = next(_image_ids)

    def pixel_size(self, columns: int, rows: int) -> tuple[int, int]:
        """Return the width and height in pixels of so many cells."""
        width, height = self._graphics.cell_size
        return columns * width, rows * height

    def max_cells(self, columns: int, rows: int) -> tuple[int, int]:
        """Return the (columns, rows) of at most so many cells that the terminal accepts an image of."""
        if self._graphics.max_size is None:
            return columns, rows
        (width, height), (max_width, max_height) = self._graphics.cell_size, self._graphics.max_size
        return max(1, min(columns, max_width // width)), max(1, min(rows, max_height // height))

    def render(self, pixels: Pixels, blocks: Sequence[RawStrip], columns: int) -> list[RawStrip]:
        """Return rows that draw the image [H, W, 3] in place of `blocks`; their segments are those of `blocks`."""
        size = self.pixel_size(columns, len(blocks))
        resized: Pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype("uint8", copy=False)
        if self._graphics.protocol is Protocol.sixel or len(blocks) > len(_DIACRITICS):
            sequences = _draw_last(encode_sixel(resized), columns, len(blocks))
        else:
            previous, self._image_id = self._image_id, next(_image_ids)
            sequences = encode_kitty(resized, columns, len(blocks), self._image_id, previous)
        return [RawStrip(line, block.segments, columns) for line, block in zip(sequences, blocks, strict=True)]


def _draw_last(drawing: str, columns: int, rows: int) -> list[str]:
    """Return the escape sequence of each row: the last one draws the whole image, the others only skip their cells."""
    skip = f"\x1b[{columns}C"
    up = f"\x1b[{rows - 1}A" if rows > 1 else ""
    return [skip] * (rows - 1) + [f"\x1b7{up}{drawing}\x1b8{skip}"]


def encode_sixel(pixels: Pixels) -> str:
    """Return the escape sequence that draws an image [H, W, 3] with its upper left corner at the cursor.

    An image of 640x360 takes 30 ms and 200 kB.
    """
    indices = _palette_indices(pixels)
    height, width = indices.shape
    bands = b"-".join(_encode_band(indices[top : top + _SIXEL_ROWS]) for top in range(0, height, _SIXEL_ROWS))
    return f'\x1bPq"1;1;{width};{height}{_PALETTE}{bands.decode("ascii")}\x1b\\'


def _palette_indices(pixels: Pixels) -> NDArray[np.uint8]:
    """Return [H, W] the palette index of each pixel, with ordered dithering."""
    height, width = pixels.shape[:2]
    threshold = dither_thresholds(height, width).astype(np.float32) + np.float32(0.5)
    indices = np.zeros((height, width), np.uint8)
    for channel, (levels, step) in enumerate(zip(SIXEL_LEVELS, _SIXEL_STEPS, strict=True)):
        level = pixels[..., channel] * np.float32((levels - 1) / 255) + threshold
        indices += (level.clip(0, levels - 1).astype(np.uint8) * step).astype(np.uint8)
    return indices


def _encode_band(indices: NDArray[np.uint8]) -> bytes:
    """Return up to six rows of pixels as sixels: for each colour in them one character per column."""
    used, inverse = np.unique(indices, return_inverse=True)
    inverse = inverse.reshape(indices.shape)
    columns = np.arange(indices.shape[1])
    bits = np.zeros((len(used), indices.shape[1]), np.uint8)
    for row in range(len(indices)):
        bits[inverse[row], columns] |= 1 << row
    return b"$".join(b"#%d%s" % line for line in zip(used.tolist(), _compress_runs(bits + 63), strict=True))


def _compress_runs(characters: NDArray[np.uint8]) -> Iterator[bytes]:
    """Yield each row of characters with runs of four and more run-length encoded."""
    for row in characters:
        text = row.tobytes().rstrip(b"?")  # columns without this colour
        yield _LONG_RUN.sub(lambda run: b"!%d%s" % (len(run[0]), run[1]), text)


def _define_colour(index: int) -> str:
    """Return the definition of a colour in per cent of red, green and blue."""
    pairs = zip(SIXEL_LEVELS, _SIXEL_STEPS, strict=True)
    return "#{};2;{};{};{}".format(index, *[round(100 * (index // step % n) / (n - 1)) for n, step in pairs])


_PALETTE = "".join(map(_define_colour, range(int(np.prod(SIXEL_LEVELS)))))


def encode_kitty(pixels: Pixels, columns: int, rows: int, image_id: int, previous_id: int) -> list[str]:
    """Return the escape sequence of each row of cells: the first sends the image, the last deletes the previous one.

    Ids are from 1 to 255. There may be at most as many rows as there are diacritics.
    """
    sequences = [
        f"\x1b[38;5;{image_id}m{_PLACEHOLDER}{row}{_DIACRITICS[0]}{_PLACEHOLDER * (columns - 1)}\x1b[39m"
        for row in _DIACRITICS[:rows]
    ]
    height, width = pixels.shape[:2]
    keys = f"a=T,U=1,q=2,f=24,o=z,s={width},v={height},i={image_id},c={columns},r={rows},"
    data = base64.b64encode(zlib.compress(pixels.tobytes(), 1)).decode("ascii")
    chunks = [data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK)]
    more = [1] * (len(chunks) - 1) + [0]
    sent = [f"m={m};{chunk}\x1b\\" for m, chunk in zip(more, chunks, strict=True)]
    sequences[0] = f"\x1b_G{keys}" + "\x1b_G".join(sent) + sequences[0]
    sequences[-1] += f"\x1b_Ga=d,d=I,i={previous_id},q=2\x1b\\"
    return sequences
