"""Who watches a run: a person at a terminal, or a program that reads JSON Lines."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

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
from streamstyle.terminal.interrupts import stop_on_signal
from streamstyle.terminal.progress import SpeedMeter, ProgressLine, progress_text


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
