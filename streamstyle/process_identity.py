"""Identifies a process by its number and creation time, since systems reuse numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psutil

CLOCK_TOLERANCE = 10.0
"""Seconds by which a creation time may change: it is counted from the boot time, which shifts when the clock is set."""


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """Number and creation time of a process."""

    pid: int
    create_time: float
    """Seconds since the epoch."""

    @classmethod
    def current(cls) -> ProcessIdentity:
        """Return the identity of this process."""
        process = psutil.Process()
        return cls(process.pid, process.create_time())

    @classmethod
    def from_json(cls, value: Any) -> ProcessIdentity | None:
        """Return the identity that a JSON object holds; None if it holds none."""
        try:
            return cls(int(value["pid"]), float(value["create_time"]))
        except (KeyError, TypeError, ValueError):
            return None

    def is_running(self) -> bool:
        """Return whether the process is running; a zombie is not."""
        try:
            process = psutil.Process(self.pid)
            is_same = abs(process.create_time() - self.create_time) < CLOCK_TOLERANCE
            return is_same and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, ValueError, OverflowError):
            return False
