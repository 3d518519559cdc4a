"""The questions that come before anything is thrown away, in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from streamstyle.runs.state import RunState
from streamstyle.tui.question import Answer, Question

Ask = Callable[[Question], Awaitable[str]]
"""Shows a question and returns the name of the answer."""

STOP, BACKGROUND, STAY, ABORT = "stop", "background", "stay", "abort"
"""Answers to `leave`, `stop` and `leave_stopping`."""

REPLACE, ANEW, BESIDE, CANCEL = "replace", "anew", "beside", "cancel"
"""Answers to `replace` and `begun`."""

_COME_BACK = "let it go on; `streamstyle tui --attach` comes back"


def leave(story: RunState) -> Question:
    """Ask what becomes of a run when its owner leaves."""
    text = (
        f"{_so_far(story)} Stopping finishes the frame at hand and leaves a film that plays, under a partial name; "
        "the same command goes on there."
    )
    answers = [
        Answer("s", STOP, "stop, and keep what is painted"),
        Answer("b", BACKGROUND, _COME_BACK),
        Answer("r", STAY, "stay"),
    ]
    return Question("Leave?", text, answers, interrupted=STOP)


def stop(story: RunState) -> Question:
    """Ask whether a run is really to end early."""
    text = f"{_so_far(story)} They stay, as a film that plays, under a partial name; the same command paints the rest."
    answers = [Answer("s", STOP, "stop, and keep what is painted"), Answer("r", STAY, "go on painting")]
    return Question("Stop here?", text, answers, interrupted=STOP)


def leave_stopping() -> Question:
    """Ask what to do about a run that is stopping already, but takes its time over a frame."""
    text = "The run is stopping: it finishes the frame at hand and closes the film."
    answers = [
        Answer("r", STAY, "wait for it"),
        Answer("b", BACKGROUND, "leave; it stops by itself"),
        Answer("a", ABORT, "abort at once; the film may lack its last seconds"),
    ]
    return Question("Still stopping", text, answers, interrupted=BACKGROUND)


def replace(output: Path, other: Path) -> Question:
    """Ask whether a film that is there already may be replaced."""
    answers = [
        Answer("k", BESIDE, f"keep it, and paint into {other.name}"),
        Answer("o", REPLACE, "replace it, once the new one is whole"),
        Answer("c", CANCEL, "cancel"),
    ]
    return Question("There is such a film already", f"{output} exists.", answers, interrupted=CANCEL)


def begun(problem: str, other: Path) -> Question:
    """Ask what becomes of a film that was begun otherwise, and can be gone on with as it was."""
    answers = [
        Answer("k", BESIDE, f"keep it, to go on with later, and paint into {other.name}"),
        Answer("a", ANEW, "begin anew; what is painted of it is lost"),
        Answer("c", CANCEL, "cancel"),
    ]
    return Question("A film was begun otherwise", f"{problem}.", answers, interrupted=CANCEL)


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
    other = free_name(output)
    if exists and (answer := await ask(replace(output, other))) != REPLACE:
        return Target(other) if answer == BESIDE else None
    if conflict and (answer := await ask(begun(conflict, other))) != ANEW:
        return Target(other) if answer == BESIDE else None
    return Target(output, exists, bool(conflict))


def free_name(output: Path) -> Path:
    """Return a name like the output's that no file has: `film.wave-2.mkv`."""
    number = 2
    while (path := output.with_name(f"{output.stem}-{number}{output.suffix}")).exists():
        number += 1
    return path


def goes_on(run: str) -> str:
    """Return what stays in the terminal when a run is left to itself, by its name."""
    return (
        "The run goes on.\n"
        f"  to come back to it:  streamstyle tui --attach {run}\n"
        f"  to end it well:      streamstyle stop {run}"
    )


def _so_far(story: RunState) -> str:
    done, of = story.frames_done, f" of {story.frames}" if story.frames else ""
    return f"{done}{of} frames are painted." if done != 1 else f"1{of} frame is painted."
