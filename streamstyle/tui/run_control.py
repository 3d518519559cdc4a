"""Follows and controls a run through its folder; `RunWatcher.follow` is the only thread of the terminal UI."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from textual.message import Message

from streamstyle.events import Failed, Finished
from streamstyle.process_identity import ProcessIdentity
from streamstyle.runs.folder import Control, PreviewRequest, RunFolder, RunReader, SaveRequest
from streamstyle.runs.launcher import RunProcess, last_printed_event, read_last_lines
from streamstyle.runs.state import RunState, apply_events
from streamstyle.tui.widgets.cells import Pixels

_POLL_SECONDS = 0.4
"""Seconds between two reads of the run's folder."""

_REFRESH_SECONDS = 1.5
"""Seconds after which the preview request is written again: a run forgets viewers that have stopped writing."""


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """The state of a run, its latest previews, and its process."""

    state: RunState = field(default_factory=RunState)
    images: dict[str, Pixels] = field(default_factory=dict)
    """The latest preview of each view, [H, W, 3] RGB."""
    alive: bool = True
    owned_by_other: bool = False
    """Whether another process controls the run; then it cannot be controlled from here."""
    owner: ProcessIdentity | None = None
    """The other process that controls the run; None if there is none, or before it is known."""
    stopping: bool = False
    """Whether the run has been told to stop."""
    exit_code: int | None = None
    """Exit code of the process; None while it runs, or if it was not started here."""
    stderr_tail: tuple[str, ...] = ()
    """Last lines of its standard error, once it has ended."""
    later_failure: Failed | None = None
    """Why the command of `--exec` on the complete output has failed; None if it has not."""


