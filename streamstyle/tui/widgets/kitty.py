"""Sharp pictures by kitty's graphics protocol, on placeholders: characters that stand for a piece of a picture.

https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders; kitty from 0.28 on, and Ghostty.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator

from streamstyle.tui.widgets.colours import Pixels

_PLACEHOLDER = "\U0010eeee"
_CHUNK = 4096
"""Characters of a picture that may be sent at once."""

_ROWS = (
    "0305 030d 030e 0310 0312 033d 033e 033f 0346 034a 034b 034c 0350 0351 0352 0357 035b 0363 0364 0365 0366 0367 "
    "0368 0369 036a 036b 036c 036d 036e 036f 0483 0484 0485 0486 0487 0592 0593 0594 0595 0597 0598 0599 059c 059d "
    "059e 059f 05a0 05a1 05a8 05a9 05ab 05ac 05af 05c4 0610 0611 0612 0613 0614 0615 0616 0617 0657 0658 0659 065a "
    "065b 065d 065e 06d6 06d7 06d8 06d9 06da 06db 06dc 06df 06e0 06e1 06e2 06e4 06e7 06e8 06eb 06ec 0730 0732 0733"
)
_MARKS = [chr(int(code, 16)) for code in _ROWS.split()]
"""Combining characters that say which row of the picture a placeholder shows, and, as the second, which column."""


def most_rows() -> int:
    """Return how many rows of cells a picture can have."""
    return len(_MARKS)


def kitty(pixels: Pixels, columns: int, rows: int, number: int, before: int) -> list[str]:
    """Return what to send for each row of cells; with the first goes the picture, with the last the one before.

    `number` and `before` are those that the terminal is to know this picture by, and the one whose place it takes;
    from 1 to 255.
    """
    sent = [
        f"\x1b[38;5;{number}m{_PLACEHOLDER}{mark}{_MARKS[0]}{_PLACEHOLDER * (columns - 1)}\x1b[39m"
        for mark in _MARKS[:rows]
    ]
    sent[0] = "".join(_transmission(pixels, columns, rows, number)) + sent[0]
    sent[-1] += f"\x1b_Ga=d,d=I,i={before},q=2\x1b\\"
    return sent


def _transmission(pixels: Pixels, columns: int, rows: int, number: int) -> Iterator[str]:
    height, width = pixels.shape[:2]
    data = base64.b64encode(zlib.compress(pixels.tobytes(), 1)).decode("ascii")
    about = f"a=T,U=1,q=2,f=24,o=z,s={width},v={height},i={number},c={columns},r={rows},"
    for start in range(0, len(data), _CHUNK):
        more = int(start + _CHUNK < len(data))
        yield f"\x1b_G{about if start == 0 else ''}m={more};{data[start : start + _CHUNK]}\x1b\\"
