"""A question that has to be answered before anything else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from streamstyle.runs.folder import VIEWS
from streamstyle.runs.launcher import RunProcess, RunRequest, create_run_folder, start_run
from streamstyle.runs.state import RunState
from streamstyle.tui.widgets.text import ACCENT, MUTED, line


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers to choose from."""

    key: str
    """Which chooses it, too."""
    name: str
    """What the question is answered with."""
    text: str


class ChoiceDialog(ModalScreen[str]):
    """Asks, and ends with the name of the answer; with an empty one where it was left unanswered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss('')", "Back"),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
    ]

    def __init__(self, title: str, text: str, choices: Sequence[Choice], *, on_interrupt: str = "") -> None:
        """`interrupted` is the answer that Ctrl-C gives."""
        super().__init__()
        self._title = title
        self._text = text
        self._choices = choices
        self._interrupt_choice = on_interrupt

    def compose(self) -> ComposeResult:
        """A box with the question and the answers below each other, the first one chosen."""
        with Vertical(id="box"):
            yield Static(Content(self._title), id="title")
            yield Static(Content(self._text), id="text")
            yield OptionList(
                *[Option(line((f"{answer.key}  ", ACCENT), answer.text), id=answer.name) for answer in self._choices]
            )

    def on_key(self, event: Key) -> None:
        """Take an answer's key for the answer."""
        for answer in self._choices:
            if event.key == answer.key:
                event.stop()
                self.dismiss(answer.name)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take what was chosen."""
        self.dismiss(event.option_id or "")

    def action_interrupt(self) -> None:
        """Answer with what Ctrl-C stands for."""
        self.dismiss(self._interrupt_choice)


_KEY_WIDTH = 8
"""Cells that a key's name takes."""


class HelpScreen(ModalScreen[None]):
    """What there is to know about the screen below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,space,enter,ctrl+c", "dismiss", "Back", key_display="esc", priority=True)
    ]

    def __init__(self, bindings: Iterable[Binding], glossary: Sequence[tuple[str, str]]) -> None:
        """`words` are terms and what they mean."""
        super().__init__()
        self._described_bindings = bindings
        self._glossary = glossary

    def compose(self) -> ComposeResult:
        """A box of text that scrolls."""
        with VerticalScroll(id="box"):
            yield Static(Content("Keys"), classes="heading")
            yield Static(Content("\n").join(self._key_lines()))
            yield Static(Content("Words"), classes="heading")
            yield Static(
                Content("\n").join([line((term, ACCENT), (f"  {meaning}", MUTED)) for term, meaning in self._glossary])
            )

    def _key_lines(self) -> list[Content]:
        rows = [(self._key_name(binding), binding.tooltip) for binding in self._described_bindings if binding.tooltip]
        rows.append(("ctrl+p", "The command palette: themes, and everything else by name"))
        return [line((f"{key:<{_KEY_WIDTH}}", ACCENT), what) for key, what in rows]

    def _key_name(self, binding: Binding) -> str:
        return binding.key_display or self.app.get_key_display(binding)


_VIEW_KEYS_TOOLTIP = "At once: painted, film, frame by frame, flow, weight"

RUN_BINDINGS = [
    Binding("question_mark,f1", "help", "Help", key_display="?", tooltip="This page"),
    Binding("space", "pause", "Pause", tooltip="Pause after the frame at hand, or go on"),
    Binding("left", "turn(0, -1)", "View", key_display="← →", tooltip="Another view of the frame"),
    Binding("right", "turn(0, 1)", show=False),
    *[
        Binding(
            str(number),
            f"view('{view}')",
            show=False,
            key_display="1 … 5",
            tooltip=_VIEW_KEYS_TOOLTIP if number == 1 else "",
        )
        for number, view in enumerate(VIEWS, start=1)
    ],
    Binding("c", "compare", "Compare", tooltip="One picture, or two side by side"),
    Binding("up", "turn(1, -1)", show=False, key_display="↑ ↓", tooltip="Another view for the second picture"),
    Binding("down", "turn(1, 1)", show=False),
    Binding("x", "flip", "Flip", tooltip="Exchange the two, or flip to the other and back"),
    Binding("p", "sharpen", show=False, tooltip="True pixels, or blocks: by kitty's or sixels' protocol"),
    Binding("s", "save", "Save", tooltip="Save the view shown, in full size, beside the painted film"),
    Binding("n", "numbers", show=False, tooltip="All the numbers, or the picture alone"),
    Binding("pagedown", "scroll(1)", show=False, key_display="pgup/dn", tooltip="Scroll the numbers"),
    Binding("pageup", "scroll(-1)", show=False),
    Binding("l", "journal", "Log", tooltip="Show or hide the log"),
    Binding("e", "stop", show=False, tooltip="End here: finish the frame and close the film"),
    Binding("q", "leave", "Leave", tooltip="Leave; asks what becomes of the run"),
    Binding("ctrl+c", "leave", show=False, priority=True),
]

RUN_GLOSSARY = [
    ("painted", "what goes into the film"),
    ("painted frame by frame", "the style without a memory: what flickers"),
    ("optical flow", "where things move: the hue is the direction, its strength the speed"),
    ("consistency weight", "white where the last picture is trusted, black where something was uncovered"),
    ("steadier", "warping error so far of frame by frame, divided by that of what is painted"),
    ("objective", "terms that are minimised on the frame at hand, as weighted"),
    ("where the time goes", "seconds a frame by stage; in colour what everything else waits for"),
    ("queues", "frames decoded, and frames whose flow is known, that wait for the painter"),
]
"""Terms of the screen, and what they mean."""


Ask = Callable[[ChoiceDialog], Awaitable[str]]
"""Shows a question and returns the name of the answer."""

STOP, BACKGROUND, STAY, ABORT = "stop", "background", "stay", "abort"
"""Answers to `leave`, `stop` and `leave_stopping`."""

REPLACE, RESTART, OTHER_NAME, CANCEL = "replace", "anew", "beside", "cancel"
"""Answers to `replace` and `begun`."""

_ATTACH_HINT = "let it go on; `streamstyle tui --attach` comes back"


def leave_dialog(story: RunState) -> ChoiceDialog:
    """Ask what becomes of a run when its owner leaves."""
    text = (
        f"{_frames_done(story)} Stopping finishes the current frame and leaves a playable partial file; "
        "the same command resumes it."
    )
    answers = [
        Choice("s", STOP, "stop, and keep what is painted"),
        Choice("b", BACKGROUND, _ATTACH_HINT),
        Choice("r", STAY, "stay"),
    ]
    return ChoiceDialog("Leave?", text, answers, on_interrupt=STOP)


def stop_dialog(story: RunState) -> ChoiceDialog:
    """Ask whether a run is really to end early."""
    text = f"{_frames_done(story)} They are kept in a playable partial file; the same command resumes it."
    answers = [Choice("s", STOP, "stop, and keep what is painted"), Choice("r", STAY, "go on painting")]
    return ChoiceDialog("Stop here?", text, answers, on_interrupt=STOP)


def stopping_dialog() -> ChoiceDialog:
    """Ask what to do about a run that is stopping already, but takes its time over a frame."""
    text = "The run is stopping: it finishes the frame at hand and closes the film."
    answers = [
        Choice("r", STAY, "wait for it"),
        Choice("b", BACKGROUND, "leave; it stops by itself"),
        Choice("a", ABORT, "abort at once; the film may lack its last seconds"),
    ]
    return ChoiceDialog("Still stopping", text, answers, on_interrupt=BACKGROUND)


def replace_dialog(output: Path, other: Path) -> ChoiceDialog:
    """Ask whether a film that is there already may be replaced."""
    answers = [
        Choice("k", OTHER_NAME, f"keep it, and paint into {other.name}"),
        Choice("o", REPLACE, "replace it, once the new one is whole"),
        Choice("c", CANCEL, "cancel"),
    ]
    return ChoiceDialog("There is such a film already", f"{output} exists.", answers, on_interrupt=CANCEL)


def restart_dialog(problem: str, other: Path) -> ChoiceDialog:
    """Ask what becomes of a film that was begun otherwise, and can be gone on with as it was."""
    answers = [
        Choice("k", OTHER_NAME, f"keep it, to go on with later, and paint into {other.name}"),
        Choice("a", RESTART, "begin anew; what is painted of it is lost"),
        Choice("c", CANCEL, "cancel"),
    ]
    return ChoiceDialog("A film was begun otherwise", f"{problem}.", answers, on_interrupt=CANCEL)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a run is to write, and what it may do there."""

    path: Path
    replace: bool = False
    """Whether an existing film is replaced."""
    restart: bool = False
    """Whether a film that was begun with other settings is restarted."""


