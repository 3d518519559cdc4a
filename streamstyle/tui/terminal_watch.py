"""Ends the process when its terminal has gone.

Usually SIGHUP says so; a process that ignores it, or whose terminal was taken from it, would go on drawing for nobody.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

DESCRIPTOR = 2
"""Standard error, on which Textual draws."""

_INTERVAL = 2.0
"""Seconds between two looks at the terminal."""

_GRACE = 3.0
"""Seconds for an orderly end; drawing to a terminal that has gone may block it."""

EXIT_HANGUP = 129
"""128 + SIGHUP, as in a shell."""


def end_without_terminal(leave: Callable[[], object]) -> None:
    """Watch the terminal on standard error from a thread; once it has gone call `leave`, then end the process."""
    if _is_terminal(DESCRIPTOR):
        terminal = os.dup(DESCRIPTOR)  # stays the terminal, wherever standard error may be sent for a while
        threading.Thread(target=_watch, args=(terminal, leave), name="terminal watch", daemon=True).start()


def _watch(terminal: int, leave: Callable[[], object]) -> None:
    while _is_terminal(terminal):
        time.sleep(_INTERVAL)
    threading.Timer(_GRACE, os._exit, (EXIT_HANGUP,)).start()
    leave()


def _is_terminal(descriptor: int) -> bool:
    """Return whether there is a terminal that still answers."""
    import termios

    try:
        termios.tcgetattr(descriptor)
    except termios.error:
        return False
    return True
