"""The inside of a run folder: a run reports to its folder and obeys the orders it finds there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from streamstyle.cluster.reporter import OnPoll
from streamstyle.events import (
    Event,
    Failed,
    FrameSaved,
    Observer,
    Paused,
    TrainingStep,
    Unpaused,
    Warned,
)
from streamstyle.files import atomic_write
from streamstyle.job import FrameCallback, FrameContext
from streamstyle.media.images import encode_image
from streamstyle.runs.event_log import EventLog
from streamstyle.runs.folder import PreviewRequest, RunFolder, SaveRequest
from streamstyle.runs.head_monitor import HeadMonitor
from streamstyle.runs.previews import render_previews, render_view, write_previews
from streamstyle.runs.status_sampler import OnlineMetrics, StatusSampler

SAMPLE_INTERVAL = 0.3
"""Least seconds from one status sample to the next."""

PREVIEW_INTERVAL = 0.3
"""Least seconds from one preview to the next."""

MAX_PREVIEW_FRACTION = 0.02
"""Largest fraction of the time that is spent on previews."""

_POLL_INTERVAL = 0.1
"""Seconds between two reads of the orders while the run is paused."""


@contextmanager
def open_session(
    folder: RunFolder, command: list[str], to_failed: Callable[[BaseException], Failed]
) -> Iterator[RunSession]:
    """Create the folder of a run with that command line and yield its session.

    An exception that ends the run is logged in the folder, as the event that `to_failed` makes of it.
    """
    try:
        folder.create(command)
    except OSError as error:
        yield RunSession(folder, f"the run cannot be watched: {folder.path} cannot be written ({error.strerror})")
        return
    try:
        yield RunSession(folder)
    except BaseException as error:
        EventLog(folder, _ignore).observe(to_failed(error))
        raise


def _ignore(event: Event) -> None:
    """Drop a warning of the log: the exception that is being logged is reported by whoever catches it."""


@dataclass(frozen=True, slots=True)
class RunSession:
    """A run folder, and the reason why it cannot be written, if there is one."""

    folder: RunFolder
    problem: str | None = None

    def attach(self, observe: Observer, stop: threading.Event) -> tuple[Observer, FrameCallback | None]:
        """Return the observer and the frame callback for the pipeline.

        Events go to the folder and to `observe`; `stop` is set when the folder orders it. If the folder cannot be
        written, `observe` gets a warning and the run continues without it.
        """
        if self.problem is not None:
            observe(Warned(self.problem))
            return observe, None
        log = EventLog(self.folder, observe)

        def observe_both(event: Event) -> None:
            log.observe(event)
            observe(event)
            if isinstance(event, TrainingStep):  # before the first frame
                monitor.on_training_step()

        monitor = RunMonitor(self.folder, log, observe_both, stop)
        return observe_both, monitor.on_frame

    def attach_head(self, observe: Observer, stop: threading.Event) -> tuple[Observer, OnPoll]:
        """Return the observer of a run on a cluster, and what it calls now and then so that orders are obeyed.

        There are no samples of the status, whose figures are those of one process.
        """
        if self.problem is not None:
            observe(Warned(self.problem))
            return observe, lambda context: False
        log = EventLog(self.folder, observe)

        def observe_both(event: Event) -> None:
            log.observe(event)
            observe(event)

        return observe_both, HeadMonitor(self.folder, log, observe_both, stop).poll


class RunMonitor:
    """Samples the status, writes previews and obeys orders, once after each written frame."""

    def __init__(self, folder: RunFolder, log: EventLog, observe: Observer, stop: threading.Event) -> None:
        """`log` gets what only viewers need to know, `observe` what everybody does: that the run is paused."""
        self._folder, self._log, self._observe, self._stop = folder, log, observe, stop
        self._metrics, self._sampler = OnlineMetrics(), StatusSampler()
        self._sample_due = self._preview_due = 0.0
        self._previewed: tuple[int, PreviewRequest] | None = None
        self._last_save = 0

    def on_frame(self, context: FrameContext) -> None:
        """Report the frame that was written and obey the orders; returns only after a pause."""
        with context.timer.measure("monitor"):
            self._metrics.add(context.stylised)
            self._report(context, paused=False)
            self._apply_control(context)

    def on_training_step(self) -> None:
        """Let viewers see the step, and obey the order to stop."""
        now = time.monotonic()
        if now >= self._sample_due:
            self._sample_due = now + SAMPLE_INTERVAL
            self._log.flush()
            if self._folder.read_control().stop:
                self._stop.set()

    def _report(self, context: FrameContext, *, paused: bool) -> None:
        self._preview(context, paused)
        now = time.monotonic()
        if now >= self._sample_due:
            self._sample_due = now + SAMPLE_INTERVAL
            self._sample(context, paused)

    def _sample(self, context: FrameContext, paused: bool) -> None:
        self._log.observe(self._sampler.sample(context, paused, self._metrics))
        self._log.flush()

    def _apply_control(self, context: FrameContext) -> None:
        control = self._folder.read_control()
        if control.save is not None:
            self._save_view(context, control.save)
        if control.stop:
            self._stop.set()
        elif control.paused:
            self._pause(context)

    def _pause(self, context: FrameContext) -> None:
        """Wait for the end of the pause or for the order to stop; requests of viewers are answered meanwhile."""
        self._observe(Paused(context.frames))
        self._sample(context, paused=True)
        with context.timer.measure("paused"), context.clock.paused():
            while not self._stop.wait(_POLL_INTERVAL):
                control = self._folder.read_control()
                if control.save is not None:
                    self._save_view(context, control.save)
                if control.stop:
                    self._stop.set()
                if not control.paused:
                    break
                self._report(context, paused=True)
        self._observe(Unpaused(context.frames))

    def _preview(self, context: FrameContext, paused: bool) -> None:
        """Write previews if they are requested, due, and not those that were written last."""
        began = time.monotonic()
        if began < self._preview_due and not paused:
            return
        request = self._folder.merged_preview_request()
        if not request.views or self._previewed == (context.frames, request):
            return
        self._previewed = context.frames, request
        with suppress(OSError):  # a folder that cannot be written is reported by the log
            written = write_previews(self._folder, render_previews(context, request))
            self._log.observe(replace(written, frame=context.frames))
            self._log.flush()
        took = time.monotonic() - began
        self._preview_due = began + max(PREVIEW_INTERVAL, took / MAX_PREVIEW_FRACTION)

    def _save_view(self, context: FrameContext, save: SaveRequest) -> None:
        """Save a view of the frame in full size, once for each request."""
        if save.number <= self._last_save:
            return
        self._last_save = save.number
        path = Path(save.path)
        if path.suffix.lower() != ".png":
            self._log.observe(Warned(f"{path} is not saved: its name does not end in .png"))
            return
        image = render_view(replace(context.stylised, image=context.image), save.view)
        if image is None:
            self._log.observe(Warned(f"{path} is not saved: frame {context.frames} has no {save.view}"))
            return
        try:
            atomic_write(path, encode_image(image, ".png"))
        except OSError as error:
            self._log.observe(Warned(f"{path} cannot be written ({error.strerror})"))
            return
        self._log.observe(FrameSaved(context.frames, save.view, str(path)))
