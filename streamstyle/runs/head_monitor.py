"""Reports of a run on a cluster to its folder, and orders from there: previews, pause and stop."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, suppress
from functools import partial

from streamstyle.cluster.reporter import HeadContext
from streamstyle.events import Observer, Paused, Unpaused
from streamstyle.runs.event_log import EventLog
from streamstyle.runs.folder import RunFolder
from streamstyle.runs.previews import Previews, render_previews, write_previews

PREVIEW_INTERVAL = 0.5
"""Seconds from one order for previews to the next. A picture is shown with the order after the one that made it."""


class HeadMonitor:
    """Obeys the orders in a run's folder while a cluster paints."""

    def __init__(self, folder: RunFolder, log: EventLog, observe: Observer, stop: threading.Event) -> None:
        """`log` gets what only viewers need to know, `observe` what everybody does: that the run is paused."""
        self._folder, self._log, self._observe, self._stop = folder, log, observe, stop
        self._pause: ExitStack | None = None
        self._preview_due = 0.0

    def poll(self, context: HeadContext) -> bool:
        """Report and obey; return whether the workers are to pause."""
        self._preview(context)
        self._log.flush()
        control = self._folder.read_control()
        if control.stop:
            self._stop.set()
        if control.paused and self._pause is None:
            self._pause = ExitStack()
            self._pause.enter_context(context.clock.paused())
            self._observe(Paused(context.frames))
        elif not control.paused and self._pause is not None:
            self._pause.close()
            self._pause = None
            self._observe(Unpaused(context.frames))
        return self._pause is not None

    def _preview(self, context: HeadContext) -> None:
        """Write the previews that a worker has made, and order others, if they are requested and due."""
        now = time.monotonic()
        if now < self._preview_due:
            return
        self._preview_due = now + PREVIEW_INTERVAL
        request = self._folder.merged_preview_request()
        if not request.views:
            return
        shown = context.show(partial(render_previews, request=request))
        if isinstance(shown, Previews):
            with suppress(OSError):  # a folder that cannot be written is reported by the log
                self._log.observe(write_previews(self._folder, shown))
