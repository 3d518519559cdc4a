"""Every method's film, made now or found where an earlier comparison kept it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

from streamstyle.compare.contender import Contender, kept_name
from streamstyle.compare.events import MethodFinished
from streamstyle.compare.kept import Making, film_path, find_making, keep_making
from streamstyle.errors import OutputError
from streamstyle.events import Event, FrameWritten, Observer, Started, Stopped, Warned
from streamstyle.film import Film
from streamstyle.machine_info import machine_info
from streamstyle.mix import Mix
from streamstyle.pipeline import stylise_video
from streamstyle.resume.checkpoint import remove_checkpoint


@dataclass(frozen=True, slots=True)
class Part:
    """A method's film."""

    contender: Contender
    film: Path
    making: Making


def paint_all(
    contenders: Sequence[Contender], film: Film, mix: Mix, folder: Path, observe: Observer, stop: threading.Event
) -> list[Part]:
    """Return every method's film, made where `folder` does not hold it; only those finished where `stop` was set.

    Raises StreamstyleError for what a user can put right.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = [kept_name(contender, film, mix) for contender in contenders]
    except OSError as error:
        raise OutputError(f"{error.filename} cannot be used ({error.strerror})", "Check it, or choose -o.") from error
    parts: list[Part] = []
    for contender, name in zip(contenders, names, strict=True):
        found = find_making(folder, name)
        making = found or (None if stop.is_set() else _paint(contender, film, mix, folder, name, observe, stop))
        if making is None:
            break
        path = film_path(folder, name)
        observe(MethodFinished(contender.text, str(path), making.seconds_per_frame, found is not None))
        parts.append(Part(contender, path, making))
    with suppress(OSError):
        folder.rmdir()  # if nothing is kept there
    return parts


def _paint(
    contender: Contender, film: Film, mix: Mix, folder: Path, name: str, observe: Observer, stop: threading.Event
) -> Making | None:
    times: list[float] = []
    cpu_times: list[float] = []

    def listen(event: Event) -> None:
        if isinstance(event, FrameWritten):
            times.append(event.elapsed)
            cpu_times.append(process_time())
        if isinstance(event, Started | FrameWritten | Warned):  # it is the comparison that will have finished
            observe(event)

    path = film_path(folder, name)
    ended = stylise_video(film, path, mix, contender.settings, listen, stop, restart=True)
    if isinstance(ended, Stopped):
        Path(ended.output).unlink(missing_ok=True)  # its time is measured, which half a film would not tell
        remove_checkpoint(path)
        return None
    now = datetime.now(UTC).isoformat(timespec="seconds")
    paces = seconds_per_frame(times), seconds_per_frame(cpu_times)
    making = Making(contender.text, len(times), *paces, now, machine_info())
    keep_making(folder, name, making)
    return making


def seconds_per_frame(times: Sequence[float]) -> float:
    """Return the mean time of a frame, from when each was written; the first waits for everything to begin."""
    return (times[-1] - times[0]) / max(1, len(times) - 1) or times[-1]
