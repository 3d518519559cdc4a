"""Questions with a few answers: whether a run stops, and what happens to an output that exists."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from streamstyle.output_template import escape
from streamstyle.runs.launcher import RunProcess, RunRequest, create_run_folder, start_run
from streamstyle.runs.state import RunState
from streamstyle.tui.widgets.text import ACCENT, line

STOP, BACKGROUND, STAY, ABORT = "stop", "background", "stay", "abort"
"""Answers of `leave_dialog`, `stop_dialog` and `stopping_dialog`."""

REPLACE, RESUME, RESTART, OTHER_NAME, CANCEL = "replace", "resume", "restart", "other_name", "cancel"
"""Answers of `replace_dialog` and `restart_dialog`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers."""

    key: str
    """The key that chooses it."""
    name: str
    """The result of the dialog."""
    text: str


class ChoiceDialog(ModalScreen[str]):
    """Asks a question; the result is the name of the answer, empty if none was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss('')", "Back"),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
    ]

    def __init__(self, title: str, text: str, choices: Sequence[Choice], *, on_interrupt: str = "") -> None:
        """`on_interrupt` is the result when Ctrl-C is pressed."""
        super().__init__()
        self._title = title
        self._text = text
        self._choices = choices
        self._on_interrupt = on_interrupt

    def compose(self) -> ComposeResult:
        """List the answers below the question; the first one is highlighted."""
        with Vertical(id="box"):
            yield Static(Content(self._title), id="title")
            yield Static(Content(self._text), id="text")
            yield OptionList(
                *[Option(line((f"{choice.key}  ", ACCENT), choice.text), id=choice.name) for choice in self._choices]
            )

    def on_key(self, event: Key) -> None:
        """Choose the answer with this key."""
        for choice in self._choices:
            if event.key == choice.key:
                event.stop()
                self.dismiss(choice.name)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose the highlighted answer."""
        self.dismiss(event.option_id or "")

    def action_interrupt(self) -> None:
        """Choose the answer for Ctrl-C."""
        self.dismiss(self._on_interrupt)


Ask = Callable[[ChoiceDialog], Awaitable[str]]
"""Shows a dialog and returns its result."""


def leave_dialog(state: RunState) -> ChoiceDialog:
    """Ask whether a run is to stop when its owner leaves."""
    text = (
        f"{_frames_done(state)} Stopping finishes the current frame and leaves a playable partial file; "
        "the same command resumes it."
    )
    choices = [
        Choice("b", BACKGROUND, "run in the background; `streamstyle tui --attach` shows it again"),
        Choice("e", STOP, "stop, and keep the partial output"),
        Choice("r", STAY, "stay"),
    ]
    return ChoiceDialog("Leave?", text, choices, on_interrupt=STOP)


def stop_dialog(state: RunState) -> ChoiceDialog:
    """Ask whether a run is to stop."""
    text = f"{_frames_done(state)} They are kept in a playable partial file; the same command resumes it."
    choices = [Choice("r", STAY, "continue"), Choice("e", STOP, "stop, and keep the partial output")]
    return ChoiceDialog("Stop here?", text, choices, on_interrupt=STOP)


def stopping_dialog() -> ChoiceDialog:
    """Ask how to leave a run that is stopping but has not finished its frame."""
    text = "The run is stopping: it finishes the current frame and closes the output."
    choices = [
        Choice("r", STAY, "wait for it"),
        Choice("b", BACKGROUND, "leave; it stops by itself"),
        Choice("a", ABORT, "abort at once; the output may lack its last seconds"),
    ]
    return ChoiceDialog("Still stopping", text, choices, on_interrupt=BACKGROUND)


def replace_dialog(output: Path, other: Path) -> ChoiceDialog:
    """Ask whether an output that exists is to be replaced, or `other` written instead."""
    choices = [
        Choice("k", OTHER_NAME, f"keep it, and write {other.name}"),
        Choice("o", REPLACE, "replace it, once the new one is complete"),
        Choice("c", CANCEL, "cancel"),
    ]
    return ChoiceDialog("The output exists", f"{output} exists.", choices, on_interrupt=CANCEL)


def restart_dialog(problem: str, other: Path, resumable: bool) -> ChoiceDialog:
    """Ask about a partial output of other settings; `resumable` says whether these are known."""
    choices = [
        *([Choice("r", RESUME, "resume it with the settings that it was begun with")] if resumable else []),
        Choice("k", OTHER_NAME, f"keep it, to be resumed later, and write {other.name}"),
        Choice("a", RESTART, "restart; the partial output is lost"),
        Choice("c", CANCEL, "cancel"),
    ]
    return ChoiceDialog("A partial output has other settings", f"{problem}.", choices, on_interrupt=CANCEL)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a run writes, and what it may replace there."""

    path: Path
    replace: bool = False
    """Whether an existing output is replaced."""
    restart: bool = False
    """Whether a partial output of other settings is discarded."""
    arguments: tuple[str, ...] = ()
    """Arguments of the run that is resumed instead; empty if none is."""


async def choose_target(
    output: Path, ask: Ask, exists: bool, conflict: str = "", earlier: tuple[str, ...] = ()
) -> Target | None:
    """Ask about each file that a run would replace; return None if the answer is to cancel.

    `exists` says whether the output exists, `conflict` why its partial output cannot be resumed (empty if it can), and
    `earlier` are the arguments of the run that began it, if they are known.
    """
    other = unused_path(output)
    if exists and (answer := await ask(replace_dialog(output, other))) != REPLACE:
        return Target(other) if answer == OTHER_NAME else None
    if conflict and (answer := await ask(restart_dialog(conflict, other, bool(earlier)))) != RESTART:
        if answer == RESUME:
            return Target(output, exists, arguments=(*earlier, *(["-y"] if exists and "-y" not in earlier else [])))
        return Target(other) if answer == OTHER_NAME else None
    return Target(output, exists, bool(conflict))


def unused_path(output: Path) -> Path:
    """Return the first of `film.wave-2.mkv`, `film.wave-3.mkv`, … that does not exist."""
    number = 2
    while (path := output.with_name(f"{output.stem}-{number}{output.suffix}")).exists():
        number += 1
    return path


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A run that has been started."""

    request: RunRequest
    """The request, with the output that was chosen."""
    process: RunProcess
    warning: str
    """What is wrong but does not prevent the run; empty if nothing is."""


async def confirm_and_start(request: RunRequest, program: Sequence[str], ask: Ask) -> StartedRun | None:
    """Start a run; if its output exists, ask first, and return None if the answer is to cancel.

    Raises OSError if the process cannot be started.
    """
    if request.output.exists() and not request.overwrites:
        target = await choose_target(request.output, ask, exists=True)
        if target is None:
            return None
        options = ("--yes",) if target.replace else ("-o", escape(target.path))
        request = replace(request, arguments=(*request.arguments, *options), output=target.path)
    folder, warning = await asyncio.to_thread(create_run_folder, request)
    return StartedRun(request, await asyncio.to_thread(start_run, request, folder, program), warning)


def background_message(run: str) -> str:
    """Return what the terminal UI prints when it leaves a run, given by its name, in the background."""
    return (
        "The run continues in the background.\n"
        f"  to watch it:  streamstyle tui --attach {run}\n"
        f"  to stop it:   streamstyle stop {run}"
    )


def _frames_done(state: RunState) -> str:
    done, total = state.frames_done, f" of {state.frames}" if state.frames else ""
    return f"1{total} frame is done." if done == 1 else f"{done}{total} frames are done."
