"""A few lines about a run."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

from streamstyle.runs.state import RunState
from streamstyle.tui.widgets.lines import MUTED, line

Describe = Callable[[RunState, int], list[Content]]
"""From a run, and the cells there are in a line, to the lines."""


class Panel(Widget):
    """What a function has to say of a run, under a heading; nothing at all while that is nothing."""

    def __init__(self, describe: Describe, heading: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id, classes="empty")
        self._describe = describe
        self._heading = heading
        self._story = RunState()
        self._lines: list[Content] = []

    def show(self, story: RunState) -> None:
        """Say what there is to say of the run now."""
        self._story = story
        said = self._describe(story, max(1, self.content_size.width or 30))
        if said == self._lines:
            return
        reshaped = len(said) != len(self._lines)
        self._lines = said
        self.set_class(not said, "empty")
        self.refresh(layout=reshaped)

    def on_resize(self) -> None:
        """Say it in lines of the new width."""
        self.show(self._story)

    def render(self) -> Content:
        """Return the lines under their heading."""
        heading = [line((self._heading, MUTED))] if self._heading else []
        return Content("\n").join([*heading, *self._lines])
