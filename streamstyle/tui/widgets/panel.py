"""A few lines about a run."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

from streamstyle.runs.state import RunState
from streamstyle.tui.widgets.lines import MUTED, line

DescribeRun = Callable[[RunState, int], list[Content]]
"""From a run, and the cells there are in a line, to the lines."""


class StatsPanel(Widget):
    """What a function has to say of a run, under a heading; nothing at all while that is nothing."""

    def __init__(self, describe: DescribeRun, heading: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id, classes="empty")
        self._describe = describe
        self._heading = heading
        self._run_state = RunState()
        self._content_lines: list[Content] = []

    def show(self, story: RunState) -> None:
        """Say what there is to say of the run now."""
        self._run_state = story
        said = self._describe(story, max(1, self.content_size.width or 30))
        if said == self._content_lines:
            return
        reshaped = len(said) != len(self._content_lines)
        self._content_lines = said
        self.set_class(not said, "empty")
        self.refresh(layout=reshaped)

    def on_resize(self) -> None:
        """Say it in lines of the new width."""
        self.show(self._run_state)

    def render(self) -> Content:
        """Return the lines under their heading."""
        heading = [line((self._heading, MUTED))] if self._heading else []
        return Content("\n").join([*heading, *self._content_lines])
