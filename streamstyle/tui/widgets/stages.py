"""Where the time goes: the stages, and what waits between them."""

from __future__ import annotations

from textual.content import Content

from streamstyle.formatting import format_seconds
from streamstyle.runs.state import RunState
from streamstyle.tui.figures import bar
from streamstyle.tui.widgets.lines import ACCENT, MUTED, line, justify

_NAME_WIDTH = 12


def stage_lines(story: RunState, width: int) -> list[Content]:
    """Return the seconds a frame of each stage as bars, the bottleneck in the accent's colour."""
    if story.status is None or not story.status.stages:
        return []
    spent = {name: seconds or 0.0 for name, seconds in story.status.stages.items()}
    longest = max(*spent.values(), 1e-9)
    room = max(1, width - _NAME_WIDTH - 8)
    return [
        justify(
            line((f"{name:<{_NAME_WIDTH}}", style), ("▬" * round(room * seconds / longest), style)),
            line(f"{format_seconds(seconds):>7}"),
            width,
        )
        for name, seconds in spent.items()
        for style in [ACCENT if name == story.status.bottleneck else MUTED]
    ]


def queue_lines(story: RunState, width: int) -> list[Content]:
    """Return how full each queue is."""
    if story.status is None:
        return []
    room = max(1, width - _NAME_WIDTH - 8)
    return [
        justify(
            line((f"{name:<{_NAME_WIDTH}}", _queue_style(story, name)), *_queue_bar(waiting, places, room)),
            line(f"{waiting}/{places}"),
            width,
        )
        for name, (waiting, places) in story.status.queues.items()
    ]


def bottleneck(story: RunState) -> Content:
    """Return what everything else waits for, and how long that takes."""
    if story.status is None or not story.status.bottleneck:
        return line("")
    name = story.status.bottleneck
    seconds = story.status.stages.get(name)
    took = f" {format_seconds(seconds)}" if seconds else ""
    return line(("slowest ", MUTED), name, took)


def _queue_style(story: RunState, queue: str) -> str:
    """A queue that stays empty because what fills it is slowest bears the accent."""
    return ACCENT if story.status and queue == story.status.bottleneck else MUTED


def _queue_bar(waiting: int, places: int, room: int) -> tuple[tuple[str, str], tuple[str, str]]:
    full, empty = bar(waiting / places if places else 0.0, min(room, places) if places else room)
    return ("▪" * len(full), ""), ("·" * len(empty), MUTED)
