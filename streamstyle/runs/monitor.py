"""A run that others can look at, from its first word to its last."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from streamstyle.events import TRANSIENT, Event, Failed, FrameSaved, Observer, Paused, PreviewsWritten, Unpaused, Warned
from streamstyle.files import atomic_write
from streamstyle.job import FrameCallback, FrameContext
from streamstyle.media.images import encode_image
from streamstyle.runs.folder import PreviewRequest, RunFolder, SaveRequest, replace_json
from streamstyle.runs.previews import downscale_factor, encode_jpeg, render_view
from streamstyle.runs.status_sampler import OnlineWarpingError, StatusSampler


@dataclass(frozen=True, slots=True)
class RunSession:
    """A run's folder, and what keeps it from being written, if anything does."""

    folder: RunFolder
    problem: str | None = None

    def attach(self, observe: Observer, stop: threading.Event) -> tuple[Observer, FrameCallback | None]:
        """Return what is to hear and to see of the run: what it tells `observe` is told in its folder, too.

        Where the folder cannot be written nobody can look on, and the run is none the worse: there is a warning.
        """
        if self.problem is not None:
            observe(Warned(self.problem))
            return observe, None
        log = EventLog(self.folder, observe)

        def both(event: Event) -> None:
            log.observe(event)
            observe(event)

        return both, RunMonitor(self.folder, log, both, stop).on_frame


@contextmanager
def open_session(
    folder: RunFolder, command: list[str], failed: Callable[[BaseException], Failed]
) -> Iterator[RunSession]:
    """Yield the session of a run with that command line; an error that ends it is told in the words of `failed`."""
    try:
        folder.create(command)
    except OSError as error:
        yield RunSession(folder, f"nobody can look on: {folder.path} cannot be written ({error.strerror})")
        return
    try:
        yield RunSession(folder)
    except BaseException as error:
        EventLog(folder, _ignore).observe(failed(error))
        raise


def _ignore(event: Event) -> None:
    """Tell nobody: the error is on its way to be told."""


SAMPLE_INTERVAL = 0.3
"""Seconds between two surveys, at the least."""

PREVIEW_INTERVAL = 0.3
"""Seconds between two previews, at the least."""

PREVIEW_SHARE = 0.02
"""Of the time, what previews may take at the most."""

_POLL_INTERVAL = 0.1
"""Seconds between two looks at the folder while the run is paused."""


