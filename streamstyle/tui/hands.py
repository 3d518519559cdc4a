"""What can be done about a run, by whoever holds it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from streamstyle.process_identity import ProcessIdentity
from streamstyle.runs.folder import Control, SaveRequest
from streamstyle.runs.state import RunState
from streamstyle.tui.watcher import Sight, Watcher


class Hands:
    """Tells a run to pause, to go on, to stop, and to keep a frame; with the first word they take hold of it.

    A run has one holder at most, and is free once that has gone. Whoever looks on at a free run may take it.
    """

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._control: Control | None = None

    def take(self) -> None:
        """Hold the run from now on."""
        self._order(self._last())

    def lose(self) -> None:
        """Know that somebody else has taken it."""
        self._control = None

    def let_go(self) -> None:
        """Hold it no longer; it does not stay paused."""
        if self._control is not None:
            self._watcher.order(replace(self._control, paused=False, owner=None))
            self._control = None

    def pausing(self, story: RunState) -> bool:
        """Return whether it was told to pause, by these hands or before they took it."""
        return self._control.paused if self._control is not None else story.paused

    def stopping(self, sight: Sight) -> bool:
        """Return whether it was told to stop, by whomever."""
        return sight.stopping or (self._control is not None and self._control.stop)

    def pause(self, paused: bool) -> None:
        """Let it pause after the frame at hand, or go on."""
        self._order(replace(self._last(), paused=paused))

    def stop(self) -> None:
        """Let it finish the frame at hand and close the film."""
        self._order(replace(self._last(), paused=False, stop=True))

    def save(self, view: str, output: Path) -> Path:
        """Let it keep a view of the frame at hand beside the film, in full size; return where."""
        last = self._last()
        path = _free_name(output, view, last.save.path if last.save else "")
        self._order(replace(last, save=SaveRequest(last.save.number + 1 if last.save else 1, view, str(path))))
        return path

    def state(self, sight: Sight) -> str:
        """Return in a word or two how the run stands."""
        story = sight.story
        if story.ending is not None:
            return "closing"
        if self.stopping(sight):
            return "stopping after this frame"
        if story.paused or self.pausing(story):
            return "paused" if story.paused else "pausing after this frame"
        if story.started is None:
            return "starting"
        return "looking on" if sight.held else "painting"

    def _last(self) -> Control:
        """Return what was ordered last: of those before us nothing but the numbers of their pictures."""
        return self._control or Control(save=self._watcher.folder.read_control().save)

    def _order(self, control: Control) -> None:
        self._control = replace(control, owner=ProcessIdentity.current())
        self._watcher.order(self._control)


def _free_name(output: Path, view: str, taken: str) -> Path:
    number = 1
    while (path := output.absolute().with_name(f"{output.stem}.{view}-{number}.png")).exists() or str(path) == taken:
        number += 1
    return path
