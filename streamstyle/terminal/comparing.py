"""Who watches a comparison: a person at a terminal, or a program that reads JSON Lines."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from streamstyle.compare.events import (
    Compared,
    ComparisonStopped,
    FrameMeasured,
    MethodFinished,
    SideBySideFrameWritten,
)
from streamstyle.events import Event, FrameWritten, Observer, Warned
from streamstyle.formatting import format_speed
from streamstyle.terminal.interrupts import stop_on_signal
from streamstyle.terminal.progress import SpeedMeter, ProgressLine, progress_text
from streamstyle.terminal.watch import print_json


@contextmanager
def report_comparison(as_json: bool, quiet: bool) -> Iterator[tuple[Observer, threading.Event]]:
    """Yield the observer of a comparison and the event that stops it, set by Ctrl-C."""
    stop = threading.Event()
    line = ProgressLine(sys.stderr)
    observe = print_json if as_json else ComparisonReporter(line, quiet).observe
    with stop_on_signal(stop):
        try:
            yield observe, stop
        finally:
            line.clear()


class ComparisonReporter:
    """Tells a person how far a comparison is, and at the end what came of it."""

    def __init__(self, line: ProgressLine, quiet: bool) -> None:
        self._line = line
        self._quiet = quiet
        self._speed = SpeedMeter()

    def observe(self, event: Event) -> None:
        """Show the event."""
        match event:
            case Warned():
                self._line.print(f"streamstyle: warning: {event.message}")
            case ComparisonStopped():
                self._line.print(
                    f"stopped; {event.finished} of {event.methods} films are kept in {event.folder}, to go on from"
                )
            case _ if self._quiet:
                return
            case FrameWritten():
                self._show_progress("frame", event.frame, event.frames, event.elapsed)
            case FrameMeasured():
                self._show_progress("measuring: frame", event.frame, event.frames)
            case SideBySideFrameWritten():
                self._show_progress("side by side: frame", event.frame, event.frames)
            case MethodFinished():
                how = ", kept from before" if event.reused else ""
                self._line.print(f"{event.method:<40} {format_speed(1, event.seconds_per_frame):>14}{how}")
            case Compared():
                for text in _comparison_table(event):
                    self._line.print(text)

    def _show_progress(self, unit: str, done: int, total: int | None, elapsed: float | None = None) -> None:
        if done == 1:
            self._speed = SpeedMeter()
        if elapsed is not None:
            self._speed.update(done, elapsed)
        bar = self._line.bar(done / total) if total else ""
        self._line.show(progress_text(bar, done, total, self._speed, unit=unit))


_COLUMNS = (
    ("time", "time"),
    ("warping_error_1", "flicker"),
    ("warping_error_10", "at gap 10"),
    ("drift", "drift"),
    ("content", "content"),
    ("style", "style"),
    ("sharpness", "sharpness"),
)


def _comparison_table(compared: Compared) -> list[str]:
    """Return a table of the figures as multiples of the reference's, and where more is to be seen."""
    name = max(len(row.name) for row in compared.films)
    head = f"{'of ' + compared.baseline + chr(39) + 's':<{name}}" + "".join(f"{word:>11}" for _, word in _COLUMNS)
    lines = ["", head]
    for row in compared.films:
        figures = {**row.ratios, **({} if row.time_ratio is None else {"time": row.time_ratio})}
        lines.append(f"{row.name:<{name}}" + "".join(_cell(figures.get(key)) for key, _ in _COLUMNS))
    lines += ["", f"judged along {compared.flow_reference}; losses seen by {compared.loss_network}"]
    if compared.same_flow_methods:
        lines.append(
            f"made along the judge's own flow, and less steady than they look: {', '.join(compared.same_flow_methods)}"
        )
    return [*lines, *(f"→ {path}" for path in (compared.output, compared.report) if path)]


def _cell(value: float | None) -> str:
    return f"{'-' if value is None else f'{value:.3g}':>11}"
