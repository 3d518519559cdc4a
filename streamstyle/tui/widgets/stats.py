"""Panels of figures of a run: each function here returns the lines of one."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

from streamstyle.formatting import format_bytes, format_number, format_seconds
from streamstyle.runs.state import RunState
from streamstyle.tui.widgets.figures import (
    bar,
    bottleneck,
    elapsed_text,
    frames_done_text,
    percentage_text,
    position_text,
    progress_bar,
    sparkline,
    speed_text,
    stability_text,
    time_left,
    workers_text,
)
from streamstyle.tui.widgets.text import ACCENT, MUTED, justify, line

DescribeRun = Callable[[RunState, int], list[Content]]
"""Returns the lines about a run, each at most so many cells wide."""

_NAME_WIDTH = 12
"""Cells for the name of a stage, queue or term."""


class StatsPanel(Widget):
    """Shows the lines that a function returns about a run, under a heading; empty while there are none."""

    def __init__(self, describe: DescribeRun, heading: str = "", *, id: str | None = None, classes: str = "") -> None:
        super().__init__(id=id, classes=f"empty {classes}")
        self._describe = describe
        self._heading = heading
        self._run_state = RunState()
        self._content_lines: list[Content] = []

    def show(self, state: RunState) -> None:
        """Update the lines."""
        self._run_state = state
        lines = self._describe(state, max(1, self.content_size.width or 30))
        if lines == self._content_lines:
            return
        count_changed = len(lines) != len(self._content_lines)
        self._content_lines = lines
        self.set_class(not lines, "empty")
        self.refresh(layout=count_changed)

    def on_resize(self) -> None:
        """Update the lines to the new width."""
        self.show(self._run_state)

    def render(self) -> Content:
        """Return the lines under their heading."""
        heading = [line((self._heading, MUTED))] if self._heading else []
        return Content("\n").join([*heading, *self._content_lines])


def progress_lines(state: RunState, width: int) -> list[Content]:
    """Return the frames done, a progress bar, and the position in the video."""
    percentage = percentage_text(state)
    shot = line(("shot ", MUTED), str(state.shots[-1].shot + 1)) if state.shots else line("")
    return [
        justify(frames_done_text(state), percentage, width),
        progress_bar(state, width),
        justify(shot, line(position_text(state)), width),
    ]


def speed_lines(state: RunState, width: int) -> list[Content]:
    """Return the speed and its history, the time left and the time of day when the run will be done."""
    speed = speed_text(state)
    if not speed:
        return []
    history = sparkline(state.status.fps_history if state.status else (), width)
    return [
        line((speed, "bold")),
        *([line((history, MUTED))] if history else []),
        justify(*time_left(state), width),
        *([justify(elapsed_text(state), line(""), width)] if state.last_frame else []),
    ]


def stage_lines(state: RunState, width: int) -> list[Content]:
    """Return the seconds per frame of each stage with a bar; the bottleneck is in the accent colour."""
    if state.status is None or not state.status.stages:
        return []
    spent = {name: seconds or 0.0 for name, seconds in state.status.stages.items()}
    longest = max(*spent.values(), 1e-9)
    room = max(1, width - _NAME_WIDTH - 8)
    return [
        justify(
            line((f"{name:<{_NAME_WIDTH}}", style), ("▬" * round(room * seconds / longest), style)),
            line(f"{format_seconds(seconds):>7}"),
            width,
        )
        for name, seconds in spent.items()
        for style in [ACCENT if name == state.status.bottleneck else MUTED]
    ]


def queue_lines(state: RunState, width: int) -> list[Content]:
    """Return the number of frames in each queue and its capacity."""
    if state.status is None:
        return []
    room = max(1, width - _NAME_WIDTH - 8)
    return [
        justify(
            line((f"{name:<{_NAME_WIDTH}}", _queue_style(state, name)), *_queue_bar(length, capacity, room)),
            line(f"{length}/{capacity}"),
            width,
        )
        for name, (length, capacity) in state.status.queues.items()
    ]


def _queue_style(state: RunState, queue: str) -> str:
    """Return the accent colour for the queue that the slowest stage fills."""
    return ACCENT if state.status and queue == state.status.bottleneck else MUTED


def _queue_bar(length: int, capacity: int, room: int) -> tuple[tuple[str, str], tuple[str, str]]:
    full, empty = bar(length / capacity if capacity else 0.0, min(room, capacity) if capacity else room)
    return ("▪" * len(full), ""), ("·" * len(empty), MUTED)


def warping_error_lines(state: RunState, width: int) -> list[Content]:
    """Return the warping error of the output and that per frame."""
    errors = state.status.warping_error if state.status else {}
    rows = [
        justify(line((label, MUTED)), line(format_number(errors.get(name))), width)
        for name, label in (("output", "output"), ("per_frame", "per frame"))
        if errors.get(name) is not None
    ]
    gain = stability_text(state)
    return [*rows, line((gain, ACCENT))] if gain else rows


def loss_lines(state: RunState, width: int) -> list[Content]:
    """Return the terms of the objective for the current frame, with bars on a common scale."""
    terms = {name: value for name, value in (state.status.losses if state.status else {}).items() if value}
    largest = max(terms.values(), default=0.0)
    room = max(1, width - _NAME_WIDTH - 8)
    return [
        justify(
            line((f"{name:<{_NAME_WIDTH}}", MUTED), ("▬" * round(room * value / largest), MUTED)),
            line(format_number(value)),
            width,
        )
        for name, value in terms.items()
    ]


def machine_lines(state: RunState, width: int) -> list[Content]:
    """Return memory, processor load, GPU memory and the size of the output so far."""
    status = state.status
    if status is None:
        return []
    rows = [
        ("memory", format_bytes(status.memory)),
        ("processor", f"{status.cpu:.0f} %"),
        ("GPU memory", format_bytes(status.gpu_memory) if status.gpu_memory is not None else ""),
        ("output so far", format_bytes(status.bytes_written)),
    ]
    return [justify(line((name, MUTED)), line(value), width) for name, value in rows if value]


def brief_stats(state: RunState, width: int) -> list[Content]:
    """Return the four lines that replace the panels on a narrow terminal."""
    left, done_at = time_left(state)
    shot = f"shot {state.shots[-1].shot + 1} · " if state.shots else ""
    frames_done = Content.assemble(frames_done_text(state), *_machine_text(state))
    return [
        progress_with_percentage(state, width),
        justify(frames_done, line((shot, MUTED), position_text(state)), width),
        justify(_speed_text(state, width // 2), Content.assemble(left, "  ", done_at), width),
        justify(Content.assemble(elapsed_text(state), "  ", bottleneck(state)), _stability_line(state, width), width),
    ]


def compact_stats(state: RunState, width: int) -> list[Content]:
    """Return the two lines that are shown on a very small terminal."""
    total = f"/{state.frames}" if state.frames else ""
    left, _ = time_left(state)
    done = line((str(state.frames_done), "bold"), total, "  ", speed_text(state))
    elapsed = elapsed_text(state)
    both = Content.assemble(elapsed, "  ", left) if left.cell_length else elapsed
    room = width - done.cell_length
    return [progress_with_percentage(state, width), justify(done, both if both.cell_length < room else left, width)]


def progress_with_percentage(state: RunState, width: int) -> Content:
    """Return the progress bar and the percentage in one line."""
    return justify(progress_bar(state, max(1, width - 6)), percentage_text(state), width)


def _stability_line(state: RunState, width: int) -> Content:
    """Return the text of the steadiness, without the sharpness if it would take more than half of the width."""
    text = stability_text(state)
    return line((text if len(text) <= width // 2 else text.partition(",")[0], ACCENT))


def _speed_text(state: RunState, width: int) -> Content:
    speed = speed_text(state)
    history = sparkline(state.status.fps_history if state.status else (), max(0, width - len(speed) - 2))
    return line((speed, "bold"), "  ", (history, MUTED))


def _machine_text(state: RunState) -> list[Content]:
    if state.status is None:
        return [line((workers_text(state), MUTED))]
    memory, written = format_bytes(state.status.memory), format_bytes(state.status.bytes_written)
    return [line((f"  {memory} · {state.status.cpu:.0f} % · {written}", MUTED))]
