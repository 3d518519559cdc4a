"""Images in a terminal: one with a caption, and a pair of views of one frame."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from streamstyle.runs.folder import VIEWS, PreviewRequest
from streamstyle.tui.terminal_query import Graphics
from streamstyle.tui.widgets.cells import Pixels, RawStrip, colour_depth, pixel_size, render_rows, to_grey

if TYPE_CHECKING:
    from streamstyle.tui.widgets.pixel_graphics import PixelRenderer

_MAX_DRAWING_LOAD = 0.05
"""Fraction of the time that drawing images as pixels may take."""

NO_PIXELS = "This terminal supports neither sixels nor kitty's graphics protocol: images stay quadrant blocks."


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
        self._next_draw = 0.0
        self._draw_timer: Timer | None = None

    def use_pixels(self, wanted: bool) -> None:
        """Draw pixels if the terminal can show them, or quadrant blocks."""
        from streamstyle.tui.widgets.pixel_graphics import PixelRenderer

        self._pixel_renderer = PixelRenderer(self._graphics) if wanted and self._graphics else None
        self._next_draw, self._rows = 0.0, None
        self.refresh()

    def show(self, pixels: Pixels | None, caption: str = "") -> None:
        """Show an image [H, W, 3] RGB of any size; with None show the caption alone, in the middle."""
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
        """Return the (width, height) in pixels that the widget can show."""
        cells = self.size.width, max(1, self.size.height - 1)
        return self._pixel_renderer.pixel_size(*cells) if self._pixel_renderer else pixel_size(*cells)

    def notify_style_update(self) -> None:
        """Draw again: the theme may have changed between dark and light."""
        super().notify_style_update()
        self._rows = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return rows of cells, without Textual's caches and filters, which would process every cell again."""
        if self._rows is None or self._drawn_size != self.size:
            self._drawn_size = self.size
            drawn = self._draw_rows()
            blank = Strip.blank(self.size.width, self.rich_style)
            self._rows = drawn + [blank] * (self.size.height - len(drawn))
        rows = self._rows[crop.y : crop.bottom]
        return rows if crop.width == self.size.width else [row.crop(crop.x, crop.right) for row in rows]

    def _draw_rows(self) -> list[Strip]:
        width, height = self.size
        if self._pixels is None or height < 2 or width < 2:
            caption = self._caption_strip(self._caption, width)
            above = [self._blank(width)] * max(0, (height - 1) // 2)
            return [*above, self._pad_line(caption, (width - caption.cell_length) // 2)]
        depth = colour_depth(self.app)
        room = (width, height - 1)
        if self._pixel_renderer:
            room = self._pixel_renderer.max_cells(*room)
        columns, rows = fit_cells(self._pixels.shape[1] / self._pixels.shape[0], *room)
        resized = _resize(self._pixels, *pixel_size(columns, rows))
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
            self._pad_line(self._caption_strip(self._caption, width - left), left),
        ]

    def _draw_pixels(
        self, renderer: PixelRenderer, pixels: Pixels, blocks: list[RawStrip], columns: int
    ) -> list[RawStrip]:
        """Return rows that draw pixels; the longer that takes, the later the next image is drawn."""
        start = time.thread_time()
        rows = renderer.render(to_grey(pixels) if self.app.no_color else pixels, blocks, columns)
        self._next_draw = time.monotonic() + (time.thread_time() - start) / _MAX_DRAWING_LOAD
        return rows

    def _pad_line(self, line: Strip, left: int) -> Strip:
        return Strip.join([self._blank(left), line, self._blank(self.size.width - left - line.cell_length)])

    def _caption_strip(self, text: str, cells: int) -> Strip:
        return Strip([Segment(text, self.rich_style)]).crop(0, cells)

    def _blank(self, cells: int) -> Strip:
        return Strip.blank(max(0, cells), self.rich_style)


def fit_cells(aspect_ratio: float, columns: int, rows: int) -> tuple[int, int]:
    """Return the largest (columns, rows) of at most so many cells that have the aspect ratio width / height.

    Cells are taken to be twice as high as wide.
    """
    width = min(columns, max(2, round(2 * rows * aspect_ratio)))
    return width, min(rows, max(1, round(width / aspect_ratio / 2)))


def _resize(pixels: Pixels, width: int, height: int) -> Pixels:
    import cv2

    smaller = width <= pixels.shape[1] and height <= pixels.shape[0]
    interpolation = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    resized: Pixels = cv2.resize(pixels, (width, height), interpolation=interpolation).astype("uint8", copy=False)
    return resized


VIEW_TITLES = {
    "output": "output",
    "source": "film",
    "per_frame": "per frame",
    "flow": "optical flow",
    "weight": "consistency weight",
}
"""Captions of the views."""


class ImagePair(Horizontal):
    """Two views of a frame, the first alone or both side by side; a hidden second view is the one that `swap` shows."""

    def __init__(self, placeholder: str, *, id: str | None = None, graphics: Graphics | None = None) -> None:
        """`placeholder` is shown before the first image; `graphics` is None if the terminal shows characters only."""
        super().__init__(id=id)
        self._graphics = graphics
        self._uses_pixels = False
        self.views = ["output", "source"]
        """The first and the second view."""
        self.compared = False
        """Whether the second view is shown as well."""
        self._placeholder = placeholder
        self._images: Mapping[str, Pixels] = {}
        self._frame: int | None = None

    def compose(self) -> ComposeResult:
        """Put the two images side by side."""
        yield ImageView(self._placeholder, id="first-image", graphics=self._graphics)
        yield ImageView(id="second-image", graphics=self._graphics)

    def on_mount(self) -> None:
        """Hide the second image."""
        self._update_images()

    def on_resize(self) -> None:
        """Keep both images the same width."""
        self._update_widths()

    def show(self, images: Mapping[str, Pixels], frame: int | None) -> None:
        """Show the previews of a frame, [H, W, 3] RGB by view."""
        self._images, self._frame = images, frame
        self._update_images()

    def set_placeholder(self, text: str) -> None:
        """Change the caption that is shown while there is no image."""
        if text != self._placeholder:
            self._placeholder = text
            self._update_images()

    def show_view(self, view: str) -> None:
        """Show a view first; if it was the second one, swap the two."""
        if view == self.views[1]:
            self.swap()
        self.views[0] = view
        self._update_images()

    def cycle_view(self, side: int, step: int) -> None:
        """Show the next view, or with a step of -1 the previous one, as the first (side 0) or second (side 1)."""
        others = [view for view in VIEWS if view != self.views[1 - side] or not self.compared]
        current = others.index(self.views[side]) if self.views[side] in others else 0
        self.views[side] = others[(current + step) % len(others)]
        self._update_images()

    def swap(self) -> None:
        """Swap the two views; if the second is hidden, this shows it in place of the first."""
        self.views.reverse()
        self._update_images()

    def toggle_compare(self) -> None:
        """Show the second view beside the first, or hide it."""
        self.compared = not self.compared
        if self.compared and self.views[0] == self.views[1]:
            self.views[1] = "source" if self.views[0] != "source" else "output"
        self._update_widths()
        self._update_images()

    def toggle_pixels(self) -> bool:
        """Switch between quadrant blocks and pixels; return whether the terminal can show pixels."""
        self._uses_pixels = not self._uses_pixels
        for image in self.query(ImageView):
            image.use_pixels(self._uses_pixels)
        return self._graphics is not None

    def preview_request(self) -> PreviewRequest:
        """Return the request for both views, the hidden one included, so that `swap` shows it at once."""
        sizes = [image.available_pixels() for image in self.query(ImageView) if image.display] or [(0, 0)]
        views = tuple(dict.fromkeys(self.views))
        return PreviewRequest(views, max(width for width, _ in sizes), max(height for _, height in sizes))

    def _update_widths(self) -> None:
        for image in self.query(ImageView):
            image.styles.width = max(1, (self.size.width - 1) // 2) if self.compared else "1fr"

    def _update_images(self) -> None:
        if not self.children:  # before `compose`
            return
        self.query_one("#second-image").display = self.compared
        for image, view in zip(self.query(ImageView), self.views, strict=True):
            pixels = self._images.get(view)
            image.show(pixels, self._caption(view, pixels))

    def _caption(self, view: str, pixels: Pixels | None) -> str:
        title = VIEW_TITLES[view]
        if pixels is not None:
            return f"{title} · frame {self._frame}"
        return f"{title}: comes with the next frame" if self._images else self._placeholder
