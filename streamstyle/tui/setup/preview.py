"""A line that stands for a film, and the moment of it that is looked at."""

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
from streamstyle.tui.widgets.cells import colour_depth, pixel_size
from streamstyle.tui.widgets.image import ImageView


class Scrubber(Widget, can_focus=True):
    """Goes through a film by keys, a click or dragging."""

    BINDINGS = [  # noqa: RUF012
        Binding("left", "move(-0.05)", "earlier", show=False),
        Binding("right", "move(0.05)", "later", show=False),
        Binding("home", "move(-1)", "beginning", show=False),
        Binding("end", "move(1)", "end", show=False),
    ]
    COMPONENT_CLASSES = {"scrubber--past", "scrubber--rest"}  # noqa: RUF012
    DEFAULT_CSS = "Scrubber { height: 1; width: 1fr; }"

    time = reactive(0.0)
    """Seconds into the film."""
    duration = reactive(0.0)
    """Seconds; 0 for a film that does not say."""

    class Moved(Message):
        """Another moment is to be looked at."""

        def __init__(self, time: float) -> None:
            super().__init__()
            self.time = time

    def action_move(self, share: float) -> None:
        """Go on by a share of the film, or back."""
        self.seek(self.time + share * (self.duration or 60.0))

    def seek(self, time: float) -> None:
        """Go to a moment, or to the end of the film that is nearer."""
        time = max(0.0, min(time, self.duration) if self.duration else time)
        if time != self.time:
            self.time = time
            self.post_message(self.Moved(time))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go where the mouse is, and with it."""
        self.capture_mouse()
        self._seek_column(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse."""
        if self.app.mouse_captured is self:
            self._seek_column(event.x)

    def on_mouse_up(self) -> None:
        """Let the mouse go."""
        self.release_mouse()

    def _seek_column(self, column: int) -> None:
        left, width = self._line_extent()
        if self.duration:
            self.seek(self.duration * (column - left) / max(1, width - 1))

    def _line_extent(self) -> tuple[int, int]:
        """Return the column in which the line begins, and its length."""
        left = len(format_duration(self.duration)) + 1
        return left, max(1, self.size.width - 2 * left)

    def render(self) -> Text:
        """Return the moment, the line and the length of the film."""
        left, width = self._line_extent()
        past = min(width, round(width * self.time / self.duration)) if self.duration else 0
        return Text.assemble(
            f"{format_duration(self.time):>{left - 1}} ",
            ("━" * past, self.get_component_rich_style("scrubber--past", partial=True)),
            ("━" * (width - past), self.get_component_rich_style("scrubber--rest", partial=True)),
            f" {format_duration(self.duration)}",
            no_wrap=True,
        )


_MIN_SIDE = 4
"""Pixels of a side below which nothing could be seen."""


