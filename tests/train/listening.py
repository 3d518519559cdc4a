"""Who listens to a training, and may stop it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from streamstyle.events import Event, Learned


@dataclass
class Listener:
    """Keeps every step's event, and sets `stop` after so many."""

    stop_after: int | None = None
    events: list[Learned] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def observe(self, event: Event) -> None:
        assert isinstance(event, Learned)
        self.events.append(event)
        if len(self.events) == self.stop_after:
            self.stop.set()
