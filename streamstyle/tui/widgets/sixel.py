"""Sharp pictures for terminals that know sixels: DEC VT340, xterm, foot, WezTerm, Konsole, Windows Terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from streamstyle.tui.widgets.colours import Pixels, thresholds

LEVELS = (6, 7, 6)
"""Of red, green and blue: 252 colours, of the 256 that terminals have registers for."""

_STEPS = (LEVELS[1] * LEVELS[2], LEVELS[2], 1)
_BAND = 6
"""Rows of pixels that one row of sixels holds, a bit each."""

_LONG_RUN = re.compile(rb"(.)\1{3,}")


def sixel(pixels: Pixels) -> str:
    """Return the escape sequence that draws a picture, its upper left corner at the cursor.

    The rows are filled up to whole bands with the last one. 640x360 take 30 ms and 200 kB.
    """
    numbers = palette_numbers(pixels)
    numbers = np.pad(numbers, ((0, -len(numbers) % _BAND), (0, 0)), mode="edge")
    height, width = numbers.shape
    bands = b"-".join(_band(numbers[top : top + _BAND]) for top in range(0, height, _BAND))
    return f'\x1bPq"1;1;{width};{height}{_PALETTE}{bands.decode("ascii")}\x1b\\'


def palette_numbers(pixels: Pixels) -> NDArray[np.uint8]:
    """Return [H, W] for each pixel the number of its colour, dithered in order."""
    height, width = pixels.shape[:2]
    threshold = thresholds(height, width).astype(np.float32) + np.float32(0.5)
    numbers = np.zeros((height, width), np.uint8)
    for channel, (levels, step) in enumerate(zip(LEVELS, _STEPS, strict=True)):
        level = pixels[..., channel] * np.float32((levels - 1) / 255) + threshold
        numbers += (level.clip(0, levels - 1).astype(np.uint8) * step).astype(np.uint8)
    return numbers


def _band(numbers: NDArray[np.uint8]) -> bytes:
    """Return six rows of pixels: for each colour in them, where it is, as one character a column."""
    used, index = np.unique(numbers, return_inverse=True)
    index = index.reshape(numbers.shape)
    columns = np.arange(numbers.shape[1])
    bits = np.zeros((len(used), numbers.shape[1]), np.uint8)
    for row in range(_BAND):
        bits[index[row], columns] |= 1 << row
    return b"$".join(b"#%d%s" % line for line in zip(used.tolist(), _written(bits + 63), strict=True))


def _written(characters: NDArray[np.uint8]) -> Iterator[bytes]:
    """Yield each row as text, long runs as a count."""
    for row in characters:
        text = row.tobytes().rstrip(b"?")  # columns without this colour
        yield _LONG_RUN.sub(lambda run: b"!%d%s" % (len(run[0]), run[1]), text)


def _palette() -> Iterator[str]:
    """Yield the definition of each colour, in per cent of red, green and blue."""
    for number in range(int(np.prod(LEVELS))):
        shares = [
            round(100 * (number // step % levels) / (levels - 1)) for levels, step in zip(LEVELS, _STEPS, strict=True)
        ]
        yield "#{};2;{};{};{}".format(number, *shares)


_PALETTE = "".join(_palette())
