"""The views of a run's frame: which two of them are shown, and the previews to ask for."""

from __future__ import annotations

from collections.abc import Mapping

from streamstyle.runs.folder import VIEWS, PreviewRequest
from streamstyle.tui.terminal_query import Graphics
from streamstyle.tui.widgets.cells import Pixels
from streamstyle.tui.widgets.image_pair import Arrangement, ImagePair

VIEW_TITLES = {
    "output": "output",
    "source": "film",
    "per_frame": "per frame",
    "flow": "optical flow",
    "weight": "consistency weight",
}
"""Captions of the views."""


class ViewPair(ImagePair):
    """Two views of a frame of a run."""

    def __init__(self, placeholder: str, *, id: str | None = None, graphics: Graphics | None = None) -> None:
        """`placeholder` is shown before the first image; `graphics` is None if the terminal shows characters only."""
        super().__init__("output", "source", placeholder, id=id, graphics=graphics)

    def show_frame(self, images: Mapping[str, Pixels], frame: int | None, placeholder: str = "") -> None:
        """Show the previews of a frame, [H, W, 3] RGB by view, or a placeholder while there are none."""
        captions = dict.fromkeys(VIEWS, placeholder)
        if images:
            captions = {view: f"{title}: comes with the next frame" for view, title in VIEW_TITLES.items()}
            captions |= {view: f"{VIEW_TITLES[view]} · frame {frame}" for view in images}
        self.show(images, captions)

    def show_view(self, view: str) -> None:
        """Show a view first; if it was the second one, swap the two."""
        if view == self.views[1]:
            self.views.reverse()
        self.views[0] = view
        self._show_images(asked=True)

    def cycle_view(self, side: int, step: int) -> None:
        """Show the next view, or with a step of -1 the previous one, as the first (side 0) or second (side 1)."""
        others = [view for view in VIEWS if view != self.views[1 - side] or not self.compared]
        current = others.index(self.views[side]) if self.views[side] in others else 0
        self.views[side] = others[(current + step) % len(others)]
        self._show_images(asked=True)

    def toggle(self, wanted: Arrangement) -> None:
        """Show the views in that arrangement, or the first one alone; two that are compared differ."""
        if self.views[0] == self.views[1]:
            self.views[1] = "source" if self.views[0] != "source" else "output"
        super().toggle(wanted)

    def preview_request(self) -> PreviewRequest:
        """Return the request for both views, the hidden one included, so that `swap` shows it at once."""
        return PreviewRequest(tuple(dict.fromkeys(self.views)), *self.available_pixels())
