"""A run that others can look at, from its first word to its last."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from streamstyle.events import Event, Failed, Observer, Warned
from streamstyle.moment import Look, look_away
from streamstyle.run_folder import RunFolder
from streamstyle.running.log import EventLog
from streamstyle.running.onlooker import RunMonitor


@dataclass(frozen=True, slots=True)
class RunSession:
    """A run's folder, and what keeps it from being written, if anything does."""

    folder: RunFolder
    problem: str | None = None

    def attach(self, observe: Observer, stop: threading.Event) -> tuple[Observer, Look]:
        """Return what is to hear and to see of the run: what it tells `observe` is told in its folder, too.

        Where the folder cannot be written nobody can look on, and the run is none the worse: there is a warning.
        """
        if self.problem is not None:
            observe(Warned(self.problem))
            return observe, look_away
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
