"""One picture large, or two side by side."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Horizontal

from streamstyle.runs.folder import VIEWS, PreviewRequest
from streamstyle.tui.graphics import Graphics
from streamstyle.tui.widgets.colours import Pixels
from streamstyle.tui.widgets.picture import ImageView

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
