"""A picture in a terminal."""

from __future__ import annotations

from rich.segment import Segment
from textual.filter import LineFilter
from textual.strip import Strip
from textual.widget import Widget

from streamstyle.tui.widgets.cells import pixels_of, strips
from streamstyle.tui.widgets.colours import Pixels, depth_of, grey


class Picture(Widget):
    """A picture with a caption below it, as large as fits, its shape kept; where there is none, the caption alone."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Picture { width: 1fr; height: 1fr; }"

    def __init__(self, caption: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._pixels: Pixels | None = None
        self._caption = caption
        self._drawn: list[Strip] | None = None

    def show(self, pixels: Pixels | None, caption: str = "") -> None:
        """Show a picture [H, W, 3], RGB; with None, nothing but the caption, in the middle."""
        self._pixels, self._caption, self._drawn = pixels, caption, None
        self.refresh()

    def room(self) -> tuple[int, int]:
        """Return the width and height in pixels of the largest picture that there is room for."""
        return pixels_of(self.size.width, max(1, self.size.height - 1), depth_of(self.app))

    def notify_style_update(self) -> None:
        """Draw anew: the theme may have changed from dark to light."""
        super().notify_style_update()
        self._drawn = None

    def on_resize(self) -> None:
        """Draw anew in the new size."""
        self._drawn = None

    def render_line(self, y: int) -> Strip:
        """Return a row of cells."""
        if self._drawn is None:
            self._drawn = self._draw()
        return self._drawn[y] if y < len(self._drawn) else Strip.blank(self.size.width, self.rich_style)

    def get_line_filters(self) -> list[LineFilter]:
        """Return none: what is drawn here has no colours that would need another pass over every cell."""
        return []

    def _draw(self) -> list[Strip]:
        width, height = self.size
        if self._pixels is None or height < 2 or width < 2:
            above = [Strip.blank(width, self.rich_style)] * max(0, (height - 1) // 2)
            return [*above, self._line(self._caption, 0, width, centred=True)]
        depth = depth_of(self.app)
        columns, rows = _fitting(self._pixels.shape[1] / self._pixels.shape[0], width, height - 1)
        small = _resized(self._pixels, *pixels_of(columns, rows, depth))
        if self.app.no_color:
            small = grey(small)
        left, top = (width - columns) // 2, (height - 1 - rows) // 2
        drawn = [self._padded(strip, left, width) for strip in strips(small, depth, dark=self.app.current_theme.dark)]
        return [
            *[Strip.blank(width, self.rich_style)] * top,
            *drawn,
            self._line(self._caption, left, width),
        ]

    def _padded(self, strip: Strip, left: int, width: int) -> Strip:
        right = width - left - strip.cell_length
        before = [Segment(" " * left, self.rich_style)] if left else []
        after = [Segment(" " * right, self.rich_style)] if right else []
        dressed = [segment if segment.style else Segment(segment.text, self.rich_style) for segment in strip]
        return Strip([*before, *dressed, *after], width)

    def _line(self, text: str, left: int, width: int, *, centred: bool = False) -> Strip:
        shown = Strip([Segment(text, self.rich_style)]).crop(0, width - left)
        return self._padded(shown, (width - shown.cell_length) // 2 if centred else left, width)


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
