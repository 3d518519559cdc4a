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
from streamstyle.runs.folder import Control, PreviewRequest, RunFolder, RunReader, SaveRequest
from streamstyle.runs.launcher import RunProcess, read_last_lines
from streamstyle.runs.state import RunState, apply_events
from streamstyle.tui.widgets.cells import Pixels

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
        if story.end is None and self._process_handle is not None and (said := self._process_handle.last_event()):
            story = story.apply(said)
        return replace(sight, state=story, stderr_tail=tuple(read_last_lines(self.folder.stderr_log)))


def _load_previews(story: RunState) -> dict[str, Pixels]:
    """Return what is to be seen of the latest frame; a view that nobody wished for is not among it."""
    paths = story.previews.images if story.previews else {}
    found = {view: _load_image(Path(path)) for view, path in paths.items()}
    return {view: picture for view, picture in found.items() if picture is not None}


def _load_image(path: Path) -> Pixels | None:
    from streamstyle.media.images import decode_image

    with suppress(OSError):
        return decode_image(path.read_bytes())
    return None


class RunController:
    """Tells a run to pause, to go on, to stop, and to keep a frame; with the first word they take hold of it.

    A run has one holder at most, and is free once that has gone. Whoever looks on at a free run may take it.
    """

    def __init__(self, watcher: RunWatcher) -> None:
        self._watcher = watcher
        self._control: Control | None = None

    def take_ownership(self) -> None:
        """Hold the run from now on."""
        self._send(self._last_control())

    def on_ownership_lost(self) -> None:
        """Know that somebody else has taken it."""
        self._control = None

    def release(self) -> None:
        """Hold it no longer; it does not stay paused."""
        if self._control is not None:
            self._watcher.send_control(replace(self._control, paused=False, owner=None))
            self._control = None

    def is_pausing(self, story: RunState) -> bool:
        """Return whether it was told to pause, by these hands or before they took it."""
        return self._control.paused if self._control is not None else story.paused

    def is_stopping(self, sight: RunSnapshot) -> bool:
        """Return whether it was told to stop, by whomever."""
        return sight.stopping or (self._control is not None and self._control.stop)

    def set_paused(self, paused: bool) -> None:
        """Let it pause after the frame at hand, or go on."""
        self._send(replace(self._last_control(), paused=paused))

    def stop(self) -> None:
        """Let it finish the frame at hand and close the film."""
        self._send(replace(self._last_control(), paused=False, stop=True))

    def save_view(self, view: str, output: Path) -> Path:
        """Let it keep a view of the frame at hand beside the film, in full size; return where."""
        last = self._last_control()
        path = _unused_image_path(output, view, last.save.path if last.save else "")
        self._send(replace(last, save=SaveRequest(last.save.number + 1 if last.save else 1, view, str(path))))
        return path

    def status_text(self, sight: RunSnapshot) -> str:
        """Return in a word or two how the run stands."""
        story = sight.state
        if story.end is not None:
            return "closing"
        if self.is_stopping(sight):
            return "stopping after this frame"
        if story.paused or self.is_pausing(story):
            return "paused" if story.paused else "pausing after this frame"
        if story.started is None:
            return "starting"
        return "looking on" if sight.owned_by_other else "painting"

    def _last_control(self) -> Control:
        """Return what was ordered last: of those before us nothing but the numbers of their pictures."""
        return self._control or Control(save=self._watcher.folder.read_control().save)

    def _send(self, control: Control) -> None:
        self._control = replace(control, owner=ProcessIdentity.current())
        self._watcher.send_control(self._control)


def _unused_image_path(output: Path, view: str, taken: str) -> Path:
    number = 1
    while (path := output.absolute().with_name(f"{output.stem}.{view}-{number}.png")).exists() or str(path) == taken:
        number += 1
    return path
