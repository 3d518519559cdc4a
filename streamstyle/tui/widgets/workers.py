"""What the workers of a cluster do, as lines of text."""

from __future__ import annotations

from textual.content import Content

from streamstyle.events import WorkerStatus
from streamstyle.formatting import format_duration, format_speed
from streamstyle.runs.state import RunState
from streamstyle.tui.widgets.figures import bar
from streamstyle.tui.widgets.text import ACCENT, MUTED, justify, line

MAX_LINES = 16
"""Workers that are shown."""

_NAME_WIDTH, _TIME_WIDTH, _SPEED_WIDTH = 14, 8, 12


def worker_lines(state: RunState, width: int) -> list[Content]:
    """Return for each worker its name, where the piece begins that it paints, how much of it is done, and its speed."""
    workers = state.workers.workers if state.workers else ()
    lines = [_worker_line(worker, width) for worker in workers[:MAX_LINES]]
    if (more := len(workers) - MAX_LINES) > 0:
        speed = sum(worker["fps"] or 0 for worker in workers[MAX_LINES:])
        lines.append(justify(line((f"and {more} more", MUTED)), line(_speed_text(speed)), width))
    return lines


def _worker_line(worker: WorkerStatus, width: int) -> Content:
    room = width - _TIME_WIDTH - _SPEED_WIDTH
    name_width = min(_NAME_WIDTH, room)
    name = f"{_shorten(worker['name'], name_width - 1):<{name_width}}"
    begin = "" if worker["time"] is None else format_duration(worker["time"])
    fraction = worker["frame"] / worker["frames"] if worker["frames"] else 0.0
    full, empty = bar(fraction, max(0, room - name_width)) if worker["piece"] is not None else ("", "")
    left = line((name, MUTED), f"{begin:<{_TIME_WIDTH}}", (full, ACCENT), (empty, MUTED))
    return justify(left, line(_speed_text(worker["fps"]) or "idle" * (worker["piece"] is None)), width)


def _speed_text(fps: float | None) -> str:
    return format_speed(fps, 1.0) if fps else ""


def _shorten(name: str, width: int) -> str:
    """Return machine and process, without the domain, in at most so many cells; the process is at the end."""
    machine, colon, process = name.rpartition(":")
    if not machine.replace(".", "").isdigit():  # an IP address
        machine = machine.partition(".")[0]
    name = f"{machine}{colon}{process}"
    if len(name) <= width:
        return name
    tail = min(len(colon + process), width - 2)
    return f"{name[: width - 1 - tail]}…{name[len(name) - tail :]}"
