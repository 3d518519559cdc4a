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
from streamstyle.run_folder import RunFolder, Save, Wishes
from streamstyle.running.log import RunLog
from streamstyle.running.steadiness import Steadiness
from streamstyle.running.survey import Surveyor
from streamstyle.running.views import as_jpeg, shrinking, view_of

SURVEY_EVERY = 0.3
"""Seconds between two surveys, at the least."""

PREVIEW_EVERY = 0.3
"""Seconds between two previews, at the least."""

PREVIEW_SHARE = 0.02
"""Of the time, what previews may take at the most."""

_LISTENING = 0.1
"""Seconds between two looks at the folder while the run is paused."""


class Onlooker:
    """Is shown each frame once it is written; see `moment.Look`."""

    def __init__(self, folder: RunFolder, log: RunLog, tell: Observer, stop: threading.Event) -> None:
        """`log` hears what is for those who look on, `tell` what everybody should know: that the run waits."""
        self._folder, self._log, self._tell, self._stop = folder, log, tell, stop
        self._steadiness, self._surveyor = Steadiness(), Surveyor()
        self._survey_due = self._preview_due = 0.0
        self._shown: tuple[int, Wishes] | None = None
        self._saved = 0

    def look(self, moment: Moment) -> None:
        """Show the frame to those who look on, and wait while the run is to be paused."""
        with moment.stopwatch.timing("monitor"):
            self._steadiness.add(moment.painted)
            self._show(moment, paused=False)
            self._obey(moment)

    def _show(self, moment: Moment, *, paused: bool) -> None:
        self._preview(moment, paused)
        now = time.monotonic()
        if now >= self._survey_due:
            self._survey_due = now + SURVEY_EVERY
            self._survey(moment, paused)

    def _survey(self, moment: Moment, paused: bool) -> None:
        self._log.observe(self._surveyor.survey(moment, paused, self._steadiness.means()))
        self._log.flush()

    def _obey(self, moment: Moment) -> None:
        wanted = self._folder.ordered()
        if wanted.save is not None:
            self._save(moment, wanted.save)
        if wanted.paused and not wanted.stop:
            self._pause(moment)
        elif wanted.stop:
            self._stop.set()

    def _pause(self, moment: Moment) -> None:
        """Wait until the run may go on, or is to stop; what is wished for meanwhile is shown."""
        self._tell(Paused(moment.frames))
        self._survey(moment, paused=True)
        with moment.stopwatch.timing("paused"), moment.clock.standing():
            while not self._stop.wait(_LISTENING):
                wanted = self._folder.ordered()
                if wanted.save is not None:
                    self._save(moment, wanted.save)
                if wanted.stop:
                    self._stop.set()
                if not wanted.paused:
                    break
                self._show(moment, paused=True)
        self._tell(Unpaused(moment.frames))

    def _preview(self, moment: Moment, paused: bool) -> None:
        """Write previews where somebody wishes for them, it is time, and they have not seen these."""
        began = time.monotonic()
        if began < self._preview_due and not paused:
            return
        wishes = self._folder.wishes()
        if not wishes.views or self._shown == (moment.frames, wishes):
            return
        self._shown = moment.frames, wishes
        with suppress(OSError):  # previews are a courtesy; what really cannot be written is told by the log
            pictures = self._draw(moment, wishes)
            self._log.observe(PreviewsWritten(moment.frames, _film_time(moment), pictures))
            self._log.flush()
        took = time.monotonic() - began
        self._preview_due = began + max(PREVIEW_EVERY, took / PREVIEW_SHARE)

    def _draw(self, moment: Moment, wishes: Wishes) -> dict[str, str]:
        shrink = shrinking(moment.film.width, moment.film.height, (wishes.width, wishes.height))
        pictures: dict[str, str] = {}
        for view in wishes.views:
            picture = view_of(moment.painted, view, shrink)
            if picture is not None:
                path = self._folder.previews / f"{view}.jpg"
                atomic_write(path, as_jpeg(picture))
                pictures[view] = str(path)
        return pictures

    def _save(self, moment: Moment, save: Save) -> None:
        """Keep a view of the frame in full size, once for each wish."""
        if save.number <= self._saved:
            return
        self._saved = save.number
        path, painted = Path(save.path), moment.painted
        picture = view_of(replace(painted, image=painted.output), save.view)
        if path.suffix.lower() != ".png" or picture is None:
            self._log.observe(Warned(f"there is no {save.view} of frame {moment.frames} to save as {path.name}"))
            return
        try:
            atomic_write(path, encoded(picture, ".png"))
        except OSError as error:
            self._log.observe(Warned(f"{path} cannot be written ({error.strerror})"))
            return
        self._log.observe(FrameSaved(moment.frames, save.view, str(path)))


def _film_time(moment: Moment) -> float:
    return float(moment.painted.flowed.frame.pts * moment.film.time_base)
