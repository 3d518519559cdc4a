"""SVT-AV1 makes its threads, and the one that opens it, real-time ones where it may, as root in a container.

Each of them then takes a core from everything else on the machine for as long as it has work to do, and what the thread
that opened it starts later, as torch's threads, inherits that.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def same_priority() -> Iterator[None]:
    """Keep the scheduling of this thread as it is, and give it to the threads that are started in the block."""
    if sys.platform != "linux":
        yield
        return
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    before = _threads()
    try:
        yield
    finally:
        for thread in {*(_threads() - before), threading.get_native_id()}:
            with suppress(OSError):  # it has ended, or may not be changed
                if os.sched_getscheduler(thread) != policy:
                    os.sched_setscheduler(thread, policy, priority)


def _threads() -> set[int]:
    return {int(path.name) for path in Path("/proc/self/task").iterdir()}
