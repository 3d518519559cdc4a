"""A line that stands for a film, and the moment of it that is looked at."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from streamstyle.formatting import format_duration


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
