"""A picture in a terminal."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from streamstyle.runs.folder import VIEWS, PreviewRequest
from streamstyle.tui.terminal_query import Graphics
from streamstyle.tui.widgets.cells import Pixels, RawStrip, colour_depth, pixel_size, render_rows, to_grey

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


VIEW_TITLES = {
    "output": "painted",
    "source": "the film",
    "per_frame": "painted frame by frame",
    "flow": "optical flow",
    "weight": "consistency weight",
}
"""By view, how it is called under a picture."""


class ImagePair(Horizontal):
    """Holds the views of a frame, A and B: A alone, or B beside it."""

    def __init__(self, placeholder: str, *, id: str | None = None, graphics: Graphics | None = None) -> None:
        """`waiting` is what to say before there is a picture, `graphics` what the terminal can show."""
        super().__init__(id=id)
        self._graphics = graphics
        self._sharp = False
        self.views = ["output", "source"]
        """What A and B show."""
        self.compared = False
        """Whether B is shown, too."""
        self._placeholder = placeholder
        self._images: Mapping[str, Pixels] = {}
        self._frame: int | None = None

    def compose(self) -> ComposeResult:
        """Two pictures, the second out of sight."""
        yield ImageView(self._placeholder, id="a", graphics=self._graphics)
        yield ImageView(id="b", graphics=self._graphics)

    def on_mount(self) -> None:
        """Begin with one picture."""
        self._update_images()

    def on_resize(self) -> None:
        """Give both pictures the same width, so that they are of the same size."""
        self._share_width()

    def show(self, pictures: Mapping[str, Pixels], frame: int | None) -> None:
        """Show pictures of a frame, by view."""
        self._images, self._frame = pictures, frame
        self._update_images()

    def set_placeholder(self, waiting: str) -> None:
        """Say something else while there is no picture."""
        if waiting != self._placeholder:
            self._placeholder = waiting
            self._update_images()

    def show_view(self, view: str) -> None:
        """Show a view as A; the one that was there goes to B if that has this one."""
        if view == self.views[1]:
            self.swap()
        self.views[0] = view
        self._update_images()

    def cycle_view(self, side: int, step: int) -> None:
        """Show the next view, or with a step of -1 the one before, as A (side 0) or B (side 1)."""
        others = [view for view in VIEWS if view != self.views[1 - side] or not self.compared]
        here = others.index(self.views[side]) if self.views[side] in others else 0
        self.views[side] = others[(here + step) % len(others)]
        self._update_images()

    def swap(self) -> None:
        """Exchange A and B: with A alone this flips between the two."""
        self.views.reverse()
        self._update_images()

    def toggle_compare(self) -> None:
        """Put B beside A, or away."""
        self.compared = not self.compared
        if self.compared and self.views[0] == self.views[1]:
            self.views[1] = "source" if self.views[0] != "source" else "output"
        self._share_width()
        self._update_images()

    def toggle_pixels(self) -> bool:
        """Show pixels in place of half blocks, or these again; return whether the terminal can."""
        self._sharp = not self._sharp
        for picture in self.query(ImageView):
            picture.use_pixels(self._sharp)
        return self._graphics is not None

    def preview_request(self) -> PreviewRequest:
        """Return what has to be made for what is shown; B's view, too, so that a flip shows it at once."""
        pictures = [picture for picture in self.query(ImageView) if picture.display]
        rooms = [picture.available_pixels() for picture in pictures] or [(0, 0)]
        views = tuple(dict.fromkeys(self.views))
        return PreviewRequest(views, max(width for width, _ in rooms), max(height for _, height in rooms))

    def _share_width(self) -> None:
        for picture in self.query(ImageView):
            picture.styles.width = max(1, (self.size.width - 1) // 2) if self.compared else "1fr"

    def _update_images(self) -> None:
        if not self.is_mounted:
            return
        self.query_one("#b").display = self.compared
        for picture, view in zip(self.query(ImageView), self.views, strict=True):
            pixels = self._images.get(view)
            picture.show(pixels, self._caption(view, pixels))

    def _caption(self, view: str, pixels: Pixels | None) -> str:
        title = VIEW_TITLES[view]
        if pixels is not None:
            return f"{title} · frame {self._frame}"
        return f"{title}: comes with the next frame" if self._images else self._placeholder
