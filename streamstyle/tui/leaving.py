"""The questions that come before anything is thrown away, in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from streamstyle.runs.state import RunState
from streamstyle.tui.question import Choice, ChoiceDialog

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
        f"{_frames_done(story)} Stopping finishes the frame at hand and leaves a film that plays, under a partial name; "
        "the same command goes on there."
    )
    answers = [
        Choice("s", STOP, "stop, and keep what is painted"),
        Choice("b", BACKGROUND, _ATTACH_HINT),
        Choice("r", STAY, "stay"),
    ]
    return ChoiceDialog("Leave?", text, answers, on_interrupt=STOP)


def stop_dialog(story: RunState) -> ChoiceDialog:
    """Ask whether a run is really to end early."""
    text = f"{_frames_done(story)} They stay, as a film that plays, under a partial name; the same command paints the rest."
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
