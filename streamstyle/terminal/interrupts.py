"""Ctrl-C once: the work stops where it can be kept; twice: at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_INTERRUPTED = 130
"""Exit code of a run that was stopped from outside."""

_STOPPING = b"\nstopping; Ctrl-C once more aborts at once\n"
_ABORTED = b"\naborted; what was written so far is left under its partial name\n"


@contextmanager
def stop_on_signal(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at the first SIGINT, SIGTERM or SIGHUP, and leave the process at the second.

    A signal that is ignored already stays so: `nohup` keeps its promise. `stop` may be set by others, too.
    """
    signalled = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal signalled
        if signalled:
            _write_stderr(_ABORTED)
            os._exit(EXIT_INTERRUPTED)
        signalled = True
        stop.set()
        _write_stderr(_STOPPING)

    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {getattr(signal, name): signal.getsignal(getattr(signal, name)) for name in names}
    heard = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in heard:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number] or signal.SIG_DFL)


def _write_stderr(text: bytes) -> None:
    """Write past Python's buffers, which the interrupted code may hold locked."""
    try:
        os.write(2, text)
    except OSError:
        return