class PreviewPanel(Vertical):
    """One picture or two side by side, and the line to go through the film by."""

    class FrameWanted(Message):
        """Another frame is to be previewed, or the same in another size."""

    def __init__(self, *, id: str | None = None, graphics: Graphics | None = None) -> None:
        """`graphics` is what the terminal can show beside characters."""
        super().__init__(id=id)
        self._graphics, self._sharp = graphics, False
        self._first, self._compared, self._detail = "painted", False, False
        self._frame: Mapping[str, Any] = {}
        self._style = ""

    def compose(self) -> ComposeResult:
        """Lay the panel out."""
        with Horizontal():
            yield Static("A film and a style, and here is what comes of them.", id="words", markup=False)
            yield ImageView(id="painted", graphics=self._graphics)
            yield ImageView(id="source", graphics=self._graphics)
        yield Scrubber(id="scrubber")

    def on_mount(self) -> None:
        """Show one picture."""
        self._update_layout_classes()

    def frame_request(self) -> dict[str, Any]:
        """Return what of a question for a still is known here: when, and how large; empty where there is no room."""
        width, height = self._available_pixels()
        if min(width, height) < _MIN_SIDE:
            return {}
        time = round(self.query_one(Scrubber).time, 3)
        return {"time": time, "width": width, "height": height, "detail": self._detail}

    def _available_pixels(self) -> tuple[int, int]:
        picture = self.query_one(f"#{self._first}", ImageView)
        if picture.display:
            return picture.available_pixels()
        cells = self.query_one(Horizontal).size
        return pixel_size(cells.width // (1 + self._compared), max(1, cells.height - 1), colour_depth(self.app))

    def set_duration(self, duration: float | None) -> None:
        """Begin with another film, a fifth into it: many begin black."""
        scrubber = self.query_one(Scrubber)
        scrubber.duration = duration or 0.0
        scrubber.time = 0.2 * scrubber.duration

    def show(self, found: Mapping[str, Any], choices: SetupState) -> None:
        """Show a still that was asked for; of the method ruder nothing so quick can be shown."""
        network = " by the network" if choices.settings.get("method") == Method.ruder else ""
        self._frame, self._style = found, f"{choices.style_title}{network}"
        self._update_layout_classes()
        self._show_images()

    def show_message(self, words: str, *, refused: bool = False) -> None:
        """Say why there is no picture."""
        self._frame = {}
        said = self.query_one("#words", Static)
        said.update(words)
        said.set_class(refused, "refusal")
        self._update_layout_classes()

    def action_compare(self) -> None:
        """Show one picture, or two side by side."""
        self._compared = not self._compared
        self._update_layout_classes()
        self.call_after_refresh(self.post_message, self.FrameWanted())

    def action_flip(self) -> None:
        """Exchange the painting and the film."""
        self._first = "source" if self._first == "painted" else "painted"
        self._update_layout_classes()

    def action_sharpen(self) -> None:
        """Show pixels in place of half blocks, or these again."""
        self._sharp = not self._sharp
        for picture in self.query(ImageView):
            picture.use_pixels(self._sharp)
        self.post_message(self.FrameWanted())
        if self._graphics is None:
            self.notify("This terminal can show blocks alone; it knows neither sixels nor kitty's protocol.")

    def action_detail(self) -> None:
        """Show the middle pixel by pixel, or all of the picture again."""
        self._detail = not self._detail
        self.post_message(self.FrameWanted())

    def action_scrub(self, share: float) -> None:
        """Move by a share of the film's length."""
        self.query_one(Scrubber).action_move(share)

    def action_step(self, seconds: float) -> None:
        """Move by seconds."""
        scrubber = self.query_one(Scrubber)
        scrubber.seek(scrubber.time + seconds)

    @on(Scrubber.Moved)
    def _request_frame(self) -> None:
        self.post_message(self.FrameWanted())

    def on_resize(self) -> None:
        """Ask for pictures that fit."""
        self.post_message(self.FrameWanted())

    def on_click(self, event: events.Click) -> None:
        """Flip to the other picture."""
        if isinstance(event.widget, ImageView):
            self.action_flip()

    def _update_layout_classes(self) -> None:
        for picture in self.query(ImageView):
            picture.display = bool(self._frame) and (self._compared or picture.id == self._first)
        self.query_one("#words").display = not self._frame
        pair = self.query_one(Horizontal)
        if self._compared and pair.query(ImageView).first().id != self._first:  # alone it has no place to change
            pair.move_child(self.query_one(f"#{self._first}"), before=0)
        self.set_class(self._compared, "-compared")

    def _show_images(self) -> None:
        if not self._frame:
            return
        when = format_duration(self._frame["time"]) + (" · middle, pixel by pixel" if self._detail else "")
        draft = " · draft" if self._frame["draft"] else ""
        self.query_one("#source", ImageView).show(decode_image(self._frame["source"]), f"the film · {when}")
        painted = f"{self._style} · {when}{draft}"
        self.query_one("#painted", ImageView).show(decode_image(self._frame["stylised"]), painted)
