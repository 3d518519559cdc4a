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
from streamstyle.tui.widgets.cells import pixel_size, render_rows
from streamstyle.tui.widgets.colours import Pixels, colour_depth, to_grey
from streamstyle.tui.widgets.row import RawStrip

if TYPE_CHECKING:
    from streamstyle.tui.widgets.pixel_graphics import PixelRenderer

_MAX_DRAWING_SHARE = 0.05
"""Of the time, what drawing sharp pictures may take."""


class ImageView(Widget):
    """A picture with a caption below it, as large as fits, its shape kept; where there is none, the caption alone."""

    ALLOW_SELECT = False

    def __init__(self, caption: str = "", *, id: str | None = None, graphics: Graphics | None = None) -> None:
        """`graphics` is what the terminal can show beside characters; see `sharpen`."""
        super().__init__(id=id)
        self._pixels: Pixels | None = None
        self._caption = caption
        self._rows: list[Strip] | None = None
        self._graphics = graphics
        self._pixel_renderer: PixelRenderer | None = None
        self._next_draw = 0.0
        self._draw_timer: Timer | None = None

    def use_pixels(self, wanted: bool) -> None:
        """Show pixels from now on, where the terminal can, or half blocks again."""
        from streamstyle.tui.widgets.pixel_graphics import PixelRenderer

        self._pixel_renderer = PixelRenderer(self._graphics) if wanted and self._graphics else None
        self._next_draw, self._rows = 0.0, None
        self.refresh()

    def show(self, pixels: Pixels | None, caption: str = "") -> None:
        """Show a picture [H, W, 3], RGB; with None, nothing but the caption, in the middle."""
        if pixels is self._pixels and caption == self._caption:
            return
        self._pixels, self._caption = pixels, caption
        if time.monotonic() >= self._next_draw:
            self._redraw()
        elif self._draw_timer is None:
            self._draw_timer = self.set_timer(self._next_draw - time.monotonic(), self._redraw)

    def _redraw(self) -> None:
        self._draw_timer, self._rows = None, None
        self.refresh()

    def available_pixels(self) -> tuple[int, int]:
        """Return the width and height in pixels of the largest picture that there is room for."""
        cells = self.size.width, max(1, self.size.height - 1)
        return (
            self._pixel_renderer.pixel_size(*cells)
            if self._pixel_renderer
            else pixel_size(*cells, colour_depth(self.app))
        )

    def notify_style_update(self) -> None:
        """Draw anew: the theme may have changed from dark to light."""
        super().notify_style_update()
        self._rows = None

    def on_resize(self) -> None:
        """Draw anew in the new size."""
        self._rows = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return rows of cells; past Textual's caches and filters, which would look at every cell again."""
        if self._rows is None:
            drawn = self._draw_rows()
            blank = Strip.blank(self.size.width, self.rich_style)
            self._rows = drawn + [blank] * (self.size.height - len(drawn))
        rows = self._rows[crop.y : crop.bottom]
        return rows if crop.width == self.size.width else [row.crop(crop.x, crop.right) for row in rows]

    def _draw_rows(self) -> list[Strip]:
        width, height = self.size
        if self._pixels is None or height < 2 or width < 2:
            line = self._caption_strip(self._caption, width)
            above = [self._blank(width)] * max(0, (height - 1) // 2)
            return [*above, self._pad_line(line, (width - line.cell_length) // 2)]
        depth = colour_depth(self.app)
        columns, rows = _fit(self._pixels.shape[1] / self._pixels.shape[0], width, height - 1)
        small = _resize(self._pixels, *pixel_size(columns, rows, depth))
        drawn = render_rows(
            to_grey(small) if self.app.no_color else small, depth, self.rich_style, dark=self.app.current_theme.dark
        )
        if self._pixel_renderer:
            drawn = self._draw_pixels(self._pixel_renderer, self._pixels, drawn, columns)
        left, top = (width - columns) // 2, (height - 1 - rows) // 2
        before, after = self._blank(left), self._blank(width - columns - left)
        return [
            *[self._blank(width)] * top,
            *[row.with_margins(before, after, self.app.console) for row in drawn],
            self._pad_line(self._caption_strip(self._caption, width - left), left),
        ]

    def _draw_pixels(
        self, sharp: PixelRenderer, pixels: Pixels, blocks: list[RawStrip], columns: int
    ) -> list[RawStrip]:
        """Return the rows with true pixels; the longer that takes, the longer it is until the next."""
        began = time.thread_time()
        rows = sharp.render(to_grey(pixels) if self.app.no_color else pixels, blocks, columns)
        self._next_draw = time.monotonic() + (time.thread_time() - began) / _MAX_DRAWING_SHARE
        return rows

    def _pad_line(self, line: Strip, left: int) -> Strip:
        return Strip.join([self._blank(left), line, self._blank(self.size.width - left - line.cell_length)])

    def _caption_strip(self, text: str, cells: int) -> Strip:
        return Strip([Segment(text, self.rich_style)]).crop(0, cells)

    def _blank(self, cells: int) -> Strip:
        return Strip.blank(max(0, cells), self.rich_style)


def _fit(shape: float, columns: int, rows: int) -> tuple[int, int]:
    """Return the (columns, rows) of cells, twice as high as wide, that a picture of width / height `shape` takes."""
    wide = min(columns, max(2, round(2 * rows * shape)))
    return wide, min(rows, max(1, round(wide / shape / 2)))


def _resize(pixels: Pixels, width: int, height: int) -> Pixels:
    import cv2

    smaller = width <= pixels.shape[1] and height <= pixels.shape[0]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    resized: Pixels = cv2.resize(pixels, (width, height), interpolation=how).astype("uint8", copy=False)
    return resized
