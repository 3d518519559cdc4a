"""The summary screen: how the run ended, the output, and commands for what to do next."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from streamstyle.errors import EXIT_INTERRUPTED
from streamstyle.formatting import format_number
from streamstyle.runs.state import LogEntry
from streamstyle.tui.screens.help import WIPE_BINDINGS, HelpScreen
from streamstyle.tui.screens.result import (
    RunResult,
    display_path,
    exit_message,
    explanation,
    headline,
    next_steps,
    summary_rows,
)
from streamstyle.tui.terminal_query import Graphics
from streamstyle.tui.widgets.figures import stability_text
from streamstyle.tui.widgets.image_pair import Arrangement
from streamstyle.tui.widgets.key_bar import FittingKeyBar
from streamstyle.tui.widgets.text import ACCENT, MUTED, LogView, line
from streamstyle.tui.widgets.view_pair import ViewPair

_BINDINGS = [
    Binding("question_mark,f1", "help", "Help", key_display="?", tooltip="This page"),
    Binding("q,enter", "leave", "Leave", key_display="q", tooltip="Leave"),
    Binding("escape", "app.settings", "Settings", key_display="esc", tooltip="Back to the settings"),
    Binding("ctrl+c", "leave", show=False, priority=True),
    Binding("1", "copy(0)", show=False, key_display="1 … 3", tooltip="Copy a command to the clipboard"),
    Binding("2", "copy(1)", show=False),
    Binding("3", "copy(2)", show=False),
    Binding("n", "app.new_run", "New run", tooltip="Stylise another film"),
    Binding("c", "compare", "Compare", tooltip="One view, or two at once"),
    *WIPE_BINDINGS,
    Binding("x", "swap", "Swap", tooltip="Swap the two views; with one image, show the other view"),
    Binding("p", "toggle_pixels", show=False, tooltip="Pixels, or quadrant blocks"),
    Binding("l", "toggle_log", "Log", tooltip="Show or hide the log"),
]


class SummaryScreen(Screen[None]):
    """Shows the result of a run; the exit code of the app is that of the run."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*_BINDINGS]

    def __init__(self, result: RunResult, graphics: Graphics | None = None) -> None:
        super().__init__()
        self._graphics = graphics
        self._result = result
        self._steps = next_steps(result)

    def compose(self) -> ComposeResult:
        """Put the report at the left, the last previews at the right and the log below."""
        with Horizontal(id="summary-body"):
            with VerticalScroll(id="report", can_focus=False):
                yield Static(Content(headline(self._result)), id="title")
                for sentence in explanation(self._result):
                    yield Static(Content(sentence), classes="explanation")
                if self._result.output_path is not None:
                    yield Static(Content(display_path(self._result.output_path)), id="output-path")
                for lines in (_format_rows(summary_rows(self._result)), _warping_error_lines(self._result)):
                    if lines:
                        yield Static(Content("\n").join(lines), classes="rows")
                for number, (name, command) in enumerate(self._steps, start=1):
                    yield Static(line((f"{number}  ", ACCENT), (name, MUTED)), classes="step")
                    yield Static(Content(command), classes="command")
            yield ViewPair("", id="images", graphics=self._graphics)
        yield LogView(id="log")
        yield FittingKeyBar(("help", "leave", "app.settings", "app.new_run", "toggle_log", "compare"), id="key-bar")

    def on_mount(self) -> None:
        """Show the last previews and the log; for a failed run, with the end of its standard error."""
        state = self._result.state
        images = self.query_one(ViewPair)
        images.show_frame(self._result.snapshot.images, state.previews.frame if state.previews else None)
        images.set_class(not self._result.snapshot.images, "empty")
        log = self.query_one(LogView)
        log.show(state.log)
        if self._result.exit_code not in (0, EXIT_INTERRUPTED):
            log.show([*state.log, *(LogEntry(text) for text in self._result.snapshot.stderr_tail)])
            log.set_class(bool(self._result.snapshot.stderr_tail), "shown")

    def action_copy(self, number: int) -> None:
        """Copy a command to the clipboard, if the terminal allows it (OSC 52)."""
        if number < len(self._steps):
            self.app.copy_to_clipboard(self._steps[number][1])
            self.notify(f"Copied: {self._steps[number][1]}")

    def action_compare(self) -> None:
        """Show one view, or two at once."""
        self.query_one(ViewPair).toggle(Arrangement.both)

    def action_wipe(self) -> None:
        """Show one view, or a wipe between two."""
        self.query_one(ViewPair).toggle(Arrangement.wipe)

    def action_move_boundary(self, fraction: float) -> None:
        """Move the boundary of the wipe by a fraction of the width."""
        self.query_one(ViewPair).move_boundary(fraction)

    def action_swap(self) -> None:
        """Swap the two views."""
        self.query_one(ViewPair).swap()

    def action_toggle_pixels(self) -> None:
        """Show pixels, or quadrant blocks."""
        self.query_one(ViewPair).toggle_pixels()

    def action_toggle_log(self) -> None:
        """Show or hide the log."""
        self.query_one(LogView).toggle()

    def action_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(_BINDINGS, []))

    def action_leave(self) -> None:
        """Leave with the exit code of the run."""
        self.app.exit(return_code=self._result.exit_code, message=exit_message(self._result))


def _format_rows(pairs: list[tuple[str, str]]) -> list[Content]:
    width = max((len(name) for name, _ in pairs), default=0) + 2
    return [line((f"{name:<{width}}", MUTED), value) for name, value in pairs]


def _warping_error_lines(result: RunResult) -> list[Content]:
    errors = result.state.status.warping_error if result.state.status else {}
    if not errors.get("per_frame") or not errors.get("output"):
        return []
    return [
        line(("warping error", MUTED)),
        *_format_rows(
            [("  per frame", format_number(errors["per_frame"])), ("  output", format_number(errors["output"]))]
        ),
        line((stability_text(result.state), ACCENT)),
    ]
