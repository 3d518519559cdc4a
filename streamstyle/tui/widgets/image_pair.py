"""A pair of views of one frame: the first alone, or both side by side."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Horizontal

from streamstyle.runs.folder import VIEWS, PreviewRequest
from streamstyle.tui.terminal_query import Graphics
from streamstyle.tui.widgets.cells import Pixels
from streamstyle.tui.widgets.image import ImageView

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
