"""A picture of true pixels in place of one of half blocks."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import cv2

from streamstyle.tui.graphics import Graphics, Protocol
from streamstyle.tui.widgets.colours import Pixels
from streamstyle.tui.widgets.kitty import kitty, most_rows
from streamstyle.tui.widgets.row import Row
from streamstyle.tui.widgets.sixel import sixel

_numbers = itertools.cycle(range(1, 256))
"""What kitty is to know pictures by; old ones are deleted long before their number comes again."""


class Sharp:
    """Draws sharp pictures on a terminal that can show them, one after the other in the same place."""

    def __init__(self, graphics: Graphics) -> None:
        self._graphics = graphics
        self._number = next(_numbers)

    def room(self, columns: int, rows: int) -> tuple[int, int]:
        """Return the width and height in pixels of so many cells."""
        width, height = self._graphics.cell
        return columns * width, rows * height

    def rows(self, pixels: Pixels, blocks: Sequence[Row], columns: int) -> list[Row]:
        """Return rows of cells that show the picture; as segments, if anybody asks, they are those of `blocks`."""
        size = self.room(columns, len(blocks))
        fitted: Pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype("uint8", copy=False)
        if self._graphics.protocol is Protocol.sixel or len(blocks) > most_rows():
            sent = _over(sixel(fitted), columns, len(blocks))
        else:
            before, self._number = self._number, next(_numbers)
            sent = kitty(fitted, columns, len(blocks), self._number, before)
        return [Row(line, block.segments, columns) for line, block in zip(sent, blocks, strict=True)]


def _over(drawing: str, columns: int, rows: int) -> list[str]:
    """Return what to send for each row so that a drawing covers them all: nothing is shown there until it comes."""
    skip = f"\x1b[{columns}C"
    up = f"\x1b[{rows - 1}A" if rows > 1 else ""
    return [skip] * (rows - 1) + [f"\x1b7{up}{drawing}\x1b8{skip}"]
