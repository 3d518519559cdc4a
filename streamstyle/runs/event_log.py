"""The events of a run, written to its folder."""

from __future__ import annotations

import threading
from typing import Any

from streamstyle.events import TRANSIENT, Event, Observer, Warned
from streamstyle.runs.folder import RunFolder, write_json


class EventLog:
    """Writes events to a run folder; if the folder cannot be written it warns once and gives up.

    Any thread may report an event.
    """

    def __init__(self, folder: RunFolder, observe_warning: Observer) -> None:
        self._folder = folder
        self._observe_warning = observe_warning
        self._status: dict[str, Any] = {}
        self._failed = False
        self._lock = threading.RLock()

    def observe(self, event: Event) -> None:
        """Write the event: a transient one at the next `flush`, any other at once."""
        with self._lock:
            if isinstance(event, TRANSIENT):
                self._status[event.name] = event.to_json()
                return
            self.flush()
            self._append(event)

    def flush(self) -> None:
        """Write the latest transient events."""
        with self._lock:
            if self._failed or not self._status:
                return
            try:
                write_json(self._folder.status, self._status)
            except OSError as error:
                self._fail(error)

    def _append(self, event: Event) -> None:
        if self._failed:
            return
        try:
            with self._folder.events.open("a", encoding="utf-8") as file:
                file.write(f"{event.to_line()}\n")
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self._failed = True
        problem = f"{self._folder.path} cannot be written ({error.strerror})"
        self._observe_warning(Warned(f"the run can no longer be watched: {problem}"))
