"""Looks at every frame of a run, shows what is wished for, and does what whoever holds the run wants."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from streamstyle.events import FrameSaved, Observer, Paused, PreviewsWritten, Unpaused, Warned
from streamstyle.files import atomic_write
from streamstyle.media.picture import encoded
from streamstyle.moment import Moment
from streamstyle.run_folder import PreviewRequest, RunFolder, SaveRequest
from streamstyle.running.log import EventLog
from streamstyle.running.steadiness import OnlineWarpingError
from streamstyle.running.survey import StatusSampler
from streamstyle.running.views import downscale_factor, encode_jpeg, render_view

SAMPLE_INTERVAL = 0.3
"""Seconds between two surveys, at the least."""

PREVIEW_INTERVAL = 0.3
"""Seconds between two previews, at the least."""

PREVIEW_SHARE = 0.02
"""Of the time, what previews may take at the most."""

_POLL_INTERVAL = 0.1
"""Seconds between two looks at the folder while the run is paused."""


class RunMonitor:
    """Is shown each frame once it is written; see `moment.Look`."""

    def __init__(self, folder: RunFolder, log: EventLog, tell: Observer, stop: threading.Event) -> None:
        """`log` hears what is for those who look on, `tell` what everybody should know: that the run waits."""
        self._folder, self._log, self._observe, self._stop = folder, log, tell, stop
        self._warping_error, self._sampler = OnlineWarpingError(), StatusSampler()
        self._sample_due = self._preview_due = 0.0
        self._previewed: tuple[int, PreviewRequest] | None = None
        self._saved = 0

    def on_frame(self, moment: Moment) -> None:
        """Show the frame to those who look on, and wait while the run is to be paused."""
        with moment.stopwatch.timing("monitor"):
            self._warping_error.add(moment.painted)
            self._show(moment, paused=False)
            self._apply_control(moment)

    def _show(self, moment: Moment, *, paused: bool) -> None:
        self._preview(moment, paused)
        now = time.monotonic()
        if now >= self._sample_due:
            self._sample_due = now + SAMPLE_INTERVAL
            self._sample(moment, paused)

    def _sample(self, moment: Moment, paused: bool) -> None:
        self._log.observe(self._sampler.sample(moment, paused, self._warping_error.mean()))
        self._log.flush()

    def _apply_control(self, moment: Moment) -> None:
        wanted = self._folder.read_control()
        if wanted.save is not None:
            self._save(moment, wanted.save)
        if wanted.paused and not wanted.stop:
            self._pause(moment)
        elif wanted.stop:
            self._stop.set()

    def _pause(self, moment: Moment) -> None:
        """Wait until the run may go on, or is to stop; what is wished for meanwhile is shown."""
        self._observe(Paused(moment.frames))
        self._sample(moment, paused=True)
        with moment.stopwatch.timing("paused"), moment.clock.standing():
            while not self._stop.wait(_POLL_INTERVAL):
                wanted = self._folder.read_control()
                if wanted.save is not None:
                    self._save(moment, wanted.save)
                if wanted.stop:
                    self._stop.set()
                if not wanted.paused:
                    break
                self._show(moment, paused=True)
        self._observe(Unpaused(moment.frames))

    def _preview(self, moment: Moment, paused: bool) -> None:
        """Write previews where somebody wishes for them, it is time, and they have not seen these."""
        began = time.monotonic()
        if began < self._preview_due and not paused:
            return
        wishes = self._folder.preview_requests()
        if not wishes.views or self._previewed == (moment.frames, wishes):
            return
        self._previewed = moment.frames, wishes
        with suppress(OSError):  # previews are a courtesy; what really cannot be written is told by the log
            pictures = self._draw(moment, wishes)
            self._log.observe(PreviewsWritten(moment.frames, _presentation_time(moment), pictures))
            self._log.flush()
        took = time.monotonic() - began
        self._preview_due = began + max(PREVIEW_INTERVAL, took / PREVIEW_SHARE)

    def _draw(self, moment: Moment, wishes: PreviewRequest) -> dict[str, str]:
        shrink = downscale_factor(moment.film.width, moment.film.height, (wishes.width, wishes.height))
        pictures: dict[str, str] = {}
        for view in wishes.views:
            picture = render_view(moment.painted, view, shrink)
            if picture is not None:
                path = self._folder.previews / f"{view}.jpg"
                atomic_write(path, encode_jpeg(picture))
                pictures[view] = str(path)
        return pictures

    def _save(self, moment: Moment, save: SaveRequest) -> None:
        """Keep a view of the frame in full size, once for each wish."""
        if save.number <= self._saved:
            return
        self._saved = save.number
        path, painted = Path(save.path), moment.painted
        picture = render_view(replace(painted, image=painted.output), save.view)
        if path.suffix.lower() != ".png" or picture is None:
            self._log.observe(Warned(f"there is no {save.view} of frame {moment.frames} to save as {path.name}"))
            return
        try:
            atomic_write(path, encoded(picture, ".png"))
        except OSError as error:
            self._log.observe(Warned(f"{path} cannot be written ({error.strerror})"))
            return
        self._log.observe(FrameSaved(moment.frames, save.view, str(path)))


def _presentation_time(moment: Moment) -> float:
    return float(moment.painted.flowed.frame.pts * moment.film.time_base)
