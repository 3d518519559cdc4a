"""A frame of this very film, as it is and painted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message

from streamstyle.terminal.values import clock
from streamstyle.tui.start.easel import Refusal, picture_of
from streamstyle.tui.start.scrubber import Scrubber
from streamstyle.tui.widgets.picture import Picture

VIEWS = ("painted", "source", "both")


class PreviewPanel(Vertical):
    """One picture or two side by side, and the line to go through the film by."""

    class RoomChanged(Message):
        """Pictures of another size are wanted."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.view, self.detail = VIEWS[0], False
        self._found: Mapping[str, Any] = {}
        self._style = ""

    def compose(self) -> ComposeResult:
        """Lay the panel out."""
        with Horizontal():
            yield Picture(id="source")
            yield Picture("a film and a style, and here is what comes of them", id="painted")
        yield Scrubber(id="scrubber")

    def on_mount(self) -> None:
        """Show the first view."""
        self._lay_out()

    def question(self) -> dict[str, Any]:
        """Return what of a question for a still is known here: which moment, and how large."""
        width, height = self.query_one("#source" if self.view == "source" else "#painted", Picture).room()
        time = self.query_one(Scrubber).time
        return {"time": time, "width": max(8, width), "height": max(8, height), "detail": self.detail}

    def know_film(self, duration: float | None) -> None:
        """Begin with another film, a fifth into it: many begin black."""
        scrubber = self.query_one(Scrubber)
        scrubber.duration = duration or 0.0
        scrubber.time = 0.2 * scrubber.duration

    def show(self, found: Mapping[str, Any], style: str) -> None:
        """Show a still that was asked for."""
        self._found, self._style = found, style
        self._draw()

    def refuse(self, why: Refusal | str) -> None:
        """Say why there is none."""
        self._found = {}
        for picture in self.query(Picture):
            picture.show(None, str(why))

    def next_view(self) -> None:
        """Go to the next of the views."""
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self._lay_out()
        self._draw()
        self.call_after_refresh(self.post_message, self.RoomChanged())

    def toggle_detail(self) -> None:
        """Show the middle pixel by pixel, or all of the picture again."""
        self.detail = not self.detail
        self.post_message(self.RoomChanged())

    def on_resize(self) -> None:
        """Ask for pictures that fit."""
        self.post_message(self.RoomChanged())

    def on_click(self, event: events.Click) -> None:
        """Go to the next view."""
        if isinstance(event.widget, Picture):
            self.next_view()

    def _lay_out(self) -> None:
        self.query_one("#source").display = self.view != "painted"
        self.query_one("#painted").display = self.view != "source"

    def _draw(self) -> None:
        if not self._found:
            return
        when = clock(self._found["time"]) + (" · middle, pixel by pixel" if self.detail else "")
        draft = " · draft" if self._found["draft"] else ""
        self.query_one("#source", Picture).show(picture_of(self._found["source"]), f"the film · {when}")
        painted = f"{self._style} · {when}{draft}"
        self.query_one("#painted", Picture).show(picture_of(self._found["painted"]), painted)
