"""What a command prints while it works: a progress line and messages, or one JSON object for each event."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from streamstyle.cli.errors import stop_on_signal
from streamstyle.cli.long_run import LongRunNotice
from streamstyle.cli.standard_streams import echo_line
from streamstyle.events import (
    Event,
    Finished,
    FrameWritten,
    Observer,
    Paused,
    Started,
    StopEvent,
    Stopped,
    StyleTrained,
    TrainingStep,
    TrainingStopped,
    Unpaused,
    Warned,
    WorkersSampled,
)
from streamstyle.formatting import format_duration, format_speed, sanitise

_TERMINAL_INTERVAL = 0.2
"""Seconds between two updates of the progress line on a terminal."""

_LOG_INTERVAL = 15.0
"""Seconds between two lines of progress in a log."""

_BAR_WIDTH = 20
"""Width of the progress bar in characters."""

_SPEED_FRAMES = 200
"""Frames over which the speed is averaged."""


@contextmanager
def report_to(
    as_json: bool, quiet: bool, resume_hint: str = "the same command", stop: StopEvent | None = None
) -> Iterator[tuple[Observer, threading.Event]]:
    """Yield the observer of a run, and the event that Ctrl-C sets to stop it.

    `resume_hint` is what resumes a stopped run, for the message that says so; there is none if it is empty. An event
    that is given, and may be set already, is used as the one that stops it.
    """
    stop = stop or StopEvent()
    line = ProgressLine(sys.stderr)
    observe = print_json if as_json else ConsoleReporter(line, quiet, resume_hint).observe
    with stop_on_signal(stop):
        try:
            yield observe, stop
        finally:
            line.clear()


def resume_hint(restart: bool) -> str:
    """Return what resumes a run that was started with or without `--restart`."""
    return "the same command" + (" without --restart" if restart else "")


def print_json(event: Event) -> None:
    """Print the event as one line of JSON on standard output. Raises OutputError if it cannot be written."""
    echo_line(event.to_line())


class ConsoleReporter:
    """Prints events for a person: a progress line while the run lasts, and its result."""

    def __init__(self, line: ProgressLine, quiet: bool, resume_hint: str = "the same command") -> None:
        self._line = line
        self._quiet = quiet
        self._resume_hint = resume_hint
        self._film_time = 0.0
        self._frames: int | None = None
        self._speed = SpeedMeter()
        self._notice: LongRunNotice | None = None
        self._learned = 0.0
        self._workers = ""

    def observe(self, event: Event) -> None:
        """Print the event."""
        match event:
            case Warned():
                self._print(f"streamstyle: warning: {event.message}")
            case Stopped():
                self._print(stopped_text(event, self._frames, self._film_time))
                if hint := resume_text(event, self._resume_hint):
                    self._print(hint)
            case TrainingStopped():
                self._print(f"stopped learning {event.style} at step {event.step}; the same command resumes it")
            case _ if self._quiet:
                return
            case Started():
                self._on_started(event)
            case TrainingStep():
                self._on_training_step(event)
            case StyleTrained():
                self._learned = event.elapsed
                self._print(f"learned {event.style} in {format_duration(event.elapsed)}: {event.path}")
            case FrameWritten():
                self._on_frame_written(event)
            case WorkersSampled():
                count = len(event.workers)
                self._workers = f"{count} worker{'s' * (count != 1)}"
            case Paused() | Unpaused():
                paused = f"paused after frame {event.frame} from another terminal"
                self._print(paused if isinstance(event, Paused) else "continued")
            case Finished():
                self._print(_finished_text(event))

    def _on_started(self, event: Started) -> None:
        self._speed = SpeedMeter()
        self._notice = LongRunNotice(event, self._learned)
        self._frames = event.frames
        frames = f"{event.frames} frames" if event.frames else "unknown number of frames"
        details = ", ".join(filter(None, (event.size, frames, event.method, event.style, event.device)))
        self._print(f"{Path(event.video).name} → {Path(event.output).name}  ({details})")
        if event.resumed_frames:
            at = ""
            if event.frames and event.duration:
                at = f" ({format_duration(event.duration * event.resumed_frames / event.frames)})"
            self._print(f"resuming after frame {event.resumed_frames}{at}")

    def _on_training_step(self, event: TrainingStep) -> None:
        self._speed.update(event.step, event.elapsed)
        bar = self._line.bar(event.step / event.steps)
        text = progress_text(bar, event.step, event.steps, self._speed, unit="learning: step")
        self._line.show(f"{text}  loss {event.loss:.3g}")

    def _on_frame_written(self, event: FrameWritten) -> None:
        self._film_time = event.time
        self._speed.update(event.frame, event.elapsed)
        if self._notice and (notice := self._notice.text(event)):
            self._print(notice)
        bar = self._line.bar(event.frame / event.frames) if event.frames else ""
        text = progress_text(bar, event.frame, event.frames, self._speed)
        self._line.show("  ".join(filter(None, (text, self._workers))))

    def _print(self, text: str) -> None:
        self._line.print(sanitise(text))  # file names may contain control characters


def stopped_text(event: Stopped, frames: int | None, film_time: float | None = None) -> str:
    """Return how far a stopped run got, of `frames`, and its output; `film_time` is its last frame's, in seconds."""
    if event.frames == 0:
        return "stopped before the first frame; nothing was written"
    total = f" of {frames}" if frames else ""
    known = film_time is not None and event.frames > event.resumed_frames
    at = f", at {format_duration(film_time or 0)} of the film" if known else ""
    return f"stopped after {event.frames}{total} frames{at}; output so far: {event.output}"


