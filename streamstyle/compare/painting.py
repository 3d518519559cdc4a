"""Every method's film, made now or found where an earlier comparison kept it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

from streamstyle.compare.contender import MethodSpec, archive_name
from streamstyle.compare.events import MethodFinished
from streamstyle.compare.kept import RunRecord, film_path, find_record, save_record
from streamstyle.errors import OutputError
from streamstyle.events import Event, FrameWritten, Observer, Started, Stopped, Warned
from streamstyle.film import VideoInfo
from streamstyle.machine_info import machine_info
from streamstyle.mix import StyleBlend
from streamstyle.pipeline import stylise_video
from streamstyle.resume.checkpoint import remove_checkpoint


@dataclass(frozen=True, slots=True)
class MethodResult:
    """A method's film."""

    spec: MethodSpec
    output: Path
    record: RunRecord


def run_methods(
    specs: Sequence[MethodSpec],
    film: VideoInfo,
    mix: StyleBlend,
    folder: Path,
    observe: Observer,
    stop: threading.Event,
) -> list[MethodResult]:
    """Return every method's film, made where `folder` does not hold it; only those finished where `stop` was set.

    Raises StreamstyleError for what a user can put right.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = [archive_name(contender, film, mix) for contender in specs]
    except OSError as error:
        raise OutputError(f"{error.filename} cannot be used ({error.strerror})", "Check it, or choose -o.") from error
    results: list[MethodResult] = []
    for contender, name in zip(specs, names, strict=True):
        found = find_record(folder, name)
        record = found or (None if stop.is_set() else _run_method(contender, film, mix, folder, name, observe, stop))
        if record is None:
            break
        path = film_path(folder, name)
        observe(MethodFinished(contender.text, str(path), record.seconds_per_frame, found is not None))
        results.append(MethodResult(contender, path, record))
    with suppress(OSError):
        folder.rmdir()  # if nothing is kept there
    return results


def _run_method(
    spec: MethodSpec,
    film: VideoInfo,
    mix: StyleBlend,
    folder: Path,
    name: str,
    observe: Observer,
    stop: threading.Event,
) -> RunRecord | None:
    times: list[float] = []
    cpu_times: list[float] = []

    def listen(event: Event) -> None:
        if isinstance(event, FrameWritten):
            times.append(event.elapsed)
            cpu_times.append(process_time())
        if isinstance(event, Started | FrameWritten | Warned):  # it is the comparison that will have finished
            observe(event)

    path = film_path(folder, name)
    ended = stylise_video(film, path, mix, spec.settings, listen, stop, restart=True)
    if isinstance(ended, Stopped):
        Path(ended.output).unlink(missing_ok=True)  # its time is measured, which half a film would not tell
        remove_checkpoint(path)
        return None
    now = datetime.now(UTC).isoformat(timespec="seconds")
    speeds = seconds_per_frame(times), seconds_per_frame(cpu_times)
    record = RunRecord(spec.text, len(times), *speeds, now, machine_info())
    save_record(folder, name, record)
    return record


def seconds_per_frame(times: Sequence[float]) -> float:
    """Return the mean time of a frame, from when each was written; the first waits for everything to begin."""
    return (times[-1] - times[0]) / max(1, len(times) - 1) or times[-1]
