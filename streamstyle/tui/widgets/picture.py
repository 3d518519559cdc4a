"""A picture in a terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from streamstyle.tui.graphics import Graphics
from streamstyle.tui.widgets.cells import pixels_of, rows_of
from streamstyle.tui.widgets.colours import Pixels, depth_of, grey
from streamstyle.tui.widgets.row import Row

if TYPE_CHECKING:
    from streamstyle.tui.widgets.pixel_graphics import PixelRenderer

_SHARE = 0.05
"""Of the time, what drawing sharp pictures may take."""


class Picture(Widget):
    """A picture with a caption below it, as large as fits, its shape kept; where there is none, the caption alone."""

    ALLOW_SELECT = False

    def __init__(self, caption: str = "", *, id: str | None = None, graphics: Graphics | None = None) -> None:
        """`graphics` is what the terminal can show beside characters; see `sharpen`."""
        super().__init__(id=id)
        self._pixels: Pixels | None = None
        self._caption = caption
        self._drawn: list[Strip] | None = None
        self._graphics = graphics
        self._sharp: PixelRenderer | None = None
        self._due = 0.0
        self._waiting: Timer | None = None

    def sharpen(self, wanted: bool) -> None:
        """Show pixels from now on, where the terminal can, or half blocks again."""
        from streamstyle.tui.widgets.pixel_graphics import PixelRenderer

        self._sharp = PixelRenderer(self._graphics) if wanted and self._graphics else None
        self._due, self._drawn = 0.0, None
        self.refresh()

    def show(self, pixels: Pixels | None, caption: str = "") -> None:
        """Show a picture [H, W, 3], RGB; with None, nothing but the caption, in the middle."""
        if pixels is self._pixels and caption == self._caption:
            return
        self._pixels, self._caption = pixels, caption
        if time.monotonic() >= self._due:
            self._draw_anew()
        elif self._waiting is None:
            self._waiting = self.set_timer(self._due - time.monotonic(), self._draw_anew)

    def _draw_anew(self) -> None:
        self._waiting, self._drawn = None, None
        self.refresh()

    def room(self) -> tuple[int, int]:
        """Return the width and height in pixels of the largest picture that there is room for."""
        cells = self.size.width, max(1, self.size.height - 1)
        return self._sharp.pixel_size(*cells) if self._sharp else pixels_of(*cells, depth_of(self.app))

    def notify_style_update(self) -> None:
        """Draw anew: the theme may have changed from dark to light."""
        super().notify_style_update()
        self._drawn = None

    def on_resize(self) -> None:
        """Draw anew in the new size."""
        self._drawn = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return rows of cells; past Textual's caches and filters, which would look at every cell again."""
        if self._drawn is None:
            drawn = self._draw()
            blank = Strip.blank(self.size.width, self.rich_style)
            self._drawn = drawn + [blank] * (self.size.height - len(drawn))
        rows = self._drawn[crop.y : crop.bottom]
        return rows if crop.width == self.size.width else [row.crop(crop.x, crop.right) for row in rows]

    def _draw(self) -> list[Strip]:
        width, height = self.size
        if self._pixels is None or height < 2 or width < 2:
            line = self._line(self._caption, width)
            above = [self._blank(width)] * max(0, (height - 1) // 2)
            return [*above, self._padded(line, (width - line.cell_length) // 2)]
        depth = depth_of(self.app)
        columns, rows = _fitting(self._pixels.shape[1] / self._pixels.shape[0], width, height - 1)
        small = _resized(self._pixels, *pixels_of(columns, rows, depth))
        drawn = rows_of(
            grey(small) if self.app.no_color else small, depth, self.rich_style, dark=self.app.current_theme.dark
        )
        if self._sharp:
            drawn = self._sharpened(self._sharp, self._pixels, drawn, columns)
        left, top = (width - columns) // 2, (height - 1 - rows) // 2
        before, after = self._blank(left), self._blank(width - columns - left)
        return [
            *[self._blank(width)] * top,
            *[row.between(before, after, self.app.console) for row in drawn],
            self._padded(self._line(self._caption, width - left), left),
        ]

    def _sharpened(self, sharp: PixelRenderer, pixels: Pixels, blocks: list[Row], columns: int) -> list[Row]:
        """Return the rows with true pixels; the longer that takes, the longer it is until the next."""
        began = time.thread_time()
        rows = sharp.render(grey(pixels) if self.app.no_color else pixels, blocks, columns)
        self._due = time.monotonic() + (time.thread_time() - began) / _SHARE
        return rows

    def _padded(self, line: Strip, left: int) -> Strip:
        return Strip.join([self._blank(left), line, self._blank(self.size.width - left - line.cell_length)])

    def _line(self, text: str, cells: int) -> Strip:
        return Strip([Segment(text, self.rich_style)]).crop(0, cells)

    def _blank(self, cells: int) -> Strip:
        return Strip.blank(max(0, cells), self.rich_style)


def _fitting(shape: float, columns: int, rows: int) -> tuple[int, int]:
    """Return the (columns, rows) of cells, twice as high as wide, that a picture of width / height `shape` takes."""
    wide = min(columns, max(2, round(2 * rows * shape)))
    return wide, min(rows, max(1, round(wide / shape / 2)))


def _resized(pixels: Pixels, width: int, height: int) -> Pixels:
    import cv2

    smaller = width <= pixels.shape[1] and height <= pixels.shape[0]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    resized: Pixels = cv2.resize(pixels, (width, height), interpolation=how).astype("uint8", copy=False)
    return resized
