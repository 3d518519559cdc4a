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
from streamstyle.tui.widgets.image_pair import Arrangement, ImagePair

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
    """The stylised frame, the source frame, or both, above the time line."""

    class FrameWanted(Message):
        """A preview is needed, of another frame or in another size."""

    def __init__(self, *, id: str | None = None, graphics: Graphics | None = None) -> None:
        """`graphics` is None if the terminal shows characters only."""
        super().__init__(id=id)
        self._graphics = graphics
        self._detail = False
        self._frame: Mapping[str, Any] = {}

    def compose(self) -> ComposeResult:
        """Put message and images in one place above the time line; one of them is shown."""
        with Horizontal():
            yield Static("The preview appears here once a film and a style are chosen.", id="message", markup=False)
            yield ImagePair("stylised", "source", graphics=self._graphics)
        yield Scrubber(id="scrubber")

    def on_mount(self) -> None:
        """Show the message."""
        self._show_frame(self._frame)

    def frame_request(self) -> dict[str, Any]:
        """Return time, size in pixels and crop of the preview that is needed; empty if there is no room for one."""
        width, height = self._available_pixels()
        if min(width, height) < _MIN_SIDE:
            return {}
        time = round(self.query_one(Scrubber).time, 3)
        return {"time": time, "width": width, "height": height, "detail": self._detail}

    def _available_pixels(self) -> tuple[int, int]:
        if self._frame:
            return self.query_one(ImagePair).available_pixels()
        cells = self.query_one(Horizontal).size
        return pixel_size(cells.width, max(1, cells.height - 1))

    def set_duration(self, duration: float | None) -> None:
        """Choose a time a fifth into another video: many start with black frames."""
        scrubber = self.query_one(Scrubber)
        scrubber.duration = duration or 0.0
        scrubber.time = 0.2 * scrubber.duration

    def show(self, preview: Mapping[str, Any], state: SetupState) -> None:
        """Show the result of a `preview` request; for the method ruder, too slow for one, it is the network's."""
        network = " by the network" if state.settings.get("method") == Method.ruder else ""
        position = format_duration(preview["time"]) + (" · centre at full resolution" if self._detail else "")
        draft = " · draft" if preview["draft"] else ""
        images = {view: decode_image(preview[view]) for view in ("stylised", "source")}
        self._show_frame(preview)
        self.query_one(ImagePair).show(
            {view: image for view, image in images.items() if image is not None},
            {"stylised": f"{state.style_title}{network} · {position}{draft}", "source": f"film · {position}"},
        )

    def show_message(self, text: str, *, is_error: bool = False) -> None:
        """Show a text in place of the preview."""
        message = self.query_one("#message", Static)
        message.update(text)
        message.set_class(is_error, "error")
        self._show_frame({})

    def _show_frame(self, frame: Mapping[str, Any]) -> None:
        """Show the images if there is a frame, otherwise the message."""
        self._frame = frame
        self.query_one(ImagePair).display = bool(frame)
        self.query_one("#message").display = not frame

    def action_compare(self) -> None:
        """Show one image, or two at once."""
        self._toggle(Arrangement.both)

    def action_wipe(self) -> None:
        """Show one image, or a wipe between both."""
        self._toggle(Arrangement.wipe)

    def _toggle(self, arrangement: Arrangement) -> None:
        self.query_one(ImagePair).toggle(arrangement)
        self.call_after_refresh(self.post_message, self.FrameWanted())

    def action_swap(self) -> None:
        """Swap the stylised and the source frame; with one image, show the other."""
        self.query_one(ImagePair).swap()

    def action_toggle_pixels(self) -> None:
        """Switch between quadrant blocks and pixels."""
        if not self.query_one(ImagePair).toggle_pixels():
            self.notify(NO_PIXELS)
        self.post_message(self.FrameWanted())

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
        """Show the other image; in a wipe a click moves the boundary."""
        if isinstance(event.widget, ImageView) and self.query_one(ImagePair).arrangement is not Arrangement.wipe:
            self.action_swap()
