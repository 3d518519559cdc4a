"""The screen that people spend the run in front of."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen

from streamstyle.run_folder import RunFolder
from streamstyle.tui.request import RunRequest
from streamstyle.tui.widgets.picture import Picture


class RunningScreen(Screen[None]):
    """A run: what it paints, how fast, and what can be done about it."""

    def __init__(self, subject: RunRequest | RunFolder) -> None:
        """Begin the run that is asked for, or look on at one that goes on already."""
        super().__init__()
        self._subject = subject

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Picture("waiting for the first frame")
