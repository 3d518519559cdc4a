"""How many of the processor's cores there are for this process."""

from __future__ import annotations

import os


def usable_cpus() -> int:
    """Return how many it may use; where the system does not tell, how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
