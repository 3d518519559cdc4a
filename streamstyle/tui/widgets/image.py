"""An image with a caption, sent to the terminal no faster than it arrives."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from streamstyle.tui.output_pace import OutputPace
from streamstyle.tui.terminal_query import CELL_RATIO, Graphics
from streamstyle.tui.widgets.cells import Pixels, RawStrip, colour_depth, pixel_size, render_rows, to_grey

if TYPE_CHECKING:
    from textual.app import App

    from streamstyle.tui.widgets.pixel_graphics import PixelRenderer

_DRAWING_LOAD = 0.05
"""Fraction of the time that drawing images as pixels may take."""

_ASKED_DRAWING_LOAD = 0.5
"""The same while the user asks for them, as by moving a boundary."""

_RETRY_SECONDS = 1.0
"""Seconds after which rows are sent although the terminal has not answered, if it never does."""

NO_PIXELS = (
    "This terminal supports neither sixels nor kitty's protocol with placeholders (kitty from 0.28 on): "
    "images stay quadrant blocks."
)
_TOO_SLOW = "blocks: the line is too slow for pixels"


class ImageView(Widget):
    """An image, as large as fits at its aspect ratio, with a caption below; without an image the caption alone."""

    ALLOW_SELECT = False

    def __init__(self, caption: str = "", *, id: str | None = None, graphics: Graphics | None = None) -> None:
        """`graphics` is None if the terminal shows characters only; see `use_pixels`."""
        super().__init__(id=id)
        self._pixels: Pixels | None = None
        self._caption = caption
        self._rows: list[Strip] | None = None
        self._drawn_size = Size()
        self._graphics = graphics
        self._pixel_renderer: PixelRenderer | None = None
        self._drawn_at = self._drawing_seconds = 0.0
        self._draw_timer: Timer | None = None
        self._pixel_bytes = 0
        self._has_pixels = False
        self._is_outdated = False
        self._unsent: list[tuple[int, Strip]] = []
        self.sent_at = 0.0
        """When rows were sent last, on the monotonic clock."""

    def use_pixels(self, wanted: bool) -> None:
        """Draw pixels if the terminal can show them, or quadrant blocks."""
        from streamstyle.tui.widgets.pixel_graphics import PixelRenderer

        self._pixel_renderer = PixelRenderer(self._graphics) if wanted and self._graphics else None
        self._drawing_seconds, self._rows = 0.0, None
        if self._pace is not None:
            self._pace.forget_pixels()
        self.refresh()

    def use_graphics(self, graphics: Graphics | None) -> None:
        """Draw with cells of another size: the font of the terminal has changed."""
        if graphics != self._graphics:
            self._graphics = graphics
            self.use_pixels(self._pixel_renderer is not None)

    def show(self, pixels: Pixels | None, caption: str = "", *, asked: bool = False) -> None:
        """Show an image [H, W, 3] RGB of any size; with None show the caption alone, in the middle.

        `asked` says that the user waits for it.
        """
        if pixels is self._pixels and caption == self._caption:
            return
        self._pixels, self._caption = pixels, caption
        load = _ASKED_DRAWING_LOAD if asked else _DRAWING_LOAD
        wait = self._drawn_at + self._drawing_seconds / load - time.monotonic()
        if self._draw_timer is not None and (asked or wait <= 0):
            self._draw_timer.stop()
            self._draw_timer = None
        if wait <= 0:
            self._redraw()
        elif self._draw_timer is None:
            self._draw_timer = self.set_timer(wait, self._redraw)

    @property
    def is_busy(self) -> bool:
        """Whether the image that it shows is not on the screen yet."""
        return self._is_outdated or bool(self._unsent) or self._draw_timer is not None

    def send_more(self) -> None:
        """Send rows that have not been sent yet, unless the last ones are still on their way."""
        pace = self._pace
        if pace is None or self._rows is None or not (self._is_outdated or self._unsent):
            return
        if pace.is_waiting() or pace.needs_probe():
            if not pace.is_waiting():
                pace.probe()
            self.set_timer(_RETRY_SECONDS, self.send_more)
            return
        if not self._unsent:
            self._unsent, self._is_outdated = list(enumerate(self._make_rows())), False
        start, count, room = self._unsent[0][0], 0, self._room(pace)
        while self._unsent and (count == 0 or count + self._length(self._unsent[0][1]) <= room):
            number, row = self._unsent.pop(0)
            count += self._length(row)
            self._rows[number] = row
        self.refresh(Region(0, start, self.size.width, number + 1 - start))
        self._sent(pace, count)

    def _sent(self, pace: OutputPace, count: int) -> None:
        """Ask for an answer to rows of so many bytes, once they have been written."""
        pace.sent(count, pixels=self._has_pixels)
        self.call_after_refresh(pace.request)
        self.sent_at = time.monotonic()

    def forget_drawn(self) -> None:
        """Draw anew when the screen is shown again: part by part, if the line is thin."""
        self._rows = None

    def _redraw(self) -> None:
        self._draw_timer = None
        if self._pace is None or self._rows is None or self._pixels is None:
            self._rows = None
            self.refresh()
        else:
            self._is_outdated = True
            self.send_more()

    def available_pixels(self) -> tuple[int, int]:
        """Return the (width, height) in pixels that the widget can show."""
        cells = self.size.width, max(1, self.size.height - 1)
        return self._pixel_renderer.pixel_size(*cells) if self._pixel_renderer else pixel_size(*cells)

    def extent(self) -> tuple[int, int]:
        """Return the column at which the image begins, and its columns; without an image those of the widget."""
        width, height = self.size
        columns = self._fitted_cells(self._pixels)[0] if self._pixels is not None and min(width, height) > 1 else width
        return (width - columns) // 2, max(1, columns)

    def notify_style_update(self) -> None:
        """Draw again: the theme may have changed between dark and light."""
        super().notify_style_update()
        self._rows = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return rows of cells, without Textual's caches and filters, which would process every cell again."""
        if self._rows is None or self._drawn_size != self.size:
            self._drawn_size, self._is_outdated, self._unsent = self.size, False, []
            self._rows = self._make_rows()
            if self._pixels is not None and (pace := self._pace) is not None:
                self._rows = self._first_rows(self._rows, pace)
        rows = self._rows[crop.y : crop.bottom]
        return rows if crop.width == self.size.width else [row.crop(crop.x, crop.right) for row in rows]

    def _first_rows(self, rows: list[Strip], pace: OutputPace) -> list[Strip]:
        """Return all rows, or blank ones if that is too much for now; then they are sent later."""
        count = sum(map(self._length, rows))
        if count <= self._room(pace) and not pace.is_waiting() and not pace.needs_probe():
            self._sent(pace, count)
            return rows
        self._unsent = list(enumerate(rows))
        self.call_later(self.send_more)
        return [self._blank(self.size.width)] * len(rows)

    def _room(self, pace: OutputPace) -> float:
        """Return the bytes that may be sent at once; pixels are not sent in parts."""
        return math.inf if self._has_pixels else pace.budget

    @property
    def _pace(self) -> OutputPace | None:
        """The pace of the terminal; None if there is none, or everything is sent at once."""
        return getattr(self.app, "pace", None)

    def _length(self, row: Strip) -> int:
        return len(row.render(self.app.console))

    def _make_rows(self) -> list[Strip]:
        """Return a row for each line of the widget."""
        self._has_pixels = False
        drawn = self._draw_rows()
        return drawn + [self._blank(self.size.width)] * (self.size.height - len(drawn))

    def _draw_rows(self) -> list[Strip]:
        width, height = self.size
        if self._pixels is None or height < 2 or width < 2:
            caption = self._caption_strip(self._caption, width)
            above = [self._blank(width)] * max(0, (height - 1) // 2)
            return [*above, self._pad_line(caption, (width - caption.cell_length) // 2)]
        depth = colour_depth(self.app)
        columns, rows = self._fitted_cells(self._pixels)
        resized = resize(self._pixels, *pixel_size(columns, rows))
        drawn = render_rows(
            to_grey(resized) if self.app.no_color else resized, depth, self.rich_style, dark=self.app.current_theme.dark
        )
        if self._pixel_renderer:
            drawn = self._draw_pixels(self._pixel_renderer, self._pixels, drawn, columns)
        left, top = (width - columns) // 2, (height - 1 - rows) // 2
        before, after = self._blank(left), self._blank(width - columns - left)
        return [
            *[self._blank(width)] * top,
            *[row.with_margins(before, after, self.app.console) for row in drawn],
            self._pad_line(self._caption_strip(self._full_caption(), width - left), left),
        ]

    def _full_caption(self) -> str:
        is_too_slow = self._pixel_renderer is not None and not self._has_pixels
        return f"{self._caption} · {_TOO_SLOW}" if is_too_slow else self._caption

    def _fitted_cells(self, pixels: Pixels) -> tuple[int, int]:
        room = (self.size.width, self.size.height - 1)
        if self._pixel_renderer:
            room = self._pixel_renderer.max_cells(*room)
        return fit_cells(pixels.shape[1] / pixels.shape[0], *room, cell_ratio(self.app))

    def _draw_pixels(
        self, renderer: PixelRenderer, pixels: Pixels, blocks: list[RawStrip], columns: int
    ) -> list[RawStrip]:
        """Return rows that draw pixels, or `blocks` if the line is too slow for them.

        The longer that takes, the later the next image is drawn.
        """
        pace = self._pace
        if pace is not None and not pace.carries_pixels(self._pixel_bytes):
            return blocks
        start = time.thread_time()
        rows = renderer.render(to_grey(pixels) if self.app.no_color else pixels, blocks, columns)
        self._drawn_at, self._drawing_seconds = time.monotonic(), time.thread_time() - start
        self._pixel_bytes = sum(map(self._length, rows))
        self._has_pixels = pace is None or pace.carries_pixels(self._pixel_bytes)
        return rows if self._has_pixels else blocks

    def _pad_line(self, line: Strip, left: int) -> Strip:
        return Strip.join([self._blank(left), line, self._blank(self.size.width - left - line.cell_length)])

    def _caption_strip(self, text: str, cells: int) -> Strip:
        return Strip([Segment(text, self.rich_style)]).crop(0, cells)

    def _blank(self, cells: int) -> Strip:
        return Strip.blank(max(0, cells), self.rich_style)


def cell_ratio(app: App[object]) -> float:
    """Return how many times as high as wide the cells of the terminal are."""
    return getattr(app, "cell_ratio", CELL_RATIO)


def fit_cells(aspect_ratio: float, columns: int, rows: int, cell_ratio: float = CELL_RATIO) -> tuple[int, int]:
    """Return the largest (columns, rows) of at most so many cells that have the aspect ratio width / height.

    Cells are `cell_ratio` times as high as wide.
    """
    width = min(columns, max(2, round(cell_ratio * rows * aspect_ratio)))
    return width, min(rows, max(1, round(width / aspect_ratio / cell_ratio)))


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """Return the image [H, W, 3] in another size."""
    import cv2

    smaller = width <= pixels.shape[1] and height <= pixels.shape[0]
    interpolation = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    resized: Pixels = cv2.resize(pixels, (width, height), interpolation=interpolation).astype("uint8", copy=False)
    return resized
