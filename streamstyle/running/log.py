"""What a run says, written into its folder."""

from __future__ import annotations

from typing import Any

from streamstyle.events import TRANSIENT, Event, Observer, Warned
from streamstyle.run_folder import RunFolder, replace_json


class EventLog:
    """Writes events as the protocol has them; a folder that cannot be written to is left alone, with one warning."""

    def __init__(self, folder: RunFolder, tell: Observer) -> None:
        self._folder = folder
        self._observer = tell
        self._latest: dict[str, Any] = {}
        self._broken = False

    def observe(self, event: Event) -> None:
        """Keep the event: at the next `flush` where it is soon overtaken, else at once."""
        if isinstance(event, TRANSIENT):
            self._latest[event.name] = event.to_json()
            return
        self.flush()
        if self._broken:
            return
        try:
            with self._folder.events.open("a", encoding="utf-8") as file:
                file.write(f"{event.to_line()}\n")
        except OSError as error:
            self._fail(error)

    def flush(self) -> None:
        """Bring the status up to date."""
        if self._broken or not self._latest:
            return
        try:
            replace_json(self._folder.status, self._latest)
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self._broken = True
        self._observer(Warned(f"nobody can look on any more: {self._folder.path} cannot be written ({error.strerror})"))