def resume_text(event: Stopped, hint: str = "the same command") -> str:
    """Return what resumes a stopped run, and where; empty if nothing does."""
    if not (event.resumable_frames and hint):
        return ""
    where = "there" if event.resumable_frames == event.frames else f"after frame {event.resumable_frames}"
    return f"{hint} resumes {where}"


def _finished_text(event: Finished) -> str:
    frames = f"{event.frames} frames" + (f", {event.resumed_frames} of them resumed," if event.resumed_frames else "")
    speed = format_speed(event.frames - event.resumed_frames, event.elapsed)
    flow = f"; flow: {event.flows_computed} computed, {event.flows_cached} from the cache"
    flow = flow if event.flows_computed or event.flows_cached else ""
    return f"{event.output}: {frames} in {format_duration(event.elapsed)} ({speed}){flow}"


class ProgressLine:
    """Progress in one line: rewritten in place on a terminal, printed again now and then in a log.

    It needs only carriage return and "erase to the end of the line", which every terminal, tmux and screen support.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._due = time.monotonic() if self._terminal else time.monotonic() + _LOG_INTERVAL
        self._shown = False

    def show(self, text: str) -> None:
        """Show the text, unless the last one is too recent."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + (_TERMINAL_INTERVAL if self._terminal else _LOG_INTERVAL)
        if self._terminal:
            self._write(f"\r{text[: self._columns() - 1]}\x1b[K")
            self._shown = True
        else:
            self._write(f"{text}\n")

    def print(self, text: str) -> None:
        """Print a line that stays, above the progress."""
        self.clear()
        self._write(f"{text}\n")

    def clear(self) -> None:
        """Erase the progress from the screen."""
        if self._shown:
            self._write("\r\x1b[K")
            self._shown = False
            self._due = 0.0

    def bar(self, fraction: float) -> str:
        """Return a bar for the fraction of the work that is done, in [0, 1]; empty unless on a terminal."""
        if not self._terminal:
            return ""
        filled = int(_BAR_WIDTH * min(1.0, max(0.0, fraction)))
        full, empty = ("━", "─") if self._is_utf8() else ("#", "-")
        return full * filled + empty * (_BAR_WIDTH - filled) + "  "

    def _is_utf8(self) -> bool:
        return (self._stream.encoding or "").lower().replace("-", "") == "utf8"

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        except (OSError, ValueError):
            return shutil.get_terminal_size().columns

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # the terminal was closed, as by the end of an SSH session: the run continues without it
            self._terminal = self._shown = False
            self._due = float("inf")


class SpeedMeter:
    """The recent speed, and the time left that follows from it."""

    def __init__(self) -> None:
        self._marks: deque[tuple[int, float]] = deque(maxlen=_SPEED_FRAMES)

    def update(self, done: int, elapsed: float) -> None:
        """Add that `done` frames or steps were done `elapsed` seconds after the start."""
        self._marks.append((done, elapsed))

    def text(self) -> str:
        """Return `12 fps` or `2.1 s/frame`; empty before the second update."""
        return format_speed(*self._recent())

    def seconds_left(self, left: int) -> float | None:
        """Return the seconds that `left` frames or steps will take; None before the second update."""
        done, seconds = self._recent()
        return left * seconds / done if done > 0 and seconds > 0 else None

    def _recent(self) -> tuple[int, float]:
        """Return frames and seconds between the first mark and the last; the first frame includes the start-up."""
        if len(self._marks) < 2:
            return 0, 0.0
        (first_done, first_elapsed), (last_done, last_elapsed) = self._marks[0], self._marks[-1]
        return last_done - first_done, last_elapsed - first_elapsed


def progress_text(bar: str, done: int, total: int | None, speed: SpeedMeter, unit: str = "frame") -> str:
    """Return the progress line: bar, count, percentage, speed and time left."""
    parts = [f"{bar}{unit} {done}" if total is None else f"{bar}{unit} {done}/{total}"]
    if total:
        parts.append(f"{100 * done // total} %")
    if unit == "frame":
        parts.append(speed.text())
    left = speed.seconds_left(total - done) if total else None
    if left is not None:
        parts.append(f"ETA {format_duration(left)}")
    return "  ".join(part for part in parts if part)
