"""The one thread of the terminal UI: it reads a run's folder, and writes there what is wished for and ordered."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from textual.message import Message

from streamstyle.process_identity import ProcessIdentity
from streamstyle.runs.folder import Control, PreviewRequest, RunFolder, RunReader
from streamstyle.runs.launcher import RunProcess, read_last_lines
from streamstyle.runs.state import RunState, apply_events
from streamstyle.tui.widgets.colours import Pixels

_EVERY = 0.4
"""Seconds between two looks at the folder."""

_ANEW = 1.5
"""Seconds after which wishes are repeated, and the process is looked after."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A run as it looks now."""

    story: RunState = field(default_factory=RunState)
    pictures: dict[str, Pixels] = field(default_factory=dict)
    """By view, the latest preview."""
    alive: bool = True
    held: bool = False
    """Whether somebody else holds the run: then nothing can be done about it here."""
    stopping: bool = False
    """Whether it was told to stop."""
    exit_code: int | None = None
    """What the process ended with; None while it runs, or where it is not ours to know."""
    last_words: tuple[str, ...] = ()
    """The end of what it printed on standard error, once it has ended."""


class Seen(Message):
    """There is something new; what was not looked at yet is overtaken by it."""

    def __init__(self, sight: Sight) -> None:
        super().__init__()
        self.sight = sight

    def can_replace(self, message: Message) -> bool:
        """Take the place of an older one that still waits."""
        return isinstance(message, Seen)


class Watcher:
    """Looks at a run until it has ended."""

    def __init__(self, folder: RunFolder, engine: RunProcess | None, tell: Callable[[Sight], None]) -> None:
        """`engine` is the process where it was started here; `tell` is called from the thread that follows."""
        self.folder = folder
        self._engine = engine
        self._tell = tell
        self._pid = os.getpid()
        self._name = f"tui-{self._pid}"
        self._reader = RunReader(folder)
        self._sight = Sight(held=engine is None)  # until it is known
        self._wishes = PreviewRequest()
        self._control: Control | None = None
        self._wake = threading.Event()
        self._left = False
        self._due = 0.0

    def wish(self, wishes: PreviewRequest) -> None:
        """Say what is to be seen; returns at once."""
        if wishes != self._wishes:
            self._wishes, self._due = wishes, 0.0
            self._wake.set()

    def order(self, control: Control) -> None:
        """Say what the run is to do; returns at once."""
        self._control = control
        self._wake.set()

    def leave(self) -> None:
        """Look no longer; what was ordered last is still said."""
        self._left = True
        self._wake.set()

    def follow(self) -> None:
        """Look until the run has ended or `leave` is called: this is the thread's whole life."""
        while self._look() and not self._left:
            self._wake.wait(_EVERY)
            self._wake.clear()
        self._speak()
        with suppress(OSError):
            self.folder.remove_viewer(self._name)

    def _look(self) -> bool:
        """Speak, read, and tell what is new; return whether there may be more."""
        self._speak()
        alive, code = self._process()  # before its words: the last of them are there once it has ended
        before = self._sight
        story = apply_events(before.story, self._reader.read_events())
        pictures = before.pictures if story.previews is before.story.previews else _pictures(story)
        ordered = self.folder.read_control()
        held, stopping = self._is_held(ordered.owner), ordered.stop
        self._sight = replace(
            before, story=story, pictures=pictures, alive=alive, held=held, stopping=stopping, exit_code=code
        )
        if not alive:
            self._sight = self._ended(self._sight)
        if not alive or (story, held, stopping) != (before.story, before.held, before.stopping):
            self._tell(self._sight)
        return alive

    def _speak(self) -> None:
        """Write what is ordered and wished for; a folder that is not there yet, or full, is tried again."""
        with suppress(OSError):
            if (control := self._control) is not None:
                self.folder.write_control(control)
                if control is self._control:
                    self._control = None
            if not self._left and time.monotonic() >= self._due:
                self.folder.request_previews(self._name, self._wishes)
                self._due = time.monotonic() + _ANEW

    def _process(self) -> tuple[bool, int | None]:
        if self._engine is not None:
            code = self._engine.exit_code()
            return code is None, code
        return self.folder.is_alive(), None

    def _is_held(self, holder: ProcessIdentity | None) -> bool:
        """Return whether somebody else has hold of the run."""
        return holder is not None and holder.pid != self._pid and holder.is_running()

    def _ended(self, sight: Sight) -> Sight:
        story = sight.story
        if story.ending is None and self._engine is not None and (said := self._engine.end_event()):
            story = story.apply(said)
        return replace(sight, story=story, last_words=tuple(read_last_lines(self.folder.stderr_log)))


def _pictures(story: RunState) -> dict[str, Pixels]:
    """Return what is to be seen of the latest frame; a view that nobody wished for is not among it."""
    paths = story.previews.images if story.previews else {}
    found = {view: _picture(Path(path)) for view, path in paths.items()}
    return {view: picture for view, picture in found.items() if picture is not None}


def _picture(path: Path) -> Pixels | None:
    from streamstyle.media.picture import decoded

    with suppress(OSError):
        return decoded(path.read_bytes())
    return None
