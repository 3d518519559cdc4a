"""The screen after a run: what there is now, and what to do with it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from streamstyle.formatting import format_number
from streamstyle.runs.state import LogEntry
from streamstyle.tui.dialogs import HelpScreen
from streamstyle.tui.screens.result import (
    RunResult,
    display_path,
    exit_message,
    explanation,
    headline,
    next_steps,
    rows,
)
from streamstyle.tui.terminal_query import Graphics
from streamstyle.tui.widgets.figures import steadiness_text
from streamstyle.tui.widgets.image import ImagePair
from streamstyle.tui.widgets.text import ACCENT, MUTED, LogView, line

_BINDINGS = [
    Binding("question_mark,f1", "help", "Help", key_display="?", tooltip="This page"),
    Binding("q,enter,escape", "leave", "Leave", key_display="q", tooltip="Leave"),
    Binding("ctrl+c", "leave", show=False, priority=True),
    Binding("1", "copy(0)", show=False, tooltip="Copy the first of the commands"),
    Binding("2", "copy(1)", show=False, tooltip="Copy the second"),
    Binding("3", "copy(2)", show=False, tooltip="Copy the third"),
    Binding("n", "app.another", "New film", tooltip="Paint another film"),
    Binding("c", "compare", "Compare", tooltip="One picture, or two side by side"),
    Binding("x", "flip", "Flip", tooltip="Exchange the two, or flip to the other and back"),
    Binding("p", "sharpen", show=False, tooltip="True pixels, or blocks"),
    Binding("l", "journal", "Log", tooltip="Show or hide the log"),
]


class SummaryScreen(Screen[None]):
    """What came of a run."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*_BINDINGS]

    def __init__(self, result: RunResult, graphics: Graphics | None = None) -> None:
        super().__init__()
        self._graphics = graphics
        self._result = result
        self._steps = next_steps(result)

    def compose(self) -> ComposeResult:
        """Words at the left, the last picture at the right, the log below."""
        with Horizontal(id="middle"):
            with VerticalScroll(id="words", can_focus=False):
                yield Static(Content(headline(self._result)), id="title")
                for sentence in explanation(self._result):
                    yield Static(Content(sentence), classes="sentence")
                if self._result.output_path is not None:
                    yield Static(Content(display_path(self._result.output_path)), id="result")
                for lines in (_format_rows(rows(self._result)), _warping_error_lines(self._result)):
                    if lines:
                        yield Static(Content("\n").join(lines), classes="rows")
                for number, (name, command) in enumerate(self._steps, start=1):
                    yield Static(line((f"{number}  ", ACCENT), (name, MUTED)), classes="step")
                    yield Static(Content(command), classes="command")
            yield ImagePair("", id="diptych", graphics=self._graphics)
        yield LogView(id="journal")
        yield Footer()

    def on_mount(self) -> None:
        """Show the last pictures, and what was said."""
        story = self._result.state
        diptych = self.query_one(ImagePair)
        diptych.show(self._result.snapshot.pictures, story.previews.frame if story.previews else None)
        diptych.set_class(not self._result.snapshot.pictures, "empty")
        journal = self.query_one(LogView)
        journal.show(story.log)
        if self._result.exit_code not in (0, 130):
            journal.show([*story.log, *(LogEntry(text) for text in self._result.snapshot.stderr_tail)])
            journal.set_class(bool(self._result.snapshot.stderr_tail), "shown")

    def action_copy(self, number: int) -> None:
        """Copy a command to the clipboard, as far as the terminal lets us."""
        if number < len(self._steps):
            self.app.copy_to_clipboard(self._steps[number][1])
            self.notify(f"Copied: {self._steps[number][1]}")

    def action_compare(self) -> None:
        """One picture, or two."""
        self.query_one(ImagePair).toggle_compare()

    def action_flip(self) -> None:
        """Exchange the two."""
        self.query_one(ImagePair).swap()

    def action_sharpen(self) -> None:
        """Show pixels, or blocks."""
        self.query_one(ImagePair).toggle_pixels()

    def action_journal(self) -> None:
        """Show or hide the log."""
        self.query_one(LogView).toggle()

    def action_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(_BINDINGS, []))

    def action_leave(self) -> None:
        """Leave with the exit code of the run."""
        self.app.exit(return_code=self._result.exit_code, message=exit_message(self._result))


def _format_rows(rows: list[tuple[str, str]]) -> list[Content]:
    width = max((len(name) for name, _ in rows), default=0) + 2
    return [line((f"{name:<{width}}", MUTED), value) for name, value in rows]


def _warping_error_lines(past: RunResult) -> list[Content]:
    errors = past.state.status.warping_error if past.state.status else {}
    if not errors.get("per_frame") or not errors.get("output"):
        return []
    return [
        line(("warping error", MUTED)),
        *_format_rows(
            [("  frame by frame", format_number(errors["per_frame"])), ("  painted", format_number(errors["output"]))]
        ),
        line((steadiness_text(past.state), ACCENT)),
    ]
