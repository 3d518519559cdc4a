"""A process, known again by its number and by when it was born: numbers come round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psutil

CLOCK_TOLERANCE = 10.0
"""Seconds by which the time of birth may seem to change: it is counted from the boot, which moves with the clock."""


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process's life."""

    pid: int
    create_time: float
    """Seconds since the epoch."""

    @classmethod
    def current(cls) -> ProcessIdentity:
        """Return that of this process."""
        me = psutil.Process()
        return cls(me.pid, me.create_time())

    @classmethod
    def from_json(cls, value: Any) -> ProcessIdentity | None:
        """Return the life that a JSON object tells of; None where it is no such object."""
        try:
            return cls(int(value["pid"]), float(value["create_time"]))
        except (KeyError, TypeError, ValueError):
            return None

    def is_running(self) -> bool:
        """Return whether the process is there."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.create_time) < CLOCK_TOLERANCE
            return same and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, ValueError, OverflowError):
            return False