class RunUpdated(Message):
    """The run has changed; of several messages in the queue only the newest is handled."""

    def __init__(self, snapshot: RunSnapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        """Replace an older message that is still in the queue."""
        return isinstance(message, RunUpdated)


class RunWatcher:
    """Reads a run's folder until the run has ended, and writes preview requests and controls to it."""

    def __init__(self, folder: RunFolder, process: RunProcess | None, on_update: Callable[[RunSnapshot], None]) -> None:
        """`process` is None for a run that was started elsewhere; `on_update` is called from the thread of `follow`."""
        self.folder = folder
        self._process_handle = process
        self._on_update = on_update
        self._pid = os.getpid()
        self._name = f"tui-{self._pid}"
        self._reader = RunReader(folder)
        self._snapshot = RunSnapshot(owned_by_other=process is None)  # assumed until the control file is read
        self._preview_request = PreviewRequest()
        self._control: Control | None = None
        self._wake = threading.Event()
        self._closed = False
        self._next_write = 0.0

    def request_previews(self, request: PreviewRequest) -> None:
        """Ask for previews; returns at once."""
        if request != self._preview_request:
            self._preview_request, self._next_write = request, 0.0
            self._wake.set()

    def send_control(self, control: Control) -> None:
        """Write the run's control file; returns at once."""
        self._control = control
        self._wake.set()

    def close(self) -> None:
        """Stop following; the last control is still written."""
        self._closed = True
        self._wake.set()

    def follow(self) -> None:
        """Read and write until the run has ended or `close` is called."""
        while self._poll() and not self._closed:
            self._wake.wait(_POLL_SECONDS)
            self._wake.clear()
        self._write()
        with suppress(OSError):
            self.folder.remove_viewer(self._name)

    def _poll(self) -> bool:
        """Write, read and report changes once; return whether the run is alive."""
        self._write()
        alive, code = self._process_status()  # before its events are read: once it has ended they are complete
        before = self._snapshot
        state = apply_events(before.state, self._reader.read_events())
        images = before.images if state.previews is before.state.previews else _load_previews(state)
        control = self.folder.read_control()
        owned_by_other = self._is_owned_by_other(control.owner)
        self._snapshot = replace(
            before,
            state=state,
            images=images,
            alive=alive,
            owned_by_other=owned_by_other,
            owner=control.owner if owned_by_other else None,
            stopping=control.stop,
            exit_code=code,
        )
        if not alive:
            self._snapshot = self._final_snapshot(self._snapshot)
        changed = (state, owned_by_other, control.stop) != (before.state, before.owned_by_other, before.stopping)
        if changed or not alive:
            self._on_update(self._snapshot)
        return alive

    def _write(self) -> None:
        """Write the control and the preview request; what fails, as while the folder does not exist yet, is retried."""
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

    def _is_owned_by_other(self, owner: ProcessIdentity | None) -> bool:
        return owner is not None and owner.pid != self._pid and owner.is_running()

    def _final_snapshot(self, snapshot: RunSnapshot) -> RunSnapshot:
        """Add the end of standard error, and the end event of a run that failed before it had a folder."""
        state, printed, later = snapshot.state, last_printed_event(self.folder), None
        if state.end is None and printed is not None:
            state = state.apply(printed)
        elif isinstance(state.end, Finished) and isinstance(printed, Failed):
            later = printed
        stderr = tuple(read_last_lines(self.folder.stderr_log))
        return replace(snapshot, state=state, later_failure=later, stderr_tail=stderr)


def _load_previews(state: RunState) -> dict[str, Pixels]:
    """Return the previews of the latest frame by view, as far as they exist and can be read."""
    paths = state.previews.images if state.previews else {}
    images = {view: _load_image(Path(path)) for view, path in paths.items()}
    return {view: image for view, image in images.items() if image is not None}


def _load_image(path: Path) -> Pixels | None:
    from streamstyle.media.images import decode_image

    with suppress(OSError):
        return decode_image(path.read_bytes(), silent=False)  # standard error is what the screen is drawn on
    return None


class RunController:
    """Pauses, continues and stops a run and saves its frames; the first command takes ownership of the run.

    A run has at most one owner, and none once the owner's process has ended; then any viewer may take it.
    """

    def __init__(self, watcher: RunWatcher) -> None:
        self._watcher = watcher
        self._control: Control | None = None

    def take_ownership(self) -> None:
        """Become the owner of the run."""
        self._send(self._last_control())

    def on_ownership_lost(self) -> None:
        """Forget the control that was sent: another process owns the run now."""
        self._control = None

    def release(self) -> None:
        """Give up ownership; a paused run continues."""
        if self._control is not None:
            self._watcher.send_control(replace(self._control, paused=False, owner=None))
            self._control = None

    def is_pausing(self, state: RunState) -> bool:
        """Return whether the run is paused or has been told to pause."""
        return self._control.paused if self._control is not None else state.paused

    def is_stopping(self, snapshot: RunSnapshot) -> bool:
        """Return whether the run has been told to stop, from here or elsewhere."""
        return snapshot.stopping or (self._control is not None and self._control.stop)

    def set_paused(self, paused: bool) -> None:
        """Pause after the current frame, or continue."""
        self._send(replace(self._last_control(), paused=paused))

    def stop(self) -> None:
        """Finish the current frame, close the output and end the run."""
        self._send(replace(self._last_control(), paused=False, stop=True))

    def save_view(self, view: str, output: Path) -> Path:
        """Save a view of the next frame in full size beside the output; return the path."""
        last = self._last_control()
        path = _unused_image_path(output, view, last.save.path if last.save else "")
        self._send(replace(last, save=SaveRequest(last.save.number + 1 if last.save else 1, view, str(path))))
        return path

    def status_text(self, snapshot: RunSnapshot) -> str:
        """Return the state of the run in a few words."""
        state = snapshot.state
        if isinstance(state.end, Finished) and "--exec" in self._watcher.folder.command():
            text = "finished; the command of --exec runs"
        elif state.end is not None:
            text = "closing"
        elif self.is_stopping(snapshot):
            text = "stopping after this frame"
        elif state.paused or self.is_pausing(state):
            text = "paused" if state.paused else "pausing after this frame"
        elif state.training is not None:
            text = f"adapting the style to the film: step {state.training.step} of {state.training.steps}"
        elif state.started is None:
            text = "starting"
        elif snapshot.owner is not None:
            text = f"view only: {snapshot.owner.pid} holds it"
        else:
            text = "view only" if snapshot.owned_by_other else "running"
        return text

    def _last_control(self) -> Control:
        """Return the control last sent from here, or one with the run's last save, to continue its numbers."""
        return self._control or Control(save=self._watcher.folder.read_control().save)

    def _send(self, control: Control) -> None:
        self._control = replace(control, owner=ProcessIdentity.current())
        self._watcher.send_control(self._control)


def _unused_image_path(output: Path, view: str, taken: str) -> Path:
    number = 1
    while (path := output.absolute().with_name(f"{output.stem}.{view}-{number}.png")).exists() or str(path) == taken:
        number += 1
    return path
