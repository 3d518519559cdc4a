"""One line of progress: rewritten in place on a terminal, now and then a new one elsewhere."""

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

import click

from streamstyle.cli.errors import stop_on_signal
from streamstyle.events import (
    Event,
    Finished,
    FrameWritten,
    Observer,
    Paused,
    Started,
    Stopped,
    StyleTrained,
    TrainingStep,
    TrainingStopped,
    Unpaused,
    Warned,
)
from streamstyle.formatting import format_duration, format_speed, sanitise

_TERMINAL_INTERVAL = 0.2
_LOG_INTERVAL = 15.0
"""Seconds between two looks at the line."""

_BAR_WIDTH = 20
"""Characters the bar is long."""

_MEASURED_FRAMES = 200
"""Frames the pace is taken over."""


class ProgressLine:
    """The last line of a terminal, or a line every so often in a log.

    It uses nothing but a carriage return and "erase to the end of the line": every terminal, tmux and screen know both.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._due = time.monotonic() if self._terminal else time.monotonic() + _LOG_INTERVAL
        self._shown = False

    def show(self, text: str) -> None:
        """Show the text if it is time to."""
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
        """Take the progress off the screen."""
        if self._shown:
            self._write("\r\x1b[K")
            self._shown = False
            self._due = 0.0

    def bar(self, done: float) -> str:
        """Return a bar for a part in [0, 1] of the work; empty where nobody watches."""
        if not self._terminal:
            return ""
        filled = int(_BAR_WIDTH * min(1.0, max(0.0, done)))
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
        except OSError:  # the terminal has gone (a closed SSH session, say); the work goes on without it
            self._terminal = self._shown = False
            self._due = float("inf")


class SpeedMeter:
    """How fast it has gone lately, and from that how long it will still take."""

    def __init__(self) -> None:
        self._marks: deque[tuple[int, float]] = deque(maxlen=_MEASURED_FRAMES)

    def update(self, done: int, elapsed: float) -> None:
        """Note that `done` of the work was finished `elapsed` seconds after the start."""
        self._marks.append((done, elapsed))

    def text(self) -> str:
        """Return `12 fps` or `2.1 s/frame`; empty before the second frame."""
        return format_speed(*self._recent())

    def seconds_left(self, left: int) -> float | None:
        """Return the seconds that `left` more will take; None before that can be told."""
        done, seconds = self._recent()
        return left * seconds / done if done > 0 and seconds > 0 else None

    def _recent(self) -> tuple[int, float]:
        if len(self._marks) < 2:
            return 0, 0.0
        (first, begun), (last, now) = self._marks[0], self._marks[-1]
        return last - first, now - begun


def progress_text(bar: str, done: int, total: int | None, speed: SpeedMeter, unit: str = "frame") -> str:
    """Return the line: bar, count, pace and time left."""
    parts = [f"{bar}{unit} {done}" if total is None else f"{bar}{unit} {done}/{total}"]
    if total:
        parts.append(f"{100 * done // total} %")
    if unit == "frame":
        parts.append(speed.text())
    left = speed.seconds_left(total - done) if total else None
    if left is not None:
        parts.append(f"ETA {format_duration(left)}")
    return "  ".join(part for part in parts if part)


@contextmanager
def report_to(
    as_json: bool, quiet: bool, resume_hint: str = "the same command"
) -> Iterator[tuple[Observer, threading.Event]]:
    """Yield the observer of a run and the event that stops it, set by Ctrl-C; `to_go_on` is what takes it up."""
    stop = threading.Event()
    line = ProgressLine(sys.stderr)
    observe = print_json if as_json else ConsoleReporter(line, quiet, resume_hint).observe
    with stop_on_signal(stop):
        try:
            yield observe, stop
        finally:
            line.clear()


def resume_hint(restart: bool) -> str:
    """Return what a person has to type to resume a run that was started with or without `--restart`."""
    return "the same command" + (" without --restart" if restart else "")


def print_json(event: Event) -> None:
    """Print the event as one line of JSON on standard output."""
    click.echo(event.to_line())


class ConsoleReporter:
    """Tells a person what happens: a progress line, and at the end what came of it."""

    def __init__(self, line: ProgressLine, quiet: bool, to_go_on: str = "the same command") -> None:
        self._line = line
        self._quiet = quiet
        self._resume_hint = to_go_on
        self._film_time = 0.0
        self._frames: int | None = None
        self._earlier = 0
        self._speed = SpeedMeter()

    def observe(self, event: Event) -> None:
        """Show the event."""
        match event:
            case Warned():
                self._print(f"streamstyle: warning: {event.message}")
            case Stopped():
                self._print(self._stopped_text(event))
                if how := self._resume_text(event):
                    self._print(how)
            case TrainingStopped():
                self._print(f"stopped learning {event.style} at step {event.step}; the next time it goes on from there")
            case _ if self._quiet:
                return
            case Started():
                self._on_started(event)
            case TrainingStep():
                self._on_training_step(event)
            case StyleTrained():
                self._print(f"learned {event.style} in {format_duration(event.elapsed)}; kept in {event.path}")
            case FrameWritten():
                self._on_frame_written(event)
            case Paused():
                self._print(f"paused after frame {event.frame}, from another terminal")
            case Unpaused():
                self._print("going on")
            case Finished():
                self._print(_finished_text(event))

    def _print(self, text: str) -> None:
        self._line.print(sanitise(text))  # a file's name may hold anything

    def _on_started(self, event: Started) -> None:
        self._speed = SpeedMeter()
        self._frames, self._earlier = event.frames, event.resumed_frames
        frames = f"{event.frames} frames" if event.frames else "frames uncounted"
        what = ", ".join(filter(None, (event.size, frames, event.method, event.style, event.device)))
        self._print(f"{Path(event.video).name} → {Path(event.output).name}  ({what})")
        if event.resumed_frames:
            at = (
                ""
                if not (event.frames and event.duration)
                else format_duration(event.duration * event.resumed_frames / event.frames)
            )
            self._print(f"going on after {event.resumed_frames} frames{at and f' ({at})'}, painted earlier")

    def _on_training_step(self, event: TrainingStep) -> None:
        self._speed.update(event.step, event.elapsed)
        bar = self._line.bar(event.step / event.steps)
        text = progress_text(bar, event.step, event.steps, self._speed, unit="learning: step")
        self._line.show(f"{text}  loss {event.loss:.3g}")

    def _on_frame_written(self, event: FrameWritten) -> None:
        done = event.frame
        self._film_time = event.time
        self._speed.update(done, event.elapsed)
        bar = self._line.bar(done / event.frames) if event.frames else ""
        self._line.show(progress_text(bar, done, event.frames, self._speed))

    def _stopped_text(self, event: Stopped) -> str:
        if event.frames == 0:
            return "stopped before the first frame; nothing was written"
        of = f" of {self._frames}" if self._frames else ""
        at = f", at {format_duration(self._film_time)} of the film" if event.frames > event.resumed_frames else ""
        return f"stopped after {event.frames}{of} frames{at}; they play from {event.output}"

    def _resume_text(self, event: Stopped) -> str:
        resumable = event.resumable_frames
        if not (resumable and self._resume_hint):
            return ""
        return f"{self._resume_hint} goes on " + ("there" if resumable == event.frames else f"after frame {resumable}")


def _finished_text(event: Finished) -> str:
    resumed = event.resumed_frames
    frames = f"{event.frames} frames, {resumed} of them earlier, in" if resumed else f"{event.frames} frames in"
    speed = format_speed(event.frames - resumed, event.elapsed)
    flow = f"; flow: {event.flows_computed} computed, {event.flows_cached} from the cache"
    flow = flow if event.flows_computed or event.flows_cached else ""
    return f"{event.output}: {frames} {format_duration(event.elapsed)} ({speed}){flow}"
