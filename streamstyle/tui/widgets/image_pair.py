"""A pair of images of one frame: the first alone, both at once, or a wipe between them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.color import Color
from textual.containers import Container
from textual.timer import Timer

from streamstyle.tui.terminal_query import Graphics
from streamstyle.tui.widgets.cells import Pixels
from streamstyle.tui.widgets.image import ImageView, cell_ratio, fit_cells, resize

_TAKE_INTERVAL = 0.1
"""Seconds between two looks at whether both images are on the screen."""


class Arrangement(StrEnum):
    """How the two images are shown."""

    one = "one"
    """The first alone."""
    both = "both"
    """One beside or below the other, whichever makes them larger."""
    wipe = "wipe"
    """One picture, the first image at the left of a boundary and the second at its right."""


class ImagePair(Container):
    """Two of several images of a frame; the second one may be hidden, and is then what `swap` shows."""

    DEFAULT_CSS = """
    ImagePair { width: 1fr; height: 1fr; layout: horizontal; }
    ImagePair #second-image { margin-left: 1; }
    ImagePair.-stacked { layout: vertical; }
    ImagePair.-stacked #second-image { margin-left: 0; }
    """

    def __init__(
        self, first: str, second: str, caption: str = "", *, id: str | None = None, graphics: Graphics | None = None
    ) -> None:
        """`first` and `second` name the images that are shown, `caption` is shown before there is one.

        `graphics` is None if the terminal shows characters only.
        """
        super().__init__(id=id)
        self._graphics = graphics
        self._uses_pixels = False
        self._caption = caption
        self._images: Mapping[str, Pixels] = {}
        self._captions: Mapping[str, str] = {}
        self._latest: tuple[Mapping[str, Pixels], Mapping[str, str]] = {}, {}
        self._take_timer: Timer | None = None
        self._wiped: tuple[Pixels, Pixels, float, Pixels] | None = None
        self.views = [first, second]
        """The names of the first and the second image."""
        self.arrangement = Arrangement.one
        self.boundary = 0.5
        """Where the wipe changes from the first to the second image, 0 to 1."""

    @property
    def compared(self) -> bool:
        """Whether the second image is shown as well."""
        return self.arrangement is not Arrangement.one

    def compose(self) -> ComposeResult:
        """Make both images."""
        yield ImageView(self._caption, id="first-image", graphics=self._graphics)
        yield ImageView(id="second-image", graphics=self._graphics)

    def on_mount(self) -> None:
        """Hide the second image."""
        self._fit_images()

    def on_resize(self) -> None:
        """Arrange the images anew."""
        self._fit_images()

    def show(self, images: Mapping[str, Pixels], captions: Mapping[str, str]) -> None:
        """Show images [H, W, 3] RGB, all of the same aspect ratio, and their captions, by name.

        Two at once are shown when the last two are both on the screen, so that they are always of the same frame.
        """
        self._latest = images, captions
        self._take_latest()

    def _take_latest(self) -> None:
        if self._take_timer is not None:
            self._take_timer.stop()
            self._take_timer = None
        if self.arrangement is Arrangement.both and any(image.is_busy for image in self.query(ImageView)):
            self._take_timer = self.set_timer(_TAKE_INTERVAL, self._take_latest)
            return
        before = self._aspect_ratio()
        self._images, self._captions = self._latest
        if self._aspect_ratio() != before:
            self._fit_images()
        self._show_images()

    def swap(self) -> None:
        """Swap the two images; if the second is hidden, this shows it in place of the first."""
        self.views.reverse()
        self._show_images(asked=True)

    def toggle(self, wanted: Arrangement) -> None:
        """Show the images in that arrangement, or the first one alone if they are shown in it already."""
        self.arrangement = Arrangement.one if self.arrangement is wanted else wanted
        self._fit_images()
        self._show_images(asked=True)

    def move_boundary(self, fraction: float) -> None:
        """Move the boundary of the wipe by a fraction of the width."""
        if self.arrangement is Arrangement.wipe:
            self.boundary = min(1.0, max(0.0, self.boundary + fraction))
            self._show_images(asked=True)

    def toggle_pixels(self) -> bool:
        """Switch between quadrant blocks and pixels; return whether the terminal can show pixels."""
        self._uses_pixels = not self._uses_pixels
        for image in self.query(ImageView):
            image.use_pixels(self._uses_pixels)
        return self._graphics is not None

    def available_pixels(self) -> tuple[int, int]:
        """Return the largest width and height in pixels that an image is shown with."""
        sizes = [image.available_pixels() for image in self.query(ImageView) if image.display] or [(0, 0)]
        return max(width for width, _ in sizes), max(height for _, height in sizes)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Move the boundary of the wipe to the mouse, and start dragging it."""
        if self.arrangement is Arrangement.wipe:
            self.capture_mouse()
            self._drag_boundary(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Move the boundary with the mouse while it is dragged."""
        if self.app.mouse_captured is self:
            self._drag_boundary(event)

    def on_mouse_up(self) -> None:
        """Stop dragging."""
        self.release_mouse()

    def _drag_boundary(self, event: events.MouseEvent) -> None:
        image = self.query(ImageView).first()
        left, columns = image.extent()
        self.move_boundary((event.screen_x - image.region.x - left + 0.5) / columns - self.boundary)

    def _fit_images(self) -> None:
        """Choose the sizes of the images, those of two such that they are as large as possible."""
        if not self.children:  # before `compose`
            return
        width, height = self.size
        image, cell = self._aspect_ratio(), cell_ratio(self.app)
        beside = fit_cells(image, max(1, (width - 1) // 2), max(1, height - 1), cell)
        below = fit_cells(image, max(1, width), max(1, height // 2 - 1), cell)
        both = self.arrangement is Arrangement.both
        stacked = both and below[0] > beside[0]
        self.set_class(stacked, "-stacked")
        for view in self.query(ImageView):
            view.styles.width = max(1, (width - 1) // 2) if both and not stacked else "1fr"
            view.styles.height = max(1, height // 2) if stacked else "1fr"
        self.query_one("#second-image").display = both

    def _show_images(self, *, asked: bool = False) -> None:
        """Show the images; `asked` says that a key or the mouse has changed which, or how."""
        if not self.children:
            return
        first, second = self.query(ImageView)
        if self.arrangement is Arrangement.wipe and (pixels := self._wipe(first)) is not None:
            left, right = self.views
            first.show(pixels, f"{self._captions[left].partition(' · ')[0]} | {self._captions[right]}", asked=asked)
            return
        for image, view in zip([first, second], self.views, strict=True):
            if image.display:
                image.show(self._images.get(view), self._captions.get(view, self._caption), asked=asked)

    def _wipe(self, view: ImageView) -> Pixels | None:
        """Return the picture of the wipe: the same one while nothing changes; None if one of the images is missing."""
        left, right = (self._images.get(name) for name in self.views)
        if left is None or right is None:
            return None
        before = self._wiped
        if before is None or not (before[0] is left and before[1] is right and before[2] == self.boundary):
            line = max(1, round(left.shape[1] / view.extent()[1] / 2))
            accent = Color.parse(self.app.theme_variables["primary"]).rgb
            before = self._wiped = left, right, self.boundary, wipe(left, right, self.boundary, line, accent)
        return before[3]

    def _aspect_ratio(self) -> float:
        shapes = [image.shape for image in self._images.values()]
        return shapes[0][1] / shapes[0][0] if shapes else 16 / 9


def wipe(left: Pixels, right: Pixels, boundary: float, line: int, colour: tuple[int, int, int]) -> Pixels:
    """Return the left image [H, W, 3] up to a fraction of the width, and from there on the right one, which is resized.

    Between them is a line so many pixels wide.
    """
    height, width = left.shape[:2]
    if right.shape != left.shape:
        right = resize(right, width, height)
    column = round(boundary * width)
    picture = np.concatenate([left[:, :column], right[:, column:]], axis=1)
    start = min(max(0, column - line // 2), width - line)
    picture[:, start : start + line] = colour
    return picture