class RunMonitor:
    """Is shown each frame once it is written; see `Job`."""

    def __init__(self, folder: RunFolder, log: EventLog, observe: Observer, stop: threading.Event) -> None:
        """`log` hears what is for those who look on, `tell` what everybody should know: that the run waits."""
        self._folder, self._log, self._observe, self._stop = folder, log, observe, stop
        self._warping_error, self._sampler = OnlineWarpingError(), StatusSampler()
        self._sample_due = self._preview_due = 0.0
        self._previewed: tuple[int, PreviewRequest] | None = None
        self._last_save = 0

    def on_frame(self, moment: FrameContext) -> None:
        """Show the frame to those who look on, and wait while the run is to be paused."""
        with moment.timer.measure("monitor"):
            self._warping_error.add(moment.stylised)
            self._report(moment, paused=False)
            self._apply_control(moment)

    def _report(self, moment: FrameContext, *, paused: bool) -> None:
        self._preview(moment, paused)
        now = time.monotonic()
        if now >= self._sample_due:
            self._sample_due = now + SAMPLE_INTERVAL
            self._sample(moment, paused)

    def _sample(self, moment: FrameContext, paused: bool) -> None:
        self._log.observe(self._sampler.sample(moment, paused, self._warping_error.mean()))
        self._log.flush()

    def _apply_control(self, moment: FrameContext) -> None:
        wanted = self._folder.read_control()
        if wanted.save is not None:
            self._save_view(moment, wanted.save)
        if wanted.paused and not wanted.stop:
            self._pause(moment)
        elif wanted.stop:
            self._stop.set()

    def _pause(self, moment: FrameContext) -> None:
        """Wait until the run may go on, or is to stop; what is wished for meanwhile is shown."""
        self._observe(Paused(moment.frames))
        self._sample(moment, paused=True)
        with moment.timer.measure("paused"), moment.clock.paused():
            while not self._stop.wait(_POLL_INTERVAL):
                wanted = self._folder.read_control()
                if wanted.save is not None:
                    self._save_view(moment, wanted.save)
                if wanted.stop:
                    self._stop.set()
                if not wanted.paused:
                    break
                self._report(moment, paused=True)
        self._observe(Unpaused(moment.frames))

    def _preview(self, moment: FrameContext, paused: bool) -> None:
        """Write previews where somebody wishes for them, it is time, and they have not seen these."""
        began = time.monotonic()
        if began < self._preview_due and not paused:
            return
        wishes = self._folder.preview_requests()
        if not wishes.views or self._previewed == (moment.frames, wishes):
            return
        self._previewed = moment.frames, wishes
        with suppress(OSError):  # previews are a courtesy; what really cannot be written is told by the log
            pictures = self._write_previews(moment, wishes)
            self._log.observe(PreviewsWritten(moment.frames, _presentation_time(moment), pictures))
            self._log.flush()
        took = time.monotonic() - began
        self._preview_due = began + max(PREVIEW_INTERVAL, took / PREVIEW_SHARE)

    def _write_previews(self, moment: FrameContext, request: PreviewRequest) -> dict[str, str]:
        shrink = downscale_factor(moment.video.width, moment.video.height, (request.width, request.height))
        pictures: dict[str, str] = {}
        for view in request.views:
            picture = render_view(moment.stylised, view, shrink)
            if picture is not None:
                path = self._folder.previews / f"{view}.jpg"
                atomic_write(path, encode_jpeg(picture))
                pictures[view] = str(path)
        return pictures

    def _save_view(self, moment: FrameContext, save: SaveRequest) -> None:
        """Keep a view of the frame in full size, once for each wish."""
        if save.number <= self._last_save:
            return
        self._last_save = save.number
        path, painted = Path(save.path), moment.stylised
        picture = render_view(replace(painted, image=moment.image), save.view)
        if path.suffix.lower() != ".png" or picture is None:
            self._log.observe(Warned(f"there is no {save.view} of frame {moment.frames} to save as {path.name}"))
            return
        try:
            atomic_write(path, encode_image(picture, ".png"))
        except OSError as error:
            self._log.observe(Warned(f"{path} cannot be written ({error.strerror})"))
            return
        self._log.observe(FrameSaved(moment.frames, save.view, str(path)))


def _presentation_time(moment: FrameContext) -> float:
    return float(moment.stylised.flowed.frame.pts * moment.video.time_base)


class EventLog:
    """Writes events as the protocol has them; a folder that cannot be written to is left alone, with one warning."""

    def __init__(self, folder: RunFolder, observer: Observer) -> None:
        self._folder = folder
        self._observer = observer
        self._latest: dict[str, Any] = {}
        self._failed = False

    def observe(self, event: Event) -> None:
        """Keep the event: at the next `flush` where it is soon overtaken, else at once."""
        if isinstance(event, TRANSIENT):
            self._latest[event.name] = event.to_json()
            return
        self.flush()
        if self._failed:
            return
        try:
            with self._folder.events.open("a", encoding="utf-8") as file:
                file.write(f"{event.to_line()}\n")
        except OSError as error:
            self._fail(error)

    def flush(self) -> None:
        """Bring the status up to date."""
        if self._failed or not self._latest:
            return
        try:
            replace_json(self._folder.status, self._latest)
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self._failed = True
        self._observer(Warned(f"nobody can look on any more: {self._folder.path} cannot be written ({error.strerror})"))
