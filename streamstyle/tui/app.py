"""The app of the terminal UI: its themes, the order of its screens, and its exit code."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.driver import Driver
from textual.screen import ModalScreen, Screen
from textual.theme import Theme

from streamstyle.errors import OutputError
from streamstyle.runs.folder import RunFolder
from streamstyle.runs.launcher import PROGRAM, RunRequest
from streamstyle.tui.output_pace import REQUEST, OutputPace
from streamstyle.tui.screens.run import RunScreen
from streamstyle.tui.screens.summary import SummaryScreen
from streamstyle.tui.terminal_driver import without_repetitions
from streamstyle.tui.terminal_query import TerminalInfo, cell_size_from_system
from streamstyle.tui.terminal_watch import DESCRIPTOR, EXIT_HANGUP, end_without_terminal
from streamstyle.tui.widgets.image import ImageView

if TYPE_CHECKING:
    from streamstyle.tui.setup.screen import SetupScreen
    from streamstyle.tui.setup.state import SetupState

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


_WIDTHS = [(0, "-tiny"), (60, "-narrow"), (100, "-normal"), (160, "-wide")]
_HEIGHTS = [(0, "-low"), (20, "-short"), (34, "-tall"), (50, "-high")]
"""Widths and heights in cells from which a screen has a class."""

_FONT_INTERVAL = 2.0
"""Seconds between two looks at the size of the terminal's cells."""

_SETTLING_SECONDS = 0.15
"""Time in which a screen that opens becomes complete."""


