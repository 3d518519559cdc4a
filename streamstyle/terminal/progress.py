"""One line of progress: rewritten in place on a terminal, now and then a new one elsewhere."""

from __future__ import annotations

import os
import shutil
import time
from collections import deque
from typing import TextIO

from streamstyle.formatting import format_duration, format_speed

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
