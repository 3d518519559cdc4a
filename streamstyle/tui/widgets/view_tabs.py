"""The views of a frame with their keys, in a row above the image."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from streamstyle.runs.folder import VIEWS
from streamstyle.tui.widgets.text import ACCENT, MUTED, line
from streamstyle.tui.widgets.view_pair import VIEW_TITLES

_SHORT_TITLES = {"output": "out", "per_frame": "frame", "flow": "flow", "weight": "weight"}
"""Titles on a narrow screen."""


class ViewTabs(Widget):
    """Shows the views, those that are shown in the accent colour; a click chooses one."""

    DEFAULT_CSS = "ViewTabs { height: 1; }"

    class Chosen(Message):
        """A view has been chosen."""

        def __init__(self, view: str) -> None:
            super().__init__()
            self.view = view

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown: Sequence[str] = ()

    def show(self, views: Sequence[str]) -> None:
        """Highlight the views that are shown."""
        if tuple(views) != self._shown:
            self._shown = tuple(views)
            self.refresh()

    def render(self) -> Content:
        """Return the row."""
        tabs = [
            line((f"{number} ", MUTED), (title, f"bold {ACCENT}" if view in self._shown else MUTED))
            for number, (view, title) in enumerate(self._titles().items(), start=1)
        ]
        return Content("  " if self._is_wide() else " ").join(tabs)

    def on_click(self, event: events.Click) -> None:
        """Choose the view under the mouse."""
        column = 0
        for view, title in self._titles().items():
            column += 2 + len(title) + (2 if self._is_wide() else 1)
            if event.x < column:
                self.post_message(self.Chosen(view))
                return

    def _titles(self) -> dict[str, str]:
        return {
            view: VIEW_TITLES[view] if self._is_wide() else _SHORT_TITLES.get(view, VIEW_TITLES[view]) for view in VIEWS
        }

    def _is_wide(self) -> bool:
        return self.size.width >= sum(len(title) + 4 for title in VIEW_TITLES.values())
