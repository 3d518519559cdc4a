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

_POLL_SECONDS = 0.4
"""Seconds between two looks at the folder."""

_REFRESH_SECONDS = 1.5
"""Seconds after which wishes are repeated, and the process is looked after."""


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """A run as it looks now."""

    state: RunState = field(default_factory=RunState)
    pictures: dict[str, Pixels] = field(default_factory=dict)
    """By view, the latest preview."""
    alive: bool = True
    owned_by_other: bool = False
    """Whether somebody else holds the run: then nothing can be done about it here."""
    stopping: bool = False
    """Whether it was told to stop."""
    exit_code: int | None = None
    """What the process ended with; None while it runs, or where it is not ours to know."""
    stderr_tail: tuple[str, ...] = ()
    """The end of what it printed on standard error, once it has ended."""


class RunUpdated(Message):
    """There is something new; what was not looked at yet is overtaken by it."""

    def __init__(self, snapshot: RunSnapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        """Take the place of an older one that still waits."""
        return isinstance(message, RunUpdated)


class RunWatcher:
    """Looks at a run until it has ended."""

    def __init__(self, folder: RunFolder, process: RunProcess | None, on_update: Callable[[RunSnapshot], None]) -> None:
        """`engine` is the process where it was started here; `tell` is called from the thread that follows."""
        self.folder = folder
        self._process_handle = process
        self._on_update = on_update
        self._pid = os.getpid()
        self._name = f"tui-{self._pid}"
        self._reader = RunReader(folder)
        self._snapshot = RunSnapshot(owned_by_other=process is None)  # until it is known
        self._preview_request = PreviewRequest()
        self._control: Control | None = None
        self._wake = threading.Event()
        self._closed = False
        self._next_write = 0.0

    def request_previews(self, wishes: PreviewRequest) -> None:
        """Say what is to be seen; returns at once."""
        if wishes != self._preview_request:
            self._preview_request, self._next_write = wishes, 0.0
            self._wake.set()

    def send_control(self, control: Control) -> None:
        """Say what the run is to do; returns at once."""
        self._control = control
        self._wake.set()

    def close(self) -> None:
        """Look no longer; what was ordered last is still said."""
        self._closed = True
        self._wake.set()

    def follow(self) -> None:
        """Look until the run has ended or `leave` is called: this is the thread's whole life."""
        while self._poll() and not self._closed:
            self._wake.wait(_POLL_SECONDS)
            self._wake.clear()
        self._write()
        with suppress(OSError):
            self.folder.remove_viewer(self._name)

    def _poll(self) -> bool:
        """Speak, read, and tell what is new; return whether there may be more."""
        self._write()
        alive, code = self._process_status()  # before its words: the last of them are there once it has ended
        before = self._snapshot
        story = apply_events(before.state, self._reader.read_events())
        pictures = before.pictures if story.previews is before.state.previews else _load_previews(story)
        ordered = self.folder.read_control()
        held, stopping = self._is_owned_by_other(ordered.owner), ordered.stop
        self._snapshot = replace(
            before, state=story, pictures=pictures, alive=alive, owned_by_other=held, stopping=stopping, exit_code=code
        )
        if not alive:
            self._snapshot = self._final_snapshot(self._snapshot)
        if not alive or (story, held, stopping) != (before.state, before.owned_by_other, before.stopping):
            self._on_update(self._snapshot)
        return alive

    def _write(self) -> None:
        """Write what is ordered and wished for; a folder that is not there yet, or full, is tried again."""
        with suppress(OSError):
            if (control := self._control) is not None:
                self.folder.write_control(control)
                if control is self._control:
                    self._control = None
            if not self._closed and time.monotonic() >= self._next_write:
                self.folder.request_previews(self._name, self._preview_request)
                self._next_write = time.monotonic() + _REFRESH_SECONDS

    def _process_status(self) -> tuple[bool, int | None]:
        if self._process_handle is not None:
            code = self._process_handle.exit_code()
            return code is None, code
        return self.folder.is_alive(), None

    def _is_owned_by_other(self, holder: ProcessIdentity | None) -> bool:
        """Return whether somebody else has hold of the run."""
        return holder is not None and holder.pid != self._pid and holder.is_running()

    def _final_snapshot(self, sight: RunSnapshot) -> RunSnapshot:
        story = sight.state
        if story.end is None and self._process_handle is not None and (said := self._process_handle.end_event()):
            story = story.apply(said)
        return replace(sight, state=story, stderr_tail=tuple(read_last_lines(self.folder.stderr_log)))


def _load_previews(story: RunState) -> dict[str, Pixels]:
    """Return what is to be seen of the latest frame; a view that nobody wished for is not among it."""
    paths = story.previews.images if story.previews else {}
    found = {view: _load_image(Path(path)) for view, path in paths.items()}
    return {view: picture for view, picture in found.items() if picture is not None}


def _load_image(path: Path) -> Pixels | None:
    from streamstyle.media.picture import decode_image

    with suppress(OSError):
        return decode_image(path.read_bytes())
    return None
