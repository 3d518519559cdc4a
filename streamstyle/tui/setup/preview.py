"""The preview of the start screen: a frame of the film, its stylisation, and the time line that chooses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from streamstyle.formatting import format_duration
from streamstyle.settings import Method
from streamstyle.tui.setup.client import decode_image
from streamstyle.tui.setup.state import SetupState
from streamstyle.tui.terminal_query import Graphics
from streamstyle.tui.widgets.cells import pixel_size
from streamstyle.tui.widgets.image import NO_PIXELS, ImageView

_MIN_SIDE = 4
"""Sides in pixels below which no preview is requested."""


class Scrubber(Widget, can_focus=True):
    """A time line; keys, clicks and dragging choose a time."""

    BINDINGS = [  # noqa: RUF012
        Binding("left", "move(-0.05)", "earlier", show=False),
        Binding("right", "move(0.05)", "later", show=False),
        Binding("home", "move(-1)", "beginning", show=False),
        Binding("end", "move(1)", "end", show=False),
    ]
    COMPONENT_CLASSES = {"scrubber--done", "scrubber--rest"}  # noqa: RUF012
    DEFAULT_CSS = "Scrubber { height: 1; width: 1fr; }"

    time = reactive(0.0)
    """Seconds from the start of the video."""
    duration = reactive(0.0)
    """Seconds; 0 if it is not known."""

    class Moved(Message):
        """Another time has been chosen."""

        def __init__(self, time: float) -> None:
            super().__init__()
            self.time = time

    def action_move(self, fraction: float) -> None:
        """Move by a fraction of the duration, or of a minute if that is not known."""
        self.seek(self.time + fraction * (self.duration or 60.0))

    def seek(self, time: float) -> None:
        """Choose a time in seconds; it is clamped to the video."""
        time = max(0.0, min(time, self.duration) if self.duration else time)
        if time != self.time:
            self.time = time
            self.post_message(self.Moved(time))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Choose the time under the mouse, and start dragging."""
        self.capture_mouse()
        self._seek_column(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Choose the time under the mouse while dragging."""
        if self.app.mouse_captured is self:
            self._seek_column(event.x)

    def on_mouse_up(self) -> None:
        """Stop dragging."""
        self.release_mouse()

    def _seek_column(self, column: int) -> None:
        left, width = self._line_extent()
        if self.duration:
            self.seek(self.duration * (column - left) / max(1, width - 1))

    def _line_extent(self) -> tuple[int, int]:
        """Return the column where the line starts, and its length in cells."""
        left = len(format_duration(self.duration)) + 1
        return left, max(1, self.size.width - 2 * left)

    def render(self) -> Text:
        """Return the time, the line and the duration."""
        left, width = self._line_extent()
        done = min(width, round(width * self.time / self.duration)) if self.duration else 0
        return Text.assemble(
            f"{format_duration(self.time):>{left - 1}} ",
            ("━" * done, self.get_component_rich_style("scrubber--done", partial=True)),
            ("━" * (width - done), self.get_component_rich_style("scrubber--rest", partial=True)),
            f" {format_duration(self.duration)}",
            no_wrap=True,
        )


class PreviewPanel(Vertical):
    """The stylised frame or the source frame, or both side by side, above the time line."""

    class FrameWanted(Message):
        """A preview is needed, of another frame or in another size."""

    def __init__(self, *, id: str | None = None, graphics: Graphics | None = None) -> None:
        """`graphics` is None if the terminal shows characters only."""
        super().__init__(id=id)
        self._graphics, self._uses_pixels = graphics, False
        self._first, self._compared, self._detail = "stylised", False, False
        self._frame: Mapping[str, Any] = {}
        self._style = ""

    def compose(self) -> ComposeResult:
        """Put message and images into one row above the time line; `_update_visibility` shows what applies."""
        with Horizontal():
            yield Static("The preview appears here once a film and a style are chosen.", id="message", markup=False)
            yield ImageView(id="stylised", graphics=self._graphics)
            yield ImageView(id="source", graphics=self._graphics)
        yield Scrubber(id="scrubber")

    def on_mount(self) -> None:
        """Show the message."""
        self._update_visibility()

    def frame_request(self) -> dict[str, Any]:
        """Return time, size in pixels and crop of the preview that is needed; empty if there is no room for one."""
        width, height = self._available_pixels()
        if min(width, height) < _MIN_SIDE:
            return {}
        time = round(self.query_one(Scrubber).time, 3)
        return {"time": time, "width": width, "height": height, "detail": self._detail}

    def _available_pixels(self) -> tuple[int, int]:
        image = self.query_one(f"#{self._first}", ImageView)
        if image.display:
            return image.available_pixels()
        cells = self.query_one(Horizontal).size
        return pixel_size(cells.width // (1 + self._compared), max(1, cells.height - 1))

    def set_duration(self, duration: float | None) -> None:
        """Choose a time a fifth into another video: many start with black frames."""
        scrubber = self.query_one(Scrubber)
        scrubber.duration = duration or 0.0
        scrubber.time = 0.2 * scrubber.duration

    def show(self, preview: Mapping[str, Any], state: SetupState) -> None:
        """Show the result of a `preview` request; for the method ruder, too slow for one, it is the network's."""
        network = " by the network" if state.settings.get("method") == Method.ruder else ""
        self._frame, self._style = preview, f"{state.style_title}{network}"
        self._update_visibility()
        self._show_images()

    def show_message(self, text: str, *, is_error: bool = False) -> None:
        """Show a text in place of the preview."""
        self._frame = {}
        message = self.query_one("#message", Static)
        message.update(text)
        message.set_class(is_error, "error")
        self._update_visibility()

    def action_compare(self) -> None:
        """Show one image, or two side by side."""
        self._compared = not self._compared
        self._update_visibility()
        self.call_after_refresh(self.post_message, self.FrameWanted())

    def action_swap(self) -> None:
        """Swap the stylised and the source frame; with one image, show the other."""
        self._first = "source" if self._first == "stylised" else "stylised"
        self._update_visibility()

    def action_toggle_pixels(self) -> None:
        """Switch between quadrant blocks and pixels."""
        self._uses_pixels = not self._uses_pixels
        for image in self.query(ImageView):
            image.use_pixels(self._uses_pixels)
        self.post_message(self.FrameWanted())
        if self._graphics is None:
            self.notify(NO_PIXELS)

    def action_detail(self) -> None:
        """Switch between the whole frame and its centre at full resolution."""
        self._detail = not self._detail
        self.post_message(self.FrameWanted())

    def action_scrub(self, fraction: float) -> None:
        """Move by a fraction of the duration."""
        self.query_one(Scrubber).action_move(fraction)

    def action_step(self, seconds: float) -> None:
        """Move by seconds."""
        scrubber = self.query_one(Scrubber)
        scrubber.seek(scrubber.time + seconds)

    @on(Scrubber.Moved)
    def _request_frame(self) -> None:
        self.post_message(self.FrameWanted())

    def on_resize(self) -> None:
        """Request a preview that fits."""
        self.post_message(self.FrameWanted())

    def on_click(self, event: events.Click) -> None:
        """Show the other image."""
        if isinstance(event.widget, ImageView):
            self.action_swap()

    def _update_visibility(self) -> None:
        for image in self.query(ImageView):
            image.display = bool(self._frame) and (self._compared or image.id == self._first)
        self.query_one("#message").display = not self._frame
        row = self.query_one(Horizontal)
        if self._compared and row.query(ImageView).first().id != self._first:
            row.move_child(self.query_one(f"#{self._first}"), before=0)
        self.set_class(self._compared, "-compared")

    def _show_images(self) -> None:
        if not self._frame:
            return
        position = format_duration(self._frame["time"]) + (" · centre at full resolution" if self._detail else "")
        draft = " · draft" if self._frame["draft"] else ""
        self.query_one("#source", ImageView).show(decode_image(self._frame["source"]), f"film · {position}")
        caption = f"{self._style} · {position}{draft}"
        self.query_one("#stylised", ImageView).show(decode_image(self._frame["stylised"]), caption)
