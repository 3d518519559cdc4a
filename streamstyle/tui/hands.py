"""What can be done about a run, by whoever holds it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from streamstyle.process_identity import ProcessIdentity
from streamstyle.runs.folder import Control, SaveRequest
from streamstyle.runs.state import RunState
from streamstyle.tui.watcher import RunSnapshot, RunWatcher


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
