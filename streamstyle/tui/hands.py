"""What can be done about a run, by whom it belongs to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from streamstyle.run_folder import Control, Save
from streamstyle.tui.watcher import Watcher


class Hands:
    """Tells a run to pause, to go on, to stop, and to keep a frame."""

    def __init__(self, watcher: Watcher, output: Path) -> None:
        self._watcher = watcher
        self._output = output
        self._control = Control()

    @property
    def paused(self) -> bool:
        """Whether it was told to pause."""
        return self._control.paused

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._control.stop

    def pause(self, paused: bool) -> None:
        """Let it pause after the frame at hand, or go on."""
        self._order(replace(self._control, paused=paused))

    def stop(self) -> None:
        """Let it finish the frame at hand and close the film."""
        self._order(replace(self._control, paused=False, stop=True))

    def save(self, view: str) -> Path:
        """Let it keep a view of the frame at hand beside the film, in full size; return where."""
        number = self._control.save.number + 1 if self._control.save else 1
        path = self._free_name(view)
        self._order(replace(self._control, save=Save(number, view, str(path))))
        return path

    def _order(self, control: Control) -> None:
        self._control = control
        self._watcher.order(control)

    def _free_name(self, view: str) -> Path:
        taken = self._control.save.path if self._control.save else ""
        number = 1
        while (path := self._named(view, number)).exists() or str(path) == taken:
            number += 1
        return path

    def _named(self, view: str, number: int) -> Path:
        return self._output.absolute().with_name(f"{self._output.stem}.{view}-{number}.png")