class StreamstyleApp(App[int]):
    """Starts and shows a run, shows a run that exists, or asks for one on the start screen.

    The exit code of the app is that of the run; 0 if the run is left running.
    """

    TITLE = "streamstyle"
    CSS_PATH = "streamstyle.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", show=False, tooltip="Back to the shell; fg returns"),
        Binding("ctrl+c", "close_palette", show=False, priority=True),
    ]
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS

    def __init__(
        self,
        subject: RunRequest | RunFolder | None = None,
        video: Path | None = None,
        program: Sequence[str] = PROGRAM,
        terminal: TerminalInfo | None = None,
        initial: SetupState | None = None,
    ) -> None:
        """`subject` is the run to start or to show; with None the start screen opens, with `video` if one is given.

        `program` is the command that runs a run, `terminal` what is known about the terminal, and `initial` has the
        choices that the start screen begins with.
        """
        super().__init__()
        self._subject = subject
        self._video = video
        self._program = program
        self._terminal = terminal = terminal or TerminalInfo()
        self._initial = initial
        self.pace: OutputPace | None = None
        """Of images; None without a terminal."""
        for theme in (_DARK, _LIGHT):
            self.register_theme(theme)
        self.theme = (_LIGHT if terminal.light else _DARK).name

    def on_mount(self) -> None:
        """Show the first screen."""
        self._handle_signals()
        self.set_interval(_FONT_INTERVAL, self._follow_font)
        if not self.is_headless:
            self.pace = OutputPace(self._request_answer)
            self.screen_change_signal.subscribe(self, self._draw_once, immediate=True)
            end_without_terminal(partial(self.call_from_thread, self.exit, return_code=EXIT_HANGUP))
        if self._subject is None:
            self._show_setup(self._video)
        else:
            self._show_run(self._subject)

    def on_cursor_position(self) -> None:
        """Send more of the images: the terminal has answered that the last part has arrived."""
        if self.pace is not None:
            self.pace.answered()
        for image in sorted(self.screen.query(ImageView), key=lambda image: image.sent_at):
            image.send_more()

    def get_driver_class(self) -> type[Driver]:
        """Return Textual's driver, without updates that change nothing."""
        return without_repetitions(super().get_driver_class())

    @property
    def cell_ratio(self) -> float:
        """How many times as high as wide the cells of the terminal are."""
        return self._terminal.cell_ratio

    def on_resize(self) -> None:
        """Draw everything anew, even if the terminal has had another size for a moment only."""
        if (forget_screen := getattr(self._driver, "forget_screen", None)) is not None:
            forget_screen()

    def _follow_font(self) -> None:
        """Draw everything anew if the font of the terminal has changed, which nothing tells of."""
        before = self._terminal
        with suppress(ImportError, OSError, ValueError):
            self._terminal = before.with_cells(cell_size_from_system(DESCRIPTOR))
        if self._terminal != before:
            for screen in self.screen_stack:
                for image in screen.query(ImageView):
                    image.use_graphics(self._terminal.graphics)
            self.on_resize()
            self.screen.refresh()

    def _request_answer(self) -> None:
        """Ask the terminal to answer when everything up to here has arrived."""
        if self._driver is not None:
            self._driver.write(REQUEST)

    def _draw_once(self, _: Screen[object]) -> None:
        """On a thin line draw a screen that opens or closes once it is complete; Textual draws it two to four times."""
        if self.pace is not None and self.pace.is_thin:
            self.pace.hold(_SETTLING_SECONDS)
            self.delay_update(_SETTLING_SECONDS)

    async def action_quit(self) -> None:
        """Leave as the screen does, which may ask whether its run stops."""
        if isinstance(self.screen, RunScreen | SummaryScreen):
            self.screen.action_leave()
        elif not isinstance(self.screen, ModalScreen):
            self.exit(return_code=0)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave Ctrl-C to the screens, except for the command palette, which is Textual's own."""
        return isinstance(self.screen, CommandPalette) if action == "close_palette" else True

    def action_close_palette(self) -> None:
        """Close the command palette, where Ctrl-C would otherwise copy."""
        self.screen.dismiss()

    def action_new_run(self) -> None:
        """Open a new start screen."""
        self.pop_screen()
        if self._setup_below() is not None:
            self.pop_screen()
        self._show_setup(None)

    def action_settings(self) -> None:
        """Return to the start screen and its choices; open one for the same film if the run was not started there."""
        self.pop_screen()
        if (setup := self._setup_below()) is not None:
            setup.resume()
        else:
            self._show_setup(self._video)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer the actions of the screen's keys in the command palette, and Textual's own."""
        active = [each for each in screen.active_bindings.values() if each.node is screen and each.enabled]
        bindings = {each.tooltip: each.binding for each in active}
        for tooltip, binding in bindings.items():
            if tooltip:
                yield SystemCommand(
                    tooltip, f"Key {self.get_key_display(binding)}", partial(screen.run_action, binding.action)
                )
        yield from super().get_system_commands(screen)

    def notify(self, message: str, *, markup: bool = True, **options: Any) -> None:
        """Show a notification, never parsed as markup: messages contain names of files."""
        super().notify(message, **options, markup=False)

    def deliver_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str | None:
        """Save the screen as an SVG in the current folder; the command palette offers it."""
        name = filename or time.strftime("streamstyle-%Y%m%d-%H%M%S.svg")
        target = Path(path or ".") / name
        try:
            target.write_text(self.export_screenshot(), encoding="utf-8")
        except OSError as error:
            self.notify(f"{target} cannot be written ({error.strerror}).", severity="error")
            return None
        self.notify(f"Saved the screen as {target}")
        return str(target)

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """Return the screen as an SVG; never simplified, which would leave out the rows of images."""
        return super().export_screenshot(title=title)

    def _handle_signals(self) -> None:
        """Exit cleanly when the terminal is closed: the run continues, even if it was paused."""
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop = asyncio.get_running_loop()
            for number in (signal.SIGHUP, signal.SIGTERM):
                loop.add_signal_handler(number, partial(self.exit, return_code=128 + number))

    def _show_setup(self, video: Path | None) -> None:
        from streamstyle.tui.setup.screen import SetupScreen

        self.push_screen(SetupScreen(video, self._terminal.graphics, initial=self._initial), self._on_setup_closed)

    def on_setup_screen_run_chosen(self, message: SetupScreen.RunChosen) -> None:
        """Show the run above the start screen."""
        self._show_run(message.request)

    def _on_setup_closed(self, _: None) -> None:
        self.exit(0)

    def _setup_below(self) -> SetupScreen | None:
        """Return the start screen that is shown now that the screen above it has closed; None if there is none."""
        from streamstyle.tui.setup.screen import SetupScreen

        return self.screen if isinstance(self.screen, SetupScreen) else None

    def _show_run(self, subject: RunRequest | RunFolder) -> None:
        if isinstance(subject, RunRequest):
            self._video = subject.video
        returns = subject is not self._subject
        self.push_screen(
            RunScreen(subject, self._program, self._terminal.graphics, returns=returns), self._on_run_cancelled
        )

    def _on_run_cancelled(self, problem: str | None) -> None:
        """Return to the start screen if the run was requested there; otherwise exit."""
        if (setup := self._setup_below()) is not None:
            setup.resume(problem or "")
        elif isinstance(self._subject, RunRequest):
            self.exit(return_code=OutputError.exit_code, message=f"{self._subject.output} was not changed.")
