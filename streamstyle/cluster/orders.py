"""What the head orders a worker beside its pieces: to stop, to pause, and to show the frame that it has painted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from streamstyle.job import FrameContext

View = Callable[[FrameContext], Any]
"""What is made of a frame where it is painted, to be seen elsewhere."""

PAUSE_SECONDS = 10.0
"""A pause ends by itself after so long, unless the order is repeated: the head may have died."""

_WAIT_SECONDS = 0.1
"""Between two looks at the orders during a pause."""


class Orders:
    """The orders of one run. They come in any thread, and are carried out by that which paints, after a frame."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._paused_until = 0.0
        self._view: View | None = None
        self._shown: Any = None

    def end(self) -> None:
        """Stop for good; no picture is kept, since a worker may outlive thousands of runs."""
        self.stop.set()
        self._view = self._shown = None

    def pause(self, *, paused: bool) -> None:
        """Pause after the current frame, for `PAUSE_SECONDS`, or continue."""
        self._paused_until = time.monotonic() + PAUSE_SECONDS if paused else 0.0

    def show(self, view: View) -> Any:
        """Order a view of the current frame; return what the last order has shown, None if it has not yet."""
        shown, self._shown, self._view = self._shown, None, view
        return shown

    def carry_out(self, context: FrameContext) -> None:
        """Carry out the orders after a frame; returns only after a pause."""
        self._look(context)
        while time.monotonic() < self._paused_until and not self.stop.wait(_WAIT_SECONDS):
            self._look(context)

    def _look(self, context: FrameContext) -> None:
        view, self._view = self._view, None
        if view is not None:
            self._shown = view(context)
