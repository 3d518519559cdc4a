"""The terminal UI as a whole: which screen comes after which, and what the process ends with."""

from __future__ import annotations

from pathlib import Path

from textual.app import App
from textual.theme import Theme

from streamstyle.run_folder import RunFolder
from streamstyle.tui.request import RunRequest
from streamstyle.tui.running import RunningScreen

_DARK = Theme(
    name="streamstyle",
    primary="#e8a33d",
    secondary="#8a94a6",
    accent="#e8a33d",
    warning="#d9b44a",
    error="#d9655b",
    success="#7fae72",
    foreground="#d5d7db",
    background="#121316",
    surface="#17191d",
    panel="#1f2227",
    dark=True,
)
_LIGHT = Theme(
    name="streamstyle-light",
    primary="#a8640a",
    secondary="#6b7280",
    accent="#a8640a",
    warning="#8a6a00",
    error="#b3372c",
    success="#3f7a34",
    foreground="#23262b",
    background="#faf9f6",
    surface="#f2f0eb",
    panel="#e7e4dc",
    dark=False,
)


class StreamstyleApp(App[int]):
    """Shows a run that is asked for, a run that goes on already, or the screen where one is asked for.

    The run's exit code is the app's result.
    """

    TITLE = "streamstyle"
    CSS_PATH = "streamstyle.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-short"), (34, "-tall"), (50, "-high")]  # noqa: RUF012

    def __init__(self, subject: RunRequest | RunFolder | None = None, film: Path | None = None) -> None:
        """`subject` is what to show; with None the start screen asks, about `film` if one is given."""
        super().__init__()
        self._subject = subject
        self._film = film
        for theme in (_DARK, _LIGHT):
            self.register_theme(theme)
        self.theme = _DARK.name

    def on_mount(self) -> None:
        """Show the first screen."""
        if self._subject is None:
            self._ask(self._film)
        else:
            self.push_screen(RunningScreen(self._subject))

    def _ask(self, film: Path | None) -> None:
        from streamstyle.tui.start.screen import StartScreen

        self.push_screen(StartScreen(film), self._answered)

    def _answered(self, request: RunRequest | None) -> None:
        if request is None:
            self.exit(0)
        else:
            self.push_screen(RunningScreen(request))
