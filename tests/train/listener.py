"""An observer of training events that can stop the training."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from streamstyle.events import Event, TrainingStep


@dataclass
class Listener:
    """Collects training steps and other events, and sets `stop` after `stop_after` steps."""

    stop_after: int | None = None
    events: list[TrainingStep] = field(default_factory=list)
    others: list[Event] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def observe(self, event: Event) -> None:
        if not isinstance(event, TrainingStep):
            self.others.append(event)
            return
        self.events.append(event)
        if len(self.events) == self.stop_after:
            self.stop.set()