async def choose_target(output: Path, ask: Ask, exists: bool, conflict: str = "") -> Target | None:
    """Ask about each thing that a run would replace; return None where the answer is to cancel.

    `exists` says whether there is a film already, `conflict` why the one that was begun cannot be resumed.
    """
    other = unused_path(output)
    if exists and (answer := await ask(replace_dialog(output, other))) != REPLACE:
        return Target(other) if answer == OTHER_NAME else None
    if conflict and (answer := await ask(restart_dialog(conflict, other))) != RESTART:
        return Target(other) if answer == OTHER_NAME else None
    return Target(output, exists, bool(conflict))


def unused_path(output: Path) -> Path:
    """Return a name like the output's that no file has: `film.wave-2.mkv`."""
    number = 2
    while (path := output.with_name(f"{output.stem}-{number}{output.suffix}")).exists():
        number += 1
    return path


def background_message(run: str) -> str:
    """Return what stays in the terminal when a run is left to itself, by its name."""
    return (
        "The run goes on.\n"
        f"  to come back to it:  streamstyle tui --attach {run}\n"
        f"  to end it well:      streamstyle stop {run}"
    )


def _frames_done(story: RunState) -> str:
    done, of = story.frames_done, f" of {story.frames}" if story.frames else ""
    return f"{done}{of} frames are painted." if done != 1 else f"1{of} frame is painted."


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A run that has just been started."""

    request: RunRequest
    """As it became through the answer."""
    process: RunProcess
    warning: str
    """What is not as it should be, and is no reason not to paint; empty where there is nothing."""


async def confirm_and_start(request: RunRequest, program: Sequence[str], ask: Ask) -> StartedRun | None:
    """Start a run, after a question if its film is there already; return None if it is not to be.

    Raises OSError where the process cannot be started.
    """
    if request.output.exists() and not request.overwrites:
        target = await choose_target(request.output, ask, exists=True)
        if target is None:
            return None
        options = ("--yes",) if target.replace else ("-o", str(target.path))
        request = replace(request, arguments=(*request.arguments, *options), output=target.path)
    folder, warning = await asyncio.to_thread(create_run_folder, request)
    return StartedRun(request, await asyncio.to_thread(start_run, request, folder, program), warning)
